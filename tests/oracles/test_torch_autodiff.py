"""Tensor and Scalar against torch's autograd, on the same numbers."""

import itertools

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from bpcourse.backprop import arrays as ar
from bpcourse.backprop.autodiff import Scalar


def compare(ours, theirs, *xs, rtol=1e-12):
    """First and second derivatives of a number that depends on arrays."""
    tensors = [torch.tensor(x, requires_grad=True) for x in xs]
    y = theirs(*tensors)
    first = torch.autograd.grad(y, tensors, create_graph=True)
    value, gradients = ar.value_and_grad(ours)(*xs)
    gradients = gradients if isinstance(gradients, tuple) else (gradients,)
    assert_allclose(value, y.item(), rtol=rtol)
    for g, h in zip(gradients, first, strict=True):
        assert_allclose(g, h.detach().numpy(), rtol=rtol, atol=rtol)
    squares = torch.stack([(g * g).sum() for g in first]).sum()
    second = torch.autograd.grad(squares, tensors)

    def size(*xs):
        _, gradients = ar.value_and_grad(ours)(*xs)
        gradients = gradients if isinstance(gradients, tuple) else (gradients,)
        total = ar.sum(gradients[0] * gradients[0])
        for g in gradients[1:]:
            total = total + ar.sum(g * g)
        return total

    _, again = ar.value_and_grad(size)(*xs)
    again = again if isinstance(again, tuple) else (again,)
    for g, h in zip(again, second, strict=True):
        assert_allclose(g, h.numpy(), rtol=10 * rtol, atol=10 * rtol)


def rand(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).uniform(0.2, 2.0, shape)


UNARY = ["exp", "log", "sqrt", "sin", "cos", "tanh", "arctan", "sigmoid"]


@pytest.mark.parametrize("name", UNARY)
def test_functions(name):
    f = getattr(torch, name)
    compare(lambda x: ar.sum(getattr(ar, name)(x) ** 2), lambda x: (f(x) ** 2).sum(), rand(3, 4))


def test_softplus_and_cross_entropy():
    Z, labels = rand(5, 3), np.array([0, 2, 1, 1, 0])
    their_labels = torch.tensor(labels)
    compare(
        lambda Z: ar.sum(ar.softplus(Z) ** 2),
        lambda Z: (torch.nn.functional.softplus(Z, threshold=50) ** 2).sum(),
        Z,
    )
    compare(
        lambda Z: ar.softmax_cross_entropy(Z, labels),
        lambda Z: torch.nn.functional.cross_entropy(Z, their_labels),
        Z,
    )
    T = np.random.default_rng(0).uniform(size=(5, 3))
    compare(
        lambda Z: ar.sigmoid_cross_entropy(Z, T) / 3,
        lambda Z: torch.nn.functional.binary_cross_entropy_with_logits(Z, torch.tensor(T)),
        Z,
    )


def test_matrices():
    A = rand(2, 3, 3) + 3 * np.eye(3)
    B = rand(3, 2, seed=1)
    compare(
        lambda A, B: ar.sum(ar.inv(A) @ ar.tanh(B)),
        lambda A, B: (A.inverse() @ B.tanh()).sum(),
        A,
        B,
    )
    compare(
        lambda A, B: ar.sum(ar.solve(A, B) ** 2),
        lambda A, B: (torch.linalg.solve(A, B) ** 2).sum(),
        A,
        B,
    )
    compare(lambda A: ar.sum(ar.logdet(A)), lambda A: torch.logdet(A).sum(), A)
    compare(
        lambda A, B: ar.sum(ar.einsum("bij,jk->bik", A, B) ** 2),
        lambda A, B: (torch.einsum("bij,jk->bik", A, B) ** 2).sum(),
        A,
        B,
    )


def test_ties_of_maximum_and_repeated_indices():
    a = np.array([1.0, 2.0, 2.0])
    compare(
        lambda a, b: ar.sum(ar.maximum(a, b) ** 2),
        lambda a, b: (torch.maximum(a, b) ** 2).sum(),
        a,
        np.array([1.0, 1.0, 2.0]),
    )
    compare(lambda a: ar.max(a) ** 2, lambda a: torch.amax(a) ** 2, a)
    compare(lambda a: ar.sum(a[[0, 0, 2]] ** 3), lambda a: (a[[0, 0, 2]] ** 3).sum(), a)


@pytest.mark.parametrize("N", [1, 7])
def test_a_network(N):
    rng = np.random.default_rng(0)
    sizes, labels = [5, 8, 6, 3], rng.integers(0, 3, N)
    X = rng.normal(size=(N, 5))
    params = []
    for m, n in itertools.pairwise(sizes):
        params += [rng.normal(size=(m, n)), rng.normal(size=n)]

    def network(*p, lib, X, loss):
        A = X
        for W, b in zip(p[:-2:2], p[1:-2:2], strict=True):
            A = lib.tanh(A @ W + b)
        return loss(A @ p[-2] + p[-1])

    compare(
        lambda *p: network(*p, lib=ar, X=X, loss=lambda Z: ar.softmax_cross_entropy(Z, labels)),
        lambda *p: network(
            *p,
            lib=torch,
            X=torch.tensor(X),
            loss=lambda Z: torch.nn.functional.cross_entropy(Z, torch.tensor(labels)),
        ),
        *params,
        rtol=1e-11,
    )


def test_scalars_and_backward_twice():
    def f(a, b):
        c = a * b + a.tanh()
        return (c * c + b**3 / a - (a - b).sigmoid()).sqrt().exp() + c.log() * a.sin() - b.cos()

    ours = [Scalar(1.3), Scalar(0.7)]
    theirs = [torch.tensor(v.value, dtype=torch.float64, requires_grad=True) for v in ours]
    y, t = f(*ours), f(*theirs)
    assert y.value == pytest.approx(t.item(), rel=1e-14)
    for _ in range(2):  # the field adds up on the leaves
        y.backward()
        t.backward(retain_graph=True)
        for v, w in zip(ours, theirs, strict=True):
            assert v.grad == pytest.approx(w.grad.item(), rel=1e-13)
