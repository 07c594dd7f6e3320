"""Numbers against numbers: conversion of plain values, tolerance, and the sentences about both.

Tolerance. An entry agrees when it differs by at most `rtol` times the largest entry of the
expected array (or times 1, if that is larger). Inputs of exercises are of order one with at most
a few dozen rows, so two right formulas differ by rounding, below 1e-13; known mistakes differ by
more than 1e-3. `RTOL` = 1e-9 lies far from both. Answers in float32 get 1e-4 for the same reason.
NaN agrees with nothing.
"""

from typing import Any

import numpy as np

from bpcourse.exercises.running import Other

RTOL = 1e-9
RTOL_FLOAT32 = 1e-4


class NotNumbers(ValueError):
    """A plain value that is no array of real numbers; the message completes "got …"."""


def numbers(value: Any) -> tuple[np.ndarray, float]:
    """Turn a plain value into a float64 array and say how tightly to compare it.

    Returns
    -------
    array : float64 of any shape; a number gives shape ().
    rtol : `RTOL`, or `RTOL_FLOAT32` where float32 came in.

    Raises
    ------
    NotNumbers : None, Booleans, complex numbers, ragged lists, other objects, float16.
    """
    rtol = _kinds(value)
    try:
        return np.asarray(value, dtype=np.float64), rtol
    except (ValueError, TypeError, OverflowError):
        raise NotNumbers("lists of different lengths, or lists beside numbers") from None


def _kinds(value: Any) -> float:
    if isinstance(value, list | tuple):
        return max((_kinds(item) for item in value), default=RTOL)
    if value is None:
        raise NotNumbers("None")
    if isinstance(value, Other):
        raise NotNumbers(value.what)
    dtype = np.asarray(value).dtype
    if dtype.kind == "b":
        raise NotNumbers("True or False where numbers are needed")
    if dtype.kind == "c":
        raise NotNumbers("complex numbers where real ones are needed")
    if dtype == np.float16:
        raise NotNumbers("float16, which keeps three digits: compute in float64")
    return RTOL_FLOAT32 if dtype == np.float32 else RTOL


def close(expected: np.ndarray, got: np.ndarray, args: tuple, rtol: float) -> str | None:
    """Compare two float64 arrays; None if they agree, else a sentence for the learner."""
    if expected.shape != got.shape:
        return f"expected {_shape(expected)}, got {_shape(got)}{_shape_advice(expected, got)}"
    wrong = ~_agree(expected, got, rtol)
    if not wrong.any():
        return None
    index = tuple(int(i) for i in np.argwhere(wrong)[0])
    a, b = _pair(expected[index], got[index])
    if np.isnan(got[index]):
        b += " (it comes from 0/0, ∞ − ∞ and the like)"
    if not expected.shape:
        return f"expected {a}, got {b}"
    where = "[" + ", ".join(map(str, index)) + "]"
    count = f"{int(wrong.sum())} of {wrong.size} entries differ"
    return f"{_shape(got)} is right; first difference at {where}: expected {a}, got {b} ({count})"


def equal(one: np.ndarray, other: np.ndarray, args: tuple, rtol: float) -> bool:
    """Whether two answers are the same, right or wrong; here NaN is the same as NaN."""
    if one.shape != other.shape:
        return False
    return bool(np.all(_agree(one, other, rtol) | (np.isnan(one) & np.isnan(other))))


def _agree(expected: np.ndarray, got: np.ndarray, rtol: float) -> np.ndarray:
    finite = np.abs(expected[np.isfinite(expected)])
    scale = max(1.0, float(finite.max(initial=0.0)))
    return (expected == got) | (np.abs(expected - got) <= rtol * scale)


def _shape(array: np.ndarray) -> str:
    return f"shape {array.shape}" if array.shape else "a single number"


def _shape_advice(expected: np.ndarray, got: np.ndarray) -> str:
    if expected.size == got.size and expected.shape and got.ndim > expected.ndim:
        return ": the numbers are as many, the axes are not; a vector has one axis, not two"
    return ""


def _pair(expected: float, got: float) -> tuple[str, str]:
    """Two numbers with as many digits as it takes to tell them apart."""
    for digits in (6, 10, 17):
        a, b = f"{expected:.{digits}g}", f"{got:.{digits}g}"
        if a != b:
            break
    return a, b
