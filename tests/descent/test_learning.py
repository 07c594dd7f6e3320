"""Chapter 1's algorithms against independent truth: complex steps, exact fractions, lstsq."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from bpcourse.descent.learning import (
    add_ones,
    collapse,
    confusion_matrix,
    cross_features,
    gd1d,
    linreg_loss_grad,
    normal_equations,
    standardize,
)

sizes = st.integers(1, 7)
seeds = st.integers(0, 10_000)


def problem(N, p, seed):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(N, p)), rng.normal(size=N), rng.normal(size=p)


def exact_loss(X, y, w):
    """The loss in fractions, sample by sample: no rounding and no matrix product."""
    total = Fraction(0)
    for row, target in zip(X.tolist(), y.tolist(), strict=True):
        predicted = sum(
            (Fraction(a) * Fraction(b) for a, b in zip(row, w, strict=True)), Fraction(0)
        )
        total += (predicted - Fraction(target)) ** 2
    return total / (2 * len(y))


@given(sizes, sizes, seeds)
def test_the_loss_is_the_exact_one(N, p, seed):
    X, y, w = problem(N, p, seed)
    loss, _ = linreg_loss_grad(X, y, w)
    assert_allclose(loss, float(exact_loss(X, y, w.tolist())), rtol=1e-13)


@given(sizes, sizes, seeds)
def test_the_gradient_is_the_exact_one(N, p, seed):
    # The loss is quadratic, so a central difference in fractions has no truncation error.
    X, y, w = problem(N, p, seed)
    _, gradient = linreg_loss_grad(X, y, w)
    exact = []
    for j in range(p):
        up = [Fraction(v) + (i == j) for i, v in enumerate(w.tolist())]
        down = [Fraction(v) - (i == j) for i, v in enumerate(w.tolist())]
        exact.append(float((exact_loss(X, y, up) - exact_loss(X, y, down)) / 2))
    assert gradient.shape == (p,)
    assert_allclose(gradient, exact, rtol=1e-12, atol=1e-13)


def test_loss_is_a_float_and_float32_stays_float32():
    X, y, w = (a.astype(np.float32) for a in problem(5, 3, 0))
    loss, gradient = linreg_loss_grad(X, y, w)
    assert type(loss) is float
    assert gradient.dtype == np.float32


@pytest.mark.parametrize(
    ("X", "y", "w", "message"),
    [
        (np.ones((4, 3)), np.ones(3), np.ones(3), r"y has 3 entries, expected 4"),
        (np.ones((4, 3)), np.ones((4, 1)), np.ones(3), r"y has shape \(4, 1\)"),
        (np.ones((4, 3)), np.ones(4), np.ones(2), r"w has 2 entries, expected 3"),
        (np.ones(4), np.ones(4), np.ones(1), r"X has shape \(4,\)"),
        (np.ones((0, 3)), np.ones(0), np.ones(3), r"X is empty"),
        (np.full((4, 3), np.nan), np.ones(4), np.ones(3), r"not finite"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(X, y, w, message):
    with pytest.raises(ValueError, match=message):
        linreg_loss_grad(X, y, w)


def test_gd1d_follows_the_closed_form_on_a_bowl():
    a, m, lr, steps = 3.0, -1.5, 0.5, 20
    k = np.arange(steps + 1)
    path = gd1d(lambda x: a * (x - m), 4.0, lr, steps)
    assert_allclose(path, m + (1 - lr * a) ** k * (4.0 - m), rtol=1e-12)


def test_gd1d_with_no_steps_stays():
    assert_array_equal(gd1d(lambda x: x, 2.0, 0.1, 0), [2.0])


def test_gd1d_says_when_it_leaves_the_numbers():
    with pytest.raises(FloatingPointError, match=r"step \d+ .*learning rate 3\.0.*smaller"):
        gd1d(lambda x: x**3, 2.0, 3.0, 50)


@pytest.mark.parametrize("lr", [0.0, -0.1, np.nan, np.inf])
def test_gd1d_wants_a_positive_rate(lr):
    with pytest.raises(ValueError, match="lr"):
        gd1d(lambda x: x, 1.0, lr, 3)


def test_gd1d_wants_a_number_of_steps():
    with pytest.raises(ValueError, match="steps"):
        gd1d(lambda x: x, 1.0, 0.1, -1)


@given(st.integers(5, 12), st.integers(1, 4), seeds)
def test_normal_equations_agree_with_orthogonal_factors(N, p, seed):
    X, y, _ = problem(N, p, seed)
    reference = np.linalg.lstsq(X, y, rcond=None)[0]
    # Forming XᵀX squares the condition number, and with it the bound on the error.
    bound = 1e-14 * np.linalg.cond(X) ** 2 * max(1.0, np.abs(reference).max())
    assert_allclose(normal_equations(X, y), reference, rtol=0, atol=bound)


def test_dependent_columns_are_named():
    X = np.column_stack([np.arange(5.0), 2 * np.arange(5.0)])
    with pytest.raises(ValueError, match="2 columns but rank 1"):
        normal_equations(X, np.ones(5))


def test_fewer_samples_than_weights_are_refused():
    with pytest.raises(ValueError, match="rank"):
        normal_equations(np.eye(3)[:2], np.ones(2))


def test_add_ones():
    assert_array_equal(add_ones([[2.0, 3.0], [4.0, 5.0]]), [[1, 2, 3], [1, 4, 5]])
    assert add_ones(np.ones((2, 2), np.float32)).dtype == np.float32


@given(st.integers(2, 9), sizes, seeds)
def test_standardize(N, p, seed):
    X = 50 + 3 * np.random.default_rng(seed).normal(size=(N, p))
    Z = standardize(X)
    assert_allclose(Z.sum(axis=0), 0, atol=1e-10)
    assert_allclose((Z**2).sum(axis=0), N, rtol=1e-10)
    scale = (X[0] - X[1]) / (Z[0] - Z[1])
    assert (scale > 0).all()


def test_a_constant_column_cannot_be_standardized():
    with pytest.raises(ValueError, match="column 1 of X is constant"):
        standardize([[1.0, 7.0], [2.0, 7.0]])


def test_cross_features_in_their_order():
    assert_array_equal(cross_features([[2.0, 3.0, 5.0]]), [[4, 6, 10, 9, 15, 25]])


@given(st.lists(st.integers(1, 4), min_size=2, max_size=6), seeds)
def test_collapse_does_what_the_cascade_does(widths, seed):
    rng = np.random.default_rng(seed)
    shapes = list(pairwise(widths))
    weights = [rng.normal(size=shape) for shape in shapes]
    biases = [rng.normal(size=n) for _, n in shapes]
    X = rng.normal(size=(5, widths[0]))
    A, size = X, np.abs(X)  # size: the same sums without cancellation, the scale of rounding
    for W, b in zip(weights, biases, strict=True):
        A, size = A @ W + b, size @ np.abs(W) + np.abs(b)
    W, b = collapse(weights, biases)
    assert W.shape == (widths[0], widths[-1])
    assert b.shape == (widths[-1],)
    assert_allclose(X @ W + b, A, rtol=0, atol=1e-14 * size.max())


def test_collapse_leaves_its_arguments_alone():
    weights, biases = [np.eye(2), 2 * np.eye(2)], [np.ones(2), np.ones(2)]
    collapse(weights, biases)
    assert_array_equal(weights[0], np.eye(2))
    assert_array_equal(biases[0], np.ones(2))


@pytest.mark.parametrize(
    ("weights", "biases", "message"),
    [
        ([], [], "at least one layer"),
        ([np.eye(2)], [], "1 weight matrices and 0 bias vectors"),
        ([np.ones((2, 3)), np.ones((2, 1))], [np.ones(3), np.ones(1)], "layer 1 takes 2 inputs"),
        ([np.ones((2, 3))], [np.ones(2)], r"biases\[0\] has 2 entries, expected 3"),
    ],
)
def test_layers_that_do_not_fit(weights, biases, message):
    with pytest.raises(ValueError, match=message):
        collapse(weights, biases)


def test_confusion_matrix_counts_repeated_pairs():
    M = confusion_matrix([0, 0, 0, 1, 2, 2], [0, 0, 1, 1, 0, 2], 4)
    assert_array_equal(M, [[2, 1, 0, 0], [0, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]])


def test_confusion_matrix_refuses_what_is_no_class():
    with pytest.raises(ValueError, match=r"predictions\[1\] is 2"):
        confusion_matrix([0, 1], [0, 2], 2)
    with pytest.raises(ValueError, match="2 labels and 1 predictions"):
        confusion_matrix([0, 1], [0], 2)
