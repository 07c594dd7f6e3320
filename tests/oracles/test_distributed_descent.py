"""Chapter 5's data-parallel gradient on a real cluster of two worker processes of this machine."""

import numpy as np
import pytest
from distributed import Client, LocalCluster

from bpcourse import data_parallel_gradient, gd, linreg_loss_grad, logreg_loss_grad


@pytest.fixture(scope="module")
def client():
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        yield client


def shards(X, y):
    return [(X[:100], y[:100]), (X[100:101], y[100:101]), (X[101:], y[101:])]


def test_the_cluster_gives_the_gradient_of_the_whole(client):
    rng = np.random.default_rng(0)
    X, y, w = rng.normal(size=(500, 7)), rng.integers(0, 2, 500), rng.normal(size=7)
    parts = shards(X, y)
    whole = logreg_loss_grad(X, y, w)
    for sent in (parts, client.scatter(parts)):
        loss, gradient = data_parallel_gradient(logreg_loss_grad, sent, w, client=client)
        assert loss == pytest.approx(whole[0], rel=1e-14)
        np.testing.assert_allclose(gradient, whole[1], rtol=0, atol=1e-14)


def test_gradient_descent_on_the_cluster(client):
    rng = np.random.default_rng(1)
    X, w = rng.normal(size=(300, 3)), rng.normal(size=3)
    y = X @ [1.0, -2.0, 0.5]
    held = client.scatter(shards(X, y))
    path = gd(
        lambda w: data_parallel_gradient(linreg_loss_grad, held, w, client=client)[1], w, 0.9, 20
    )
    here = gd(lambda w: linreg_loss_grad(X, y, w)[1], w, 0.9, 20)
    np.testing.assert_allclose(path, here, rtol=1e-12)


def test_an_error_on_a_worker_arrives_here(client):
    with pytest.raises(ValueError, match="w has 2 entries, expected 1"):
        data_parallel_gradient(
            linreg_loss_grad, [(np.ones((3, 1)), np.ones(3))], np.ones(2), client=client
        )
