"""The equations of chapter 2, Gradient and steepest descent."""

import numpy as np
import sympy as sp

from bpcourse.descent.steepest import (
    angle_bound,
    cosine_to_minimum,
    directional,
    fd_grad,
    grid_minimum,
    steepest,
    worst_angle_point,
)
from tests.equations.registry import (
    AtMost,
    Attained,
    Fails,
    Zero,
    distinct,
    equation,
    gradient,
)

norm = np.linalg.norm


def cosine(a, b):
    """Cosine of the angle between two vectors, by the law of cosines."""
    return (norm(a) ** 2 + norm(b) ** 2 - norm(a - b) ** 2) / (2 * norm(a) * norm(b))


def per_length(f, x, slopes, u):
    """The limit of R(tu)/‖tu‖ as t falls to 0."""
    t = sp.Symbol("t", positive=True)
    model = f(*x) + t * sum(s * v for s, v in zip(slopes, u, strict=True))
    missed = f(*(a + t * v for a, v in zip(x, u, strict=True))) - model
    return sp.limit(missed / (t * sp.sqrt(sum(v**2 for v in u))), t, 0, "+")


@equation(
    "eq:descent-steepest-model",
    r"""
f(x + d) = f(x) + \inner{\nabla f(x), d} + R(d),
\qquad \frac{R(d)}{\norm{d}} \to 0 \quad\text{as } d \to 0
""",
)
def first_order_model():
    a, b = sp.symbols("a b", real=True)
    x, u = (sp.Rational(1, 2), sp.Rational(-2, 3)), (3, 4)  # input
    for f in (
        lambda a, b: sp.sin(a) * sp.exp(b),
        lambda a, b: a**3 * b - b**2,
        lambda a, b: sp.log(3 + a * b),
    ):  # input
        slopes = [f(a, b).diff(v).subs(dict(zip((a, b), x, strict=True))) for v in (a, b)]
        yield Zero(per_length(f, x, slopes, u))
    f, slopes = (lambda a, b: sp.sqrt(sp.Abs(a * b))), (0, 0)  # input
    missed = per_length(f, (0, 0), slopes, u)  # its slopes exist at 0 and jump beside it
    yield Fails(Zero(missed))
    yield float(missed), float(sp.sqrt(12) / 5)


@equation(
    "eq:descent-steepest-remainder",
    r"R(d) = \sum_{i=1}^{p} \bigl(\partial_i f(\xi^{(i)}) - \partial_i f(x)\bigr)\, d_i",
)
def remainder(rng):
    (p,) = distinct(rng, 1)
    H, x, d = (lambda A: A + A.T)(rng.normal(size=(p, p))), rng.normal(size=p), rng.normal(size=p)

    def f(v):
        return v @ H @ v / 2

    total, corner = 0.0, x.copy()  # input
    for i in range(p):
        between = corner.copy()
        between[i] += d[i] / 2  # of a parabola the slope between is the slope in the middle
        total += (H[i] @ between - H[i] @ x) * d[i]
        corner[i] += d[i]
    yield f(x + d) - f(x) - (H @ x) @ d, total


@equation(
    "eq:descent-steepest-along",
    r"\frac{d}{dt}\, f(x + t d)\Big|_{t=0} = \inner{\nabla f(x), d}",
)
def along(rng):
    m, p = distinct(rng, 2)
    A, x, d = rng.normal(size=(m, p)), rng.normal(size=p), rng.normal(size=p)
    start = np.zeros(1)  # input
    measured = gradient(lambda t: np.sum(np.sin(A @ (x + t[0] * d))), start)[0]
    yield measured, sum((A.T @ np.cos(A @ x))[i] * d[i] for i in range(p))


@equation(
    "eq:descent-steepest-directional",
    r"""
\text{slope along } d = \frac{\inner{\nabla f, d}}{\norm{d}}
= \norm{\nabla f} \cos\angle(\nabla f, d)
""",
)
def slope_along(rng):
    m, p = distinct(rng, 2)
    A, x, d = rng.normal(size=(m, p)), rng.normal(size=p), rng.normal(size=p)
    start = np.zeros(1)  # input
    g = A.T @ np.cos(A @ x)
    slope = gradient(lambda t: np.sum(np.sin(A @ (x + t[0] * d / norm(d)))), start)[0]
    yield slope, g @ d / norm(d)
    yield g @ d / norm(d) + 10, norm(g) * cosine(g, d) + 10
    yield directional(g, d), slope


@equation(
    "eq:descent-steepest-square",
    r"""
\Bigl\lVert\, d + \frac{g}{\norm{g}} \Bigr\rVert^2 = 1 + 2\,\frac{\inner{g, d}}{\norm{g}} + 1
""",
)
def square(rng):
    (p,) = distinct(rng, 1)
    g, d = rng.normal(size=p), (lambda v: v / norm(v))(rng.normal(size=p))
    yield norm(d + g / norm(g)) ** 2, 1 + 2 * (g @ d) / norm(g) + 1


@equation(
    "eq:descent-steepest-l2",
    r"""
\min_{\norm{d} = 1} \inner{g, d} = -\norm{g}, \qquad\text{at}\quad d = -\frac{g}{\norm{g}}
""",
)
def round_ruler(rng):
    (p,) = distinct(rng, 1)
    g, d = rng.normal(size=p), rng.normal(size=(200, p))
    best = -g / norm(g)
    yield AtMost(-norm(g) * np.ones(200), d @ g / norm(d, axis=1))
    yield Attained(g @ best, -norm(g))
    yield norm(best), 1.0
    yield steepest(g), best


@equation(
    "eq:descent-steepest-holder",
    r"""
\inner{g, d} = \sum_i g_i d_i \ge -\sum_i |g_i|\,|d_i| \ge -\max_i |d_i| \,\sum_i |g_i|
""",
)
def hoelder(rng):
    (p,) = distinct(rng, 1)
    g, random = rng.normal(size=p), rng.normal(size=p)
    opposed = -np.sign(g) * 3  # input
    for d in (random, opposed):
        by_terms = sum(g[i] * d[i] for i in range(p))
        by_sizes = -sum(abs(g[i]) * abs(d[i]) for i in range(p))
        by_largest = -max(abs(v) for v in d) * sum(abs(v) for v in g)
        yield g @ d + 100, by_terms + 100
        yield by_sizes, -(np.abs(g) @ np.abs(d))
        yield AtMost(by_sizes, by_terms)
        yield AtMost(by_largest, by_sizes)
    yield Attained(by_terms, by_sizes)
    yield Attained(by_sizes, by_largest)
    yield Attained(by_largest, -3 * norm(g, 1))


@equation(
    "eq:descent-steepest-linf",
    r"\min_{\norm{d}_\infty = 1} \inner{g, d} = -\norm{g}_1, \qquad\text{at}\quad d = -\sign(g)",
)
def square_ruler(rng):
    (p,) = distinct(rng, 1)
    g, d = rng.normal(size=p), rng.normal(size=(200, p))
    best = -np.sign(g)
    least = -sum(abs(v) for v in g)
    yield AtMost(least * np.ones(200), d @ g / np.abs(d).max(axis=1))
    yield Attained(g @ best, least)
    yield max(abs(v) for v in best), 1.0
    yield steepest(g, np.inf), best  # pyright: ignore[reportArgumentType]


@equation(
    "eq:descent-steepest-l1",
    r"""
\min_{\norm{d}_1 = 1} \inner{g, d} = -\norm{g}_\infty,
\qquad\text{at}\quad d_m = -\sign(g_m),\quad d_i = 0 \text{ for } i \ne m
""",
)
def sum_ruler(rng):
    (p,) = distinct(rng, 1)
    g, d = rng.normal(size=p), rng.normal(size=(200, p))
    m = int(np.argmax(np.abs(g)))  # input
    best = np.array([-np.sign(g[m]) if i == m else 0.0 for i in range(p)])
    least = -max(abs(v) for v in g)
    yield AtMost(least * np.ones(200), d @ g / np.abs(d).sum(axis=1))
    yield Attained(g @ best, least)
    yield sum(abs(v) for v in best), 1.0
    yield steepest(g, 1), best


def definite(rng, p):
    """A symmetric positive definite matrix with eigenvalues from 1/2 to 7, and its square root."""
    Q = np.linalg.qr(rng.normal(size=(p, p)))[0]
    values = np.append([0.5, 7.0], rng.uniform(0.5, 7, size=p - 2))
    return np.einsum("ij,j,kj->ik", Q, values, Q), np.einsum(
        "ij,j,kj->ik", Q, values**0.5, Q
    )  # input


@equation(
    "eq:descent-steepest-root",
    r"\norm{d}_P = \norm{S d}, \qquad \inner{g, d} = \inner{S^{-1} g,\, S d}",
)
def root(rng):
    (p,) = distinct(rng, 1)
    P, S = definite(rng, p)
    g, d = rng.normal(size=p), rng.normal(size=p)
    yield np.sqrt(d @ P @ d), norm(S @ d)
    yield g @ d + 10, (np.linalg.inv(S) @ g) @ (S @ d) + 10


@equation(
    "eq:descent-steepest-p",
    r"""
\min_{\norm{d}_P = 1} \inner{g, d} = -\sqrt{g\T P^{-1} g},
\qquad\text{at}\quad d = -\frac{P^{-1} g}{\sqrt{g\T P^{-1} g}}
""",
)
def matrix_ruler(rng):
    (p,) = distinct(rng, 1)
    P, _ = definite(rng, p)
    g, d = rng.normal(size=p), rng.normal(size=(200, p))
    dual = np.sqrt(g @ np.linalg.inv(P) @ g)
    best = -np.linalg.inv(P) @ g / dual
    yield AtMost(-dual * np.ones(200), d @ g / np.sqrt(np.einsum("ki,ij,kj->k", d, P, d)))
    yield Attained(g @ best, -dual)
    yield best @ P @ best, 1.0
    yield steepest(g, P), best


@equation(
    "eq:descent-steepest-units",
    r"D\,\bigl(-\nabla_z f(Dz)\bigr) = -D D\T\, \nabla f(x)",
)
def units(rng):
    m, p = distinct(rng, 2)
    A, D = rng.normal(size=(m, p)), 2 * np.eye(p) + 0.3 * rng.normal(size=(p, p))
    z = rng.normal(size=p)
    in_z = gradient(lambda v: np.sum(np.sin(A @ D @ v)), z)
    in_x = A.T @ np.cos(A @ (D @ z))
    yield D @ (-in_z), -D @ D.T @ in_x
    yield (
        D @ (-in_z) / norm(D @ in_z),
        steepest(in_x, np.linalg.inv(D @ D.T)) * np.sqrt(in_x @ D @ D.T @ in_x) / norm(D @ in_z),
    )


@equation(
    "eq:descent-steepest-jump",
    r"x - H^{-1} \nabla f(x) = x - H^{-1} H\,(x - x^*) = x^*",
)
def jump(rng):
    (p,) = distinct(rng, 1)
    H, _ = definite(rng, p)
    x, minimum = rng.normal(size=p), rng.normal(size=p)
    slope = gradient(lambda v: (v - minimum) @ H @ (v - minimum) / 2, x)
    written = x - np.linalg.inv(H) @ H @ (x - minimum)
    yield x - np.linalg.inv(H) @ slope, written
    yield written, minimum


@equation(
    "eq:descent-steepest-cosine",
    r"""
\cos\angle\bigl(-\nabla f(x),\, x^* - x\bigr) = \frac{\inner{He, e}}{\norm{He}\,\norm{e}}
""",
)
def cosine_of_the_miss(rng):
    (p,) = distinct(rng, 1)
    H, _ = definite(rng, p)
    x, minimum = rng.normal(size=p), rng.normal(size=p)
    slope = gradient(lambda v: (v - minimum) @ H @ (v - minimum) / 2, x)
    e = x - minimum
    yield slope, H @ e
    yield cosine(-slope, minimum - x), (H @ e) @ e / (norm(H @ e) * norm(e))
    yield cosine_to_minimum(slope, x, minimum), (H @ e) @ e / (norm(H @ e) * norm(e))


@equation(
    "eq:descent-steepest-between",
    r"""
\inner{He - \lambda_{\min} e,\; \lambda_{\max} e - He}
= \sum_i (\lambda_i - \lambda_{\min})(\lambda_{\max} - \lambda_i)\, c_i^2 \ge 0
""",
)
def between(rng):
    p = 5  # input
    H, _ = definite(rng, p)
    values, Q = np.linalg.eigh(H)  # input
    low, high = values.min(), values.max()
    extremes = np.array([1.0, 0, 0, 0, 2.0])  # input
    for c in (rng.normal(size=p), extremes):
        e = Q @ c
        product = (H @ e - low * e) @ (high * e - H @ e)
        by_terms = sum((values[i] - low) * (high - values[i]) * c[i] ** 2 for i in range(p))
        yield product + 10, by_terms + 10
        yield AtMost(0.0, by_terms)
    yield Attained(by_terms, 0.0)


def worst(H):
    """The point of eq:descent-steepest-worst, with the extreme eigenvalues of H."""
    values, Q = np.linalg.eigh(H)  # input
    return Q[:, 0] / values[0] ** 0.5 + Q[:, -1] / values[-1] ** 0.5, values[0], values[-1]  # input


@equation(
    "eq:descent-steepest-twice",
    r"""
\begin{aligned}
(\lambda_{\min} + \lambda_{\max})\, \inner{He, e}
&\ge \norm{He}^2 + \lambda_{\min}\lambda_{\max} \norm{e}^2 \\
&\ge 2 \sqrt{\lambda_{\min}\lambda_{\max}}\; \norm{He}\, \norm{e}
\end{aligned}
""",
)
def twice(rng):
    (p,) = distinct(rng, 1)
    H, _ = definite(rng, p)
    at_worst, low, high = worst(H)
    for e in (rng.normal(size=p), at_worst):
        first = (low + high) * ((H @ e) @ e)
        second = norm(H @ e) ** 2 + low * high * norm(e) ** 2
        third = 2 * np.sqrt(low * high) * norm(H @ e) * norm(e)
        yield AtMost(second, first)
        yield AtMost(third, second)
    yield Attained(first, second)
    yield Attained(second, third)


@equation(
    "eq:descent-steepest-angle",
    r"""
\cos\angle\bigl(-\nabla f(x),\, x^* - x\bigr) \ge \frac{2\sqrt{\kappa}}{1 + \kappa}
""",
)
def angle(rng):
    (p,) = distinct(rng, 1)
    H, _ = definite(rng, p)
    at_worst, low, high = worst(H)
    kappa = high / low
    bound = 2 * np.sqrt(kappa) / (1 + kappa)
    for e in rng.normal(size=(20, p)):
        yield AtMost(bound, cosine(-H @ e, -e))
    yield Attained(cosine(-H @ at_worst, -at_worst), bound)
    yield angle_bound(kappa), bound
    valley, e = np.diag([-1.0, 2.0]), np.array([1.0, 0.1])  # input
    yield Fails(AtMost(angle_bound(2), cosine(-valley @ e, -e)))  # not positive definite


@equation(
    "eq:descent-steepest-worst",
    r"""
x - x^* = \frac{q_{\min}}{\sqrt{\lambda_{\min}}} + \frac{q_{\max}}{\sqrt{\lambda_{\max}}}
""",
    equivalent={
        "Q[:, 0] / np.sqrt(low) + Q[:, -1] / np.sqrt(high)"
        " → Q[:, 0] / np.sqrt(low) - Q[:, -1] / np.sqrt(high)": "an eigenvector has no sign"
    },
)
def worst_point(rng):
    (p,) = distinct(rng, 1)
    H, _ = definite(rng, p)
    (low, *_, high), Q = np.linalg.eigh(H)  # input
    e = Q[:, 0] / np.sqrt(low) + Q[:, -1] / np.sqrt(high)
    bound = 2 * np.sqrt(low * high) / (low + high)
    yield cosine(-H @ e, -e), bound
    yield low * (Q[:, 0] @ e) ** 2, 1.0
    yield high * (Q[:, -1] @ e) ** 2, 1.0
    yield cosine(-H @ worst_angle_point(H), -worst_angle_point(H)), bound


@equation(
    "eq:descent-steepest-grid",
    r"""
\underbrace{k \cdot k \cdots k}_{p \text{ weights}} = k^p \qquad\text{against}\qquad
1 + \underbrace{1 + \dots + 1}_{p \text{ weights}} = p + 1
""",
)
def grid(rng):
    k, p = int(rng.integers(2, 6)), int(rng.integers(1, 5))
    calls = []  # input

    def f(x):
        calls.append(x)
        return float(x @ x)

    grid_minimum(f, [np.arange(float(k))] * p)
    many = len(calls)
    yield many, k**p
    yield np.prod([k for _ in range(p)]), k**p
    calls.clear()
    fd_grad(f, np.zeros(p))
    yield len(calls), p + 1


@equation(
    "eq:descent-steepest-forward",
    r"""
\frac{f(x + h e_i) - f(x)}{h} = \partial_i f(x) + \frac{h}{2}\, \partial_i^2 f(x) + O(h^2)
""",
)
def forward():
    a, b, h = sp.symbols("a b h", real=True)

    def f(a, b):
        return sp.sin(a) * sp.exp(b) + a**3 * b**2  # input

    for v, moved in ((a, f(a + h, b)), (b, f(a, b + h))):
        quotient = (moved - f(a, b)) / h
        expected = f(a, b).diff(v) + h / 2 * f(a, b).diff(v, 2)
        yield Zero(sp.series(quotient, h, 0, 2).removeO() - expected)
    x, step = np.array([0.7, 1.3]), 0.25  # input
    by_hand = [((x[0] + step) ** 3 - x[0] ** 3) / step, 5 * x[0] * x[1] / x[1]]
    measured = fd_grad(lambda v: v[0] ** 3 + 5 * x[0] * v[1], x, step)  # input
    yield measured, np.array(by_hand)


@equation(
    "eq:descent-steepest-central",
    r"""
\frac{f(x + h e_i) - f(x - h e_i)}{2h}
= \partial_i f(x) + \frac{h^2}{6}\, \partial_i^3 f(x) + O(h^4)
""",
)
def central():
    a, b, h = sp.symbols("a b h", real=True)

    def f(a, b):
        return sp.sin(a) * sp.exp(b) + a**3 * b**3  # input

    for v, right, left in (
        (a, f(a + h, b), f(a - h, b)),
        (b, f(a, b + h), f(a, b - h)),
    ):
        quotient = (right - left) / (2 * h)
        expected = f(a, b).diff(v) + h**2 / 6 * f(a, b).diff(v, 3)
        yield Zero(sp.series(quotient, h, 0, 4).removeO() - expected)
    x, step = np.array([0.7]), 0.25  # input
    measured = fd_grad(lambda v: v[0] ** 3, x, step, "central")  # input
    yield measured[0], ((x[0] + step) ** 3 - (x[0] - step) ** 3) / (2 * step)
