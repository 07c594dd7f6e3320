"""Activations against 60-digit arithmetic, from 1e-300 to 1e4 on both sides of 0."""

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from bpcourse.basics.activations import ACTIVATIONS, Activation, as_activation

# Powers of ten, and uneven numbers wherever rounding could hide.
SIZES = np.concatenate(
    [10.0 ** np.arange(-300, 5, 4), np.geomspace(1e-8, 1e4, 97), [700.5, 709.9, 745.2]]
)
POINTS = np.concatenate([-SIZES[::-1], [0.0], SIZES])

CENT = mpmath.mpf(0.01)  # the float64 next to 0.01


def sigma(z):
    return 1 / (1 + mpmath.exp(-z))


def sech2(z):
    return mpmath.sech(z) ** 2


EXACT = {
    "identity": (lambda z: z, lambda z: mpmath.mpf(1)),
    "sigmoid": (sigma, lambda z: mpmath.exp(-z) / (1 + mpmath.exp(-z)) ** 2),
    "tanh": (mpmath.tanh, sech2),
    "relu": (lambda z: max(z, 0), lambda z: mpmath.mpf(z > 0)),
    "leaky_relu": (lambda z: z if z > 0 else CENT * z, lambda z: 1 if z > 0 else CENT),
    "softplus": (lambda z: mpmath.log1p(mpmath.exp(z)), sigma),
    "elu": (lambda z: z if z > 0 else mpmath.expm1(z), lambda z: 1 if z > 0 else mpmath.exp(z)),
    "silu": (lambda z: z * sigma(z), lambda z: sigma(z) + z * sigma(z) * sigma(-z)),
}


def truth(function, z):
    with mpmath.workdps(60):
        # Far from 0 an exponential needs no digits, and 60 + 9000 of them are not kept.
        return np.array([float(function(mpmath.mpf(v))) for v in z.tolist()])


def test_every_activation_has_a_truth():
    assert list(EXACT) == list(ACTIVATIONS)
    assert all(name == activation.name for name, activation in ACTIVATIONS.items())


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_values_and_derivatives_are_exact(name):
    activation = ACTIVATIONS[name]
    with np.errstate(all="raise", under="ignore"):
        f, df = activation.f(POINTS), activation.df(POINTS)
    # The exponential of a z that has been rounded is the largest error: a few units in the last
    # place. Below the smallest normal number float64 has fewer digits.
    tiny = np.finfo(float).tiny
    assert_allclose(f, truth(EXACT[name][0], POINTS), rtol=2e-15, atol=tiny)
    assert_allclose(df, truth(EXACT[name][1], POINTS), rtol=2e-14, atol=tiny)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_derivative_is_the_slope_of_the_function(name):
    # So that f and df cannot be of different functions: a difference in 60 digits of the truth.
    f, df = EXACT[name]
    for z in (-2.5, -0.3, 0.7, 3.25):
        with mpmath.workdps(60):
            h = mpmath.mpf(10) ** -20
            slope = (f(mpmath.mpf(z) + h) - f(mpmath.mpf(z) - h)) / (2 * h)
            assert abs(slope - df(mpmath.mpf(z))) < mpmath.mpf(10) ** -30


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_shape_and_float32_are_kept(name):
    z = np.linspace(-2, 2, 12, dtype=np.float32).reshape(3, 4)
    for function in ACTIVATIONS[name][1:]:
        y = function(z)
        assert y.dtype == np.float32
        assert y.shape == z.shape
        assert_allclose(y, function(z.astype(float)), rtol=2e-6, atol=2e-7)
        assert function(np.empty((0, 4))).shape == (0, 4)
        assert np.ndim(function(0.5)) == 0


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_nan_stays_nan(name):
    assert np.isnan(ACTIVATIONS[name].f(np.array([np.nan]))).all()


def test_at_the_kink():
    for zero in (0.0, -0.0):
        z = np.array([zero])
        assert_array_equal(ACTIVATIONS["relu"].df(z), [0])
        assert_array_equal(ACTIVATIONS["leaky_relu"].df(z), [0.01])
        assert_array_equal(ACTIVATIONS["elu"].df(z), [1])


def test_as_activation():
    square = Activation("square", lambda z: z * z, lambda z: 2 * z)
    assert as_activation(square) is square
    assert as_activation("tanh") is ACTIVATIONS["tanh"]
    with pytest.raises(ValueError, match="no activation is called 'tan'; take one of identity,"):
        as_activation("tan")
    with pytest.raises(TypeError, match=r"expected a name or an Activation; pass for example Act"):
        as_activation(np.tanh)
