"""The bundled arrays are scikit-learn's, bit for bit."""

import numpy as np
import pytest
from sklearn import datasets as theirs

from bpcourse.basics import datasets as ours


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "digits"])
def test_classes(name):
    X, y = getattr(theirs, f"load_{name}")(return_X_y=True)
    data = getattr(ours, name)()
    np.testing.assert_array_equal(data.X, X, strict=True)
    np.testing.assert_array_equal(data.y, y, strict=True)


def test_diabetes():
    X, y = theirs.load_diabetes(return_X_y=True, scaled=False)
    data = ours.diabetes()
    np.testing.assert_array_equal(data.X, X, strict=True)
    np.testing.assert_array_equal(data.y, y, strict=True)


def test_scaled_diabetes_is_centered_and_normed():
    X, _ = theirs.load_diabetes(return_X_y=True)
    centered = ours.diabetes().X - ours.diabetes().X.mean(axis=0)
    # One rounding of the mean (of numbers up to 100) and one of the norm.
    np.testing.assert_allclose(centered / np.linalg.norm(centered, axis=0), X, atol=1e-15)
