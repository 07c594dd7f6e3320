"""Numbers in the prose of chapter 2 that no cell prints."""

import numpy as np

from bpcourse.basics.problems import quadratic
from tests.book.claim import claim


@claim(
    "curvatures 1 and 100, so $\\kappa$ is 100. The worst point is at (1, 0.1), the gradient there "
    "(1, 10). Its inner product with (1, 0.1) is 2, the lengths are √101 and √1.01, and their "
    "product is 10.1. The cosine is 2/10.1 = 20/101"
)
def a_valley_of_100_to_1():
    f = quadratic([1.0, 100.0])
    x = np.array([1.0, 0.1])
    g = f.grad(x)
    assert np.allclose(g, [1, 10]) and np.isclose(g @ x, 2)
    assert np.isclose(g @ g, 101) and np.isclose(x @ x, 1.01)
    lengths = np.linalg.norm(g) * np.linalg.norm(x)
    assert np.isclose(lengths, 10.1)
    assert np.isclose(2 / 10.1, 20 / 101)
    angles = np.linspace(0, np.pi / 2, 100_001)
    around = np.stack([np.cos(angles), np.sin(angles)])
    slopes = np.array([[1.0], [100.0]]) * around
    cosines = np.sum(around * slopes, axis=0) / np.linalg.norm(slopes, axis=0)
    assert np.isclose(g @ x / lengths, cosines.min(), atol=1e-8)  # the worst of all


@claim("for $\\kappa = 10^4$ the angle can be 88.9°")
def an_angle_for_a_large_condition_number():
    x = np.array([1.0, 0.01])  # equal shares of λc²
    g = np.array([1.0, 1e4]) * x
    cosine = g @ x / np.linalg.norm(g) / np.linalg.norm(x)
    assert f"{np.degrees(np.arccos(cosine)):.1f}" == "88.9"
