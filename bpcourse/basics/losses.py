"""Losses and their derivatives with respect to the output, the mean over the rows included.

A *surer* answer must not be a less exact one: with the right class at p = 1 − 10⁻³⁰ the loss is
10⁻³⁰ and not 0. So a difference like p − 1 is never formed: 1 − p is summed up from what the
other classes have.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from bpcourse.basics.activations import sigmoid, softplus
from bpcourse.basics.validate import as_count, as_labels, as_matrix

__all__ = ["LOSSES", "Loss", "as_loss", "logsumexp", "one_hot", "softmax"]


def _as_numbers(Y, columns):
    """Check targets that may be any numbers."""
    Y = np.asarray(Y)
    if Y.ndim == 1 and columns == 1:
        Y = Y[:, np.newaxis]
    Y = as_matrix(Y, "Y")
    if Y.shape[1] != columns:
        raise ValueError(
            f"Y has shape {Y.shape}, the output has {columns} columns; "
            f"pass Y of shape (N, {columns})"
        )
    return Y


def _same(output):
    return output


def _largest(output):
    return output.argmax(axis=1)


def _positive(output):
    return (output > 0).astype(np.int64)


class Loss(NamedTuple):
    """A loss: the mean over the rows of what each row's output costs.

    Parameters
    ----------
    name : str
        What it is called in messages.
    f : callable
        ``f(output, target) -> float``, the mean over the rows.
    df : callable
        ``df(output, target)``, the derivative of f with respect to the output, of its shape: the
        1/N of the mean is in it.
    as_targets : callable
        ``as_targets(Y, columns)`` returns what a user may pass for Y as an array of shape
        (N, columns), or says what is wrong with it. By default Y may hold any numbers.
    decide : callable
        ``decide(output)`` is the answer that such an output means, by default the output itself.
    """

    name: str
    f: Callable[[Any, Any], float]
    df: Callable[[Any, Any], Any]
    as_targets: Callable[[Any, int], np.ndarray] = _as_numbers
    decide: Callable[[Any], Any] = _same


def one_hot(labels, classes, dtype=np.float64):
    """Class numbers as rows with a single 1.

    Parameters
    ----------
    labels : array_like of int, shape (N,)
        Classes numbered 0 … ``classes`` − 1.
    classes : int
        How many classes there are.
    dtype : data type
        float64 or float32.

    Returns
    -------
    ndarray, shape (N, classes)

    Raises
    ------
    ValueError
        If a label is not a class number.
    """
    classes = as_count(classes, "classes")
    return np.eye(classes, dtype=dtype)[as_labels(labels, "labels", classes)]


def _exponentials(O):
    """Return O − max O, its exponentials with 0 for the largest, where that is, and their sum."""
    largest = O.argmax(axis=1) + np.arange(0, O.size, O.shape[1])  # places in the flat array
    S = O - O.take(largest)[:, np.newaxis]
    E = np.exp(S)
    E.put(largest, 0)
    rest = E.sum(axis=1, keepdims=True)
    return S, E, largest, rest


def logsumexp(O):
    """Return log Σ_j exp(o_j) of each row, without overflow.

    Parameters
    ----------
    O : array_like, shape (N, k)

    Returns
    -------
    ndarray, shape (N,)
    """
    O = as_matrix(O, "O")
    _, _, largest, rest = _exponentials(O)
    return O.take(largest) + np.log1p(rest[:, 0])


def softmax(O):
    """Return exp(o_k) / Σ_j exp(o_j) of each row, without overflow.

    Parameters
    ----------
    O : array_like, shape (N, k)
        The logits.

    Returns
    -------
    ndarray, shape (N, k)
        Shares that add up to 1 in each row.
    """
    _, E, largest, rest = _exponentials(as_matrix(O, "O"))
    E.put(largest, 1)
    return E / (1 + rest)


def half_mse(output, target):
    """½ Σ_j (o_j − t_j)², meaned over the rows."""
    O, T = _paired(output, target)
    R = O - T
    return float(np.sum(R * R) / (2 * len(R)))


def d_half_mse(output, target):
    """(o − t)/N."""
    O, T = _paired(output, target)
    return (O - T) / len(O)


def softmax_cross_entropy(output, target):
    """−Σ_k t_k log p_k with p = softmax(o), meaned over the rows."""
    O, T = _paired(output, target, classes=True)
    S, _, _, rest = _exponentials(O)
    return float(np.sum(T * (np.log1p(rest) - S)) / len(O))


def d_softmax_cross_entropy(output, target):
    """(p − t)/N, where for the largest p = 1/(1 + rest) the numerator is put together first."""
    O, T = _paired(output, target, classes=True)
    _, E, largest, rest = _exponentials(O)
    t, rest = T.take(largest), rest[:, 0]
    D = E / (1 + rest)[:, np.newaxis]
    D -= T
    D.put(largest, ((1 - t) - t * rest) / (1 + rest))
    D /= len(O)
    return D


def sigmoid_cross_entropy(output, target):
    """−Σ_j [t_j log σ(o_j) + (1 − t_j) log σ(−o_j)], meaned over the rows."""
    O, T = _paired(output, target)
    return float(np.sum(T * softplus(-O) + (1 - T) * softplus(O)) / len(O))


def d_sigmoid_cross_entropy(output, target):
    """(σ(o) − t)/N as (σ(o) (1 − t) − σ(−o) t)/N."""
    O, T = _paired(output, target)
    return (sigmoid(O) * (1 - T) - sigmoid(-O) * T) / len(O)


def _paired(output, target, classes=False):
    """Return both as float arrays of one shape; 1-D class numbers become one-hot rows.

    Broadcasting (N,) against (N, 1) to (N, N) without a word is the classic silent bug.
    """
    O = np.asarray(output)
    if O.dtype.kind != "f":
        O = O.astype(np.float64)
    T = np.asarray(target)
    if classes and O.ndim == 2 and T.ndim == 1 and T.size:
        T = one_hot(T, O.shape[1])
    if O.shape != T.shape:
        cure = f"pass target.reshape({O.shape})" if O.size == T.size else "they must be the same"
        raise ValueError(f"target has shape {T.shape}, output has shape {O.shape}; {cure}")
    if O.size == 0 or O.ndim == 0 or (classes and O.ndim != 2):
        raise ValueError(f"output has shape {O.shape}, expected (N, k) with at least one row")
    return O, T.astype(O.dtype, copy=False)


def _as_shares(Y, columns):
    """Check targets between 0 and 1."""
    Y = _as_numbers(Y, columns)
    wrong = (Y < 0) | (Y > 1)
    if wrong.any():
        i, j = np.argwhere(wrong)[0]
        raise ValueError(
            f"Y[{i}, {j}] is {Y[i, j]:g}, expected a share between 0 and 1; "
            "code the two classes as 0 and 1, or take the loss 'half_mse'"
        )
    return Y


def _as_distribution(Y, columns):
    """Check targets that are class numbers, or shares that add up to 1 in each row."""
    Y = np.asarray(Y)
    if Y.ndim == 1:
        return one_hot(as_labels(Y, "Y", columns), columns)
    Y = _as_shares(Y, columns)
    wrong = np.abs(Y.sum(axis=1) - 1) > 1e-6  # float32 shares of a thousand classes still pass
    if wrong.any():
        i = int(wrong.argmax())
        raise ValueError(
            f"row {i} of Y adds up to {Y[i].sum():.7g}, expected 1: one class per row, as a share; "
            "pass class numbers of shape (N,), one-hot rows, or take 'sigmoid_cross_entropy'"
        )
    return Y


LOSSES: dict[str, Loss] = {
    loss.name: loss
    for loss in (
        Loss("half_mse", half_mse, d_half_mse),
        Loss(
            "softmax_cross_entropy",
            softmax_cross_entropy,
            d_softmax_cross_entropy,
            _as_distribution,
            _largest,
        ),
        Loss(
            "sigmoid_cross_entropy",
            sigmoid_cross_entropy,
            d_sigmoid_cross_entropy,
            _as_shares,
            _positive,
        ),
    )
}


def as_loss(loss):
    """Return the loss of that name, or `loss` itself if it is one.

    Parameters
    ----------
    loss : str or Loss

    Returns
    -------
    Loss

    Raises
    ------
    ValueError
        If there is no such name; the message lists those there are.
    TypeError
        If it is neither a name nor a `Loss`.
    """
    if isinstance(loss, Loss):
        return loss
    if not isinstance(loss, str):
        raise TypeError(f"the loss is {loss!r}, expected a name or a Loss(name, f, df)")
    if loss not in LOSSES:
        raise ValueError(
            f"no loss is called {loss!r}; take one of {', '.join(LOSSES)}, "
            "or pass Loss(name, f, df)"
        )
    return LOSSES[loss]
