"""Exercises: declared once, checked in the notebook, in the page and by the grader.

`check("descent.learning.gradient", my_gradient)` runs an answer on public and hidden inputs and
returns a `Report`; `exercises()` lists what there is. Running the answer (`running`) and judging
its values (`judging`) are two separate halves, so that the grader can put a wall between them.
"""

import difflib
import functools
import importlib
import sys
from types import FrameType
from typing import Any

from bpcourse.exercises.declare import Case, Exercise, Mistake, Part
from bpcourse.exercises.judging import judge
from bpcourse.exercises.report import Listing, Report
from bpcourse.exercises.running import run

__all__ = ["Case", "Exercise", "Mistake", "Part", "Report", "check", "exercises", "find"]

# In the order of the book.
CHAPTERS = (
    "descent.learning",
    "descent.steepest",
    "descent.quadratics",
    "descent.convergence",
)


@functools.cache
def exercises() -> Listing:
    """Every exercise of the course, in the order of the book."""
    modules = [importlib.import_module(f"bpcourse.exercises.{name}") for name in CHAPTERS]
    return Listing(exercise for module in modules for exercise in module.EXERCISES)


def find(id: str) -> Exercise:
    """The exercise with this id.

    Raises
    ------
    ValueError : there is none; the message has the closest ids.
    """
    known = {exercise.id: exercise for exercise in exercises()}
    if not isinstance(id, str):
        raise ValueError(
            "the exercise is named by its id, a string, and comes first: "
            f'check("{next(iter(known))}", your_function); got {type(id).__name__}'
        )
    if id not in known:
        close = difflib.get_close_matches(id, known, n=3, cutoff=0.4)
        near = f"; did you mean {' or '.join(map(repr, close))}?" if close else "."
        raise ValueError(
            f"there is no exercise {id[:80]!r}{near} "
            "List all with `from bpcourse.exercises import exercises; exercises()`."
        )
    return known[id]


def check(exercise: str | Exercise, answer: Any, *, seed: int | None = None) -> Report:
    """Check an answer to an exercise.

    Parameters
    ----------
    exercise : the id, such as "descent.learning.gradient"; or a declaration.
    answer : your function.
    seed : chooses the hidden inputs, an integer ≥ 0; the same seed gives the same report.

    Returns
    -------
    Report : `.passed`, `.points`, `.diagnosis`. A notebook shows it as the last value of a cell,
        the prompt as the value of the line; called in a script, `check` prints it itself.

    Raises
    ------
    ValueError : unknown exercise, or a seed that is no integer ≥ 0.
    """
    declared = exercise if isinstance(exercise, Exercise) else find(exercise)
    if seed is not None and (type(seed) is not int or seed < 0):
        raise ValueError(f"seed is an integer ≥ 0 or None, got {seed!r}")
    cases = declared.cases(seed)
    report = judge(declared, cases, run(answer, [case.args for case in cases]))
    if _in_a_script(sys._getframe(1)):
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        print(repr(report).encode(encoding, "replace").decode(encoding))
    return report


def _in_a_script(caller: FrameType) -> bool:
    """Whether the call stands in the file that Python was told to run.

    There nobody shows a line's value. Cells and lines at a prompt have no such file, also where
    it was a script that opened the prompt; modules and test suites want the report, not a print.
    """
    scope = caller.f_globals
    return (
        scope.get("__name__") == "__main__" and scope.get("__file__") == caller.f_code.co_filename
    )
