"""Numbers in the prose of chapter 1 that no cell prints."""

import numpy as np

from bpcourse.basics.datasets import HOUSES_NOISE, diabetes
from bpcourse.descent.learning import add_ones, gd1d, linreg_loss_grad, standardize
from tests.book.claim import claim


@claim("It is −1.1 for $\\eta a = 2.1$: the distance grows by a tenth at each step.")
def factor_of_an_overshooting_step():
    path = gd1d(lambda x: x - 1.0, 4.0, 2.1, 5) - 1.0
    assert np.allclose(path[1:] / path[:-1], -1.1, rtol=1e-12)


@claim("plus noise with a standard deviation of 15 thousand")
def noise_of_the_houses():
    assert HOUSES_NOISE == 15


@claim("442 patients, ten measurements each")
def size_of_the_diabetes_data():
    assert diabetes().X.shape == (442, 10)


@claim("Ten steps take the loss from 13,000 above the floor to 11 above it.")
def ten_steps_on_the_diabetes_data():
    data = diabetes()
    X = add_ones(standardize(data.X))
    residual = np.linalg.lstsq(X, data.y, rcond=None)[1][0]
    floor, w = residual / (2 * len(X)), np.zeros(11)
    above = []
    for _ in range(11):
        loss, gradient = linreg_loss_grad(X, data.y, w)
        above.append(loss - floor)
        w = w - 0.4 * gradient
    assert round(above[0], -3) == 13_000
    assert round(above[10]) == 11
