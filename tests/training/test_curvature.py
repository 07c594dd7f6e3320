"""Curvature against complex steps, SciPy's solvers, NIST's digits and closed forms."""

from fractions import Fraction

import numpy as np
import pytest
import scipy.interpolate
import scipy.linalg
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from bpcourse.backprop.network import MLP, layers, mlp_forward
from bpcourse.basics.activations import ACTIVATIONS, Activation
from bpcourse.basics.losses import LOSSES, Loss
from bpcourse.basics.problems import SURFACES, more_garbow_hillstrom, nist_strd
from bpcourse.training import curvature
from bpcourse.training.curvature import (
    cg,
    cg_bound,
    gauss_newton,
    gnvp,
    hvp,
    lanczos,
    lbfgs,
    lbfgs_direction,
    lbfgs_remember,
    lm,
    newton,
    sharpness,
    wolfe,
)

seeds = st.integers(0, 10_000)
NIST, MGH = nist_strd(), more_garbow_hillstrom()


def bowl(n, condition, seed):
    """A symmetric matrix with eigenvalues from 1 to condition, evenly spaced in logarithms."""
    Q = np.linalg.qr(np.random.default_rng(seed).normal(size=(n, n)))[0]
    A = Q * np.geomspace(1, condition, n) @ Q.T
    return (A + A.T) / 2


# Newton


def test_newton_on_a_quadratic_is_there_in_one_step():
    A, m = bowl(5, 100.0, 0), np.arange(5.0)
    path = newton(
        lambda x: (x - m) @ A @ (x - m) / 2, lambda x: A @ (x - m), lambda x: A, np.ones(5), 1
    )
    assert_allclose(path.x[1], m, rtol=0, atol=1e-13)
    assert_array_equal(path.x[0], np.ones(5))
    assert path.f[0] == (np.ones(5) - m) @ A @ (np.ones(5) - m) / 2
    assert path.gradient_norm[0] == np.linalg.norm(A @ (np.ones(5) - m))


def test_newton_follows_exact_fractions():
    # f = x³/3 − 2x: x ← x − (x² − 2)/(2x), Heron's rule for √2.
    x, exact = Fraction(3), [Fraction(3)]
    for _ in range(4):
        x = x - (x * x - 2) / (2 * x)
        exact.append(x)
    path = newton(
        lambda x: float((x**3 / 3 - 2 * x)[0]),
        lambda x: x * x - 2,
        lambda x: np.diag(2 * x),
        [3],
        4,
    )
    assert_allclose(path.x[:, 0], np.float64(exact), rtol=1e-15)


def test_newton_goes_to_a_saddle_as_gladly():
    s = SURFACES["rosenbrock"]
    path = newton(s.f, s.grad, s.hessian, s.start, 12)
    assert_allclose(path.x[-1], s.minima[0], rtol=1e-14)
    # f = x⁴/4 − x²/2 + y²/2 has its saddle at 0.
    path = newton(
        lambda x: x[0] ** 4 / 4 - x[0] ** 2 / 2 + x[1] ** 2 / 2,
        lambda x: np.array([x[0] ** 3 - x[0], x[1]]),
        lambda x: np.diag([3 * x[0] ** 2 - 1, 1]),
        [0.3, 1.0],
        8,
    )
    assert_allclose(path.x[-1], [0, 0], atol=1e-30)


def test_newton_needs_an_invertible_hessian():
    with pytest.raises(np.linalg.LinAlgError, match=r"step 1: the Hessian at .* is singular"):
        newton(lambda x: 0.0, lambda x: x, lambda x: np.zeros((2, 2)), [1, 1], 1)
    with pytest.raises(FloatingPointError, match="step 1: the function is inf"):
        newton(lambda x: np.inf if x[0] else 0.0, lambda x: x - 1, lambda x: np.eye(1), [0], 1)


# Conjugate gradients


@given(st.integers(1, 8), seeds)
def test_cg_solves_in_n_steps(n, seed):
    A = bowl(n, 20.0, seed)
    b, x0 = np.random.default_rng(seed).normal(size=(2, n))
    exact = scipy.linalg.solve(A, b, assume_a="pos")
    xs = cg(A, b, x0)
    assert len(xs) <= n + 1
    assert_array_equal(xs[0], x0)
    assert_allclose(xs[-1], exact, rtol=0, atol=1e-11 * np.linalg.norm(np.append(exact, x0)))
    # Each x_k is the best in x0 + span{r, Ar, …, A^(k−1) r}, in the A-norm.
    r, basis = b - A @ x0, []
    for x in xs[1 : min(4, len(xs))]:
        basis.append(r if not basis else A @ basis[-1])
        K = np.linalg.qr(np.array(basis).T)[0]
        best = x0 + K @ np.linalg.solve(K.T @ A @ K, K.T @ r)
        assert_allclose(x, best, rtol=0, atol=1e-9 * np.linalg.norm(x0 - exact))


def test_cg_takes_a_product_and_starts_at_zero():
    A, b = bowl(6, 10.0, 1), np.arange(1.0, 7.0)
    assert_array_equal(cg(lambda v: A @ v, b), cg(A, b, np.zeros(6)))


@pytest.mark.parametrize("condition", [1.5, 30.0, 1e4])
def test_cg_stays_below_its_bound(condition):
    A, b = bowl(60, condition, 2), np.random.default_rng(2).normal(size=60)
    exact = np.linalg.solve(A, b)
    xs = cg(A, b, steps=25, tol=1e-12)
    error = np.array([np.sqrt((x - exact) @ A @ (x - exact)) for x in xs])
    bound = cg_bound(condition, np.arange(len(xs)))
    assert (error / error[0] <= bound + 1e-14).all()
    assert bound[0] == 2
    root = np.sqrt(condition)
    assert_allclose(cg_bound(condition, 3), 2 * ((root - 1) / (root + 1)) ** 3, rtol=1e-14)
    assert cg_bound(1, 1) == 0


def test_cg_needs_one_step_per_eigenvalue():
    A = np.diag([1.0, 1.0, 5.0, 5.0, 5.0])
    xs = cg(A, np.arange(1.0, 6.0), tol=1e-14)
    assert len(xs) == 3
    assert len(cg(A, np.arange(1.0, 6.0), steps=1)) == 2


def test_cg_stops_where_it_stands_and_at_its_tolerance():
    assert_array_equal(cg(np.eye(2), [0.0, 0.0]), [[0, 0]])
    assert_array_equal(cg(np.eye(2), [1.0, 0.0], [5.0, 6.0], steps=0), [[5, 6]])
    A, b = bowl(30, 1e3, 4), np.ones(30)
    xs = cg(A, b, steps=200, tol=1e-3)
    left = [np.linalg.norm(b - A @ x) / np.linalg.norm(b) for x in xs]
    assert left[-1] <= 1e-3 < left[-2]


def test_cg_says_what_it_cannot_do():
    with pytest.raises(ValueError, match=r"curvature -3.*not positive definite"):
        cg(np.diag([1.0, -4.0]), [1.0, 1.0])
    with pytest.raises(ValueError, match="not positive definite"):
        cg(np.zeros((1, 1)), [1.0])
    with pytest.raises(ValueError, match="A has 3 columns, b takes 2"):
        cg(np.ones((2, 3)), [1.0, 1.0])
    with pytest.raises(ValueError, match="condition"):
        cg_bound(0.5, 1)


# Line search and L-BFGS


@given(st.floats(-3, 3), st.floats(1e-4, 1e4), st.sampled_from([0.1, 0.5, 0.9]), seeds)
@settings(max_examples=150)
def test_wolfe_conditions_hold(shift, first, c2, seed):
    # A bumpy bowl: many local minima along every line.
    rng = np.random.default_rng(seed)
    x, k = 3 * rng.normal(size=3), 1 + 4 * rng.random()

    def f(x):
        return x @ x / 2 + np.sum(np.cos(k * x + shift))

    def grad(x):
        return x - k * np.sin(k * x + shift)

    p = -grad(x)
    alpha, value, gradient = wolfe(f, grad, x, p, c1=0.05, c2=c2, first=first)
    assert alpha > 0
    assert_array_equal(value, f(x + alpha * p))
    assert_array_equal(gradient, grad(x + alpha * p))
    slope = grad(x) @ p
    assert value <= f(x) + 0.05 * alpha * slope + 1e-14 * abs(f(x))
    assert abs(gradient @ p) <= c2 * abs(slope)


def test_wolfe_takes_the_first_length_that_will_do_and_steps_out_by_doubling():
    def parabola(x):
        return float((x[0] - 8) ** 2)

    def slope(x):
        return 2 * (x - 8)

    assert wolfe(parabola, slope, [0.0], [1.0], first=7.0)[0] == 7
    # Slopes −16, −14, −12, −8, 0: with c2 = 0.1 only 8 will do, after 1, 2 and 4.
    assert wolfe(parabola, slope, [0.0], [1.0], c2=0.1)[0] == 8
    # Too far: the parabola through the values and the slope at 0 has its minimum at 8.
    assert wolfe(parabola, slope, [0.0], [1.0], c2=0.1, first=40.0)[0] == 8


def test_wolfe_turns_back_from_where_the_function_ends():
    def f(x):
        return float(x[0] - np.log(x[0])) if x[0] > 0 else np.nan

    alpha, value, _ = wolfe(f, lambda x: 1 - 1 / x, [3.0], [-1.0], first=10.0, c2=0.5)
    assert 0 < alpha < 3
    assert value < f([3.0])


def tried_by_wolfe(f, df, **options):
    """Every length that is tried on a function of one number, and the one that is taken."""
    tried = []

    def recorded(x):
        tried.append(float(x[0]))
        return float(f(x[0]))

    alpha = wolfe(recorded, lambda x: np.array([df(x[0])]), [0.0], [1.0], **options)[0]
    return tried[1:], alpha


def test_wolfe_stays_away_from_the_ends_of_its_bracket():
    # Far too high at 1: the parabola's lowest point is near 0.
    tried, _ = tried_by_wolfe(lambda a: 1e3 * a * a - a, lambda a: 2e3 * a - 1)
    assert tried[:3] == [1, 0.1, 0.010000000000000002]
    # Nearly low enough at 1: the parabola's lowest point is at 0.95.
    s = 0.01
    tried, _ = tried_by_wolfe(
        lambda a: -0.47 * a - 0.53 * s * (1 - np.exp(-a / s)),
        lambda a: -0.47 - 0.53 * np.exp(-a / s),
        c1=0.5,
    )
    assert tried[:3] == [1, 0.9, pytest.approx(0.81)]


def test_wolfe_does_not_climb_over_a_hump():
    # At 2 the function has fallen since 0 and still falls, but it is higher than at 1.
    spline = scipy.interpolate.CubicHermiteSpline(
        [0, 1, 2, 4, 100], [0, -10, -5, -20, 900], [-1, -5, -5, 0, 20]
    )
    tried, alpha = tried_by_wolfe(spline, spline.derivative(), c2=0.1)
    assert tried[:2] == [1, 2]
    assert 1 < alpha < 2
    assert spline(alpha) < -10


def test_wolfe_takes_a_slope_that_is_just_flat_enough():
    tried, alpha = tried_by_wolfe(lambda a: (a - 8) ** 2, lambda a: 2 * (a - 8), c2=0.875)
    assert tried == [1] and alpha == 1


def test_wolfe_says_what_it_cannot_do():
    def f(x):
        return float(x[0])

    with pytest.raises(ValueError, match="slope along p is 1"):
        wolfe(f, lambda x: np.ones(1), [0.0], [1.0])
    with pytest.raises(ValueError, match="slope along p is 0"):
        wolfe(f, lambda x: np.zeros(1), [0.0], [1.0])
    with pytest.raises(FloatingPointError, match="it may have no minimum"):
        wolfe(f, lambda x: np.ones(1), [0.0], [-1.0])
    with pytest.raises(ValueError, match="c1"):
        wolfe(f, lambda x: np.ones(1), [0.0], [-1.0], c1=0.9, c2=0.5)
    # A gradient that contradicts its function: no length is found, and it says so.
    assert wolfe(lambda x: float(x[0]), lambda x: -np.ones(1), [1.0], [1.0])[0] == 0


@given(st.integers(1, 6), st.integers(0, 5), seeds)
def test_two_loops_are_bfgs(n, k, seed):
    rng = np.random.default_rng(seed)
    A, pairs = bowl(n, 10.0, seed), []
    for _ in range(k):
        s = rng.normal(size=n)
        pairs.append((s, A @ s))
    H = np.eye(n)
    if k:
        s, y = pairs[-1]
        H = (s @ y) / (y @ y) * H
    for s, y in pairs:  # the dense update of the inverse
        V = np.eye(n) - np.outer(s, y) / (s @ y)
        H = V @ H @ V.T + np.outer(s, s) / (s @ y)
    g = rng.normal(size=n)
    assert_allclose(lbfgs_direction(g, pairs), -H @ g, rtol=0, atol=1e-11 * np.abs(H).max())


def test_pairs_of_negative_curvature_are_skipped_and_old_ones_dropped():
    s = [np.eye(4)[i] for i in range(4)]
    pairs = []
    for k, bend in enumerate([2.0, -1.0, 0.0, 3.0]):
        pairs = lbfgs_remember(pairs, s[k], bend * s[k], 2)
    assert [list(pair[0]) for pair in pairs] == [[1, 0, 0, 0], [0, 0, 0, 1]]
    pairs = lbfgs_remember(pairs, s[2], s[2], 2)
    assert [list(pair[0]) for pair in pairs] == [[0, 0, 0, 1], [0, 0, 1, 0]]
    # Curvature below rounding is no curvature: sᵀy = 1e-17 yᵀy.
    assert lbfgs_remember(pairs, 1e-17 * s[0], s[0], 2) is pairs
    assert lbfgs_remember(pairs, 1e-15 * s[0], s[0], 2) is not pairs


def test_lbfgs_on_a_quadratic_walks_like_conjugate_gradients():
    # With exact line searches both build the same directions; ours is nearly exact here.
    A = np.diag([1.0, 10.0, 100.0])
    path = lbfgs(lambda x: x @ A @ x / 2, lambda x: A @ x, np.ones(3), 60, tol=1e-12)
    assert np.abs(path.x[-1]).max() < 1e-11
    assert len(path.f) < 25
    assert (np.diff(path.f) < 0).all()
    assert_allclose(path.f, [x @ A @ x / 2 for x in path.x], rtol=1e-15)
    assert_allclose(path.gradient_norm, [np.linalg.norm(A @ x) for x in path.x], rtol=1e-15)
    assert path.gradient_norm[-1] <= 2e-12 < path.gradient_norm[-2]


def test_lbfgs_stops():
    def f(x):
        return float(x @ x)

    assert len(lbfgs(f, lambda x: 2 * x, [1.0, 1.0], 0).f) == 1
    assert len(lbfgs(f, lambda x: 2 * x, [0.0, 0.0], 9).f) == 1
    assert len(lbfgs(f, lambda x: 2 * x, [1.0, 1.0], 9, tol=2.0).f) == 1
    # f is 1 + x² to rounding: below 1e-8 no fall is seen, and it ends without tolerance.
    path = lbfgs(lambda x: 1 + float(x @ x), lambda x: 2 * x, [1.0, 3.0], 500, tol=0.0)
    assert len(path.f) < 100
    with pytest.raises(FloatingPointError, match="step 0"):
        lbfgs(lambda x: np.nan, lambda x: x, [1.0], 3)


def test_lbfgs_tries_short_at_first_and_the_whole_step_then():
    values = []

    def f(x):
        values.append(float(x @ x / 2))
        return values[-1]

    # The first length is 1/‖g‖₁, at most 1; with one pair the second step is Newton's.
    assert_array_equal(lbfgs(f, lambda x: x, [0.25, 0.25], 1).x[1], [0, 0])
    assert len(values) == 3
    values.clear()
    path = lbfgs(f, lambda x: x, [3.0, 1.0], 2)
    assert_array_equal(path.x[1], [2.25, 0.75])
    assert_allclose(path.x[2], 0, atol=1e-15)
    assert values[:4] == [5.0, 5.0, path.f[1], path.f[1]] and len(values) == 5


def test_a_long_memory_helps():
    s = MGH["wood"]
    steps = {m: len(lbfgs(s.f, s.grad, s.starts[0], 5000, memory=m).f) for m in (1, 20)}
    assert steps[20] < steps[1]
    path, ten = (lbfgs(s.f, s.grad, s.starts[0], 40, **more) for more in ({}, {"memory": 10}))
    assert_array_equal(path.x, ten.x)


@pytest.mark.parametrize("name", MGH)
def test_lbfgs_finds_the_minima_of_more_garbow_hillstrom(name):
    problem = MGH[name]
    with np.errstate(all="raise", under="ignore"):
        path = lbfgs(problem.f, problem.grad, problem.starts[0], 600)
    # Meyer's curvatures span 10¹⁵, so that rounding of f ends the run early.
    tolerance = 1e-9 if name == "meyer" else 1e-11
    near = np.abs(2 * path.f[-1] - problem.sums) / np.maximum(problem.sums, 1)
    assert near.min() < tolerance


# Least squares


def test_gauss_newton_on_a_linear_problem_is_least_squares():
    rng = np.random.default_rng(0)
    J, y = rng.normal(size=(9, 4)), rng.normal(size=9)
    path = gauss_newton(lambda x: J @ x - y, lambda x: J, np.ones(4), 1)
    assert_allclose(path.x[1], scipy.linalg.lstsq(J, y)[0], rtol=1e-13)
    r = J @ np.ones(4) - y
    assert_allclose(path.f[0], r @ r / 2, rtol=1e-14)
    assert_allclose(path.gradient_norm[0], np.linalg.norm(J.T @ r), rtol=1e-14)


@pytest.mark.parametrize("name", ["rosenbrock", "beale", "helical_valley", "bard", "wood"])
def test_gauss_newton_on_problems_with_small_residuals(name):
    problem = MGH[name]
    with np.errstate(over="ignore"):
        path = gauss_newton(problem.residual, problem.jacobian, problem.starts[0], 60)
    assert_allclose(path.x[-1], problem.minima[0], rtol=1e-9, atol=1e-12)


def test_gauss_newton_may_leave_the_numbers():
    with pytest.raises(FloatingPointError, match="step 1"):
        gauss_newton(
            lambda x: np.array([np.inf if x[0] else 1.0]), lambda x: np.ones((1, 1)), [0.0], 2
        )
    for solver in (gauss_newton, lm):
        with pytest.raises(ValueError, match=r"\(3,\) and their Jacobian \(2, 1\)"):
            solver(lambda x: np.ones(3), lambda x: np.ones((2, 1)), [0.0], 2)


# Ours from where NIST starts, the far and the near one. The default damping makes the first step
# from BoxBOD's far start too bold: it ends where exp(−b₂t) is 0 and all slopes with it. MGH10's
# far start is out of reach: its residuals are 10⁹ times those at the minimum.
STARTS = [
    (name, k, 100.0 if (name, k) == ("BoxBOD", 0) else 1e-3)
    for name in NIST
    for k in (0, 1)
    if (name, k) != ("MGH10", 0)
]


@pytest.mark.parametrize(("name", "k", "damping"), STARTS)
def test_lm_to_the_certified_digits(name, k, damping):
    problem = NIST[name]
    with np.errstate(all="raise", under="ignore"):
        path = lm(problem.residual, problem.jacobian, problem.starts[k], 1000, damping=damping)
    # Certified are eleven digits, so the last may be off by half.
    assert_allclose(path.x[-1], problem.minima[0], rtol=6e-11)
    assert_allclose(2 * path.f[-1], problem.sums[0], rtol=1e-10)
    # MGH10 sums up squares of differences of numbers near 10⁴: the last digits are rounding.
    assert (np.diff(path.f) <= 1e-11 * path.f[:-1]).all()


@pytest.mark.parametrize("name", MGH)
def test_lm_finds_the_minima_of_more_garbow_hillstrom(name):
    problem = MGH[name]
    with np.errstate(all="raise", under="ignore"):
        path = lm(problem.residual, problem.jacobian, problem.starts[0], 1000)
    error = np.abs(path.x[-1] - problem.minima) / (1 + np.abs(problem.minima))
    assert error.max(axis=1).min() < 1e-10
    assert_array_equal(path.x[0], problem.starts[0])
    r = problem.residual(path.x[-1])
    assert_allclose(path.f[-1], r @ r / 2, rtol=1e-14)
    assert_allclose(path.gradient_norm[-1], np.linalg.norm(problem.grad(path.x[-1])), atol=1e-13)


@given(st.integers(1, 4), st.floats(0.01, 100), seeds)
def test_one_step_of_lm(n, mu, seed):
    rng = np.random.default_rng(seed)
    J, y = rng.normal(size=(n + 2, n)), rng.normal(size=n + 2)
    path = lm(lambda x: J @ x - y, lambda x: J, np.zeros(n), 1, damping=mu)
    D2 = np.diag(np.sum(J * J, axis=0))
    exact = np.linalg.solve(J.T @ J + mu * D2, J.T @ y)
    assert_allclose(path.x[1], exact, rtol=1e-10, atol=1e-12)


def test_lm_changes_its_damping_as_nielsen_does():
    # A linear problem keeps its promise: the gain is 1 and μ falls to a third.
    path = lm(lambda x: x - 1, lambda x: np.eye(1), [0.0], 3, damping=1.0)
    left, mu = [1.0], 1.0
    for _ in range(3):
        left.append(left[-1] * mu / (1 + mu))
        mu /= 3
    assert_allclose(1 - path.x[:, 0], left, rtol=1e-14)
    # r = x² − 1 from 2, J = 4: the first step ends at 2 − 12/(16·1.5) = 1.5. The next two follow
    # the gain by hand.
    path = lm(lambda x: x * x - 1, lambda x: np.diag(2 * x), [2.0], 3, damping=0.5)
    x, mu, D, exact = 2.0, 0.5, 4.0, [2.0]
    for _ in range(3):
        D = max(D, 2 * x)
        d = -2 * x * (x * x - 1) / (4 * x * x + mu * D * D)
        promised = d * (mu * D * D * d - 2 * x * (x * x - 1))
        fall = (x * x - 1) ** 2 - ((x + d) ** 2 - 1) ** 2
        x += d
        exact.append(x)
        mu *= max(1 / 3, 1 - (2 * fall / promised - 1) ** 3)
    assert_allclose(path.x[:, 0], exact, rtol=1e-13)
    assert exact[1] == 1.5


def test_lm_takes_back_what_does_not_lead_down():
    # From 0.1 the Newton step for arctan-like √|x| overshoots; damping is doubled, then doubled
    # twice as fast: rejected tries leave no trace in the path.
    calls = []

    def residual(x):
        calls.append(float(x[0]))
        return np.arctan(x)

    path = lm(residual, lambda x: np.diag(1 / (1 + x * x)), [3.0], 200, damping=1e-3)
    assert (np.diff(path.f) <= 0).all()
    assert len(calls) > len(path.f) + 2
    J, mu, grow = 0.1, 1e-3, 2.0
    tries = [c for c in calls[1:] if c < 0]
    for tried in tries[:3]:
        assert_allclose(tried, 3 - np.arctan(3) / J / (1 + mu), rtol=1e-12)
        mu, grow = mu * grow, grow * 2
    assert abs(path.x[-1, 0]) < 1e-12


def test_lm_stops():
    tries = []

    def residual(x):
        tries.append(x)
        return np.append(x - 3, 1.0)

    jac = lambda x: np.vstack([np.eye(1), np.zeros((1, 1))])  # noqa: E731
    path = lm(residual, jac, [1.0], 500, tol=1e-6)
    assert_allclose(path.x[-1], 3, rtol=1e-6)
    assert len(tries) < 30
    assert len(lm(residual, jac, [1.0], 0).f) == 1
    # Where it stands at the minimum it takes no step; a column of zeros does no harm.
    assert len(lm(residual, jac, [3.0], 50).f) == 1
    path = lm(lambda x: x[:1] - 1, lambda x: np.array([[1.0, 0.0]]), [0.0, 5.0], 50)
    assert_allclose(path.x[-1], [1, 5], rtol=1e-12)


# Hessian-vector products


def complex_activation(name):
    """The activation in a form that takes complex numbers, written from its definition."""
    return {
        "identity": lambda z: z,
        "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
        "tanh": np.tanh,
        "relu": lambda z: np.where(z.real > 0, z, 0),
        "leaky_relu": lambda z: np.where(z.real > 0, z, 0.01 * z),
        "softplus": lambda z: np.log(1 + np.exp(z)),
        "elu": lambda z: np.where(z.real > 0, z, np.exp(z) - 1),
        "silu": lambda z: z / (1 + np.exp(-z)),
    }[name]


def complex_loss(name, O, Y):
    if name == "half_mse":
        return np.sum((O - Y) ** 2) / 2 / len(O)
    if name == "softmax_cross_entropy":
        # The targets add up to 1, so −Σ t log p = log Σ e^o − Σ t o.
        return np.sum(np.log(np.sum(np.exp(O), axis=1)) - np.sum(Y * O, axis=1)) / len(O)
    return np.sum(Y * np.log(1 + np.exp(-O)) + (1 - Y) * np.log(1 + np.exp(O))) / len(O)


def second_difference(model, X, Y, v, h=1e-4):
    """d/dε of the gradient by complex steps for the gradient, differences of order 8 in ε."""
    phis = [complex_activation(phi.name) for phi in model.phi]

    def gradient(theta):
        P = theta.size
        out = np.empty(P)
        for i in range(P):
            z = theta.astype(complex)
            z[i] += 1e-200j
            W, b = layers(z, model.sizes)
            A = X
            for W_l, b_l, phi in zip(W, b, phis, strict=True):
                A = phi(A @ W_l + b_l)
            decay = model.weight_decay * sum(np.sum(W_l**2) for W_l in W) / 2
            out[i] = (complex_loss(model.loss.name, A, Y) + decay).imag / 1e-200
        return out

    weights = {1: 4 / 5, 2: -1 / 5, 3: 4 / 105, 4: -1 / 280}
    return sum(
        c * (gradient(model.theta + k * h * v) - gradient(model.theta - k * h * v)) / h
        for k, c in weights.items()
    )


CASES = [(hidden, "half_mse", "identity", 0.0) for hidden in ACTIVATIONS] + [
    ("tanh", "softmax_cross_entropy", "identity", 0.3),
    ("silu", "sigmoid_cross_entropy", "identity", 0.0),
    ("softplus", "half_mse", "sigmoid", 0.1),
    ("sigmoid", "softmax_cross_entropy", "tanh", 0.0),
]


@pytest.mark.parametrize(("hidden", "loss", "output", "decay"), CASES)
@pytest.mark.parametrize("N", [1, 5])
def test_hvp_is_the_derivative_of_the_gradient(hidden, loss, output, decay, N):
    rng = np.random.default_rng(7)
    model = MLP([2, 4, 3, 2], hidden, loss, output=output, weight_decay=decay, rng=rng)
    for b in model.b:
        b[:] = rng.normal(0, 0.5, b.shape)
    X, Y = rng.normal(size=(N, 2)), rng.dirichlet([1, 1], size=N)
    v = rng.normal(size=model.theta.size)
    before = model.theta.copy()
    product = hvp(model, X, Y, v)
    assert_array_equal(model.theta, before)
    # Truncation h⁸ and rounding ε/h both leave about 1e-12 of the gradient.
    exact = second_difference(model, X, Y, v, 2e-3 if hidden not in ("relu", "elu") else 1e-4)
    assert_allclose(product, exact, rtol=0, atol=3e-11 * np.abs(exact).max())


def test_hvp_of_one_layer_in_closed_form():
    # C = ½ mean ‖XW + 1b − Y‖²: the Hessian is X̃ᵀX̃/N for each output.
    rng = np.random.default_rng(1)
    model = MLP([3, 2], loss="half_mse", rng=rng)
    X, Y, v = rng.normal(size=(6, 3)), rng.normal(size=(6, 2)), rng.normal(size=8)
    X1 = np.hstack([X, np.ones((6, 1))])
    exact = (X1.T @ X1 / 6 @ v.reshape(4, 2)).ravel()
    assert_allclose(hvp(model, X, Y, v), exact, rtol=1e-14)
    assert_allclose(gnvp(model, X, Y, v), exact, rtol=1e-14)


@given(seeds, st.lists(st.integers(1, 4), min_size=2, max_size=4), st.integers(1, 5))
def test_hvp_is_linear_and_symmetric(seed, widths, N):
    rng = np.random.default_rng(seed)
    model = MLP(widths, "silu", "half_mse", rng=rng)
    X, Y = rng.normal(size=(N, widths[0])), rng.normal(size=(N, widths[-1]))
    u, v = rng.normal(size=(2, model.theta.size))
    Hu, Hv = hvp(model, X, Y, u), hvp(model, X, Y, v)
    scale = np.linalg.norm(u) * np.linalg.norm(Hv) + np.linalg.norm(v) * np.linalg.norm(Hu)
    assert abs(u @ Hv - v @ Hu) < 1e-14 * (1 + scale)
    both = hvp(model, X, Y, 2 * u - 3 * v)
    assert_allclose(both, 2 * Hu - 3 * Hv, rtol=0, atol=1e-13 * (1 + np.abs(both).max()))


@pytest.mark.parametrize("loss", LOSSES)
def test_gauss_newton_products(loss):
    # v ↦ vᵀGv is the loss's own curvature along Jv; J by complex steps.
    rng = np.random.default_rng(2)
    decay = 0.2 if loss == "half_mse" else 0.0
    model = MLP([3, 4, 2], "tanh", loss, weight_decay=decay, rng=rng)
    X, Y = rng.normal(size=(5, 3)), rng.dirichlet([1, 1], size=5)
    P = model.theta.size
    J = np.empty((10, P))
    for i in range(P):
        z = model.theta.astype(complex)
        z[i] += 1e-200j
        W, b = layers(z, model.sizes)
        phi = [Activation(phi.name, complex_activation(phi.name), phi.df) for phi in model.phi]
        J[:, i] = mlp_forward(X, W, b, phi)[1][-1].imag.ravel() / 1e-200
    O = model.forward(X)[1][-1]
    H = np.zeros((10, 10))
    for s in range(5):
        if loss == "half_mse":
            block = np.eye(2)
        elif loss == "softmax_cross_entropy":
            p = np.exp(O[s]) / np.exp(O[s]).sum()
            block = np.diag(p) - np.outer(p, p)
        else:
            block = np.diag(1 / (2 + 2 * np.cosh(O[s])))
        H[2 * s : 2 * s + 2, 2 * s : 2 * s + 2] = block / 5
    G = J.T @ H @ J
    if decay:
        free = model.theta.copy()
        W, b = layers(free, model.sizes)
        for part, value in [*((w, decay) for w in W), *((c, 0.0) for c in b)]:
            part[:] = value
        G += np.diag(free)
    for v in np.eye(P):
        assert_allclose(gnvp(model, X, Y, v), G @ v, rtol=0, atol=1e-14)
    assert np.linalg.eigvalsh(G).min() > -1e-15


def test_hessian_and_gauss_newton_agree_where_the_residuals_vanish():
    rng = np.random.default_rng(3)
    model = MLP([2, 3, 2], "tanh", "half_mse", rng=rng)
    X, v = rng.normal(size=(4, 2)), rng.normal(size=model.theta.size)
    Y = model.predict(X)
    assert_allclose(hvp(model, X, Y, v), gnvp(model, X, Y, v), rtol=1e-14, atol=1e-15)
    assert np.abs(hvp(model, X, Y + 1, v) - gnvp(model, X, Y + 1, v)).max() > 0.01


@pytest.mark.parametrize("product", [hvp, gnvp])
def test_products_refuse_what_they_cannot_do(product):
    rng = np.random.default_rng(0)
    model = MLP([2, 3, 2], rng=rng)
    with pytest.raises(ValueError, match="v has 3 entries, expected 17, one per parameter"):
        product(model, np.ones((1, 2)), [0], np.ones(3))
    other = Loss("other", LOSSES["half_mse"].f, LOSSES["half_mse"].df)
    model = MLP([2, 3, 2], loss=other, rng=rng)
    with pytest.raises(ValueError, match="second derivative of the loss 'other' is not known"):
        product(model, np.ones((1, 2)), np.ones((1, 2)), np.ones(17))
    model = MLP([2, 2], dtype=np.float32, loss="half_mse", rng=rng)
    assert product(model, np.ones((1, 2)), np.ones((1, 2)), np.ones(6)).dtype == np.float32


def test_hvp_needs_to_know_the_activation():
    square = Activation("square", lambda z: z * z, lambda z: 2 * z)
    model = MLP([2, 3, 2], square, "half_mse", rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="second derivative of the activation 'square'"):
        hvp(model, np.ones((1, 2)), np.ones((1, 2)), np.ones(17))


def test_second_derivatives_far_out_and_at_the_kinks():
    assert set(curvature.SECOND_DERIVATIVES) == set(ACTIVATIONS)
    assert set(curvature.LOSS_CURVATURES) == set(LOSSES)
    z = np.array([-1e4, -40.0, 0.0, 40.0, 1e4])
    with np.errstate(all="raise", under="ignore"):
        values = {name: d2(z) for name, d2 in curvature.SECOND_DERIVATIVES.items()}
    e = np.exp(-40)
    assert_allclose(values["sigmoid"], [0, e, 0, -e, 0], rtol=1e-14)
    assert_allclose(values["tanh"], [0, 8 * e * e, 0, -8 * e * e, 0], rtol=1e-14)
    assert_allclose(values["softplus"], [0, e, 0.25, e, 0], rtol=1e-14)
    assert_allclose(values["silu"], [0, -38 * e, 0.5, -38 * e, 0], rtol=1e-14)
    assert_allclose(values["elu"], [0, e, 0, 0, 0], rtol=1e-14)
    assert_array_equal(values["relu"], 0 * z)
    assert_array_equal(values["leaky_relu"], 0 * z)
    assert_array_equal(values["identity"], 0 * z)


# Lanczos


@given(st.integers(1, 9), seeds)
def test_lanczos_with_n_steps_is_the_whole_spectrum(n, seed):
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(n, n))
    A = A + A.T
    values, vectors = lanczos(lambda v: A @ v, n, n + 3, rng=rng)
    size = np.abs(A).max()
    assert_allclose(values, scipy.linalg.eigvalsh(A), rtol=0, atol=1e-12 * n * size)
    assert_allclose(A @ vectors, vectors * values, rtol=0, atol=1e-11 * n * size)
    assert_allclose(vectors.T @ vectors, np.eye(n), rtol=0, atol=1e-13)


def test_lanczos_finds_the_outer_eigenvalues_first():
    A = bowl(200, 1e4, 3)
    values, vectors = lanczos(lambda v: A @ v, 200, 30, rng=np.random.default_rng(0))
    assert values.shape == (30,)
    assert vectors.shape == (200, 30)
    assert_allclose(values[-1], 1e4, rtol=1e-6)
    assert (values >= 1 - 1e-9).all()
    # Orthogonality is not lost once an eigenvalue has converged: no copies of it appear.
    values, _ = lanczos(lambda v: A @ v, 200, 150, rng=np.random.default_rng(0))
    assert_allclose(values[-40:], np.geomspace(1, 1e4, 200)[-40:], rtol=1e-10)


def test_lanczos_stops_where_all_is_found():
    # Three different eigenvalues: the third vector closes the space.
    A = np.diag([2.0, 2.0, -1.0, 5.0, 5.0])
    values, vectors = lanczos(lambda v: A @ v, 5, 5, rng=np.random.default_rng(1))
    assert_allclose(values, [-1, 2, 5], rtol=1e-13)
    assert vectors.shape == (5, 3)
    values, _ = lanczos(lambda v: 0 * v, 4, 4, rng=np.random.default_rng(1))
    assert_array_equal(values, [0])


def test_sharpness_is_the_largest_eigenvalue():
    rng = np.random.default_rng(4)
    model = MLP([3, 6, 2], "tanh", rng=rng)
    X, y = rng.normal(size=(20, 3)), rng.integers(0, 2, 20)
    H = np.array([hvp(model, X, y, e) for e in np.eye(model.theta.size)])
    exact = scipy.linalg.eigvalsh(H)[-1]
    assert sharpness(model, X, y, steps=38, rng=rng) == pytest.approx(exact, rel=1e-12)
    assert sharpness(model, X, y, rng=rng) == pytest.approx(exact, rel=1e-9)
    assert sharpness(model, X, y, steps=3, rng=rng) < exact * (1 - 1e-9)


def test_gradient_descent_is_stable_only_below_two_over_the_sharpness():
    # A linear layer: its loss is a quadratic, so the edge is exact.
    rng = np.random.default_rng(5)
    model = MLP([4, 1], loss="half_mse", rng=rng)
    X, Y = rng.normal(size=(30, 4)), rng.normal(size=30)
    edge = 2 / sharpness(model, X, Y, rng=rng)
    start = model.theta.copy()
    ends = []
    for rate in (0.98 * edge, 1.02 * edge):
        model.theta = start
        for _ in range(600):
            model.theta -= rate * model.value_and_gradient(X, Y)[1]
        ends.append(model.value(X, Y))
    least = np.linalg.lstsq(np.hstack([X, np.ones((30, 1))]), Y, rcond=None)[1][0] / 60
    assert_allclose(ends[0], least, rtol=1e-6)
    assert ends[1] > 1e6
