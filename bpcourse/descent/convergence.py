"""Chapter 4, Convergence for real functions: line search, subgradients, bounds, logistic loss.

In the bounds η is a constant learning rate, L bounds the curvature (the gradient is L-Lipschitz)
and k counts steps. The comment behind a line is the label of the equation that the line computes.
"""

from typing import Any, NamedTuple

import numpy as np

from bpcourse.basics.activations import d_sigmoid, sigmoid, softplus
from bpcourse.basics.validate import as_count, as_labels, as_matrix, as_number, as_vector
from bpcourse.descent.quadratics import like_its_variable

__all__ = [
    "SubgradientRun",
    "backtracking",
    "backtracking_floor",
    "convex_bound",
    "descent_lemma",
    "gradient_norm_bound",
    "logreg_hessian",
    "logreg_loss_grad",
    "logreg_smoothness",
    "pl_bound",
    "subgradient",
    "subgradient_bound",
]


def backtracking(f, x, gradient, direction=None, *, lr=1.0, c=1e-4, shrink=0.5):
    """Try a step, and shorten it until f falls by a fair part of what the slope promises.

    Parameters
    ----------
    f : callable
        ``f(x)`` is a number. Where it is infinite or NaN the step counts as too long.
    x : array_like, shape (n,)
        Where to start.
    gradient : array_like, shape (n,)
        ∇f(x).
    direction : array_like, shape (n,), optional
        Where to go: a direction in which f falls; by default −∇f(x).
    lr : float
        The first step to be tried.
    c : float
        The part of the promised fall that is asked for, between 0 and 1.
    shrink : float
        The factor β of each shortening, between 0 and 1.

    Returns
    -------
    float
        The first t of lr, lr β, lr β², … with f(x + t d) ≤ f(x) + c t ⟨∇f, d⟩. If the gradient
        is L-Lipschitz and d = −∇f, it is at least `backtracking_floor`.

    Raises
    ------
    ValueError
        If f does not fall in that direction at first.
    FloatingPointError
        If f is not finite at x, or no step is short enough: then the gradient is not that of f,
        or x is as low as rounding allows.

    References
    ----------
    Armijo (1966), Minimization of functions having Lipschitz continuous first derivatives.
    """
    x = as_vector(x, "x", why="one per variable")
    g = as_vector(gradient, "gradient", length=x.size, why="one per entry of x")
    d = -g if direction is None else as_vector(direction, "direction", length=x.size, why="as x")
    t = as_number(lr, "lr", above=0)
    c = as_number(c, "c", above=0, below=1)
    shrink = as_number(shrink, "shrink", above=0, below=1)
    slope = float(g @ d)
    if slope >= 0:
        raise ValueError(
            f"f has the slope {slope:g} along the direction, expected a negative one; pass a "
            "direction that leads down, such as -gradient (a zero gradient has none)"
        )
    here = float(f(x))
    if not np.isfinite(here):
        raise FloatingPointError(f"f(x) is {here}; start where f is finite")
    with np.errstate(over="ignore", invalid="ignore"):
        while not f(x + t * d) <= here + c * t * slope:  # eq:descent-convergence-armijo
            t *= shrink
            if (x + t * d == x).all():
                raise FloatingPointError(
                    "no step is short enough for f to fall: the gradient is not that of f, or x "
                    "is as low as rounding allows"
                )
    return t


def backtracking_floor(L, *, lr=1.0, c=1e-4, shrink=0.5):
    """What `backtracking` along −∇f never goes below: why it ends.

    Parameters
    ----------
    L : float
        A Lipschitz constant of the gradient.
    lr, c, shrink : float
        As in `backtracking`.

    Returns
    -------
    float
        min(lr, 2β(1 − c)/L): every t ≤ 2(1 − c)/L is accepted.
    """
    L = as_number(L, "L", above=0)
    lr = as_number(lr, "lr", above=0)
    c = as_number(c, "c", above=0, below=1)
    shrink = as_number(shrink, "shrink", above=0, below=1)
    return min(lr, 2 * shrink * (1 - c) / L)  # eq:descent-convergence-floor


class SubgradientRun(NamedTuple):
    """What `subgradient` found.

    Parameters
    ----------
    best : float
        The smallest f(x_k) of all K + 1 positions.
    best_x : ndarray, shape (n,)
        Where it is.
    average : ndarray, shape (n,)
        Σ η_k x_k / Σ η_k over the K points where a step began: the bound holds there too.
    path : ndarray, shape (K + 1, n)
        Every position, the start first.
    """

    best: float
    best_x: np.ndarray
    average: np.ndarray
    path: np.ndarray


def subgradient(f, df, x0, rates):
    """Walk against a subgradient of a convex function that may have kinks.

    Parameters
    ----------
    f : callable
        ``f(x)`` is a number.
    df : callable
        ``df(x)`` is a subgradient at x, of the shape of x: any slope that stays below f.
    x0 : array_like, shape (n,)
        Where to start.
    rates : array_like, shape (K,)
        The learning rate η_k of each step, positive.

    Returns
    -------
    SubgradientRun
        The last position is not the best one: f need not fall at every step.

    Raises
    ------
    FloatingPointError
        If a step leaves the finite numbers; the message names the step and its rate.

    References
    ----------
    Shor (1985), Minimization Methods for Non-Differentiable Functions; Nesterov (2004),
    Introductory Lectures on Convex Optimization, section 3.2.
    """
    rates = _rates(rates)
    x0 = as_vector(x0, "x0", why="one per variable")
    x = np.empty((rates.size + 1, x0.size), x0.dtype)
    x[0] = x0
    with np.errstate(over="ignore", invalid="ignore"):
        for k, lr in enumerate(rates):
            g = like_its_variable(df(x[k]), x[k])
            x[k + 1] = x[k] - lr * g  # eq:descent-convergence-subgradient
            if not np.isfinite(x[k + 1]).all():
                raise FloatingPointError(
                    f"step {k + 1} left the finite numbers with the learning rate {lr}; "
                    "take smaller learning rates"
                )
    values = [float(f(point)) for point in x]
    best = int(np.argmin(values))
    average = rates @ x[:-1] / rates.sum()  # eq:descent-convergence-average
    return SubgradientRun(values[best], x[best].copy(), average, x)


def descent_lemma(value, gradient, d, L):
    """The parabola that stays above f: where a step d can lead at worst.

    Parameters
    ----------
    value : float
        f(x).
    gradient : array_like, shape (n,)
        ∇f(x).
    d : array_like, shape (n,)
        The step; −η∇f(x) for gradient descent, which then gains at least η(1 − ηL/2)‖∇f‖².
    L : float
        A Lipschitz constant of the gradient.

    Returns
    -------
    float
        f(x) + ⟨∇f(x), d⟩ + L‖d‖²/2, never below f(x + d).

    References
    ----------
    Nesterov (2004), Introductory Lectures on Convex Optimization, lemma 1.2.3.
    """
    value = as_number(value, "value")
    g = as_vector(gradient, "gradient", why="one per variable")
    d = as_vector(d, "d", length=g.size, why="one per entry of the gradient")
    L = as_number(L, "L", least=0)
    return float(value + g @ d + L * (d @ d) / 2)  # eq:descent-convergence-lemma


def gradient_norm_bound(gap, lr, steps):
    """How small the smallest ‖∇f‖² of the first K steps must be, for any smooth f.

    Parameters
    ----------
    gap : float
        f(x₀) − f*, where f* is a lower bound of f.
    lr : float
        η ≤ 1/L.
    steps : int or array_like of int
        K, at least 1.

    Returns
    -------
    float or ndarray
        2 (f₀ − f*)/(ηK).
    """
    gap, lr = as_number(gap, "gap", least=0), as_number(lr, "lr", above=0)
    return 2 * gap / (lr * _steps(steps, 1))  # eq:descent-convergence-gradient-norm


def convex_bound(distance, lr, steps):
    """How high above the minimum k steps can leave a smooth convex f.

    Parameters
    ----------
    distance : float
        ‖x₀ − x*‖.
    lr : float
        η ≤ 1/L.
    steps : int or array_like of int
        k, at least 1.

    Returns
    -------
    float or ndarray
        ‖x₀ − x*‖²/(2ηk).
    """
    distance, lr = as_number(distance, "distance", least=0), as_number(lr, "lr", above=0)
    return distance**2 / (2 * lr * _steps(steps, 1))  # eq:descent-convergence-convex


def pl_bound(gap, lr, mu, steps):
    """How high above the minimum k steps can leave f if ‖∇f‖² ≥ 2μ(f − f*), convex or not.

    Parameters
    ----------
    gap : float
        f(x₀) − f*.
    lr : float
        η ≤ 1/L.
    mu : float
        The constant μ of that inequality, for instance the least eigenvalue of the Hessian.
    steps : int or array_like of int
        k, at least 0.

    Returns
    -------
    float or ndarray
        (1 − ημ)ᵏ (f₀ − f*).

    References
    ----------
    Polyak (1963), Gradient methods for minimizing functionals; Łojasiewicz (1963).
    """
    gap, lr = as_number(gap, "gap", least=0), as_number(lr, "lr", above=0)
    mu = _share_of(lr, mu)
    return (1 - lr * mu) ** _steps(steps, 0) * gap  # eq:descent-convergence-pl


def subgradient_bound(distance, G, rates):
    """How high above the minimum the best point of `subgradient` can be.

    Parameters
    ----------
    distance : float
        R ≥ ‖x₀ − x*‖.
    G : float
        A bound of the subgradients' length.
    rates : array_like, shape (K,)
        The learning rate η_k of each step.

    Returns
    -------
    float
        (R² + G² Σ η²)/(2 Σ η), which holds for the average too. R/(G√K) at every step is best
        and makes it RG/√K.
    """
    R, G = as_number(distance, "distance", least=0), as_number(G, "G", least=0)
    eta = _rates(rates)
    return float((R**2 + G**2 * (eta @ eta)) / (2 * eta.sum()))  # eq:descent-convergence-kinks


def logreg_loss_grad(X, y, w):
    """Cross-entropy of the logistic model σ(Xw), the mean over the samples, and its gradient.

    Parameters
    ----------
    X : array_like, shape (N, p)
        One sample per row.
    y : array_like, shape (N,)
        The classes, 0 or 1.
    w : array_like, shape (p,)
        The weights.

    Returns
    -------
    loss : float
        −(1/N) Σ [y log σ(z) + (1 − y) log(1 − σ(z))] with z = Xw, exact for any z.
    gradient : ndarray, shape (p,)
        Xᵀ(σ(z) − y)/N.

    Raises
    ------
    ValueError
        If a shape does not fit or a label is neither 0 nor 1.

    References
    ----------
    Hastie, Tibshirani and Friedman (2009), The Elements of Statistical Learning, section 4.4.
    """
    X, w, z = _logits(X, w)
    y = as_labels(y, "y", 2)
    if y.size != len(X):
        raise ValueError(f"y has {y.size} labels, X has {len(X)} rows; pass one label per row")
    away = (1 - 2 * y).astype(X.dtype)  # +1 where z should fall, −1 where it should rise
    loss = np.mean(softplus(away * z))  # eq:descent-convergence-logistic
    r = away * sigmoid(away * z)  # σ(z) − y, written so that it does not cancel
    gradient = X.T @ r / len(X)  # eq:descent-convergence-logistic-gradient
    return float(loss), gradient


def logreg_hessian(X, w):
    """The Hessian of the logistic loss, which does not depend on the labels.

    Parameters
    ----------
    X : array_like, shape (N, p)
        One sample per row.
    w : array_like, shape (p,)
        The weights.

    Returns
    -------
    ndarray, shape (p, p)
        Xᵀ diag(σ′(Xw)) X/N: its eigenvalues are never negative, so the loss is convex.
    """
    X, w, z = _logits(X, w)
    return (X.T * d_sigmoid(z)) @ X / len(X)  # eq:descent-convergence-logistic-hessian


def logreg_smoothness(X):
    """The L of the logistic loss: no eigenvalue of its Hessian exceeds it, since σ′ ≤ ¼.

    Parameters
    ----------
    X : array_like, shape (N, p)
        One sample per row.

    Returns
    -------
    float
        λ_max(XᵀX)/(4N), attained at w = 0.
    """
    X = as_matrix(X, "X")
    return float(np.linalg.norm(X, 2) ** 2 / (4 * len(X)))  # eq:descent-convergence-logistic-smooth


def _logits(X, w):
    X = as_matrix(X, "X")
    w = as_vector(w, "w", length=X.shape[1], why="one weight per column of X")
    return X, w, X @ w


def _rates(rates: Any):
    rates = as_vector(rates, "rates", why="one per step")
    if (rates <= 0).any():
        k = int((rates <= 0).argmax())
        raise ValueError(f"rates[{k}] is {rates[k]:g}; every learning rate must be positive")
    return rates


def _steps(k, least):
    if np.ndim(k) == 0:
        return as_count(k, "steps", least=least)
    k = np.asarray(k)
    if k.dtype.kind not in "iu" or k.size == 0 or k.min() < least:
        raise ValueError(f"steps holds something else than integers from {least} on; pass those")
    return k


def _share_of(lr, mu):
    mu = as_number(mu, "mu", least=0)
    if lr * mu > 1:
        raise ValueError(
            f"lr * mu is {lr * mu:g}, more than 1: the bound needs lr at most 1/L, and mu is never "
            "more than L; pass a smaller lr"
        )
    return mu
