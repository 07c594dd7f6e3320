"""Chapter 3's algorithms against exact fractions, eigenvalues from LAPACK and measured runs."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from bpcourse.basics.datasets import iris, wine
from bpcourse.basics.problems import quadratic
from bpcourse.descent.learning import gd1d, linreg_loss_grad, standardize
from bpcourse.descent.quadratics import (
    contraction,
    early_stopping_filter,
    gd,
    iterations_to,
    mode_amplitudes,
    modes,
    optimal_step,
    power_iteration,
    safe_step,
)

seeds = st.integers(0, 10_000)


def problem(n, seed, low=0.2, high=5.0):
    rng = np.random.default_rng(seed)
    eigenvalues = np.sort(rng.uniform(low, high, n))
    H = quadratic(eigenvalues, rng=rng).hessian(np.zeros(n))
    return eigenvalues, H, rng.normal(size=n), rng.normal(size=n)


@given(st.integers(1, 5), st.integers(0, 30), seeds)
def test_the_path_in_fractions(n, steps, seed):
    rng = np.random.default_rng(seed)
    # Dyadic numbers of a few digits, so that the first steps have no rounding to compare with.
    H = np.round(rng.normal(size=(n, n)) * 4) / 16
    b, x0 = np.round(rng.normal(size=n) * 8) / 8, np.round(rng.normal(size=n) * 8) / 8
    path = gd(lambda x: H @ x - b, x0, 0.125, steps)
    assert path.shape == (steps + 1, n)
    x = [Fraction(v) for v in x0]
    assert_array_equal(path[0], x0)
    for k in range(steps):
        slope = [
            sum(Fraction(a) * v for a, v in zip(row, x, strict=True)) - Fraction(t)
            for row, t in zip(H, b, strict=True)
        ]
        x = [v - s / 8 for v, s in zip(x, slope, strict=True)]
        size = max(1, *(abs(float(v)) for v in x))
        assert_allclose(path[k + 1], [float(v) for v in x], rtol=0, atol=1e-15 * (k + 2) * n * size)


def test_in_one_dimension_it_is_chapter_1s():
    one = gd1d(lambda x: x**3 - 1, 2.0, 0.1, 20)
    assert_array_equal(gd(lambda x: x**3 - 1, [2.0], 0.1, 20)[:, 0], one)


def test_gd_on_the_loss_finds_the_regression():
    data = wine()
    X = standardize(data.X)
    y = data.y - data.y.mean()
    path = gd(lambda w: linreg_loss_grad(X, y, w)[1], np.zeros(13), 0.2, 2000)
    assert_allclose(path[-1], np.linalg.lstsq(X, y, rcond=None)[0], rtol=1e-9)


def test_gd_names_the_step_that_overflows():
    with pytest.raises(FloatingPointError, match=r"^step 1024 left .* rate 3.0; take a smaller"):
        gd(lambda x: x, [1.0, 0.0], 3.0, 2000)


def test_gd_takes_no_gradient_of_another_shape():
    sentence = r"the gradient has shape \(2, 1\), x has shape \(2,\); a gradient has the shape of"
    with pytest.raises(ValueError, match=sentence):
        gd(lambda x: x[:, np.newaxis], [1.0, 2.0], 0.1, 3)
    with pytest.raises(ValueError, match=r"has shape \(\)"):
        gd(lambda x: 1.0, [1.0, 2.0], 0.1, 3)


def test_gd_wants_a_positive_rate_and_a_number_of_steps():
    for lr in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="lr"):
            gd(lambda x: x, [1.0], lr, 3)
    with pytest.raises(ValueError, match="steps is -1"):
        gd(lambda x: x, [1.0], 0.1, -1)
    assert_array_equal(gd(lambda x: x, [1.0], 0.1, 0), [[1]])


def test_gd_keeps_float32_and_its_start():
    x0 = np.ones(2, np.float32)
    assert gd(lambda x: x, x0, 0.5, 2).dtype == np.float32
    assert_array_equal(x0, 1)


@given(st.integers(1, 6), seeds)
def test_the_modes_say_where_every_step_leads(n, seed):
    eigenvalues, H, b, x0 = problem(n, seed)
    lam, Q, c, minimum = modes(H, b, x0)
    assert_allclose(lam, eigenvalues, rtol=1e-13)
    assert_allclose(H @ minimum, b, atol=1e-12)
    assert_allclose(Q.T @ Q, np.eye(n), atol=1e-14)
    assert_allclose(H @ Q, Q * lam, atol=1e-13)
    assert_allclose(minimum + Q @ c, x0, atol=1e-12)
    lr = 1.9 / eigenvalues[-1]
    path = gd(lambda x: H @ x - b, x0, lr, 40)
    left = mode_amplitudes(lam, c, lr, np.arange(41))
    assert left.shape == (41, n)
    assert_allclose(minimum + left @ Q.T, path, atol=1e-11)
    assert_allclose(mode_amplitudes(lam, c, lr, 40), left[40], rtol=1e-13, atol=1e-300)


def test_modes_of_a_saddle():
    lam, _, _, minimum = modes([[-2.0, 0.0], [0.0, 1.0]], [2.0, 3.0], [0.0, 0.0])
    assert_allclose(lam, [-2, 1])
    assert_allclose(minimum, [-1, 3])


def test_modes_of_a_matrix_that_is_symmetric_up_to_rounding():
    H = 1e6 * np.array([[1.0, 1e-12], [0.0, 2.0]])
    assert_allclose(modes(H, [1e6, 2e6], [0.0, 0.0])[3], [1, 1], rtol=1e-11)
    with pytest.raises(ValueError, match="pass a symmetric matrix"):
        modes(1e-6 * np.array([[1.0, 1e-3], [0.0, 2.0]]), [1.0, 1.0], [0.0, 0.0])


def test_what_modes_refuses():
    with pytest.raises(ValueError, match="H is singular"):
        modes([[1.0, 1.0], [1.0, 1.0]], [1.0, 1.0], [0.0, 0.0])
    for H in ([[1.0, 2.0], [0.0, 1.0]], [[1.0, 2.0]]):
        with pytest.raises(ValueError, match="pass a symmetric matrix"):
            modes(H, [1.0, 1.0], [0.0, 0.0])
    with pytest.raises(ValueError, match="b has 1 entry, expected 2"):
        modes(np.eye(2), [1.0], [0.0, 0.0])
    with pytest.raises(ValueError, match="x0 has 3 entries, expected 2"):
        modes(np.eye(2), [1.0, 1.0], [0.0, 0.0, 0.0])


def test_mode_amplitudes_by_hand():
    # η = 1/2: factors 1/2 (creeps), −1/2 (jumps across), −2 (diverges).
    left = mode_amplitudes([1.0, 3.0, 6.0], [8.0, 8.0, 1.0], 0.5, [0, 1, 2, 3])
    assert_array_equal(left, [[8, 8, 1], [4, -4, -2], [2, 2, 4], [1, -1, -8]])
    assert mode_amplitudes([6.0], [1.0], 0.5, 2000)[0] == np.inf
    for k in (-1, [1.5], [[1]], [-1, 2]):
        with pytest.raises((ValueError, TypeError), match=r"^k "):
            mode_amplitudes([1.0], [1.0], 0.5, k)


@given(st.integers(1, 8), st.integers(1, 6), seeds)
def test_power_iteration_agrees_with_singular_values(N, p, seed):
    X = np.random.default_rng(seed).normal(size=(N, p))
    value, v = power_iteration(X, np.random.default_rng(1), rtol=1e-6)
    exact = np.linalg.svd(X, compute_uv=False)[0] ** 2 / N
    assert value == pytest.approx(exact, rel=1e-6)
    assert_allclose(np.linalg.norm(v), 1, rtol=1e-14)
    residual = X.T @ (X @ v) / N - value * v
    assert np.linalg.norm(residual) <= 1.001e-6 * value


@pytest.mark.parametrize("data", [iris(), wine()], ids=["iris", "wine"])
@pytest.mark.parametrize("prepare", [np.asarray, standardize])
def test_power_iteration_on_data(data, prepare):
    X = prepare(data.X)
    value, _ = power_iteration(X, np.random.default_rng(0))
    assert value == pytest.approx(np.linalg.eigvalsh(X.T @ X / len(X))[-1], rel=1e-13)
    assert safe_step(X, np.random.default_rng(0)) == 1 / value


def test_power_iteration_does_not_overflow_or_form_the_product():
    rng = np.random.default_rng(0)
    X = np.array([[3.0, 4.0]])
    for size in (1e-140, 1e140):
        value, _ = power_iteration(size * X, rng)
        assert value == pytest.approx(25 * size**2, rel=1e-14)
    wide = np.ones((2, 200_000))  # the product would take 320 GB
    assert power_iteration(wide, rng)[0] == pytest.approx(200_000, rel=1e-12)
    equal = power_iteration(2 * np.eye(3), rng)[0]
    assert equal == pytest.approx(4 / 3, rel=1e-14)


def test_power_iteration_says_when_it_gives_up():
    X = np.diag([1.0, 1 - 1e-3])
    sentence = "no eigenvector after 5 steps to 1e-08: the two largest eigenvalues nearly agree"
    with pytest.raises(RuntimeError, match=sentence):
        power_iteration(X, np.random.default_rng(0), steps=5)
    with pytest.raises(ValueError, match="X is 0 everywhere"):
        power_iteration(np.zeros((3, 2)), np.random.default_rng(0))
    with pytest.raises(TypeError, match="rng is the seed 3"):
        power_iteration(X, 3)
    assert power_iteration(np.eye(2), np.random.default_rng(0), steps=1)[0] == pytest.approx(0.5)


def test_a_little_below_two_over_lambda_converges_a_little_above_diverges():
    data = wine()
    X = data.X
    y = data.y.astype(float)
    lr = safe_step(X, np.random.default_rng(0))
    H, b = X.T @ X / len(X), X.T @ y / len(X)
    _, Q, c, minimum = modes(H, b, np.zeros(13))
    for factor, grows in ((1.99, False), (2.01, True)):
        path = gd(lambda w: H @ w - b, np.zeros(13), factor * lr, 300)
        steepest = np.abs((path - minimum) @ Q[:, -1])
        assert (steepest[-1] > steepest[0]) == grows
        assert_allclose(steepest[-1], abs(c[-1]) * (factor - 1) ** 300, rtol=1e-6)


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=6), st.floats(1e-3, 3))
def test_contraction_is_the_spectral_norm(eigenvalues, lr):
    n = len(eigenvalues)
    expected = np.linalg.norm(np.eye(n) - lr * np.diag(eigenvalues), 2)
    assert contraction(eigenvalues, lr) == pytest.approx(expected, rel=1e-13, abs=1e-15)
    assert (contraction(eigenvalues, lr) < 1) == (lr * max(eigenvalues) < 2)


def test_the_optimal_step():
    assert optimal_step(1.0, 9.0) == (0.2, 0.8)
    assert optimal_step(4.0, 4.0) == (0.25, 0.0)
    lr, rate = optimal_step(0.3, 7.0)
    assert contraction([0.3, 2.0, 7.0], lr) == pytest.approx(rate, rel=1e-14)
    for other in np.linspace(0.9, 1.1, 21) * lr:
        assert contraction([0.3, 7.0], other) >= rate - 1e-15
    kappa = 7.0 / 0.3
    assert rate == pytest.approx((kappa - 1) / (kappa + 1), rel=1e-14)
    for low, high in ((0.0, 1.0), (2.0, 1.0)):
        with pytest.raises(ValueError, match=r"smallest|largest"):
            optimal_step(low, high)


@given(st.floats(1e-12, 0.9), st.floats(1e-3, 0.999), st.floats(1e-3, 1))
def test_the_number_of_iterations_is_the_smallest(tolerance, rate, share):
    k = iterations_to(tolerance, rate, share)
    slack = 1e-12
    assert share * mpmath.mpf(rate) ** k <= tolerance * (1 + slack)
    if k:
        assert share * mpmath.mpf(rate) ** (k - 1) > tolerance * (1 - slack)


def test_predicted_iterations_are_the_measured_ones():
    eigenvalues, H, b, x0 = problem(5, 12, low=0.02, high=1.0)
    lam, _, c, minimum = modes(H, b, x0)
    for factor in (0.9, 1.0, 1.9):
        lr = factor / eigenvalues[-1]
        path = gd(lambda x, lr=lr: H @ x - b, x0, lr, 3000)
        error = np.linalg.norm(path - minimum, axis=1)
        measured = int(np.argmax(error <= 1e-8 * error[0]))
        slowest = int(np.argmax(np.abs(1 - lr * lam)))
        share = abs(c[slowest]) / error[0]
        predicted = iterations_to(1e-8, contraction(lam, lr), share)
        assert abs(predicted - measured) <= 0.02 * measured
        assert measured <= iterations_to(1e-8, contraction(lam, lr))


def test_iterations_at_the_edges():
    assert iterations_to(1e-8, 0.0) == 1
    assert iterations_to(0.5, 0.5) == 1
    assert iterations_to(0.125, 0.5) == 3
    assert iterations_to(0.1, 0.9, 0.05) == 0
    assert iterations_to(0.1, 0.0, 0.1) == 0
    for arguments in ((0.0, 0.5), (1.0, 0.5), (0.1, 1.0), (0.1, -0.1), (0.1, 0.5, 0.0)):
        with pytest.raises(ValueError, match=r"tolerance|rate|share"):
            iterations_to(*arguments)


@given(st.floats(-20, 0.9), st.integers(0, 2000))
def test_the_filter_keeps_its_digits(exponent, k):
    reach = 10.0**exponent / 4
    with mpmath.workdps(60):
        exact = float(1 - (1 - mpmath.mpf(reach)) ** k)
    # Of a factor 1 − ηλ that is rounded once, the k-th power is off by k roundings.
    (part,) = early_stopping_filter([reach], 1.0, k)
    assert part == pytest.approx(exact, rel=4e-16 * (4 if reach < 0.5 else k + 4), abs=0)


def test_the_filter_is_what_gradient_descent_from_zero_does():
    eigenvalues, H, b, _ = problem(4, 3)
    lam, Q, _, minimum = modes(H, b, np.zeros(4))
    lr = 1.5 / eigenvalues[-1]
    path = gd(lambda x: H @ x - b, np.zeros(4), lr, 25)
    parts = early_stopping_filter(lam, lr, np.arange(26))
    assert parts.shape == (26, 4)
    assert_allclose((parts * (Q.T @ minimum)) @ Q.T, path, atol=1e-13)
    assert_array_equal(parts[0], 0)
    assert_array_equal(early_stopping_filter([1.0, 0.5], 2.0, [1, 2]), [[2, 1], [0, 1]])
    assert early_stopping_filter([3.0], 1.0, 2000)[0] == -np.inf
