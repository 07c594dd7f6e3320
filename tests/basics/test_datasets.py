"""The generators follow their stated laws; the bundled arrays hold the well-known values."""

import dataclasses
import hashlib
import re

import numpy as np
import pytest

from bpcourse.basics import datasets
from bpcourse.basics.datasets import HOUSES_INTERCEPT, HOUSES_NOISE, HOUSES_WEIGHTS

GENERATORS = [
    datasets.houses,
    datasets.cars_and_bikes,
    datasets.xor_cloud,
    datasets.circles,
    datasets.spirals,
]
BUNDLED = [
    datasets.diabetes,
    datasets.iris,
    datasets.wine,
    datasets.breast_cancer,
    datasets.digits,
]
NOISY = [datasets.xor_cloud, datasets.circles, datasets.spirals]
ids = {"ids": lambda function: function.__name__}


@pytest.fixture
def rng():
    return np.random.default_rng(2024)


def check_form(data):
    N, p = data.X.shape
    assert data.X.dtype == np.float64
    assert data.y.shape == (N,)
    assert len(data.features) == len(data.units) == p
    assert len(set(data.features)) == p
    assert data.target
    assert data.source
    if data.classes:
        assert data.y.dtype == np.int64
        assert data.y.min() >= 0
        assert data.y.max() < len(data.classes)
    else:
        assert data.y.dtype == np.float64


@pytest.mark.parametrize("generate", GENERATORS, **ids)
@pytest.mark.parametrize("n", [1, 2, 7, 1000])
def test_form_of_the_generated(generate, n, rng):
    data = generate(n, rng)
    assert len(data.X) == n
    check_form(data)


@pytest.mark.parametrize("load", BUNDLED, **ids)
def test_form_of_the_bundled(load):
    check_form(load())


@pytest.mark.parametrize("generate", GENERATORS, **ids)
def test_same_state_same_data(generate):
    first, again, other = (generate(50, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.X, again.X)
    np.testing.assert_array_equal(first.y, again.y)
    assert not np.array_equal(first.X, other.X)


@pytest.mark.parametrize("load", BUNDLED, **ids)
def test_each_load_is_a_fresh_copy(load):
    load().X[:] = -1
    assert load().X.min() >= 0


@pytest.mark.parametrize("generate", GENERATORS, **ids)
@pytest.mark.parametrize(
    ("n", "error", "message"),
    [
        (0, ValueError, "n is 0, expected at least 1"),
        (-5, ValueError, "n is -5, expected at least 1"),
        (10.0, TypeError, "n is 10.0 (float), expected an integer"),
        ("10", TypeError, "n is '10' (str), expected an integer"),
    ],
)
def test_bad_count(generate, n, error, message, rng):
    with pytest.raises(error, match=re.escape(message)):
        generate(n, rng)


@pytest.mark.parametrize("generate", GENERATORS, **ids)
def test_seed_in_place_of_generator(generate):
    with pytest.raises(TypeError, match=re.escape("pass numpy.random.default_rng(42)")):
        generate(10, 42)


@pytest.mark.parametrize("generate", NOISY, **ids)
@pytest.mark.parametrize("noise", [-0.1, np.nan, np.inf])
def test_bad_noise(generate, noise, rng):
    with pytest.raises(ValueError, match="noise is"):
        generate(10, rng, noise=noise)


@pytest.mark.parametrize("margin", [-0.1, 1.0, np.nan])
def test_bad_margin(margin, rng):
    with pytest.raises(ValueError, match="margin is"):
        datasets.xor_cloud(10, rng, margin=margin)


def test_houses_follow_their_law(rng):
    N = 20_000
    data = datasets.houses(N, rng)
    A = np.column_stack([np.ones(N), data.X])
    w, *_ = np.linalg.lstsq(A, data.y)
    true = np.array([HOUSES_INTERCEPT, *HOUSES_WEIGHTS])
    standard_error = HOUSES_NOISE * np.sqrt(np.diag(np.linalg.inv(A.T @ A)))
    assert np.all(np.abs(w - true) < 5 * standard_error)
    # The same without fitting anything: what is left when the law is taken off is the noise.
    noise = data.y - A @ true
    assert abs(noise.mean()) < 5 * HOUSES_NOISE / np.sqrt(N)
    # A variance estimate from N normal residuals has the relative standard error √(2/N) = 0.01.
    assert np.var(data.y - A @ w) == pytest.approx(HOUSES_NOISE**2, rel=0.05)
    assert data.y.min() > 0


def test_houses_are_plausible(rng):
    area, rooms, age, distance = datasets.houses(5000, rng).X.T
    assert (area.min() >= 40) & (area.max() <= 300)
    assert (rooms.min() >= 1) & (rooms.max() <= 12)
    np.testing.assert_array_equal(rooms, np.round(rooms))
    assert (age.min() >= 0) & (age.max() < 80)
    assert (distance.min() > 0) & (distance.max() <= 25)


def best_threshold_accuracy(x, y):
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    right = np.cumsum(y == 0) + np.sum(y == 1) - np.cumsum(y == 1)
    cuts = np.append(x[1:] != x[:-1], True)
    return right[cuts].max() / len(y)


def test_no_single_feature_tells_cars_from_bikes(rng):
    data = datasets.cars_and_bikes(4000, rng)
    for column in data.X.T:
        assert 0.9 < best_threshold_accuracy(column, data.y) < 1.0


def test_cars_and_bikes_are_balanced_and_plausible(rng):
    data = datasets.cars_and_bikes(4001, rng)
    assert np.bincount(data.y).tolist() == [2001, 2000]
    weight, wheelbase, wheels = data.X.T
    assert (weight.min() > 80) & (weight.max() < 2300)
    assert (wheelbase.min() > 1.1) & (wheelbase.max() < 3.2)
    assert set(wheels[data.y == 0]) == {2.0, 3.0}
    assert set(wheels[data.y == 1]) == {3.0, 4.0}


def test_xor_labels(rng):
    data = datasets.xor_cloud(5000, rng, margin=0.2)
    np.testing.assert_array_equal(data.y, np.prod(data.X, axis=1) > 0)
    assert np.abs(data.X).min() >= 0.2
    assert np.abs(data.X).max() <= 1.0
    # No line beats guessing by much: the classes sit in opposite quadrants.
    assert best_threshold_accuracy(data.X[:, 0], data.y) < 0.55


def test_xor_noise_moves_points_and_keeps_labels():
    clean = datasets.xor_cloud(5000, np.random.default_rng(3))
    noisy = datasets.xor_cloud(5000, np.random.default_rng(3), noise=0.1)
    np.testing.assert_array_equal(clean.y, noisy.y)
    assert np.std(noisy.X - clean.X) == pytest.approx(0.1, rel=0.05)


def test_circles(rng):
    data = datasets.circles(1001, rng, noise=0.0)
    radius = np.linalg.norm(data.X, axis=1)
    np.testing.assert_allclose(radius, np.where(data.y == 1, 1.0, 0.5), rtol=1e-15)
    assert np.bincount(data.y).tolist() == [501, 500]
    moved = datasets.circles(10_000, rng, noise=0.05)
    away = np.linalg.norm(moved.X, axis=1) - np.where(moved.y == 1, 1.0, 0.5)
    assert np.std(away) == pytest.approx(0.05, rel=0.05)


def test_spirals(rng):
    data = datasets.spirals(1001, rng, noise=0.0)
    radius = np.linalg.norm(data.X, axis=1)
    turned = 3 * np.pi * radius + np.pi * data.y
    expected = radius[:, np.newaxis] * np.column_stack([np.cos(turned), np.sin(turned)])
    # The angle, up to 4π, carries the rounding of the radius measured back from X.
    np.testing.assert_allclose(data.X, expected, atol=2e-14)
    assert np.bincount(data.y).tolist() == [501, 500]


# sha256 of X and y as little-endian bytes: an array that changed in any bit turns this red.
CHECKSUMS = {
    "diabetes": "e9c1f7559552854a24dc45b41c446ce5f79f96e5da081bcce24b57492720b3f7",
    "iris": "18565d0da72dafd52595fe48b03ca9b06dfc2c05d0c4c155576631d0aae8eb7e",
    "wine": "c7e84e8e03b2b5a354287416d84d08945318450658a22a63c39973d8306c2ca4",
    "breast_cancer": "cdd5f37c36cbdfc2e5ee074cec7540fac54340874afb25917a673e446270d0d0",
    "digits": "f19a7d92591ca0a1ffc65ec172e8149afdff995e0d2c4cb0afd151f38471ff90",
}


@pytest.mark.parametrize("load", BUNDLED, **ids)
def test_checksum(load):
    data = load()
    content = data.X.astype("<f8").tobytes() + data.y.astype("<f8").tobytes()
    assert hashlib.sha256(content).hexdigest() == CHECKSUMS[load.__name__]


@pytest.mark.parametrize(
    ("load", "shape", "counts"),
    [
        (datasets.iris, (150, 4), [50, 50, 50]),
        (datasets.wine, (178, 13), [59, 71, 48]),
        (datasets.breast_cancer, (569, 30), [212, 357]),
        (datasets.digits, (1797, 64), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]),
    ],
)
def test_known_counts(load, shape, counts):
    data = load()
    assert data.X.shape == shape
    assert np.bincount(data.y).tolist() == counts
    assert len(data.classes) == len(counts)


def test_known_values():
    iris = datasets.iris()
    np.testing.assert_allclose(iris.X.mean(axis=0), [5.8433, 3.0573, 3.758, 1.1993], atol=5e-5)
    assert iris.X[0].tolist() == [5.1, 3.5, 1.4, 0.2]
    # Fisher's own table, where copies from elsewhere differ in these two flowers.
    assert iris.X[34].tolist() == [4.9, 3.1, 1.5, 0.2]
    assert iris.X[37].tolist() == [4.9, 3.6, 1.4, 0.1]

    diabetes = datasets.diabetes()
    assert diabetes.X.shape == (442, 10)
    assert (diabetes.y.min(), diabetes.y.max()) == (25.0, 346.0)
    assert diabetes.y.mean() == pytest.approx(152.133, abs=5e-4)
    assert (diabetes.X[:, 0].min(), diabetes.X[:, 0].max()) == (19.0, 79.0)

    wine = datasets.wine()
    assert wine.X[:, 0].mean() == pytest.approx(13.0, abs=0.05)
    assert (wine.X[:, 12].min(), wine.X[:, 12].max()) == (278.0, 1680.0)

    cancer = datasets.breast_cancer()
    assert (cancer.X[:, 3].min(), cancer.X[:, 3].max()) == (143.5, 2501.0)
    assert cancer.features[3] == "mean area"
    assert cancer.features[27] == "worst concave points"

    digits = datasets.digits()
    assert (digits.X.min(), digits.X.max()) == (0.0, 16.0)
    np.testing.assert_array_equal(digits.X, np.round(digits.X))


def test_dataset_is_frozen_and_says_what_it_is():
    data = datasets.iris()
    assert repr(data) == "Dataset(150 samples, 4 features, classes setosa, versicolor, virginica)"
    assert repr(datasets.diabetes()).endswith("target disease progression after one year)")
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.X = np.zeros((1, 1))
