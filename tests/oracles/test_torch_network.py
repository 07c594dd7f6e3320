"""Activations, losses and gradients of whole networks against torch, in float64."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from bpcourse.backprop.network import MLP, fit
from bpcourse.basics.activations import ACTIVATIONS
from bpcourse.basics.datasets import digits
from bpcourse.basics.losses import LOSSES, one_hot
from bpcourse.training.adaptive import OPTIMIZERS

PHI = {
    "identity": torch.nn.Identity(),
    "sigmoid": torch.nn.Sigmoid(),
    "tanh": torch.nn.Tanh(),
    "relu": torch.nn.ReLU(),
    "leaky_relu": torch.nn.LeakyReLU(0.01),
    "softplus": torch.nn.Softplus(threshold=1000),
    "elu": torch.nn.ELU(),
    "silu": torch.nn.SiLU(),
}
COST = {
    "half_mse": lambda o, t: ((o - t) ** 2).sum() / 2 / len(o),
    "softmax_cross_entropy": torch.nn.functional.cross_entropy,
    "sigmoid_cross_entropy": lambda o, t: (
        torch.nn.functional.binary_cross_entropy_with_logits(o, t, reduction="sum") / len(o)
    ),
}


def twin(model, hidden):
    """A torch network with the weights of ours, and its parameters in the order of theta."""
    modules, parameters = [], []
    for n_in, n_out in pairwise(model.sizes):
        linear = torch.nn.Linear(n_in, n_out, dtype=torch.float64)
        parameters += [linear.weight, linear.bias]
        modules += [linear, PHI[hidden]]
    with torch.no_grad():
        for l, (W, b) in enumerate(zip(model.W, model.b, strict=True)):
            parameters[2 * l][:] = torch.tensor(W.T.copy())
            parameters[2 * l + 1][:] = torch.tensor(b)
    return torch.nn.Sequential(*modules[:-1]), parameters


def flat(tensors):
    arrays = [tensor.detach().numpy().T.ravel() for tensor in tensors]
    return np.concatenate(arrays)


@pytest.mark.parametrize("hidden", ACTIVATIONS)
@pytest.mark.parametrize("loss", LOSSES)
def test_value_and_gradient(hidden, loss):
    rng = np.random.default_rng(0)
    model = MLP([7, 5, 6, 3], hidden, loss, rng=rng)
    X, Y = rng.normal(size=(11, 7)), rng.dirichlet(np.ones(3), size=11)
    net, parameters = twin(model, hidden)
    inputs = torch.tensor(X, requires_grad=True)
    cost = COST[loss](net(inputs), torch.tensor(Y))
    cost.backward()
    value, gradient = model.value_and_gradient(X, Y)
    assert_allclose(value, cost.item(), rtol=1e-14)
    assert_allclose(gradient, flat([p.grad for p in parameters]), rtol=0, atol=1e-15)
    assert_allclose(model.input_gradient(X, Y), inputs.grad.numpy(), rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    ("name", "rate"),
    [("sgd", 0.1), ("adagrad", 0.01), ("rmsprop", 1e-3), ("adam", 1e-3), ("adamw", 1e-3)],
)
def test_two_epochs_of_digits(name, rate):
    data = digits()
    X, y = data.X[:300] / 16, data.y[:300]
    model = MLP([64, 16, 10], "tanh", init="xavier", rng=np.random.default_rng(0))
    net, parameters = twin(model, "tanh")
    fit(
        model,
        X,
        y,
        OPTIMIZERS[name](rate),
        epochs=2,
        batch_size=32,
        rng=np.random.default_rng(1),
    )
    torch_name = {"sgd": "SGD", "adagrad": "Adagrad", "rmsprop": "RMSprop"}.get(
        name, name.replace("a", "A", 1).replace("w", "W")
    )
    optimizer = getattr(torch.optim, torch_name)(net.parameters(), lr=rate)
    rng = np.random.default_rng(1)
    for _ in range(2):
        order = rng.permutation(300)
        for start in range(0, 300, 32):
            batch = order[start : start + 32]
            optimizer.zero_grad()
            target = torch.tensor(one_hot(y[batch], 10))
            COST["softmax_cross_entropy"](net(torch.tensor(X[batch])), target).backward()
            optimizer.step()
    # Twenty steps; a pixel that is always black has the gradient 0 in both.
    assert_allclose(model.theta, flat(parameters), rtol=0, atol=1e-11)
