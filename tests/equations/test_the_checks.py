"""The checks are able to fail: each is mutated, and each way of not being a check is refused."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import FunctionType

import numpy as np
import pytest
import sympy

from tests.equations import mutants, recorder
from tests.equations.registry import (
    ROOT,
    AtMost,
    Attained,
    Check,
    CheckFailed,
    Fails,
    Zero,
    distinct,
    gradient,
    load,
)

CHECKS = {label: check for label, check in load().items() if check.function}
HELPERS = {
    f"{check.chapter}:{helper.__name__}": helper
    for check in CHECKS.values()
    for helper in check.helpers
}


@pytest.mark.parametrize("label", CHECKS)
def test_every_mutant_of_a_check_is_caught(label):
    check = CHECKS[label]
    count, passed = mutants.survivors(check)
    assert count, f"{label} ({check.where}): nothing to mutate; write one side out as algebra"
    excused = set(check.equivalent)
    assert passed <= excused, (
        f"{label} ({check.where}) passes although changed: {sorted(passed - excused)}; "
        "sharpen the check, mark lines that only choose inputs with `# input`, or excuse a "
        "mutant that means the same: equivalent={mutant: reason}"
    )
    assert excused <= passed, (
        f"{label} ({check.where}) excuses what is caught or gone: {sorted(excused - passed)}; "
        "delete it"
    )


@pytest.mark.parametrize("name", HELPERS)
def test_every_mutant_of_a_helper_is_caught_by_a_check_that_uses_it(name):
    helper = HELPERS[name]
    users = [check for check in CHECKS.values() if helper in check.helpers]
    passed = set.intersection(*(mutants.survivors(check, helper)[1] for check in users))
    assert not passed, f"no check that uses {name} notices {sorted(passed)}"


# What the mutations of a right and complete check are, and that they are all caught.


def sample(rng, N):
    n, m = distinct(rng, 2, besides=N)
    A, D, W = rng.normal(size=(N, n)), rng.normal(size=(N, m)), rng.normal(size=(n, m))

    def cost(V):
        return np.sum((A @ V - D) ** 2) / (2 * N)

    E = np.zeros((n, m))
    for i in range(n):
        for j in range(m):
            for s in range(N):
                E[i, j] += A[s, i] * (A[s] @ W[:, j] - D[s, j])
    yield A.T @ (A @ W - D) / N, E / N
    yield gradient(cost, W), E / N
    yield np.mean(A, axis=0), np.ones(N) @ A / N


def blind(rng):
    x, y = rng.normal(size=3), rng.normal(size=3)
    difference = 2 * (x - y)
    yield difference.shape, (3,)


def endless(rng):
    x = 1.0  # input
    while x > 0:
        x -= 1
    yield x, 0.0


def make(function, **options):
    code = function.__code__
    return Check(
        "eq:a", "a = b", Path(__file__), code.co_firstlineno, __name__, function, **options
    )


def test_the_mutants_of_a_sample():
    check = make(sample)
    tree = mutants.parse(sample)
    names = {name for name, _ in mutants.mutants(tree)}
    assert {
        "A @ V - D → A @ V + D",
        "(A @ V - D) ** 2 → (A @ V - D) ** (2 + 1)",
        "2 * N → N",
        "E[i, j] → E[j, i]",
        "A[s, i] → A[i, s]",
        "W[:, j] → W[:, 0]",
        "A.T → A",
        "A.T @ (A @ W - D) / N → A.T @ (A @ W - D)",
        "np.mean(A, axis=0) → np.sum(A, axis=0)",
        "axis=0 → axis=1",
    } <= names
    assert not any("normal" in name for name in names)
    assert mutants.survivors(check) == (len(list(mutants.mutants(tree))), set())


def test_a_check_that_sees_too_little_is_found_out():
    _, passed = mutants.survivors(make(blind))
    assert passed == {"x - y → x + y", "2 * (x - y) → x - y"}


def test_a_mutant_that_never_ends_counts_as_caught(monkeypatch):
    monkeypatch.setattr(mutants, "SECONDS", 0.2)
    assert mutants.survivors(make(endless)) == (2, set())


# What is no check, or does not hold.


@pytest.mark.parametrize(
    ("claims", "message"),
    [
        ([], "compared nothing"),
        ([Fails((1.0, 2.0))], "compared nothing that has to hold"),
        ([(np.nan, np.nan)], "left side has a NaN"),
        ([(1.0, np.inf)], "right side has a NaN or infinite"),
        ([(np.ones(3), np.ones((3, 1)))], r"shape \(3,\), the right side \(3, 1\)"),
        ([(np.ones(3), 1.0)], r"shape \(3,\), the right side \(\)"),
        ([(np.ones(0), np.ones(0))], "empty"),
        ([("a", "a")], "no number"),
        ([(1.0, 1.0 + 1e-11)], "differ by 1.0e-11 of their size, allowed 1e-12"),
        ([(np.array([[1.0, 2], [3, 4]]), np.array([[1.0, 2], [3, 5]]))], r"at \[1, 1\] left 4, ri"),
        ([1.0], "expected `left, right`"),
        ([(1.0, 1.0, 1.0)], "expected `left, right`"),
        ([AtMost(1.0, 2.0)], "never meets it"),
        ([AtMost(2.0, 1.0), Attained(1.0, 1.0)], "exceeds its bound by 5.0e-01"),
        ([Attained(0.9, 1.0)], "not attained: 1.0e-01 apart, allowed 1e-12"),
        ([Attained(0.9, 1.0, within=0.05, why="only in the limit")], "not attained"),
        ([Zero(sympy.Symbol("x") - 1)], "does not find this to be 0: x - 1"),
        ([Zero(sympy.Matrix([0, sympy.Symbol("x")]))], "be 0: x"),
        ([Fails((1.0, 1.0 + 1e-9))], "should clearly fail"),
        ([Fails(AtMost(1.0, 2.0))], "should clearly fail"),
        ([Fails(Zero(sympy.sin(1) ** 2 + sympy.cos(1) ** 2 - 1))], "should clearly fail"),
        ([Fails((np.ones(2), np.ones(3)))], "shape"),
        ([Fails((np.nan, 1.0))], "NaN"),
    ],
)
def test_what_does_not_hold_is_refused(claims, message):
    def check():
        yield from claims

    with pytest.raises(CheckFailed, match=message):
        make(check).run()


def test_one_array_on_both_sides_is_refused():
    def check(rng):
        x = rng.normal(size=3)
        yield x, x

    with pytest.raises(CheckFailed, match="one and the same array"):
        make(check).run()


def test_a_failure_says_where():
    def check(rng, N):
        yield np.ones(N), np.ones(N) + (N == 5)

    with pytest.raises(CheckFailed) as caught:
        make(check).run()
    text = str(caught.value)
    assert text.startswith("eq:a (tests/equations/test_the_checks.py:")
    assert "comparison 1, seed 2, N = 5: the sides differ by 5.0e-01" in text
    assert text.endswith("The equation: a = b")


def test_what_holds_is_measured():
    x = sympy.Symbol("x")

    def check():
        yield 1.0, 1.0 + 2**-52
        yield Zero((x + 1) ** 2 - x**2 - 2 * x - 1)
        yield AtMost(np.array([1.0, 2]), np.array([1.0, 3]))
        yield Attained(1.0, 1.1, within=0.1, why="only in the limit")
        yield Fails((1.0, 1.1))
        yield Fails(AtMost(2.0, 1.0))
        yield Fails(Zero(x))

    measured = make(check).run()
    assert measured.comparisons == 7
    assert measured.error == pytest.approx(2**-52, rel=1e-9)
    assert measured.kinds == {"equality", "proof", "bound", "attained", "counterexample"}


def test_n_is_one_among_others():
    seen = []

    def check(rng, N):
        seen.append(N)
        assert N not in distinct(rng, 3, besides=N)
        yield N, N

    make(check).run()
    assert 1 in seen and len(set(seen)) > 3


def test_a_gap_needs_its_reason():
    with pytest.raises(ValueError, match="says why"):
        Attained(1.0, 2.0, within=0.5)


# The record that the book prints.


@pytest.fixture
def project(tmp_path):
    """A copy of the checks with the settings pytest needs."""
    shutil.copytree(ROOT / "tests/equations", tmp_path / "tests/equations")
    for test in tmp_path.glob("tests/equations/test_*.py"):
        test.unlink()
    for chapter in tmp_path.glob("tests/equations/*/test_*.py"):
        chapter.unlink()
    (tmp_path / "tests/__init__.py").touch()
    (tmp_path / "tests/conftest.py").write_text(
        "from tests.equations.recorder import Recorder\n"
        "def pytest_configure(config):\n"
        "    if not hasattr(config, 'workerinput'):\n"
        "        config.pluginmanager.register(Recorder())\n"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    for chapter in ("one", "two"):
        write_check(tmp_path, chapter, "1.0, 1.0")
    return tmp_path


def write_check(project, chapter, sides):
    (project / f"tests/equations/descent/test_{chapter}.py").write_text(
        "from tests.equations.registry import definition, equation\n"
        f"definition('eq:descent-{chapter}-meaning', 'a = b')\n"
        f"@equation('eq:descent-{chapter}-claim', 'b = c')\n"
        f"def claim():\n    yield {sides}\n"
    )


def run(project, *arguments):
    """Run pytest in the project; return its exit code and the labels recorded."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    environment["BPCOURSE_EQUATION_RECORD"] = str(project / "out/record.json")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    result = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, timeout=120
    )
    path = project / "out/record.json"
    entries = json.loads(path.read_text())["equations"] if path.exists() else {}
    return result, entries


ALL = [
    f"eq:descent-{chapter}-{name}" for chapter in ("one", "two") for name in ("claim", "meaning")
]


@pytest.mark.parametrize("workers", [[], ["-n", "2", "--dist", "loadscope"]], ids=["one", "two"])
def test_a_run_writes_the_record(project, workers):
    result, entries = run(project, *workers)
    assert result.returncode == 0, result.stdout
    assert list(entries) == ALL
    claim = entries["eq:descent-one-claim"]
    assert claim["chapter"] == "descent/one"
    assert (claim["kinds"], claim["comparisons"], claim["error"]) == (["equality"], 1, 0.0)
    assert (claim["file"], claim["line"]) == ("tests/equations/descent/test_one.py", 3)
    assert claim["source"].endswith("def claim():\n    yield 1.0, 1.0\n")
    assert entries["eq:descent-one-meaning"]["kinds"] == ["definition"]
    assert [path.name for path in (project / "out").iterdir()] == ["record.json"]


def test_a_failed_check_leaves_the_record_and_others_stay(project):
    run(project)
    write_check(project, "one", "1.0, -1.0")
    result, entries = run(project, "tests/equations/descent/test_one.py")
    assert result.returncode == 1
    assert "eq:descent-one-claim" in result.stdout
    assert "the sides differ by 2.0e+00 of their size" in result.stdout
    assert "Traceback" not in result.stdout
    assert list(entries) == ALL[1:]


def test_a_label_selects_its_check_and_edited_files_drop_out(project):
    run(project)
    write_check(project, "two", "2.0, 2.0")
    result, entries = run(project, "tests/equations/descent/test_one.py::eq:descent-one-claim")
    assert result.returncode == 0, result.stdout
    assert list(entries) == ALL[:2]


def test_a_broken_record_is_replaced(tmp_path):
    path = tmp_path / "record.json"
    for text in ("", "[]", "{}", '{"format": 99, "equations": {"eq:a": {}}}'):
        path.write_text(text)
        recorder.write(path, {"eq:b": None})
        assert json.loads(path.read_text()) == {"format": recorder.FORMAT, "equations": {}}


def test_every_check_is_a_function_of_its_file():
    assert all(isinstance(check.function, FunctionType) for check in CHECKS.values())
