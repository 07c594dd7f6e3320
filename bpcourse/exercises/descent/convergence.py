"""The exercises of chapter 4, Convergence for real functions."""

import numpy as np

from bpcourse.exercises.declare import Exercise, Mistake, Part

# Backtracking -----------------------------------------------------------------------------------


def _height(H, x):
    return x @ H @ x / 2


def _armijo(H, x, t, c, beta, *, promise=None, sign=-1.0):
    g = H @ x
    squared = g @ g if promise is None else promise(g)
    while _height(H, x - t * g) > _height(H, x) + sign * c * t * squared:
        t = beta * t
    return t


def _armijo_solution(H, x, t, c, beta):
    return _armijo(H, x, t, c, beta)


def _shortened_once(H, x, t, c, beta):
    g = H @ x
    if _height(H, x - t * g) > _height(H, x) - c * t * (g @ g):
        t = beta * t
    return t


def _promise_of_the_first_try(H, x, t, c, beta):
    g = H @ x
    promise = c * t * (g @ g)
    for _ in range(200):
        if _height(H, x - t * g) <= _height(H, x) - promise:
            break
        t = beta * t
    return t


def _armijo_inputs(rng):
    inputs = []
    for n in (1, 2, 3, 5, 4, 3):
        A = rng.normal(size=(n, n))
        H = A @ A.T / n + 0.3 * np.eye(n)
        x = rng.choice([-1, 1], size=n) * rng.uniform(0.4, 1.2, size=n)
        inputs.append((H, x, float(rng.uniform(20, 40)), float(rng.uniform(0.3, 0.6)), 0.9))
    return inputs


ARMIJO = Exercise(
    id="descent.convergence.armijo",
    title="Backtracking",
    asks=(
        "Write a function of a symmetric matrix `H` (n, n), a point `x` (n,), a first try `t`, "
        "`c` and `beta` that returns the step that Armijo's rule accepts for f(x) = ½xᵀHx in the "
        "direction of the negative gradient: `t` is multiplied by `beta` until the rule holds."
    ),
    parameters=("H", "x", "t", "c", "beta"),
    parts=(Part("step", "()", points=2),),
    public=(
        (np.diag([1.0, 4.0]), np.array([1.0, 1.0]), 10.0, 0.5, 0.9),
        (np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([0.5, -2.0]), 30.0, 0.4, 0.8),
        (np.diag([0.5, 1.0, 2.0]), np.array([3.0, 1.0, -1.0]), 20.0, 0.3, 0.95),
    ),
    hidden=_armijo_inputs,
    varies="other matrices, from 1 to 5 variables, other first tries and shares c",
    solution=_armijo_solution,
    mistakes=(
        Mistake(
            "any fall is accepted, however small",
            lambda H, x, t, c, beta: _armijo(H, x, t, 0.0, beta),
            "your rule has no c. A step that lands almost at the old height goes down too, and a "
            "thousand of them lead nowhere: which share of the promise does the rule ask for?",
        ),
        Mistake(
            "the slope's length is not squared",
            lambda H, x, t, c, beta: _armijo(H, x, t, c, beta, promise=np.linalg.norm),
            "along d = −∇f the tangent promises t⟨∇f, d⟩. Put d in: which power of the gradient's "
            "length comes out?",
        ),
        Mistake(
            "the promise has the wrong sign",
            lambda H, x, t, c, beta: _armijo(H, x, t, c, beta, sign=1.0),
            "your rule lets f rise. Along −∇f the inner product ⟨∇f, d⟩ is negative.",
        ),
        Mistake(
            "the step is shortened once too often",
            lambda H, x, t, c, beta: beta * _armijo(H, x, t, c, beta),
            "your t is the right one times beta. Test first, shorten afterwards: the loop ends "
            "with the t that passed.",
        ),
        Mistake(
            "the last rejected step is returned",
            lambda H, x, t, c, beta: _armijo(H, x, t, c, beta) / beta,
            "your t is the right one divided by beta, and the rule does not hold for it. Do you "
            "return the t before or after its last shortening?",
        ),
        Mistake(
            "the step is shortened once at most",
            _shortened_once,
            "one trial and one correction: an `if` where a `while` is needed. How often the step "
            "must be shortened is not known beforehand.",
        ),
        Mistake(
            "the promise is that of the first try",
            _promise_of_the_first_try,
            "when t shrinks, the promised fall shrinks with it. Yours stays that of the first t, "
            "which a short step cannot keep.",
        ),
    ),
    withholds=("descent.convergence.backtracking",),
)

# The bound for convex functions -----------------------------------------------------------------


def _gap(H, m, x0, k, *, eta=None, off=0):
    eta = 1 / np.linalg.eigvalsh(H)[-1] if eta is None else eta
    x = x0
    for _ in range(k + off):
        x = x - eta * H @ (x - m)
    return (x - m) @ H @ (x - m) / 2


def _bound(H, m, x0, k, *, eta=None):
    eta = 1 / np.linalg.eigvalsh(H)[-1] if eta is None else eta
    return (x0 - m) @ (x0 - m) / (2 * eta * k)


def _gap_and_bound(H, m, x0, k):
    return _gap(H, m, x0, k), _bound(H, m, x0, k)


def _with_rate(rate):
    def answer(H, m, x0, k):
        eta = rate(np.linalg.eigvalsh(H))
        return _gap(H, m, x0, k, eta=eta), _bound(H, m, x0, k, eta=eta)

    return answer


def _bound_inputs(rng):
    inputs = []
    for n, k in ((2, 3), (3, 1), (5, 6), (4, 2)):
        Q = np.linalg.qr(rng.normal(size=(n, n)))[0]
        values = np.append(rng.uniform(0.2, 1.5, n - 1), 3.0)
        inputs.append(((Q * values) @ Q.T, 2 * rng.normal(size=n), rng.normal(size=n), k))
    return inputs


BOUND = Exercise(
    id="descent.convergence.bound",
    title="A bound and what it bounds",
    asks=(
        "The function f(x) = ½(x − m)ᵀH(x − m) is convex with its minimum at `m` (n,); `H` (n, n) "
        "is symmetric with positive eigenvalues. Write a function of `H`, `m`, a start `x0` (n,) "
        "and `k` that takes `k` steps of gradient descent with η = 1/L and returns the pair "
        "`(gap, bound)`: f(x_k) − f*, and what the theorem for convex functions allows."
    ),
    parameters=("H", "m", "x0", "k"),
    parts=(Part("gap", "()", points=2), Part("bound", "()", points=1)),
    public=(
        (np.diag([1.0, 4.0]), np.array([1.0, -1.0]), np.array([3.0, 2.0]), 2),
        (np.array([[2.0, 1.0], [1.0, 2.0]]), np.array([0.0, 2.0]), np.array([1.0, -1.5]), 3),
    ),
    hidden=_bound_inputs,
    varies="other matrices, from 2 to 5 variables, from 1 to 6 steps",
    solution=_gap_and_bound,
    mistakes=(
        Mistake(
            "the 2 of the bound is missing",
            lambda H, m, x0, k: (_gap(H, m, x0, k), 2 * _bound(H, m, x0, k)),
            "the bound is twice as large as it could be. In the proof each step contributes 2η "
            "times a height.",
        ),
        Mistake(
            "the distance in the bound is not squared",
            lambda H, m, x0, k: (
                _gap(H, m, x0, k),
                _bound(H, m, x0, k) / np.linalg.norm(x0 - m),
            ),
            "the proof watches the square of the distance to the minimum, and so does the bound.",
        ),
        Mistake(
            "the distance is measured from the origin",
            lambda H, m, x0, k: (_gap(H, m, x0, k), _bound(H, 0 * m, x0, k)),
            "your bound knows x0 only. Where is the minimum of this function?",
        ),
        Mistake(
            "the learning rate is missing in the bound",
            lambda H, m, x0, k: (_gap(H, m, x0, k), _bound(H, m, x0, k, eta=1.0)),
            "short steps need more of them: η stands under the fraction line beside k.",
        ),
        Mistake(
            "one step too many is taken",
            lambda H, m, x0, k: (_gap(H, m, x0, k, off=1), _bound(H, m, x0, k)),
            "your gap is that of step k + 1. Count: the start is x₀, and `range(k)` has k numbers.",
        ),
        Mistake(
            "one step too few is taken",
            lambda H, m, x0, k: (_gap(H, m, x0, k, off=-1), _bound(H, m, x0, k)),
            "your gap is that of step k − 1. Is the start counted as a step?",
        ),
        Mistake(
            "the ½ of the function is missing in the gap",
            lambda H, m, x0, k: (2 * _gap(H, m, x0, k), _bound(H, m, x0, k)),
            "your gap is twice f(x_k). The gradient has no ½, the function has.",
        ),
        Mistake(
            "the learning rate is that of the smallest eigenvalue",
            _with_rate(lambda values: 1 / values[0]),
            "L is the sharpest curvature of all directions. With the gentlest one in its place the "
            "sharp direction is thrown farther away at each step.",
        ),
        Mistake(
            "the learning rate is one over the trace",
            _with_rate(lambda values: 1 / values.sum()),
            "the trace is the sum of all eigenvalues: a safe L, but not the smallest one. The "
            "theorem holds with it, the exercise asks for the largest eigenvalue.",
        ),
        Mistake(
            "the learning rate is the best one for quadratics",
            _with_rate(lambda values: 2 / (values[0] + values[-1])),
            "that is the best rate of the chapter before, and it is longer than 1/L. This theorem "
            "wants 1/L.",
        ),
    ),
    withholds=("descent.convergence.convex_bound", "descent.quadratics.gd"),
)

# The best constant rate at a kink ---------------------------------------------------------------


def _walk(x0, rates, slope=np.sign):
    x = [x0]
    for eta in rates:
        x.append(x[-1] - eta * slope(x[-1]))
    return np.array(x, dtype=float)


def _schedule(x0, K):
    return _walk(x0, [abs(x0) / np.sqrt(K)] * K), abs(x0) / np.sqrt(K)


def _schedule_inputs(rng):
    sizes = rng.permutation([3, 6, 7, 11, 13])
    return [(float(rng.choice([-1, 1]) * rng.uniform(2.1, 6)), int(K)) for K in sizes]


SCHEDULE = Exercise(
    id="descent.convergence.schedule",
    title="The best constant rate at a kink",
    asks=(
        "Write a function of a start `x0` and a number of steps `K` that walks on f(x) = |x| with "
        "the constant rate for which the bound of the theorem for kinks is smallest "
        "(R = |x0|, and the subgradients are the signs). Return the pair `(path, bound)`: all "
        "K + 1 positions, the start first, and the value of that smallest bound."
    ),
    parameters=("x0", "K"),
    parts=(Part("path", "(K + 1,)", points=2), Part("bound", "()", points=1)),
    public=((3.0, 5), (-2.5, 8)),
    hidden=_schedule_inputs,
    varies="other starts on both sides, from 3 to 13 steps",
    solution=_schedule,
    mistakes=(
        Mistake(
            "the rate forgets how far the start is",
            lambda x0, K: (_walk(x0, [1 / np.sqrt(K)] * K), abs(x0) / np.sqrt(K)),
            "your rate is 1/√K wherever the walk starts. From ten times as far, should the steps "
            "stay as short?",
        ),
        Mistake(
            "the distance is divided by K where √K is needed",
            lambda x0, K: (_walk(x0, [abs(x0) / K] * K), abs(x0) / np.sqrt(K)),
            "with R/K the walk arrives with its very last step. The bound trades that against the "
            "length of the steps: see where its derivative is zero.",
        ),
        Mistake(
            "the rate shrinks from step to step",
            lambda x0, K: (
                _walk(x0, abs(x0) / np.sqrt(np.arange(1, K + 1))),
                abs(x0) / np.sqrt(K),
            ),
            "R/√(k+1) is a good schedule when K is not known. Here K is known, and one rate for "
            "all steps is asked.",
        ),
        Mistake(
            "the start is missing in the path",
            lambda x0, K: (_walk(x0, [abs(x0) / np.sqrt(K)] * K)[1:], abs(x0) / np.sqrt(K)),
            "K steps visit K + 1 positions, and the first of them is x0.",
        ),
        Mistake(
            "the walk goes up",
            lambda x0, K: (_walk(x0, [-abs(x0) / np.sqrt(K)] * K), abs(x0) / np.sqrt(K)),
            "the step goes against the subgradient: minus.",
        ),
        Mistake(
            "the position is taken for the slope",
            lambda x0, K: (
                _walk(x0, [abs(x0) / np.sqrt(K)] * K, lambda x: x),
                abs(x0) / np.sqrt(K),
            ),
            "x is the slope of ½x². The slope of |x| knows the side only, not the distance.",
        ),
        Mistake(
            "the walk stops at the kink's side where it started",
            lambda x0, K: (
                _walk(x0, [abs(x0) / np.sqrt(K)] * K, lambda x: np.sign(x0)),
                abs(x0) / np.sqrt(K),
            ),
            "your slope is computed once, at the start. On the other side of the kink it has the "
            "other sign.",
        ),
        Mistake(
            "the bound has K where √K belongs",
            lambda x0, K: (_walk(x0, [abs(x0) / np.sqrt(K)] * K), abs(x0) / K),
            "the path is right. Put your rate into the bound and simplify: both terms are equal.",
        ),
        Mistake(
            "only half of the bound is there",
            lambda x0, K: (_walk(x0, [abs(x0) / np.sqrt(K)] * K), abs(x0) / (2 * np.sqrt(K))),
            "at the best rate the two terms of the bound are equal. You have one of them.",
        ),
    ),
    withholds=("descent.convergence.subgradient", "descent.convergence.subgradient_bound"),
)

# Logistic loss, stable --------------------------------------------------------------------------


def _probability(z):
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)


def _stable_loss(X, y, w):
    away = (1 - 2 * y) * (X @ w)
    return np.mean(np.maximum(away, 0) + np.log1p(np.exp(-np.abs(away))))


def _logistic_gradient(X, y, w):
    return X.T @ (_probability(X @ w) - y) / len(y)


def _stable(X, y, w):
    return _stable_loss(X, y, w), _logistic_gradient(X, y, w)


def _naive(X, y, w):
    with np.errstate(all="ignore"):
        p = 1 / (1 + np.exp(-(X @ w)))
        loss = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    return loss, X.T @ (p - y) / len(y)


def _clipped(X, y, w, eps):
    p = np.clip(_probability(X @ w), eps, 1 - eps)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)), _logistic_gradient(X, y, w)


def _stable_inputs(rng):
    inputs = []
    for N, p, size in ((6, 3, 1), (5, 5, 1), (1, 2, 1), (4, 3, 800)):
        X, w = rng.normal(size=(N, p)), rng.normal(size=p)
        if size > 1:
            w = w * size / np.abs(X @ w).min()
        inputs.append((X, rng.integers(2, size=N), w))
    return inputs


STABLE = Exercise(
    id="descent.convergence.logistic",
    title="A logistic loss for any score",
    asks=(
        "Write a function of `X` (N, p), labels `y` (N,) of 0 and 1, and `w` (p,) that returns the "
        "pair `(loss, gradient)` of logistic regression: the loss a number, the gradient of shape "
        "(p,). Both must be right for scores `X @ w` of ±1000."
    ),
    parameters=("X", "y", "w"),
    parts=(Part("loss", "()", points=2), Part("gradient", "(p,)", points=2)),
    public=(
        (
            np.array([[1.0, 2.0], [0.5, -1.0], [2.0, 1.0]]),
            np.array([1, 0, 0]),
            np.array([0.3, -0.7]),
        ),
        (np.array([[1000.0], [-1000.0], [1.0]]), np.array([0, 0, 1]), np.array([1.0])),
        (np.array([[1.0, 0.5], [2.0, -1.0]]), np.array([1, 0]), np.array([0.2, 0.4])),
    ),
    hidden=_stable_inputs,
    varies="random numbers, one row alone, as many rows as columns, scores beyond ±800",
    solution=_stable,
    mistakes=(
        Mistake(
            "the formula is typed as it stands, and breaks at large scores",
            _naive,
            "right for small scores, infinite or not a number for large ones: 1 − σ rounds to 0, "
            "and the logarithm of 0 is −∞. “Scores of a thousand” rewrites the formula.",
        ),
        Mistake(
            "the probabilities are clipped at 1e-12",
            lambda X, y, w: _clipped(X, y, w, 1e-12),
            "clipping hides the overflow and changes the loss: a score of 1000 on the wrong side "
            "costs 1000, and yours costs about 28 whatever the score.",
        ),
        Mistake(
            "the probabilities are clipped at 1e-15",
            lambda X, y, w: _clipped(X, y, w, 1e-15),
            "clipping hides the overflow and changes the loss: a score of 1000 on the wrong side "
            "costs 1000, and yours costs about 35 whatever the score.",
        ),
        Mistake(
            "the loss is a sum over the samples where a mean is asked",
            lambda X, y, w: (_stable_loss(X, y, w) * len(y), _logistic_gradient(X, y, w)),
            "the loss has a 1/N, so that a thousand samples do not look worse than three.",
        ),
        Mistake(
            "the gradient is a sum over the samples where a mean is asked",
            lambda X, y, w: (_stable_loss(X, y, w), _logistic_gradient(X, y, w) * len(y)),
            "the loss is a mean, so its gradient is one, too.",
        ),
        Mistake(
            "loss and gradient are sums over the samples where means are asked",
            lambda X, y, w: (
                _stable_loss(X, y, w) * len(y),
                _logistic_gradient(X, y, w) * len(y),
            ),
            "the two fit each other, both are N times too large.",
        ),
        Mistake(
            "the gradient has the wrong sign",
            lambda X, y, w: (_stable_loss(X, y, w), -_logistic_gradient(X, y, w)),
            "probability minus truth, in this order: a gradient points uphill.",
        ),
        Mistake(
            "the classes are exchanged",
            lambda X, y, w: _stable(X, 1 - y, w),
            "your loss is that of the labels 1 − y. For class 1 the loss is large when the score "
            "is very negative.",
        ),
        Mistake(
            "the gradient is that of squared errors on the probabilities",
            lambda X, y, w: (
                _stable_loss(X, y, w),
                X.T @ (((p := _probability(X @ w)) - y) * p * (1 - p)) / len(y),
            ),
            "there is a factor σ′ too many. In the cross-entropy it cancels: see the three lines "
            "of “Gradient and Hessian”.",
        ),
        Mistake(
            "the score is taken for the probability",
            lambda X, y, w: (_stable_loss(X, y, w), X.T @ (X @ w - y) / len(y)),
            "that is the gradient of linear regression. The residual here is σ(Xw) − y.",
        ),
    ),
    withholds=("descent.convergence.logreg_loss_grad",),
)

# Logarithmic growth -----------------------------------------------------------------------------


def _grow(lr, steps, speed=lambda w: 1 / (1 + np.exp(w))):
    w = 0.0
    for _ in range(steps):
        w = w + lr * speed(w)
    return w


def _growth(lr, steps):
    w = _grow(lr, steps)
    return w, w - np.log(1 + lr * steps)


def _with_weight(w):
    def answer(lr, steps):
        value = w(lr, steps)
        return value, value - np.log(1 + lr * steps)

    return answer


def _growth_inputs(rng):
    return [(float(rng.uniform(0.2, 0.9)), int(n)) for n in (1, *rng.integers(10, 300, size=3))]


GROWTH = Exercise(
    id="descent.convergence.growth",
    title="As slow as a logarithm",
    asks=(
        "One weight, two samples: x = 1 of class 1 and x = −1 of class 0. Write a function of "
        "`lr` and `steps` that takes that many steps of gradient descent on the logistic loss "
        "from w = 0 and returns the pair `(w, gap)`: the weight, and by how much it is above "
        "log(1 + t) with t = `lr` · `steps` (negative if below)."
    ),
    parameters=("lr", "steps"),
    parts=(Part("w", "()", points=2), Part("gap", "()", points=1)),
    public=((0.5, 3), (0.8, 40)),
    hidden=_growth_inputs,
    varies="other rates, from 1 to 300 steps",
    solution=_growth,
    mistakes=(
        Mistake(
            "the walk goes up the loss",
            _with_weight(lambda lr, steps: _grow(lr, steps, lambda w: -1 / (1 + np.exp(w)))),
            "your weight is negative: every sample is on the wrong side. Look at the sign of the "
            "gradient and at that of the step.",
        ),
        Mistake(
            "the two samples are added where the mean is asked",
            _with_weight(lambda lr, steps: _grow(lr, steps, lambda w: 2 / (1 + np.exp(w)))),
            "your steps are twice too long. The loss is the mean over two samples that pull "
            "equally.",
        ),
        Mistake(
            "only one of the two samples is counted",
            _with_weight(lambda lr, steps: _grow(lr, steps, lambda w: 0.5 / (1 + np.exp(w)))),
            "your steps are half as long as they should be. The second sample has x = −1 and "
            "label 0: what is its contribution to the gradient?",
        ),
        Mistake(
            "the sigmoid is that of w where that of −w belongs",
            _with_weight(lambda lr, steps: _grow(lr, steps, lambda w: 1 / (1 + np.exp(-w)))),
            "your weight grows faster and faster: the surer the model, the longer its steps. "
            "σ(w) − 1 is −σ(−w).",
        ),
        Mistake(
            "one step too few is taken",
            _with_weight(lambda lr, steps: _grow(lr, steps - 1)),
            "that is the weight one step earlier. The start is w = 0, before the first step.",
        ),
        Mistake(
            "the gap forgets the learning rate",
            lambda lr, steps: (_grow(lr, steps), _grow(lr, steps) - np.log(1 + steps)),
            "time is the learning rate times the number of steps: twice as long a step is twice as "
            "much time.",
        ),
        Mistake(
            "the 1 in the logarithm is missing",
            lambda lr, steps: (_grow(lr, steps), _grow(lr, steps) - np.log(lr * steps)),
            "for long times log t and log(1 + t) agree; here log(1 + t) is asked, which begins "
            "at 0, as the weight does.",
        ),
        Mistake(
            "the gap is turned around",
            lambda lr, steps: (_grow(lr, steps), np.log(1 + lr * steps) - _grow(lr, steps)),
            "weight minus logarithm: below the logarithm the gap is negative.",
        ),
        Mistake(
            "the logarithm is that to base 10",
            lambda lr, steps: (_grow(lr, steps), _grow(lr, steps) - np.log10(1 + lr * steps)),
            "the logarithm that undoes e^w is the natural one, `np.log`.",
        ),
    ),
)

EXERCISES = (ARMIJO, BOUND, SCHEDULE, STABLE, GROWTH)
