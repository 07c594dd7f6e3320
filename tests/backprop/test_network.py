"""The network against exact fractions, complex steps and closed forms."""

import copy
import io
import itertools
import pickle
import re
import sys
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from bpcourse.backprop import network
from bpcourse.backprop.network import (
    MLP,
    History,
    fit,
    init_he,
    init_xavier,
    layers,
    mlp_backward,
    mlp_forward,
    mlp_init,
)
from bpcourse.basics import progress
from bpcourse.basics.activations import ACTIVATIONS, Activation
from bpcourse.basics.losses import LOSSES, Loss, one_hot

widths = st.lists(st.integers(1, 6), min_size=2, max_size=5)
rows = st.integers(1, 5)
seeds = st.integers(0, 10_000)

# Analytic twins without abs and max, so that a complex step can go through them.
PHI = {
    "identity": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "softplus": lambda z: np.log(1 + np.exp(z)),
    "silu": lambda z: z / (1 + np.exp(-z)),
    "relu": lambda z: np.where(z.real > 0, z, 0),
    "leaky_relu": lambda z: np.where(z.real > 0, z, 0.01 * z),
    "elu": lambda z: np.where(z.real > 0, z, np.exp(z) - 1),
}


def cost(name, o, t):
    if name == "half_mse":
        return ((o - t) ** 2).sum() / 2 / len(o)
    if name == "sigmoid_cross_entropy":
        return (np.log(1 + np.exp(o)) - t * o).sum() / len(o)
    return (np.log(np.exp(o).sum(axis=1, keepdims=True)) * t - t * o).sum() / len(o)


def value_in_numbers(theta, sizes, X, Y, hidden, output, loss, decay=0.0):
    """The cost from scratch, one unit at a time, for complex theta and X too."""
    start, A, squares = 0, X, 0
    for layer, (n_in, n_out) in enumerate(pairwise(sizes)):
        columns = []
        for j in range(n_out):
            w = [theta[start + i * n_out + j] for i in range(n_in)]
            squares += sum(v * v for v in w)
            bias = theta[start + n_in * n_out + j]
            columns.append(bias + sum(A[:, i] * w[i] for i in range(n_in)))
        start += (n_in + 1) * n_out
        Z = np.stack(columns, axis=1)
        A = PHI[output if layer == len(sizes) - 2 else hidden](Z)
    return cost(loss, A, Y) + decay * squares / 2


def complex_step(f, x):
    slopes = np.empty(x.shape)
    for k in np.ndindex(x.shape):
        z = x.astype(complex)
        z[k] += 1e-30j
        slopes[k] = f(z).imag / 1e-30
    return slopes


def example(sizes, N, seed, loss):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N, sizes[0]))
    k = sizes[-1]
    if loss == "softmax_cross_entropy":
        Y = one_hot(rng.integers(k, size=N), k)
    elif loss == "sigmoid_cross_entropy":
        Y = rng.uniform(size=(N, k))
    else:
        Y = rng.normal(size=(N, k))
    return X, Y, rng


def assert_gradients(sizes, N, seed, hidden, output, loss, decay):
    X, Y, rng = example(sizes, N, seed, loss)
    model = MLP(sizes, hidden, loss, init="xavier", rng=rng, output=output, weight_decay=decay)
    model.theta = model.theta + 0.1 * rng.normal(size=model.theta.shape)
    rest = (sizes, X, Y, hidden, output, loss, decay)
    value, gradient = model.value_and_gradient(X, Y)
    assert type(value) is float
    assert_allclose(value, value_in_numbers(model.theta, *rest), rtol=1e-12, atol=1e-14)
    exact = complex_step(lambda theta: value_in_numbers(theta, *rest), model.theta)
    scale = max(1.0, np.abs(exact).max())
    assert_allclose(gradient, exact, rtol=0, atol=1e-13 * scale)

    def value_at(inputs):
        return value_in_numbers(model.theta, sizes, inputs, *rest[2:])

    slopes = complex_step(value_at, X)
    dX = model.input_gradient(X, Y)
    assert dX.shape == X.shape
    assert_allclose(dX, slopes, rtol=0, atol=1e-13 * max(1.0, np.abs(slopes).max()))
    assert_allclose(model.value(X, Y), value, rtol=1e-15)


@settings(max_examples=60)
@given(
    widths,
    rows,
    seeds,
    st.sampled_from(sorted(PHI)),
    st.sampled_from(["identity", "sigmoid", "tanh"]),
    st.sampled_from(sorted(LOSSES)),
    st.sampled_from([0.0, 0.3]),
)
def test_gradients_are_those_of_a_complex_step(sizes, N, seed, hidden, output, loss, decay):
    assert_gradients(sizes, N, seed, hidden, output, loss, decay)


@pytest.mark.parametrize("hidden", sorted(ACTIVATIONS))
@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_every_activation_with_every_loss(hidden, loss):
    assert_gradients([3, 4, 5, 2], 6, 1, hidden, "identity", loss, 0.1)


def test_exact_fractions():
    # φ(z) = z² and ½-MSE are polynomials: central differences of the line through two points are
    # exact for a quadratic, and the derivative of a polynomial has no rounding in fractions.
    square = Activation("square", lambda z: z * z, lambda z: 2 * z)
    sizes, X, Y = [2, 2, 1], [[1, -2], [3, 1]], [[1], [-1]]
    model = MLP(sizes, square, "half_mse", rng=np.random.default_rng(0))
    model.theta = np.array([1, -2, 3, 1, 2, -1, 2, -3, 1]) / 4

    def value_at(theta):
        total = Fraction(0)
        for (x0, x1), (y,) in zip(X, Y, strict=True):
            hidden = [(x0 * theta[j] + x1 * theta[2 + j] + theta[4 + j]) ** 2 for j in range(2)]
            total += (hidden[0] * theta[6] + hidden[1] * theta[7] + theta[8] - y) ** 2 / 2
        return total / 2

    theta = [Fraction(v) for v in model.theta.tolist()]
    value, gradient = model.value_and_gradient(X, Y)
    assert value == float(value_at(theta))
    exact = []
    for k in range(9):
        # The value is a polynomial of degree at most 4 in one parameter: five points fix it.
        v = [value_at([*theta[:k], theta[k] + h, *theta[k + 1 :]]) for h in (-2, -1, 1, 2)]
        exact.append(float((v[0] - 8 * v[1] + 8 * v[2] - v[3]) / 12))
    assert_array_equal(gradient, exact)


def test_forward_and_backward_as_functions():
    X, Y, rng = example([3, 4, 2], 5, 0, "half_mse")
    theta, W, b = mlp_init([3, 4, 2], rng=rng)
    theta += 0.1 * rng.normal(size=theta.shape)
    phi = [ACTIVATIONS["tanh"], ACTIVATIONS["identity"]]
    Z, A = mlp_forward(X, W, b, phi)
    assert [z.shape for z in Z] == [(5, 4), (5, 2)]
    assert [a.shape for a in A] == [(5, 3), (5, 4), (5, 2)]
    assert A[0] is X
    assert_allclose(Z[0], np.einsum("si,ij->sj", X, W[0]) + b[0], rtol=1e-14)
    assert_allclose(A[1], np.tanh(Z[0]), rtol=1e-15)
    assert_allclose(A[2], np.einsum("si,ij->sj", A[1], W[1]) + b[1], rtol=1e-14)
    Delta, dW, db, dX = mlp_backward(Z, A, Y, W, phi, LOSSES["half_mse"])
    assert_allclose(Delta[1], (A[2] - Y) / 5, rtol=1e-14)
    assert_allclose(Delta[0], (Delta[1] @ W[1].T) / np.cosh(Z[0]) ** 2, rtol=1e-13)
    assert [d.shape for d in dW] == [w.shape for w in W]
    assert [d.shape for d in db] == [c.shape for c in b]
    assert dX.shape == X.shape
    without = mlp_backward(Z, A, Y, W, phi, LOSSES["half_mse"], inputs=False)
    assert without[3] is None
    for ours, theirs in zip(without[:3], (Delta, dW, db), strict=True):
        for one, other in zip(ours, theirs, strict=True):
            assert_array_equal(one, other)


def test_the_functions_leave_their_arguments_alone():
    X, Y, rng = example([3, 4, 2], 5, 0, "half_mse")
    theta, W, b = mlp_init([3, 4, 2], rng=rng)
    phi = [ACTIVATIONS["relu"], ACTIVATIONS["identity"]]
    Z, A = mlp_forward(X, W, b, phi)
    before = [array.copy() for array in (X, Y, theta, *Z, *A)]
    mlp_backward(Z, A, Y, W, phi, LOSSES["half_mse"])
    for array, old in zip((X, Y, theta, *Z, *A), before, strict=True):
        assert_array_equal(array, old)


def test_b1_to_b5_stand_on_one_line_each():
    lines = Path(network.__file__).read_text(encoding="utf-8").splitlines()
    for name in ("(B1)", "(B2)", "(B3)", "(B4)", "(B5)"):
        assert len([line for line in lines if line.endswith(f"# {name}")]) == 1


def test_weights_and_biases_are_views_into_theta():
    model = MLP([2, 3, 1], rng=np.random.default_rng(0))
    assert model.theta.shape == (2 * 3 + 3 + 3 + 1,)
    model.theta[:] = np.arange(13)
    assert_array_equal(model.W[0], [[0, 1, 2], [3, 4, 5]])
    assert_array_equal(model.b[0], [6, 7, 8])
    assert_array_equal(model.W[1], [[9], [10], [11]])
    assert_array_equal(model.b[1], [12])
    theta = model.theta
    model.theta = -np.arange(13)
    assert model.theta is theta
    assert model.W[1][2, 0] == -11
    model.b[1][0] = 5
    assert theta[-1] == 5
    with pytest.raises(
        ValueError, match=r"theta has shape \(13,\), got \(12,\); pass a flat array"
    ):
        model.theta = np.zeros(12)
    with pytest.raises(ValueError, match=r"theta has shape \(12,\), layers .* have 13 parameters"):
        layers(np.zeros(12), (2, 3, 1))


@pytest.mark.parametrize("twin", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_have_views_of_their_own(twin):
    model = MLP([2, 3, 2], "tanh", rng=np.random.default_rng(0))
    other = twin(model)
    assert_array_equal(other.theta, model.theta)
    other.theta[:] = 0
    assert not other.W[0].any()
    assert model.W[0].all()
    X, Y = [[1.0, 2.0]], [1]
    assert_allclose(other.value(X, Y), np.log(2), rtol=1e-15)
    assert other.predict(X).shape == (1,)


def test_results_are_not_overwritten_by_the_next_call():
    X, Y, rng = example([3, 4, 2], 5, 0, "half_mse")
    model = MLP([3, 4, 2], loss="half_mse", rng=rng)
    Z, A = model.forward(X)
    _, gradient = model.value_and_gradient(X, Y)
    kept = [array.copy() for array in (*Z, *A, gradient)]
    model.value_and_gradient(2 * X, 3 * Y)
    model.forward(2 * X)
    for array, old in zip((*Z, *A, gradient), kept, strict=True):
        assert_array_equal(array, old)


def test_batches_of_all_sizes_in_any_order():
    # The work arrays are shared by batches of different sizes.
    X, Y, rng = example([3, 4, 2], 8, 0, "half_mse")
    model = MLP([3, 4, 2], loss="half_mse", rng=rng)
    for N in (3, 8, 1, 5):
        value, gradient = model.value_and_gradient(X[:N], Y[:N])
        fresh = copy.deepcopy(model).value_and_gradient(X[:N], Y[:N])
        assert value == fresh[0]
        assert_array_equal(gradient, fresh[1])


def test_float32():
    model = MLP([3, 4, 2], rng=np.random.default_rng(0), dtype=np.float32)
    double = MLP([3, 4, 2], rng=np.random.default_rng(0))
    X = np.random.default_rng(1).normal(size=(5, 3))
    Z, A = model.forward(X)
    assert {a.dtype for a in (*Z, *A, model.theta, *model.W)} == {np.dtype(np.float32)}
    value, gradient = model.value_and_gradient(X, [0, 1, 0, 1, 1])
    assert gradient.dtype == np.float32
    exact = double.value_and_gradient(X, [0, 1, 0, 1, 1])
    assert_allclose(value, exact[0], rtol=1e-5)
    assert_allclose(gradient, exact[1], atol=1e-6)


def test_class_numbers_one_hot_rows_and_single_columns():
    model = MLP([2, 3], rng=np.random.default_rng(0))
    X, labels = [[1.0, 2.0], [0.5, -1.0]], [2, 0]
    assert_array_equal(
        model.value_and_gradient(X, labels)[1],
        model.value_and_gradient(X, one_hot(labels, 3))[1],
    )
    single = MLP([2, 1], loss="half_mse", rng=np.random.default_rng(0))
    assert single.value(X, [1.0, 2.0]) == single.value(X, [[1.0], [2.0]])


def test_predictions():
    X = np.random.default_rng(0).normal(size=(6, 2))
    model = MLP([2, 3], rng=np.random.default_rng(0))
    assert_array_equal(model.predict(X), model.forward(X)[1][-1].argmax(axis=1))
    model = MLP([2, 3], loss="sigmoid_cross_entropy", rng=np.random.default_rng(0))
    assert_array_equal(model.predict(X), model.forward(X)[1][-1] > 0)
    model = MLP([2, 3], loss="half_mse", rng=np.random.default_rng(0))
    assert_array_equal(model.predict(X), model.forward(X)[1][-1])


def test_own_loss():
    absolute = Loss("absolute", lambda o, t: np.abs(o - t).mean(), lambda o, t: np.sign(o - t) / 2)
    model = MLP([1, 1], loss=absolute, rng=np.random.default_rng(0))
    model.theta = np.array([2.0, 1.0])
    value, gradient = model.value_and_gradient([[1.0], [3.0]], [[2.0], [9.0]])
    assert value == 1.5
    assert_array_equal(gradient, [-1.0, 0.0])


def test_the_inits_have_their_variances():
    rng = np.random.default_rng(0)
    for draw, variance in ((init_he, 2 / 400), (init_xavier, 2 / 700)):
        W = draw(400, 300, rng)
        assert W.shape == (400, 300)
        # The standard error of a variance from 120,000 normal draws is 0.4 %.
        assert_allclose(W.var(), variance, rtol=0.02)
        assert abs(W.mean()) < 5 * np.sqrt(variance / W.size)


def test_what_is_drawn_depends_on_the_generator_only():
    for init in ("he", "xavier"):
        one, W, b = mlp_init([4, 3, 2], init=init, rng=np.random.default_rng(7))
        other = MLP([4, 3, 2], init=init, rng=np.random.default_rng(7))
        assert_array_equal(one, other.theta)
        assert not np.concatenate(b).any()
        assert W[0].all()
    he, xavier = (
        mlp_init([4, 3], init=i, rng=np.random.default_rng(7))[0] for i in ("he", "xavier")
    )
    assert_allclose(he[:12] * np.sqrt(4 / 7), xavier[:12], rtol=1e-14)
    assert not np.array_equal(MLP([4, 3]).theta, MLP([4, 3]).theta)
    ones = MLP([4, 3], init=lambda n_in, n_out, rng: np.ones((n_in, n_out)))
    assert_array_equal(ones.W[0], 1)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: MLP([4]), ValueError, r"sizes is \[4\], expected at least"),
        (lambda: MLP([4, 0]), ValueError, r"sizes\[1\] is 0, expected at least 1"),
        (lambda: MLP([4, 2.0]), TypeError, r"sizes\[1\] is 2.0"),
        (lambda: MLP([4, 2], "rulu"), ValueError, "no activation is called 'rulu'"),
        (lambda: MLP([4, 2], loss="mse"), ValueError, "no loss is called 'mse'"),
        (lambda: MLP([4, 2], init="big"), ValueError, "init is 'big', expected one of he, xavier"),
        (lambda: MLP([4, 2], rng=3), TypeError, r"numpy\.random\.default_rng"),
        (lambda: MLP([4, 2], weight_decay=-1), ValueError, "weight_decay is -1"),
    ],
)
def test_a_network_that_cannot_be(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


@pytest.mark.parametrize(
    ("X", "Y", "message"),
    [
        (
            np.ones((5, 3)),
            [0] * 5,
            r"X has 3 columns, the network takes 4 inputs; pass X of shape \(N",
        ),
        (np.ones(4), [0], r"X has shape \(4,\)"),
        (np.ones((0, 4)), [], "X is empty"),
        (np.full((1, 4), np.nan), [0], "not finite"),
        (np.ones((5, 4)), [0] * 4, "X has 5 rows, Y has 4; pass one target per sample"),
        (np.ones((2, 4)), [0, 2], r"Y\[1\] is 2, expected a class number from 0 to 1"),
        (np.ones((2, 4)), np.ones((2, 3)) / 3, r"Y has shape \(2, 3\), the output has 2 columns"),
    ],
)
def test_samples_that_do_not_fit(X, Y, message):
    model = MLP([4, 2], rng=np.random.default_rng(0))
    for method in (model.value_and_gradient, model.value, model.input_gradient):
        with pytest.raises(ValueError, match=message):
            method(X, Y)


def test_repr():
    assert (
        repr(MLP([2, 3, 1])) == "MLP(2-3-1, relu → identity, softmax_cross_entropy, 13 parameters)"
    )


class Recorder:
    """An optimizer that takes plain steps and keeps what it got."""

    def __init__(self, lr):
        self.lr, self.gradients = lr, []

    def step(self, x, gradient):
        self.gradients.append(gradient.copy())
        x -= self.lr * gradient


def blobs(N=60):
    rng = np.random.default_rng(4)
    y = rng.integers(3, size=N)
    return np.array([[0.0, 2.0], [2.0, 0.0], [-2.0, -2.0]])[y] + 0.3 * rng.normal(size=(N, 2)), y


def test_fit_goes_through_a_permutation_each_epoch():
    # One linear unit without targets: the gradient of ½ w² x² tells which samples were there.
    X = np.sqrt(2.0 ** np.arange(7))[:, np.newaxis]
    model = MLP([1, 1], loss="half_mse", rng=np.random.default_rng(0))
    model.theta = np.array([1.0, 0.0])
    start = copy.deepcopy(model)
    optimizer = Recorder(0.0)
    history = fit(
        model, X, np.zeros(7), optimizer, epochs=4, batch_size=3, rng=np.random.default_rng(2)
    )
    sizes = [3, 3, 1] * 4
    sums = [round(g[0] * n) for g, n in zip(optimizer.gradients, sizes, strict=True)]
    for epoch in range(4):
        batches = sums[3 * epoch : 3 * epoch + 3]
        assert [n.bit_count() for n in batches] == [3, 3, 1]
        assert sum(batches) == 2**7 - 1  # each sample once
    assert len({tuple(sums[i : i + 3]) for i in range(0, 12, 3)}) > 1
    # The short batch counts for its one sample only: with the weights at rest, the loss of each
    # epoch is that of all samples.
    assert_allclose(history.loss, start.value(X, np.zeros(7)), rtol=1e-14)
    assert history.step_loss.shape == (12,)
    assert_allclose(history.step_loss, [s / n / 2 for s, n in zip(sums, sizes, strict=True)])
    assert history.validation_loss is None
    with pytest.raises(AttributeError):
        history.loss = None


def test_fit_takes_the_steps_that_it_records():
    X, y = blobs()
    model = MLP([2, 5, 3], "tanh", rng=np.random.default_rng(0))
    start = model.theta.copy()
    optimizer = Recorder(0.5)
    fit(model, X, y, optimizer, epochs=2, batch_size=16, rng=np.random.default_rng(2))
    assert_allclose(model.theta, start - 0.5 * sum(optimizer.gradients), rtol=1e-12)


def test_fit_learns_and_validates():
    X, y = blobs()
    model = MLP([2, 8, 3], rng=np.random.default_rng(0))
    history = fit(
        model,
        X,
        y,
        Recorder(0.3),
        epochs=20,
        batch_size=100,
        rng=np.random.default_rng(2),
        validation=(X, y),
    )
    assert history.loss.shape == history.validation_loss.shape == (20,)
    assert history.step_loss.shape == (20,)
    # With one batch per epoch the next epoch's loss is that after this one's step.
    assert_allclose(history.validation_loss[:-1], history.loss[1:], rtol=1e-12)
    assert_allclose(history.validation_loss[-1], model.value(X, y), rtol=1e-12)
    assert history.loss[-1] < 0.05 * history.loss[0]
    assert (model.predict(X) == y).all()


def test_fit_is_repeatable():
    X, y = blobs()
    runs = []
    for _ in range(2):
        model = MLP([2, 5, 3], rng=np.random.default_rng(0))
        fit(model, X, y, Recorder(0.1), epochs=2, batch_size=7, rng=np.random.default_rng(2))
        runs.append(model.theta)
    assert_array_equal(*runs)


@pytest.mark.parametrize("rate", [1e150, 1e308])
def test_fit_ends_when_it_diverges(rate):
    X, y = blobs()
    model = MLP([2, 5, 3], loss="half_mse", rng=np.random.default_rng(0))
    sentence = rf"step \d+, in epoch \d: .* with the learning rate {re.escape(str(rate))}; take a"
    with (
        np.errstate(over="raise", invalid="raise"),
        pytest.raises(FloatingPointError, match=sentence),
    ):
        fit(
            model,
            X,
            one_hot(y, 3),
            Recorder(rate),
            epochs=5,
            batch_size=20,
            rng=np.random.default_rng(0),
            validation=(X, one_hot(y, 3)),
        )


def test_fit_names_the_step_and_looks_at_the_weights_after_the_last():
    class Breaks(Recorder):
        def step(self, x, gradient):
            self.gradients.append(gradient)
            if len(self.gradients) == self.last:
                x[0] = np.inf

    X, y = blobs()
    for last, message in (
        (4, "step 5, in epoch 2: the loss is nan"),
        (6, "step 6, in epoch 2: a par"),
    ):
        optimizer = Breaks(0.1)
        optimizer.last = last
        model = MLP([2, 5, 3], rng=np.random.default_rng(0))
        with pytest.raises(FloatingPointError, match=message):
            fit(model, X, y, optimizer, epochs=2, batch_size=20, rng=np.random.default_rng(0))


def test_fit_refuses_what_it_cannot_use():
    X, y = blobs()
    model = MLP([2, 3], rng=np.random.default_rng(0))
    good = {"epochs": 1, "batch_size": 8, "rng": np.random.default_rng(0)}
    for kind, changed, message in [
        (TypeError, {"optimizer": "adam"}, r"optimizer is 'adam'; pass for example bpcourse\.Adam"),
        (TypeError, {"rng": 0}, "default_rng"),
        (ValueError, {"epochs": 0}, "epochs is 0"),
        (ValueError, {"batch_size": 0}, "batch_size is 0"),
        (ValueError, {"validation": (X[:3], y)}, "X has 3 rows, Y has 60"),
        (ValueError, {"X": X[:3]}, "X has 3 rows, Y has 60"),
    ]:
        with pytest.raises(kind, match=message):
            fit(model, **({"X": X, "Y": y, "optimizer": Recorder(0.1)} | good | changed))


def test_the_bar_shows_where_somebody_watches(monkeypatch):
    X, y = blobs()
    clock = itertools.count()

    def run(watched, wanted=True):
        monkeypatch.setattr(sys, "stderr", io.StringIO())
        monkeypatch.setenv("BPCOURSE_STATIC", "0" if watched else "1")
        monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(clock)))
        model = MLP([2, 3], rng=np.random.default_rng(0))
        rest = {"epochs": 4, "batch_size": 60, "rng": np.random.default_rng(0), "progress": wanted}
        fit(model, X, y, Recorder(0.1), **rest)
        return sys.stderr.getvalue()

    assert run(watched=False) == ""
    assert run(watched=True, wanted=False) == ""
    shown = run(watched=True).split("\r")
    assert "█" * 6 + "░" * 18 + " 1/4 loss" in shown[1]
    assert "3 s left" in shown[1]
    assert "█" * 24 + " 4/4 loss" in shown[4]
    assert shown[5].strip() == ""
    assert shown[6] == ""


def test_history_draws_itself():
    shown = History(np.array([2.0, 1.0]), np.arange(6.0), np.array([3.0, 1.5])).plot()
    assert shown.alt == (
        "Over 2 epochs the training loss goes from 2 to 1 "
        "and the validation loss goes from 3 to 1.5."
    )
    assert "<svg" in shown.html
    assert "validation" not in History(np.array([0.0]), np.arange(3.0)).plot().alt
