"""Derivatives by graph: numbers against micrograd, arrays against backpropagation by hand."""

import random
import sys
import threading
import tracemalloc
from importlib.util import find_spec
from itertools import pairwise

import numpy as np

from benchmarks.timing import Row, missing, race
from bpcourse.backprop.arrays import relu, softmax_cross_entropy, value_and_grad
from bpcourse.backprop.autodiff import Scalar
from bpcourse.basics.datasets import digits

SIZES = [64, 128, 64, 10]


def rows():
    for batch in (10, 100):
        # The network of micrograd's own demonstration, which takes a batch of 100.
        work = f"Scalar 2-16-16-1, batch {batch}, over micrograd"
        wanted = ">= 5" if batch == 100 else ">= 2"
        if find_spec("micrograd"):
            best = scalars_against_micrograd(batch)
            note = f"{1e3 * best['ours']:.1f} ms against {1e3 * best['micrograd']:.1f} ms"
            yield Row(work, best["micrograd"] / best["ours"], wanted, note)
        else:
            yield missing(work, wanted, "micrograd")
    yield Row("Scalar, bytes an operation at the peak", bytes_an_operation(), "<= 400", "")
    for batch, wanted in ((32, "<= 1.6"), (256, "<= 1.2")):
        best = tensors_against_hand(batch)
        note = f"{1e6 * best['ours']:.0f} µs against {1e6 * best['hand']:.0f} µs"
        work = f"Tensor gradient, batch {batch}, over backprop by hand"
        yield Row(work, best["ours"] / best["hand"], wanted, note)


def scalar_network(number, batch):
    """Forward and backward through a ReLU network of single numbers, 674 operations a sample."""
    draw = random.Random(0)
    layers = [
        [([number(draw.uniform(-1, 1)) for _ in range(m)], number(0.0)) for _ in range(n)]
        for m, n in pairwise([2, 16, 16, 1])
    ]
    loss = number(0.0)
    for _ in range(batch):
        x = [number(draw.uniform(-1, 1)) for _ in range(2)]
        for depth, layer in enumerate(layers):
            z = [sum((w * a for w, a in zip(W, x, strict=True)), b) for W, b in layer]
            x = [v.relu() for v in z] if depth < 2 else z
        loss = loss + x[0] * x[0]
    loss.backward()


def scalars_against_micrograd(batch):
    from micrograd.engine import Value

    best = {}

    def run():
        best.update(
            race(
                7,
                ours=lambda: scalar_network(Scalar, batch),
                micrograd=lambda: scalar_network(Value, batch),
            )
        )

    # micrograd orders its nodes by recursion, which needs a deep stack.
    limit, size = sys.getrecursionlimit(), threading.stack_size(512 * 2**20)
    sys.setrecursionlimit(10**6)
    try:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    finally:
        sys.setrecursionlimit(limit)
        threading.stack_size(size)
    return best


def bytes_an_operation():
    operations = 100_000
    tracemalloc.start()
    x = y = Scalar(1.0)
    for _ in range(operations // 2):
        y = y * 0.999 + x
    y.backward()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / operations


def by_hand(W1, b1, W2, b2, W3, b3, *, X, T):
    """The loss and its six gradients as chapter 7 writes them."""
    Z1 = X @ W1 + b1
    A1 = np.maximum(Z1, 0)
    Z2 = A1 @ W2 + b2
    A2 = np.maximum(Z2, 0)
    Z3 = A2 @ W3 + b3
    S = Z3 - Z3.max(axis=1, keepdims=True)
    E = np.exp(S)
    total = E.sum(axis=1, keepdims=True)
    loss = -np.sum(T * (S - np.log(total))) / len(X)
    D3 = (E / total - T) / len(X)
    D2 = (D3 @ W3.T) * (Z2 > 0)
    D1 = (D2 @ W2.T) * (Z1 > 0)
    return loss, (X.T @ D1, D1.sum(axis=0), A1.T @ D2, D2.sum(axis=0), A2.T @ D3, D3.sum(axis=0))


def by_tensors(W1, b1, W2, b2, W3, b3, *, X, T):
    A1 = relu(X @ W1 + b1)
    A2 = relu(A1 @ W2 + b2)
    return softmax_cross_entropy(A2 @ W3 + b3, T)


def tensors_against_hand(batch):
    rng, data = np.random.default_rng(0), digits()
    X, T = data.X[:batch] / 16, np.eye(10)[data.y[:batch]]
    parameters = []
    for m, n in pairwise(SIZES):
        parameters += [rng.normal(size=(m, n)) * np.sqrt(2 / m), np.zeros(n)]
    ours = value_and_grad(by_tensors)
    loss, gradients = by_hand(*parameters, X=X, T=T)
    same_loss, same_gradients = ours(*parameters, X=X, T=T)
    np.testing.assert_allclose(same_loss, loss, rtol=1e-12)
    for g, h in zip(same_gradients, gradients, strict=True):
        np.testing.assert_allclose(g, h, rtol=1e-10, atol=1e-14)
    return race(
        2000 if batch < 100 else 500,
        ours=lambda: ours(*parameters, X=X, T=T),
        hand=lambda: by_hand(*parameters, X=X, T=T),
    )
