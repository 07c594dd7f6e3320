"""Chapter 2's exercises: right answers in other words, and what the package says of them."""

import numpy as np
import pytest

from bpcourse.descent import steepest
from bpcourse.exercises import check


def differences_all_at_once(A, x, h):
    moved = x[:, None] + h * np.eye(len(x))
    return (np.sum((A @ moved) ** 4, axis=0) - np.sum((A @ x) ** 4)) / (4 * h)


def differences_in_a_list(A, x, h):
    def f(v):
        return sum((row @ v) ** 4 for row in A) / 4

    return [(f([*x[:i], x[i] + h, *x[i + 1 :]]) - f(x)) / h for i in range(len(x))]


def signs_in_a_list(H, b, x0, eta, steps):
    path = [x0]
    for _ in range(steps):
        g = H @ path[-1] - b
        path.append(path[-1] - eta * ((g > 0).astype(int) - (g < 0)))
    return path


def ruler_by_the_square_root(P, H, g):
    values, Q = np.linalg.eigh(P)
    S = (Q * np.sqrt(values)) @ Q.T
    u = -np.linalg.solve(S, g)
    d = np.linalg.solve(S, u / np.linalg.norm(u))
    return d, -(g @ d) / np.linalg.multi_dot([d, H, d])


def ruler_by_the_package(P, H, g):
    d = steepest.steepest(g, P)
    return d, abs(steepest.directional(g, d)) * np.linalg.norm(d) / (d @ H @ d)


def worst_with_a_minus_and_another_length(H):
    values, Q = np.linalg.eigh(H)
    return -70 * (Q[:, 0] * np.sqrt(values[-1]) - Q[:, -1] * np.sqrt(values[0]))


def worst_as_float32(H):
    return steepest.worst_angle_point(H).astype(np.float32)


RIGHT = {
    "differences": [
        differences_all_at_once,
        differences_in_a_list,
        lambda A, x, h: steepest.fd_grad(lambda v: np.sum((A @ v) ** 4) / 4, x, h),
    ],
    "sign": [signs_in_a_list],
    "ruler": [ruler_by_the_square_root, ruler_by_the_package],
    "worst": [
        worst_with_a_minus_and_another_length,
        worst_as_float32,
        lambda H: list(steepest.worst_angle_point(H)),
    ],
}


@pytest.mark.parametrize(
    ("name", "answer"), [(name, answer) for name, answers in RIGHT.items() for answer in answers]
)
def test_right_answers_in_other_words_pass(name, answer):
    for seed in (None, *range(25)):
        report = check(f"descent.steepest.{name}", answer, seed=seed)
        assert report.passed, (seed, report)


def test_with_the_hessian_as_ruler_one_step_ends_at_the_minimum():
    rng = np.random.default_rng(0)
    A, x = rng.normal(size=(4, 4)), rng.normal(size=4)
    H = A @ A.T + np.eye(4)
    d, t = ruler_by_the_square_root(H, H, H @ x)
    assert x + t * d == pytest.approx(0, abs=1e-12)


def test_a_right_direction_keeps_its_points():
    report = check("descent.steepest.ruler", lambda P, H, g: (steepest.steepest(g, P), 2.0))
    assert (report.points, report.of) == (2, 3)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda H: np.zeros(len(H)), "the point is 0, the minimum itself"),
        (lambda H: np.ones((len(H), 1)), "expected shape (2,), one entry per row of H"),
        (lambda H: np.full(len(H), np.nan), "the point must be finite numbers, got nan"),
        (lambda H: np.array([1.0, 0.1] + [0.0] * (len(H) - 2)), "it can be as large as 45.5847°"),
    ],
)
def test_a_point_that_is_not_the_worst_is_told_why(answer, said):
    assert said.lower() in repr(check("descent.steepest.worst", answer)).lower()
