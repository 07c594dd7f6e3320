"""Chapter 1's exercises: right answers in other words, and what the package says of them."""

import numpy as np
import pytest

from bpcourse.descent import learning
from bpcourse.exercises import check


def gradient_with_einsum(X, y, w):
    r = np.einsum("sj,j->s", X, w) - y
    return 0.5 * np.einsum("s,s->", r, r) / len(r), np.einsum("sj,s->j", X, r) / len(r)


def gradient_with_loops_and_lists(X, y, w):
    N, p = X.shape
    r = [sum(X[s, j] * w[j] for j in range(p)) - y[s] for s in range(N)]
    gradient = [sum(r[s] * X[s, j] for s in range(N)) / N for j in range(p)]
    return [sum(e * e for e in r) / (2 * N), gradient]


def gradient_in_float32(X, y, w):
    X, y, w = (a.astype(np.float32) for a in (X, y, w))
    r = X @ w - y
    return r @ r / (2 * len(y)), X.T @ r / len(y)


def gradient_through_the_normal_matrix(X, y, w):
    N = len(y)
    return (w @ X.T @ X @ w - 2 * y @ X @ w + y @ y) / (2 * N), (X.T @ X @ w - X.T @ y) / N


def gradient_as_a_row_times_matrix_and_0d_loss(X, y, w):
    r = X @ w - y
    return np.array(np.mean(r**2) / 2), np.mean(r[:, None] * X, axis=0)


def features_with_more_columns(X):
    return np.column_stack([X, X**2, X[:, 0] * X[:, 1], np.ones(len(X))])


def features_of_the_quadrant(X):
    a, b = X[:, 0] > 0, X[:, 1] > 0
    return np.column_stack([a & b, a & ~b, ~a & b, ~a & ~b]).astype(float)


def rescaled_by_a_vector(w, j, c):
    factors = np.ones(len(w))
    factors[j] = c
    return list(w / factors)


def rescaled_by_a_matrix(w, j, c):
    D = np.eye(len(w))
    D[j, j] = c
    return np.linalg.solve(D, w)


def collapsed_by_probing(weights, biases):
    def cascade(X):
        for W, b in zip(weights, biases, strict=True):
            X = X @ W + b
        return X

    n = len(weights[0])
    b = cascade(np.zeros((1, n)))[0]
    return cascade(np.eye(n)) - b, b


def collapsed_with_a_column_of_ones(weights, biases):
    M = np.eye(len(weights[0]) + 1)
    for W, b in zip(weights, biases, strict=True):
        layer = np.zeros((len(W) + 1, W.shape[1] + 1))
        layer[:-1, :-1], layer[-1, :-1], layer[-1, -1] = W, b, 1
        M = M @ layer
    return M[:-1, :-1], M[-1, :-1]


def confusion_in_nested_lists(labels, predictions, k):
    pairs = list(zip(labels.tolist(), predictions.tolist(), strict=True))
    return [[pairs.count((i, j)) for j in range(k)] for i in range(k)]


def confusion_by_one_hot_floats(labels, predictions, k):
    return np.eye(k)[labels].T @ np.eye(k)[predictions]


RIGHT = {
    "gradient": [
        gradient_with_einsum,
        gradient_with_loops_and_lists,
        gradient_in_float32,
        gradient_through_the_normal_matrix,
        gradient_as_a_row_times_matrix_and_0d_loss,
        learning.linreg_loss_grad,
    ],
    "crossed": [
        features_with_more_columns,
        features_of_the_quadrant,
        lambda X: np.sign(X).prod(axis=1, keepdims=True),
        lambda X: np.column_stack([(X[:, 0] + X[:, 1]) ** 2, (X[:, 0] - X[:, 1]) ** 2]),
        lambda X: -3e4 * X[:, :1] * X[:, 1:],
        lambda X: 7 + X[:, :1].astype(np.float32) * X[:, 1:].astype(np.float32),
        lambda X: [[a * b] for a, b in X],
        learning.cross_features,
    ],
    "rescale": [rescaled_by_a_vector, rescaled_by_a_matrix],
    "collapse": [collapsed_by_probing, collapsed_with_a_column_of_ones, learning.collapse],
    "confusion": [
        confusion_in_nested_lists,
        confusion_by_one_hot_floats,
        lambda a, b, k: np.array(
            [[np.sum((a == i) & (b == j)) for j in range(k)] for i in range(k)]
        ),
        learning.confusion_matrix,
    ],
}


@pytest.mark.parametrize(
    ("name", "answer"), [(name, answer) for name, answers in RIGHT.items() for answer in answers]
)
def test_right_answers_in_other_words_pass(name, answer):
    for seed in (None, *range(25)):
        report = check(f"descent.learning.{name}", answer, seed=seed)
        assert report.passed, (seed, report)


def test_two_mistakes_in_two_parts_are_both_named():
    def answer(X, y, w):
        r = X @ w - y
        return r @ r / len(y), -X.T @ r / len(y)

    report = check("descent.learning.gradient", answer)
    assert [(found.mistake, found.parts) for found in report.diagnosis] == [
        ("the ½ is missing in the loss", ("loss",)),
        ("the gradient has the wrong sign", ("gradient",)),
    ]
    assert report.points == 0


def test_a_right_part_keeps_its_points():
    report = check("descent.learning.collapse", lambda W, b: (np.linalg.multi_dot(W), 0))
    assert report.points == 0  # multi_dot refuses one layer
    report = check(
        "descent.learning.gradient", lambda X, y, w: (0.5 * np.mean((X @ w - y) ** 2), w)
    )
    assert (report.points, report.of, report.passed) == (1, 3, False)
    assert "loss      ✓ right (1 of 1)" in repr(report)
    assert "gradient  ✗ wrong on public inputs 1, 2 and on hidden inputs (0 of 2)" in repr(report)


def test_linear_features_in_disguise_are_recognized():
    for answer in (
        lambda X: X @ np.array([[1.0, 2.0], [3.0, -4.0]]) + 5,
        lambda X: np.column_stack([X, X.sum(axis=1), np.ones(len(X))]),
    ):
        (found,) = check("descent.learning.crossed", answer).diagnosis
        assert found.mistake.startswith("a linear classifier can do no more")


def test_many_columns_do_not_learn_the_cloud_by_heart():
    def one_column_per_point(X):
        return np.eye(len(X))

    report = check("descent.learning.crossed", one_column_per_point)
    assert not report.passed
    assert "at most 10 are allowed" in repr(report)


def test_noise_features_do_not_pass():
    for seed in range(10):
        answer = lambda X, seed=seed: np.random.default_rng(seed).normal(size=(len(X), 10))  # noqa: E731
        assert not check("descent.learning.crossed", answer, seed=seed).passed


def test_features_that_are_not_finite_are_named():
    report = check("descent.learning.crossed", lambda X: X[:, :1] * X[:, 1:] * np.inf)
    assert "Features must be finite numbers, got inf at [0, 0]" in repr(report)
