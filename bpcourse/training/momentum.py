"""Chapter 12, Momentum: a velocity that remembers, on any function and on quadratics exactly.

The velocity is a sum, v ← βv + ∇f and x ← x − αv, as in `bpcourse.SGD`. Where a book averages
instead, v ← βv + (1 − β)∇f, its rate is `average_rate` of ours and the path is the same.
"""

import math

import numpy as np

from bpcourse.basics.validate import as_count, as_number, as_vector

__all__ = [
    "average_rate",
    "heavy_ball",
    "momentum_is_stable",
    "momentum_matrix",
    "momentum_optimum",
    "momentum_spectrum",
    "nesterov",
]


def heavy_ball(df, x0, lr, momentum, steps):
    """Polyak's momentum: the velocity sums up past gradients, each older one weaker by β.

    Parameters
    ----------
    df : callable
        ``df(x)`` is the gradient at x of shape (n,).
    x0 : array_like, shape (n,)
        Where to start, at rest.
    lr : float
        α, positive.
    momentum : float
        β, from 0 to below 1.
    steps : int
        How many steps to take.

    Returns
    -------
    ndarray, shape (steps + 1, n)
        Every position, the start first.

    Raises
    ------
    FloatingPointError
        If a step leaves the finite numbers; the message names the step and the rate.

    References
    ----------
    Polyak (1964), Some methods of speeding up the convergence of iteration methods.
    """
    alpha, beta, x = _checked(x0, lr, momentum, steps)
    v = np.zeros_like(x[0])
    with np.errstate(over="ignore", invalid="ignore"):
        for k in range(steps):
            v = beta * v + df(x[k])  # eq:training-momentum-velocity
            x[k + 1] = x[k] - alpha * v  # eq:training-momentum-step
            _check_finite(x[k + 1], k + 1, lr, momentum)
    return x


def nesterov(df, x0, lr, momentum, steps):
    """Nesterov's momentum: take the gradient where the velocity is about to lead.

    Parameters
    ----------
    df : callable
        ``df(x)`` is the gradient at x of shape (n,).
    x0 : array_like, shape (n,)
        Where to start, at rest.
    lr : float
        α, positive.
    momentum : float
        β, from 0 to below 1.
    steps : int
        How many steps to take.

    Returns
    -------
    ndarray, shape (steps + 1, n)
        Every position x_k, the start first. `bpcourse.SGD` with ``nesterov=True`` walks through
        the points y_k = x_k + β(x_k − x_{k−1}) ahead of them.

    Raises
    ------
    FloatingPointError
        If a step leaves the finite numbers; the message names the step and the rate.

    References
    ----------
    Nesterov (1983), A method of solving a convex programming problem with rate O(1/k²).
    """
    alpha, beta, x = _checked(x0, lr, momentum, steps)
    y = x[0]
    with np.errstate(over="ignore", invalid="ignore"):
        for k in range(steps):
            x[k + 1] = y - alpha * df(y)  # eq:training-momentum-nesterov-step
            y = x[k + 1] + beta * (x[k + 1] - x[k])  # eq:training-momentum-ahead
            _check_finite(x[k + 1], k + 1, lr, momentum)
    return x


def momentum_matrix(lr, momentum, curvature):
    """How one step maps (v, x) where f(x) = ½ λx².

    Parameters
    ----------
    lr, momentum, curvature : float
        α, β and λ.

    Returns
    -------
    ndarray, shape (2, 2)
        R with (v, x) ← R (v, x).
    """
    alpha, beta, lam = lr, momentum, curvature
    return np.array([[beta, lam], [-alpha * beta, 1 - alpha * lam]])  # eq:training-momentum-matrix


def momentum_spectrum(lr, momentum, curvatures, *, nesterov=False):
    """The eigenvalues of one step on a quadratic, for each of its curvatures.

    Parameters
    ----------
    lr, momentum : float
        α and β.
    curvatures : array_like, any shape
        The eigenvalues λ of the Hessian.
    nesterov : bool
        For `nesterov` instead of `heavy_ball`.

    Returns
    -------
    ndarray of complex, shape (…, 2)
        The larger in modulus first; its modulus is the rate at which that mode shrinks.

    References
    ----------
    Lessard, Recht and Packard (2016), Analysis and design of optimization algorithms.
    """
    alpha, beta = as_number(lr, "lr", above=0), as_number(momentum, "momentum")
    lam = np.asarray(curvatures, dtype=np.float64)
    shrink = 1 - alpha * lam
    # Roots of σ² − trace σ + det; of a real pair, the smaller as det/larger does not cancel.
    trace, det = (1 + beta) * shrink, beta * shrink
    if not nesterov:
        trace, det = beta + shrink, np.full_like(lam, beta)
    root = np.sqrt((trace * trace / 4 - det).astype(complex))
    larger = trace / 2 + np.where(trace < 0, -root, root)
    smaller = np.where(np.isreal(root), det / np.where(larger == 0, 1, larger), larger.conj())
    return np.stack([larger, smaller], axis=-1)


def momentum_is_stable(lr, momentum, curvatures):
    """Whether heavy ball shrinks every mode: 0 ≤ β < 1 and 0 < αλ < 2(1 + β).

    Parameters
    ----------
    lr, momentum : float
        α and β.
    curvatures : array_like
        The eigenvalues λ of the Hessian.

    Returns
    -------
    ndarray of bool, the shape of `curvatures`
    """
    reach = lr * np.asarray(curvatures, dtype=np.float64)
    within = (reach > 0) & (reach < 2 * (1 + momentum))  # eq:training-momentum-stable
    return within & (0 <= momentum < 1)


def momentum_optimum(smallest, largest):
    """The α and β with which heavy ball shrinks a quadratic's slowest mode fastest.

    Parameters
    ----------
    smallest, largest : float
        The extreme eigenvalues of the Hessian, positive.

    Returns
    -------
    lr, momentum, rate : float
        α*, β* and the factor √β* by which every mode shrinks per step.
    """
    mu = as_number(smallest, "smallest", above=0)
    L = as_number(largest, "largest", least=mu)
    rate = (math.sqrt(L) - math.sqrt(mu)) / (math.sqrt(L) + math.sqrt(mu))
    alpha = (2 / (math.sqrt(L) + math.sqrt(mu))) ** 2  # eq:training-momentum-optimal-rate
    beta = rate**2  # eq:training-momentum-optimal-beta
    return alpha, beta, rate


def average_rate(lr, momentum):
    """The rate with which an averaging velocity takes the same path as a summing one.

    Parameters
    ----------
    lr, momentum : float
        α of v ← βv + ∇f, and β.

    Returns
    -------
    float
        The rate for v ← βv + (1 − β)∇f.
    """
    return as_number(lr, "lr", above=0) / (1 - as_number(momentum, "momentum", least=0, below=1))


def _checked(x0, lr, momentum, steps):
    x0 = as_vector(x0, "x0", why="one per variable")
    alpha = as_number(lr, "lr", above=0)
    beta = as_number(momentum, "momentum", least=0, below=1)
    x = np.empty((as_count(steps, "steps", least=0) + 1, x0.size), x0.dtype)
    x[0] = x0
    return alpha, beta, x


def _check_finite(x, step, lr, momentum):
    if not np.isfinite(x).all():
        raise FloatingPointError(
            f"step {step} left the finite numbers with the learning rate {lr} and momentum "
            f"{momentum}; take a smaller learning rate"
        )
