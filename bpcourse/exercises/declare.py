"""What an exercise is: a declaration that the page, `check` and the grader all read."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bpcourse.exercises.compare import close, equal


@dataclass(frozen=True)
class Part:
    """One of the things an answer returns.

    Parameters
    ----------
    name : as in the statement, "gradient".
    shape : as in the statement, "(p,)"; "()" is a single number.
    points : what this part is worth.
    compare : `compare(expected, got, args, rtol)` gives None or a sentence that says what is wrong.
    same : `same(one, other, args, rtol)`: is this the same answer, right or wrong? (for diagnosis)
    """

    name: str
    shape: str
    points: int
    compare: Callable[..., str | None] = close
    same: Callable[..., bool] = equal


@dataclass(frozen=True)
class Mistake:
    """A known wrong answer: its name, its function, and the hint that leads on from there."""

    name: str
    function: Callable
    hint: str


class Case(NamedTuple):
    """The arguments of one call, and whether the learner may see them."""

    args: tuple
    public: bool


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    Parameters
    ----------
    id : "part.chapter.name".
    title : a few words.
    asks : the task with the signature, in Markdown, as the page shows it.
    parameters : names of the arguments, in order; the answer is called by position.
    parts : what it returns, in order; the points of the exercise are the sum of theirs.
    public : tuples of arguments that the learner sees.
    hidden : `hidden(rng)` gives a list of tuples of arguments that the learner does not see.
    varies : how hidden inputs differ from the public ones, in words.
    solution : the right answer.
    mistakes : known wrong answers, each different from the solution on some input.
    withholds : names inside `bpcourse` that do the exercise and that the grader's sandbox removes.
    """

    id: str
    title: str
    asks: str
    parameters: tuple[str, ...]
    parts: tuple[Part, ...]
    public: tuple[tuple, ...]
    hidden: Callable[[np.random.Generator], list[tuple]]
    varies: str
    solution: Callable
    mistakes: tuple[Mistake, ...]
    withholds: tuple[str, ...] = ()

    @property
    def points(self) -> int:
        """The points of all parts together."""
        return sum(part.points for part in self.parts)

    def cases(self, seed: int | None = None) -> list[Case]:
        """The public inputs, then the hidden ones; the same seed gives the same inputs."""
        rng = np.random.default_rng([zlib.crc32(self.id.encode()), 0 if seed is None else seed])
        public = [Case(args, True) for args in self.public]
        return public + [Case(args, False) for args in self.hidden(rng)]
