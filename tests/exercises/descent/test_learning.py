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


def features_with_more_columns(X, center):
    return np.column_stack([X, X**2, X[:, 0] * X[:, 1], np.ones(len(X))])


def features_of_the_quadrant(X, center):
    a, b = (center < X).T
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


def walk_with_a_list(X, y, lr, steps):
    w = np.zeros(X.shape[1])
    path = [w]
    for _ in range(steps):
        w = w - lr * X.T @ (X @ w - y) / len(y)
        path.append(w)
    return path


def walk_with_copies(X, y, lr, steps):
    w, path = np.zeros(X.shape[1]), []
    for _ in range(steps + 1):
        path.append(w.copy())
        w += lr / len(y) * X.T @ (y - X @ w)
    return np.array(path)


def walk_with_the_package(X, y, lr, steps):
    path = np.zeros((steps + 1, X.shape[1]))
    for k in range(steps):
        path[k + 1] = path[k] - lr * learning.linreg_loss_grad(X, y, path[k])[1]
    return path


def walk_by_powers_of_a_matrix(X, y, lr, steps):
    """Without a loop over positions: w_k = Σ_{i<k} (I − η XᵀX/N)ⁱ η Xᵀy/N."""
    step = np.eye(X.shape[1]) - lr * X.T @ X / len(y)
    terms = [np.linalg.matrix_power(step, i) @ (lr * X.T @ y / len(y)) for i in range(steps)]
    return np.vstack([np.zeros(X.shape[1]), np.cumsum(terms, axis=0)])


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
        lambda X, center: np.sign(X - center).prod(axis=1, keepdims=True),
        lambda X, center: (
            (X - center).sum(1, keepdims=True) ** 2 - ((X - center) @ [[1], [-1]]) ** 2
        ),
        lambda X, center: -3e4 * (X[:, :1] - center[0]) * (X[:, 1:] - center[1]),
        lambda X, center: 7 + (X - center).astype(np.float32).prod(axis=1, keepdims=True),
        lambda X, center: [[(a - center[0]) * (b - center[1])] for a, b in X],
        lambda X, center: learning.cross_features(X - center),
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
    "walk": [
        walk_with_a_list,
        walk_with_copies,
        walk_with_the_package,
        walk_by_powers_of_a_matrix,
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


def collapse_with_w_overwritten(weights, biases):
    W, b = weights[0], biases[0]
    for V, c in zip(weights[1:], biases[1:], strict=True):
        W = W @ V
        b = b @ W + c
    return W, b


def collapse_with_the_bias_too_early(weights, biases):
    W, b = weights[0], biases[0]
    for V, c in zip(weights[1:], biases[1:], strict=True):
        W, b = W @ V, (b + c) @ V
    return W, b


@pytest.mark.parametrize(
    ("answer", "mistake"),
    [
        (collapse_with_w_overwritten, "b is multiplied by the product so far"),
        (collapse_with_the_bias_too_early, "the new bias is added before the layer, not after"),
    ],
)
def test_a_part_that_was_never_reached_is_neither_wrong_nor_diagnosed(answer, mistake):
    report = check("descent.learning.collapse", answer)
    (found,) = report.diagnosis
    assert found.mistake.startswith(mistake)
    assert found.parts == ("b",)
    W, b = report.parts
    assert W.where == "raises ValueError on public input 2 and on hidden inputs"
    assert b.where.startswith("wrong on public input 1; raises ValueError on public input 2; ")
    text = repr(report)
    first, second = text.index("On public input 1:"), text.index("On public input 2:")
    assert first < text.index("\nb: shape (2,) is right") < second
    assert "raises ValueError: matmul" in text[second:]
    assert "It happens in collapse_with" in text[second:]


def test_the_feature_of_the_page_needs_the_center():
    (found,) = check("descent.learning.crossed", lambda X, center: X[:, :1] * X[:, 1:]).diagnosis
    assert found.mistake == "the product x₁x₂ is that of a cloud around the origin"


def gradient_of_entries(X, y, w):
    r = X * w - y
    return r @ r / (2 * len(y)), X.T @ r / len(y)


def collapse_with_return_in_the_loop(weights, biases):
    W, b = weights[0], biases[0]
    for V, c in zip(weights[1:], biases[1:], strict=True):
        W, b = W @ V, b @ V + c
        return W, b
    return None  # what Python does of itself


def collapse_all_layers_over_the_first(weights, biases):
    W, b = weights[0], biases[0]
    for V, c in zip(weights, biases, strict=True):
        W, b = W @ V, b @ V + c
    return W, b


def collapse_by_entries(weights, biases):
    W, b = weights[0], biases[0]
    for V, c in zip(weights[1:], biases[1:], strict=True):
        W, b = W * V, b * V + c
    return W, b


def confusion_over_unique_labels(labels, predictions, k):
    classes = np.unique(labels)
    return [[np.sum((labels == i) & (predictions == j)) for j in classes] for i in classes]


def confusion_without_the_last_sample(labels, predictions, k):
    M = np.zeros((k, k))
    for s in range(len(labels) - 1):
        M[labels[s], predictions[s]] += 1
    return M


def walk_with_one_array(X, y, lr, steps):
    w = np.zeros(X.shape[1])
    path = [w]
    for _ in range(steps):
        w -= lr * X.T @ (X @ w - y) / len(y)
        path.append(w)
    return np.array(path)


def walk_without_its_start(X, y, lr, steps):
    w, path = np.zeros(X.shape[1]), []
    for _ in range(steps):
        w = w - lr * X.T @ (X @ w - y) / len(y)
        path.append(w)
    return np.array(path)


def walk_uphill(X, y, lr, steps):
    path = np.zeros((steps + 1, X.shape[1]))
    for k in range(steps):
        path[k + 1] = path[k] - lr * X.T @ (y - X @ path[k]) / len(y)
    return path


def walk_one_step_too_short(X, y, lr, steps):
    path = np.zeros((steps, X.shape[1]))
    for k in range(steps - 1):
        path[k + 1] = path[k] - lr * X.T @ (X @ path[k] - y) / len(y)
    return path


@pytest.mark.parametrize(
    ("name", "answer", "mistake"),
    [
        ("gradient", gradient_of_entries, "`X * w` stands where"),
        ("gradient", lambda X, y, w: learning.linreg_loss_grad(X, -y, w), "the target is added"),
        ("gradient", lambda X, y, w: learning.linreg_loss_grad(X, y, w)[::-1], "loss and gradient"),
        ("rescale", lambda w, j, c: np.where(np.arange(len(w)) == j, w / c**2, w), "the weight is"),
        ("rescale", lambda w, j, c: np.where(np.arange(len(w)) == j, w, w * c), "all weights but"),
        ("collapse", collapse_with_return_in_the_loop, "`return` stands inside the loop"),
        ("collapse", collapse_all_layers_over_the_first, "the first layer is applied twice"),
        ("collapse", collapse_by_entries, "matrices and biases are multiplied entry by entry"),
        ("collapse", lambda W, b: learning.collapse(W, b)[::-1], "W and b are returned in the"),
        ("confusion", confusion_over_unique_labels, "only classes that occur among the labels"),
        ("confusion", confusion_without_the_last_sample, "the last sample is not counted"),
        ("walk", walk_with_one_array, "all positions are the last one"),
        ("walk", walk_without_its_start, "the start is missing"),
        ("walk", walk_uphill, "the step goes uphill"),
        ("walk", walk_one_step_too_short, "there is one step too few"),
    ],
)
def test_a_mistake_is_known_as_a_learner_writes_it(name, answer, mistake):
    for seed in (None, *range(10)):
        (found,) = check(f"descent.learning.{name}", answer, seed=seed).diagnosis
        assert found.mistake.startswith(mistake), (seed, found)


def test_linear_features_in_disguise_are_recognized():
    for answer in (
        lambda X, center: X @ np.array([[1.0, 2.0], [3.0, -4.0]]) + 5,
        lambda X, center: np.column_stack([X - center, X.sum(axis=1), np.ones(len(X))]),
    ):
        (found,) = check("descent.learning.crossed", answer).diagnosis
        assert found.mistake.startswith("a linear classifier can do no more")


def test_many_columns_do_not_learn_the_cloud_by_heart():
    def one_column_per_point(X, center):
        return np.eye(len(X))

    report = check("descent.learning.crossed", one_column_per_point)
    assert not report.passed
    assert "at most 10 are allowed" in repr(report)


def test_noise_features_do_not_pass():
    for seed in range(10):
        rng = np.random.default_rng(seed)
        answer = lambda X, center, rng=rng: rng.normal(size=(len(X), 10))  # noqa: E731
        assert not check("descent.learning.crossed", answer, seed=seed).passed


def test_features_that_are_not_finite_are_named():
    report = check("descent.learning.crossed", lambda X, center: np.full_like(X, np.inf))
    assert "Features must be finite numbers, got inf at [0, 0]" in repr(report)
