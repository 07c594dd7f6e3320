"""Chapter 2's algorithms against exact fractions, closed forms and a search over directions."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import linprog, minimize_scalar

from bpcourse.basics.problems import SURFACES
from bpcourse.descent.steepest import (
    angle_bound,
    cosine_to_minimum,
    directional,
    fd_grad,
    grid_minimum,
    steepest,
    worst_angle_point,
)

sizes = st.integers(1, 6)
seeds = st.integers(0, 10_000)


def vector(p, seed):
    return np.random.default_rng(seed).normal(size=p)


def definite(p, seed, largest=50.0):
    rng = np.random.default_rng(seed)
    Q, _ = np.linalg.qr(rng.normal(size=(p, p)))
    curvatures = np.exp(rng.uniform(0, np.log(largest), p))
    return (Q * curvatures) @ Q.T


class Counted:
    def __init__(self, f):
        self.f, self.calls, self.points = f, 0, []

    def __call__(self, x):
        self.calls += 1
        self.points.append(x.copy())
        return self.f(x)


@given(sizes, seeds)
def test_the_number_of_evaluations(p, seed):
    x = vector(p, seed)
    for kind, calls in (("forward", p + 1), ("central", 2 * p)):
        f = Counted(lambda x: x @ x)
        assert fd_grad(f, x, kind=kind).shape == (p,)
        assert f.calls == calls


def test_the_errors_of_differences_are_the_ones_expected():
    # Steps of a power of two and small whole numbers: every operation is exact.
    def f(x):
        return x[0] ** 3 + 2 * x[0] * x[1] + x[1] ** 2

    x, h = np.array([3.0, 5.0]), 0.25
    forward = fd_grad(f, x, h)
    central = fd_grad(f, x, h, kind="central")
    exact = np.array([3 * 9 + 2 * 5, 2 * 3 + 2 * 5])
    assert_array_equal(forward - exact, [3 * 3 * h + h * h, h])
    assert_array_equal(central - exact, [h * h, 0])


def test_only_one_coordinate_moves_at_a_time():
    f = Counted(lambda x: 0.0)
    fd_grad(f, [1.0, -2.0], 0.5)
    assert_array_equal(f.points, [[1, -2], [1.5, -2], [1, -1.5]])
    f = Counted(lambda x: 0.0)
    fd_grad(f, [1.0, -2.0], 0.5, kind="central")
    assert_array_equal(f.points, [[1.5, -2], [0.5, -2], [1, -1.5], [1, -2.5]])


def test_the_default_steps():
    for far in (-1000.0, 1000.0):
        f = Counted(lambda x: 0.0)
        fd_grad(f, [0.0, far])
        moved = [np.abs(point - [0, far]).max() for point in f.points[1:]]
        assert_allclose(moved, [2.0**-26, 1000 * 2.0**-26], rtol=1e-5)
    f = Counted(lambda x: 0.0)
    fd_grad(f, [0.0, -1000.0], kind="central")
    moved = [np.abs(point - [0, -1000]).max() for point in f.points]
    step = 2 ** (-52 / 3)
    assert_allclose(moved, [step, step, 1000 * step, 1000 * step], rtol=1e-6)


@pytest.mark.parametrize("name", list(SURFACES))
def test_differences_agree_with_the_gradient(name):
    surface = SURFACES[name]
    x = surface.start + 0.3
    scale = np.abs(surface.hessian(x)).max() + abs(surface.f(x)) + np.abs(surface.grad(x)).max()
    # Forward loses half of the digits, central a third.
    assert_allclose(fd_grad(surface.f, x), surface.grad(x), rtol=0, atol=1e-7 * scale)
    central = fd_grad(surface.f, x, kind="central")
    assert_allclose(central, surface.grad(x), rtol=0, atol=1e-9 * scale)


def test_fd_grad_leaves_its_argument_alone_and_says_what_is_wrong():
    x = np.array([1.0, 2.0])

    def spoil(x):
        x[:] = 0
        return 0.0

    fd_grad(spoil, x)
    assert_array_equal(x, [1, 2])
    with pytest.raises(ValueError, match="kind is 'backward'; pass 'forward' or 'central'"):
        fd_grad(spoil, x, kind="backward")
    with pytest.raises(ValueError, match="h is 0"):
        fd_grad(spoil, x, 0.0)


def test_fd_grad_keeps_float32():
    gradient = fd_grad(lambda x: x @ x, np.array([1.0, 2.0], np.float32))
    assert gradient.dtype == np.float32
    assert_allclose(gradient, [2, 4], rtol=1e-2)


@given(sizes, seeds)
def test_directional_is_the_slope_per_unit_of_length(p, seed):
    gradient, d = vector(p, seed), vector(p, seed + 1)
    exact = sum(Fraction(a) * Fraction(b) for a, b in zip(gradient, d, strict=True))
    length = sum(Fraction(b) ** 2 for b in d)
    size = float(sum(abs(Fraction(a) * Fraction(b)) for a, b in zip(gradient, d, strict=True)))
    expected = float(exact) / float(length) ** 0.5
    bound = 1e-15 * (size / float(length) ** 0.5 + abs(expected)) * 4
    assert abs(directional(gradient, d) - expected) <= bound
    for factor in (1e-300, 7.0, 1e300):
        assert_allclose(directional(gradient, factor * d), expected, rtol=0, atol=bound)


def test_directional_measures_a_real_slope():
    surface = SURFACES["himmelblau"]
    x, d = np.array([1.0, 2.0]), np.array([3.0, -4.0])
    h = 1e-5
    slope = (surface.f(x + h * d / 5) - surface.f(x - h * d / 5)) / (2 * h)
    assert directional(surface.grad(x), d) == pytest.approx(slope, rel=1e-8)


def test_a_vector_without_length_is_no_direction():
    with pytest.raises(ValueError, match="d is 0 everywhere"):
        directional([1.0, 2.0], [0.0, 0.0])
    with pytest.raises(ValueError, match="d has 1 entry, expected 2"):
        directional([1.0, 2.0], [1.0])


@given(sizes, seeds)
def test_in_the_usual_norm_it_is_minus_the_gradient(p, seed):
    g = vector(p, seed)
    d = steepest(g)
    assert_allclose(np.linalg.norm(d), 1, rtol=1e-15)
    assert_allclose(d * np.linalg.norm(g), -g, rtol=1e-14)


@given(sizes, seeds)
def test_the_slope_is_the_dual_norm(p, seed):
    """On a step of length 1 nothing falls faster; and the values are those of convex analysis."""
    g, P = vector(p, seed), definite(p, seed)
    rulers = {
        2: (lambda d: np.linalg.norm(d), np.linalg.norm(g)),
        1: (lambda d: np.abs(d).sum(), np.abs(g).max()),
        np.inf: (lambda d: np.abs(d).max(), np.abs(g).sum()),
    }
    others = np.random.default_rng(seed).normal(size=(50, p))
    for norm, (length, dual) in rulers.items():
        d = steepest(g, norm)
        assert length(d) == pytest.approx(1, rel=1e-14)
        assert g @ d == pytest.approx(-dual, rel=1e-13)
        for other in others:
            assert g @ other / length(other) >= g @ d - 1e-13 * dual
    d = steepest(g, P)
    assert d @ P @ d == pytest.approx(1, rel=1e-12)
    assert g @ d == pytest.approx(-np.sqrt(g @ np.linalg.inv(P) @ g), rel=1e-12)


def test_the_corners_agree_with_linear_programming():
    g = np.array([0.5, -2.0, 1.5, 0.25])
    box = linprog(g, bounds=[(-1, 1)] * 4)
    assert_allclose(steepest(g, np.inf), box.x, atol=1e-9)
    diamond = linprog(np.r_[g, -g], A_ub=[np.ones(8)], b_ub=[1], bounds=[(0, None)] * 8)
    assert_allclose(steepest(g, 1), diamond.x[:4] - diamond.x[4:], atol=1e-9)


def test_the_matrix_norm_in_two_dimensions_by_search():
    g, P = np.array([1.0, -0.5]), np.array([[3.0, 1.0], [1.0, 0.5]])

    def slope(angle):
        d = np.array([np.cos(angle), np.sin(angle)])
        return g @ d / np.sqrt(d @ P @ d)

    coarse = min(np.linspace(0, 2 * np.pi, 1000), key=slope)
    best = minimize_scalar(slope, bracket=(coarse - 0.01, coarse, coarse + 0.01)).x
    d = steepest(g, P)
    assert_allclose(d / np.linalg.norm(d), [np.cos(best), np.sin(best)], rtol=1e-6)


def test_ties_and_level_coordinates():
    assert_array_equal(steepest([2.0, -2.0, 1.0], 1), [-1, 0, 0])
    assert_array_equal(steepest([2.0, -3.0, 1.0], 1), [0, 1, 0])
    assert_array_equal(steepest([0.0, -3.0, 1.0], np.inf), [0, 1, -1])


@pytest.mark.parametrize("norm", [1, 2, np.inf, np.diag([1.0, 4.0])])
@pytest.mark.parametrize("size", [1e-300, 1e300])
def test_directions_do_not_depend_on_the_size_of_the_gradient(norm, size):
    with np.errstate(all="raise"):
        assert_allclose(
            steepest([3 * size, 4 * size], norm), steepest([3.0, 4.0], norm), rtol=1e-15
        )


def test_a_preconditioned_step_solves_a_quadratic_in_one():
    H = definite(4, 1)
    minimum, x = vector(4, 2), vector(4, 3)
    g = H @ (x - minimum)
    d = steepest(g, H)
    assert_allclose(x + d * np.sqrt((x - minimum) @ H @ (x - minimum)), minimum, rtol=1e-12)


@pytest.mark.parametrize(
    ("gradient", "norm", "message"),
    [
        ([0.0, 0.0], 2, "the gradient is 0: the ground is level"),
        ([1.0, 2.0], 3, "norm is 3; pass 2, 1, numpy.inf or"),
        ([1.0, 2.0], "max", "norm is 'max'; pass 2"),
        ([1.0, 2.0], np.eye(3), r"norm has shape \(3, 3\), expected \(2, 2\)"),
        ([1.0, 2.0], np.ones((2, 3)), r"norm has shape \(2, 3\), expected \(2, 2\)"),
        ([1.0, 2.0], [[1.0, 2.0], [0.0, 1.0]], "norm is not symmetric positive definite"),
        ([1.0, 2.0], [[1.0, 2.0], [2.0, 1.0]], "norm is not symmetric positive definite"),
        ([1.0, 2.0], [[1.0, 0.0], [0.0, 0.0]], "norm is not symmetric positive definite"),
        ([1.0, np.nan], 2, "not finite"),
    ],
)
def test_what_steepest_refuses(gradient, norm, message):
    with pytest.raises(ValueError, match=message):
        steepest(gradient, norm)


def test_a_matrix_that_is_symmetric_up_to_rounding_will_do():
    P = np.array([[1.0, 1e-12], [0.0, 1.0]])
    for size in (1.0, 1e6):
        d = steepest([1.0, 0.0], size * P)
        assert_allclose(d * np.sqrt(size), [-1, 0], atol=1e-11)
    with pytest.raises(ValueError, match="not symmetric"):
        steepest([1.0, 0.0], 1e-6 * np.array([[1.0, 1e-3], [0.0, 1.0]]))


@pytest.mark.parametrize(("kappa", "bound"), [(1, 1.0), (4, 0.8), (9, 0.6), (1e8, 2e-4)])
def test_the_angle_bound(kappa, bound):
    assert angle_bound(kappa) == pytest.approx(bound, rel=2e-8)


def test_a_condition_number_is_at_least_1():
    with pytest.raises(ValueError, match="kappa"):
        angle_bound(0.5)


@given(st.integers(2, 6), seeds)
def test_the_worst_point_attains_the_bound(p, seed):
    H = definite(p, seed)
    kappa = np.linalg.cond(H)
    x = worst_angle_point(H)
    assert_allclose(np.linalg.norm(x), 1, rtol=1e-14)
    bound = angle_bound(kappa)
    assert cosine_to_minimum(H @ x, x, np.zeros(p)) == pytest.approx(bound, rel=1e-12)
    for other in np.random.default_rng(seed).normal(size=(50, p)):
        assert cosine_to_minimum(H @ other, other, np.zeros(p)) >= bound * (1 - 1e-13)


def test_the_worst_point_by_hand():
    x = worst_angle_point(np.diag([1.0, 9.0]))
    assert_allclose(np.abs(x), np.array([3, 1]) / np.sqrt(10), rtol=1e-14)


@pytest.mark.parametrize(
    "H", [np.ones((2, 3)), [[1.0, 0.0], [0.0, -1.0]], [[1.0, 3.0], [0.0, 9.0]]]
)
def test_the_worst_point_needs_a_bowl(H):
    with pytest.raises(ValueError, match=r"^H "):
        worst_angle_point(H)


def test_the_cosine_to_the_minimum():
    # −∇f = (−1, 0); the way to the minimum leads along the diagonal.
    assert cosine_to_minimum([2.0, 0.0], [5.0, 5.0], [3.0, 3.0]) == pytest.approx(0.5**0.5)
    assert cosine_to_minimum([-1.0, 0.0], [5.0, 5.0], [3.0, 5.0]) == -1
    for gradient, x in (([0.0, 0.0], [1.0, 1.0]), ([1.0, 1.0], [0.0, 0.0])):
        with pytest.raises(ValueError, match="so there is no angle"):
            cosine_to_minimum(gradient, x, [0.0, 0.0])


def test_a_grid_costs_the_product_of_its_sides():
    f = Counted(lambda x: (x[0] - 1) ** 2 + (x[1] + 2) ** 2 + x[2])
    x, value, evaluations = grid_minimum(f, [[0, 0.9, 2], [-3, -2.2], [1, 0, 2, 3]])
    assert_array_equal(x, [0.9, -2.2, 0])
    assert value == pytest.approx(0.05)
    assert evaluations == f.calls == 24


def test_a_grid_takes_the_first_of_equal_points_and_avoids_nan():
    x, value, _ = grid_minimum(lambda x: abs(x[0]), [[-1.0, 1.0]])
    assert (x[0], value) == (-1, 1)
    x, value, _ = grid_minimum(lambda x: np.nan if x[0] < 0 else x[0], [[-1.0, 1.0, 2.0]])
    assert (x[0], value) == (1, 1)
    x, value, evaluations = grid_minimum(lambda x: np.inf, [[4.0]])
    assert (x[0], value, evaluations) == (4, np.inf, 1)


def test_a_grid_needs_an_axis():
    with pytest.raises(ValueError, match="number of axes is 0"):
        grid_minimum(lambda x: 0.0, [])
    with pytest.raises(ValueError, match=r"axes\[1\] is empty"):
        grid_minimum(lambda x: 0.0, [[1.0], []])
