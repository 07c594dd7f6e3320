"""Numbers in the prose of chapter 3 that no cell prints."""

import numpy as np

from bpcourse.basics.datasets import breast_cancer, diabetes, digits, iris, wine
from bpcourse.descent.learning import add_ones, standardize
from tests.book.claim import claim


def diabetes_modes():
    """Curvatures, heights above the floor at the start, and the floor's distance in each mode."""
    data = diabetes()
    X = add_ones(standardize(data.X))
    lam, Q = np.linalg.eigh(X.T @ X / len(X))
    c = Q.T @ np.linalg.lstsq(X, data.y, rcond=None)[0]
    return lam, lam * c**2 / 2, Q


@claim("ten steps took the loss from 13,000 above its floor to 11 above it")
def the_riddle():
    lam, height, _ = diabetes_modes()
    left = [(height * (1 - 0.4 * lam) ** (2 * k)).sum() for k in (0, 10, 100)]
    assert round(left[0], -3) == 13_000
    assert round(left[1]) == 11
    assert 0.45 < left[2] / left[1] < 0.55  # "the next ninety gained only half"


@claim("most of the height, 11,572 of it, is in a mode of curvature 1 (the bias)")
def the_bias_is_a_mode():
    lam, height, Q = diabetes_modes()
    i = int(np.argmax(height))
    assert round(height[i]) == 11_572
    assert round(lam[i], 12) == 1
    assert round(abs(Q[0, i]), 12) == 1


@claim("After ten steps, 10.45 of the 11.41 that are left are in that mode alone.")
def the_flattest_mode():
    lam, height, Q = diabetes_modes()
    left = height * (1 - 0.4 * lam) ** 20
    assert round(left[0], 2) == 10.45
    assert round(left.sum(), 2) == 11.41
    assert round(1 - (1 - 0.4 * lam[0]) ** 2, 3) == 0.007  # "two thirds of a percent"
    features = ("bias", *diabetes().features)
    largest = sorted(features[i] for i in np.argsort(-np.abs(Q[:, 0]))[:2])
    assert largest == ["low-density lipoproteins", "total cholesterol"]


@claim("at $\\kappa = 100$ a step keeps 98 % of the error")
def pace_of_a_long_valley():
    assert round(99 / 101, 2) == 0.98


@claim("Eight digits ($\\varepsilon = 10^{-8}$) cost about $9.2\\,\\kappa$ steps.")
def eight_digits():
    assert round(np.log(1e8) / 2, 1) == 9.2


@claim("rounding puts about 10⁻¹⁶ into it")
def rounding():
    assert round(np.log10(np.finfo(float).eps / 2)) == -16


@claim("multiplied by −1.2 at each step")
def factor_beyond_the_limit():
    assert round(1 - 0.55 * 4, 12) == -1.2


@claim(
    "As the data come, *every* rate in that range is beyond the limit on all five data sets; for "
    "the cancer data the limit is 1.2e-06. Standardized, every rate above 0.69 is."
)
@claim("Myth: a learning rate lies between 10⁻¹ and 10³")
def limits():
    raw, scaled = [], []
    for source in (iris, wine, breast_cancer, digits, diabetes):
        X = source().X
        X = X[:, X.std(axis=0) > 0]
        for values, F in ((raw, X), (scaled, standardize(X))):
            values.append(2 * len(F) / np.linalg.norm(add_ones(F), 2) ** 2)
    assert max(raw) < 1e-1
    assert round(raw[2], 7) == 1.2e-6
    assert 1e-1 < max(scaled) < 0.69


@claim("The condition number fell, too, from 5e+07 to 470 on the diabetes data")
def condition_numbers():
    X = diabetes().X
    raw, scaled = (np.linalg.cond(add_ones(F)) ** 2 for F in (X, standardize(X)))
    assert f"{raw:.0e}" == "5e+07"
    assert round(scaled) == 470
    assert 4e8 < raw / 2 * np.log(1e8) < 6e8  # "half a billion"
    assert 4000 < scaled / 2 * np.log(1e8) < 4500  # "some four thousand"


@claim("$\\kappa$ rises from 116 to 152")
def scaling_that_harms():
    H = np.array([[3.0, -6.0, 7.0], [-6.0, 14.0, -16.0], [7.0, -16.0, 19.0]])
    d = np.sqrt(np.diag(H))
    assert round(np.linalg.cond(H)) == 116
    assert round(np.linalg.cond(H / np.outer(d, d))) == 152


@claim("The 990 steps after the tenth")
def steps_after_the_tenth():
    assert 1000 - 10 == 990


@claim("Train on 60 patients, test on the other 382")
def the_other_patients():
    assert len(diabetes().y) - 60 == 382


@claim("the limit was 2/7000")
def limit_of_the_flats():
    assert np.mean(np.array([50.0, 80.0, 110.0]) ** 2) == 7000
