"""Landscapes against exact Hessians, known stationary points and outputs that must not change."""

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from bpcourse.backprop.network import MLP, layers
from bpcourse.basics.problems import SURFACES
from bpcourse.training.curvature import hvp, newton, sharpness
from bpcourse.training.landscapes import (
    barrier,
    classify_stationary,
    hessian,
    interpolate,
    permute_hidden,
    rescale_hidden,
    saddle_free_step,
    value_at,
)

seeds = st.integers(0, 10_000)


def turned(eigenvalues, seed):
    n = len(eigenvalues)
    Q = np.linalg.qr(np.random.default_rng(seed).normal(size=(n, n)))[0]
    H = Q * eigenvalues @ Q.T
    return (H + H.T) / 2


# Hessians


def test_hessian_of_a_logistic_network_in_closed_form():
    # One sigmoid output with cross-entropy: X̃ᵀ diag(σ(1 − σ)) X̃/N.
    rng = np.random.default_rng(0)
    model = MLP([3, 1], loss="sigmoid_cross_entropy", rng=rng)
    X, Y = rng.normal(size=(7, 3)), rng.integers(0, 2, 7)
    H = hessian(lambda v: hvp(model, X, Y, v), 4)
    X1 = np.hstack([X, np.ones((7, 1))])
    p = 1 / (1 + np.exp(-X1 @ model.theta))
    assert_allclose(H, X1.T * (p * (1 - p)) @ X1 / 7, rtol=1e-13)
    assert_array_equal(H, H.T)


@given(st.integers(1, 6), seeds)
def test_hessian_takes_any_product(n, seed):
    A = turned(np.arange(1.0, n + 1), seed)
    assert_array_equal(hessian(lambda v: A @ v, n), A)


def test_a_product_that_is_no_hessian_is_refused():
    A = np.array([[1.0, 2.0], [0.0, 1.0]])
    with pytest.raises(ValueError, match=r"by up to 2\.0e\+00.*check product"):
        hessian(lambda v: A @ v, 2)
    # What rounding does is evened out.
    H = hessian(lambda v: np.array([[1, 1 + 1e-12], [1, 1]]) @ v, 2)
    assert H[0, 1] == H[1, 0] == pytest.approx(1 + 5e-13, abs=1e-16)


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_what_counts_as_symmetric_goes_with_the_size(size):
    def skew(share):
        return size * np.array([[1, 1 + share], [1, 1]])

    near, far = skew(0.9e-8), skew(1.1e-8)
    assert_allclose(hessian(lambda v: near @ v, 2), near, rtol=1e-8)
    assert classify_stationary([0, 0], near + size * np.eye(2)) == "minimum"
    with pytest.raises(ValueError, match="check product"):
        hessian(lambda v: far @ v, 2)
    with pytest.raises(ValueError, match="is not symmetric"):
        classify_stationary([0, 0], far)


def test_a_flat_function_has_the_hessian_zero():
    H = hessian(lambda v: 0 * v, 3)
    assert_array_equal(H, np.zeros((3, 3)))
    assert classify_stationary(np.zeros(3), H) == "undecided"


# Stationary points


@pytest.mark.parametrize("name", SURFACES)
def test_the_minima_of_the_surfaces(name):
    surface = SURFACES[name]
    for x in surface.minima:
        kind = classify_stationary(surface.grad(x), surface.hessian(x), gradient_tol=1e-6)
        assert kind == "minimum"
    x = surface.start + 0.1
    assert classify_stationary(surface.grad(x), surface.hessian(x)) == "not stationary"


@pytest.mark.parametrize(
    ("eigenvalues", "kind"),
    [
        ([1.0, 2.0, 3.0], "minimum"),
        ([-1.0, -2.0, -3.0], "maximum"),
        ([1.0, -2.0, 3.0], "saddle"),
        ([1.0, 0.0, 3.0], "undecided"),
        ([-1.0, 0.0, -3.0], "undecided"),
        ([-1.0, 0.0, 3.0], "saddle"),
        ([0.0, 0.0, 0.0], "undecided"),
        ([1e-9, 1.0, 1.0], "minimum"),
        ([-1e-9, 1.0, 1.0], "saddle"),
        ([1e-16, 1.0, 1.0], "undecided"),
        ([-1e-16, 1.0, 1.0], "undecided"),
        ([1e-300, 1e-300, 2e-300], "minimum"),
    ],
)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_kinds_do_not_depend_on_the_axes(eigenvalues, kind, seed):
    with np.errstate(all="raise", under="ignore"):
        assert classify_stationary(np.zeros(3), turned(np.array(eigenvalues), seed)) == kind


def test_what_counts_as_zero():
    H = np.diag([1.0, 0.03])
    for error, kind in ((0.0, "minimum"), (0.014, "minimum"), (0.016, "undecided")):
        assert classify_stationary([0, 0], H, error=error) == kind
    H = np.diag([1.0, -0.03])
    for error, kind in ((0.014, "saddle"), (0.016, "undecided")):
        assert classify_stationary([0, 0], H, error=error) == kind
    assert classify_stationary([3e-9, 4e-9], H) == "saddle"
    assert classify_stationary([9e-9, 9e-9], H) == "not stationary"
    assert classify_stationary([0.3, 0.4], H, gradient_tol=0.5) == "saddle"
    # n ε max|λ|: 2 · 2.2e-16.
    assert classify_stationary([0, 0], np.diag([1.0, 4.3e-16])) == "undecided"
    assert classify_stationary([0, 0], np.diag([1.0, 4.6e-16])) == "minimum"
    with pytest.raises(ValueError, match="error"):
        classify_stationary([0, 0], H, error=-1)
    with pytest.raises(ValueError, match="gradient has 3 entries, expected 2"):
        classify_stationary(np.zeros(3), H)


@pytest.mark.parametrize("H", [np.ones((2, 3)), np.array([[1.0, 2.0], [1.0, 1.0]])])
def test_only_symmetric_matrices_are_hessians(H):
    for use in (classify_stationary, saddle_free_step):
        with pytest.raises(ValueError, match="is not symmetric"):
            use(np.zeros(2), H)


# The saddle-free step


@given(st.lists(st.floats(0.1, 9) | st.floats(-9, -0.1), min_size=1, max_size=5), seeds)
def test_saddle_free_step_is_that_of_the_absolute_matrix(eigenvalues, seed):
    H = turned(np.array(eigenvalues), seed)
    g = np.random.default_rng(seed).normal(size=len(H))
    absolute = scipy.linalg.sqrtm(H @ H).real
    step = saddle_free_step(g, H)
    assert_allclose(step, -np.linalg.solve(absolute, g), rtol=1e-9, atol=1e-10)
    assert g @ step < 0


def test_saddle_free_step_has_a_floor():
    H = np.diag([4.0, -2.0, 0.01, 0.0])
    g = np.array([4.0, 4.0, 1.0, 1.0])
    assert_array_equal(saddle_free_step(g, H, floor=0.5), [-1, -2, -2, -2])
    with pytest.raises(ValueError, match=r"a curvature is 0.*pass floor"):
        saddle_free_step(g, H)


def test_newton_is_drawn_to_the_saddle_and_the_repair_leaves_it():
    surface = SURFACES["himmelblau"]
    x = np.array([0.1, 3.0])  # near the saddle at (0.087, 2.884)
    path = newton(surface.f, surface.grad, surface.hessian, x, 8)
    end = path.x[-1]
    assert classify_stationary(surface.grad(end), surface.hessian(end)) == "saddle"
    for _ in range(30):
        x = x + saddle_free_step(surface.grad(x), surface.hessian(x), floor=1.0)
    assert classify_stationary(surface.grad(x), surface.hessian(x)) == "minimum"
    assert np.abs(surface.minima - x).max(axis=1).min() < 1e-9


# Lines and orbits


def network(activation="relu", seed=0):
    rng = np.random.default_rng(seed)
    model = MLP([3, 5, 4, 2], activation, rng=rng)
    for b in model.b:
        b[:] = rng.normal(size=b.shape)
    return model, rng.normal(size=(12, 3)), rng.integers(0, 2, 12)


def test_value_at_leaves_the_model_alone():
    model, X, y = network()
    f, before = value_at(model, X, y), model.theta.copy()
    assert f(before) == model.value(X, y)
    assert f(before + 1) != f(before)
    assert_array_equal(model.theta, before)
    model.theta = before + 1
    assert f(before) != model.value(X, y)
    assert f(before + 1) == model.value(X, y)


def test_interpolation_of_a_quadratic():
    a, b, t = np.array([1.0, 2.0]), np.array([3.0, -1.0]), np.linspace(-1, 2, 7)
    exact = (1 + 2 * t) ** 2 + (2 - 3 * t) ** 2
    assert_allclose(interpolate(lambda x: x @ x, a, b, t), exact, rtol=1e-14)
    # Both ends are hit exactly.
    ends = interpolate(lambda x: x[0], [0.1, 0.0], [1e17, 0.0], [0, 1])
    assert_array_equal(ends, [0.1, 1e17])
    with pytest.raises(ValueError, match="theta_b has 1 entry, expected 2"):
        interpolate(lambda x: 0.0, a, [1.0], t)


def test_barriers():
    assert barrier([1.0, 5.0, 3.0]) == 3
    assert barrier([1.0, 5.0, 3.0, 7.0]) == 2
    assert barrier([4.0, 1.0, 0.0]) == 0
    assert barrier([0.0, 1.0, 2.0]) == 0


@given(st.sampled_from(["relu", "tanh"]), st.sampled_from([1, 2]), seeds)
def test_renamed_units_are_the_same_network(activation, layer, seed):
    model, X, _ = network(activation, seed)
    before, output = model.theta.copy(), model.forward(X)[1]
    order = np.random.default_rng(seed).permutation(model.sizes[layer])
    theta = permute_hidden(before, model.sizes, layer, order)
    model.theta = theta
    _, A = model.forward(X)
    assert_array_equal(A[layer], output[layer][:, order])
    assert_allclose(A[-1], output[-1], rtol=1e-13, atol=1e-13)
    assert_array_equal(permute_hidden(theta, model.sizes, layer, np.argsort(order)), before)


def test_swapped_units_show_that_the_loss_is_not_convex():
    # Two equal minima; convexity would make the line between them as low.
    rng = np.random.default_rng(1)
    model = MLP([1, 2, 1], "tanh", "half_mse", rng=rng)
    X = np.linspace(-2, 2, 20)[:, np.newaxis]
    model.theta = np.array([2.0, -0.5, 0.3, 1.0, 1.0, 2.0, 0.1])
    f = value_at(model, X, model.predict(X))
    swapped = permute_hidden(model.theta, model.sizes, 1, [1, 0])
    line = interpolate(f, model.theta, swapped, np.linspace(0, 1, 21))
    assert line[0] < 1e-30 and line[-1] < 1e-30
    assert barrier(line) > 0.1


def test_orders_that_are_none():
    model, *_ = network()
    for order in ([0, 1, 2, 3], [0, 0, 1, 2, 3], [1, 2, 3, 4, 5]):
        with pytest.raises(ValueError, match="expected each of 0 … 4 once"):
            permute_hidden(model.theta, model.sizes, 1, order)
    with pytest.raises(ValueError, match="layer is 3"):
        permute_hidden(model.theta, model.sizes, 3, [0, 1])


@given(st.sampled_from(["relu", "leaky_relu"]), st.sampled_from([1, 2]), seeds)
def test_rescaled_units_are_the_same_network(activation, layer, seed):
    model, X, _ = network(activation, seed)
    before, output = model.theta.copy(), model.forward(X)[1]
    scale = np.random.default_rng(seed).uniform(0.1, 10, model.sizes[layer])
    theta = rescale_hidden(before, model.sizes, layer, scale)
    model.theta = theta
    _, A = model.forward(X)
    assert_allclose(A[layer], scale * output[layer], rtol=1e-12, atol=1e-13)
    assert_allclose(A[-1], output[-1], rtol=1e-12, atol=1e-13)
    assert_allclose(rescale_hidden(theta, model.sizes, layer, 1 / scale), before, rtol=1e-14)
    W, _ = layers(before, model.sizes)
    V, _ = layers(theta, model.sizes)
    assert_array_equal(V[2 * (layer == 1)], W[2 * (layer == 1)])


def test_rescaling_changes_the_sharpness_and_not_the_loss():
    model, X, y = network()
    P = model.theta.size
    value, H = model.value(X, y), hessian(lambda v: hvp(model, X, y, v), P)
    ones = rescale_hidden(np.ones(P), model.sizes, 2, 30.0)
    model.theta = rescale_hidden(model.theta, model.sizes, 2, 30.0)
    assert_allclose(model.value(X, y), value, rtol=1e-13)
    # θ' = Dθ with the same loss, so the Hessian becomes D⁻¹ H D⁻¹.
    exact = scipy.linalg.eigvalsh(H / np.outer(ones, ones))[-1]
    sharp = sharpness(model, X, y, steps=P, rng=np.random.default_rng(0))
    assert_allclose(sharp, exact, rtol=1e-10)
    assert sharp > 50 * scipy.linalg.eigvalsh(H)[-1]


def test_scales_that_are_none():
    model, *_ = network()
    for scale in (0.0, -1.0, np.inf, np.nan, [1, 1, 1, 1, 0]):
        with pytest.raises(ValueError, match="expected positive numbers"):
            rescale_hidden(model.theta, model.sizes, 1, scale)
