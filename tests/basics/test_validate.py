"""Bad input gets one sentence: what was expected, what came, what to do."""

import re

import numpy as np
import pytest

from bpcourse.basics.validate import (
    as_count,
    as_labels,
    as_matrix,
    as_number,
    as_rng,
    as_vector,
)


def test_good_arrays_are_not_copied():
    X = np.ones((3, 2))
    assert as_matrix(X) is X
    y = np.ones(3, dtype=np.float32)
    assert as_vector(y, length=3) is y


@pytest.mark.parametrize(
    ("given", "dtype"),
    [
        ([[1, 2]], np.float64),
        ([[True, False]], np.float64),
        (np.ones((1, 2), np.float16), np.float64),
        (np.ones((1, 2), np.float32), np.float32),
        (np.ones((1, 2), np.longdouble), np.float64),
        (np.ones((1, 2), np.uint8), np.float64),
        (np.array([[1, 2.5]], dtype=object), np.float64),
    ],
)
def test_dtypes(given, dtype):
    assert as_matrix(given).dtype == dtype


BAD_MATRICES = [
    ([1.0, 2.0], ValueError, "X has shape (2,), expected (N, p), one sample per row; pass X[np"),
    (3.0, ValueError, "X has shape (), expected (N, p); pass a 2-D array, one sample per row"),
    (np.ones((2, 2, 2)), ValueError, "X has shape (2, 2, 2), expected (N, p); pass a 2-D array"),
    (np.ones((0, 3)), ValueError, "X is empty, its shape is (0, 3); pass at least one row and"),
    (np.ones((3, 0)), ValueError, "X is empty, its shape is (3, 0)"),
    ([[1], [1, 2]], ValueError, "X has rows of different lengths, expected a rectangle"),
    ([[1, np.nan]], ValueError, "X holds 1 value that is not finite, the first is X[0, 1] = nan"),
    (
        [[1, 2], [np.inf, -np.inf]],
        ValueError,
        "X holds 2 values that are not finite, the first is X[1, 0] = inf; remove or fill in",
    ),
    ([["a", "b"]], TypeError, "X holds <U1 values, expected real numbers; pass floats"),
    ([[1j]], TypeError, "X holds complex128 values, expected real numbers"),
    ([[{}]], TypeError, "X holds values that are not numbers (dtype object)"),
]


@pytest.mark.parametrize(("given", "error", "message"), BAD_MATRICES)
def test_bad_matrix(given, error, message):
    with pytest.raises(error, match="^" + re.escape(message)):
        as_matrix(given)


def test_columns():
    sentence = "X has 3 columns, the network takes 4 inputs; pass X of shape (N, 4)"
    with pytest.raises(ValueError, match="^" + re.escape(sentence) + "$"):
        as_matrix(np.ones((2, 3)), columns=4, taker="the network")
    with pytest.raises(ValueError, match=r"^X has 2 columns, the model takes 1 input; pass X"):
        as_matrix(np.ones((2, 2)), columns=1)
    assert as_matrix(np.ones((2, 1)), columns=1).shape == (2, 1)


BAD_VECTORS = [
    (np.ones((3, 1)), "y has shape (3, 1), expected (3,); pass y.ravel()"),
    (np.ones((2, 2)), "y has shape (2, 2), expected (3,); pass a 1-D array"),
    (np.ones(2), "y has 2 entries, expected 3, one per row of X; pass y of shape (3,)"),
    (np.ones(1), "y has 1 entry, expected 3"),
    ([], "y is empty; pass at least one entry"),
    ([1, np.nan, 2], "y holds 1 value that is not finite, the first is y[1] = nan"),
]


@pytest.mark.parametrize(("given", "message"), BAD_VECTORS)
def test_bad_vector(given, message):
    with pytest.raises(ValueError, match="^" + re.escape(message)):
        as_vector(given, length=3)


def test_labels():
    labels = as_labels([0, 2.0, 1], "labels", 3)
    assert labels.dtype == np.int64
    assert labels.tolist() == [0, 2, 1]


@pytest.mark.parametrize("bad", [-1, 3, 0.5, 1e300])
def test_bad_labels(bad):
    message = f"labels[1] is {bad:g}, expected a class number from 0 to 2; number the classes"
    with pytest.raises(ValueError, match="^" + re.escape(message)):
        as_labels([0, bad], "labels", 3)


def test_counts():
    assert as_count(np.int32(7)) == 7
    assert type(as_count(np.int32(7))) is int
    assert as_count(0, least=0) == 0


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (0, ValueError, "n is 0, expected at least 1"),
        (-3, ValueError, "n is -3, expected at least 1"),
        (2.0, TypeError, "n is 2.0 (float), expected an integer"),
        ("2", TypeError, "n is '2' (str), expected an integer"),
        (True, TypeError, "n is True (bool), expected an integer"),
        (None, TypeError, "n is None (NoneType), expected an integer"),
    ],
)
def test_bad_counts(given, error, message):
    with pytest.raises(error, match="^" + re.escape(message)):
        as_count(given)


def test_numbers():
    assert as_number(np.float32(0.5), "lr", above=0, below=1) == 0.5
    assert as_number(0, "noise", least=0.0) == 0.0


@pytest.mark.parametrize(
    ("given", "bounds", "error", "message"),
    [
        (0, {"above": 0}, ValueError, "lr is 0, expected more than 0"),
        (-1, {"least": 0}, ValueError, "lr is -1, expected at least 0"),
        (1, {"below": 1}, ValueError, "lr is 1, expected less than 1"),
        (np.nan, {"above": 0}, ValueError, "lr is nan, expected a finite number"),
        (np.inf, {}, ValueError, "lr is inf, expected a finite number"),
        ("0.1", {}, TypeError, "lr is '0.1', expected a real number"),
        (True, {}, TypeError, "lr is True, expected a real number"),
        ([0.1], {}, TypeError, "lr is [0.1], expected a real number"),
        (1j, {}, TypeError, "lr is 1j, expected a real number"),
        (None, {}, TypeError, "lr is None, expected a real number"),
    ],
)
def test_bad_numbers(given, bounds, error, message):
    with pytest.raises(error, match="^" + re.escape(message)):
        as_number(given, "lr", **bounds)


def test_rng():
    rng = np.random.default_rng(0)
    assert as_rng(rng) is rng


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            7,
            "rng is the seed 7, expected a numpy.random.Generator; pass numpy.random.default_rng(",
        ),
        (np.int64(7), "rng is the seed 7, expected"),
        (None, "rng is a NoneType, expected a numpy.random.Generator; pass numpy.random.default"),
        (np.random.RandomState(0), "rng is a RandomState, expected"),
        (np.random, "rng is a module, expected"),
    ],
)
def test_bad_rng(given, message):
    with pytest.raises(TypeError, match="^" + re.escape(message)):
        as_rng(given)
