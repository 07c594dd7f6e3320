"""The optimizers against torch.optim: 60 steps, every parameter, float64."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from bpcourse.training.adaptive import SGD, Adagrad, Adam, AdamW, RMSprop, minimize

SCALES = np.array([1.0, 10.0, 1e3, 1e4])


def rosenbrock(x):
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


def rosenbrock_gradient(x):
    return np.array([-400 * x[0] * (x[1] - x[0] ** 2) - 2 * (1 - x[0]), 200 * (x[1] - x[0] ** 2)])


PROBLEMS = {
    "Rosenbrock": (rosenbrock, rosenbrock_gradient, [-1.2, 1.0]),
    "quadratic": (lambda x: x @ (SCALES * x) / 2, lambda x: SCALES * x, [1.0, -2.0, 0.5, 1.5]),
}

PAIRS = [
    (SGD, torch.optim.SGD, {"lr": 1e-4}),
    (SGD, torch.optim.SGD, {"lr": 1e-4, "momentum": 0.9}),
    (SGD, torch.optim.SGD, {"lr": 1e-4, "momentum": 0.8, "nesterov": True}),
    (Adagrad, torch.optim.Adagrad, {"lr": 0.1}),
    (Adagrad, torch.optim.Adagrad, {"lr": 0.1, "eps": 0.1}),
    (RMSprop, torch.optim.RMSprop, {"lr": 0.01}),
    (RMSprop, torch.optim.RMSprop, {"lr": 0.01, "alpha": 0.9, "eps": 1e-3}),
    (Adam, torch.optim.Adam, {"lr": 0.02}),
    (Adam, torch.optim.Adam, {"lr": 0.02, "betas": (0.8, 0.95), "eps": 0.01}),
    (Adam, torch.optim.Adam, {"lr": 0.05, "betas": (0.5, 0.3), "amsgrad": True}),
    (AdamW, torch.optim.AdamW, {"lr": 0.02}),
    (AdamW, torch.optim.AdamW, {"lr": 0.02, "betas": (0.7, 0.9), "weight_decay": 0.5}),
    (AdamW, torch.optim.AdamW, {"lr": 0.05, "betas": (0.5, 0.3), "amsgrad": True}),
]


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize(
    ("ours", "theirs", "parameters"), PAIRS, ids=lambda p: getattr(p, "__name__", str(p))
)
def test_sixty_steps(ours, theirs, parameters, problem):
    f, gradient, x0 = PROBLEMS[problem]
    path = minimize(f, gradient, x0, ours(**parameters), 60)
    x = torch.tensor(x0, dtype=torch.float64, requires_grad=True)
    optimizer = theirs([x], **parameters)
    positions = [x0]
    for _ in range(60):
        x.grad = torch.tensor(gradient(x.detach().numpy()))
        optimizer.step()
        positions.append(x.detach().numpy().copy())
    assert_allclose(path.x, positions, rtol=0, atol=1e-11)
