"""Chapter 11, Initialization: what a signal becomes on its way through many layers.

Weights have the standard deviation σ_w/√n_in; σ_w is called their gain. The mean square of what
enters a layer's activation is its q.
"""

import math
from functools import lru_cache

import numpy as np

from bpcourse.backprop.network import init_he, init_xavier, layers
from bpcourse.basics.activations import as_activation
from bpcourse.basics.validate import as_count, as_matrix, as_number, as_rng, as_vector

__all__ = [
    "batchnorm_bwd",
    "batchnorm_fwd",
    "chain_slope",
    "critical_gain",
    "expected_variance",
    "gaussian_mean",
    "init_he",
    "init_orthogonal",
    "init_scaled",
    "init_xavier",
    "layernorm_bwd",
    "layernorm_fwd",
    "make_twins",
    "measured_variance",
    "residual_bwd",
    "residual_fwd",
    "slope_factor",
    "twin_gap",
]


def init_scaled(gain):
    """Make an initialization of a given gain: weights of variance σ_w²/n_in.

    Parameters
    ----------
    gain : float
        σ_w, positive. √2 is that of `init_he`.

    Returns
    -------
    callable
        ``draw(n_in, n_out, rng)``, for ``MLP(…, init=…)``.
    """
    gain = as_number(gain, "gain", above=0)

    def draw(n_in, n_out, rng):
        return rng.normal(0, gain / math.sqrt(n_in), (n_in, n_out))

    return draw


def init_orthogonal(n_in, n_out, rng):
    """Weights with orthonormal columns, or rows where the layer widens.

    Parameters
    ----------
    n_in, n_out : int
        The widths before and after.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (n_in, n_out)
        W with WᵀW = I if n_in ≥ n_out, else WWᵀ = I; all such W are equally likely.

    References
    ----------
    Saxe, McClelland and Ganguli (2014), Exact solutions to the nonlinear dynamics of learning.
    """
    tall, flat = max(n_in, n_out), min(n_in, n_out)
    Q, R = np.linalg.qr(as_rng(rng).normal(size=(tall, flat)))
    Q = Q * np.sign(np.diag(R))  # QR alone prefers some rotations
    return Q if n_in >= n_out else Q.T


def make_twins(theta, sizes, layer, i, j):
    """Make hidden unit j a twin of unit i: equal incoming weights, bias and outgoing weights.

    Twins get equal gradients, so no descent ever tells them apart.

    Parameters
    ----------
    theta : array_like, shape (P,)
        All parameters of an `MLP`.
    sizes : sequence of int
        Its widths n_0 … n_L.
    layer : int
        The hidden layer, from 1 to L − 1.
    i, j : int
        The units, counted from 0.

    Returns
    -------
    ndarray, shape (P,)
        A new array.
    """
    new, W, b, into, out = hidden_layer(theta, sizes, layer)
    W[into][:, j] = W[into][:, i]
    b[into][j] = b[into][i]
    W[out][j] = W[out][i]
    return new


def twin_gap(theta, sizes, layer, i, j):
    """The largest difference between the parameters of two hidden units; 0 for twins.

    Parameters
    ----------
    theta : array_like, shape (P,)
        All parameters of an `MLP`, or a gradient.
    sizes : sequence of int
        Its widths n_0 … n_L.
    layer : int
        The hidden layer, from 1 to L − 1.
    i, j : int
        The units, counted from 0.

    Returns
    -------
    float
    """
    _, W, b, into, out = hidden_layer(theta, sizes, layer)
    incoming = np.abs(W[into][:, i] - W[into][:, j]).max()
    outgoing = np.abs(W[out][i] - W[out][j]).max()
    return float(max(incoming, abs(b[into][i] - b[into][j]), outgoing))


def hidden_layer(theta, sizes, layer):
    """A copy of the parameters, views into it, and where a hidden layer is in these.

    Parameters
    ----------
    theta : array_like, shape (P,)
    sizes : sequence of int
    layer : int
        From 1 to L − 1.

    Returns
    -------
    theta : ndarray, shape (P,)
    W, b : list of ndarray
    into, out : int
        ``W[into]`` and ``b[into]`` lead into the layer, ``W[out]`` out of it.
    """
    layer = as_count(layer, "layer")
    if layer > len(sizes) - 2:
        raise ValueError(
            f"layer is {layer}, but layers {tuple(sizes)} have {len(sizes) - 2} hidden ones; "
            "count them from 1"
        )
    new = as_vector(theta, "theta", why="one per parameter").copy()
    return new, *layers(new, sizes), layer - 1, layer


def gaussian_mean(f, q):
    """The mean of f(z) for a normal z of mean 0 and variance q.

    Parameters
    ----------
    f : callable
        Entry by entry, smooth on either side of 0; it may have a kink or a jump at 0.
    q : float
        The variance, not negative.

    Returns
    -------
    float
        To about 14 digits if f grows no faster than a polynomial.
    """
    u, weights = _half_normal()
    z = math.sqrt(as_number(q, "q", least=0)) * u
    return float(weights @ (f(z) + f(-z)))  # eq:training-initialization-mean


@lru_cache(maxsize=1)
def _half_normal():
    """Return nodes u > 0 and weights that integrate against the normal density.

    Gauss–Hermite would need a smooth f, and ReLU has a kink. These are Gauss–Legendre nodes in
    panels, ever finer toward 0, up to u = 12, beyond which the density is below 1e-32.
    """
    edges = np.concatenate([[0], 2.0 ** np.arange(-12, 1), np.arange(2, 13)])
    nodes, weights = np.polynomial.legendre.leggauss(20)
    half = np.diff(edges)[:, np.newaxis] / 2
    u = (edges[:-1, np.newaxis] + half * (1 + nodes)).ravel()
    return u, (half * weights).ravel() * np.exp(-u * u / 2) / math.sqrt(2 * math.pi)


def expected_variance(activation, x_square, gain, depth, *, bias_std=0.0):
    """Theory: Var z layer by layer in a wide network with random weights.

    Parameters
    ----------
    activation : str or Activation
        φ of every hidden layer.
    x_square : float
        The mean square of the inputs.
    gain : float
        σ_w: the weights have the variance σ_w²/n_in.
    depth : int
        How many layers.
    bias_std : float
        σ_b, the standard deviation of the biases.

    Returns
    -------
    ndarray, shape (depth,)
        q_1, …, q_depth.

    References
    ----------
    Poole, Lahiri, Raghu, Sohl-Dickstein and Ganguli (2016), Exponential expressivity in deep
    neural networks through transient chaos.
    """
    phi = as_activation(activation)
    a_square = as_number(x_square, "x_square", least=0)
    w_variance = as_number(gain, "gain", above=0) ** 2
    b_variance = as_number(bias_std, "bias_std", least=0) ** 2
    q = np.empty(as_count(depth, "depth"))
    for l in range(len(q)):
        q[l] = w_variance * a_square + b_variance  # eq:training-initialization-variance
        a_square = gaussian_mean(lambda z: phi.f(z) ** 2, q[l])
    return q


def measured_variance(Z):
    """Measurement: the mean square of each layer's array, of Z forward or Δ backward.

    Parameters
    ----------
    Z : list of ndarray
        One array per layer, as `mlp_forward` and `mlp_backward` return them.

    Returns
    -------
    ndarray, shape (L,)
    """
    return np.array([np.mean(Z_l * Z_l) for Z_l in Z])


def slope_factor(activation, q, gain):
    """χ, by which Var δ changes from a layer of variance q to the one before it.

    Parameters
    ----------
    activation : str or Activation
    q : float
        Var z in the layer.
    gain : float
        σ_w.

    Returns
    -------
    float
        σ_w² E φ′(z)²: below 1 the error signal vanishes, above 1 it explodes.

    References
    ----------
    Schoenholz, Gilmer, Ganguli and Sohl-Dickstein (2017), Deep information propagation.
    """
    phi = as_activation(activation)
    slope_square = gaussian_mean(lambda z: phi.df(z) ** 2, q)
    return as_number(gain, "gain", above=0) ** 2 * slope_square  # eq:training-initialization-chi


def critical_gain(activation, q=1.0, *, backward=False):
    """The gain σ_w that keeps Var z at q from layer to layer.

    Parameters
    ----------
    activation : str or Activation
    q : float
        The variance to keep, positive.
    backward : bool
        Keep the variance of the error signal instead, so that χ = 1.

    Returns
    -------
    float
        √2 for ReLU in both directions: He's initialization. Others depend on q.

    Raises
    ------
    ValueError
        If no signal comes through at all.
    """
    phi = as_activation(activation)
    q = as_number(q, "q", above=0)
    if backward:
        kept = gaussian_mean(lambda z: phi.df(z) ** 2, q)
    else:
        kept = gaussian_mean(lambda z: phi.f(z) ** 2, q) / q
    if kept == 0:
        raise ValueError(f"{phi.name} lets no signal of variance {q:g} through; take another q")
    return 1 / math.sqrt(kept)  # eq:training-initialization-gain


def chain_slope(activation, x, depth):
    """The derivative of φ(φ(… φ(x))) with respect to x: a product of slopes.

    Parameters
    ----------
    activation : str or Activation
        With the sigmoid the product is at most 4^(−depth).
    x : float
    depth : int
        How often φ is applied.

    Returns
    -------
    float

    References
    ----------
    Hochreiter (1991), Untersuchungen zu dynamischen neuronalen Netzen.
    """
    phi = as_activation(activation)
    z, slope = as_number(x, "x"), 1.0
    for _ in range(as_count(depth, "depth")):
        slope = slope * phi.df(z)  # eq:training-initialization-vanishing
        z = phi.f(z)
    return float(slope)


def batchnorm_fwd(X, gamma, beta, *, eps=1e-5):
    """Batch normalization: each column to mean 0 and variance 1, then scaled and shifted.

    Parameters
    ----------
    X : array_like, shape (N, p)
    gamma, beta : array_like, shape (p,)
        γ and β, one per column.
    eps : float
        ε, added to the variance; not negative.

    Returns
    -------
    Y : ndarray, shape (N, p)
    cache : tuple
        What `batchnorm_bwd` needs.

    References
    ----------
    Ioffe and Szegedy (2015), Batch normalization.
    """
    X, gamma, beta, eps = _normalizable(X, gamma, beta, eps)
    mu = X.mean(axis=0)  # eq:training-initialization-bn-mean
    var = ((X - mu) ** 2).mean(axis=0)  # eq:training-initialization-bn-variance
    std = _root(var + eps)
    X_hat = (X - mu) / std  # eq:training-initialization-bn-normal
    Y = gamma * X_hat + beta  # eq:training-initialization-bn-output
    return Y, (X_hat, std, gamma)


def batchnorm_bwd(dY, cache):
    """The backward pass of `batchnorm_fwd`; every sample's gradient depends on all samples.

    Parameters
    ----------
    dY : array_like, shape (N, p)
        ∂C/∂Y.
    cache : tuple
        From `batchnorm_fwd`.

    Returns
    -------
    dX : ndarray, shape (N, p)
    dgamma, dbeta : ndarray, shape (p,)
    """
    X_hat, std, gamma = cache
    dY = _like(dY, X_hat)
    dbeta = dY.sum(axis=0)  # eq:training-initialization-bn-dbeta
    dgamma = (dY * X_hat).sum(axis=0)  # eq:training-initialization-bn-dgamma
    G = dY * gamma  # eq:training-initialization-bn-g
    along = (G * X_hat).mean(axis=0)
    dX = (G - G.mean(axis=0) - X_hat * along) / std  # eq:training-initialization-bn-dx
    return dX, dgamma, dbeta


def layernorm_fwd(X, gamma, beta, *, eps=1e-5):
    """Layer normalization: each row to mean 0 and variance 1, then scaled and shifted.

    Parameters
    ----------
    X : array_like, shape (N, p)
    gamma, beta : array_like, shape (p,)
        γ and β, one per column.
    eps : float
        ε, added to the variance; not negative.

    Returns
    -------
    Y : ndarray, shape (N, p)
    cache : tuple
        What `layernorm_bwd` needs.

    References
    ----------
    Ba, Kiros and Hinton (2016), Layer normalization.
    """
    X, gamma, beta, eps = _normalizable(X, gamma, beta, eps)
    mu = X.mean(axis=1, keepdims=True)  # eq:training-initialization-ln-mean
    var = ((X - mu) ** 2).mean(axis=1, keepdims=True)  # eq:training-initialization-ln-variance
    std = _root(var + eps)
    X_hat = (X - mu) / std  # eq:training-initialization-ln-normal
    Y = gamma * X_hat + beta  # eq:training-initialization-ln-output
    return Y, (X_hat, std, gamma)


def layernorm_bwd(dY, cache):
    """The backward pass of `layernorm_fwd`; every sample stands alone.

    Parameters
    ----------
    dY : array_like, shape (N, p)
        ∂C/∂Y.
    cache : tuple
        From `layernorm_fwd`.

    Returns
    -------
    dX : ndarray, shape (N, p)
    dgamma, dbeta : ndarray, shape (p,)
    """
    X_hat, std, gamma = cache
    dY = _like(dY, X_hat)
    dbeta = dY.sum(axis=0)  # eq:training-initialization-ln-dbeta
    dgamma = (dY * X_hat).sum(axis=0)  # eq:training-initialization-ln-dgamma
    G = dY * gamma  # eq:training-initialization-ln-g
    mean, along = G.mean(axis=1, keepdims=True), (G * X_hat).mean(axis=1, keepdims=True)
    dX = (G - mean - X_hat * along) / std  # eq:training-initialization-ln-dx
    return dX, dgamma, dbeta


def _normalizable(X, gamma, beta, eps):
    X = as_matrix(X, "X")
    gamma = as_vector(gamma, "gamma", length=X.shape[1], why="one per column of X")
    beta = as_vector(beta, "beta", length=X.shape[1], why="one per column of X")
    return X, gamma, beta, as_number(eps, "eps", least=0)


def _root(variance):
    if not np.all(variance > 0):
        raise ValueError("a variance is 0, so nothing can be scaled to variance 1; pass eps > 0")
    return np.sqrt(variance)


def _like(dY, X_hat):
    dY = as_matrix(dY, "dY")
    if dY.shape != X_hat.shape:
        raise ValueError(f"dY has shape {dY.shape}, Y had {X_hat.shape}; both must agree")
    return dY


def residual_fwd(X, W, b, activation):
    """The forward pass of residual layers: each adds to its input instead of replacing it.

    Parameters
    ----------
    X : array_like, shape (N, n)
    W, b : sequence of ndarray
        ``W[l]`` of shape (n, n) and ``b[l]`` of shape (n,).
    activation : str or Activation

    Returns
    -------
    Z : list of ndarray, shape (N, n)
        What enters each activation.
    A : list of ndarray, shape (N, n)
        ``A[0]`` is `X`, the last is the output.

    References
    ----------
    He, Zhang, Ren and Sun (2016), Deep residual learning for image recognition.
    """
    phi = as_activation(activation)
    Z, A = [], [as_matrix(X, "X")]
    n = A[0].shape[1]
    for l, (W_l, b_l) in enumerate(zip(W, b, strict=True)):
        if np.shape(W_l) != (n, n) or np.shape(b_l) != (n,):
            raise ValueError(
                f"W[{l}] has shape {np.shape(W_l)} and b[{l}] {np.shape(b_l)}, a residual layer "
                f"keeps the width; pass shapes ({n}, {n}) and ({n},)"
            )
        Z.append(A[l] @ W_l + b_l)
        A.append(A[l] + phi.f(Z[l]))  # eq:training-initialization-residual
    return Z, A


def residual_bwd(G, Z, A, W, activation):
    """The backward pass of `residual_fwd`: δ(I + J) carries δ through even where J is 0.

    Parameters
    ----------
    G : array_like, shape (N, n)
        ∂C/∂A of the last layer.
    Z, A : list of ndarray
        From `residual_fwd`.
    W : sequence of ndarray
    activation : str or Activation

    Returns
    -------
    dA : list of ndarray
        ∂C/∂A of every layer; ``dA[0]`` is ∂C/∂X and the last is `G`.
    dW, db : list of ndarray
    """
    phi, L = as_activation(activation), len(W)
    dA = [_like(G, A[-1])] * (L + 1)
    dW, db = [np.empty(0)] * L, [np.empty(0)] * L
    for l in reversed(range(L)):
        Delta = dA[l + 1] * phi.df(Z[l])
        dA[l] = dA[l + 1] + Delta @ W[l].T  # eq:training-initialization-residual-backward
        dW[l] = A[l].T @ Delta
        db[l] = Delta.sum(axis=0)
    return dA, dW, db
