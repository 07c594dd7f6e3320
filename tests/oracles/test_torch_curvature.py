"""Hessian-vector products and normalization against torch, in float64."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from bpcourse.backprop.network import MLP, layers
from bpcourse.basics.activations import ACTIVATIONS
from bpcourse.basics.losses import LOSSES
from bpcourse.training.curvature import hvp
from bpcourse.training.initialization import (
    batchnorm_bwd,
    batchnorm_fwd,
    init_orthogonal,
    layernorm_bwd,
    layernorm_fwd,
)
from bpcourse.training.landscapes import hessian
from tests.oracles.test_torch_network import COST, PHI


def cost_of(model, X, Y):
    """The loss of ours as a torch function of the flat parameters."""

    def cost(theta):
        W, b = layers(theta, model.sizes)
        A = torch.tensor(X)
        for W_l, b_l, phi in zip(W, b, model.phi, strict=True):
            A = PHI[phi.name](A @ W_l + b_l)
        return COST[model.loss.name](A, torch.tensor(Y))

    return cost


@pytest.mark.parametrize("hidden", ACTIVATIONS)
@pytest.mark.parametrize("loss", LOSSES)
def test_hessian_vector_products(hidden, loss):
    rng = np.random.default_rng(0)
    model = MLP([4, 5, 3, 2], hidden, loss, init=init_orthogonal, rng=rng)
    X, Y = rng.normal(size=(7, 4)), rng.dirichlet([1, 1], size=7)
    v, theta = rng.normal(size=model.theta.size), torch.tensor(model.theta)
    _, exact = torch.autograd.functional.hvp(cost_of(model, X, Y), theta, torch.tensor(v))
    assert_allclose(hvp(model, X, Y, v), exact.numpy(), rtol=0, atol=1e-14)


def test_a_whole_hessian():
    rng = np.random.default_rng(1)
    model = MLP([2, 4, 3], "tanh", rng=rng)
    X, Y = rng.normal(size=(6, 2)), rng.dirichlet([1, 1, 1], size=6)
    exact = torch.autograd.functional.hessian(cost_of(model, X, Y), torch.tensor(model.theta))
    H = hessian(lambda v: hvp(model, X, Y, v), model.theta.size)
    assert_allclose(H, exact.numpy(), rtol=0, atol=1e-14)


@pytest.mark.parametrize("kind", ["batch", "layer"])
def test_normalization(kind):
    rng = np.random.default_rng(2)
    X, dY, (gamma, beta) = (
        3 + rng.normal(size=(6, 4)),
        rng.normal(size=(6, 4)),
        rng.normal(size=(2, 4)),
    )
    inputs = [torch.tensor(a, requires_grad=True) for a in (X, gamma, beta)]
    if kind == "batch":
        out = torch.nn.functional.batch_norm(inputs[0], None, None, *inputs[1:], training=True)
        Y, cache = batchnorm_fwd(X, gamma, beta)
        ours = batchnorm_bwd(dY, cache)
    else:
        out = torch.nn.functional.layer_norm(inputs[0], (4,), *inputs[1:])
        Y, cache = layernorm_fwd(X, gamma, beta)
        ours = layernorm_bwd(dY, cache)
    out.backward(torch.tensor(dY))
    assert_allclose(Y, out.detach().numpy(), rtol=0, atol=1e-13)
    for mine, theirs in zip(ours, inputs, strict=True):
        assert_allclose(mine, theirs.grad.numpy(), rtol=0, atol=1e-13)
