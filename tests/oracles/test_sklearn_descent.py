"""Logistic regression as scikit-learn has it."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from bpcourse import add_ones, logreg_loss_grad, logreg_smoothness, standardize
from bpcourse.basics.datasets import breast_cancer
from bpcourse.descent.quadratics import gd


def test_the_loss_is_scikit_learns():
    rng = np.random.default_rng(0)
    X, y, w = rng.normal(size=(80, 4)), rng.integers(0, 2, 80), rng.normal(size=4)
    loss, _ = logreg_loss_grad(X, y, w)
    assert loss == pytest.approx(log_loss(y, 1 / (1 + np.exp(-X @ w))), rel=1e-13)


def test_descent_arrives_at_scikit_learns_weights():
    data = breast_cancer()
    X = add_ones(standardize(data.X[:, :4]))
    # A ridge of 1/(2CN) ‖w‖² on every weight, the bias among them, as in its solution.
    N = len(X)
    model = LogisticRegression(C=1.0, fit_intercept=False, tol=1e-12, max_iter=10_000).fit(
        X, data.y
    )
    path = gd(
        lambda w: logreg_loss_grad(X, data.y, w)[1] + w / N,
        np.zeros(5),
        1 / (logreg_smoothness(X) + 1 / N),
        20_000,
    )
    np.testing.assert_allclose(path[-1], model.coef_[0], rtol=1e-5)
