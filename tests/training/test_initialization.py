"""Initialization against closed forms, 40-digit integrals, complex steps and large samples."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from bpcourse.backprop.network import MLP, fit, layers, mlp_backward, mlp_forward
from bpcourse.basics.activations import ACTIVATIONS, Activation
from bpcourse.basics.losses import LOSSES
from bpcourse.training.adaptive import SGD
from bpcourse.training.initialization import (
    batchnorm_bwd,
    batchnorm_fwd,
    chain_slope,
    critical_gain,
    expected_variance,
    gaussian_mean,
    hidden_layer,
    init_orthogonal,
    init_scaled,
    layernorm_bwd,
    layernorm_fwd,
    make_twins,
    measured_variance,
    residual_bwd,
    residual_fwd,
    slope_factor,
    twin_gap,
)

sizes = st.integers(1, 7)
seeds = st.integers(0, 10_000)


def complex_gradient(f, x):
    """∂f/∂x of a real analytic f: a step of 1e-200 i has neither truncation nor cancellation."""
    gradient = np.empty(x.shape)
    for index in np.ndindex(x.shape):
        z = x.astype(complex)
        z[index] += 1e-200j
        gradient[index] = f(z).imag / 1e-200
    return gradient


# Weights


def test_init_scaled_has_its_variance():
    W = init_scaled(1.7)(50, 4000, np.random.default_rng(0))
    assert W.shape == (50, 4000)
    assert stats.kstest(W.ravel() * np.sqrt(50) / 1.7, "norm").pvalue > 0.01


@given(sizes, sizes, seeds)
def test_orthogonal_weights(n_in, n_out, seed):
    W = init_orthogonal(n_in, n_out, np.random.default_rng(seed))
    assert W.shape == (n_in, n_out)
    product = W.T @ W if n_in >= n_out else W @ W.T
    assert_allclose(product, np.eye(min(n_in, n_out)), rtol=0, atol=1e-14)


@pytest.mark.parametrize("shape", [(2, 2), (2, 1), (1, 2)])
def test_all_rotations_are_equally_likely(shape):
    # The first column's (or row's) angle is uniform; QR alone would not let R's diagonal choose.
    rng = np.random.default_rng(1)
    W = [init_orthogonal(*shape, rng).ravel()[: 2 if shape != (2, 2) else 3] for _ in range(3000)]
    W = np.array(W)
    x, y = (W[:, 0], W[:, 2]) if shape == (2, 2) else (W[:, 0], W[:, 1])
    angle = np.arctan2(y, x) / (2 * np.pi) + 0.5
    assert stats.kstest(angle, "uniform").pvalue > 0.01


def test_a_network_takes_them():
    model = MLP([5, 5, 3], init=init_orthogonal, rng=np.random.default_rng(0))
    assert_allclose(model.W[0].T @ model.W[0], np.eye(5), rtol=0, atol=1e-14)
    with pytest.raises(ValueError, match="gain is 0"):
        init_scaled(0)


# Twins


def test_twins_stay_twins_and_others_do_not():
    rng = np.random.default_rng(3)
    model = MLP([3, 5, 4, 2], "tanh", rng=rng)
    before = model.theta.copy()
    twins = make_twins(model.theta, model.sizes, 2, 1, 3)
    assert_array_equal(model.theta, before)
    W, b = layers(before, model.sizes)
    V, c = layers(twins, model.sizes)
    assert_array_equal(V[1], W[1][:, [0, 1, 2, 1]])
    assert_array_equal(c[1], b[1][[0, 1, 2, 1]])
    assert_array_equal(V[2], W[2][[0, 1, 2, 1]])
    assert_array_equal(V[0], W[0])
    assert twin_gap(twins, model.sizes, 2, 1, 3) == 0
    model.theta = twins
    X, y = rng.normal(size=(20, 3)), rng.integers(0, 2, 20)
    _, gradient = model.value_and_gradient(X, y)
    assert twin_gap(gradient, model.sizes, 2, 1, 3) < 1e-16
    assert twin_gap(gradient, model.sizes, 2, 1, 2) > 1e-4
    fit(model, X, y, SGD(0.5), epochs=50, batch_size=7, rng=rng, progress=False)
    assert twin_gap(model.theta, model.sizes, 2, 1, 3) < 1e-13
    assert twin_gap(model.theta, model.sizes, 2, 1, 2) > 0.1
    assert np.abs(model.theta - twins).max() > 0.1


@pytest.mark.parametrize("place", [("W", 0, (2, 3)), ("b", 0, (3,)), ("W", 1, (3, 1))])
def test_every_weight_of_a_twin_counts(place):
    theta, widths = np.ones((3 + 1) * 4 + (4 + 1) * 2), (3, 4, 2)
    W, b = layers(theta, widths)
    kind, l, index = place
    (W if kind == "W" else b)[l][index] -= 0.25
    assert twin_gap(theta, widths, 1, 3, 0) == twin_gap(theta, widths, 1, 0, 3) == 0.25
    assert twin_gap(theta, widths, 1, 1, 2) == 0


@pytest.mark.parametrize("layer", [0, 2])
def test_only_hidden_layers_have_twins(layer):
    with pytest.raises(ValueError, match="layer is"):
        hidden_layer(np.zeros(26), (3, 4, 2), layer)


# Signals

FUNCTIONS = {
    "tanh": mpmath.tanh,
    "sigmoid": lambda z: 1 / (1 + mpmath.exp(-z)),
    "relu": lambda z: max(z, mpmath.mpf(0)),
    "elu": lambda z: z if z > 0 else mpmath.expm1(z),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("q", [1e-6, 0.3, 1.0, 40.0, 1e4])
def test_gaussian_means_of_squares(name, q):
    with mpmath.workdps(30):
        f, s = FUNCTIONS[name], mpmath.sqrt(q)

        def both(u):
            return (f(s * u) ** 2 + f(-s * u) ** 2) * mpmath.npdf(u)

        # Panels that shrink towards 0: at q = 10⁴ tanh is a step of width 1/100.
        cuts = [0, 1e-3, 1e-2, 0.1, 0.5, 1, 2, 4, 8, 14]
        exact = float(mpmath.quad(both, cuts))
    phi = ACTIVATIONS[name]
    assert_allclose(gaussian_mean(lambda z: phi.f(z) ** 2, q), exact, rtol=2e-14)


def test_gaussian_moments():
    for power, moment in ((0, 1), (2, 1), (4, 3), (6, 15)):
        exact = moment * 2.5 ** (power / 2)
        assert_allclose(gaussian_mean(lambda z, p=power: z**p, 2.5), exact, rtol=1e-14)
    assert abs(gaussian_mean(lambda z: z**3, 2.5)) < 1e-15
    assert_allclose(gaussian_mean(lambda z: (z > 0) * 1.0, 2.5), 0.5, rtol=1e-14)
    assert gaussian_mean(np.cos, 0) == pytest.approx(1, rel=1e-14)


def test_gains_with_closed_forms():
    # E relu² = q/2, E relu′² = 1/2; leaky: (1 + 10⁻⁴)/2.
    for q in (0.01, 1.0, 300.0):
        for backward in (False, True):
            assert_allclose(critical_gain("relu", q, backward=backward), np.sqrt(2), rtol=1e-14)
            assert_allclose(critical_gain("identity", q, backward=backward), 1, rtol=1e-14)
            leaky = np.sqrt(2 / 1.0001)
            assert_allclose(critical_gain("leaky_relu", q, backward=backward), leaky, rtol=1e-14)
    # A small signal sees tanh as the identity.
    assert_allclose(critical_gain("tanh", 1e-12), 1, rtol=1e-11)
    assert critical_gain("tanh") == pytest.approx(1.5925374197228312, rel=1e-13)  # by mpmath
    assert critical_gain("tanh", backward=True) > 1


def test_the_critical_gain_keeps_the_variance():
    for name, phi in ACTIVATIONS.items():
        gain = critical_gain(name, 0.8)
        x_square = gaussian_mean(lambda z, f=phi.f: f(z) ** 2, 0.8)
        assert_allclose(expected_variance(phi, x_square, gain, 6), 0.8, rtol=1e-12)
        back = critical_gain(phi, 0.8, backward=True)
        assert_allclose(slope_factor(phi, 0.8, back), 1, rtol=1e-13)
        assert_allclose(slope_factor(phi, 0.8, 2 * back), 4, rtol=1e-13)


def test_a_dead_activation_has_no_gain():
    dead = Activation("dead", np.zeros_like, np.zeros_like)
    with pytest.raises(ValueError, match="dead lets no signal of variance 1"):
        critical_gain(dead)


def test_variances_of_relu_and_identity_are_powers():
    # q_1 = σ_w² x² + σ_b², then q σ_w²/2 + σ_b² for ReLU.
    q = [9 * 0.5 + 0.16]
    for _ in range(5):
        q.append(9 * q[-1] / 2 + 0.16)
    assert_allclose(expected_variance("relu", 0.5, 3.0, 6, bias_std=0.4), q, rtol=1e-13)
    assert_allclose(expected_variance("identity", 0.5, 0.5, 4), 0.5 * 0.25 ** np.arange(1, 5))


@pytest.mark.parametrize(("name", "gain"), [("relu", 1.2), ("tanh", 1.6), ("sigmoid", 2.0)])
def test_theory_meets_measurement(name, gain):
    # One layer's mean square has a relative spread of about √(5/width) = 0.13, the mean over
    # 20 networks 0.03.
    rng = np.random.default_rng(5)
    widths, forward, backward = [300] * 6, [], []
    for _ in range(20):
        model = MLP(widths, name, "half_mse", init=init_scaled(gain), rng=rng)
        for b in model.b:
            b[:] = rng.normal(0, 0.5, b.shape)
        Z, A = model.forward(rng.normal(size=(3, 300)))
        q = measured_variance(Z)
        assert q.shape == (5,)
        square = [np.mean(a * a) for a in A[:-1]]
        theory = [expected_variance(name, s, gain, 1, bias_std=0.5)[0] for s in square]
        forward.append(q / theory)
        # The theory wants an error signal that knows nothing of the weights.
        Y = A[-1] + rng.normal(size=(3, 300))
        Delta, *_ = mlp_backward(Z, A, Y, model.W, model.phi, LOSSES["half_mse"])
        squares = measured_variance(Delta)
        chi = [slope_factor(name, q_l, gain) for q_l in q[:-1]]
        backward.append(squares[:-1] / squares[1:] / chi)
    assert_allclose(np.mean(forward, axis=0), 1, rtol=0, atol=0.1)
    assert_allclose(np.mean(backward, axis=0), 1, rtol=0, atol=0.1)


def test_mean_squares():
    assert_array_equal(measured_variance([np.array([[3.0, 1.0]]), np.array([[2.0]])]), [5, 4])


@given(st.floats(-20, 20), st.integers(1, 12))
def test_a_chain_of_sigmoids_vanishes(x, depth):
    slope = chain_slope("sigmoid", x, depth)
    assert 0 < slope <= 4.0**-depth
    with mpmath.workdps(40):
        z, exact = mpmath.mpf(x), mpmath.mpf(1)
        for _ in range(depth):
            z = 1 / (1 + mpmath.exp(-z))
            exact *= z * (1 - z)
        assert_allclose(slope, float(exact), rtol=1e-13)


def test_the_bound_on_the_chain_is_attained():
    assert chain_slope("sigmoid", 0, 1) == 0.25


# Normalization

NORMS = [(batchnorm_fwd, batchnorm_bwd, 0), (layernorm_fwd, layernorm_bwd, 1)]


def normalize(X, gamma, beta, eps, axis):
    """The definition in other words: the variance as mean square minus squared mean."""
    mean = np.sum(X, axis, keepdims=True) / X.shape[axis]
    square = np.sum(X * X, axis, keepdims=True) / X.shape[axis]
    return gamma * (X - mean) * (square - mean * mean + eps) ** -0.5 + beta


@pytest.mark.parametrize(("fwd", "bwd", "axis"), NORMS)
@given(N=sizes, p=sizes, seed=seeds, eps=st.sampled_from([1e-5, 0.1, 2.0]))
def test_normalization_forward_and_backward(fwd, bwd, axis, N, p, seed, eps):
    rng = np.random.default_rng(seed)
    X, dY = rng.normal(size=(2, N, p))
    X = 2 * X + 1
    gamma, beta = rng.normal(size=(2, p))
    Y, cache = fwd(X, gamma, beta, eps=eps)
    # mean square − squared mean loses digits where the variance is small beside both.
    loss = 1e-12 * (1 + 1 / eps * (X.shape[axis] == 1)) * 30
    assert_allclose(Y, normalize(X, gamma, beta, eps, axis), rtol=0, atol=loss)
    dX, dgamma, dbeta = bwd(dY, cache)

    def f(X, gamma, beta):
        mean = X.mean(axis, keepdims=True)
        var = ((X - mean) ** 2).mean(axis, keepdims=True)
        return np.sum(dY * (gamma * (X - mean) / np.sqrt(var + eps) + beta))

    tight = {"rtol": 1e-11, "atol": 1e-12 / np.sqrt(eps)}
    assert_allclose(dX, complex_gradient(lambda v: f(v, gamma, beta), X), **tight)
    assert_allclose(dgamma, complex_gradient(lambda v: f(X, v, beta), gamma), **tight)
    assert_allclose(dbeta, complex_gradient(lambda v: f(X, gamma, v), beta), **tight)


def test_a_hand_worked_batch():
    # Columns (1, 3): mean 2, variance 1, normalized ∓1; columns (0, 4): mean 2, variance 4.
    Y, cache = batchnorm_fwd([[1.0, 0.0], [3.0, 4.0]], [2.0, 3.0], [10.0, 20.0], eps=0)
    assert_array_equal(Y, [[8, 17], [12, 23]])
    dX, dgamma, dbeta = batchnorm_bwd([[1.0, 0.0], [0.0, 5.0]], cache)
    assert_array_equal(dgamma, [-1, 5])
    assert_array_equal(dbeta, [1, 5])
    assert_array_equal(dX, np.zeros((2, 2)))  # two samples are always ∓1
    Y, _ = layernorm_fwd([[1.0, 3.0], [0.0, 4.0]], [2.0, 3.0], [10.0, 20.0], eps=0)
    assert_array_equal(Y, [[8, 23], [8, 23]])


@pytest.mark.parametrize(("fwd", "bwd", "axis"), NORMS)
def test_the_default_eps_and_float32(fwd, bwd, axis):
    X = np.array([[1.0, 2.0], [1.001, 2.004]], np.float32)
    ones, zeros = np.ones(2, np.float32), np.zeros(2, np.float32)
    Y, cache = fwd(X, ones, zeros)
    assert Y.dtype == bwd(Y, cache)[0].dtype == np.float32
    wide = X.astype(float)
    assert_allclose(Y, normalize(wide, 1, 0, 1e-5, axis), rtol=2e-3)
    assert_allclose(fwd(wide, [1, 1], [0, 0])[0], normalize(wide, 1, 0, 1e-5, axis), rtol=1e-9)


@pytest.mark.parametrize(("fwd", "bwd", "axis"), NORMS)
def test_what_cannot_be_normalized(fwd, bwd, axis):
    with pytest.raises(ValueError, match=r"a variance is 0.*pass eps > 0"):
        fwd(np.ones((3, 2)), [1, 1], [0, 0], eps=0)
    with pytest.raises(ValueError, match="gamma has 3 entries, expected 2"):
        fwd(np.ones((3, 2)), [1, 1, 1], [0, 0])
    with pytest.raises(ValueError, match="beta has 1 entry, expected 2"):
        fwd(np.ones((3, 2)), [1, 1], [0])
    with pytest.raises(ValueError, match="eps"):
        fwd(np.ones((3, 2)), [1, 1], [0, 0], eps=-1)
    _, cache = fwd(np.eye(3, 2), [1, 1], [0, 0])
    with pytest.raises(ValueError, match=r"dY has shape \(1, 2\), Y had \(3, 2\)"):
        bwd(np.ones((1, 2)), cache)


# Residual layers


@given(N=st.integers(1, 4), n=st.integers(1, 4), L=st.integers(1, 4), seed=seeds)
def test_residual_layers(N, n, L, seed):
    rng = np.random.default_rng(seed)
    X, G = rng.normal(size=(2, N, n))
    W, b = list(rng.normal(size=(L, n, n))), list(rng.normal(size=(L, n)))

    def f(X, W, b):
        for W_l, b_l in zip(W, b, strict=True):
            X = X + np.tanh(X @ W_l + b_l)
        return X

    Z, A = residual_fwd(X, W, b, "tanh")
    assert_allclose(A[-1], f(X, W, b), rtol=1e-13, atol=1e-14)
    dA, dW, db = residual_bwd(G, Z, A, W, "tanh")
    assert [len(part) for part in (Z, A, dA, dW, db)] == [L, L + 1, L + 1, L, L]
    assert_array_equal(dA[-1], G)

    def cost(X, W, b):
        return np.sum(G * f(X, W, b))

    scale = 1e-12 * max(np.abs(part).max() for part in [*dA, *dW, *db])
    exact = complex_gradient(lambda v: cost(v, W, b), X)
    assert_allclose(dA[0], exact, rtol=1e-11, atol=scale)
    for l in range(L):
        exact = complex_gradient(lambda v, l=l: cost(X, [*W[:l], v, *W[l + 1 :]], b), W[l])
        assert_allclose(dW[l], exact, rtol=1e-11, atol=scale)
        exact = complex_gradient(lambda v, l=l: cost(X, W, [*b[:l], v, *b[l + 1 :]]), b[l])
        assert_allclose(db[l], exact, rtol=1e-11, atol=scale)
        # What enters in the middle is the input of the layers that follow.
        exact = complex_gradient(lambda v, l=l: cost(v, W[l:], b[l:]), A[l])
        assert_allclose(dA[l], exact, rtol=1e-11, atol=scale)


def test_a_hundred_layers_carry_the_error_signal_only_with_the_shortcut():
    rng = np.random.default_rng(0)
    n, L = 10, 100
    W = [rng.normal(0, 0.05, (n, n)) for _ in range(L)]
    b = [np.zeros(n)] * L
    X, G = rng.normal(size=(2, 4, n))
    Z, A = residual_fwd(X, W, b, "sigmoid")
    dA, _, _ = residual_bwd(G, Z, A, W, "sigmoid")
    assert 0.1 < np.linalg.norm(dA[0]) / np.linalg.norm(G) < 10
    phi = [ACTIVATIONS["sigmoid"]] * L
    Z, A = mlp_forward(X, W, b, phi)
    Delta, *_ = mlp_backward(Z, A, A[-1] - G, W, phi, LOSSES["half_mse"])
    assert np.linalg.norm(Delta[0]) < 1e-100


def test_residual_layers_keep_the_width():
    with pytest.raises(ValueError, match=r"W\[1\] has shape \(2, 3\).*pass shapes \(2, 2\)"):
        residual_fwd(np.ones((1, 2)), [np.eye(2), np.ones((2, 3))], [np.zeros(2)] * 2, "relu")
    with pytest.raises(ValueError, match=r"b\[0\] \(3,\)"):
        residual_fwd(np.ones((1, 2)), [np.eye(2)], [np.zeros(3)], "relu")
    Z, A = residual_fwd(np.ones((1, 2)), [np.eye(2)], [np.zeros(2)], "relu")
    with pytest.raises(ValueError, match="dY has shape"):
        residual_bwd(np.ones((2, 2)), Z, A, [np.eye(2)], "relu")
