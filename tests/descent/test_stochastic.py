"""Chapter 5's algorithms against exact enumeration, fractions, closed forms and recursions."""

from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from functools import partial
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from bpcourse.descent.convergence import logreg_loss_grad
from bpcourse.descent.learning import linreg_loss_grad
from bpcourse.descent.quadratics import gd
from bpcourse.descent.stochastic import (
    accumulated_gradient,
    bootstrap_se,
    constant_rate,
    cosine_decay,
    data_parallel_gradient,
    minibatch_variance,
    minibatches,
    noise_ball_bound,
    robbins_monro,
    schedules,
    sgd,
    stationary_variance,
    step_decay,
    warmup,
)

seeds = st.integers(0, 10_000)


def regression(N, p, seed):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(N, p)), rng.normal(size=N), rng.normal(size=p)


@given(st.integers(1, 60), st.integers(1, 60), seeds)
def test_an_epoch_is_a_permutation(N, B, seed):
    B = min(B, N)
    batches = minibatches(N, B, np.random.default_rng(seed))
    assert sorted(np.concatenate(batches)) == list(range(N))
    assert [len(batch) for batch in batches[:-1]] == [B] * ((N - 1) // B)
    assert len(batches[-1]) == (N - 1) % B + 1


def test_epochs_are_shuffled_anew_and_uniformly():
    rng = np.random.default_rng(0)
    first, second = (np.concatenate(minibatches(50, 7, rng)).tolist() for _ in range(2))
    assert first != second != list(range(50))
    again = np.concatenate(minibatches(50, 7, np.random.default_rng(0)))
    assert again.tolist() == first
    counts = np.zeros((3, 3))
    for _ in range(6000):
        order = np.concatenate(minibatches(3, 2, rng))
        counts[np.arange(3), order] += 1
    assert_allclose(counts, 2000, rtol=0, atol=5 * np.sqrt(6000 * 2 / 9))


def test_what_minibatches_refuses():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="batch_size is 4, there are 3 samples; pass at most 3"):
        minibatches(3, 4, rng)
    with pytest.raises(ValueError, match="batch_size is 0"):
        minibatches(3, 0, rng)
    with pytest.raises(TypeError, match="rng is the seed 0"):
        minibatches(3, 2, 0)


def test_with_all_samples_in_a_batch_it_is_gradient_descent():
    X, y, w = regression(8, 3, 0)

    def df(w, batch):
        return linreg_loss_grad(X[batch], y[batch], w)[1]

    path = sgd(df, w, 8, lr=0.1, batch_size=8, epochs=20, rng=np.random.default_rng(0))
    expected = gd(lambda w: linreg_loss_grad(X, y, w)[1], w, 0.1, 20)
    assert_allclose(path, expected, rtol=1e-12)


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 3), seeds)
def test_every_sample_weighs_the_same_in_an_epoch(N, B, epochs, seed):
    # With slopes that do not depend on w, an epoch adds up to N/B times the mean slope.
    B = min(B, N)
    G = np.random.default_rng(seed).integers(-9, 10, (N, 2)).astype(float)
    path = sgd(
        lambda w, batch: G[batch].mean(axis=0),
        [0.0, 0.0],
        N,
        lr=0.5,
        batch_size=B,
        epochs=epochs,
        rng=np.random.default_rng(seed),
    )
    assert path.shape == (epochs * -(-N // B) + 1, 2)
    assert_allclose(path[-1], -0.5 * epochs * G.sum(axis=0) / B, rtol=0, atol=1e-12)


def test_sgd_step_by_step():
    X, y, w = regression(7, 2, 1)
    asked = []

    def df(w, batch):
        asked.append(batch)
        return linreg_loss_grad(X[batch], y[batch], w)[1]

    path = sgd(
        df, w, 7, lr=lambda k: 0.1 / (k + 1), batch_size=3, epochs=2, rng=np.random.default_rng(5)
    )
    rng = np.random.default_rng(5)
    expected = minibatches(7, 3, rng) + minibatches(7, 3, rng)
    assert [batch.tolist() for batch in asked] == [batch.tolist() for batch in expected]
    position = [Fraction(v) for v in w]
    for k, batch in enumerate(expected):
        residuals = [
            sum(Fraction(a) * v for a, v in zip(X[i], position, strict=True)) - Fraction(y[i])
            for i in batch
        ]
        eta = Fraction(1, 10 * (k + 1)) * Fraction(len(batch), 3) / len(batch)
        position = [
            v - eta * sum(r * Fraction(X[i, j]) for r, i in zip(residuals, batch, strict=True))
            for j, v in enumerate(position)
        ]
        assert_allclose(path[k + 1], [float(v) for v in position], rtol=1e-13)


def test_sgd_settles_with_a_falling_rate():
    X, y, w = regression(50, 3, 2)
    best = np.linalg.lstsq(X, y, rcond=None)[0]

    def df(w, batch):
        return linreg_loss_grad(X[batch], y[batch], w)[1]

    rate = partial(robbins_monro, lr=0.1, k0=50)
    path = sgd(df, w, 50, lr=rate, batch_size=5, epochs=400, rng=np.random.default_rng(0))
    assert np.linalg.norm(path[-1] - best) < 5e-3
    constant = sgd(df, w, 50, lr=0.1, batch_size=5, epochs=200, rng=np.random.default_rng(0))
    assert np.linalg.norm(constant[1000:] - best, axis=1).min() > 5e-3


def test_what_sgd_refuses():
    def df(w, batch):
        return 0 * w

    run = partial(sgd, df, [1.0], 4, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="lr is 0"):
        run(lr=0.0, batch_size=2, epochs=1)
    with pytest.raises(ValueError, match=r"lr\(1\) is -1"):
        run(lr=lambda k: 1 - 2 * k, batch_size=2, epochs=1)
    with pytest.raises(ValueError, match="batch_size is 5, there are 4"):
        run(lr=0.1, batch_size=5, epochs=1)
    with pytest.raises(ValueError, match="epochs is -1"):
        run(lr=0.1, batch_size=2, epochs=-1)
    with pytest.raises(ValueError, match=r"the gradient has shape \(\), x has shape \(1,\)"):
        sgd(lambda w, batch: 1.0, [1.0], 4, lr=0.1, batch_size=2, epochs=1, rng=run.keywords["rng"])
    with pytest.raises(FloatingPointError, match=r"step 2 left .* learning rate 1e\+300; take"):
        sgd(
            lambda w, batch: w,
            [1.0, 0.0],
            4,
            lr=1e300,
            batch_size=2,
            epochs=1,
            rng=np.random.default_rng(0),
        )
    assert_array_equal(run(lr=lambda k: 0.0, batch_size=3, epochs=1), [[1], [1], [1]])


def test_sgd_keeps_float32():
    path = sgd(
        lambda w, batch: w,
        np.ones(2, np.float32),
        4,
        lr=0.5,
        batch_size=2,
        epochs=1,
        rng=np.random.default_rng(0),
    )
    assert path.dtype == np.float32
    assert_array_equal(path, [[1, 1], [0.5, 0.5], [0.25, 0.25]])


def test_the_schedules_by_hand():
    k = np.arange(5)
    assert_array_equal(constant_rate(k, 0.3), [0.3] * 5)
    assert constant_rate(7, 0.3) == 0.3
    assert_allclose(robbins_monro(k, 0.6, k0=2), [0.6, 0.4, 0.3, 0.24, 0.2], rtol=1e-15)
    assert_allclose(robbins_monro(3, 1.0), 0.25, rtol=1e-15)
    assert_allclose(robbins_monro(15, 1.0, power=0.75), 1 / 8, rtol=1e-15)
    assert_array_equal(step_decay(k, 8.0, 2, 0.5), [8, 8, 4, 4, 2])
    assert_allclose(step_decay(2, 1.0, 1), 0.01, rtol=1e-15)
    assert_allclose(cosine_decay(k, 2.0, 4), [2, 1 + 0.5**0.5, 1, 1 - 0.5**0.5, 0], atol=1e-15)
    assert_allclose(cosine_decay([3, 6, 9], 2.0, 6, 1.0), [1.5, 1, 1], rtol=1e-15)
    assert_allclose(warmup(k, 0.8, 4), [0.2, 0.4, 0.6, 0.8, 0.8], rtol=1e-15)
    assert set(schedules) == {"constant", "robbins_monro", "step", "cosine", "warmup"}
    assert schedules["cosine"] is cosine_decay and schedules["step"] is step_decay


def test_every_schedule_is_a_rate_for_sgd():
    arguments = {"step": {"every": 2}, "cosine": {"steps": 4}, "warmup": {"steps": 3}}
    for name, schedule in schedules.items():
        rate = partial(schedule, lr=0.5, **arguments.get(name, {}))
        path = sgd(
            lambda w, batch: np.ones(1),
            [0.0],
            4,
            lr=rate,
            batch_size=1,
            epochs=1,
            rng=np.random.default_rng(0),
        )
        assert_allclose(-np.diff(path[:, 0]), rate(np.arange(4)), rtol=1e-14)


def test_what_the_schedules_refuse():
    for power in (0.5, 1.01):
        with pytest.raises(ValueError, match="power"):
            robbins_monro(1, 0.1, power=power)
    for call in (
        lambda: robbins_monro(1, 0.1, k0=0),
        lambda: step_decay(1, 0.1, 0),
        lambda: step_decay(1, 0.1, 5, 1.0),
        lambda: cosine_decay(1, 0.1, 0),
        lambda: warmup(1, 0.1, 0),
    ):
        with pytest.raises(ValueError, match="expected"):
            call()


@pytest.mark.parametrize(("N", "B"), [(1, 1), (4, 1), (5, 2), (6, 4), (6, 6)])
def test_the_variance_of_a_minibatch_by_listing_all_of_them(N, B):
    G = np.random.default_rng(N + B).integers(-9, 10, (N, 2)).astype(float)
    means = [G[list(batch)].mean(axis=0) for batch in combinations(range(N), B)]
    assert_allclose(minibatch_variance(G, B), np.var(means, axis=0), rtol=1e-13, atol=1e-13)
    if N**B < 2000:
        means = [G[list(batch)].mean(axis=0) for batch in product(range(N), repeat=B)]
        expected = np.var(means, axis=0)
        assert_allclose(minibatch_variance(G, B, replacement=True), expected, rtol=1e-13)


def test_minibatch_variance_checks_the_size():
    G = np.array([[1.0], [3.0]])
    with pytest.raises(ValueError, match="batch_size is 3, there are 2 samples"):
        minibatch_variance(G, 3)
    assert_array_equal(minibatch_variance(G, 4, replacement=True), [0.25])


def test_the_minibatches_have_that_variance():
    rng = np.random.default_rng(0)
    G = rng.normal(size=(12, 1))
    means = [G[batch].mean() for _ in range(5000) for batch in minibatches(12, 4, rng)]
    # 15 000 draws: the standard deviation of their variance is about 1.2 %.
    assert np.var(means) == pytest.approx(minibatch_variance(G, 4)[0], rel=0.05)


@given(st.floats(0.01, 1.99), st.floats(0.1, 10), st.floats(0, 5))
def test_the_stationary_variance_does_not_change_in_a_step(reach, curvature, variance):
    lr = reach / curvature
    v = stationary_variance(lr, curvature, variance)
    after = (1 - lr * curvature) ** 2 * v + lr**2 * variance
    assert after == pytest.approx(v, rel=1e-12)


def test_the_stationary_variance_by_hand_and_by_running():
    assert stationary_variance(0.5, 2.0, 3.0) == 0.75
    rng = np.random.default_rng(0)
    w = np.zeros(20_000)
    for _ in range(60):
        w -= 0.3 * (2.0 * w + rng.normal(0, 1.5, w.size))
    assert w.var() == pytest.approx(stationary_variance(0.3, 2.0, 2.25), rel=0.04)
    for bad in ((1.0, 2.0, 1.0), (0.0, 1.0, 1.0), (1.0, 0.0, 1.0), (0.1, 1.0, -1.0)):
        with pytest.raises(ValueError, match="expected"):
            stationary_variance(*bad)


def test_the_noise_ball_bound_holds():
    # On a quadratic, E f follows from mean and variance of each mode exactly.
    rng = np.random.default_rng(1)
    for _ in range(50):
        lam = rng.uniform(0.1, 2, 4)
        lr = rng.uniform(0.1, 1) / lam.max()
        sigma2, mean, var = rng.uniform(0, 1, 4), rng.normal(size=4), np.zeros(4)
        gap = np.sum(lam * mean**2) / 2
        bounds = noise_ball_bound(gap, lr, lam.min(), lam.max(), sigma2.sum(), np.arange(60))
        for bound in bounds:
            assert np.sum(lam * (mean**2 + var)) / 2 <= bound * (1 + 1e-12)
            mean, var = (1 - lr * lam) * mean, (1 - lr * lam) ** 2 * var + lr**2 * sigma2


def test_the_noise_ball_bound_by_hand():
    assert noise_ball_bound(8.0, 0.25, 2.0, 4.0, 3.0, 2) == 2 + 0.75
    assert_array_equal(noise_ball_bound(8.0, 0.25, 2.0, 4.0, 0.0, [0, 1]), [8, 4])
    # In one dimension with η = 1/λ it is attained: E f = λV/2.
    exact = 2.0 * stationary_variance(0.5, 2.0, 3.0) / 2
    assert noise_ball_bound(0.0, 0.5, 2.0, 2.0, 3.0, 5) == exact
    assert noise_ball_bound(1.0, 1 / 3, 3.0, 3.0, 0.0, 1) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1.0, 0.26, 2.0, 4.0, 1.0, 1), "the bound needs mu ≤ L and lr ≤ 1/L = 0.25"),
        ((1.0, 0.1, 5.0, 4.0, 1.0, 1), "the bound needs mu ≤ L"),
        ((-1.0, 0.1, 2.0, 4.0, 1.0, 1), "gap"),
        ((1.0, 0.0, 2.0, 4.0, 1.0, 1), "lr"),
        ((1.0, 0.1, 0.0, 4.0, 1.0, 1), "mu"),
        ((1.0, 0.1, 2.0, 0.0, 1.0, 1), "L"),
        ((1.0, 0.1, 2.0, 4.0, -1.0, 1), "variance"),
        ((1.0, 0.1, 2.0, 4.0, 1.0, -1), "steps"),
        ((1.0, 0.1, 2.0, 4.0, 1.0, [-1, 1]), "steps"),
        ((1.0, 0.1, 2.0, 4.0, 1.0, 0.5), "steps"),
    ],
)
def test_what_the_noise_ball_bound_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        noise_ball_bound(*arguments)


def test_the_bootstrap_tends_to_the_closed_form():
    G = np.random.default_rng(0).normal(size=(16, 3)) * [1, 5, 0.1]
    expected = np.sqrt(np.sum((G - G.mean(axis=0)) ** 2, axis=0)) / 16
    # The standard error of a standard deviation of 40 000 draws is 0.35 %.
    assert_allclose(bootstrap_se(G, 40_000, np.random.default_rng(1)), expected, rtol=0.015)
    assert_array_equal(bootstrap_se([[2.0, 3.0]], 5, np.random.default_rng(1)), [0, 0])


def test_the_bootstrap_divides_by_one_less():
    G = np.array([[0.0], [1.0]])
    drawn = np.random.default_rng(3).multinomial(2, [0.5, 0.5], size=4)[:, 1] / 2
    expected = np.sqrt(np.sum((drawn - drawn.mean()) ** 2) / 3)
    assert bootstrap_se(G, 4, np.random.default_rng(3))[0] == pytest.approx(expected, rel=1e-14)
    with pytest.raises(ValueError, match="resamples is 1, expected at least 2"):
        bootstrap_se(G, 1, np.random.default_rng(0))


class Pool:
    """A stand-in for a cluster's client: shards may be handles of data that are elsewhere."""

    def __init__(self, executor):
        self.executor, self.calls, self.pure = executor, 0, None

    def scatter(self, shards):
        return [self.executor.submit(lambda shard=shard: shard) for shard in shards]

    def map(self, f, items, *, pure, **keywords):
        self.calls, self.pure = self.calls + len(items), pure
        resolve = [item.result() if hasattr(item, "result") else item for item in items]
        return [self.executor.submit(f, item, **keywords) for item in resolve]

    def gather(self, futures):
        return [future.result() for future in futures]


@given(st.lists(st.integers(1, 5), min_size=1, max_size=5), seeds)
def test_shards_of_any_sizes_add_up_to_the_whole(sizes, seed):
    X, y, w = regression(sum(sizes), 3, seed)
    cuts = np.cumsum(sizes)[:-1]
    shards = list(zip(np.split(X, cuts), np.split(y, cuts), strict=True))
    loss, gradient = linreg_loss_grad(X, y, w)
    total, slope = data_parallel_gradient(linreg_loss_grad, iter(shards), w)
    assert isinstance(total, float)
    assert total == pytest.approx(loss, rel=1e-13)
    assert_allclose(slope, gradient, rtol=0, atol=1e-13 * np.abs(X).max() * np.sqrt(loss))


def test_a_client_gives_the_same_numbers():
    X, y, w = regression(10, 3, 4)
    labels = (y > 0).astype(int)
    shards = [(X[:3], labels[:3]), (X[3:4], labels[3:4]), (X[4:], labels[4:])]
    alone = data_parallel_gradient(logreg_loss_grad, shards, w)
    with ThreadPoolExecutor(2) as executor:
        client = Pool(executor)
        for sent in (shards, iter(shards), client.scatter(shards)):
            loss, gradient = data_parallel_gradient(logreg_loss_grad, sent, w, client=client)
            assert loss == alone[0]
            assert_array_equal(gradient, alone[1])
    assert client.calls == 9
    # A pure task's result is kept under the hash of its inputs, for nothing: w is always new.
    assert client.pure is False


def test_no_shards_is_an_error():
    with pytest.raises(ValueError, match="shards is empty"):
        data_parallel_gradient(linreg_loss_grad, [], [1.0])


@given(st.integers(1, 12), st.integers(1, 13), seeds)
def test_accumulation_is_the_full_batch(N, B, seed):
    X, y, w = regression(N, 2, seed)
    rows = []

    def loss_grad(X, y, w):
        rows.append(len(X))
        return linreg_loss_grad(X, y, w)

    loss, gradient = linreg_loss_grad(X, y, w)
    total, slope = accumulated_gradient(loss_grad, X, y, w, B)
    assert total == pytest.approx(loss, rel=1e-13)
    assert_allclose(slope, gradient, rtol=0, atol=1e-13 * np.abs(X).max() * np.sqrt(loss))
    assert max(rows) <= B and sum(rows) == N and len(rows) == -(-N // B)


def test_accumulation_wants_a_target_per_row():
    with pytest.raises(ValueError, match="y has 2 targets, X has 3 rows"):
        accumulated_gradient(linreg_loss_grad, np.ones((3, 1)), np.ones(2), [1.0], 2)


def test_the_module_does_not_load_dask():
    import subprocess
    import sys

    code = "import bpcourse.descent.stochastic, sys; print('distributed' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "False\n"
