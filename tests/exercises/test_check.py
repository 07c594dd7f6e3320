"""`check` meets whatever a learner may hand in, and says what is the matter."""

import contextlib
import functools
import io
import itertools
import linecache
import os
import random
import subprocess
import sys
from collections import namedtuple
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from bpcourse.descent.learning import linreg_loss_grad
from bpcourse.exercises import check, exercises, find
from bpcourse.exercises.declare import Exercise, Mistake, Part
from bpcourse.exercises.running import MAX_ENTRIES, MAX_PRINTED, run

GRADIENT = find("descent.learning.gradient")
solution = GRADIENT.solution


def gradient(answer, **options):
    return check("descent.learning.gradient", answer, **options)


def returning(value):
    return lambda X, y, w: value


class LyingEqual:
    def __eq__(self, other):
        return True

    __ne__ = __lt__ = __gt__ = __eq__
    __hash__ = None

    def __sub__(self, other):
        return 0.0

    __rsub__ = __abs__ = __sub__

    def __array__(self, dtype=None, copy=None):
        raise AssertionError("nobody should ask")


class LyingArray(np.ndarray):
    def __array_ufunc__(self, *args, **kwargs):
        return np.True_

    def __array_function__(self, *args, **kwargs):
        return np.True_


class LyingFloat(float):
    def __sub__(self, other):
        return 0.0


class LyingClass:
    @property
    def __class__(self):
        return np.ndarray


def test_a_stub_is_met_kindly():
    def my_gradient(X, y, w):
        raise NotImplementedError

    report = gradient(my_gradient)
    assert "not written yet: 0 of 3 points" in repr(report)
    assert "✗" not in repr(report) + report._repr_html_()
    assert "wrong" not in repr(report)
    assert not report.passed


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (returning(None), "Your function returns None: did you forget `return`?"),
        (returning(1.0), "Expected 2 values, (loss, gradient), got one number"),
        (returning(np.ones(3)), "got an array of shape (3,): end with `return loss, gradient`"),
        (returning((1.0, np.ones(2), 3)), "Expected 2 values, (loss, gradient), got 3"),
        (returning((None, np.ones(2))), "loss: expected a number, got None"),
        (returning((1.0, None)), "gradient: expected an array of shape (p,), got None"),
        (returning((True, np.ones(2))), "loss: expected a number, got True or False"),
        (returning((1.0, np.ones(2, bool))), "got True or False"),
        (returning((1j, np.ones(2))), "got complex numbers where real ones are needed"),
        (returning((1.0, np.ones(2) + 0j)), "got complex numbers"),
        (returning((1.0, np.ones(2, np.float16))), "got float16"),
        (returning((1.0, np.array([1, None]))), "got an array of dtype object"),
        (returning((1.0, np.array(["a", "b"]))), "got an array of dtype <U1"),
        (returning((1.0, np.zeros(2, "datetime64[s]"))), "got an array of dtype datetime64[s]"),
        (returning((1.0, [[1.0, 2.0], [3.0]])), "got lists of different lengths"),
        (returning((1.0, [1.0, [2.0]])), "got lists of different lengths"),
        (returning((1.0, {"a": 1})), "got a value of type dict"),
        (returning((1.0, "12")), "got a value of type str"),
        (returning(GRADIENT), "Your function returns a value of type Exercise"),
        (returning((np.nan, np.ones(2))), "loss: expected 3.875, got nan (it comes from 0/0"),
        (returning((np.inf, np.ones(2))), "loss: expected 3.875, got inf"),
        (returning((10**400, np.ones(2))), "got an integer too large"),
        (returning((np.ones(1), np.ones(2))), "expected a single number, got shape (1,)"),
        (returning((3.875, np.ones((2, 1)))), "got shape (2, 1): the numbers are as many"),
        (returning((3.875, np.ones(3))), "gradient: expected shape (2,), got shape (3,)"),
        (returning((1.0, np.ma.masked_array([1.0, 2.0]))), "got a value of type MaskedArray"),
        (returning((1.0, np.array([1.0, 2.0]).view(LyingArray))), "of type LyingArray"),
        (returning((LyingFloat(1.0), np.ones(2))), "got a value of type LyingFloat"),
        (returning((LyingEqual(), LyingEqual())), "got a value of type LyingEqual"),
        (returning(LyingEqual()), "Your function returns a value of type LyingEqual"),
        (returning(LyingClass()), "Your function returns a value of type LyingClass"),
        (returning((1.0, itertools.count())), "got a value of type count"),
        (returning((1.0, np.zeros((9000, 9000), np.int8))), "more than 1,000,000 numbers"),
        (returning((1.0, [0.0] * (MAX_ENTRIES + 9))), "more than 1,000,000 numbers"),
        (3, "Expected a function, got a value of type int"),
        ((1.0, np.ones(2)), "pass the function itself, its name without parentheses"),
        (None, "Expected a function, got a value of type NoneType"),
        (lambda X, y: 1, "Your function takes (X, y), the exercise calls it with (X, y, w)"),
        (lambda X, y, w, b: 1, "Your function takes (X, y, w, b)"),
        (lambda *, X, y, w: 1, "Your function takes (*, X, y, w)"),
        (lambda X, y, w: exit(), "Your function raises SystemExit"),
        (lambda X, y, w: X[9], "Your function raises IndexError: index 9 is out of bounds"),
    ],
)
def test_what_cannot_be_right_is_refused_with_a_sentence(answer, sentence):
    report = gradient(answer)
    assert sentence in repr(report), report
    assert report.points == 0 or "loss      ✓" in repr(report)
    assert not report.passed
    assert len(repr(report)) < 2500


def test_generators_are_not_run():
    def endless(X, y, w):
        while True:
            yield 1.0

    assert "returns a value of type generator" in repr(gradient(endless))


def test_lists_that_contain_themselves_end():
    loop = [1.0]
    loop += [loop, loop, loop]
    assert "lists nested more than 8 deep" in repr(gradient(returning((1.0, loop))))


def test_a_list_that_lies_about_its_content_is_read_as_it_is():
    class Lying(list):
        def __iter__(self):
            return itertools.repeat(1.0)

        def __len__(self):
            return 2

    report = gradient(returning((1.0, Lying([1.0, 2.0, 3.0]))))
    assert "gradient: expected shape (2,), got shape (3,)" in repr(report)


def test_a_comma_too_many():
    report = check("descent.learning.rescale", lambda w, j, c: (w / c,))
    assert "a comma at the end of the `return` line makes a tuple" in repr(report)


def test_reasonable_types_are_taken():
    Pair = namedtuple("Pair", "loss gradient")
    for answer in (
        lambda X, y, w: Pair(*solution(X, y, w)),
        lambda X, y, w: list(solution(X, y, w)),
        lambda X, y, w: (np.array(solution(X, y, w)[0]), tuple(solution(X, y, w)[1])),
        lambda X, y, w: (float(solution(X, y, w)[0]), solution(X, y, w)[1].tolist()),
        lambda X, y, w: tuple(np.asarray(v, np.longdouble) for v in solution(X, y, w)),
        lambda *args: solution(*args),
        lambda features, target, weights=None, extra=1: solution(features, target, weights),
        functools.partial(solution),
    ):
        assert gradient(answer).passed


def test_an_answer_that_returns_one_buffer_again_and_again():
    buffer = {}

    def answer(X, y, w):
        loss, g = solution(X, y, w)
        out = buffer.setdefault(g.shape, np.empty_like(g))
        out[:] = g
        return loss, out

    assert gradient(answer).passed


def test_an_exception_is_told_with_the_learners_own_line():
    def helper(X):
        return X + np.ones(77)

    def my_gradient(X, y, w):
        r = X @ w - y
        return 0.0, helper(r)

    text = repr(gradient(my_gradient))
    assert "Your function raises ValueError: operands could not be broadcast" in text
    line = helper.__code__.co_firstlineno + 1
    assert f"It happens in helper, line {line}:\n    return X + np.ones(77)" in text
    assert "Traceback" not in text
    assert "running.py" not in text


def test_an_exception_inside_the_package_is_told_with_the_line_that_called_it():
    def my_gradient(X, y, w):
        return linreg_loss_grad(X, y, w[1:])

    text = repr(gradient(my_gradient))
    assert "Your function raises ValueError: w has" in text
    assert "return linreg_loss_grad(X, y, w[1:])" in text


def test_a_helper_from_another_cell_is_told_with_its_own_line():
    source = "def helper(r):\n    return r / missing\n"
    cell = {}
    linecache.cache["<cell 1>"] = (len(source), None, source.splitlines(True), "<cell 1>")
    exec(compile(source, "<cell 1>", "exec"), cell)

    def my_gradient(X, y, w):
        return 0.0, cell["helper"](y)

    text = repr(gradient(my_gradient))
    assert "It happens in helper, line 2:\n    return r / missing" in text


def test_an_exception_inside_numpy_is_told_with_the_line_that_called_it():
    def my_gradient(X, y, w):
        return np.linalg.inv(X), w

    text = repr(gradient(my_gradient))
    assert "raises LinAlgError" in text
    assert "It happens in my_gradient" in text


@pytest.mark.parametrize("kind", ["message", "name", "deep", "endless"])
def test_exceptions_that_misbehave(kind):
    class Bad(Exception):
        def __str__(self):
            raise RuntimeError("no message for you")

    def my_gradient(X, y, w):
        if kind == "message":
            raise Bad
        if kind == "name":
            raise type("N" * 10_000, (Exception,), {})("m" * 10_000)
        if kind == "deep":
            return my_gradient(X, y, w)
        raise ValueError("\n".join("line" for _ in range(10_000)))

    report = gradient(my_gradient)
    assert "Your function raises" in repr(report)
    assert len(repr(report)) < 2500


def test_ctrl_c_passes():
    def my_gradient(X, y, w):
        print("working")
        raise KeyboardInterrupt

    out = sys.stdout
    with pytest.raises(KeyboardInterrupt):
        gradient(my_gradient)
    assert sys.stdout is out


def test_inputs_changed_in_place_are_named():
    def my_gradient(X, y, w):
        result = solution(X, y, w)
        X *= 2
        y[0] = np.nan
        return result

    report = gradient(my_gradient)
    assert "Your function changes X and y in place" in repr(report)
    assert report.points == 0

    report = check("descent.learning.collapse", lambda W, b: (W.reverse(), 1))
    assert "in place" in repr(report)


@pytest.mark.parametrize(
    "vandal",
    [
        lambda v, items: v.resize(2, refcheck=False),
        lambda v, items: v.put(0, -0.0),
        lambda v, items: v.put(1, np.nan),
    ],
)
def test_every_change_of_an_array_counts(vandal):
    (outcome,) = run(vandal, [(np.arange(3.0), [np.ones(1)])])
    assert outcome.changed == (0,)


@pytest.mark.parametrize(
    "vandal",
    [
        lambda v, items: items.pop(),
        lambda v, items: items.append(LyingEqual()),
        lambda v, items: items.__setitem__(0, LyingEqual()),
        lambda v, items: items.__setitem__(0, np.ones(1, int)),
        lambda v, items: items[0].fill(2),
    ],
)
def test_every_change_of_a_list_counts(vandal):
    (outcome,) = run(vandal, [(np.arange(3.0), [np.ones(1)])])
    assert outcome.changed == (1,)


def test_an_answer_cannot_reach_the_inputs_it_gets():
    X = np.ones((2, 2))

    def vandal(A):
        A[:] = 0

    run(vandal, [(X,)])
    assert (X == 1).all()


def test_a_flood_of_output_is_kept_short_and_stays_out_of_the_notebook(capsys):
    def my_gradient(X, y, w):
        for _ in range(2000):
            print("x" * 1000)
        return 0, w

    report = gradient(my_gradient)
    assert capsys.readouterr() == ("", "")
    assert "Your function printed (the beginning of it):" in repr(report)
    assert repr(report).count("x") < MAX_PRINTED + 50


def test_what_was_printed_on_a_public_input_is_shown_and_nothing_else():
    def my_gradient(X, y, w):
        print("rows:", len(X))
        loss, g = solution(X, y, w)
        return loss, g if len(X) in (1, 3) and X[0, 0] in (1.0, 2.0) else g + 1

    text = repr(gradient(my_gradient))
    assert "rows: 3" in text
    assert "rows: 7" not in text


def test_nothing_global_changes():
    def my_gradient(X, y, w):
        np.seterr(all="raise")
        return 0.0, w

    def state():
        legacy = np.random.get_state(legacy=False)  # noqa: NPY002
        return np.geterr(), np.get_printoptions(), random.getstate(), str(legacy)

    before = state()
    for answer in (my_gradient, solution):
        repr(gradient(answer))
    assert state() == before


def test_the_learners_own_settings_do_not_matter():
    expected = repr(gradient(returning((0.0, np.zeros(2)))))
    with (
        np.errstate(all="raise"),
        np.printoptions(precision=1, threshold=1, formatter={"float": lambda x: "?"}),
    ):
        assert repr(gradient(returning((0.0, np.zeros(2))))) == expected
        assert gradient(solution).passed


def test_reports_are_deterministic_and_called_from_a_module_check_prints_nothing(capsys):
    one, two = (gradient(returning((0.0, np.zeros(2))), seed=5) for _ in range(2))
    assert one == two
    assert repr(one) == repr(two)
    assert one._repr_html_() == two._repr_html_()
    assert capsys.readouterr() == ("", "")


# One part, values of a kind that cannot be mistaken for anything else in a text.
SECRET = Exercise(
    id="test.secret.double",
    title="Double",
    asks="Double `x`.",
    parameters=("x",),
    parts=(Part("double", "(n,)", points=1),),
    public=((np.array([1.0, 2.0]),),),
    hidden=lambda rng: [(np.array([913.0, 917.0 + rng.integers(3)]),), (np.array([13.75]),)],
    varies="other numbers",
    solution=lambda x: 2 * x,
    mistakes=(Mistake("one is added", lambda x: x + 1, "a sum is not a product, think again"),),
)


@pytest.mark.parametrize(
    "answer",
    [
        lambda x: 2 * x if x[0] == 1 else x + 1,
        lambda x: 2 * x if x[0] == 1 else [][int(x[0])],
        lambda x: 2 * x if x[0] == 1 else {}[f"{x}"],
        lambda x: 2 * x if x[0] == 1 else print(x),
        lambda x: 2 * x if x[0] == 1 else x.fill(0),
        lambda x: 2 * x if x[0] == 1 else np.ones((913, 917)),
        lambda x: [print(x), x][0],
        lambda x: x + 1,
    ],
)
def test_hidden_inputs_stay_hidden(answer):
    report = check(SECRET, answer)
    assert not report.passed
    for text in (repr(report), report._repr_html_(), str(report)):
        assert "hidden input" in text
        for secret in ("91", "13.7", "27.5", "182", "183", "14.7"):
            assert secret not in text


def test_a_failure_on_hidden_inputs_alone_says_what_may_differ():
    text = repr(check(SECRET, lambda x: 2 * x if x[0] == 1 else x))
    assert "All public inputs are right; a hidden input is not." in text
    assert "other numbers" in text
    assert "On public input" not in text


def test_a_mistake_that_agrees_on_some_inputs_only_is_not_diagnosed():
    assert check(SECRET, lambda x: x + 1).diagnosis[0].mistake == "one is added"
    assert check(SECRET, lambda x: x + 1 if x[0] == 1 else x).diagnosis == ()


def test_raising_alike_is_no_diagnosis():
    def refuses(x):
        raise ValueError

    both = Mistake("it raises", refuses, "this hint should never be seen by anybody")
    some = Mistake("it raises for some", lambda x: refuses(x) if x[0] > 1 else 2 * x, "nor this")
    only = replace(SECRET, mistakes=(both, some))
    assert check(only, refuses).diagnosis == ()
    assert check(only, some.function).diagnosis == ()

    def named(x):
        return x + 1 if x[0] == 1 else refuses(x)

    report = check(replace(only, mistakes=(both, some, Mistake("named", named, "seen"))), named)
    assert [found.mistake for found in report.diagnosis] == ["named"]


def test_parts_are_called_wrong_only_where_there_is_a_value():
    parts = (Part("a", "(n,)", points=1), Part("b", "(n,)", points=1))
    public = ((np.array([1.0]),), (np.array([2.0]),), (np.array([3.0]),))
    pair = replace(SECRET, parts=parts, solution=lambda x: (2 * x, 2 * x), public=public)

    def answer(x):
        if x[0] == 1:
            raise KeyError("k")
        if x[0] == 2:
            return None
        return 2 * x, x - 1

    a, b = check(pair, answer).parts
    assert a.where == "raises KeyError on public input 1; no value on public input 2"
    assert b.where == f"{a.where}; wrong on public input 3 and on hidden inputs"

    def secretive(x):
        return {}[f"{x}"] if x[0] > 3 else (2 * x, 2 * x)

    assert {part.where for part in check(pair, secretive).parts} == {"fails on hidden inputs"}


SCRIPT = """
from bpcourse import check

def my_gradient(X, y, w):
    raise NotImplementedError

def main():
    check("descent.learning.gradient", my_gradient)

main()
"""


def python(*args, **options):
    command = [sys.executable, *map(str, args)]
    options = {"text": True, "encoding": "utf-8", "timeout": 60, "check": True, **options}
    return subprocess.run(command, capture_output=True, **options).stdout


def test_a_script_shows_the_report_once(tmp_path):
    script = tmp_path / "mine.py"
    script.write_text(SCRIPT, encoding="utf-8")
    report = gradient(lambda X, y, w: (_ for _ in ()).throw(NotImplementedError))
    assert python("-X", "utf8", script) == f"{report!r}\n"
    ascii_only = {**os.environ, "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    assert "? not written yet: 0 of 3 points" in python(script, env=ascii_only)
    # Its functions, imported by others, leave it to the caller what to do with the report.
    assert python("-c", "import mine", cwd=tmp_path) == ""


def test_a_prompt_shows_the_report_once(tmp_path):
    script = tmp_path / "mine.py"
    script.write_text("from bpcourse import check", encoding="utf-8")
    line = "check('descent.learning.gradient', 3)\n"
    for args, lines in (((script,), line), ((), f"from bpcourse import check\n{line}")):
        shown = python("-X", "utf8", "-i", *args, input=lines)
        assert shown.count("0 of 3 points") == 1, args


def test_a_cell_shows_the_report_once():
    shell = (
        "from IPython.core.interactiveshell import InteractiveShell as Shell;"
        "shell = Shell.instance();"
        "shell.run_cell('from bpcourse import check; check(\"descent.learning.gradient\", 3)')"
    )
    assert python("-X", "utf8", "-c", shell).count("0 of 3 points") == 1


def test_the_mistake_that_is_wrong_in_nothing_else_is_preferred():
    parts = (Part("a", "(n,)", points=1), Part("b", "(n,)", points=1))
    both = Mistake("both are off", lambda x: (x + 1, x + 1), "look at both of them again")
    second = Mistake("b is off", lambda x: (2 * x, x + 1), "look at the second again")
    pair = replace(SECRET, parts=parts, solution=lambda x: (2 * x, 2 * x), mistakes=(both, second))
    (found,) = check(pair, second.function).diagnosis
    assert (found.mistake, found.parts) == ("b is off", ("b",))
    (found,) = check(pair, both.function).diagnosis
    assert (found.mistake, found.parts) == ("both are off", ("a", "b"))
    (found,) = check(pair, lambda x: (x + 1, x)).diagnosis
    assert (found.mistake, found.parts) == ("both are off", ("a",))


def test_small_differences_are_seen_and_rounding_is_not():
    assert check(SECRET, lambda x: 2 * x * (1 + 1e-12)).passed
    assert not check(SECRET, lambda x: 2 * x * (1 + 1e-8)).passed
    assert check(SECRET, lambda x: (2 * x).astype(np.float32) * np.float32(1 + 1e-6)).passed
    assert not check(SECRET, lambda x: (2 * x).astype(np.float32) * np.float32(1.001)).passed
    text = repr(check(SECRET, lambda x: 2 * x + 1e-8))
    assert "expected 2, got 2.00000001" in text


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen, self.attributes = [], [], []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("passed", [True, False])
def test_html_is_closed_labeled_and_needs_no_color(passed):
    html = gradient(solution if passed else lambda *args: (solution(*args)[0], 0))._repr_html_()
    tags = Tags()
    tags.feed(html)
    assert tags.open == []
    assert set(tags.seen) <= {"div", "p", "code", "strong", "ul", "li", "pre"}
    label = "Check of descent.learning.gradient: " + ("3" if passed else "1") + " of 3 points"
    assert ("role", "group") in tags.attributes
    assert ("aria-label", label) in tags.attributes
    assert ("✓ passed: 3 of 3" if passed else "✗ not yet: 1 of 3") in html
    styles = " ".join(value for name, value in tags.attributes if name == "style")
    assert "background:#" not in styles
    assert ";color:#" not in styles


def test_html_escapes_what_learners_write():
    nasty = '<script>alert("1")</script> & `<b>` <img src=x onerror=y>'

    def my_gradient(X, y, w):
        print(nasty)
        raise type("<i>", (Exception,), {})(nasty)

    html = gradient(my_gradient)._repr_html_()
    tags = Tags()
    tags.feed(html)
    assert tags.open == []
    assert not {"script", "b", "i", "img"} & set(tags.seen)
    assert "&lt;script&gt;" in html


def test_unknown_exercises_get_the_closest_ids():
    with pytest.raises(ValueError, match=r"did you mean 'descent\.learning\.gradient'"):
        check("descent.learning.gradiant", solution)
    with pytest.raises(ValueError, match=r"exercises\(\)"):
        check("?", solution)
    with pytest.raises(ValueError, match="comes first"):
        check(solution, "descent.learning.gradient")
    with pytest.raises(ValueError, match="there is no exercise"):
        check("x" * 10_000, solution)


@pytest.mark.parametrize("seed", [-1, 1.5, "1", True])
def test_a_seed_is_a_whole_number(seed):
    with pytest.raises(ValueError, match="seed is an integer"):
        gradient(solution, seed=seed)


def test_the_list_of_exercises_reads_well():
    text, html = repr(exercises()), exercises()._repr_html_()
    for exercise in exercises():
        assert exercise.id in text
        assert exercise.title in text
        assert exercise.id in html
    tags = Tags()
    tags.feed(html)
    assert tags.open == []


def test_a_check_costs_a_bounded_number_of_calls():
    """Instant: an answer is called once per input, and so is each known mistake."""
    for exercise in exercises():
        calls = 0

        def counting(*args, exercise=exercise):
            nonlocal calls
            calls += 1
            return exercise.solution(*args)

        check(exercise, counting)
        assert calls == len(exercise.cases()) <= 10
        assert len(exercise.mistakes) <= 25


def test_the_running_half_knows_no_solution():
    """What runs beside the learner's code needs NumPy alone, and no declaration."""
    code = (
        "import sys; from importlib.util import spec_from_file_location, module_from_spec;"
        "spec = spec_from_file_location('running', sys.argv[1]); m = module_from_spec(spec);"
        "sys.modules['running'] = m; spec.loader.exec_module(m);"
        "print(m.run(lambda x: x + 1, [(1,)])[0].value, 'bpcourse' in sys.modules)"
    )
    path = sys.modules[run.__module__].__file__
    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "2 False\n"


def test_learners_text_streams_still_work_inside():
    def answer(X, y, w):
        with contextlib.redirect_stdout(io.StringIO()) as inner:
            print("quiet")
        assert inner.getvalue() == "quiet\n"
        sys.stdout.flush()
        return solution(X, y, w)

    assert gradient(answer).passed
