"""The equations of chapter 4, Convergence for real functions."""

import numpy as np
import sympy as sp

from bpcourse.basics.activations import d_sigmoid, sigmoid, softplus
from bpcourse.descent.convergence import (
    backtracking,
    convex_bound,
    descent_lemma,
    gradient_norm_bound,
    logreg_hessian,
    logreg_loss_grad,
    logreg_smoothness,
    pl_bound,
    subgradient,
    subgradient_bound,
)
from bpcourse.descent.quadratics import gd
from tests.equations.registry import (
    AtMost,
    Attained,
    Fails,
    Zero,
    definition,
    distinct,
    equation,
    gradient,
)


def curved(rng, lowest):
    """A symmetric matrix with the largest eigenvalue 3, and the unit vectors of its two ends."""
    (n,) = distinct(rng, 1)
    Q = np.linalg.qr(rng.normal(size=(n, n)))[0]
    values = np.sort(np.append(rng.uniform(lowest, 2.5, n - 1), 3.0))
    return (Q * values) @ Q.T, Q[:, -1], Q[:, 0], values[0]  # input


@equation(
    "eq:descent-convergence-lipschitz",
    r"\norm{\nabla f(x) - \nabla f(y)} \le L\, \norm{x - y} \qquad\text{for all } x, y",
)
def lipschitz(rng):
    H, top, _, _ = curved(rng, -2)
    L, x, y = 3.0, rng.normal(size=len(H)), rng.normal(size=len(H))
    for a, b in ((x, y), (y, x), (x + top, x)):  # input
        left = np.linalg.norm(H @ a - H @ b)
        right = L * np.linalg.norm(a - b)
        yield AtMost(left, right)
    yield Attained(left, right)


@equation(
    "eq:descent-convergence-integral",
    r"""
\begin{aligned}
f(x+d) - f(x) - \inner{\nabla f(x), d}
&= \int_0^1 \inner{\nabla f(x + td) - \nabla f(x),\, d}\, dt \\
&\le \int_0^1 \norm{\nabla f(x + td) - \nabla f(x)}\, \norm{d}\, dt \\
&\le \int_0^1 L\, t\, \norm{d}^2\, dt \\
&= \frac L2 \norm{d}^2
\end{aligned}
""",
)
def integral(rng):
    H, top, _, _ = curved(rng, -2)
    L, x = 3.0, rng.normal(size=len(H))
    node, weight = np.polynomial.legendre.leggauss(6)  # input
    t, weight = (node + 1) / 2, weight / 2  # input

    def f(v):
        return v @ H @ v / 2  # input

    for d in (rng.normal(size=len(H)), 0.7 * top):  # input
        size = np.linalg.norm(d)
        whole = f(x + d) - f(x) - (H @ x) @ d
        change = [H @ (x + s * d) - H @ x for s in t]
        inner = weight @ np.array([c @ d for c in change])
        lengths = weight @ np.array([np.linalg.norm(c) * size for c in change])
        straight = weight @ (L * t * size**2)
        yield whole, inner
        yield AtMost(inner, lengths)
        yield AtMost(lengths, straight)
        yield straight, L / 2 * size**2
    yield Attained(inner, lengths)
    yield Attained(lengths, straight)


@equation(
    "eq:descent-convergence-lemma",
    r"f(x + d) \le f(x) + \inner{\nabla f(x), d} + \frac L2 \norm{d}^2",
)
def lemma(rng):
    H, top, _, _ = curved(rng, -2)
    L, x = 3.0, rng.normal(size=len(H))

    def f(v):
        return v @ H @ v / 2  # input

    for d in (rng.normal(size=len(H)), 0.7 * top):  # input
        left = f(x + d)
        right = f(x) + (H @ x) @ d + L / 2 * np.linalg.norm(d) ** 2
        yield AtMost(left, right)
        yield descent_lemma(f(x), H @ x, d, L), right
    yield Attained(left, right)
    yield Fails(AtMost(left, descent_lemma(f(x), H @ x, d, 2.0)))


@equation(
    "eq:descent-convergence-decrease",
    r"""
f\bigl(x - \eta \nabla f(x)\bigr)
\le f(x) - \eta \Bigl(1 - \frac{\eta L}{2}\Bigr) \norm{\nabla f(x)}^2
""",
)
def decrease(rng):
    H, top, _, _ = curved(rng, -2)
    L, eta = 3.0, rng.uniform(0.05, 0.6)

    def f(v):
        return v @ H @ v / 2  # input

    for x in (rng.normal(size=len(H)), 1.3 * top):  # input
        g = H @ x
        left = f(x - eta * g)
        right = f(x) - eta * (1 - eta * L / 2) * np.linalg.norm(g) ** 2
        yield AtMost(left, right)
    yield Attained(left, right)


@equation(
    "eq:descent-convergence-half",
    r"""
f\bigl(x - \eta \nabla f(x)\bigr) \le f(x) - \frac\eta2 \norm{\nabla f(x)}^2
\qquad\text{if } 0 < \eta \le \frac1L
""",
)
def half(rng):
    H, top, _, _ = curved(rng, -2)
    L = 3.0  # input

    def f(v):
        return v @ H @ v / 2 + 1  # input

    too_long, low = (1.3 * top, 1.5 / L), (rng.normal(size=len(H)), rng.uniform(0.05, 1 / L))
    for x, eta in (too_long, low, (1.3 * top, 1 / L)):  # input
        g = H @ x
        left, right = f(x - eta * g), f(x) - eta / 2 * np.linalg.norm(g) ** 2
        yield Fails(AtMost(left, right)) if eta > 1.2 / L else AtMost(left, right)
    yield Attained(left, right)


@equation(
    "eq:descent-convergence-telescope",
    r"""
\begin{aligned}
\frac\eta2 \sum_{k=0}^{K-1} \norm{\nabla f(x_k)}^2
&\le \sum_{k=0}^{K-1} \bigl( f(x_k) - f(x_{k+1}) \bigr) \\
&= f(x_0) - f(x_K) \le f(x_0) - f^*
\end{aligned}
""",
)
def telescope(rng):
    H, top, _, _ = curved(rng, 0)
    L, lowest = 3.0, rng.normal()

    def f(v):
        return v @ H @ v / 2 + lowest  # input

    cases = [(rng.normal(size=len(H)), rng.uniform(0.05, 1 / L), 5), (1.3 * top, 1 / L, 1)]
    for x0, eta, K in cases:  # input
        x = gd(lambda v: H @ v, x0, eta, K)  # input
        slopes = eta / 2 * sum(np.linalg.norm(H @ x[k]) ** 2 for k in range(K))
        falls = sum(f(x[k]) - f(x[k + 1]) for k in range(K))
        yield AtMost(slopes, falls)
        yield falls, f(x[0]) - f(x[K])
        yield AtMost(falls, f(x0) - lowest)
    yield Attained(slopes, falls)
    yield Attained(falls, f(x0) - lowest)


@equation(
    "eq:descent-convergence-gradient-norm",
    r"\min_{0 \le k < K} \norm{\nabla f(x_k)}^2 \le \frac{2\,\bigl(f(x_0) - f^*\bigr)}{\eta K}",
)
def gradient_norm(rng):
    H, top, _, _ = curved(rng, 0)
    L, lowest = 3.0, rng.normal()

    def f(v):
        return v @ H @ v / 2 + lowest  # input

    many, one, wild = (rng.normal(size=len(H)), 0.2, 7), (top, 1 / L, 1), (top, 3 / L, 7)
    for x0, eta, K in (wild, many, one):  # input
        x = gd(lambda v: H @ v, x0, eta, K)  # input
        left = min(np.linalg.norm(H @ x[k]) ** 2 for k in range(K))
        right = 2 * (f(x0) - lowest) / (eta * K)
        yield gradient_norm_bound(f(x0) - lowest, eta, K), right
        yield Fails(AtMost(left, right)) if eta > 2 / L else AtMost(left, right)
    yield Attained(left, right)


@equation(
    "eq:descent-convergence-tangent",
    r"f(y) \ge f(x) + \inner{\nabla f(x),\, y - x} \qquad\text{for all } x, y",
)
def tangent(rng):
    H, _, low, _ = curved(rng, 0)
    x = rng.normal(size=len(H))
    hill = H - 4 * np.outer(low, low)  # input
    for M, y in ((hill, x + low), (H, rng.normal(size=len(H))), (H, x)):  # input
        left = y @ M @ y / 2
        right = x @ M @ x / 2 + (M @ x) @ (y - x)
        yield Fails(AtMost(right, left)) if M is hill else AtMost(right, left)
    yield Attained(right, left)


@equation(
    "eq:descent-convergence-expand",
    r"""
\norm{x_{k+1} - x^*}^2 = \norm{x_k - x^*}^2
- 2\eta\, \inner{\nabla f(x_k),\, x_k - x^*} + \eta^2 \norm{\nabla f(x_k)}^2
""",
)
def expand(rng):
    (n,) = distinct(rng, 1)
    x, best, g, eta = *rng.normal(size=(3, n)), rng.uniform(0.1, 1)
    after = gd(lambda v: g, x, eta, 1)[1]
    a = np.linalg.norm(x - best) ** 2
    yield (
        np.linalg.norm(after - best) ** 2,
        a - 2 * eta * g @ (x - best) + eta**2 * np.linalg.norm(g) ** 2,
    )


@equation(
    "eq:descent-convergence-closer",
    r"2\eta\,\bigl(f(x_{k+1}) - f^*\bigr) \le \norm{x_k - x^*}^2 - \norm{x_{k+1} - x^*}^2",
)
def closer(rng):
    H, _, _, _ = curved(rng, 0)
    best = rng.normal(size=len(H))
    x, eta = rng.normal(size=len(H)), rng.uniform(0.05, 1 / 3)
    after = x - eta * H @ (x - best)  # input
    bowl = (after - best) @ H @ (after - best) / 2  # input
    # A straight slope |x| whose tip is rounded off, below a distance `tip`.
    tip = 1e-4  # input
    slope = (np.array([1 - tip]), 1 - tip - tip / 2, np.array([1.0]), np.array([0.0]), tip)  # input
    for end, value, start, floor, rate in ((after, bowl, x, best, eta), slope):  # input
        left = 2 * rate * value
        right = np.linalg.norm(start - floor) ** 2 - np.linalg.norm(end - floor) ** 2
        yield AtMost(left, right)
    yield Attained(left, right, within=2e-4, why="a long straight slope comes as close as you like")


@equation(
    "eq:descent-convergence-convex",
    r"f(x_k) - f^* \le \frac{\norm{x_0 - x^*}^2}{2\eta k}",
)
def convex(rng):
    H, _, _, _ = curved(rng, 0)
    best = rng.normal(size=len(H))
    for eta, k in ((1.0, 5), (1 / 3, 1), (rng.uniform(0.05, 0.3), 9)):  # input
        x0 = best + rng.normal(size=len(H))
        x = gd(lambda v: H @ (v - best), x0, eta, k)[k]  # input
        left = (x - best) @ H @ (x - best) / 2  # input
        right = np.linalg.norm(x0 - best) ** 2 / (2 * eta * k)
        yield convex_bound(np.linalg.norm(x0 - best), eta, k), right
        yield Fails(AtMost(left, right)) if eta > 2 / 3 else AtMost(left, right)
    tip, k = 1 / 101, 50  # input
    value = gd(lambda v: np.clip(v / tip, -1, 1), [1.0], tip, k)[k, 0] - tip / 2  # input
    why = "the best constant is 1/(4ηk + 2η), Drori and Teboulle 2014"
    yield Attained(value, convex_bound(1.0, tip, k), within=0.51, why=why)


@equation(
    "eq:descent-convergence-worst",
    r"f(x_k) - f^* = \frac{\norm{x_0 - x^*}^2}{4\eta k + 2\eta}",
)
def worst(rng):
    R, k = rng.uniform(0.5, 3), int(rng.integers(1, 40))
    tip = R / (2 * k + 1)
    x = gd(lambda v: np.clip(v / tip, -1, 1), [R], tip, k)[k, 0]  # input
    assert x > tip  # on the straight part, where the value is x less half of the tip
    yield x - tip / 2, R**2 / (4 * tip * k + 2 * tip)


@equation(
    "eq:descent-convergence-pl-condition",
    r"\norm{\nabla f(x)}^2 \ge 2\mu\,\bigl(f(x) - f^*\bigr) \qquad\text{for all } x",
)
def pl_condition(rng):
    H, _, low, mu = curved(rng, 0.1)
    lowest = rng.normal()
    for x in (rng.normal(size=len(H)), 1.7 * low):  # input
        value = x @ H @ x / 2 + lowest  # input
        left = np.linalg.norm(H @ x) ** 2
        right = 2 * mu * (value - lowest)
        yield AtMost(right, left)
    yield Attained(right, left)
    # x⁴ is too flat at its floor for any μ: its slope 4x³ vanishes faster.
    value, slope = 0.1**4, 4 * 0.1**3  # input
    yield Fails(AtMost(2 * 0.1 * value, slope**2))  # input


@equation(
    "eq:descent-convergence-pl-step",
    r"""
f(x_{k+1}) - f^* \le f(x_k) - f^* - \frac\eta2 \norm{\nabla f(x_k)}^2
\le (1 - \eta\mu)\,\bigl(f(x_k) - f^*\bigr)
""",
)
def pl_step(rng):
    H, _, _, mu = curved(rng, 0.1)
    round_bowl = 4.0 * np.eye(len(H))
    cases = [(H, mu, rng.uniform(0.05, 1 / 3)), (round_bowl, 4.0, 0.25)]
    for H, mu, eta in cases:  # input
        x = rng.integers(1, 9, size=len(H)) / 8
        after = x - eta * H @ x  # input
        gap, end = x @ H @ x / 2, after @ H @ after / 2  # input
        middle = gap - eta / 2 * ((H @ x) @ (H @ x))
        right = (1 - eta * mu) * gap
        yield AtMost(end, middle)
        yield AtMost(middle, right)
    yield Attained(end, middle)
    yield Attained(middle, right)


@equation(
    "eq:descent-convergence-pl",
    r"f(x_k) - f^* \le (1 - \eta\mu)^k\,\bigl(f(x_0) - f^*\bigr)",
)
def pl(rng):
    H, _, _, mu = curved(rng, 0.1)
    round_bowl, x0 = 4.0 * np.eye(len(H)), rng.integers(1, 9, size=len(H)) / 8
    wild = (round_bowl, 4.0, 0.75, 4)
    cases = [(H, mu, 0.3, 6), wild, (H, mu, 0.3, 0), (round_bowl, 4.0, 0.25, 2)]
    for H, mu, eta, k in cases:  # input
        x = gd(lambda v, H=H: H @ v, x0, eta, k)[k]  # input
        left, gap = x @ H @ x / 2, x0 @ H @ x0 / 2  # input
        right = (1 - eta * mu) ** k * gap
        if eta * mu > 1:  # input
            yield Fails(AtMost(left, right))
            continue
        yield AtMost(left, right)
        yield pl_bound(gap, eta, mu, k), right
    yield Attained(left, right)


@equation(
    "eq:descent-convergence-support",
    r"f(y) \ge f(x) + \inner{g,\, y - x} \qquad\text{for all } y",
)
def support(rng):
    (n,) = distinct(rng, 1)
    x, g = rng.normal(size=n), np.empty(n)
    x[0], g[0] = 0.0, rng.uniform(-1, 1)
    g[1:] = np.sign(x[1:])  # input
    for y in (rng.normal(size=n), 2 * x):  # input
        left, right = np.abs(y).sum(), np.abs(x).sum() + g @ (y - x)
        yield AtMost(right, left)
    yield Attained(right, left)
    g[0], y = 1.5, x + np.eye(n)[0]  # input
    yield Fails(AtMost(np.abs(x).sum() + g @ (y - x), np.abs(y).sum()))  # input


definition("eq:descent-convergence-subgradient", r"x_{k+1} = x_k - \eta_k\, g_k")


@equation(
    "eq:descent-convergence-kink-step",
    r"""
\begin{aligned}
\norm{x_{k+1} - x^*}^2
&= \norm{x_k - x^*}^2 - 2\eta_k \inner{g_k,\, x_k - x^*} + \eta_k^2 \norm{g_k}^2 \\
&\le \norm{x_k - x^*}^2 - 2\eta_k \bigl(f(x_k) - f^*\bigr) + \eta_k^2 G^2
\end{aligned}
""",
)
def kink_step(rng):
    (n,) = distinct(rng, 1)
    best, x, eta, lowest = *rng.normal(size=(2, n)), rng.uniform(0.1, 1), rng.normal()
    g = np.sign(x - best)  # input
    value = np.abs(x - best).sum() + lowest  # input
    after = subgradient(lambda v: 0.0, lambda v: g, x, [eta]).path[1]  # input
    left = np.linalg.norm(after - best) ** 2
    far = np.linalg.norm(x - best) ** 2
    yield left, far - 2 * eta * g @ (x - best) + eta**2 * np.linalg.norm(g) ** 2
    for G in (2 * np.sqrt(n), np.sqrt(n)):  # input
        right = far - 2 * eta * (value - lowest) + eta**2 * G**2
        yield AtMost(left, right)
    yield Attained(left, right)


@equation(
    "eq:descent-convergence-kinks",
    r"""
\min_{0 \le k < K} f(x_k) - f^*
\le \frac{R^2 + G^2 \sum_k \eta_k^2}{2 \sum_k \eta_k}
""",
)
def kinks(rng):
    (K,) = distinct(rng, 1)
    G = rng.uniform(0.5, 3)

    def f(v):
        return G * abs(v[0])  # input

    cases = [(1.4, rng.uniform(0.05, 0.5, size=K)), (1.4, np.array([1.4 / G]))]
    for R, rates in cases:  # input
        run = subgradient(f, lambda v: G * np.sign(v), [R], rates)  # input
        left = min(f(run.path[k]) for k in range(len(rates)))
        right = (R**2 + G**2 * sum(rates**2)) / (2 * sum(rates))
        yield AtMost(left, right)
        yield AtMost(f(run.average), right)
        yield subgradient_bound(R, G, rates), right
    yield Attained(left, right)
    yield Fails(AtMost(left, subgradient_bound(R, G / 2, rates)))  # input


definition("eq:descent-convergence-average", r"\bar x = \frac{\sum_k \eta_k x_k}{\sum_k \eta_k}")


@equation(
    "eq:descent-convergence-kinks-best",
    r"""
\min_{\eta > 0}\; \frac{R^2 + G^2 K \eta^2}{2 K \eta} = \frac{R\,G}{\sqrt K}
\qquad\text{at}\qquad \eta = \frac{R}{G \sqrt K}
""",
)
def kinks_best(rng):
    R, G, K = rng.uniform(0.5, 3), rng.uniform(0.5, 3), int(rng.integers(2, 30))
    least = R * G / np.sqrt(K)
    for factor in (0.5, 1.7, 1.0):  # input
        best = R / (G * np.sqrt(K))
        eta = factor * best  # input
        right = (R**2 + G**2 * K * eta**2) / (2 * K * eta)
        yield AtMost(least, right)
        yield subgradient_bound(R, G, np.full(K, eta)), right
    yield Attained(least, right)


definition(
    "eq:descent-convergence-armijo",
    r"f(x + t d) \le f(x) + c\, t\, \inner{\nabla f(x), d}",
)


@equation(
    "eq:descent-convergence-floor",
    r"t \ge \min\Bigl( t_0,\; \frac{2\beta(1-c)}{L} \Bigr)",
)
def floor(rng):
    H, top, _, _ = curved(rng, -2)
    L, x, c, shrink = 3.0, rng.normal(size=len(H)), rng.uniform(0.1, 0.8), rng.uniform(0.2, 0.8)

    def f(v):
        return v @ H @ v / 2  # input

    just_too_long = 2 * (1 - c) / L * (1 + 1e-9)  # input
    for start, t0 in ((x, 5.0), (top, 0.01), (top, just_too_long)):  # input
        t = backtracking(f, start, H @ start, lr=t0, c=c, shrink=shrink)  # input
        right = min(t0, 2 * shrink * (1 - c) / L)
        yield AtMost(right, t)
        if t0 == 0.01:  # input
            yield Attained(right, t)
    yield Attained(right, t, within=1e-8, why="the first step is only just too long")


@equation(
    "eq:descent-convergence-logistic",
    r"C(w) = -\frac1N \sum_{s=1}^{N} \bigl[\, y_s \log \sigma(z_s)"
    r" + (1 - y_s) \log\bigl(1 - \sigma(z_s)\bigr) \bigr]",
)
def logistic(rng, N):
    (p,) = distinct(rng, 1, besides=N)
    X, y, w = rng.normal(size=(N, p)), rng.integers(2, size=N), rng.normal(size=p)
    z = X @ w
    s = 1 / (1 + np.exp(-z))
    total = sum(y[i] * np.log(s[i]) + (1 - y[i]) * np.log(1 - s[i]) for i in range(N))
    yield logreg_loss_grad(X, y, w)[0], -total / N


@equation(
    "eq:descent-convergence-sigmoid-slope",
    r"""
\sigma'(z) = \frac{e^{-z}}{(1 + e^{-z})^2} = \sigma(z)\,\bigl(1 - \sigma(z)\bigr) \le \frac14
""",
)
def sigmoid_slope(rng):
    z = sp.Symbol("z", real=True)
    s = 1 / (1 + sp.exp(-z))
    form = sp.exp(-z) / (1 + sp.exp(-z)) ** 2
    yield Zero(s.diff(z) - form)
    yield Zero(form - s * (1 - s))
    yield AtMost(d_sigmoid(rng.normal(size=5)), np.full(5, 0.25))
    yield Attained(d_sigmoid(0.0), 0.25)  # input


@equation(
    "eq:descent-convergence-logistic-slope",
    r"""
\begin{aligned}
\frac{dC_s}{dz}
&= -y\, \frac{\sigma'(z)}{\sigma(z)} + (1-y)\, \frac{\sigma'(z)}{1 - \sigma(z)} \\
&= -y\, \bigl(1 - \sigma(z)\bigr) + (1-y)\, \sigma(z) \\
&= \sigma(z) - y
\end{aligned}
""",
)
def logistic_slope():
    z, y = sp.symbols("z y", real=True)
    s = 1 / (1 + sp.exp(-z))  # input
    lost = -(y * sp.log(s) + (1 - y) * sp.log(1 - s))
    ds = s.diff(z)
    first = -y * ds / s + (1 - y) * ds / (1 - s)
    second = -y * (1 - s) + (1 - y) * s
    yield Zero(lost.diff(z) - first)
    yield Zero(first - second)
    yield Zero(second - (s - y))


@equation(
    "eq:descent-convergence-logistic-gradient",
    r"\nabla C(w) = \frac1N\, X\T \bigl(\sigma(Xw) - y\bigr)",
)
def logistic_gradient(rng, N):
    (p,) = distinct(rng, 1, besides=N)
    X, y, w = rng.normal(size=(N, p)), rng.integers(2, size=N), rng.normal(size=p)

    def loss(v):
        s = 1 / (1 + np.exp(-(X @ v)))
        return -np.mean(y * np.log(s) + (1 - y) * np.log(1 - s))

    written = X.T @ (1 / (1 + np.exp(-(X @ w))) - y) / N
    yield gradient(loss, w), written
    yield logreg_loss_grad(X, y, w)[1], written


@equation(
    "eq:descent-convergence-logistic-hessian",
    r"\nabla^2 C(w) = \frac1N\, X\T \diag\bigl(\sigma'(Xw)\bigr)\, X",
    equivalent={
        "1 / (1 + np.exp(-(X @ v))) - y → 1 / (1 + np.exp(-(X @ v))) + y": "y is constant in w",
        "-(X @ w) → X @ w": "the slope of the sigmoid is even",
    },
)
def logistic_hessian(rng, N):
    (p,) = distinct(rng, 1, besides=N)
    X, y, w = rng.normal(size=(N, p)), rng.integers(2, size=N), rng.normal(size=p)

    def slope(v, j):
        return (X.T @ (1 / (1 + np.exp(-(X @ v))) - y))[j] / N

    rows = np.array([gradient(lambda v, j=j: slope(v, j), w) for j in range(p)])
    s = 1 / (1 + np.exp(-(X @ w)))
    written = X.T @ np.diag(s * (1 - s)) @ X / N
    yield rows, written
    yield logreg_hessian(X, w), written


@equation(
    "eq:descent-convergence-logistic-convex",
    r"v\T\, \nabla^2 C(w)\, v = \frac1N \sum_{s=1}^{N} \sigma'(z_s)\, (x_s v)^2 \ge 0",
)
def logistic_convex(rng, N):
    (p,) = distinct(rng, 1, besides=N)
    X, w = rng.normal(size=(N, p)), rng.normal(size=p)
    for v in (rng.normal(size=p), np.zeros(p)):  # input
        left = v @ logreg_hessian(X, w) @ v
        slopes = [sigmoid(X[i] @ w) * sigmoid(-X[i] @ w) for i in range(N)]
        right = sum(slopes[i] * (X[i] @ v) ** 2 for i in range(N)) / N
        yield left, right
        yield AtMost(0.0, right)
    yield Attained(0.0, right)


@equation(
    "eq:descent-convergence-logistic-smooth",
    r"\lambda_{\max}\bigl(\nabla^2 C(w)\bigr) \le L = \frac{\lambda_{\max}(X\T X)}{4N}",
)
def logistic_smooth(rng, N):
    (p,) = distinct(rng, 1, besides=N)
    X = rng.normal(size=(N, p))
    L = np.linalg.eigvalsh(X.T @ X)[-1] / (4 * N)
    for w in (rng.normal(size=p), np.zeros(p)):  # input
        left = np.linalg.eigvalsh(logreg_hessian(X, w))[-1]
        yield AtMost(left, L)
    yield Attained(left, L)
    yield logreg_smoothness(X), L


@equation(
    "eq:descent-convergence-stable",
    r"-\log \sigma(z) = \log(1 + e^{-z}) = \max(-z, 0) + \log\bigl(1 + e^{-|z|}\bigr)",
)
def stable(rng):
    z = rng.normal(size=7) * 5
    plain = np.log(1 + np.exp(-z))
    split = np.maximum(-z, 0) + np.log1p(np.exp(-np.abs(z)))
    yield -np.log(sigmoid(z)), plain
    yield plain, split
    yield softplus(-z), split


@equation("eq:descent-convergence-flow", r"w(t) + e^{w(t)} = t + 1")
def flow():
    t = sp.Symbol("t", positive=True)
    w = sp.Function("w")(t)
    difference = w + sp.exp(w) - (t + 1)
    speed = 1 / (1 + sp.exp(w))
    yield Zero(difference.diff(t).subs(w.diff(t), speed))
    yield Zero(difference.subs(w, 0).subs(t, 0))
