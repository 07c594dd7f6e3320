"""The benchmarks' own arithmetic: who won, what is missing, and which files take part."""

import subprocess
import sys
import time

import pytest

from benchmarks.__main__ import NAMES
from benchmarks.timing import Row, missing, race, reached


def test_a_ratio_is_held_against_its_bound():
    assert reached(Row("a", 2.5, ">= 2.3", ""))
    assert reached(Row("a", 2.3, ">= 2.3", ""))
    assert not reached(Row("a", 2.2, ">= 2.3", ""))
    assert reached(Row("a", 3.0, "<= 3", ""))
    assert not reached(Row("a", 3.1, "<= 3", ""))
    assert reached(missing("a", ">= 2", "torch")) is None


def test_rivals_take_turns_and_the_fastest_round_counts(monkeypatch):
    turns = []
    now = iter([0, 5, 10, 17, 20, 23, 30, 39])
    monkeypatch.setattr(time, "process_time", lambda: next(now))
    best = race(2, one=lambda: turns.append("one"), other=lambda: turns.append("other"))
    assert turns == ["one", "other"] * 3
    assert best == {"one": 3, "other": 7}


@pytest.mark.parametrize("name", ["network", "optimizers"])
def test_files_with_rows_take_part(name):
    assert name in NAMES
    assert "timing" not in NAMES


def test_an_unknown_name_is_refused():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "nonsense"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert "no benchmark is called 'nonsense'; take some of" in done.stderr
