"""Chapter 14, Curvature: methods that know how the slope changes.

Functions of x come as ``f(x)``, ``grad(x)`` and ``hess(x)``, least squares as residuals ``r(x)``
of shape (m,) with their Jacobian ``jac(x)`` of shape (m, n); then f = ½ rᵀr. A run returns a
`bpcourse.Path`, like `bpcourse.minimize`.
"""

import math
from collections.abc import Callable

import numpy as np

from bpcourse.backprop.network import layers, mlp_forward
from bpcourse.basics.activations import d_sigmoid, d_tanh
from bpcourse.basics.losses import softmax
from bpcourse.basics.validate import as_count, as_matrix, as_number, as_rng, as_vector
from bpcourse.training.adaptive import Path

__all__ = [
    "cg",
    "cg_bound",
    "gauss_newton",
    "gnvp",
    "hvp",
    "lanczos",
    "lbfgs",
    "lbfgs_direction",
    "lbfgs_remember",
    "lm",
    "newton",
    "sharpness",
    "wolfe",
]


def newton(f, grad, hess, x0, steps):
    """Newton's method: go where the gradient of the local quadratic is 0, up or down.

    Parameters
    ----------
    f, grad, hess : callable
        The function, its gradient of shape (n,) and its Hessian of shape (n, n).
    x0 : array_like, shape (n,)
        Where to start.
    steps : int
        How many steps to take.

    Returns
    -------
    Path
        Near a minimum, a maximum or a saddle alike, each step doubles the right digits.

    Raises
    ------
    numpy.linalg.LinAlgError
        If a Hessian is singular.
    FloatingPointError
        If a step leaves the finite numbers.
    """
    x = as_vector(x0, "x0", why="one per variable")
    walk = _Walk(x, f(x), grad(x))
    for k in range(as_count(steps, "steps", least=0)):
        try:
            step = -np.linalg.solve(hess(x), grad(x))  # eq:training-curvature-newton
        except np.linalg.LinAlgError:
            raise np.linalg.LinAlgError(
                f"step {k + 1}: the Hessian at {x} is singular, so Newton's step is not defined; "
                "start elsewhere, or use bpcourse.saddle_free_step with a floor"
            ) from None
        x = x + step
        walk.add(x, f(x), grad(x))
    return walk.path()


def cg(A, b, x0=None, *, steps=None, tol=0.0):
    """Conjugate gradients for A x = b: each direction is A-orthogonal to all before it.

    Parameters
    ----------
    A : array_like, shape (n, n), or callable
        Symmetric and positive definite; or ``A(v)``, the product with v.
    b : array_like, shape (n,)
    x0 : array_like, shape (n,), optional
        Where to start, by default at 0.
    steps : int, optional
        How many steps to take at most, by default n, which is enough without rounding.
    tol : float
        Stop when ‖b − Ax‖ ≤ tol ‖b‖.

    Returns
    -------
    ndarray, shape (k + 1, n)
        Every position, the start first.

    Raises
    ------
    ValueError
        If a direction p has pᵀAp ≤ 0: A is not positive definite.

    References
    ----------
    Hestenes and Stiefel (1952), Methods of conjugate gradients for solving linear systems.
    """
    b = as_vector(b, "b", why="one per row of A")
    product: Callable = (
        A if callable(A) else as_matrix(A, "A", columns=b.size, taker="b").__matmul__
    )
    x = np.zeros_like(b) if x0 is None else as_vector(x0, "x0", length=b.size, why="one per b")
    steps = b.size if steps is None else as_count(steps, "steps", least=0)
    enough = as_number(tol, "tol", least=0) * np.linalg.norm(b)
    xs = [x]
    r = b - product(x)
    p = r
    for _ in range(steps):
        if np.linalg.norm(r) <= enough:
            break
        Ap = product(p)
        if not p @ Ap > 0:
            raise ValueError(
                f"a direction has the curvature {p @ Ap:g}, so A is not positive definite; "
                "pass AᵀA with Aᵀb, or another method"
            )
        alpha = r @ r / (p @ Ap)  # eq:training-curvature-cg-length
        x = x + alpha * p
        r_new = r - alpha * Ap  # eq:training-curvature-cg-residual
        beta = r_new @ r_new / (r @ r)  # eq:training-curvature-cg-beta
        p = r_new + beta * p  # eq:training-curvature-cg-direction
        r = r_new
        xs.append(x)
    return np.array(xs)


def cg_bound(condition, k):
    """The most that is left, in the A-norm, of conjugate gradients' error after k steps.

    Parameters
    ----------
    condition : float
        κ = λ_max/λ_min, at least 1.
    k : int or array_like of int

    Returns
    -------
    float or ndarray
        A bound of ‖x_k − x*‖_A / ‖x_0 − x*‖_A.
    """
    root = math.sqrt(as_number(condition, "condition", least=1))
    return 2 * ((root - 1) / (root + 1)) ** np.asarray(k)  # eq:training-curvature-cg-bound


def wolfe(f, grad, x, p, *, c1=1e-4, c2=0.9, first=1.0):
    """A step length that makes the function fall enough and the slope flatten enough.

    Parameters
    ----------
    f, grad : callable
        The function and its gradient of shape (n,).
    x : array_like, shape (n,)
    p : array_like, shape (n,)
        A direction in which f falls.
    c1, c2 : float
        0 < c1 < c2 < 1: how much fall is enough, how much slope may be left.
    first : float
        The length to try first.

    Returns
    -------
    alpha : float
        A length α with the strong Wolfe conditions, or 0.0 if rounding hides all fall.
    value : float
        f(x + αp).
    gradient : ndarray, shape (n,)
        ∇f(x + αp).

    Raises
    ------
    ValueError
        If f does not fall along p.
    FloatingPointError
        If it falls without end.

    References
    ----------
    Nocedal and Wright (2006), Numerical Optimization, algorithms 3.5 and 3.6.
    """
    x = as_vector(x, "x", why="one per variable")
    p = as_vector(p, "p", length=x.size, why="one per variable")
    c2 = as_number(c2, "c2", above=0, below=1)
    c1 = as_number(c1, "c1", above=0, below=c2)
    alpha = as_number(first, "first", above=0)
    value0, gradient0 = f(x), np.asarray(grad(x))
    slope0 = gradient0 @ p
    if not slope0 < 0:
        raise ValueError(f"the slope along p is {slope0:g}, expected a negative one; pass -p?")
    noise = 4 * np.finfo(x.dtype).eps * abs(value0)  # a fall smaller than that cannot be seen

    # A length that will do lies between low, the best so far, and high.
    low, value_low, slope_low = 0.0, value0, slope0
    high, value_high = math.inf, math.inf
    for _ in range(100):
        with np.errstate(over="ignore", invalid="ignore"):
            value, gradient = f(x + alpha * p), np.asarray(grad(x + alpha * p))
            slope = gradient @ p
        falls = value <= value0 + c1 * alpha * slope0 + noise  # eq:training-curvature-wolfe-fall
        if not falls or (low > 0 and value > value_low + noise):
            high, value_high = alpha, value
        else:
            if abs(slope) <= -c2 * slope0:  # eq:training-curvature-wolfe-slope
                return alpha, value, gradient
            if slope * (high - low) >= 0:
                high, value_high = low, value_low
            low, value_low, slope_low = alpha, value, slope
        if high == math.inf:
            alpha = 2 * alpha
            continue
        width = high - low
        if abs(width) <= np.finfo(x.dtype).eps * max(high, low):
            break
        # The lowest point of the parabola through low, its slope, and high; not too near an end.
        bend = value_high - value_low - slope_low * width
        share = -slope_low * width / (2 * bend) if 0 < bend < math.inf else 0.5
        alpha = low + width * min(max(share, 0.1), 0.9)
    if high == math.inf:
        raise FloatingPointError(
            f"the function still falls at {alpha:.1e} times p; it may have no minimum"
        )
    return 0.0, value0, gradient0


def lbfgs_direction(g, pairs):
    """−H g, where H approximates the inverse Hessian: the two-loop recursion.

    Parameters
    ----------
    g : ndarray, shape (n,)
        The gradient.
    pairs : sequence of (s, y)
        Past steps and changes of the gradient, the oldest first; see `lbfgs_remember`.

    Returns
    -------
    ndarray, shape (n,)
        The BFGS direction from the start H = γI, γ = sᵀy/yᵀy of the latest pair.

    References
    ----------
    Nocedal (1980), Updating quasi-Newton matrices with limited storage.
    """
    q, alphas = g, []
    for s, y in reversed(pairs):
        alphas.append(s @ q / (s @ y))  # eq:training-curvature-lbfgs-alpha
        q = q - alphas[-1] * y
    if pairs:
        s, y = pairs[-1]
        q = (s @ y) / (y @ y) * q  # eq:training-curvature-lbfgs-scale
    for (s, y), alpha in zip(pairs, reversed(alphas), strict=True):
        beta = y @ q / (s @ y)  # eq:training-curvature-lbfgs-beta
        q = q + (alpha - beta) * s
    return -q


def lbfgs_remember(pairs, s, y, memory):
    """Append a pair and drop the oldest; skip it where sᵀy ≤ 0.

    Such a pair tells of negative curvature; with it the direction could lead uphill.

    Parameters
    ----------
    pairs : list of (s, y)
    s, y : ndarray, shape (n,)
        A step, and the change of the gradient over it.
    memory : int
        How many pairs to keep.

    Returns
    -------
    list of (s, y)
        A new list, or `pairs` itself.
    """
    if s @ y <= np.finfo(y.dtype).eps * (y @ y):  # eq:training-curvature-lbfgs-skip
        return pairs
    return [*pairs, (s, y)][-memory:]


def lbfgs(f, grad, x0, steps, *, memory=10, tol=1e-10):
    """L-BFGS: a quasi-Newton method that remembers a few steps instead of a matrix.

    Parameters
    ----------
    f, grad : callable
        The function and its gradient of shape (n,).
    x0 : array_like, shape (n,)
        Where to start.
    steps : int
        How many steps to take at most.
    memory : int
        How many pairs of steps and gradient changes to keep.
    tol : float
        Stop when no entry of the gradient is larger.

    Returns
    -------
    Path
        It also ends where rounding hides all further fall.

    References
    ----------
    Liu and Nocedal (1989), On the limited memory BFGS method for large scale optimization.
    """
    x, memory = as_vector(x0, "x0", why="one per variable"), as_count(memory, "memory")
    tol = as_number(tol, "tol", least=0)
    value, g, pairs = f(x), np.asarray(grad(x)), []
    walk = _Walk(x, value, g)
    for _ in range(as_count(steps, "steps", least=0)):
        if np.abs(g).max() <= tol:
            break
        p = lbfgs_direction(g, pairs)
        first = 1.0 if pairs else min(1.0, 1 / np.abs(g).sum())
        alpha, value, g_new = wolfe(f, grad, x, p, first=first)
        if alpha == 0:
            break
        s, y = alpha * p, g_new - g
        x, g = x + s, g_new
        pairs = lbfgs_remember(pairs, s, y, memory)
        walk.add(x, value, g)
    return walk.path()


def gauss_newton(residual, jac, x0, steps):
    """Gauss–Newton: in each step solve the linear least squares problem r + J d ≈ 0.

    Parameters
    ----------
    residual, jac : callable
        r(x) of shape (m,) and J(x) of shape (m, n).
    x0 : array_like, shape (n,)
        Where to start.
    steps : int
        How many steps to take.

    Returns
    -------
    Path
        ``f`` is ½ rᵀr.

    Raises
    ------
    FloatingPointError
        If a step leaves the finite numbers; `lm` is the safe form.
    """
    x = as_vector(x0, "x0", why="one per variable")
    r, J = _residuals(residual, jac, x)
    walk = _Walk(x, r @ r / 2, J.T @ r)
    for _ in range(as_count(steps, "steps", least=0)):
        x = x + np.linalg.lstsq(J, -r, rcond=None)[0]  # eq:training-curvature-gauss-newton
        r, J = _residuals(residual, jac, x)
        walk.add(x, r @ r / 2, J.T @ r)
    return walk.path()


def lm(residual, jac, x0, steps, *, damping=1e-3, tol=1e-12):
    """Levenberg–Marquardt: Gauss–Newton with a damping that grows where a step disappoints.

    Parameters
    ----------
    residual, jac : callable
        r(x) of shape (m,) and J(x) of shape (m, n).
    x0 : array_like, shape (n,)
        Where to start.
    steps : int
        How many steps to try at most; one that does not lead down is taken back.
    damping : float
        μ at the start, relative to the squared lengths of J's columns.
    tol : float
        Stop when a step changes x by less than this share, in the scale of J's columns.

    Returns
    -------
    Path
        The start and every step that led down; ``f`` is ½ rᵀr.

    References
    ----------
    Marquardt (1963), An algorithm for least-squares estimation of nonlinear parameters;
    Moré (1978) for the scale D, Nielsen (1999) for the damping.
    """
    x, mu = as_vector(x0, "x0", why="one per variable"), as_number(damping, "damping", above=0)
    tol, grow = as_number(tol, "tol", least=0), 2.0
    r, J = _residuals(residual, jac, x)
    D = np.zeros_like(x)
    walk = _Walk(x, r @ r / 2, J.T @ r)
    for _ in range(as_count(steps, "steps", least=0)):
        D = np.maximum(D, np.linalg.norm(J, axis=0))
        scale = np.where(D > 0, D, 1)
        # (JᵀJ + μD²) d = −Jᵀr as least squares: forming JᵀJ would square the condition number.
        stacked = np.vstack([J / scale, math.sqrt(mu) * np.eye(x.size)])
        target = np.concatenate([-r, np.zeros(x.size)])
        u = np.linalg.lstsq(stacked, target, rcond=None)[0]
        d = u / scale  # eq:training-curvature-lm
        g = J.T @ r / scale
        promised = u @ (mu * u - g)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            r_new = np.asarray(residual(x + d))
            fall = (r - r_new) @ (r + r_new)
        if promised <= 1e-12 * (r @ r):
            # Rounding may hide so small a fall; whether the gradient shrinks is still seen.
            g_new = np.asarray(jac(x + d)).T @ r_new / scale
            fall = promised if np.linalg.norm(g_new) < np.linalg.norm(g) else -1.0
        gain = fall / promised if promised > 0 else 0.0  # eq:training-curvature-lm-gain
        if gain > 0:
            x = x + d
            r, J = _residuals(residual, jac, x)
            walk.add(x, r @ r / 2, J.T @ r)
            mu = mu * max(1 / 3, 1 - (2 * gain - 1) ** 3)  # eq:training-curvature-lm-damping
            grow = 2.0
        else:
            mu, grow = mu * grow, 2 * grow
        if np.linalg.norm(u) <= tol * np.linalg.norm(scale * x) or not math.isfinite(mu):
            break
    return walk.path()


def _residuals(residual, jac, x):
    r, J = np.asarray(residual(x)), np.asarray(jac(x))
    if r.ndim != 1 or J.shape != (r.size, x.size):
        raise ValueError(
            f"the residuals have shape {r.shape} and their Jacobian {J.shape} where x has "
            f"{x.size} entries; expected (m,) and (m, {x.size})"
        )
    return r, J


class _Walk:
    """Collects positions, values and gradient lengths, and refuses what is not finite."""

    def __init__(self, x, value, gradient):
        self.rows = []
        self.add(x, value, gradient)

    def add(self, x, value, gradient):
        norm = np.linalg.norm(gradient)
        if not (np.isfinite(x).all() and np.isfinite(value) and np.isfinite(norm)):
            raise FloatingPointError(
                f"step {len(self.rows)}: the function is {value:g} and its gradient has length "
                f"{norm:g}; start nearer to a minimum"
            )
        self.rows.append((x, float(value), float(norm)))

    def path(self):
        xs, values, norms = zip(*self.rows, strict=True)
        return Path(np.array(xs), np.array(values), np.array(norms))


def _d2_silu(z):
    return d_sigmoid(z) * (2 - z * np.tanh(z / 2))


# φ″ by the activation's name. Kinks count as straight, as they do in φ′.
SECOND_DERIVATIVES = {
    "identity": np.zeros_like,
    "sigmoid": lambda z: -d_sigmoid(z) * np.tanh(z / 2),
    "tanh": lambda z: -2 * np.tanh(z) * d_tanh(z),
    "relu": np.zeros_like,
    "leaky_relu": np.zeros_like,
    "softplus": d_sigmoid,
    "elu": lambda z: np.where(z < 0, np.exp(np.minimum(z, 0)), 0),
    "silu": _d2_silu,
}


def _softmax_curvature(O, V):
    P = softmax(O)
    return P * (V - np.sum(P * V, axis=1, keepdims=True)) / len(O)


# How ∂C/∂O changes when the output O moves along V, by the loss's name.
LOSS_CURVATURES = {
    "half_mse": lambda O, V: V / len(O),
    "softmax_cross_entropy": _softmax_curvature,
    "sigmoid_cross_entropy": lambda O, V: d_sigmoid(O) * V / len(O),
}


def hvp(model, X, Y, v):
    """The Hessian of a network's loss times a vector, exactly, at the price of two gradients.

    R{·} is the derivative along v: every line of the forward and the backward pass is
    differentiated once more, and stands below the line it comes from.

    Parameters
    ----------
    model : MLP
    X : array_like, shape (N, n_0)
    Y : array_like, shape (N, n_L) or (N,)
        As for `MLP.value_and_gradient`.
    v : array_like, shape (P,)
        The direction, in the order of ``model.theta``.

    Returns
    -------
    ndarray, shape (P,)
        H v, for the loss with its weight decay.

    Raises
    ------
    ValueError
        If the second derivative of an activation or of the loss is not known.

    References
    ----------
    Pearlmutter (1994), Fast exact multiplication by the Hessian.
    """
    X, Y = model._samples(X, Y)
    W, phi, L = model.W, model.phi, len(model.W)
    v, V, c = _direction(model, v)
    d2 = [_known(SECOND_DERIVATIVES, phi_l.name, "activation") for phi_l in phi]
    d2_loss = _known(LOSS_CURVATURES, model.loss.name, "loss")

    Z, A = mlp_forward(X, W, model.b, phi)
    RZ, RA = _r_forward(Z, A, W, V, c, phi)

    G = model.loss.df(A[L], Y)
    RG = d2_loss(A[L], RA[L])  # eq:training-curvature-r-loss
    product = np.empty_like(model.theta)
    RdW, Rdb = layers(product, model.sizes)
    for l in reversed(range(L)):
        Delta = G * phi[l].df(Z[l])  # (B1), (B2)
        RDelta = RG * phi[l].df(Z[l]) + G * d2[l](Z[l]) * RZ[l]  # eq:training-curvature-r-delta
        # dW = A.T @ Delta (B3)
        RdW[l][:] = RA[l].T @ Delta + A[l].T @ RDelta  # eq:training-curvature-r-weights
        # db = 1.T @ Delta (B4)
        Rdb[l][:] = RDelta.sum(axis=0)  # eq:training-curvature-r-bias
        G = Delta @ W[l].T
        RG = RDelta @ W[l].T + Delta @ V[l].T  # eq:training-curvature-r-back
        if model.weight_decay:
            RdW[l] += model.weight_decay * V[l]
    return product


def gnvp(model, X, Y, v):
    """The Gauss–Newton matrix of a network's loss times a vector: G v = Jᵀ H_C J v.

    Of the Hessian it keeps what the loss bends and drops what the network bends, so that
    vᵀGv ≥ 0 always. Weight decay is part of it.

    Parameters
    ----------
    model : MLP
    X : array_like, shape (N, n_0)
    Y : array_like, shape (N, n_L) or (N,)
        As for `MLP.value_and_gradient`.
    v : array_like, shape (P,)

    Returns
    -------
    ndarray, shape (P,)

    References
    ----------
    Schraudolph (2002), Fast curvature matrix-vector products for second-order gradient descent;
    Martens (2010), Deep learning via Hessian-free optimization.
    """
    X, Y = model._samples(X, Y)
    W, phi, L = model.W, model.phi, len(model.W)
    v, V, c = _direction(model, v)
    Z, A = mlp_forward(X, W, model.b, phi)
    _, RA = _r_forward(Z, A, W, V, c, phi)  # J v
    RG = _known(LOSS_CURVATURES, model.loss.name, "loss")(A[L], RA[L])  # H_C J v
    product = np.empty_like(model.theta)
    RdW, Rdb = layers(product, model.sizes)
    for l in reversed(range(L)):  # Jᵀ: the backward pass
        RDelta = RG * phi[l].df(Z[l])
        RdW[l][:] = A[l].T @ RDelta
        Rdb[l][:] = RDelta.sum(axis=0)
        RG = RDelta @ W[l].T
        if model.weight_decay:
            RdW[l] += model.weight_decay * V[l]
    return product


def _r_forward(Z, A, W, V, c, phi):
    """R{·} of the forward pass: how Z and A change as the parameters move along (V, c)."""
    RZ, RA = [], [np.zeros_like(A[0])]
    for l in range(len(W)):
        # Z = A @ W + b
        RZ.append(RA[l] @ W[l] + A[l] @ V[l] + c[l])  # eq:training-curvature-r-z
        # A = φ(Z)
        RA.append(phi[l].df(Z[l]) * RZ[l])  # eq:training-curvature-r-a
    return RZ, RA


def _direction(model, v):
    """Return v and the views of it that lie beside the weights and the biases."""
    v = as_vector(v, "v", length=model.theta.size, why="one per parameter")
    v = v.astype(model.theta.dtype, copy=False)
    return v, *layers(v, model.sizes)


def _known(second, name, what):
    if name not in second:
        raise ValueError(
            f"the second derivative of the {what} {name!r} is not known; "
            f"take one of {', '.join(second)}"
        )
    return second[name]


def lanczos(product, n, steps, *, rng):
    """The extreme eigenvalues of a symmetric matrix from a few products with it.

    Parameters
    ----------
    product : callable
        ``product(v)`` is the matrix times v of shape (n,).
    n : int
        The number of variables.
    steps : int
        How many products to take at most; no more than n are of use.
    rng : numpy.random.Generator
        Draws the first vector.

    Returns
    -------
    values : ndarray, shape (k,)
        Approximate eigenvalues, ascending; the outer ones are right first.
    vectors : ndarray, shape (n, k)
        Their approximate eigenvectors, orthonormal columns.

    References
    ----------
    Lanczos (1950), An iteration method for the solution of the eigenvalue problem.
    """
    n = as_count(n, "n")
    Q, alphas, betas = [], [], []
    q = as_rng(rng).normal(size=n)
    q /= np.linalg.norm(q)
    for _ in range(min(as_count(steps, "steps"), n)):
        Q.append(q)
        w = as_vector(product(q), "product(v)", length=n, why="n")
        alphas.append(q @ w)
        size = np.linalg.norm(w)
        basis = np.array(Q)
        for _ in range(2):  # without rounding, once and the last two vectors would do
            w = w - basis.T @ (basis @ w)  # eq:training-curvature-lanczos
        betas.append(np.linalg.norm(w))
        if betas[-1] <= n * np.finfo(float).eps * size:
            break
        q = w / betas[-1]
    inner = betas[: len(alphas) - 1]
    T = np.diag(alphas) + np.diag(inner, 1) + np.diag(inner, -1)
    values, U = np.linalg.eigh(T)
    return values, np.array(Q).T @ U


def sharpness(model, X, Y, *, steps=30, rng):
    """The largest eigenvalue of the Hessian of a network's loss.

    Gradient descent with the rate η is stable there only while it is below 2/η.

    Parameters
    ----------
    model : MLP
    X : array_like, shape (N, n_0)
    Y : array_like, shape (N, n_L) or (N,)
        As for `MLP.value_and_gradient`.
    steps : int
        How many Hessian-vector products to take at most.
    rng : numpy.random.Generator

    Returns
    -------
    float

    References
    ----------
    Cohen, Kaur, Li, Kolter and Talwalkar (2021), Gradient descent on neural networks typically
    occurs at the edge of stability.
    """
    values, _ = lanczos(lambda v: hvp(model, X, Y, v), model.theta.size, steps, rng=rng)
    return float(values[-1])
