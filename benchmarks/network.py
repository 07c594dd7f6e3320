"""An epoch of the digits 64-128-64-10 in float64, and what a gradient costs."""

import warnings
from importlib.util import find_spec
from itertools import pairwise

import numpy as np

from benchmarks.timing import Row, missing, race
from bpcourse.backprop.network import MLP, fit
from bpcourse.basics.datasets import digits
from bpcourse.training.adaptive import SGD, Adam

SIZES = [64, 128, 64, 10]
WANTED = {32: (">= 2.3", ">= 2.5"), 256: (">= 1.7", ">= 1.2")}


def rows():
    data = digits()
    X, y = data.X / 16, data.y
    for batch in (32, 256):
        for optimizer in ("SGD", "Adam"):
            work = f"MLP epoch, batch {batch}, {optimizer}"
            rivals = {"ours": our_epoch(X, y, batch, optimizer)}
            if find_spec("sklearn"):
                rivals["scikit-learn"] = sklearn_epoch(X, y, batch, optimizer)
            if find_spec("torch"):
                rivals["torch eager"] = torch_epoch(X, y, batch, optimizer)
            best = race(25, **rivals)
            ours = best["ours"]
            for rival, wanted in zip(("scikit-learn", "torch eager"), WANTED[batch], strict=True):
                if rival in best:
                    note = f"{1e3 * ours:.1f} ms against {1e3 * best[rival]:.1f} ms"
                    yield Row(f"{work} over {rival}", best[rival] / ours, wanted, note)
                else:
                    yield missing(f"{work} over {rival}", wanted, rival)
    for batch in (32, 256):
        yield cost_of_a_gradient(X[:batch], y[:batch])


def our_epoch(X, y, batch, optimizer):
    model = MLP(SIZES, rng=np.random.default_rng(0))
    steps = SGD(0.01, momentum=0.9) if optimizer == "SGD" else Adam(1e-3)
    rng = np.random.default_rng(0)
    return lambda: fit(model, X, y, steps, epochs=1, batch_size=batch, rng=rng, progress=False)


def sklearn_epoch(X, y, batch, optimizer):
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(
        SIZES[1:-1],
        solver=optimizer.lower(),
        alpha=0.0,
        batch_size=batch,
        learning_rate_init=0.01 if optimizer == "SGD" else 1e-3,
        nesterovs_momentum=False,
        random_state=0,
    )
    # partial_fit goes through the data once, without a fit's tests of convergence.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.partial_fit(X, y, classes=np.arange(10))
    return lambda: model.partial_fit(X, y)


def torch_epoch(X, y, batch, optimizer):
    import torch

    torch.set_num_threads(1)
    layers = []
    for n_in, n_out in pairwise(SIZES):
        layers += [torch.nn.Linear(n_in, n_out, dtype=torch.float64), torch.nn.ReLU()]
    net = torch.nn.Sequential(*layers[:-1])
    cost = torch.nn.CrossEntropyLoss()
    if optimizer == "SGD":
        steps = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
    else:
        steps = torch.optim.Adam(net.parameters(), lr=1e-3)
    inputs, targets = torch.tensor(X), torch.tensor(y)

    def epoch():
        order = torch.randperm(len(inputs))
        X_epoch, y_epoch = inputs[order], targets[order]
        for start in range(0, len(inputs), batch):
            stop = start + batch
            steps.zero_grad()
            cost(net(X_epoch[start:stop]), y_epoch[start:stop]).backward()
            steps.step()

    return epoch


def cost_of_a_gradient(X, y):
    model = MLP(SIZES, rng=np.random.default_rng(0))

    def value():
        for _ in range(20):
            model.value(X, y)

    def both():
        for _ in range(20):
            model.value_and_gradient(X, y)

    best = race(60, value=value, both=both)
    note = f"{5e4 * best['both']:.0f} µs against {5e4 * best['value']:.0f} µs"
    work = f"cost(value, gradient) / cost(value), batch {len(X)}"
    return Row(work, best["both"] / best["value"], "<= 3", note)
