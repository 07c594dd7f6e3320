"""Chapter 2, Gradient and steepest descent: slopes, and which way is down fastest.

The comment behind a line is the label of the equation that the line computes.
"""

from itertools import product

import numpy as np

from bpcourse.basics.validate import as_count, as_matrix, as_number, as_vector

__all__ = [
    "angle_bound",
    "cosine_to_minimum",
    "directional",
    "fd_grad",
    "grid_minimum",
    "steepest",
    "worst_angle_point",
]


def fd_grad(f, x, h=None, kind="forward"):
    """The gradient by brute force: move one coordinate at a time and look at f.

    Parameters
    ----------
    f : callable
        ``f(x)`` is a number, for x of shape (p,).
    x : array_like, shape (p,)
        Where to differentiate.
    h : float, optional
        How far to move. By default √ε (forward) or ∛ε (central), times |x_i| where that is more
        than 1; ε is the spacing of the numbers next to 1.
    kind : {"forward", "central"}
        Forward differences ask for f p + 1 times and are off by about h ‖f″‖/2; central ones ask
        2p times and are off by h² ‖f‴‖/6.

    Returns
    -------
    ndarray, shape (p,)

    Raises
    ------
    ValueError
        If `kind` is unknown or `h` is not positive.

    Notes
    -----
    Chapter 10 derives the best h.
    """
    if kind not in ("forward", "central"):
        raise ValueError(f"kind is {kind!r}; pass 'forward' or 'central'")
    x = as_vector(x, "x", why="one per variable")
    if h is None:
        steps = np.finfo(x.dtype).eps ** (1 / 2 if kind == "forward" else 1 / 3)
        steps = steps * np.maximum(1, np.abs(x))
    else:
        steps = np.full(x.size, as_number(h, "h", above=0))
    gradient = np.empty_like(x)
    here = f(x.copy()) if kind == "forward" else None
    for i, h_i in enumerate(steps):
        right, left = x.copy(), x.copy()
        right[i] += h_i
        left[i] -= h_i
        if kind == "forward":
            gradient[i] = (f(right) - here) / h_i  # eq:descent-steepest-forward
        else:
            gradient[i] = (f(right) - f(left)) / (2 * h_i)  # eq:descent-steepest-central
    return gradient


def directional(gradient, d):
    """The slope of f along d, per unit of length: how f changes on setting out that way.

    Parameters
    ----------
    gradient : array_like, shape (p,)
        ∇f at the point.
    d : array_like, shape (p,)
        The direction; its length does not matter.

    Returns
    -------
    float
        ⟨∇f, d⟩/‖d‖, between −‖∇f‖ and ‖∇f‖.

    Raises
    ------
    ValueError
        If d is 0, which is no direction.
    """
    g = as_vector(gradient, "gradient", why="one per variable")
    d = as_vector(d, "d", length=g.size, why="one per entry of the gradient")
    size = np.abs(d).max()
    if size == 0:
        raise ValueError("d is 0 everywhere, which is no direction; pass a vector with a length")
    d = d / size  # so that squares neither overflow nor vanish
    return float(g @ d / np.linalg.norm(d))  # eq:descent-steepest-directional


def steepest(gradient, norm=2):
    """The step of length 1 on which f falls fastest, by its slope; which depends on the ruler.

    Parameters
    ----------
    gradient : array_like, shape (p,)
        ∇f at the point.
    norm : {2, 1, inf} or array_like of shape (p, p)
        The ruler, as in `numpy.linalg.norm`: 2 measures by √Σd², 1 by Σ|d|, inf by max |d|; a
        symmetric positive definite matrix P measures by √(dᵀPd).

    Returns
    -------
    ndarray, shape (p,)
        The d with ‖d‖ = 1 and the smallest ⟨∇f, d⟩. In norm 1 several can be equally good: the
        first coordinate with the largest slope is taken. In norm inf a coordinate without slope
        stays where it is.

    Raises
    ------
    ValueError
        If the gradient is 0, so that no direction leads down, or `norm` is none of these.

    References
    ----------
    Cauchy (1847), Méthode générale pour la résolution des systèmes d'équations simultanées;
    Boyd and Vandenberghe (2004), Convex Optimization, section 9.4.
    """
    g = as_vector(gradient, "gradient", why="one per variable")
    size = np.abs(g).max()
    if size == 0:
        raise ValueError(
            "the gradient is 0: the ground is level and no direction leads down; "
            "stop here, or look at second derivatives"
        )
    g = g / size  # the direction is the same, and squares neither overflow nor vanish
    if np.ndim(norm) == 2:
        P = _positive_definite(norm, "norm", g.size)
        v = np.linalg.solve(P, g)
        return -v / np.sqrt(g @ v)  # eq:descent-steepest-p
    if norm == 2:
        return -g / np.linalg.norm(g)  # eq:descent-steepest-l2
    if norm == np.inf:
        return -np.sign(g)  # eq:descent-steepest-linf
    if norm == 1:
        d = np.zeros_like(g)
        i = np.abs(g).argmax()
        d[i] = -np.sign(g[i])  # eq:descent-steepest-l1
        return d
    raise ValueError(
        f"norm is {norm!r}; pass 2, 1, numpy.inf or a symmetric positive definite matrix"
    )


def angle_bound(kappa):
    """How far −∇f of a quadratic can point away from the minimum, at worst.

    Parameters
    ----------
    kappa : float
        The condition number λ_max/λ_min of the Hessian, at least 1.

    Returns
    -------
    float
        The smallest possible cosine of the angle between −∇f(x) and x* − x.

    References
    ----------
    Kantorovich (1948), Functional analysis and applied mathematics.
    """
    kappa = as_number(kappa, "kappa", least=1)
    return float(2 * np.sqrt(kappa) / (1 + kappa))  # eq:descent-steepest-angle


def cosine_to_minimum(gradient, x, minimum):
    """The cosine of the angle between −∇f and the way to the minimum.

    Parameters
    ----------
    gradient, x, minimum : array_like, shape (p,)
        ∇f(x), x and x*.

    Returns
    -------
    float
        1 where −∇f points at the minimum, 0 where it points past it at a right angle.

    Raises
    ------
    ValueError
        If the gradient is 0 or x is the minimum: then there is no angle.
    """
    g = as_vector(gradient, "gradient", why="one per variable")
    x = as_vector(x, "x", length=g.size, why="one per entry of the gradient")
    minimum = as_vector(minimum, "minimum", length=g.size, why="one per entry of the gradient")
    way = minimum - x
    if not g.any() or not way.any():
        raise ValueError("the gradient is 0 or x is the minimum, so there is no angle; move x")
    return -directional(g, way) / float(np.linalg.norm(g))  # eq:descent-steepest-cosine


def worst_angle_point(H):
    """Where around the minimum of ½xᵀHx the angle between −∇f and the way there is largest.

    Parameters
    ----------
    H : array_like, shape (p, p)
        The Hessian, symmetric positive definite.

    Returns
    -------
    ndarray, shape (p,)
        x − x* of length 1. There the cosine is `angle_bound` of H's condition number.
    """
    H = _positive_definite(H, "H")
    eigenvalues, Q = np.linalg.eigh(H)
    low, high = eigenvalues[0], eigenvalues[-1]
    x = Q[:, 0] / np.sqrt(low) + Q[:, -1] / np.sqrt(high)  # eq:descent-steepest-worst
    return x / np.linalg.norm(x)


def grid_minimum(f, axes):
    """The smallest value of f on a grid: k points a side cost kᵖ evaluations.

    Parameters
    ----------
    f : callable
        ``f(x)`` is a number, for x of shape (p,).
    axes : sequence of array_like
        The p coordinates' values to be tried.

    Returns
    -------
    x : ndarray, shape (p,)
        The best grid point; the first of several.
    value : float
        f there.
    evaluations : int
        How often f was asked: the product of the axes' lengths.
    """
    axes = [as_vector(axis, f"axes[{i}]", why="any number") for i, axis in enumerate(axes)]
    as_count(len(axes), "the number of axes")
    best, least, evaluations = None, np.inf, 0
    for point in product(*axes):
        x = np.array(point)
        value = float(f(x))
        evaluations += 1  # eq:descent-steepest-grid
        if best is None or value < least or np.isnan(least):
            best, least = x, value
    return best, least, evaluations


def _positive_definite(P, name, size=None):
    P = as_matrix(P, name)
    if P.shape[0] != P.shape[1] or (size is not None and len(P) != size):
        n = len(P) if size is None else size
        raise ValueError(f"{name} has shape {P.shape}, expected ({n}, {n}); pass a square matrix")
    scale = np.abs(P).max()
    if np.abs(P - P.T).max() > 1e-8 * scale or np.linalg.eigvalsh(P)[0] <= 0:
        raise ValueError(
            f"{name} is not symmetric positive definite, so it measures no length; "
            "pass a symmetric matrix with positive eigenvalues"
        )
    return P
