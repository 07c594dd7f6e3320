"""Fair timing: the rivals take turns, and the fastest round of each counts."""

import gc
import time
from collections.abc import Callable
from typing import NamedTuple


class Row(NamedTuple):
    """One line of the table: a ratio, and what it should reach."""

    work: str
    ratio: float | None  # None where the rival is not installed
    wanted: str  # ">= 2.3" or "<= 3"
    note: str


def race(rounds: int, **rivals: Callable[[], object]) -> dict[str, float]:
    """Seconds of the processor in the fastest of many rounds, in which every rival runs once.

    All run on one thread. The time that other programs have the processor is not counted, and
    whatever else the machine does only ever adds time, so the fastest round is the best
    estimate; and as they take turns, a slow minute hits all alike.
    """
    best = dict.fromkeys(rivals, float("inf"))
    for run in rivals.values():
        run()
    gc.collect()
    for _ in range(rounds):
        for name, run in rivals.items():
            start = time.process_time()
            run()
            best[name] = min(best[name], time.process_time() - start)
    return best


def missing(row: str, wanted: str, library: str) -> Row:
    """The line of a rival that is not installed."""
    return Row(row, None, wanted, f"{library} is not installed")


def reached(row: Row) -> bool | None:
    """Whether the ratio is what it should be."""
    if row.ratio is None:
        return None
    sign, bound = row.wanted.split()
    return row.ratio >= float(bound) if sign == ">=" else row.ratio <= float(bound)
