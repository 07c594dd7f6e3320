"""Chapter 3's exercises: right answers in other words, and what the package says of them."""

import numpy as np
import pytest

from bpcourse.descent import quadratics
from bpcourse.exercises import check


def power_by_the_power_of_the_matrix(X, v, steps):
    H = X.T @ X / X.shape[0]
    u = np.linalg.matrix_power(H, steps) @ v
    return (u @ H @ u) / (u @ u), list(u / np.sqrt(u @ u))


def power_by_the_residuals(X, v, steps):
    for _ in range(steps):
        v = np.mean((X @ v)[:, None] * X, axis=0)
        v = v / np.sqrt(np.sum(v**2))
    return np.mean((X @ v) ** 2), v


def verdict_by_factors(eigenvalues, amplitudes, rates):
    return [
        int(
            all(
                abs(1 - r * lam) < 1
                for lam, c in zip(eigenvalues, amplitudes, strict=True)
                if c != 0
            )
        )
        for r in rates
    ]


def verdict_by_the_largest_and_the_smallest(eigenvalues, amplitudes, rates):
    lam = eigenvalues[amplitudes != 0]
    return np.where((rates > 0) & (lam.min() > 0) & (rates < 2 / lam.max()), 1.0, 0.0)


def best_by_the_norm(H):
    low, high = 1 / np.linalg.norm(np.linalg.inv(H), 2), np.linalg.norm(H, 2)
    kappa = np.linalg.cond(H)
    return 1 / ((low + high) / 2), (kappa - 1) / (kappa + 1)


def count_by_running(eigenvalues, amplitudes, lr):
    k = np.arange(20_000)
    left = np.linalg.norm(quadratics.mode_amplitudes(eigenvalues, amplitudes, lr, k), axis=1)
    return int(np.argmax(left <= 1e-8 * left[0]))


def count_with_other_logarithms(eigenvalues, amplitudes, lr):
    factor = quadratics.contraction(eigenvalues, lr)
    c = amplitudes[np.argmax(np.abs(1 - lr * eigenvalues))]
    share = np.abs(c) / np.sqrt(np.sum(amplitudes**2))
    return (8 + np.log10(share)) / -np.log10(factor)


def limits_by_eigenvalues(X):
    spread = X.std(axis=0)
    X, spread = X[:, spread > 0], spread[spread > 0]
    result = []
    for F in (X, (X - X.mean(axis=0)) / spread):
        A = np.hstack([F, np.ones((len(F), 1))])
        result.append(2 / np.linalg.eigvalsh(A.T @ A / len(A))[-1])
    return result


RIGHT = {
    "power": [power_by_the_power_of_the_matrix, power_by_the_residuals],
    "verdict": [verdict_by_factors, verdict_by_the_largest_and_the_smallest],
    "optimal": [
        best_by_the_norm,
        lambda H: quadratics.optimal_step(*np.linalg.eigvalsh(H)[[0, -1]]),
    ],
    "count": [count_by_running, count_with_other_logarithms],
    "limits": [limits_by_eigenvalues],
}


@pytest.mark.parametrize(
    ("name", "answer"), [(name, answer) for name, answers in RIGHT.items() for answer in answers]
)
def test_right_answers_in_other_words_pass(name, answer):
    for seed in (None, *range(25)):
        report = check(f"descent.quadratics.{name}", answer, seed=seed)
        assert report.passed, (seed, report)


def test_two_percent_are_the_limit_of_a_prediction():
    for slack, passed in ((1.01, True), (0.99, True), (1.035, False), (0.965, False)):
        report = check(
            "descent.quadratics.count",
            lambda lam, c, lr, slack=slack: slack * count_by_running(lam, c, lr),
        )
        assert report.passed == passed, (slack, report)
    assert "it takes 297 steps, your prediction is 28" in repr(report).lower()


def test_a_prediction_is_one_number():
    report = check("descent.quadratics.count", lambda lam, c, lr: lam)
    assert "xpected a single number, got shape (3,)" in repr(report)


def test_a_right_rate_with_a_wrong_factor_keeps_its_point():
    report = check("descent.quadratics.optimal", lambda H: (best_by_the_norm(H)[0], 0.5))
    assert (report.points, report.of) == (1, 2)
