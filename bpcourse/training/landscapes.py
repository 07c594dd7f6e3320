"""Chapter 15, Landscapes: minima, saddles, and different weights that are the same network."""

import copy

import numpy as np

from bpcourse.basics.validate import as_count, as_matrix, as_number, as_vector
from bpcourse.training.initialization import hidden_layer

__all__ = [
    "barrier",
    "classify_stationary",
    "hessian",
    "interpolate",
    "permute_hidden",
    "rescale_hidden",
    "saddle_free_step",
    "value_at",
]


def hessian(product, n):
    """The matrix of second derivatives, column by column.

    Parameters
    ----------
    product : callable
        ``product(v)`` is H v for v of shape (n,), for example
        ``lambda v: bpcourse.hvp(model, X, Y, v)``.
    n : int
        The number of variables; so many products are taken.

    Returns
    -------
    ndarray, shape (n, n)
        Exactly symmetric.

    Raises
    ------
    ValueError
        If the columns do not form a symmetric matrix up to rounding: then `product` is wrong.
    """
    n = as_count(n, "n")
    H = np.stack([as_vector(product(e), "product(v)", length=n, why="n") for e in np.eye(n)])
    gap, size = np.abs(H - H.T).max(), np.abs(H).max()
    if gap > 1e-8 * size:
        raise ValueError(
            f"the columns differ from the rows by up to {gap:.1e}, and second derivatives do not "
            "depend on the order; check product"
        )
    return (H + H.T) / 2  # eq:training-landscapes-symmetric


def classify_stationary(gradient, H, *, gradient_tol=1e-8, error=0.0):
    """What kind of point it is where the gradient is 0.

    Parameters
    ----------
    gradient : array_like, shape (n,)
    H : array_like, shape (n, n)
        The Hessian, symmetric.
    gradient_tol : float
        A gradient up to this length counts as 0.
    error : float
        How far off the entries of `H` may be; n·error then bounds the error of an eigenvalue.

    Returns
    -------
    str
        "minimum" or "maximum" if all eigenvalues are surely of one sign, "saddle" if some are
        surely positive and some surely negative, "undecided" if the second derivatives do not
        tell (x⁴ and x³ have the same), and "not stationary" where the gradient is not 0.

    Notes
    -----
    An eigenvalue counts as 0 up to n ε max|λ| + n·error: the first is what rounding in the
    eigenvalue solver may do (Weyl), the second what the errors of `H` may do.
    """
    H = _symmetric(H)
    n = len(H)
    g = as_vector(gradient, "gradient", length=n, why="one per row of H")
    if np.linalg.norm(g) > as_number(gradient_tol, "gradient_tol", least=0):
        return "not stationary"
    eigenvalues = np.linalg.eigvalsh(H)
    rounding = np.finfo(H.dtype).eps * np.abs(eigenvalues).max()
    unsure = n * (rounding + as_number(error, "error", least=0))
    up, down = eigenvalues > unsure, eigenvalues < -unsure
    if up.any() and down.any():
        return "saddle"  # eq:training-landscapes-saddle
    if up.all():
        return "minimum"  # eq:training-landscapes-minimum
    if down.all():
        return "maximum"  # eq:training-landscapes-maximum
    return "undecided"


def saddle_free_step(gradient, H, *, floor=0.0):
    """The Newton step with every curvature taken by its size: it leaves saddles downhill.

    Parameters
    ----------
    gradient : array_like, shape (n,)
    H : array_like, shape (n, n)
        The Hessian, symmetric.
    floor : float
        Curvatures smaller than this are taken as this; it bounds the step.

    Returns
    -------
    ndarray, shape (n,)
        The step −|H|⁻¹∇f, to be added to x.

    Raises
    ------
    ValueError
        If a curvature is 0 and no `floor` is given.

    References
    ----------
    Dauphin, Pascanu, Gulcehre, Cho, Ganguli and Bengio (2014), Identifying and attacking the
    saddle point problem in high-dimensional non-convex optimization.
    """
    H = _symmetric(H)
    g = as_vector(gradient, "gradient", length=len(H), why="one per row of H")
    lam, Q = np.linalg.eigh(H)
    size = np.maximum(np.abs(lam), as_number(floor, "floor", least=0))
    if not np.all(size > 0):
        raise ValueError("a curvature is 0, so the step has no end; pass floor, for example 1e-3")
    return -Q @ ((Q.T @ g) / size)  # eq:training-landscapes-saddle-free


def _symmetric(H):
    H = as_matrix(H, "H")
    if H.shape[0] != H.shape[1] or np.abs(H - H.T).max() > 1e-8 * np.abs(H).max():
        raise ValueError(f"H of shape {H.shape} is not symmetric; pass (H + H.T) / 2 or check it")
    return H


def value_at(model, X, Y):
    """Make the loss of a network a function of its parameters.

    Parameters
    ----------
    model : MLP
        Left alone.
    X : array_like, shape (N, n_0)
    Y : array_like, shape (N, n_L) or (N,)
        As for `MLP.value_and_gradient`.

    Returns
    -------
    callable
        ``f(theta) -> float``, for theta of shape (P,).
    """
    twin = copy.deepcopy(model)

    def f(theta):
        twin.theta = theta
        return twin.value(X, Y)

    return f


def interpolate(f, theta_a, theta_b, t):
    """The loss along the line through two points.

    Parameters
    ----------
    f : callable
        ``f(theta) -> float``, see `value_at`.
    theta_a, theta_b : array_like, shape (P,)
    t : array_like, shape (k,)
        Where on the line: 0 is `theta_a`, 1 is `theta_b`.

    Returns
    -------
    ndarray, shape (k,)

    References
    ----------
    Goodfellow, Vinyals and Saxe (2015), Qualitatively characterizing neural network optimization
    problems.
    """
    a = as_vector(theta_a, "theta_a", why="one per parameter")
    b = as_vector(theta_b, "theta_b", length=a.size, why="as many as theta_a")
    # (1 − t) a + t b is exact at both ends; a + t (b − a) is not.
    return np.array([f((1 - s) * a + s * b) for s in as_vector(t, "t")])


def barrier(values):
    """How far a line of losses rises above the straight line between its ends.

    Parameters
    ----------
    values : array_like, shape (k,)
        Losses at equal distances, as from `interpolate`.

    Returns
    -------
    float
        Not negative; more than 0 proves that the loss is not convex.
    """
    values = as_vector(values, "values")
    chord = np.linspace(values[0], values[-1], len(values))
    return max(0.0, float((values - chord).max()))  # eq:training-landscapes-barrier


def permute_hidden(theta, sizes, layer, order):
    """Rename the units of a hidden layer: other weights, the same network.

    Parameters
    ----------
    theta : array_like, shape (P,)
        All parameters of an `MLP`.
    sizes : sequence of int
        Its widths n_0 … n_L.
    layer : int
        The hidden layer, from 1 to L − 1.
    order : sequence of int
        New unit k is old unit ``order[k]``.

    Returns
    -------
    ndarray, shape (P,)
        A new array.
    """
    new, W, b, into, out = hidden_layer(theta, sizes, layer)
    order = np.asarray(order)
    if not np.array_equal(np.sort(order), np.arange(sizes[layer])):
        raise ValueError(f"order is {order.tolist()}, expected each of 0 … {sizes[layer] - 1} once")
    W[into][:] = W[into][:, order]
    b[into][:] = b[into][order]
    W[out][:] = W[out][order]
    return new


def rescale_hidden(theta, sizes, layer, scale):
    """Scale each unit's incoming weights and bias by s > 0 and its outgoing weights by 1/s.

    Where the layer's activation is ReLU or leaky ReLU the network stays the same, and yet the
    curvature of its loss changes.

    Parameters
    ----------
    theta : array_like, shape (P,)
        All parameters of an `MLP`.
    sizes : sequence of int
        Its widths n_0 … n_L.
    layer : int
        The hidden layer, from 1 to L − 1.
    scale : float or array_like, shape (n_layer,)
        s, positive; one for all units or one for each.

    Returns
    -------
    ndarray, shape (P,)
        A new array.

    References
    ----------
    Dinh, Pascanu, Bengio and Bengio (2017), Sharp minima can generalize for deep nets.
    """
    new, W, b, into, out = hidden_layer(theta, sizes, layer)
    s = np.broadcast_to(np.asarray(scale, new.dtype), (sizes[layer],))
    if not (np.isfinite(s) & (s > 0)).all():
        raise ValueError(f"scale is {scale}, expected positive numbers: relu(s z) = s relu(z)")
    W[into] *= s  # eq:training-landscapes-rescale
    b[into] *= s
    W[out] /= s[:, np.newaxis]
    return new
