"""Chapter 3, Quadratics tell the truth: what the learning rate does, mode by mode.

On f(x) = ½xᵀHx − bᵀx each eigenvector q_i of H is a mode of its own: its share of the error is
multiplied by 1 − ηλ_i at every step. The comment behind a line is the label of its equation.
"""

import numpy as np

from bpcourse.basics.validate import as_count, as_matrix, as_number, as_rng, as_vector

__all__ = [
    "contraction",
    "early_stopping_filter",
    "gd",
    "iterations_to",
    "mode_amplitudes",
    "modes",
    "optimal_step",
    "power_iteration",
    "safe_step",
]


def gd(df, x0, lr, steps):
    """Gradient descent with a constant learning rate.

    Parameters
    ----------
    df : callable
        ``df(x)`` is the gradient at x of shape (n,).
    x0 : array_like, shape (n,)
        Where to start.
    lr : float
        The learning rate η, positive.
    steps : int
        How many steps to take.

    Returns
    -------
    ndarray, shape (steps + 1, n)
        Every position, the start first.

    Raises
    ------
    ValueError
        If `lr` is not positive and finite, `steps` is negative, or a gradient has another shape
        than x.
    FloatingPointError
        If a step leaves the finite numbers; the message names the step and the rate.

    Examples
    --------
    >>> H, b = np.diag([1.0, 4.0]), np.array([1.0, 8.0])
    >>> float(gd(lambda x: H @ x - b, [0.0, 0.0], 0.25, 3)[-1, 1])
    2.0

    References
    ----------
    Richardson (1910), The approximate arithmetical solution by finite differences.
    """
    lr = as_number(lr, "lr", above=0)
    steps = as_count(steps, "steps", least=0)
    x0 = as_vector(x0, "x0", why="one per variable")
    x = np.empty((steps + 1, x0.size), x0.dtype)
    x[0] = x0
    with np.errstate(over="ignore", invalid="ignore"):
        for k in range(steps):
            g = like_its_variable(df(x[k]), x[k])
            x[k + 1] = x[k] - lr * g  # eq:descent-quadratics-step
            if not np.isfinite(x[k + 1]).all():
                raise FloatingPointError(
                    f"step {k + 1} left the finite numbers with the learning rate {lr}; "
                    "take a smaller learning rate"
                )
    return x


def power_iteration(X, rng, *, rtol=1e-8, steps=100_000):
    """The largest eigenvalue of XᵀX/N, the curvature of the ½-MSE, without forming XᵀX.

    Parameters
    ----------
    X : array_like, shape (N, p)
        One sample per row.
    rng : numpy.random.Generator
        Draws the vector to start from.
    rtol : float
        Ends when ‖XᵀXv/N − λv‖ ≤ rtol λ. Then an eigenvalue lies within rtol λ of the answer,
        and mostly within rtol² λ.
    steps : int
        When to give up: two largest eigenvalues that nearly agree take many steps.

    Returns
    -------
    value : float
        λ_max.
    vector : ndarray, shape (p,)
        Its eigenvector, of length 1.

    Raises
    ------
    ValueError
        If X is 0 everywhere.
    RuntimeError
        If it has not settled after that many steps.

    References
    ----------
    Golub and Van Loan (2013), Matrix Computations, section 8.2.
    """
    X = as_matrix(X, "X")
    rtol = as_number(rtol, "rtol", above=0)
    scale = float(np.abs(X).max())
    if scale == 0:
        raise ValueError("X is 0 everywhere: no direction stands out; pass data that vary")
    X = X / scale  # so that squares neither overflow nor vanish
    v = as_rng(rng).normal(size=X.shape[1]).astype(X.dtype)
    v /= np.linalg.norm(v)
    for _ in range(as_count(steps, "steps")):
        u = X.T @ (X @ v) / len(X)  # eq:descent-quadratics-power
        value = v @ u
        if np.linalg.norm(u - value * v) <= rtol * value:
            return float(value) * scale**2, v
        v = u / np.linalg.norm(u)
    raise RuntimeError(
        f"no eigenvector after {steps} steps to {rtol:g}: the two largest eigenvalues nearly "
        "agree; pass a larger rtol or more steps"
    )


def safe_step(X, rng):
    """The largest learning rate at which no mode of the ½-MSE overshoots: 1/λ_max.

    Parameters
    ----------
    X : array_like, shape (N, p)
        One sample per row.
    rng : numpy.random.Generator
        For `power_iteration`.

    Returns
    -------
    float
        Gradient descent converges up to twice this rate, and diverges beyond.
    """
    value, _ = power_iteration(X, rng)
    return 1 / value  # eq:descent-quadratics-safe


def modes(H, b, x0):
    """Take the error at the start of ½xᵀHx − bᵀx apart into the eigenvectors of H.

    Parameters
    ----------
    H : array_like, shape (n, n)
        The Hessian, symmetric, without the eigenvalue 0.
    b : array_like, shape (n,)
        The linear part.
    x0 : array_like, shape (n,)
        The start.

    Returns
    -------
    eigenvalues : ndarray, shape (n,)
        λ_i, ascending.
    Q : ndarray, shape (n, n)
        The eigenvectors q_i as columns.
    amplitudes : ndarray, shape (n,)
        c_i with x₀ − x* = Σ c_i q_i.
    minimum : ndarray, shape (n,)
        x*, where the gradient is 0.

    Raises
    ------
    ValueError
        If H is not symmetric or is singular.
    """
    H = as_matrix(H, "H")
    n = H.shape[1]
    if len(H) != n or np.abs(H - H.T).max() > 1e-8 * np.abs(H).max():
        raise ValueError(f"H has shape {H.shape}; pass a symmetric matrix, the Hessian")
    b = as_vector(b, "b", length=n, why="one per row of H")
    x0 = as_vector(x0, "x0", length=n, why="one per row of H")
    if np.linalg.matrix_rank(H, hermitian=True) < n:
        raise ValueError("H is singular, so no single point is the minimum; leave out flat modes")
    eigenvalues, Q = np.linalg.eigh(H)
    minimum = Q @ (Q.T @ b / eigenvalues)
    return eigenvalues, Q, Q.T @ (x0 - minimum), minimum  # eq:descent-quadratics-modes


def mode_amplitudes(eigenvalues, amplitudes, lr, k):
    """What is left of each mode after k steps.

    Parameters
    ----------
    eigenvalues : array_like, shape (n,)
        λ_i.
    amplitudes : array_like, shape (n,)
        c_i at the start.
    lr : float
        The learning rate η.
    k : int or array_like of int, shape (m,)
        How many steps.

    Returns
    -------
    ndarray, shape (n,) or (m, n)
        (1 − ηλ_i)ᵏ c_i. Positive factors creep up to the minimum, negative ones jump across it.
    """
    lam = as_vector(eigenvalues, "eigenvalues", why="one per mode")
    c = as_vector(amplitudes, "amplitudes", length=lam.size, why="one per eigenvalue")
    k = _step_numbers(k)
    shrink = 1 - as_number(lr, "lr") * lam
    with np.errstate(over="ignore"):  # what diverges may become infinite
        return shrink**k * c  # eq:descent-quadratics-solution


def contraction(eigenvalues, lr):
    """The factor by which the slowest mode shrinks in one step; 1 or more means it does not.

    Parameters
    ----------
    eigenvalues : array_like, shape (n,)
        λ_i.
    lr : float
        The learning rate η.

    Returns
    -------
    float
        max |1 − ηλ_i|, which is below 1 exactly if 0 < η < 2/λ_max and all λ_i > 0.
    """
    lam = as_vector(eigenvalues, "eigenvalues", why="one per mode")
    return float(np.abs(1 - as_number(lr, "lr") * lam).max())  # eq:descent-quadratics-contraction


def optimal_step(smallest, largest):
    """The learning rate with which the slowest mode shrinks fastest.

    Parameters
    ----------
    smallest, largest : float
        The extreme eigenvalues λ₁ ≤ λ_n of the Hessian, positive.

    Returns
    -------
    lr : float
        η* = 2/(λ₁ + λ_n): the slowest and the fastest mode shrink alike.
    rate : float
        The factor (κ − 1)/(κ + 1) per step, with κ = λ_n/λ₁.
    """
    low = as_number(smallest, "smallest", above=0)
    high = as_number(largest, "largest", least=low)
    lr = 2 / (low + high)  # eq:descent-quadratics-optimal
    rate = (high - low) / (high + low)  # eq:descent-quadratics-rate
    return lr, rate


def iterations_to(tolerance, rate, share=1.0):
    """How many steps until the error has shrunk to a part `tolerance` of what it was.

    Parameters
    ----------
    tolerance : float
        The part that may be left, between 0 and 1.
    rate : float
        The factor per step of the slowest mode, at least 0 and below 1: `contraction`.
    share : float
        Which part of the error at the start is in that mode, |c|/‖x₀ − x*‖; with 1 the answer is
        enough for every start.

    Returns
    -------
    int
        The smallest k with share · rateᵏ ≤ tolerance.
    """
    tolerance = as_number(tolerance, "tolerance", above=0, below=1)
    rate = as_number(rate, "rate", least=0, below=1)
    share = as_number(share, "share", above=0)
    if share <= tolerance:
        return 0
    if rate == 0:
        return 1
    return int(np.ceil(np.log(tolerance / share) / np.log(rate)))  # eq:descent-quadratics-count


def early_stopping_filter(eigenvalues, lr, k):
    """Which part of each mode of the solution gradient descent from 0 has found after k steps.

    Parameters
    ----------
    eigenvalues : array_like, shape (n,)
        λ_i.
    lr : float
        The learning rate η.
    k : int or array_like of int, shape (m,)
        How many steps.

    Returns
    -------
    ndarray, shape (n,) or (m, n)
        1 − (1 − ηλ_i)ᵏ: near 1 for steep modes, near kηλ_i for flat ones, which hold the noise.
    """
    reach = as_number(lr, "lr") * as_vector(eigenvalues, "eigenvalues", why="one per mode")
    k = _step_numbers(k)
    # Of a flat mode, 1 − (1 − ηλ)ᵏ would keep no digit.
    flat = -np.expm1(k * np.log1p(-np.minimum(reach, 0.5)))
    with np.errstate(over="ignore"):
        return np.where(reach < 0.5, flat, 1 - (1 - reach) ** k)  # eq:descent-quadratics-filter


def like_its_variable(gradient, x):
    """Return the gradient as an array if it has the shape of x, and say what is wrong if not."""
    gradient = np.asarray(gradient)
    if gradient.shape != x.shape:
        raise ValueError(
            f"the gradient has shape {gradient.shape}, x has shape {x.shape}; a gradient has the "
            "shape of its variable"
        )
    return gradient


def _step_numbers(k):
    if np.ndim(k) == 0:
        return as_count(k, "k", least=0)
    k = np.asarray(k)
    if k.dtype.kind not in "iu" or k.ndim != 1 or (k < 0).any():
        raise ValueError("k holds something else than step numbers; pass integers from 0 on")
    return k[:, np.newaxis]
