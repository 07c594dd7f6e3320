"""A whole training run against scikit-learn's MLPClassifier, step by step, penalty included."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.neural_network import MLPClassifier

from bpcourse.backprop.network import MLP, fit
from bpcourse.basics.datasets import iris
from bpcourse.descent.learning import standardize
from bpcourse.training.adaptive import SGD


@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic"])
def test_thirty_steps(activation):
    # Momentum and Adam are compared with torch; scikit-learn's ε stands elsewhere.
    data = iris()
    X = standardize(data.X)
    theirs = MLPClassifier(
        (8, 5),
        activation=activation,
        solver="sgd",
        alpha=0.3,
        batch_size=len(X),
        learning_rate_init=0.1,
        momentum=0.0,
        random_state=0,
    )
    theirs.partial_fit(X, data.y, classes=[0, 1, 2])  # draws the weights, and takes a step
    # Its penalty is a sum over the weights divided by N; ours is not divided.
    name = {"logistic": "sigmoid"}.get(activation, activation)
    model = MLP([4, 8, 5, 3], name, rng=np.random.default_rng(0), weight_decay=0.3 / len(X))
    for ours, other in zip(model.W + model.b, theirs.coefs_ + theirs.intercepts_, strict=True):
        ours[:] = other
    for _ in range(30):
        theirs.partial_fit(X, data.y)
    history = fit(
        model, X, data.y, SGD(0.1), epochs=30, batch_size=len(X), rng=np.random.default_rng(0)
    )
    for ours, other in zip(model.W + model.b, theirs.coefs_ + theirs.intercepts_, strict=True):
        assert_allclose(ours, other, rtol=0, atol=1e-12)
    assert_allclose(history.loss, theirs.loss_curve_[1:], rtol=1e-12)
    assert_array_equal(model.predict(X), theirs.predict(X))
