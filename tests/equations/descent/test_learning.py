"""The equations of chapter 1, Learning is minimization."""

import numpy as np

from tests.equations.registry import distinct, equation


@equation("eq:descent-learning-model", r"y = X w")
def model(rng, N):
    (p,) = distinct(rng, 1, besides=N)
    X, w = rng.normal(size=(N, p)), rng.normal(size=p)
    yield X @ w, np.array([sum(X[s, i] * w[i] for i in range(p)) for s in range(N)])
