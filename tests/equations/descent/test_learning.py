"""The equations of chapter 1, Learning as minimization."""

import numpy as np
import sympy as sp

from bpcourse.descent.learning import (
    collapse,
    confusion_matrix,
    gd1d,
    linreg_loss_grad,
    normal_equations,
)
from tests.equations.registry import (
    Zero,
    definition,
    distinct,
    equation,
    gradient,
)


def loss(X, y, w):
    """Half the mean squared error, sample by sample; also for complex weights."""
    return sum((X[s] @ w - y[s]) ** 2 for s in range(len(y))) / (2 * len(y))


@equation(
    "eq:descent-learning-model",
    r"""
\begin{aligned}
\hat y_s &= \sum_{j=1}^{p} x_{sj} w_j && \text{for sample } s \\
\hat y &= Xw && \text{for all samples at once}
\end{aligned}
""",
)
def model(rng, N):
    (p,) = distinct(rng, 1, besides=N)
    X, w = rng.normal(size=(N, p)), rng.normal(size=p)
    yield X @ w, np.array([sum(X[s, j] * w[j] for j in range(p)) for s in range(N)])


definition("eq:descent-learning-residual", r"r = Xw - y")


@equation(
    "eq:descent-learning-loss",
    r"C(w) = \frac{1}{2N} \sum_{s=1}^{N} r_s^2 = \frac{1}{2N} \norm{Xw - y}^2",
)
def half_mean_square(rng, N):
    (p,) = distinct(rng, 1, besides=N)
    X, y, w = rng.normal(size=(N, p)), rng.normal(size=N), rng.normal(size=p)
    total = 0.0  # input
    for s in range(N):
        r = sum(X[s, j] * w[j] for j in range(p)) - y[s]
        total += r**2
    summed = total / (2 * N)
    normed = np.linalg.norm(X @ w - y) ** 2 / (2 * N)
    yield summed, normed
    yield linreg_loss_grad(X, y, w)[0], summed


@equation(
    "eq:descent-learning-slope",
    r"""
\begin{aligned}
\frac{dC}{dw}
&= \frac{1}{2N}\sum_s \frac{d}{dw}\,(x_s w - y_s)^2 \\
&= \frac{1}{2N}\sum_s 2\,(x_s w - y_s)\,\frac{d}{dw}(x_s w - y_s) \\
&= \frac1N \sum_s (x_s w - y_s)\,x_s
\end{aligned}
""",
    equivalent={
        "x[s] * v[0] - y[s] → x[s] * v[0] + y[s]": "a derivative in the weights does not see y",
        "y[s] → y[0]": "a derivative in the weights does not see y",
    },
)
def slope(rng, N):
    x, y, w = rng.normal(size=N), rng.normal(size=N), rng.normal()
    at = np.array([w])  # input
    whole = gradient(lambda v: loss(x[:, np.newaxis], y, v), at)[0]
    squares = [gradient(lambda v, s=s: (x[s] * v[0] - y[s]) ** 2, at)[0] for s in range(N)]
    inner = [gradient(lambda v, s=s: x[s] * v[0] - y[s], at)[0] for s in range(N)]
    by_sum_rule = sum(squares) / (2 * N)
    by_chain_rule = sum(2 * (x[s] * w - y[s]) * inner[s] for s in range(N)) / (2 * N)
    result = sum((x[s] * w - y[s]) * x[s] for s in range(N)) / N
    yield whole, by_sum_rule
    yield by_sum_rule, by_chain_rule
    yield by_chain_rule, result


definition("eq:descent-learning-step", r"x_{k+1} = x_k - \eta\, f'(x_k)")

definition("eq:descent-learning-steps", r"w_{k+1} = w_k - \eta\, \nabla C(w_k)")


@equation(
    "eq:descent-learning-downhill",
    r"\frac{d}{d\eta}\, f\bigl(x - \eta f'(x)\bigr)\Big|_{\eta=0} = -f'(x)^2",
)
def downhill():
    x, eta, t = sp.symbols("x eta t", real=True)
    for f in (sp.sin(t) + t**4, sp.exp(t) - 3 * t, sp.log(1 + t**2)):  # input
        slope_at_x = f.diff(t).subs(t, x)
        moved = f.subs(t, x - eta * slope_at_x)
        yield Zero(moved.diff(eta).subs(eta, 0) + slope_at_x**2)
    # for every differentiable f at once: g stands for the number f'(x)
    g, h = sp.Symbol("g", real=True), sp.Function("h")
    general = h(x - eta * g).diff(eta).doit().subs(eta, 0).doit()
    yield Zero(general.subs(h(x).diff(x), g) + g**2)


@equation(
    "eq:descent-learning-distance",
    r"""
\begin{aligned}
x_{k+1} - m &= x_k - \eta\, a (x_k - m) - m \\
&= (1 - \eta a)(x_k - m)
\end{aligned}
""",
)
def distance(rng):
    a, m, x, eta = rng.uniform(0.5, 3), rng.normal(), rng.normal(), rng.uniform(0.1, 1)
    after = gd1d(lambda t: gradient(lambda v: a * (v[0] - m) ** 2 / 2, np.array([t]))[0], x, eta, 1)
    written = x - eta * a * (x - m) - m
    yield after[1] - m, written
    yield written, (1 - eta * a) * (x - m)


@equation(
    "eq:descent-learning-partial",
    r"""
\frac{\partial C}{\partial w_j}
= \frac{1}{2N}\sum_s 2\, r_s\, \frac{\partial r_s}{\partial w_j}
= \frac1N \sum_s r_s\, x_{sj}
""",
    equivalent={
        "X[s] @ v - y[s] → X[s] @ v + y[s]": "a derivative in the weights does not see y",
        "y[s] → y[0]": "a derivative in the weights does not see y",
    },
)
def partial(rng, N):
    (p,) = distinct(rng, 1, besides=N)
    X, y, w = rng.normal(size=(N, p)), rng.normal(size=N), rng.normal(size=p)
    r = [X[s] @ w - y[s] for s in range(N)]
    of_loss = gradient(lambda v: loss(X, y, v), w)
    of_residuals = [gradient(lambda v, s=s: X[s] @ v - y[s], w) for s in range(N)]
    for j in range(p):
        chained = sum(2 * r[s] * of_residuals[s][j] for s in range(N)) / (2 * N)
        yield of_loss[j], chained
        yield chained, sum(r[s] * X[s, j] for s in range(N)) / N


@equation("eq:descent-learning-gradient", r"\nabla C(w) = \frac1N\, X\T (Xw - y)")
def matrix_gradient(rng, N):
    (p,) = distinct(rng, 1, besides=N)
    X, y, w = rng.normal(size=(N, p)), rng.normal(size=N), rng.normal(size=p)
    of_loss = gradient(lambda v: loss(X, y, v), w)
    yield of_loss, X.T @ (X @ w - y) / N
    yield linreg_loss_grad(X, y, w)[1], of_loss


@equation(
    "eq:descent-learning-normal",
    r"X\T X\, \hat w = X\T y",
    rtol=1e-11,
    why="the solution is as exact as its system is well conditioned",
)
def normal(rng):
    N, p = sorted(distinct(rng, 2), reverse=True)
    X, y = rng.normal(size=(N, p)), rng.normal(size=N)
    w = np.linalg.lstsq(X, y, rcond=None)[0]  # input
    yield X.T @ X @ w, X.T @ y
    yield gradient(lambda v: loss(X, y, v), w) + 1, np.ones(p)
    yield normal_equations(X, y), w


@equation(
    "eq:descent-learning-square",
    r"C(w) = C(\hat w) + \frac{1}{2N} \norm{X (w - \hat w)}^2",
)
def square(rng):
    N, p = sorted(distinct(rng, 2), reverse=True)
    X, y, w = rng.normal(size=(N, p)), rng.normal(size=N), rng.normal(size=p)
    best = np.linalg.lstsq(X, y, rcond=None)[0]  # input
    yield loss(X, y, w), loss(X, y, best) + np.sum((X @ (w - best)) ** 2) / (2 * N)


@equation("eq:descent-learning-accuracy", r"\frac1N \sum_{s} [\,\hat c_s = c_s\,] = \frac1N \tr M")
def accuracy(rng):
    N, k = distinct(rng, 2)
    c, predicted = rng.integers(k, size=N), rng.integers(k, size=N)
    predicted[0] = c[0]  # input
    M = confusion_matrix(c, predicted, k)
    yield sum(int(predicted[s] == c[s]) for s in range(N)) / N, np.trace(M) / N
    yield M.sum(), N


@equation("eq:descent-learning-rescale", r"(XD)(D^{-1} w) = Xw")
def rescale(rng, N):
    (p,) = distinct(rng, 1, besides=N)
    X, w, d = rng.normal(size=(N, p)), rng.normal(size=p), rng.uniform(0.1, 10, size=p)
    D = np.diag(d)
    yield (X @ D) @ (np.linalg.inv(D) @ w), X @ w
    yield (X * d) @ (w / d), X @ w


@equation(
    "eq:descent-learning-xor",
    r"""
\begin{aligned}
g(1,1) + g(-1,-1) &= 2b \\
g(1,-1) + g(-1,1) &= 2b
\end{aligned}
""",
)
def opposite_corners():
    b, w1, w2 = sp.symbols("b w1 w2")

    def g(x1, x2):
        return b + w1 * x1 + w2 * x2  # input

    yield Zero(g(1, 1) + g(-1, -1) - 2 * b)
    yield Zero(g(1, -1) + g(-1, 1) - 2 * b)


@equation(
    "eq:descent-learning-collapse",
    r"""
\begin{aligned}
(X W_1 + \mathbf 1 b_1) W_2 + \mathbf 1 b_2
&= X W_1 W_2 + \mathbf 1 b_1 W_2 + \mathbf 1 b_2 \\
&= X\,(W_1 W_2) + \mathbf 1\,(b_1 W_2 + b_2)
\end{aligned}
""",
)
def cascade(rng, N):
    n0, n1, n2 = distinct(rng, 3, besides=N)
    X, W1, W2 = rng.normal(size=(N, n0)), rng.normal(size=(n0, n1)), rng.normal(size=(n1, n2))
    b1, b2, one = rng.normal(size=(1, n1)), rng.normal(size=(1, n2)), np.ones((N, 1))  # input
    two_layers = (X @ W1 + one @ b1) @ W2 + one @ b2
    expanded = X @ W1 @ W2 + one @ b1 @ W2 + one @ b2
    one_layer = X @ (W1 @ W2) + one @ (b1 @ W2 + b2)
    yield two_layers, expanded
    yield expanded, one_layer
    W, b = collapse([W1, W2], [b1[0], b2[0]])
    yield X @ W + b, one_layer


@equation(
    "eq:descent-learning-crossed",
    r"""
\hat w = \frac{\sum_s x_{s1}x_{s2}\,t_s}{\sum_s (x_{s1}x_{s2})^2}
= \frac{\sum_s |x_{s1}x_{s2}|}{\sum_s (x_{s1}x_{s2})^2}
""",
)
def crossed(rng, N):
    X = rng.uniform(-1, 1, size=(N, 2))
    t = np.sign(X[:, 0] * X[:, 1])  # input
    fitted = np.linalg.lstsq((X[:, 0] * X[:, 1])[:, np.newaxis], t, rcond=None)[0][0]
    squares = sum((X[s, 0] * X[s, 1]) ** 2 for s in range(N))
    with_target = sum(X[s, 0] * X[s, 1] * t[s] for s in range(N)) / squares
    with_size = sum(abs(X[s, 0] * X[s, 1]) for s in range(N)) / squares
    yield fitted, with_target
    yield with_target, with_size
