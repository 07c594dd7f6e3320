"""Chapter 5, Stochastic gradients: steps on a few samples, and the noise they bring.

Every loss here is a mean over samples, Q(w) = (1/N) Σ Q_i(w), and so is its gradient. The comment
behind a line is the label of the equation that the line computes.
"""

import math
from functools import partial

import numpy as np

from bpcourse.basics.validate import as_count, as_matrix, as_number, as_rng, as_vector
from bpcourse.descent.quadratics import like_its_variable

__all__ = [
    "accumulated_gradient",
    "bootstrap_se",
    "constant_rate",
    "cosine_decay",
    "data_parallel_gradient",
    "minibatch_variance",
    "minibatches",
    "noise_ball_bound",
    "robbins_monro",
    "schedules",
    "sgd",
    "stationary_variance",
    "step_decay",
    "warmup",
]


def minibatches(N, batch_size, rng):
    """Deal the samples of one epoch into batches, each sample once, in random order.

    Parameters
    ----------
    N : int
        How many samples there are.
    batch_size : int
        B, at most N. If B does not divide N, the last batch is short.
    rng : numpy.random.Generator

    Returns
    -------
    list of ndarray of int
        The indices of each batch; together a permutation of 0 … N − 1.

    Raises
    ------
    ValueError
        If a batch would hold more samples than there are.
    """
    N, B = as_count(N, "N"), as_count(batch_size, "batch_size")
    if B > N:
        raise ValueError(f"batch_size is {B}, there are {N} samples; pass at most {N}")
    order = as_rng(rng).permutation(N)
    return [order[i : i + B] for i in range(0, N, B)]


def sgd(df, w0, N, *, lr, batch_size, epochs, rng):
    """Stochastic gradient descent in epochs: each sample is used once before any is used again.

    Parameters
    ----------
    df : callable
        ``df(w, batch)`` is the mean gradient, shape (p,), over the samples whose indices are in
        the integer array `batch`.
    w0 : array_like, shape (p,)
        Where to start.
    N : int
        How many samples there are.
    lr : float or callable
        The learning rate, or ``lr(k)`` for the step k = 0, 1, …
    batch_size : int
        B, at most N. The step of a short last batch of b samples is scaled by b/B, so that every
        sample weighs the same in an epoch.
    epochs : int
        How often to go through the samples.
    rng : numpy.random.Generator
        Shuffles each epoch.

    Returns
    -------
    ndarray, shape (epochs · ⌈N/B⌉ + 1, p)
        Every position, the start first.

    Raises
    ------
    ValueError
        If a rate is negative, a size does not fit, or a gradient has another shape than w.
    FloatingPointError
        If a step leaves the finite numbers; the message names the step and the rate.

    References
    ----------
    Robbins and Monro (1951), A stochastic approximation method; Bottou, Curtis and Nocedal
    (2018), Optimization methods for large-scale machine learning.
    """
    w0 = as_vector(w0, "w0", why="one per weight")
    N, B = as_count(N, "N"), as_count(batch_size, "batch_size")
    epochs = as_count(epochs, "epochs", least=0)
    rate = lr if callable(lr) else partial(constant_rate, lr=as_number(lr, "lr", above=0))
    w = np.empty((epochs * math.ceil(N / B) + 1, w0.size), w0.dtype)
    w[0] = w0
    k = 0
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(epochs):
            for batch in minibatches(N, B, rng):
                eta = as_number(rate(k), f"lr({k})", least=0) * (len(batch) / B)
                g = like_its_variable(df(w[k], batch), w[k])
                w[k + 1] = w[k] - eta * g  # eq:descent-stochastic-step
                k += 1
                if not np.isfinite(w[k]).all():
                    raise FloatingPointError(
                        f"step {k} left the finite numbers with the learning rate {eta:g}; "
                        "take a smaller learning rate"
                    )
    return w


def constant_rate(k, lr):
    """The same learning rate at every step.

    Parameters
    ----------
    k : int or array_like
        The step, from 0.
    lr : float
        The rate.

    Returns
    -------
    float or ndarray, the shape of k
    """
    return lr + 0.0 * np.asarray(k)


def robbins_monro(k, lr, k0=1.0, power=1.0):
    """A rate that falls like 1/k: slowly enough to get anywhere, fast enough to settle there.

    Parameters
    ----------
    k : int or array_like
        The step, from 0.
    lr : float
        The rate at step 0.
    k0 : float
        The step at which it has fallen to lr/2^power.
    power : float
        More than ½ and at most 1: then Σ η_k = ∞ and Σ η_k² < ∞.

    Returns
    -------
    float or ndarray, the shape of k
        lr (1 + k/k₀)^−power.

    References
    ----------
    Robbins and Monro (1951), A stochastic approximation method; Polyak and Juditsky (1992).
    """
    power = as_number(power, "power", above=0.5)
    if power > 1:
        raise ValueError(f"power is {power:g}: Σ η would be finite; pass at most 1")
    k0 = as_number(k0, "k0", above=0)
    return lr * (1 + np.asarray(k) / k0) ** -power  # eq:descent-stochastic-robbins-monro


def step_decay(k, lr, every, factor=0.1):
    """A rate that drops to a part of itself after every so many steps.

    Parameters
    ----------
    k : int or array_like
        The step, from 0.
    lr : float
        The rate at step 0.
    every : int
        How many steps each rate lasts.
    factor : float
        What it is multiplied by, between 0 and 1.

    Returns
    -------
    float or ndarray, the shape of k
    """
    factor = as_number(factor, "factor", above=0, below=1)
    return lr * factor ** (np.asarray(k) // as_count(every, "every"))


def cosine_decay(k, lr, steps, floor=0.0):
    """A rate that falls along half a cosine wave, and then stays.

    Parameters
    ----------
    k : int or array_like
        The step, from 0.
    lr : float
        The rate at step 0.
    steps : int
        The step at which it has reached the floor.
    floor : float
        The last rate.

    Returns
    -------
    float or ndarray, the shape of k

    References
    ----------
    Loshchilov and Hutter (2017), SGDR: stochastic gradient descent with warm restarts.
    """
    done = np.minimum(np.asarray(k) / as_count(steps, "steps"), 1)
    return floor + (lr - floor) * (1 + np.cos(np.pi * done)) / 2


def warmup(k, lr, steps):
    """A rate that rises in equal parts over the first steps, and then stays.

    Parameters
    ----------
    k : int or array_like
        The step, from 0.
    lr : float
        The rate that is reached at step ``steps`` − 1; with 1, a factor for another schedule.
    steps : int
        How many steps the rise takes.

    Returns
    -------
    float or ndarray, the shape of k

    References
    ----------
    Goyal et al. (2017), Accurate, large minibatch SGD.
    """
    return lr * np.minimum((np.asarray(k) + 1) / as_count(steps, "steps"), 1)


# Plain functions of the step k and of lr; `functools.partial` or a lambda makes one an lr of sgd.
schedules = {
    "constant": constant_rate,
    "robbins_monro": robbins_monro,
    "step": step_decay,
    "cosine": cosine_decay,
    "warmup": warmup,
}


def minibatch_variance(G, batch_size, *, replacement=False):
    """How much a minibatch gradient varies about the gradient of all samples.

    Parameters
    ----------
    G : array_like, shape (N, p)
        The gradient of each sample, a row each.
    batch_size : int
        B; at most N if drawn without replacement.
    replacement : bool
        Whether a sample may be drawn twice.

    Returns
    -------
    ndarray, shape (p,)
        The variance of each entry of the mean over B samples: (S/B)(N − B)/(N − 1) with
        S = (1/N) Σ (G_i − mean)²; with replacement S/B. Its sum is E‖g_B − ∇Q‖².

    References
    ----------
    Cochran (1977), Sampling Techniques, theorem 2.2.
    """
    G = as_matrix(G, "G")
    N, B = len(G), as_count(batch_size, "batch_size")
    S = G.var(axis=0)  # eq:descent-stochastic-spread
    if replacement:
        return S / B  # eq:descent-stochastic-replacement
    if B > N:
        raise ValueError(f"batch_size is {B}, there are {N} samples; pass at most {N}")
    if N == 1:
        return np.zeros_like(S)
    return S / B * ((N - B) / (N - 1))  # eq:descent-stochastic-variance


def noise_ball_bound(gap, lr, mu, L, variance, steps):
    """How high above the minimum SGD with a constant rate is on average, at most.

    Parameters
    ----------
    gap : float
        f(w₀) − f*.
    lr : float
        η ≤ 1/L.
    mu : float
        μ with ‖∇f‖² ≥ 2μ(f − f*), positive.
    L : float
        A Lipschitz constant of the gradient.
    variance : float
        σ² ≥ E‖g − ∇f‖², of the gradients' noise.
    steps : int or array_like of int
        k.

    Returns
    -------
    float or ndarray
        (1 − ημ)ᵏ (f₀ − f*) + ηLσ²/(2μ): the first part is forgotten, the second, the noise ball,
        stays.

    Raises
    ------
    ValueError
        If lr exceeds 1/L, where the bound does not hold, or mu exceeds L.

    References
    ----------
    Bottou, Curtis and Nocedal (2018), Optimization methods for large-scale machine learning,
    theorem 4.6.
    """
    gap, variance = as_number(gap, "gap", least=0), as_number(variance, "variance", least=0)
    L = as_number(L, "L", above=0)
    mu, lr = as_number(mu, "mu", above=0), as_number(lr, "lr", above=0)
    if mu > L or lr > (1 + 1e-12) / L:
        raise ValueError(
            f"lr is {lr:g}, mu is {mu:g} and L is {L:g}; the bound needs mu ≤ L and lr ≤ 1/L = "
            f"{1 / L:g}"
        )
    k = np.asarray(steps)
    if k.dtype.kind not in "iu" or (k < 0).any():
        raise ValueError("steps holds something else than integers from 0 on; pass those")
    ball = lr * L * variance / (2 * mu)  # eq:descent-stochastic-ball
    return (1 - lr * mu) ** k * gap + ball  # eq:descent-stochastic-noise-bound


def stationary_variance(lr, curvature, variance):
    """The variance that SGD on ½λw² settles at, exactly.

    Parameters
    ----------
    lr : float
        The learning rate η, with 0 < ηλ < 2.
    curvature : float
        λ.
    variance : float
        σ², the variance of the gradients' noise.

    Returns
    -------
    float
        ησ²/(λ(2 − ηλ)), what v = (1 − ηλ)²v + η²σ² leaves unchanged.

    Raises
    ------
    ValueError
        If ηλ is not between 0 and 2: then it never settles.
    """
    lr, lam = as_number(lr, "lr", above=0), as_number(curvature, "curvature", above=0)
    variance = as_number(variance, "variance", least=0)
    if lr * lam >= 2:
        raise ValueError(
            f"lr times curvature is {lr * lam:g}, expected less than 2: it never settles; "
            "pass a smaller lr"
        )
    return lr * variance / (lam * (2 - lr * lam))  # eq:descent-stochastic-stationary


def bootstrap_se(G, resamples, rng):
    """The standard error of a minibatch gradient, from that one minibatch.

    Parameters
    ----------
    G : array_like, shape (B, p)
        The gradient of each sample of the minibatch, a row each.
    resamples : int
        How many minibatches of B are drawn from these rows, with replacement; at least 2.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (p,)
        The standard deviation of the means of the resamples. With ever more of them it tends to
        √(Σ(G_i − mean)²)/B.

    References
    ----------
    Efron (1979), Bootstrap methods: another look at the jackknife.
    """
    G = as_matrix(G, "G")
    B, R = len(G), as_count(resamples, "resamples", least=2)
    counts = as_rng(rng).multinomial(B, np.full(B, 1 / B), size=R)  # of each row in each resample
    means = counts @ G / B
    return means.std(axis=0, ddof=1)  # eq:descent-stochastic-bootstrap


def data_parallel_gradient(loss_grad, shards, w, client=None):
    """Loss and gradient of all samples, as the weighted sum of what each shard of them gives.

    Parameters
    ----------
    loss_grad : callable
        ``loss_grad(X, y, w)`` returns the mean loss over the rows of X and its gradient, as
        `linreg_loss_grad` and `logreg_loss_grad` do.
    shards : iterable of (X, y)
        The rows, dealt out. With a client, also what ``client.scatter(shards)`` returns: then the
        rows travel only once, and w alone at each call.
    w : array_like, shape (p,)
        The weights.
    client : distributed.Client, optional
        Where to compute; without one the shards are worked on here, one after the other.

    Returns
    -------
    loss : float
    gradient : ndarray, shape (p,)
        Those of all rows together, whatever the sizes of the shards.

    Raises
    ------
    ValueError
        If there is no shard.

    Examples
    --------
    >>> from bpcourse import linreg_loss_grad
    >>> X, y = np.array([[1.0], [2.0], [3.0]]), np.array([1.0, 1.0, 1.0])
    >>> data_parallel_gradient(linreg_loss_grad, [(X[:2], y[:2]), (X[2:], y[2:])], [0.0])
    (0.5, array([-2.]))
    """
    if client is None:
        parts = (_sums(shard, loss_grad, w) for shard in shards)
    else:
        futures = client.map(_sums, list(shards), loss_grad=loss_grad, w=w, pure=False)
        parts = client.gather(futures)
    N, loss, gradient = 0, 0.0, 0.0
    for n, loss_sum, gradient_sum in parts:  # eq:descent-stochastic-parallel
        N, loss, gradient = N + n, loss + loss_sum, gradient + gradient_sum
    if N == 0:
        raise ValueError("shards is empty; pass at least one pair (X, y)")
    return float(loss) / N, gradient / N


def accumulated_gradient(loss_grad, X, y, w, batch_size):
    """Loss and gradient of all samples, with only one batch in work at a time.

    Parameters
    ----------
    loss_grad : callable
        ``loss_grad(X, y, w)`` returns the mean loss over the rows of X and its gradient.
    X : array_like, shape (N, p)
        One sample per row.
    y : array_like, shape (N, …)
        The targets.
    w : array_like
        The weights.
    batch_size : int
        How many rows at a time.

    Returns
    -------
    loss : float
    gradient : ndarray
        Those of ``loss_grad(X, y, w)``, up to rounding.
    """
    X, y, B = as_matrix(X, "X"), np.asarray(y), as_count(batch_size, "batch_size")
    if len(y) != len(X):
        raise ValueError(f"y has {len(y)} targets, X has {len(X)} rows; pass one target per row")
    parts = ((X[i : i + B], y[i : i + B]) for i in range(0, len(X), B))
    return data_parallel_gradient(loss_grad, parts, w)  # eq:descent-stochastic-accumulation


def _sums(shard, loss_grad, w):
    X, y = shard
    loss, gradient = loss_grad(X, y, w)
    return len(X), len(X) * loss, len(X) * gradient
