"""Call an answer on copies of the inputs and keep plain values: the half that runs beside it.

This module knows no solution, no mistake and no expected value. What leaves it is plain data:
`None`, `int`, `float`, `complex`, `bool`, NumPy arrays of numbers, lists and tuples of these, and
two records, `Other` (a value that is none of them) and `Failure` (the call did not end well).
"""

import contextlib
import copy
import inspect
import io
import os
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

MAX_ENTRIES = 1_000_000
MAX_DEPTH = 8
MAX_PRINTED = 600
MAX_MESSAGE = 300
_NUMPY_SCALARS = frozenset(np.sctypeDict.values())
# Folders of this package, of installed packages and of the standard library.
_NOT_THE_LEARNERS = tuple(
    os.path.dirname(path) + os.sep
    for path in (os.path.dirname(__file__), os.path.dirname(np.__file__), os.__file__)
)


@dataclass(frozen=True)
class Other:
    """A returned value that is not plain data; `what` says what it was."""

    what: str


@dataclass(frozen=True)
class Failure:
    """A call that gave no value.

    `kind` is "not callable", "signature", "unwritten" or "raised"; `type` and `message` are the
    exception's; `line`, `source` and `function` tell where in the learner's own code.
    """

    kind: str
    type: str = ""
    message: str = ""
    line: int | None = None
    source: str = ""
    function: str = ""


@dataclass(frozen=True)
class Outcome:
    """What one call gave: a plain value or a failure, the arguments it changed, what it printed."""

    value: Any = None
    failure: Failure | None = None
    changed: tuple[int, ...] = ()
    printed: str = ""

    def value_of(self, parts: int) -> list:
        """The value as a list of that many parts."""
        return [self.value] if parts == 1 else list(self.value)


def run(answer: Any, inputs: Sequence[tuple]) -> list[Outcome]:
    """Call `answer(*args)` on a copy of each tuple of arguments.

    Parameters
    ----------
    answer : the learner's function; anything else gives failures of kind "not callable".
    inputs : tuples of arguments (arrays, numbers, lists of them); they are left as they are.

    Returns
    -------
    list of Outcome, one per input. Exceptions become failures; `KeyboardInterrupt` passes.
    """
    if not callable(answer):
        failure = Failure("not callable", type=_type_name(answer))
        return [Outcome(failure=failure) for _ in inputs]
    return [_call(answer, args) for args in inputs]


def _call(answer: Callable, args: tuple) -> Outcome:
    if (complaint := _cannot_take(answer, len(args))) is not None:
        return Outcome(failure=complaint)
    copies = copy.deepcopy(args)
    printed = _Printed()
    value, failure = None, None
    try:
        with contextlib.redirect_stdout(printed), np.errstate():
            value = plain(answer(*copies))
    except NotImplementedError:
        failure = Failure("unwritten")
    except (Exception, SystemExit) as error:
        failure = _failure(error)
    changed = tuple(
        i for i, (old, new) in enumerate(zip(args, copies, strict=True)) if not _same(old, new)
    )
    return Outcome(value, failure, changed, printed.start)


def plain(value: Any) -> Any:
    """Turn a returned value into plain data, bounded in size; what is not plain becomes `Other`."""
    return _plain(value, [MAX_ENTRIES], MAX_DEPTH)


def _plain(value: Any, room: list[int], depth: int) -> Any:
    kind = type(value)
    if kind is np.ndarray or kind in _NUMPY_SCALARS:
        room[0] -= value.size
        if value.dtype.kind not in "biufc":
            return Other(f"an array of dtype {str(value.dtype)[:60]}")
        if room[0] < 0:
            return Other(f"more than {MAX_ENTRIES:,} numbers (an array of shape {value.shape})")
        return np.array(value)
    room[0] -= 1
    if value is None or kind in (bool, float, complex):
        return value
    if kind is int:
        return value if abs(value) < 2**63 else Other("an integer too large for an array")
    base = next((base for base in (list, tuple) if base in kind.__mro__), None)
    if base is None:
        return Other(f"a value of type {_type_name(value)}")
    if depth == 0:
        return Other(f"lists nested more than {MAX_DEPTH} deep")
    items = []
    for item in base.__iter__(value):
        if room[0] < 0:
            return Other(f"more than {MAX_ENTRIES:,} numbers")
        items.append(_plain(item, room, depth - 1))
    return base(items)


class _Printed(io.TextIOBase):
    """Standard output for one call: keeps the first characters, drops the rest."""

    def __init__(self) -> None:
        self.start = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.start += text[: MAX_PRINTED - len(self.start)]
        return len(text)


def _cannot_take(answer: Callable, count: int) -> Failure | None:
    try:
        signature = inspect.signature(answer)
    except (TypeError, ValueError):  # some built-in functions have none: the call will tell
        return None
    try:
        signature.bind(*range(count))
    except TypeError:
        return Failure("signature", message=str(signature)[:MAX_MESSAGE])
    return None


def _failure(error: BaseException) -> Failure:
    try:
        message = str(error).strip()[:MAX_MESSAGE]
    except Exception:
        message = ""
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(_NOT_THE_LEARNERS)
    ]
    failure = Failure("raised", type=_type_name(error), message=message)
    if not own:
        return failure
    last = own[-1]
    return replace(failure, line=last.lineno, source=last.line or "", function=last.name)


def _type_name(value: Any) -> str:
    return str(type(value).__name__)[:60]


def _same(old: Any, new: Any) -> bool:
    """Whether an argument came back as it went in, to the last bit."""
    if type(old) is not type(new):
        return False
    if isinstance(old, np.ndarray):
        alike = old.shape == new.shape and old.dtype == new.dtype
        return alike and old.tobytes() == new.tobytes()
    if isinstance(old, list | tuple):
        return len(old) == len(new) and all(map(_same, old, new))
    return bool(old == new)
