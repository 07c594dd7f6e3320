"""Chapter 4's exercises: right answers in other words, and what the package says of them."""

import numpy as np
import pytest

from bpcourse.descent import convergence
from bpcourse.descent.learning import gd1d
from bpcourse.descent.quadratics import gd
from bpcourse.exercises import check


def step_of_the_package(H, x, t, c, beta):
    return convergence.backtracking(lambda v: v @ H @ v / 2, x, H @ x, lr=t, c=c, shrink=beta)


def step_by_counting(H, x, t, c, beta):
    # ½(x − tg)ᵀH(x − tg) = ½xᵀHx − t gᵀg + ½t² gᵀHg, so the rule holds for t ≤ 2(1 − c)gᵀg/gᵀHg.
    g = H @ x
    longest = 2 * (1 - c) * (g @ g) / (g @ H @ g)
    return t * beta ** max(0, int(np.ceil(np.log(longest / t) / np.log(beta))))


def bound_of_the_package(H, m, x0, k):
    eta = 1 / np.linalg.norm(H, 2)
    x = gd(lambda v: H @ (v - m), x0, eta, k)[-1]
    gap = (x - m) @ (H @ (x - m)) / 2
    return gap, convergence.convex_bound(np.linalg.norm(x0 - m), eta, k)


def bound_mode_by_mode(H, m, x0, k):
    values, Q = np.linalg.eigh(H)
    start, L = Q.T @ (x0 - m), values[-1]
    gap = np.sum(values * (1 - values / L) ** (2 * k) * start**2) / 2
    return gap, L * np.sum(start**2) / (2 * k)


def walk_of_the_package(x0, K):
    rates = np.full(K, abs(x0) / np.sqrt(K))
    run = convergence.subgradient(lambda v: abs(v[0]), np.sign, [x0], rates)
    return run.path[:, 0], convergence.subgradient_bound(abs(x0), 1.0, rates)


def walk_in_one_dimension(x0, K):
    return list(gd1d(np.sign, x0, abs(x0) / K**0.5, K)), abs(x0) / K**0.5


def logistic_by_logaddexp(X, y, w):
    z = X @ w
    loss = np.mean(np.logaddexp(0, z) - y * z)
    return loss, X.T @ (np.exp(-np.logaddexp(0, -z)) - y) / len(y)


def growth_of_the_package(lr, steps):
    X, y = np.array([[1.0], [-1.0]]), np.array([1, 0])
    path = gd(lambda w: convergence.logreg_loss_grad(X, y, w)[1], [0.0], lr, steps)
    return path[-1, 0], path[-1, 0] - np.log1p(lr * steps)


@pytest.mark.parametrize("seed", [None, *range(6)])
@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("armijo", step_of_the_package),
        ("armijo", step_by_counting),
        ("bound", bound_of_the_package),
        ("bound", bound_mode_by_mode),
        ("schedule", walk_of_the_package),
        ("schedule", walk_in_one_dimension),
        ("logistic", convergence.logreg_loss_grad),
        ("logistic", logistic_by_logaddexp),
        ("growth", growth_of_the_package),
    ],
)
def test_a_right_answer_in_other_words_gets_all_points(name, answer, seed):
    report = check(f"descent.convergence.{name}", answer, seed=seed)
    assert report.passed, report


def test_clipping_is_named_as_what_it_is():
    def clipped(X, y, w):
        with np.errstate(over="ignore"):
            p = np.clip(1 / (1 + np.exp(-(X @ w))), 1e-12, 1 - 1e-12)
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)), X.T @ (p - y) / len(y)

    report = check("descent.convergence.logistic", clipped)
    assert not report.passed
    assert "the probabilities are clipped at 1e-12" in [d.mistake for d in report.diagnosis]
