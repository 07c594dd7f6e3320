"""The equations of chapter 3, Quadratics tell the truth."""

import numpy as np

from bpcourse.descent.learning import linreg_loss_grad, standardize
from bpcourse.descent.quadratics import (
    contraction,
    early_stopping_filter,
    gd,
    iterations_to,
    mode_amplitudes,
    modes,
    optimal_step,
    safe_step,
)
from tests.equations.registry import AtMost, Attained, definition, distinct, equation, gradient


def problem(rng, n):
    """A symmetric matrix with the positive eigenvalues lam along the columns of Q."""
    lam = np.sort(rng.uniform(0.3, 4.0, n))
    Q = np.linalg.qr(rng.normal(size=(n, n)))[0]
    H = Q @ np.diag(lam) @ Q.T  # input
    H = (H + H.T) / 2  # input
    return H, lam, Q


def value(H, b, x):
    """The quadratic, also for complex x."""
    return x @ H @ x / 2 - b @ x


def limit_of(X):
    """2/λ_max of the half mean squared error."""
    return 2 / np.linalg.eigvalsh(X.T @ X / len(X)).max()


definition(
    "eq:descent-quadratics-quadratic",
    r"f(x) = \tfrac12\, x\T H x - b\T x + c",
)


@equation(
    "eq:descent-quadratics-partial",
    r"""
\frac{\partial f}{\partial x_m}
= \frac12 \sum_j h_{mj} x_j + \frac12 \sum_i x_i h_{im} - b_m
= \sum_j h_{mj} x_j - b_m
""",
    equivalent={
        "H[m, j] → H[j, m]": "H is symmetric",
        "H[i, m] → H[m, i]": "H is symmetric",
    },
)
def partial(rng):
    (n,) = distinct(rng, 1)
    H, b, x = problem(rng, n)[0], rng.normal(size=n), rng.normal(size=n)
    slopes = gradient(lambda v: value(H, b, v), x)
    for m in range(n):
        left = sum(H[m, j] * x[j] for j in range(n)) / 2
        right = sum(x[i] * H[i, m] for i in range(n)) / 2
        yield slopes[m], left + right - b[m]
        yield left + right - b[m], sum(H[m, j] * x[j] for j in range(n)) - b[m]


@equation(
    "eq:descent-quadratics-gradient",
    r"\nabla f(x) = Hx - b = H(x - x^*)",
)
def gradient_of_a_quadratic(rng):
    (n,) = distinct(rng, 1)
    H, b, x = problem(rng, n)[0], rng.normal(size=n), rng.normal(size=n)
    minimum = np.linalg.solve(H, b)
    yield gradient(lambda v: value(H, b, v), x), H @ x - b
    yield H @ x - b, H @ (x - minimum)


@equation(
    "eq:descent-quadratics-regression",
    r"""
\frac1{2N}\norm{Xw - y}^2
= \frac12\, w\T \underbrace{\frac{X\T X}{N}}_{H} w
- \Bigl(\underbrace{\frac{X\T y}{N}}_{b}\Bigr)\T w + \frac{\norm{y}^2}{2N}
""",
)
def regression(rng, N):
    (p,) = distinct(rng, 1, besides=N)
    X, y, w = rng.normal(size=(N, p)), rng.normal(size=N), rng.normal(size=p)
    H, b = X.T @ X / N, X.T @ y / N
    expanded = w @ H @ w / 2 - b @ w + np.linalg.norm(y) ** 2 / (2 * N)
    yield sum((X[s] @ w - y[s]) ** 2 for s in range(N)) / (2 * N), expanded
    yield linreg_loss_grad(X, y, w)[1], H @ w - b


definition(
    "eq:descent-quadratics-step",
    r"x_{k+1} = x_k - \eta\, \nabla f(x_k)",
)


@equation(
    "eq:descent-quadratics-error",
    r"x_{k+1} - x^* = x_k - x^* - \eta H (x_k - x^*) = (I - \eta H)(x_k - x^*)",
)
def error(rng):
    (n,) = distinct(rng, 1)
    H, b, x, eta = problem(rng, n)[0], rng.normal(size=n), rng.normal(size=n), rng.uniform(0.1, 1)
    minimum = np.linalg.solve(H, b)
    after = gd(lambda v: gradient(lambda u: value(H, b, u), v), x, eta, 1)[1]
    written = x - minimum - eta * H @ (x - minimum)
    yield after - minimum, written
    yield written, (np.eye(n) - eta * H) @ (x - minimum)


definition(
    "eq:descent-quadratics-eigen",
    r"""
H q_i = \lambda_i q_i, \qquad q_i\T q_j = [\,i = j\,],
\qquad \lambda_1 \le \lambda_2 \le \dots \le \lambda_n
""",
)


@equation(
    "eq:descent-quadratics-modes",
    r"x_0 - x^* = \sum_{i=1}^n c_i q_i, \qquad c_i = q_i\T (x_0 - x^*)",
)
def shares(rng):
    (n,) = distinct(rng, 1)
    H, b, x = problem(rng, n)[0], rng.normal(size=n), rng.normal(size=n)
    _, Q, c, minimum = modes(H, b, x)
    yield x - np.linalg.solve(H, b), sum(c[i] * Q[:, i] for i in range(n))
    yield c, np.array([Q[:, i] @ (x - minimum) for i in range(n)])


@equation(
    "eq:descent-quadratics-solution",
    r"x_k - x^* = \sum_{i=1}^n (1 - \eta\lambda_i)^k\, c_i\, q_i",
)
def solution(rng):
    (n,) = distinct(rng, 1)
    H, lam, Q = problem(rng, n)
    b, x, eta, k = (
        rng.normal(size=n),
        rng.normal(size=n),
        rng.uniform(0.1, 0.6),
        5 + rng.integers(3),
    )
    minimum = np.linalg.solve(H, b)
    c = [Q[:, i] @ (x - minimum) for i in range(n)]
    walked = gd(lambda v: H @ v - b, x, eta, k)[k] - minimum  # input
    formula = sum((1 - eta * lam[i]) ** k * c[i] * Q[:, i] for i in range(n))
    yield walked, formula
    yield Q @ mode_amplitudes(lam, c, eta, k), formula


@equation(
    "eq:descent-quadratics-loss",
    r"f(x_k) - f(x^*) = \frac12 \sum_{i=1}^n \lambda_i\, (1 - \eta\lambda_i)^{2k}\, c_i^2",
)
def loss(rng):
    (n,) = distinct(rng, 1)
    H, lam, Q = problem(rng, n)
    b, x, eta, k = (
        rng.normal(size=n),
        rng.normal(size=n),
        rng.uniform(0.1, 0.4),
        1 + rng.integers(3),
    )
    minimum = np.linalg.solve(H, b)
    c = [Q[:, i] @ (x - minimum) for i in range(n)]
    walked = gd(lambda v: H @ v - b, x, eta, k)[k]  # input
    height = value(H, b, walked) - value(H, b, minimum)
    yield height, sum(lam[i] * (1 - eta * lam[i]) ** (2 * k) * c[i] ** 2 for i in range(n)) / 2


@equation(
    "eq:descent-quadratics-band",
    r"|1 - \eta\lambda| < 1 \iff -1 < 1 - \eta\lambda < 1 \iff 0 < \eta\lambda < 2",
)
def band():
    reach = np.array([-2, -1, 0, 0.5, 1, 1.5, 1.75, 2, 2.25, 3])  # input
    factor = 1 - reach
    inside = np.abs(factor) < 1
    between = (factor > -1) & (factor < 1)
    yield inside, between
    yield between, (reach > 0) & (reach < 2)


@equation(
    "eq:descent-quadratics-limit",
    r"0 < \eta < \frac{2}{\lambda_{\max}}",
)
def limit(rng):
    (n,) = distinct(rng, 1)
    H, lam, _ = problem(rng, n)
    times = np.array([-0.1, 0.2, 0.5, 0.9, 0.98, 1.02, 1.1])  # input
    steps = [np.eye(n) - eta * H for eta in times * 2 / lam[-1]]  # input
    after = [np.linalg.norm(np.linalg.matrix_power(step, 1500)) for step in steps]  # input
    rates = times * 2 / lam[-1]  # input
    yield np.array(after) < 1e-3, (rates > 0) & (rates < 2 / lam[-1])
    # From a start without a share in the steepest mode, the next one sets the limit.
    D, start = np.array([0.5, 1.25, 8.0]), np.array([2.0, -1.0, 0.0])  # input
    for eta in (0.3, 1.5, 1.59, 1.61):  # input
        last = gd(lambda v: D * v, start, eta, 2000)[-1]  # input
        yield np.linalg.norm(last) < 1e-3, eta < 2 / D[1]


@equation(
    "eq:descent-quadratics-bound",
    r"""
\norm{x_k - x^*} \le \rho(\eta)^k\, \norm{x_0 - x^*}, \qquad \rho(\eta)
= \max_i |1 - \eta\lambda_i|
""",
    equivalent={
        "minimum + Q[:, factors.argmax()] → minimum - Q[:, factors.argmax()]": (
            "a mode looks the same from both sides"
        )
    },
)
def bound(rng):
    (n,) = distinct(rng, 1)
    H, lam, Q = problem(rng, n)
    b, x, k = rng.normal(size=n), rng.normal(size=n), rng.integers(1, 6)
    minimum = np.linalg.solve(H, b)
    for eta in (0.1, 0.4, 0.6):  # input
        factors = np.abs(1 - eta * lam)
        slowest = minimum + Q[:, factors.argmax()]
        for start in (x, slowest):
            walked = gd(lambda v: H @ v - b, start, eta, k)[k]  # input
            limit = factors.max() ** k * np.linalg.norm(start - minimum)
            yield AtMost(np.linalg.norm(walked - minimum), limit)
            if start is slowest:
                yield Attained(np.linalg.norm(walked - minimum), limit)


@equation(
    "eq:descent-quadratics-safe",
    r"""
\eta = \frac{1}{\lambda_{\max}}
\quad\Longrightarrow\quad 0 \le 1 - \eta\lambda_i < 1 \ \text{ for all } i
""",
)
def safe(rng):
    (p,) = distinct(rng, 1)
    X = rng.normal(size=(20, p))
    eta = safe_step(X, rng)
    lam = np.linalg.eigvalsh(X.T @ X / 20)
    factors = 1 - eta * lam[:-1]
    yield AtMost(np.zeros(p - 1), factors)
    yield factors < 1, np.ones(p - 1)
    yield Attained(eta * lam[-1], 1.0)


@equation(
    "eq:descent-quadratics-contraction",
    r"""
\rho(\eta) = \max_i |1 - \eta\lambda_i| = \max\bigl(1 - \eta\lambda_1,\; \eta\lambda_n - 1\bigr)
""",
)
def slowest(rng):
    (n,) = distinct(rng, 1)
    lam = np.sort(rng.uniform(0.3, 4.0, n))
    for eta in (0.05, 0.3, 0.5, 0.7):  # input
        largest = max(abs(1 - eta * value) for value in lam)
        yield contraction(lam, eta), largest
        yield largest, max(1 - eta * lam[0], eta * lam[-1] - 1)


@equation(
    "eq:descent-quadratics-optimal",
    r"""
1 - \eta^*\lambda_1 = \eta^*\lambda_n - 1 \quad\Longrightarrow\quad \eta^*
= \frac{2}{\lambda_1 + \lambda_n}
""",
)
def best(rng):
    (n,) = distinct(rng, 1)
    lam = np.sort(rng.uniform(0.3, 4.0, n))
    eta = 2 / (lam[0] + lam[-1])
    yield 1 - eta * lam[0], eta * lam[-1] - 1
    yield optimal_step(lam[0], lam[-1])[0], eta
    for other in eta * np.array([0.5, 0.9, 1.1, 1.5]):  # input
        yield AtMost(contraction(lam, eta), contraction(lam, other))
    yield Attained(contraction(lam, eta), 1 - eta * lam[0])


@equation(
    "eq:descent-quadratics-rate",
    r"""
\rho(\eta^*) = 1 - \frac{2\lambda_1}{\lambda_1 + \lambda_n}
= \frac{\lambda_n - \lambda_1}{\lambda_n + \lambda_1} = \frac{\kappa - 1}{\kappa + 1}
""",
)
def best_rate(rng):
    (n,) = distinct(rng, 1)
    lam = np.sort(rng.uniform(0.3, 4.0, n))
    low, high = lam[0], lam[-1]  # input
    kappa = high / low
    eta, rate = optimal_step(low, high)
    written = 1 - 2 * low / (low + high)
    fraction = (high - low) / (high + low)
    yield max(abs(1 - eta * value) for value in lam), written
    yield written, fraction
    yield fraction, (kappa - 1) / (kappa + 1)
    yield rate, fraction


@equation(
    "eq:descent-quadratics-count",
    r"s\,\rho^k \le \varepsilon \iff k \ge \frac{\ln (s/\varepsilon)}{\ln (1/\rho)}",
)
def count(rng):
    share, rho, tolerance = rng.uniform(0.1, 1), rng.uniform(0.3, 0.99), 10 ** rng.uniform(-9, -3)
    needed = np.log(share / tolerance) / np.log(1 / rho)
    k = int(needed) + np.arange(-3, 5)  # input
    small = share * rho**k <= tolerance
    yield small, k >= needed
    yield iterations_to(tolerance, rho, share), k[small.argmax()]


@equation(
    "eq:descent-quadratics-kappa",
    r"""
\frac{\ln(1/\varepsilon)}{\ln(1/\rho(\eta^*))} \le \frac{\kappa}{2}\,\ln\frac1\varepsilon
""",
)
def steps_grow_like_kappa(rng):
    tolerance = 10 ** rng.uniform(-9, -3)
    for kappa in (1.01, 1 + rng.exponential(), 10 + rng.exponential(), 1e4):  # input
        rho = (kappa - 1) / (kappa + 1)
        steps = np.log(1 / tolerance) / np.log(1 / rho)
        limit = kappa / 2 * np.log(1 / tolerance)
        yield AtMost(steps, limit)
        if kappa == 1e4:
            yield Attained(steps, limit, within=1e-8, why="the two meet as κ grows")


@equation(
    "eq:descent-quadratics-power",
    r"""
H^k v = \sum_i \lambda_i^k a_i q_i = \lambda_n^k
\Bigl( a_n q_n + \sum_{i<n} \bigl(\tfrac{\lambda_i}{\lambda_n}\bigr)^k a_i q_i \Bigr)
""",
)
def power(rng):
    (n,) = distinct(rng, 1)
    H, lam, Q = problem(rng, n)
    v, k = rng.normal(size=n), rng.integers(2, 6)
    a = Q.T @ v
    left = np.linalg.matrix_power(H, k) @ v
    summed = sum(lam[i] ** k * a[i] * Q[:, i] for i in range(n))
    rest = sum((lam[i] / lam[-1]) ** k * a[i] * Q[:, i] for i in range(n - 1))
    yield left, summed
    yield summed, lam[-1] ** k * (a[-1] * Q[:, -1] + rest)


@equation(
    "eq:descent-quadratics-trace",
    r"""
1 \le \lambda_{\max}\Bigl(\frac{X\T X}{N}\Bigr) \le p
\quad\Longrightarrow\quad
\frac2p \le \frac{2}{\lambda_{\max}} \le 2
""",
)
def trace(rng):
    (p,) = distinct(rng, 1)
    X = standardize(rng.normal(size=(12, p)) @ rng.normal(size=(p, p)))
    largest = np.linalg.eigvalsh(X.T @ X / 12).max()
    yield AtMost(1.0, largest)
    yield AtMost(largest, p)
    yield 2 * safe_step(X, rng), limit_of(X)
    yield AtMost(2 / p, limit_of(X))
    yield AtMost(limit_of(X), 2.0)
    # Copies of one column, and columns at right angles.
    copies = np.outer(X[:, 0], np.ones(p))  # input
    crossed = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])  # input
    yield Attained(np.linalg.eigvalsh(copies.T @ copies / 12).max(), p)
    yield Attained(limit_of(copies), 2 / p)
    yield Attained(1.0, np.linalg.eigvalsh(crossed.T @ crossed / 4).max())
    yield Attained(limit_of(crossed), 2.0)


@equation(
    "eq:descent-quadratics-filter",
    r"x_k = \sum_{i=1}^n \bigl(1 - (1 - \eta\lambda_i)^k\bigr)\, (q_i\T x^*)\, q_i",
)
def found_after_k_steps(rng):
    (n,) = distinct(rng, 1)
    H, lam, Q = problem(rng, n)
    b, eta, k = rng.normal(size=n), rng.uniform(0.1, 0.6), rng.integers(2, 7)
    minimum = np.linalg.solve(H, b)
    walked = gd(lambda v: H @ v - b, np.zeros(n), eta, k)[k]  # input
    formula = sum((1 - (1 - eta * lam[i]) ** k) * (Q[:, i] @ minimum) * Q[:, i] for i in range(n))
    yield walked, formula
    yield Q @ (early_stopping_filter(lam, eta, int(k)) * (Q.T @ minimum)), formula


@equation(
    "eq:descent-quadratics-ridge",
    r"w_\alpha = \sum_{i=1}^n \frac{\lambda_i}{\lambda_i + \alpha}\, (q_i\T \hat w)\, q_i",
)
def ridge(rng):
    (p,) = distinct(rng, 1)
    X, y, alpha = rng.normal(size=(20, p)), rng.normal(size=20), rng.uniform(0.1, 2)
    best = np.linalg.lstsq(X, y, rcond=None)[0]
    lam, Q = np.linalg.eigh(X.T @ X / 20)
    penalized = np.zeros(p)
    for i in range(p):
        penalized += lam[i] / (lam[i] + alpha) * (Q[:, i] @ best) * Q[:, i]
    # There the slope of the loss is the slope of the penalty, reversed.
    slope = gradient(lambda w: sum((X[s] @ w - y[s]) ** 2 for s in range(20)) / 40, penalized)
    yield slope, gradient(lambda w: -alpha * (w @ w) / 2, penalized)
