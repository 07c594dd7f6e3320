"""Losses against 60-digit arithmetic, with logits up to 1e4 and answers as sure as they get."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from bpcourse.basics.losses import LOSSES, Loss, as_loss, logsumexp, one_hot, softmax

NAMES = list(LOSSES)
TINY = np.finfo(float).tiny
sizes = st.integers(1, 6)
seeds = st.integers(0, 10_000)
scales = st.sampled_from([1e-300, 1e-8, 1.0, 30.0, 700.0, 1e4])


def exact_rows(name, output, target):
    """The loss of each row, in the present precision, straight from its definition."""
    for o, t in zip(output, target, strict=True):
        if name == "half_mse":
            yield sum((a - b) ** 2 for a, b in zip(o, t, strict=True)) / 2
        elif name == "sigmoid_cross_entropy":
            p = [1 / (1 + mpmath.exp(-a)) for a in o]
            q = [1 / (1 + mpmath.exp(a)) for a in o]
            yield -sum(
                b * mpmath.log(c) + (1 - b) * mpmath.log(d) for b, c, d in zip(t, p, q, strict=True)
            )
        else:
            total = sum(mpmath.exp(a) for a in o)
            yield -sum(b * mpmath.log(mpmath.exp(a) / total) for a, b in zip(o, t, strict=True))


def exact(name, output, target):
    """The mean loss and its derivative by central differences, with digits to spare."""
    # 400 digits: beside a share of 1 one of 1e-308 still counts, and float64 has none smaller.
    with mpmath.workdps(400):
        o, t = (
            [[mpmath.mpf(v) for v in row] for row in array.tolist()] for array in (output, target)
        )
        value = sum(exact_rows(name, o, t)) / len(o)
        slopes = np.empty(output.shape)
        for i, j in np.ndindex(output.shape):
            if name == "half_mse":
                slope = o[i][j] - t[i][j]
            elif name == "sigmoid_cross_entropy":
                slope = 1 / (1 + mpmath.exp(-o[i][j])) - t[i][j]
            else:
                slope = mpmath.exp(o[i][j]) / sum(mpmath.exp(a) for a in o[i]) - t[i][j]
            slopes[i, j] = float(slope / len(o))
        return float(value), slopes


def hard_targets(name, N, k, rng):
    if name == "softmax_cross_entropy":
        return one_hot(rng.integers(k, size=N), k)
    return rng.integers(2, size=(N, k)).astype(float)


@pytest.mark.parametrize("scale", [1e-300, 1e-8, 1.0, 30.0, 700.0, 1e4])
@pytest.mark.parametrize("name", NAMES)
def test_values_and_derivatives_are_exact(name, scale):
    rng = np.random.default_rng(3)
    output = scale * rng.normal(size=(4, 3))
    output[0] = scale * np.array([1.0, -1.0, 0.25])
    target = hard_targets(name, 4, 3, rng)
    if name == "half_mse":
        target = target * scale
    value, slopes = exact(name, output, target)
    with np.errstate(all="raise", under="ignore"):
        assert_allclose(LOSSES[name].f(output, target), value, rtol=1e-14, atol=TINY)
        # exp(o - max) has the relative error |o - max| 2⁻⁵³, and that is 1e-13 where it is
        # not yet 0.
        assert_allclose(LOSSES[name].df(output, target), slopes, rtol=2e-13, atol=TINY)


@pytest.mark.parametrize("name", NAMES)
def test_one_sure_right_answer_is_exact_not_zero(name):
    output = np.array([[40.0, -2.0]])
    target = np.array([[1.0, 0.0]])
    value, slopes = exact(name, output, target)
    assert abs(slopes[0, 0]) > 0
    assert_allclose(LOSSES[name].f(output, target), value, rtol=1e-14)
    assert_allclose(LOSSES[name].df(output, target), slopes, rtol=1e-14)


@given(sizes, sizes, seeds, scales)
def test_shares_as_targets_are_exact_to_rounding(N, k, seed, scale):
    rng = np.random.default_rng(seed)
    output = min(scale, 30.0) * rng.normal(size=(N, k))
    target = rng.dirichlet(np.ones(k), size=N)
    for name in NAMES:
        with mpmath.workdps(50):
            o, t = ([[mpmath.mpf(v) for v in row] for row in a.tolist()] for a in (output, target))
            value = float(sum(exact_rows(name, o, t)) / N)
        assert_allclose(LOSSES[name].f(output, target), value, rtol=1e-13, atol=1e-16)


@pytest.mark.parametrize("name", NAMES)
def test_the_derivative_is_that_of_the_value(name):
    # Shares as targets, where p − t really is a difference: against the definition's slope.
    rng = np.random.default_rng(5)
    output, target = rng.normal(size=(3, 4)), rng.dirichlet(np.ones(4), size=3)
    slopes = np.empty((3, 4))
    with mpmath.workdps(60):
        t = [[mpmath.mpf(v) for v in row] for row in target.tolist()]
        h = mpmath.mpf(10) ** -20
        for i, j in np.ndindex(3, 4):
            ends = []
            for shift in (h, -h):
                o = [[mpmath.mpf(v) for v in row] for row in output.tolist()]
                o[i][j] += shift
                ends.append(sum(exact_rows(name, o, t)) / 3)
            slopes[i, j] = float((ends[0] - ends[1]) / (2 * h))
    df = LOSSES[name].df(output, target)
    assert df.shape == output.shape
    assert_allclose(df, slopes, rtol=0, atol=2e-16)


def test_equal_logits():
    for k in (1, 2, 7):
        output = np.full((2, k), 1e4)
        assert_allclose(
            LOSSES["softmax_cross_entropy"].f(output, [0, k - 1]), np.log(k), rtol=1e-15
        )
        assert_allclose(softmax(output), 1 / k, rtol=1e-15)


def test_class_numbers_are_one_hot_rows():
    output = np.random.default_rng(0).normal(size=(5, 3))
    labels = np.array([2, 0, 1, 1, 2])
    loss = LOSSES["softmax_cross_entropy"]
    rows = [[0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]]
    assert_array_equal(one_hot(labels, 3), rows)
    assert loss.f(output, labels) == loss.f(output, rows)
    assert_array_equal(loss.df(output, labels), loss.df(output, rows))
    assert one_hot(labels, 3, np.float32).dtype == np.float32
    with pytest.raises(ValueError, match=r"labels\[0\] is 3, expected a class number from 0 to 2"):
        loss.f(output, labels + 1)


@given(sizes, sizes, seeds, scales)
def test_logsumexp_and_softmax(N, k, seed, scale):
    O = scale * np.random.default_rng(seed).normal(size=(N, k))
    with mpmath.workdps(60), np.errstate(all="raise", under="ignore"):
        sums = [mpmath.fsum(mpmath.exp(mpmath.mpf(v)) for v in row) for row in O.tolist()]
        logs = [float(mpmath.log(s)) for s in sums]
        shares = [
            [float(mpmath.exp(mpmath.mpf(v)) / s) for v in row]
            for row, s in zip(O.tolist(), sums, strict=True)
        ]
        assert logsumexp(O).shape == (N,)
        # m + log1p(rest) cancels where the sum is near 1; its error is that of its terms.
        assert_allclose(logsumexp(O), logs, rtol=1e-15, atol=4e-16 * max(1, np.abs(O).max()))
        assert_allclose(softmax(O), shares, rtol=2e-13, atol=TINY)


@pytest.mark.parametrize("name", NAMES)
def test_float32_stays_and_integers_are_numbers(name):
    output, target = np.array([[1, 0], [-2, 3]]), np.array([[1, 0], [0, 1]])
    loss = LOSSES[name]
    value, slope = loss.f(output, target), loss.df(output, target)
    assert type(value) is float
    assert slope.dtype == np.float64
    assert loss.df(output.astype(np.float32), target).dtype == np.float32
    assert_allclose(loss.f(output.astype(np.float32), target), value, rtol=1e-6)
    assert_array_equal(output, [[1, 0], [-2, 3]])
    assert_array_equal(target, [[1, 0], [0, 1]])


@pytest.mark.parametrize("name", NAMES)
def test_nan_is_not_hidden(name):
    assert np.isnan(LOSSES[name].f([[np.nan, 0.0]], [[1.0, 0.0]]))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("which", ["f", "df"])
def test_shapes_never_broadcast(name, which):
    function = getattr(LOSSES[name], which)
    with pytest.raises(ValueError, match=r"target has shape \(4, 1\), output has shape \(4, 3\)"):
        function(np.ones((4, 3)), np.ones((4, 1)))
    with pytest.raises(ValueError, match=r"output has shape \(0, 3\), expected \(N, k\) with at l"):
        function(np.ones((0, 3)), np.ones((0, 3)))
    if name != "softmax_cross_entropy":
        cure = (
            r"target has shape \(4,\), output has shape \(4, 1\); pass target.reshape\(\(4, 1\)\)"
        )
        with pytest.raises(ValueError, match=cure):
            function(np.ones((4, 1)), np.ones(4))
        assert np.shape(function(np.ones(4), np.zeros(4))) == (() if which == "f" else (4,))
    else:
        with pytest.raises(ValueError, match=r"output has shape \(4,\), expected \(N, k\)"):
            function(np.ones(4), np.ones(4))


def test_targets():
    shares, numbers = LOSSES["sigmoid_cross_entropy"].as_targets, LOSSES["half_mse"].as_targets
    classes = LOSSES["softmax_cross_entropy"].as_targets
    assert_array_equal(numbers([1.5, 2.0], 1), [[1.5], [2.0]])
    assert_array_equal(shares([0, 1], 1), [[0], [1]])
    assert_array_equal(classes([1, 0], 2), [[0, 1], [1, 0]])
    assert_array_equal(classes([[0.25, 0.75]], 2), [[0.25, 0.75]])
    for wrong, as_targets, columns, message in [
        ([1.5, 2.0], numbers, 2, r"Y has shape \(2,\)"),
        (
            [[1.5, 2.0]],
            numbers,
            3,
            r"Y has shape \(1, 2\), the output has 3 columns; pass Y of sha",
        ),
        ([[np.inf]], numbers, 1, "not finite"),
        ([[0.0, -1.0]], shares, 2, r"Y\[0, 1\] is -1, expected a share between 0 and 1; code"),
        ([[0.0, 1.0], [0.0, 1.01]], shares, 2, r"Y\[1, 1\] is 1.01"),
        ([[2.0, -1.0]], classes, 2, r"Y\[0, 0\] is 2"),
        ([[0.5, 0.5], [1.0, 1.0]], classes, 2, r"row 1 of Y adds up to 2, expected 1"),
        ([[0.5, 0.5 + 2e-6]], classes, 2, r"row 0 of Y adds up to 1.000002, expected 1"),
        ([[0.5, 0.25]], classes, 2, r"row 0 of Y adds up to 0.75"),
        ([0, 2], classes, 2, r"Y\[1\] is 2, expected a class number from 0 to 1"),
    ]:
        with pytest.raises(ValueError, match=message):
            as_targets(wrong, columns)
    assert classes(np.full((1, 3), 1 / 3, np.float32), 3).dtype == np.float32


def test_decisions():
    output = np.array([[0.5, -1.0], [0.0, 3.0]])
    assert_array_equal(LOSSES["softmax_cross_entropy"].decide(output), [0, 1])
    assert_array_equal(LOSSES["sigmoid_cross_entropy"].decide(output), [[1, 0], [0, 1]])
    assert LOSSES["half_mse"].decide(output) is output


def test_as_loss():
    own = Loss("own", lambda o, t: 0.0, lambda o, t: 0 * o)
    assert as_loss(own) is own
    assert as_loss("half_mse") is LOSSES["half_mse"]
    assert all(name == loss.name for name, loss in LOSSES.items())
    with pytest.raises(ValueError, match="no loss is called 'mse'; take one of half_mse, softmax"):
        as_loss("mse")
    with pytest.raises(TypeError, match=r"expected a name or a Loss\(name, f, df\)"):
        as_loss(None)
