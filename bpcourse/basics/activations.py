"""Activation functions and their derivatives, written so that nothing cancels or overflows.

Each takes and returns arrays of any shape, entry by entry, and keeps float32. What is smaller
than the smallest float64 becomes 0; no argument overflows.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

__all__ = ["ACTIVATIONS", "Activation", "as_activation"]


class Activation(NamedTuple):
    """An activation φ with its derivative.

    Parameters
    ----------
    name : str
        What it is called in messages.
    f : callable
        ``f(z)`` is φ(z), entry by entry.
    df : callable
        ``df(z)`` is φ′(z), entry by entry: evaluated at z, not at φ(z).

    Examples
    --------
    >>> square = Activation("square", lambda z: z * z, lambda z: 2 * z)
    >>> square.df(3.0)
    6.0
    """

    name: str
    f: Callable[[Any], Any]
    df: Callable[[Any], Any]


def identity(z):
    """Return z itself."""
    return z


def d_identity(z):
    """Return 1 for every entry."""
    return np.ones_like(z)


def sigmoid(z):
    """Return 1/(1 + e⁻ᶻ); the exponent is never positive, so it cannot overflow."""
    e = np.exp(-np.abs(z))
    return np.where(np.asarray(z) >= 0, 1, e) / (1 + e)


def d_sigmoid(z):
    """Return σ(z) σ(−z): the form σ (1 − σ) cancels for large z."""
    e = np.exp(-np.abs(z))
    return e / (1 + e) ** 2


def d_tanh(z):
    """Return 1/cosh² z = 4 σ′(2z): the form 1 − tanh² z cancels."""
    return 4 * d_sigmoid(2 * np.asarray(z))


def relu(z):
    """Return max(z, 0)."""
    return np.maximum(z, 0)


def d_relu(z):
    """Return 1 where z > 0, else 0; 0 also at the kink."""
    z = np.asarray(z)
    return (z > 0).astype(z.dtype)


def leaky_relu(z):
    """Return z where z > 0, else 0.01 z."""
    return np.maximum(z, 0.01 * np.asarray(z))


def d_leaky_relu(z):
    """Return 1 where z > 0, else 0.01."""
    return np.maximum(d_relu(z), 0.01)


def softplus(z):
    """Return log(1 + eᶻ)."""
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def elu(z):
    """Return z where z > 0, else eᶻ − 1."""
    return np.maximum(z, 0) + np.expm1(np.minimum(z, 0))


def d_elu(z):
    """Return 1 where z > 0, else eᶻ."""
    return np.exp(np.minimum(z, 0))


def silu(z):
    """Return z σ(z)."""
    return z * sigmoid(z)


def d_silu(z):
    """Return σ(z) (1 + z σ(−z))."""
    return sigmoid(z) * (1 + z * sigmoid(-z))


ACTIVATIONS: dict[str, Activation] = {
    activation.name: activation
    for activation in (
        Activation("identity", identity, d_identity),
        Activation("sigmoid", sigmoid, d_sigmoid),
        Activation("tanh", np.tanh, d_tanh),
        Activation("relu", relu, d_relu),
        Activation("leaky_relu", leaky_relu, d_leaky_relu),
        Activation("softplus", softplus, sigmoid),
        Activation("elu", elu, d_elu),
        Activation("silu", silu, d_silu),
    )
}


def as_activation(activation):
    """Return the activation of that name, or `activation` itself if it is one.

    Parameters
    ----------
    activation : str or Activation

    Returns
    -------
    Activation

    Raises
    ------
    ValueError
        If there is no such name; the message lists those there are.
    TypeError
        If it is neither a name nor an `Activation`.
    """
    if isinstance(activation, Activation):
        return activation
    if not isinstance(activation, str):
        raise TypeError(
            f"the activation is {activation!r}, expected a name or an Activation; "
            "pass for example Activation('square', lambda z: z * z, lambda z: 2 * z)"
        )
    if activation not in ACTIVATIONS:
        raise ValueError(
            f"no activation is called {activation!r}; take one of {', '.join(ACTIVATIONS)}, "
            "or pass Activation(name, f, df)"
        )
    return ACTIVATIONS[activation]
