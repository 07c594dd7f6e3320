"""Every declared exercise keeps what the grader, the page and the learner rely on."""

import importlib
import inspect
import re
from pathlib import Path

import numpy as np
import pytest

import bpcourse.exercises
from bpcourse.exercises import check, exercises
from bpcourse.exercises.running import run

ROOT = Path(__file__).parents[2]
SEEDS = range(12)
MISTAKES = [(exercise, mistake) for exercise in exercises() for mistake in exercise.mistakes]


def ids(value):
    return getattr(value, "id", None) or getattr(value, "name", None)


@pytest.fixture(params=exercises(), ids=ids)
def exercise(request):
    return request.param


def test_every_file_of_exercises_is_listed():
    folder = Path(bpcourse.exercises.__file__).parent
    files = {f"{f.parent.name}.{f.stem}" for f in folder.glob("*/*.py") if f.stem != "__init__"}
    assert files == set(bpcourse.exercises.CHAPTERS)


def test_ids_are_unique_and_name_their_file():
    names = [exercise.id for exercise in exercises()]
    assert len(names) == len(set(names))
    for name in names:
        assert name.rpartition(".")[0] in bpcourse.exercises.CHAPTERS


def test_the_solution_gets_all_points_for_many_seeds(exercise):
    for seed in (None, *SEEDS):
        report = check(exercise, exercise.solution, seed=seed)
        assert report.passed, report
        assert report.points == report.of == exercise.points > 0
        assert report.diagnosis == ()


@pytest.mark.parametrize(("exercise", "mistake"), MISTAKES, ids=ids)
def test_a_mistake_is_diagnosed_as_itself_for_many_seeds(exercise, mistake):
    for seed in (None, *SEEDS):
        with np.errstate(all="ignore"):
            report = check(exercise, mistake.function, seed=seed)
        assert not report.passed, (seed, report)
        assert [found.mistake for found in report.diagnosis] == [mistake.name], (seed, report)
        assert mistake.hint in repr(report)


def test_there_are_enough_mistakes_with_names_of_their_own(exercise):
    names = [mistake.name for mistake in exercise.mistakes]
    assert len(names) >= 4
    assert len(names) == len(set(names))
    assert all(len(mistake.hint) > 40 for mistake in exercise.mistakes)


def test_a_public_input_shows_every_mistake(exercise):
    """A learner should not have to guess at hidden inputs."""
    for mistake in exercise.mistakes:
        with np.errstate(all="ignore"):
            report = check(exercise, mistake.function)
        assert "public input" in repr(report), mistake.name


def test_inputs_are_the_same_for_the_same_seed_and_differ_otherwise(exercise):
    def hidden(seed):
        return repr([case.args for case in exercise.cases(seed) if not case.public])

    assert hidden(3) == hidden(3)
    assert hidden(None) == hidden(None)
    assert hidden(3) != hidden(4)
    assert hidden(None) != hidden(4)


def test_public_inputs_come_first_and_are_left_alone(exercise):
    before = repr(exercise.public)
    for mistake in exercise.mistakes:
        with np.errstate(all="ignore"):
            check(exercise, mistake.function)
    assert repr(exercise.public) == before
    public = [case.public for case in exercise.cases()]
    assert public == sorted(public, reverse=True)
    assert public.count(True) == len(exercise.public) >= 1
    assert public.count(False) >= 2


def test_parameters_are_those_of_the_solution(exercise):
    assert list(inspect.signature(exercise.solution).parameters) == list(exercise.parameters)
    assert all(f"`{name}`" in exercise.asks for name in exercise.parameters)


def test_every_known_function_returns_plain_numbers(exercise):
    inputs = [case.args for case in exercise.cases()]
    for outcome in run(exercise.solution, inputs):
        assert outcome.failure is None
        assert outcome.changed == ()


def test_headings_quoted_in_hints_stand_in_the_chapter(exercise):
    chapter = ROOT / "book" / (exercise.id.rpartition(".")[0].replace(".", "/") + ".md")
    headings = re.findall(r"^#+ (.*)$", chapter.read_text(encoding="utf-8"), re.MULTILINE)
    for mistake in exercise.mistakes:
        for quoted in re.findall("“(.*?)”", mistake.hint):
            assert quoted in headings, (mistake.name, quoted)


def test_what_is_withheld_exists(exercise):
    for name in exercise.withholds:
        module, _, attribute = f"bpcourse.{name}".rpartition(".")
        assert hasattr(importlib.import_module(module), attribute), name
