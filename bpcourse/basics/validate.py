"""Checks of what callers pass in: each error says what was expected, what came, and what to do."""

import operator
from typing import Any

import numpy as np

__all__ = ["as_count", "as_labels", "as_matrix", "as_number", "as_rng", "as_vector"]


def as_matrix(
    X: Any, name: str = "X", *, columns: int | None = None, taker: str = "the model"
) -> np.ndarray:
    """Return `X` as a finite 2-D float array with at least one row and one column.

    Parameters
    ----------
    X : array_like, shape (N, p)
        Numbers, one sample per row. float32 is kept, all else becomes float64. An array that
        is right already is returned itself, not copied.
    name : str
        What the caller calls it, for the message.
    columns : int, optional
        The number of columns wanted.
    taker : str
        Who wants that many columns, for the message: "the network", "w".

    Returns
    -------
    ndarray, shape (N, p)
        float64, or float32 if `X` is.

    Raises
    ------
    TypeError
        If `X` does not hold real numbers.
    ValueError
        If `X` is not 2-D, is empty, has another number of columns, or holds NaN or infinity.

    Examples
    --------
    >>> as_matrix([[1, 2, 3]], "X", columns=4, taker="the network")
    Traceback (most recent call last):
    ValueError: X has 3 columns, the network takes 4 inputs; pass X of shape (N, 4)
    """
    A = _floats(X, name)
    wanted = f"(N, {'p' if columns is None else columns})"
    if A.ndim == 1:
        raise ValueError(
            f"{name} has shape {A.shape}, expected {wanted}, one sample per row; "
            f"pass {name}[np.newaxis, :] for one sample or {name}[:, np.newaxis] for one feature"
        )
    if A.ndim != 2:
        raise ValueError(
            f"{name} has shape {A.shape}, expected {wanted}; pass a 2-D array, one sample per row"
        )
    if A.size == 0:
        raise ValueError(
            f"{name} is empty, its shape is {A.shape}; pass at least one row and one column"
        )
    if columns is not None and A.shape[1] != columns:
        raise ValueError(
            f"{name} has {_many(A.shape[1], 'column')}, {taker} takes {_many(columns, 'input')}; "
            f"pass {name} of shape (N, {columns})"
        )
    _check_finite(A, name)
    return A


def as_vector(
    y: Any, name: str = "y", *, length: int | None = None, why: str = "one per row of X"
) -> np.ndarray:
    """Return `y` as a finite 1-D float array with at least one entry.

    Parameters
    ----------
    y : array_like, shape (N,)
        Numbers. float32 is kept, all else becomes float64.
    name : str
        What the caller calls it, for the message.
    length : int, optional
        The number of entries wanted.
    why : str
        Where that length comes from, for the message: "one weight per column of X".

    Returns
    -------
    ndarray, shape (N,)
        float64, or float32 if `y` is.

    Raises
    ------
    TypeError
        If `y` does not hold real numbers.
    ValueError
        If `y` is not 1-D, is empty, has another length, or holds NaN or infinity.
    """
    a = _floats(y, name)
    if a.ndim != 1:
        # (N, 1) against (N,) would broadcast to (N, N) without a word: the classic silent bug.
        cure = f"pass {name}.ravel()" if a.size == max(a.shape, default=0) else "pass a 1-D array"
        wanted = "(N,)" if length is None else f"({length},)"
        raise ValueError(f"{name} has shape {a.shape}, expected {wanted}; {cure}")
    if a.size == 0:
        raise ValueError(f"{name} is empty; pass at least one entry")
    if length is not None and a.size != length:
        raise ValueError(
            f"{name} has {_many(a.size, 'entry')}, expected {length}, {why}; "
            f"pass {name} of shape ({length},)"
        )
    _check_finite(a, name)
    return a


def as_labels(labels: Any, name: str, classes: int) -> np.ndarray:
    """Return `labels` as a 1-D integer array of class numbers.

    Parameters
    ----------
    labels : array_like, shape (N,)
        Classes numbered 0 … `classes` − 1, as integers or as floats without a fraction.
    name : str
        What the caller calls it, for the message.
    classes : int
        How many classes there are.

    Returns
    -------
    ndarray of int64, shape (N,)

    Raises
    ------
    TypeError
        If `labels` does not hold real numbers.
    ValueError
        If `labels` is not 1-D, is empty, or holds anything but 0 … `classes` − 1.
    """
    classes = as_count(classes, "classes")
    a = as_vector(labels, name)
    bad = (a != np.floor(a)) | (a < 0) | (a >= classes)
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        raise ValueError(
            f"{name}[{first}] is {a[first]:g}, expected a class number from 0 to {classes - 1}; "
            "number the classes from 0"
        )
    return a.astype(np.int64)


def as_count(n: Any, name: str = "n", *, least: int = 1) -> int:
    """Return `n` as an int that is at least `least`.

    Parameters
    ----------
    n : int or numpy integer
        A count: samples, steps, layers.
    name : str
        What the caller calls it, for the message.
    least : int
        The smallest count allowed.

    Returns
    -------
    int

    Raises
    ------
    TypeError
        If `n` is not an integer. A float such as 10.0 is not one, nor is a bool.
    ValueError
        If `n` is smaller than `least`.
    """
    try:
        if isinstance(n, bool | np.bool_):
            raise TypeError
        count = operator.index(n)
    except TypeError:
        raise TypeError(
            f"{name} is {n!r} ({type(n).__name__}), expected an integer; pass for example "
            f"{name}={max(least, 100)}"
        ) from None
    if count < least:
        raise ValueError(f"{name} is {count}, expected at least {least}; pass a larger {name}")
    return count


def as_number(
    value: Any,
    name: str,
    *,
    least: float | None = None,
    above: float | None = None,
    below: float | None = None,
) -> float:
    """Return `value` as a finite float inside the bounds that are given.

    Parameters
    ----------
    value : real number
        A Python or NumPy scalar.
    name : str
        What the caller calls it, for the message.
    least, above, below : float, optional
        Bounds: `value >= least`, `value > above`, `value < below`.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If `value` is not a real number.
    ValueError
        If it is NaN, infinite, or out of bounds.
    """
    if isinstance(value, bool | np.bool_ | str | bytes) or np.ndim(value) != 0:
        number = None
    else:
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            number = None
    if number is None:
        raise TypeError(f"{name} is {value!r}, expected a real number; pass one float")
    bounds = [
        (f"at least {least}", least is None or number >= least),
        (f"more than {above}", above is None or number > above),
        (f"less than {below}", below is None or number < below),
        ("a finite number", bool(np.isfinite(number))),
    ]
    for wanted, holds in reversed(bounds):
        if not holds:
            raise ValueError(f"{name} is {number:g}, expected {wanted}; pass another {name}")
    return number


def as_rng(rng: Any, name: str = "rng") -> np.random.Generator:
    """Return `rng` if it is a NumPy random generator.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of randomness. A seed is refused: a function that makes its own generator
        from a seed draws the same numbers at every call, and nobody notices.
    name : str
        What the caller calls it, for the message.

    Returns
    -------
    numpy.random.Generator

    Raises
    ------
    TypeError
        If `rng` is anything else.
    """
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, int | np.integer) and not isinstance(rng, bool):
        raise TypeError(
            f"{name} is the seed {rng}, expected a numpy.random.Generator; "
            f"pass numpy.random.default_rng({rng})"
        )
    raise TypeError(
        f"{name} is a {type(rng).__name__}, expected a numpy.random.Generator; "
        "pass numpy.random.default_rng(seed)"
    )


def _floats(X: Any, name: str) -> np.ndarray:
    try:
        A = np.asarray(X)
    except ValueError:
        raise ValueError(
            f"{name} has rows of different lengths, expected a rectangle of numbers; "
            "give every row the same length"
        ) from None
    if A.dtype == np.float32 or A.dtype == np.float64:
        return A
    if A.dtype.kind not in "biufO":
        raise TypeError(f"{name} holds {A.dtype} values, expected real numbers; pass floats")
    try:
        return A.astype(np.float64)
    except (TypeError, ValueError):
        raise TypeError(
            f"{name} holds values that are not numbers (dtype {A.dtype}), expected real numbers; "
            "pass floats"
        ) from None


def _check_finite(A: np.ndarray, name: str) -> None:
    bad = ~np.isfinite(A)
    if bad.any():
        first = tuple(int(i) for i in np.argwhere(bad)[0])
        place = ", ".join(str(i) for i in first)
        count = int(bad.sum())
        raise ValueError(
            f"{name} holds {_many(count, 'value')} that "
            f"{'is' if count == 1 else 'are'} not finite, the first is {name}[{place}] = "
            f"{A[first]:g}; remove or fill in such values first"
        )


def _many(count: int, noun: str) -> str:
    if count == 1:
        return f"1 {noun}"
    return f"{count} {noun[:-1]}ies" if noun.endswith("y") else f"{count} {noun}s"
