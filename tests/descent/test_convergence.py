"""Chapter 4's algorithms against 60-digit arithmetic, complex steps and theorems on real runs."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import line_search

from bpcourse.basics.problems import SURFACES, quadratic
from bpcourse.descent.convergence import (
    backtracking,
    backtracking_floor,
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

seeds = st.integers(0, 10_000)


def data(N, p, seed):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(N, p)), rng.integers(0, 2, N), rng.normal(size=p)


def exact_logistic(X, y, w):
    """Loss and gradient in 60 digits, from the definition, sample by sample."""
    lost = 2 * int(np.abs(X @ w).max())  # digits that 1 − σ cancels
    with mpmath.workdps(60 + lost):
        loss, gradient = mpmath.mpf(0), [mpmath.mpf(0)] * len(w)
        for row, label in zip(X.tolist(), y.tolist(), strict=True):
            z = sum(mpmath.mpf(a) * mpmath.mpf(b) for a, b in zip(row, w.tolist(), strict=True))
            s = 1 / (1 + mpmath.exp(-z))
            loss -= mpmath.log(s) if label else mpmath.log(1 - s)
            gradient = [g + (s - label) * v for g, v in zip(gradient, row, strict=True)]
        return float(loss / len(y)), [float(g / len(y)) for g in gradient]


@given(st.integers(1, 6), st.integers(1, 4), seeds)
def test_logistic_loss_and_gradient_are_the_exact_ones(N, p, seed):
    X, y, w = data(N, p, seed)
    loss, gradient = logreg_loss_grad(X, y, w)
    exact, slopes = exact_logistic(X, y, w)
    assert isinstance(loss, float) and gradient.shape == (p,)
    assert loss == pytest.approx(exact, rel=2e-15 * (4 + np.abs(X) @ np.abs(w) @ np.ones(N)))
    assert_allclose(gradient, slopes, rtol=0, atol=1e-14 * np.abs(X).max())


@pytest.mark.parametrize("z", [-1000.0, -745.0, -40.0, -1.0, 0.0, 1.0, 40.0, 700.0, 1000.0])
@pytest.mark.parametrize("label", [0, 1])
def test_the_logistic_loss_is_exact_at_any_distance(z, label):
    with np.errstate(all="raise", under="ignore"):
        loss, gradient = logreg_loss_grad([[2.0]], [label], [z / 2])
    exact, slopes = exact_logistic(np.array([[2.0]]), np.array([label]), np.array([z / 2]))
    # Relative: a surer answer is not a less exact one. What underflows has a smallest step.
    assert loss == pytest.approx(exact, rel=1e-15, abs=5e-324)
    assert_allclose(gradient, slopes, rtol=1e-15, atol=1e-323)


@given(st.integers(1, 6), st.integers(1, 4), seeds)
def test_the_hessian_is_the_derivative_of_the_gradient(N, p, seed):
    X, _, w = data(N, p, seed)
    # σ(z) = (1 + tanh(z/2))/2 takes complex numbers.
    expected = np.empty((p, p))
    for j in range(p):
        z = X @ (w + 1e-30j * (np.arange(p) == j))
        expected[:, j] = (X.T @ ((1 + np.tanh(z / 2)) / 2)).imag / 1e-30 / N
    H = logreg_hessian(X, w)
    assert_allclose(H, expected, rtol=0, atol=1e-14 * (1 + np.abs(X).max() ** 2))
    assert np.linalg.eigvalsh(H)[0] >= -1e-14
    L = logreg_smoothness(X)
    assert np.linalg.eigvalsh(H)[-1] <= L * (1 + 1e-13)
    assert np.linalg.eigvalsh(logreg_hessian(X, 0 * w))[-1] == pytest.approx(L, rel=1e-12)


def test_logistic_by_hand():
    loss, gradient = logreg_loss_grad([[1.0, 2.0], [3.0, -1.0]], [1, 0], [0.0, 0.0])
    assert loss == pytest.approx(np.log(2), rel=1e-15)
    assert_array_equal(gradient, [(-0.5 * 1 + 0.5 * 3) / 2, (-0.5 * 2 - 0.5) / 2])
    assert_array_equal(logreg_hessian([[2.0], [4.0]], [0.0]), [[(4 + 16) / 8]])
    assert logreg_smoothness([[2.0], [4.0]]) == pytest.approx(20 / 8, rel=1e-15)


def test_logistic_keeps_float32():
    X, y, w = data(5, 3, 0)
    loss, gradient = logreg_loss_grad(X.astype(np.float32), y, w.astype(np.float32))
    assert gradient.dtype == np.float32
    assert loss == pytest.approx(logreg_loss_grad(X, y, w)[0], rel=1e-5)
    assert logreg_hessian(X.astype(np.float32), w.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize(
    ("X", "y", "w", "message"),
    [
        ([[1.0], [2.0]], [0, 2], [0.0], r"y\[1\] is 2, expected a class number from 0 to 1"),
        ([[1.0], [2.0]], [-1, 1], [0.0], r"y\[0\] is -1"),
        ([[1.0], [2.0]], [1], [0.0], "y has 1 labels, X has 2 rows"),
        ([[1.0], [2.0]], [0, 1], [0.0, 0.0], "w has 2 entries, expected 1"),
        ([1.0, 2.0], [0, 1], [0.0], "X has shape"),
    ],
)
def test_what_logistic_regression_refuses(X, y, w, message):
    with pytest.raises(ValueError, match=message):
        logreg_loss_grad(X, y, w)


def test_on_separable_data_the_weights_grow_like_the_logarithm_of_time():
    X, y = np.array([[1.0], [-1.0]]), np.array([1, 0])
    path = gd(lambda w: logreg_loss_grad(X, y, w)[1], [0.0], 1.0, 5000)[:, 0]
    # w′ = 1/(1 + e^w) has the solution w + e^w = t + 1.
    for t in (200, 1000, 5000):
        assert path[t] + np.exp(path[t]) == pytest.approx(t + 1, rel=0.05)
        assert path[t] == pytest.approx(np.log(t), rel=0.02)


def test_backtracking_takes_the_first_of_its_steps_that_falls_enough():
    rng = np.random.default_rng(0)
    surface = SURFACES["rosenbrock"]
    for _ in range(30):
        x = rng.normal(size=2)
        g = surface.grad(x)
        t = backtracking(surface.f, x, g, lr=2.0, c=0.3, shrink=0.7)
        k = round(np.log(t / 2) / np.log(0.7))
        assert t == pytest.approx(2 * 0.7**k, rel=1e-13)
        accepted = [
            surface.f(x - s * g) <= surface.f(x) - 0.3 * s * (g @ g)
            for s in (2 * 0.7**j for j in range(k + 1))
        ]
        assert accepted == [False] * k + [True]


def test_backtracking_in_another_direction():
    x, g = np.array([3.0, 4.0]), np.array([3.0, 4.0])

    def f(x):
        return x @ x / 2

    # Along d = (−1, 0), f falls by 3t − t²/2, of which c·3t is asked: t ≤ 6(1 − c).
    for c, t in ((0.5, 2.0), (0.32, 4.0), (0.34, 2.0), (1e-4, 4.0)):
        assert backtracking(f, x, g, [-1.0, 0.0], lr=16.0, c=c) == t
    assert backtracking(f, x, g, [-1.0, 0.0], lr=0.25) == 0.25
    # The whole gradient: t ≤ 2(1 − c); at equality the step is taken.
    assert backtracking(f, x, g, lr=8.0, c=0.5) == 1
    assert backtracking(f, x, g, lr=8.0, c=0.75) == 0.5


def test_a_step_accepted_by_scipy_is_accepted_here():
    surface = SURFACES["rosenbrock"]
    x = surface.start
    g = surface.grad(x)
    t = line_search(surface.f, surface.grad, x, -g, c1=1e-4)[0]
    assert backtracking(surface.f, x, g, lr=t) == t


def test_the_defaults_of_backtracking():
    # f(x − t g) = (1 − 100 t)²/2 ≤ (1 − 2c·100 t)/2: t ≤ (2 − 2c)/100; 1/64 is the first below.
    def f(x):
        return 50 * x[0] ** 2

    assert backtracking(f, [1.0], [100.0]) == 1 / 64
    assert backtracking(f, [1.0], [100.0], lr=0.0199980001) < 0.0199980001
    assert backtracking(f, [1.0], [100.0], lr=0.0199979999) == 0.0199979999


@given(st.floats(0.1, 50), st.floats(0.01, 10), st.floats(0.01, 0.99), st.floats(0.1, 0.9), seeds)
def test_backtracking_never_goes_below_its_floor(L, lr, c, shrink, seed):
    rng = np.random.default_rng(seed)
    surface = quadratic([L, L * rng.uniform(0.01, 1)], rng=rng)
    x = rng.normal(size=2)
    t = backtracking(surface.f, x, surface.grad(x), lr=lr, c=c, shrink=shrink)
    assert t >= backtracking_floor(L, lr=lr, c=c, shrink=shrink) * (1 - 1e-9)


def test_the_floor_by_hand():
    assert backtracking_floor(10.0) == pytest.approx(0.09999, rel=1e-14)
    assert backtracking_floor(10.0, lr=0.01) == 0.01
    assert backtracking_floor(4.0, c=0.5, shrink=0.8) == pytest.approx(0.2, rel=1e-15)
    # Attained but for the last shortening: a first step just too long.
    t = backtracking(lambda x: 2 * x[0] ** 2, [1.0], [4.0], lr=0.2500001, c=0.5, shrink=0.8)
    assert t == pytest.approx(backtracking_floor(4.0, c=0.5, shrink=0.8), rel=1e-6)


def test_backtracking_steps_back_from_where_f_is_not_finite():
    def barrier(x):
        return np.log(x[0]) if x[0] > 0 else (np.nan if x[0] > -5 else np.inf)

    with np.errstate(all="raise"):
        assert backtracking(barrier, [1.0], [1.0], lr=16.0) == 0.5


@pytest.mark.parametrize("direction", [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
def test_backtracking_needs_a_way_down(direction):
    with pytest.raises(ValueError, match="expected a negative one; pass a direction that leads"):
        backtracking(lambda x: x @ x, [1.0, 0.0], [2.0, 0.0], direction)


def test_backtracking_ends_where_no_step_is_short_enough():
    with pytest.raises(FloatingPointError, match="no step is short enough for f to fall"):
        backtracking(lambda x: x @ x, [1.0, 2.0], [-2.0, -4.0])
    with pytest.raises(FloatingPointError, match=r"f\(x\) is nan; start where f is finite"):
        backtracking(lambda x: np.nan, [1.0], [1.0])


@pytest.mark.parametrize(
    "bad", [{"c": 0.0}, {"c": 1.0}, {"shrink": 0.0}, {"shrink": 1.0}, {"lr": 0}]
)
def test_backtracking_checks_its_numbers(bad):
    (name,) = bad
    with pytest.raises(ValueError, match=name):
        backtracking(lambda x: x @ x, [1.0], [2.0], **bad)
    with pytest.raises(ValueError, match=name):
        backtracking_floor(1.0, **bad)


def test_subgradient_by_hand():
    # |x| from 1: −1/2, then +1/4, then −1/8.
    run = subgradient(lambda x: abs(x[0]), np.sign, [1.0], [1.5, 0.75, 0.375])
    assert_array_equal(run.path[:, 0], [1, -0.5, 0.25, -0.125])
    assert run.best == 0.125
    assert_array_equal(run.best_x, [-0.125])
    assert run.average[0] == (1.5 * 1 - 0.75 * 0.5 + 0.375 * 0.25) / 2.625
    run = subgradient(lambda x: abs(x[0]), np.sign, [0.25], [1.0])
    assert (run.best, run.path[-1, 0]) == (0.25, -0.75)


@given(st.integers(1, 5), st.integers(1, 60), seeds)
def test_the_subgradient_bound_holds(n, K, seed):
    rng = np.random.default_rng(seed)
    A, minimum = rng.normal(size=(8, n)), rng.normal(size=n)

    def f(x):
        return np.abs(A @ (x - minimum)).sum()

    x0 = rng.normal(size=n)
    rates = rng.uniform(0.001, 0.2) / np.arange(1, K + 1) ** rng.uniform(0, 1)
    run = subgradient(f, lambda x: A.T @ np.sign(A @ (x - minimum)), x0, rates)
    G = max(np.linalg.norm(A.T @ np.sign(A @ (x - minimum))) for x in run.path)
    bound = subgradient_bound(np.linalg.norm(x0 - minimum), G, rates)
    assert min(f(x) for x in run.path[:-1]) <= bound * (1 + 1e-12)
    assert f(run.average) <= bound * (1 + 1e-12)
    assert run.best == min(f(x) for x in run.path) == f(run.best_x)
    assert run.path.shape == (K + 1, n)


def test_the_subgradient_bound_by_hand():
    assert subgradient_bound(3.0, 2.0, [0.5, 0.25]) == (9 + 4 * 0.3125) / 1.5
    # With R/(G√K) at each step it is RG/√K.
    assert subgradient_bound(3.0, 2.0, np.full(25, 3 / 10)) == pytest.approx(1.2, rel=1e-14)


def test_the_subgradient_bound_is_attained():
    # |x| from 1 with one step of 1: the best of the starts is 1, the bound (1 + 1)/2.
    assert subgradient_bound(1.0, 1.0, [1.0]) == 1


def test_what_subgradient_refuses():
    with pytest.raises(ValueError, match=r"rates\[1\] is 0; every learning rate must be positive"):
        subgradient(abs, np.sign, [1.0], [1.0, 0.0])
    with pytest.raises(ValueError, match="rates is empty"):
        subgradient_bound(1.0, 1.0, [])
    with pytest.raises(ValueError, match=r"has shape \(1, 1\)"):
        subgradient(lambda x: 0.0, lambda x: x[np.newaxis], [1.0], [1.0])
    with pytest.raises(FloatingPointError, match=r"step 2 left .* the learning rate 1e\+300"):
        subgradient(lambda x: x @ x, lambda x: 2 * x, [1.0, 0.0], [1e300, 1e300])


@given(st.integers(1, 5), seeds)
def test_the_descent_lemma_holds(n, seed):
    X, y, w = data(7, n, seed)
    L = logreg_smoothness(X)
    loss, gradient = logreg_loss_grad(X, y, w)
    for scale in (0.1, 1.0, 10.0):
        d = scale * np.random.default_rng(seed + 1).normal(size=n)
        bound = descent_lemma(loss, gradient, d, L)
        assert logreg_loss_grad(X, y, w + d)[0] <= bound + 1e-14
    lr = 1 / L
    bound = descent_lemma(loss, gradient, -lr * gradient, L)
    gain = lr * (1 - lr * L / 2) * (gradient @ gradient)
    assert bound == pytest.approx(loss - gain, rel=1e-12)


def test_the_descent_lemma_is_attained_by_a_quadratic():
    assert descent_lemma(8.0, [8.0], [-3.0], 4.0) == 2.0  # 2(x)² from x = 2 to x = −1
    with pytest.raises(ValueError, match="d has 2 entries, expected 1"):
        descent_lemma(8.0, [8.0], [1.0, 2.0], 4.0)


@given(st.integers(1, 5), st.integers(1, 40), seeds)
def test_the_bounds_hold_on_a_convex_quadratic(n, K, seed):
    rng = np.random.default_rng(seed)
    eigenvalues = rng.uniform(0.01, 2, n)
    surface = quadratic(eigenvalues, rng=rng, minimum=rng.normal(size=n))
    lr = rng.uniform(0.1, 1) / eigenvalues.max()
    path = gd(surface.grad, rng.normal(size=n), lr, K)
    values = surface.f(path.T)
    slopes = np.sum(surface.grad(path.T) ** 2, axis=0)
    distance = np.linalg.norm(path[0] - surface.minima[0])
    more = 1 + 1e-9
    assert slopes[:K].min() <= gradient_norm_bound(values[0], lr, K) * more
    k = np.arange(1, K + 1)
    assert (values[1:] <= convex_bound(distance, lr, k) * more).all()
    steps = np.arange(K + 1)
    bound = pl_bound(values[0], lr, eigenvalues.min(), steps)
    assert bound.shape == (K + 1,)
    assert (values <= bound * more + 1e-15).all()


def test_the_gradient_norm_bound_holds_without_convexity():
    # x²/(1 + x²) has curvature at most 2, and a slope below 0.65.
    def slope(x):
        return 2 * x / (1 + x**2) ** 2

    path = gd(slope, [3.0], 0.5, 200)[:, 0]
    squares = np.minimum.accumulate(slope(path[:-1]) ** 2)
    assert (squares <= gradient_norm_bound(0.9, 0.5, np.arange(1, 201))).all()


def test_the_bounds_by_hand():
    assert gradient_norm_bound(3.0, 0.5, 4) == 3
    assert_array_equal(gradient_norm_bound(3.0, 0.5, [1, 2]), [12, 6])
    assert convex_bound(3.0, 0.5, 4) == 2.25
    assert_array_equal(convex_bound(2.0, 1.0, [1, 2]), [2, 1])
    assert pl_bound(8.0, 0.5, 1.0, 3) == 1
    assert_array_equal(pl_bound(8.0, 0.5, 1.0, [0, 1]), [8, 4])
    assert pl_bound(8.0, 0.5, 2.0, 0) == 8
    assert pl_bound(8.0, 0.5, 2.0, 1) == 0


@pytest.mark.parametrize(
    "call",
    [
        lambda: gradient_norm_bound(1.0, 0.1, 0),
        lambda: convex_bound(1.0, 0.1, 0),
        lambda: convex_bound(1.0, 0.1, [0, 1]),
        lambda: pl_bound(1.0, 0.1, 1.0, -1),
        lambda: pl_bound(1.0, 0.1, 1.0, [1.5]),
        lambda: pl_bound(1.0, 0.1, 1.0, [-1, 1]),
        lambda: gradient_norm_bound(1.0, 0.1, np.array([], int)),
    ],
)
def test_bounds_want_step_numbers(call):
    with pytest.raises(ValueError, match="steps"):
        call()


@pytest.mark.parametrize(
    "call",
    [
        lambda: gradient_norm_bound(-1.0, 0.1, 1),
        lambda: gradient_norm_bound(1.0, 0.0, 1),
        lambda: convex_bound(-1.0, 0.1, 1),
        lambda: convex_bound(1.0, 0.0, 1),
        lambda: pl_bound(-1.0, 0.1, 1.0, 1),
        lambda: pl_bound(1.0, 0.0, 1.0, 1),
        lambda: pl_bound(1.0, 0.1, -1.0, 1),
        lambda: pl_bound(1.0, 0.1, 10.1, 1),
        lambda: subgradient_bound(-1.0, 1.0, [1.0]),
        lambda: subgradient_bound(1.0, -1.0, [1.0]),
        lambda: descent_lemma(1.0, [1.0], [1.0], -1.0),
        lambda: backtracking_floor(0.0),
    ],
)
def test_bounds_check_their_numbers(call):
    with pytest.raises(ValueError, match=r"expected|the bound needs"):
        call()
