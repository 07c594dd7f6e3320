"""Rivals against what the chapter proves of them, exact enumeration, SciPy and closed forms."""

from itertools import pairwise

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from scipy.special import expit, logit

from bpcourse.backprop.network import MLP, layers
from bpcourse.basics.datasets import iris
from bpcourse.basics.losses import one_hot
from bpcourse.beyond.rivals import (
    Stump,
    dtp,
    dtp_inverses,
    elm,
    feedback_alignment,
    fit_stump,
    gaussian_kernel,
    kernel_gd,
    pes_step,
    pes_train,
    random_feedback,
    reinforce,
    stump_boost,
    td_jacobian,
    td_update,
)
from bpcourse.training.adaptive import Adam
from bpcourse.training.curvature import gauss_newton

seeds = st.integers(0, 10_000)
widths = st.lists(st.integers(1, 5), min_size=2, max_size=4)


def sigmoid_network(sizes, N, seed):
    rng = np.random.default_rng(seed)
    W = [rng.normal(size=s) for s in pairwise(sizes)]
    b = [rng.normal(size=n) for n in sizes[1:]]
    return rng.normal(size=(N, sizes[0])), rng.random((N, sizes[-1])), W, b


# The pseudo-inverse rule


@given(widths, st.integers(1, 9), st.floats(0.1, 1.0), seeds)
def test_pes_is_its_three_lines_read_from_the_back(sizes, N, lr, seed):
    X, T, W, b = sigmoid_network(sizes, N, seed)
    copies = [w.copy() for w in W], [c.copy() for c in b]
    new_W, new_b = pes_step(X, T, W, b, lr=lr, eps=0.1, rcond=1e-6)
    for old, kept in zip([*W, *b], [*copies[0], *copies[1]], strict=True):
        assert_array_equal(old, kept)
    A = [X]
    for W_l, b_l in zip(W, b, strict=True):
        A.append(expit(A[-1] @ W_l + b_l))
    for l in range(len(W) - 1, -1, -1):
        dZ = logit(np.clip(T, 0.1, 0.9)) - (A[l] @ W[l] + b[l])
        # The least squares solution of least norm, by another route: singular values.
        step = np.linalg.lstsq(np.column_stack([A[l], np.ones(N)]), dZ, rcond=1e-6)[0]
        scale = 1e-7 * (1 + np.abs(step).max())
        assert_allclose(new_W[l], W[l] + lr * step[:-1], rtol=0, atol=scale)
        assert_allclose(new_b[l], b[l] + lr * step[-1], rtol=0, atol=scale)
        T = A[l] + np.linalg.lstsq(W[l].T, dZ.T, rcond=1e-6)[0].T


@given(st.integers(1, 6), st.integers(1, 4), st.floats(0.1, 1.0), seeds)
def test_with_one_sample_it_is_the_normalized_gradient_step(n, k, lr, seed):
    # C = ½ ‖z − φ⁻¹(t)‖² has the gradients aᵀδ and δ, and the rule divides them by ‖a‖² + 1.
    X, T, W, b = sigmoid_network([n, k], 1, seed)
    T = 0.1 + 0.8 * T
    new_W, new_b = pes_step(X, T, W, b, lr=lr)
    delta = X @ W[0] + b[0] - logit(T)
    size = X[0] @ X[0] + 1
    assert_allclose(new_W[0], W[0] - lr * np.outer(X, delta) / size, rtol=1e-11, atol=1e-12)
    assert_allclose(new_b[0], b[0] - lr * delta[0] / size, rtol=1e-11, atol=1e-12)


@given(st.integers(1, 4), st.integers(1, 3), seeds)
def test_with_full_column_rank_it_is_the_gauss_newton_step(n, k, seed):
    # Of the last layer, for the residuals z − φ⁻¹(t); η = 1 is the whole step.
    X, T, W, b = sigmoid_network([n, k], n + 12, seed)
    T = 0.1 + 0.8 * T
    X1 = np.hstack([X, np.ones((len(X), 1))])
    new_W, new_b = pes_step(X, T, W, b, lr=1.0)
    path = gauss_newton(
        lambda w: (X1 @ w.reshape(n + 1, k) - logit(T)).ravel(),
        lambda w: np.kron(X1, np.eye(k)),
        np.vstack([W[0], b[0]]).ravel(),
        1,
    )
    step = path.x[1].reshape(n + 1, k)
    assert_allclose(np.vstack([new_W[0], new_b[0]]), step, rtol=1e-10, atol=1e-11)


def test_with_fewer_samples_than_weights_it_is_the_shortest_step_there():
    # Two samples, three weights and a bias: many steps reach the targets; it is the shortest.
    X, T, W, b = sigmoid_network([3, 1], 2, 0)
    new_W, new_b = pes_step(X, T, W, b, lr=1.0, eps=1e-9)
    assert_allclose(expit(X @ new_W[0] + new_b[0]), T, rtol=1e-10)
    null = np.linalg.svd(np.hstack([X, np.ones((2, 1))]))[2][2:]
    step = np.vstack([new_W[0] - W[0], new_b[0] - b[0]])
    assert_allclose(null @ step, 0, atol=1e-13)


@given(st.integers(1, 4), st.integers(2, 5), seeds)
def test_a_bias_per_input_changes_nothing_when_rows_outnumber_weights(n, biases, seed):
    X, T, W, b = sigmoid_network([n, 3, 2], 30, seed)
    one = pes_step(X, T, W, b, lr=0.5, rcond=1e-9)
    many = pes_step(X, T, W, b, lr=0.5, rcond=1e-9, biases=biases)
    for a, c in zip([*one[0], *one[1]], [*many[0], *many[1]], strict=True):
        assert_allclose(a, c, rtol=1e-7, atol=1e-8)


def test_a_bias_per_input_changes_something_when_weights_outnumber_rows():
    X, T, W, b = sigmoid_network([6, 2], 3, 0)
    one, many = (pes_step(X, T, W, b, lr=1.0, biases=k)[0][0] for k in (1, 6))
    assert np.abs(one - many).max() > 0.01


def test_pes_defaults_and_what_it_refuses():
    # ε = 0.02 and rcond = 10⁻³: a target 1 becomes 0.98, a column 1e-4 as large is cut off.
    X = np.array([[1.0, 1e-4], [-1.0, 1e-4], [1.0, -1e-4], [-1.0, -1e-4]])
    T = np.array([[1.0], [0.0], [1.0], [0.0]])
    W, b = pes_step(X, T, [np.zeros((2, 1))], [np.zeros(1)], lr=1.0)
    assert_allclose(W[0], [[logit(0.98)], [0]], rtol=1e-12, atol=1e-12)
    assert_allclose(b[0], 0, atol=1e-12)
    T = np.array([[1.0], [0.0], [0.0], [1.0]]) * 0.5 + 0.25
    W, b = pes_step(X, T, [np.zeros((2, 1))], [np.zeros(1)], lr=1.0, rcond=1e-5)
    assert_allclose(W[0], [[0], [0]], rtol=0, atol=1e-10)
    good = {"X": X, "T": T, "W": [np.zeros((2, 1))], "b": [np.zeros(1)], "lr": 1.0}
    for name, value, message in (
        ("T", T[:2], r"T has shape \(2, 1\), expected \(4, 1\)"),
        ("X", X[:, :1], "the network takes 2 inputs"),
        ("lr", 0.0, "lr"),
        ("eps", 0.5, "eps"),
        ("biases", 0, "biases"),
    ):
        with pytest.raises(ValueError, match=message):
            pes_step(**(good | {name: value}))


def test_pes_train_repeats_the_step():
    data = iris()
    X, T = (data.X - data.X.mean(0)) / data.X.std(0), one_hot(data.y, 3)
    model, losses = pes_train(X, T, [4, 6, 3], lr=0.3, steps=5, rng=np.random.default_rng(0))
    assert losses.shape == (6,)
    again = MLP([4, 6, 3], "sigmoid", init="xavier", rng=np.random.default_rng(0))
    W, b, exact = again.W, again.b, []
    for k in range(6):
        A = X
        for W_l, b_l in zip(W, b, strict=True):
            A = expit(A @ W_l + b_l)
        exact.append(np.sum((A - T) ** 2) / 300)
        if k < 5:
            W, b = pes_step(X, T, W, b, lr=0.3)
    assert_allclose(losses, exact, rtol=1e-11)
    assert_allclose(model.predict(X), A, rtol=1e-10)
    # It goes up as well as down; one layer by itself is done after a whole step.
    assert losses.max() > losses[0]
    model, losses = pes_train(X, T, [4, 3], lr=1, steps=2, rng=np.random.default_rng(0))
    assert_allclose(losses[1], losses[2], rtol=1e-12)
    model, _ = pes_train(X, T, [4, 20, 3], lr=0.3, steps=20, rng=np.random.default_rng(0))
    assert np.mean(model.predict(X).argmax(axis=1) == data.y) > 0.95
    kept, _ = pes_train(X, T, [4, 3], lr=1, steps=3, rng=np.random.default_rng(0), eps=0.3)
    cut, _ = pes_train(X, T, [4, 3], lr=1, steps=3, rng=np.random.default_rng(0), rcond=0.9)
    full, _ = pes_train(X, T, [4, 3], lr=1, steps=3, rng=np.random.default_rng(0))
    assert np.abs(kept.theta - full.theta).max() > 0.1
    assert np.abs(cut.theta - full.theta).max() > 0.1


# Extreme learning machine


def test_elm_solves_its_last_layer():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(40, 3)), rng.normal(size=(40, 2))
    model = elm(X, Y, 8, rng=np.random.default_rng(1))
    assert model.sizes == (3, 8, 2)
    # At the least squares solution the gradient of the last layer is 0.
    _, gradient = model.value_and_gradient(X, Y)
    dW, db = layers(gradient, model.sizes)
    assert_allclose(dW[1], 0, atol=1e-13)
    assert_allclose(db[1], 0, atol=1e-13)
    assert np.abs(dW[0]).max() > 1e-3
    big = elm(X, Y, 5000, rng=np.random.default_rng(1))
    assert_allclose(np.std(big.b[0]), 1, rtol=0.05)
    assert_allclose(np.var(big.W[0]), 2 / 5003, rtol=0.05)
    A = np.tanh(X @ model.W[0] + model.b[0])
    exact = scipy.linalg.lstsq(np.hstack([A, np.ones((40, 1))]), Y)[0]
    assert_allclose(np.vstack([model.W[1], model.b[1]]), exact, rtol=1e-9)
    single = elm(X, Y[:, 0], 8, activation="sigmoid", rng=np.random.default_rng(1))
    assert single.predict(X).shape == (40, 1)
    assert single.phi[0].name == "sigmoid"


def test_elm_with_as_many_units_as_samples_learns_them_by_heart():
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(10, 2)), rng.normal(size=10)
    assert_allclose(elm(X, y, 12, rng=rng).predict(X)[:, 0], y, atol=1e-6)


# Feedback alignment


@given(widths, st.integers(1, 6), seeds)
def test_feedback_through_the_weights_is_backpropagation(sizes, N, seed):
    rng = np.random.default_rng(seed)
    model = MLP(sizes, "tanh", "half_mse", rng=rng)
    X, Y = rng.normal(size=(N, sizes[0])), rng.normal(size=(N, sizes[-1]))
    exact = model.value_and_gradient(X, Y)
    value, direction = feedback_alignment(model, X, Y, model.W)
    assert value == exact[0]
    assert_allclose(direction, exact[1], rtol=1e-13, atol=1e-14)


def test_feedback_alignment_by_hand():
    # One hidden unit of each kind: δ₁ = δ₂ Bᵀ φ′(z₁).
    model = MLP([1, 2, 1], "tanh", "half_mse", rng=np.random.default_rng(0))
    x, y, B = 0.7, -0.4, np.array([[3.0], [-5.0]])
    value, direction = feedback_alignment(model, [[x]], [[y]], [np.ones((1, 2)), B])
    z = x * model.W[0][0] + model.b[0]
    out = np.tanh(z) @ model.W[1][:, 0] + model.b[1][0]
    delta = (out - y) * B[:, 0] / np.cosh(z) ** 2
    dW, db = layers(direction, model.sizes)
    assert_allclose(value, (out - y) ** 2 / 2, rtol=1e-14)
    assert_allclose(dW[0][0], x * delta, rtol=1e-14)
    assert_allclose(db[0], delta, rtol=1e-14)
    assert_allclose(dW[1][:, 0], (out - y) * np.tanh(z), rtol=1e-14)
    with pytest.raises(ValueError, match="other shapes than the weights"):
        feedback_alignment(model, [[x]], [[y]], [np.ones((1, 2)), B.T])


def test_feedback_alignment_learns_and_comes_to_point_downhill():
    rng = np.random.default_rng(3)
    model = MLP([6, 12, 3], "tanh", "half_mse", init="xavier", rng=rng)
    X = rng.normal(size=(60, 6))
    Y = np.tanh(X @ rng.normal(size=(6, 3)))
    B = random_feedback(model.sizes, rng=rng)
    assert [b.shape for b in B] == [(6, 12), (12, 3)]
    assert_allclose(np.var(random_feedback([300, 500], rng=rng)[0]), 2 / 800, rtol=0.02)
    first, adam = model.value(X, Y), Adam(0.01)
    for _ in range(600):
        adam.step(model.theta, feedback_alignment(model, X, Y, B)[1])
    assert model.value(X, Y) < 0.05 * first
    exact = layers(model.value_and_gradient(X, Y)[1], model.sizes)[0][0]
    direction = layers(feedback_alignment(model, X, Y, B)[1], model.sizes)[0][0]
    assert np.vdot(exact, direction) > 0


# Difference target propagation


@given(st.integers(1, 4), st.integers(1, 3), st.floats(1e-3, 1), seeds)
def test_dtp_with_orthogonal_linear_layers_is_backpropagation(n, L, target_lr, seed):
    # There the inverse is the transpose.
    rng = np.random.default_rng(seed)
    model = MLP([n] * (L + 1), "identity", "half_mse", rng=rng)
    for W in model.W:
        W[:] = np.linalg.qr(rng.normal(size=(n, n)))[0]
    V, c = [W.T for W in model.W], [-W @ b for W, b in zip(model.W, model.b, strict=True)]
    X, Y = rng.normal(size=(2, 5, n))
    exact = model.value_and_gradient(X, Y)
    value, direction = dtp(model, X, Y, V, c, target_lr=target_lr)
    assert value == exact[0]
    assert_allclose(direction, exact[1], rtol=1e-9, atol=1e-11 / target_lr)


def test_dtp_propagates_targets_through_its_inverses():
    rng = np.random.default_rng(0)
    model = MLP([2, 3, 4, 2], "tanh", "half_mse", output="sigmoid", rng=rng)
    V = [rng.normal(size=W.shape[::-1]) for W in model.W]
    c = [rng.normal(size=W.shape[0]) for W in model.W]
    X, Y = rng.normal(size=(2, 5, 2))
    _, A = model.forward(X)
    eta = 0.3
    T = {3: A[3] - eta * (A[3] - Y) / 5}
    for l in (2, 1):
        T[l] = A[l] + np.tanh(T[l + 1] @ V[l] + c[l]) - np.tanh(A[l + 1] @ V[l] + c[l])
    slopes = {1: 1 - A[1] ** 2, 2: 1 - A[2] ** 2, 3: A[3] * (1 - A[3])}
    _, direction = dtp(model, X, Y, V, c, target_lr=eta)
    dW, db = layers(direction, model.sizes)
    for l in (1, 2, 3):
        delta = (A[l] - T[l]) / eta * slopes[l]
        assert_allclose(dW[l - 1], A[l - 1].T @ delta, rtol=1e-11, atol=1e-14)
        assert_allclose(db[l - 1], delta.sum(axis=0), rtol=1e-11, atol=1e-14)
    # The last layer's is the true gradient, whatever the inverses.
    _, exact = model.value_and_gradient(X, Y)
    assert_allclose(dW[2], layers(exact, model.sizes)[0][2], rtol=1e-11)
    with pytest.raises(ValueError, match="target_lr"):
        dtp(model, X, Y, V, c, target_lr=0)


def test_the_inverses_are_taught_to_undo_their_layers():
    rng = np.random.default_rng(1)
    model = MLP([3, 3, 4, 2], "tanh", "half_mse", rng=rng)
    V = [rng.normal(size=W.shape[::-1]) for W in model.W]
    c = [rng.normal(size=W.shape[0]) for W in model.W]
    X = rng.normal(size=(6, 3))

    def loss(V, c):
        # Analytic, so a complex step gives the derivative; the noise is drawn again from its seed.
        noise = np.random.default_rng(5)
        A, total = [X], 0.0
        for W, b, f in zip(model.W, model.b, [np.tanh, np.tanh, lambda z: z], strict=True):
            A.append(f(A[-1] @ W + b))
        for l in (1, 2):
            a = A[l] + 0.1 * noise.normal(size=A[l].shape)
            up = a @ model.W[l] + model.b[l]
            up = np.tanh(up) if l == 1 else up
            total += np.sum((np.tanh(up @ V[l] + c[l]) - a) ** 2) / 12
        return total

    value, dV, dc = dtp_inverses(model, X, V, c, noise=0.1, rng=np.random.default_rng(5))
    assert_allclose(value, loss(V, c), rtol=1e-13)
    for gradients, parameters in ((dV, V), (dc, c)):
        for l, gradient in enumerate(gradients):
            exact = np.zeros(gradient.shape)
            for index in np.ndindex(gradient.shape):
                moved = [p.astype(complex) for p in parameters]
                moved[l][index] += 1e-200j
                pair = (moved, c) if parameters is V else (V, moved)
                exact[index] = loss(*pair).imag / 1e-200
            assert_allclose(gradient, exact, rtol=1e-11, atol=1e-14)
    quiet = dtp_inverses(model, X, V, c, noise=0.0, rng=rng)[0]
    assert abs(quiet - value) > 1e-4


def test_dtp_learns():
    rng = np.random.default_rng(2)
    model = MLP([4, 8, 8, 2], "tanh", "half_mse", init="xavier", rng=rng)
    X = rng.normal(size=(50, 4))
    Y = np.tanh(X @ rng.normal(size=(4, 2)))
    V = [rng.normal(0, 0.3, W.shape[::-1]) for W in model.W]
    c = [np.zeros(W.shape[0]) for W in model.W]
    first, adam = model.value(X, Y), Adam(0.01)
    quality = dtp_inverses(model, X, V, c, noise=0.1, rng=rng)[0]
    for _ in range(400):
        _, dV, dc = dtp_inverses(model, X, V, c, noise=0.1, rng=rng)
        for parameters, gradients in ((V, dV), (c, dc)):
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter -= 0.1 * gradient
        adam.step(model.theta, dtp(model, X, Y, V, c, target_lr=0.1)[1])
    assert model.value(X, Y) < 0.1 * first
    assert dtp_inverses(model, X, V, c, noise=0.1, rng=rng)[0] < 0.5 * quality


# The score function


@pytest.mark.parametrize("baseline", [0.0, 2.5])
def test_reinforce_is_unbiased(baseline):
    logits, rewards = np.array([0.3, -1.0, 0.8]), np.array([1.0, 5.0, 2.0])
    p = np.exp(logits) / np.exp(logits).sum()
    exact = p * (rewards - p @ rewards)
    samples = reinforce(
        lambda k: rewards[k], logits, 20_000, baseline=baseline, rng=np.random.default_rng(0)
    )
    assert samples.shape == (20_000, 3)
    error = samples.std(axis=0, ddof=1) / np.sqrt(20_000)
    assert (np.abs(samples.mean(axis=0) - exact) < 4 * error).all()
    # Every row is (reward − baseline)(1_k − p) of its action, and actions come with p.
    outcomes = (rewards - baseline)[:, np.newaxis] * (np.eye(3) - p)
    distance = np.abs(samples[:, np.newaxis] - outcomes).max(axis=2)
    assert distance.min(axis=1).max() < 1e-14
    counts = np.bincount(distance.argmin(axis=1), minlength=3)
    assert stats.chisquare(counts, 20_000 * p).pvalue > 0.01


def test_a_baseline_may_calm_the_estimate():
    def reward(k):
        return 100.0 + k

    spread = [
        reinforce(reward, [0.0, 0.0], 2000, baseline=b, rng=np.random.default_rng(1)).std()
        for b in (0.0, 100.5)
    ]
    assert spread[1] < 0.02 * spread[0]


def test_reinforce_without_a_baseline_takes_off_nothing():
    drawn = [
        reinforce(lambda k: 3.0 + k, [0.0, 1.0], 9, rng=np.random.default_rng(0), **more)
        for more in ({}, {"baseline": 0.0})
    ]
    assert_array_equal(*drawn)


def test_reinforce_refuses():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="the reward is nan"):
        reinforce(lambda k: np.nan, [0.0, 1.0], 3, rng=rng)
    with pytest.raises(TypeError, match="seed 3"):
        reinforce(lambda k: 1.0, [0.0, 1.0], 3, rng=3)


# Kernels


def test_gaussian_kernel_by_hand():
    K = gaussian_kernel([[0.0, 0.0], [3.0, 4.0]], [[0.0, 0.0], [0.0, 2.0], [3.0, 4.0]], 2.0)
    exact = np.exp(-np.array([[0, 4, 25], [25, 13, 0]]) / 8)
    assert_allclose(K, exact, rtol=1e-15)
    with pytest.raises(ValueError, match="Z has 1 column"):
        gaussian_kernel(np.ones((2, 2)), np.ones((2, 1)), 1.0)


@given(st.integers(1, 7), st.integers(0, 30), seeds)
def test_kernel_descent_in_closed_form(N, steps, seed):
    # The residual after k steps is (I − ηK/N)ᵏ y.
    rng = np.random.default_rng(seed)
    K, y = gaussian_kernel(*[rng.normal(size=(N, 2))] * 2, 1.0), rng.normal(size=N)
    alpha = kernel_gd(K, y, 1.5, steps)
    assert alpha.shape == (steps + 1, N)
    left = np.linalg.matrix_power(np.eye(N) - 1.5 * K / N, steps) @ y
    assert_allclose(y - K @ alpha[-1], left, rtol=0, atol=1e-13 * (1 + np.abs(y).max()))
    # α stays where K does not tell it to go: α_k = (η/N) Σ_j (I − ηK/N)^j y.
    total = sum(np.linalg.matrix_power(np.eye(N) - 1.5 * K / N, j) @ y for j in range(steps))
    assert_allclose(alpha[-1], 1.5 / N * total, rtol=0, atol=1e-12 * (1 + np.abs(y).max()))


def test_kernel_descent_with_a_linear_kernel_is_linear_regression():
    rng = np.random.default_rng(0)
    X, y, w = rng.normal(size=(9, 3)), rng.normal(size=9), np.zeros(3)
    alpha = kernel_gd(X @ X.T, y, 0.4, 12)
    for k in range(13):
        assert_allclose(X.T @ alpha[k], w, rtol=0, atol=1e-14)
        w = w - 0.4 * X.T @ (X @ w - y) / 9


def test_kernel_descent_refuses():
    with pytest.raises(ValueError, match=r"K has shape \(2, 3\)"):
        kernel_gd(np.ones((2, 3)), [1.0, 1.0], 0.1, 3)
    with pytest.raises(ValueError, match="y has 3 entries, expected 2"):
        kernel_gd(np.eye(2), [1.0, 1.0, 1.0], 0.1, 3)
    with pytest.raises(FloatingPointError, match=r"step \d+ left .*learning rate 900"):
        kernel_gd(np.eye(2), [1.0, 1.0], 900.0, 400)


# Boosting


@given(st.integers(1, 9), st.integers(1, 3), seeds)
def test_the_best_stump_is_the_best_of_all(N, p, seed):
    rng = np.random.default_rng(seed)
    X, r = rng.integers(0, 4, (N, p)).astype(float), rng.normal(size=N)
    stump = fit_stump(X, r)
    least = np.sum((r - r.mean()) ** 2)
    for j in range(p):
        for threshold in (0.5, 1.5, 2.5):
            left = X[:, j] <= threshold
            if left.any() and not left.all():
                parts = r[left] - r[left].mean(), r[~left] - r[~left].mean()
                least = min(least, sum(part @ part for part in parts))
    error = np.sum((r - stump.predict(X)) ** 2)
    assert_allclose(error, least, rtol=1e-9, atol=1e-12)


def test_a_stump_by_hand():
    X = np.array([[5.0, 1.0], [5.0, 2.0], [5.0, 4.0], [5.0, 8.0]])
    assert fit_stump(X, [1.0, 3.0, 10.0, 12.0]) == Stump(1, 3.0, 2.0, 11.0)
    assert_array_equal(Stump(1, 4.0, -1.0, 1.0).predict(X), [-1, -1, -1, 1])
    # No split helps: one answer for all.
    assert fit_stump(X, [2.0, 2.0, 2.0, 2.0]) == Stump(0, np.inf, 2.0, 2.0)
    assert fit_stump([[1.0], [1.0]], [1.0, 3.0]) == Stump(0, np.inf, 2.0, 2.0)
    # Neighbors so close that their middle is the upper one still part.
    near = np.array([[1.0 + 2.0**-52], [1.0 + 2.0**-51]])
    assert_array_equal(fit_stump(near, [1.0, 3.0]).predict(near), [1, 3])


@pytest.mark.parametrize("loss", ["half_mse", "sigmoid_cross_entropy"])
def test_each_stump_fits_the_negative_gradient(loss):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 3))
    y = (X[:, 0] * X[:, 1] > 0).astype(float)
    boosted = stump_boost(X, y, 25, lr=0.3, loss=loss)
    assert len(boosted.stumps) == 25
    F, losses = np.zeros(40), []
    for k in range(26):
        if loss == "half_mse":
            losses.append(np.mean((F - y) ** 2) / 2)
            slope = F - y
        else:
            losses.append(np.mean(np.log1p(np.exp(-(2 * y - 1) * F))))
            slope = expit(F) - y
        if k < 25:
            # Stumps that part the samples elsewhere would differ in the first digits.
            assert_allclose(boosted.stumps[k], fit_stump(X, -slope), rtol=1e-11)
            F = F + 0.3 * boosted.stumps[k].predict(X)
    assert_allclose(boosted.losses, losses, rtol=1e-12)
    assert_allclose(boosted.predict(X), F, rtol=1e-12, atol=1e-14)
    assert (np.diff(boosted.losses) < 0).all()


def test_boosting_with_no_rounds_and_with_the_defaults():
    X, y = np.arange(4.0)[:, np.newaxis], np.array([0.0, 0.0, 1.0, 1.0])
    nothing = stump_boost(X, y, 0)
    assert_array_equal(nothing.predict(X), np.zeros(4))
    assert_array_equal(nothing.losses, [0.25])
    assert_allclose(stump_boost(X, y, 1).predict(X), [0, 0, 0.1, 0.1], rtol=1e-14)
    with pytest.raises(ValueError, match="y has 3 entries, expected 4"):
        stump_boost(X, y[:3], 1)
    with pytest.raises(ValueError, match="expected a share between 0 and 1"):
        stump_boost(X, y + 1, 1, loss="sigmoid_cross_entropy")


# Temporal differences


def chain(S, p, seed):
    rng = np.random.default_rng(seed)
    P = rng.dirichlet(np.ones(S), size=S)
    return rng.normal(size=(S, p)), P, rng.normal(size=S), rng.dirichlet(np.ones(S))


@given(st.integers(1, 5), st.integers(1, 4), st.floats(0, 0.99), seeds)
def test_td_sums_over_all_transitions(S, p, gamma, seed):
    Phi, P, reward, visits = chain(S, p, seed)
    w = np.random.default_rng(seed + 1).normal(size=p)
    exact = np.zeros(p)
    for s in range(S):
        for t in range(S):
            error = reward[s] + gamma * Phi[t] @ w - Phi[s] @ w
            exact += visits[s] * P[s, t] * error * Phi[s]
    assert_allclose(td_update(w, Phi, P, reward, gamma, visits), exact, rtol=1e-11, atol=1e-13)
    # The update is linear in w: differences give its Jacobian J_ki = ∂u_k/∂w_i.
    zero = td_update(np.zeros(p), Phi, P, reward, gamma, visits)
    columns = [td_update(e, Phi, P, reward, gamma, visits) - zero for e in np.eye(p)]
    J = td_jacobian(Phi, P, gamma, visits)
    assert_allclose(J, np.array(columns).T, rtol=1e-11, atol=1e-13)


def test_td_is_the_gradient_of_nothing_but_without_bootstrapping_it_is():
    Phi, P, _, visits = chain(4, 3, 0)
    J = td_jacobian(Phi, P, 0.9, visits)
    assert np.abs(J - J.T).max() > 0.01
    # γ = 0: −½ Σ d (r − Φw)², a weighted regression.
    J = td_jacobian(Phi, P, 0.0, visits)
    assert_allclose(J, J.T, rtol=1e-14)
    assert_allclose(J, -Phi.T @ np.diag(visits) @ Phi, rtol=1e-13)


def test_td_with_a_table_finds_the_values():
    # With one feature per state the update vanishes at v = (I − γP)⁻¹ r.
    _, P, reward, visits = chain(4, 1, 1)
    v = np.linalg.solve(np.eye(4) - 0.9 * P, reward)
    assert_allclose(td_update(v, np.eye(4), P, reward, 0.9, visits), 0, atol=1e-14)


def test_td_on_a_ring():
    # State 0 leads to 1, 1 to 2, 2 to 0: u_s = d_s (r_s + γ v_{s+1} − v_s).
    P, v = np.roll(np.eye(3), 1, axis=1), np.array([1.0, 2.0, 4.0])
    u = td_update(v, np.eye(3), P, [10.0, 20.0, 30.0], 0.5, [0.5, 0.25, 0.25])
    assert_array_equal(u, [5, 5, 6.625])


def test_td_refuses_what_is_no_chain():
    Phi, P, reward, visits = chain(3, 2, 0)
    w = np.zeros(2)
    for wrong in (P[:2], P * 2, P - 0.5 * np.eye(3) + 0.5 * np.eye(3)[[1, 2, 0]] - 1):
        with pytest.raises(ValueError, match="no transition matrix of 3 states"):
            td_update(w, Phi, wrong, reward, 0.9, visits)
    negative = np.array([[1.5, -0.5, 0], [0, 1, 0], [0, 0, 1]])
    with pytest.raises(ValueError, match="no transition matrix"):
        td_jacobian(Phi, negative, 0.9, visits)
    with pytest.raises(ValueError, match="discount is 1"):
        td_update(w, Phi, P, reward, 1.0, visits)
    with pytest.raises(ValueError, match="reward has 2 entries, expected 3"):
        td_update(w, Phi, P, reward[:2], 0.9, visits)
    with pytest.raises(ValueError, match="w has 3 entries, expected 2"):
        td_update(np.zeros(3), Phi, P, reward, 0.9, visits)
