"""Momentum against closed forms, eigenvalues of other solvers, and a known cycle."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from bpcourse.training.adaptive import SGD, minimize
from bpcourse.training.momentum import (
    average_rate,
    heavy_ball,
    momentum_is_stable,
    momentum_matrix,
    momentum_optimum,
    momentum_spectrum,
    nesterov,
)

rates = st.floats(0.01, 3.0)
betas = st.floats(0.0, 0.99)
curvatures = st.lists(st.floats(0.01, 5.0), min_size=1, max_size=4)


def test_exact_fractions():
    # Dyadic numbers: no rounding at all in eight steps.
    alpha, beta, lam = Fraction(1, 4), Fraction(1, 2), Fraction(3)
    x, v, ball = Fraction(2), Fraction(0), [Fraction(2)]
    a, b, ahead = Fraction(2), Fraction(2), [Fraction(2)]  # a is x before b
    for _ in range(8):
        v = beta * v + lam * x
        x -= alpha * v
        ball.append(x)
        y = b + beta * (b - a)
        a, b = b, y - alpha * lam * y
        ahead.append(b)
    assert_array_equal(heavy_ball(lambda x: 3 * x, [2], 0.25, 0.5, 8)[:, 0], np.float64(ball))
    assert_array_equal(nesterov(lambda x: 3 * x, [2], 0.25, 0.5, 8)[:, 0], np.float64(ahead))


@given(rates, betas, curvatures, st.integers(0, 12))
def test_a_quadratic_follows_the_powers_of_its_matrix(alpha, beta, lam, steps):
    lam, x0 = np.array(lam), np.arange(1.0, len(lam) + 1)
    path = heavy_ball(lambda x: lam * x, x0, alpha, beta, steps)
    assert path.shape == (steps + 1, len(lam))
    for i, curvature in enumerate(lam):
        powers = [
            np.linalg.matrix_power(momentum_matrix(alpha, beta, curvature), k) @ [0, x0[i]]
            for k in range(steps + 1)
        ]
        # Errors are relative to the largest number on the way.
        scale = np.abs(powers).max()
        assert_allclose(path[:, i], np.array(powers)[:, 1], rtol=0, atol=1e-12 * scale)


@given(rates, betas, curvatures)
def test_spectrum_is_that_of_the_matrix(alpha, beta, lam):
    spectrum = momentum_spectrum(alpha, beta, lam)
    ahead = momentum_spectrum(alpha, beta, lam, nesterov=True)
    assert spectrum.shape == ahead.shape == (len(lam), 2)
    for i, curvature in enumerate(lam):
        shrink = 1 - alpha * curvature
        companion = np.array([[(1 + beta) * shrink, -beta * shrink], [1, 0]])
        for ours, R in (
            (spectrum[i], momentum_matrix(alpha, beta, curvature)),
            (ahead[i], companion),
        ):
            # Coefficients of (σ − σ₁)(σ − σ₂): they do not suffer where two roots meet.
            scale = 1 + np.abs(R).max() ** 2
            assert abs(ours.sum() - np.trace(R)) < 1e-14 * scale
            assert abs(ours.prod() - np.linalg.det(R)) < 1e-14 * scale
            assert abs(ours[0]) >= abs(ours[1]) * (1 - 1e-15)


def test_small_roots_do_not_cancel():
    larger, smaller = momentum_spectrum(0.1, 1e-18, 2.0)
    assert_allclose(larger, 0.8, rtol=1e-15)
    assert_allclose(smaller, 1e-18 / 0.8, rtol=1e-15)
    larger, smaller = momentum_spectrum(0.9, 1e-18, 2.0)
    assert_allclose(larger, -0.8, rtol=1e-15)
    assert_allclose(smaller, -1e-18 / 0.8, rtol=1e-15)
    assert_array_equal(momentum_spectrum(0.5, 0.0, 2.0), [0, 0])
    assert_array_equal(momentum_spectrum(0.5, 0.3, 2.0, nesterov=True), [0, 0])


def test_the_modulus_of_a_complex_pair_is_the_root_of_beta():
    pair = momentum_spectrum(0.1, 0.81, [[1.0], [3.0]])
    assert pair.shape == (2, 1, 2)
    assert (np.abs(pair.imag) > 0.1).all()
    assert_allclose(np.abs(pair), 0.9, rtol=1e-15)
    assert_array_equal(pair[..., 0], pair[..., 1].conj())


@given(betas, st.floats(0.01, 3.99))
def test_stability_is_a_spectral_radius_below_one(beta, reach):
    edge = 2 * (1 + beta)
    radius = np.abs(momentum_spectrum(1.0, beta, reach)).max()
    if abs(reach - edge) > 1e-9:
        assert momentum_is_stable(1.0, beta, reach) == (radius < 1)


def test_the_edges_of_stability():
    assert_array_equal(
        momentum_is_stable(0.5, 0.5, [-1.0, 0.0, 1e-9, 5.99, 6.0, 6.01]),
        [False, False, True, True, False, False],
    )
    assert momentum_is_stable(0.5, 0.0, 3.99)
    assert not momentum_is_stable(0.5, 1.0, 1.0)
    assert not momentum_is_stable(0.5, -0.1, 1.0)


@given(st.floats(0.01, 5), st.floats(1, 1e4))
def test_the_optimum_has_its_rate_and_no_neighbor_is_better(mu, kappa):
    L = mu * kappa
    alpha, beta, rate = momentum_optimum(mu, L)
    root = kappa**0.5
    assert_allclose(rate, (root - 1) / (root + 1), rtol=1e-7, atol=1e-15)
    assert_allclose(alpha, 4 / (mu * (1 + root) ** 2), rtol=1e-12)
    assert_allclose(beta, rate**2, rtol=1e-14)
    # Both ends are double roots, where a rounding of 1e-16 moves the root by its square root.
    extremes = [mu, L]
    best = np.abs(momentum_spectrum(alpha, beta, extremes)).max()
    assert_allclose(best, rate, atol=1e-6)
    for a, b in ((1.01, 1), (0.99, 1), (1, 1.01), (1, 0.99)):
        if kappa > 1.1 and beta * b < 1:
            other = np.abs(momentum_spectrum(alpha * a, beta * b, extremes)).max()
            assert other > best - 1e-6


def test_no_momentum_is_gradient_descent():
    lam = np.array([1.0, 4.0])
    k = np.arange(11)[:, np.newaxis]
    for method in (heavy_ball, nesterov):
        path = method(lambda x: lam * x, [3.0, -1.0], 0.3, 0.0, 10)
        assert_allclose(path, np.array([3.0, -1.0]) * (1 - 0.3 * lam) ** k, rtol=1e-13)


def gradient(x):
    return np.array([x[0] ** 3 + x[1], x[0] + 4 * np.sin(x[1])])


def test_the_paths_are_those_of_the_optimizer():
    x0 = np.array([1.0, -0.5])
    path = heavy_ball(gradient, x0, 0.05, 0.8, 30)
    ours = minimize(lambda x: 0.0, gradient, x0, SGD(0.05, momentum=0.8), 30)
    assert_allclose(path, ours.x, rtol=1e-13)
    path = nesterov(gradient, x0, 0.05, 0.8, 30)
    ahead = minimize(lambda x: 0.0, gradient, x0, SGD(0.05, momentum=0.8, nesterov=True), 30)
    assert_allclose(path[1:] + 0.8 * np.diff(path, axis=0), ahead.x[1:], rtol=1e-12)


def test_an_average_takes_the_same_path_with_its_own_rate():
    x, m = np.array([1.0, -0.5]), np.zeros(2)
    rate = average_rate(0.05, 0.8)
    assert_allclose(rate, 0.25, rtol=1e-15)
    path = [x]
    for _ in range(20):
        m = 0.8 * m + 0.2 * gradient(x)
        x = x - rate * m
        path.append(x)
    assert_allclose(heavy_ball(gradient, [1.0, -0.5], 0.05, 0.8, 20), path, rtol=1e-13)


def test_lessards_cycle():
    # Strongly convex with curvatures 1 and 25, the quadratic optimum for them, and no convergence.
    def slope(x):
        return np.where(x < 1, 25 * x, np.where(x < 2, x + 24, 25 * x - 24))

    alpha, beta, _ = momentum_optimum(1.0, 25.0)
    assert_allclose([alpha, beta], [1 / 9, 4 / 9], rtol=1e-15)
    cycle = np.array([792, -2208, 2592]) / 1225
    late = heavy_ball(slope, [3.3], alpha, beta, 300)[-3:, 0]
    turns = [np.roll(cycle, k) for k in range(3)]
    assert min(np.abs(late - turn).max() for turn in turns) < 1e-12


def test_starts_are_kept_and_no_step_stays():
    x0 = np.array([1.0, 2.0])
    for method in (heavy_ball, nesterov):
        assert_array_equal(method(lambda x: x, x0, 0.1, 0.5, 0), [[1.0, 2.0]])
        method(lambda x: x, x0, 0.1, 0.5, 5)
        assert_array_equal(x0, [1.0, 2.0])
        assert method(lambda x: x, x0.astype(np.float32), 0.1, 0.5, 5).dtype == np.float32


@pytest.mark.parametrize("method", [heavy_ball, nesterov])
def test_divergence_names_step_and_rate(method):
    sentence = r"step \d+ left the finite numbers with the learning rate 9\.0 and momentum 0\.5; t"
    loud = np.errstate(all="raise", under="ignore")
    with loud, pytest.raises(FloatingPointError, match=sentence):
        method(lambda x: x, [1.0], 9.0, 0.5, 1000)
    # The step that leaves the numbers is the one that is named.
    factors = iter((1, 1, np.nan))
    with pytest.raises(FloatingPointError, match="step 3 left"):
        method(lambda x: x * next(factors), [1.0], 0.1, 0.5, 9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: heavy_ball(lambda x: x, [1.0], 0.0, 0.5, 3), "lr is 0"),
        (lambda: nesterov(lambda x: x, [1.0], 0.1, 1.0, 3), "momentum is 1,"),
        (lambda: heavy_ball(lambda x: x, [1.0], 0.1, -0.5, 3), "momentum is -0.5"),
        (lambda: heavy_ball(lambda x: x, 1.0, 0.1, 0.5, 3), "x0 has shape"),
        (lambda: nesterov(lambda x: x, [1.0], 0.1, 0.5, -1), "steps is -1"),
        (lambda: momentum_spectrum(0.0, 0.5, [1.0]), "lr is 0"),
        (lambda: momentum_optimum(0.0, 1.0), "smallest is 0"),
        (lambda: momentum_optimum(2.0, 1.0), "largest is 1, expected at least 2"),
        (lambda: average_rate(0.1, 1.0), "momentum is 1,"),
        (lambda: average_rate(0.1, -0.5), "momentum is -0.5"),
        (lambda: average_rate(0.0, 0.1), "lr is 0"),
    ],
)
def test_parameters_out_of_bounds(call, message):
    with pytest.raises(ValueError, match=message):
        call()
