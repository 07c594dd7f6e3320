"""From plain values to a report: the half that never meets the learner's objects."""

from typing import NamedTuple

import numpy as np

from bpcourse.exercises.compare import NotNumbers, numbers
from bpcourse.exercises.declare import Case, Exercise, Mistake
from bpcourse.exercises.report import Diagnosis, PartResult, Report, Say, Show, show_value
from bpcourse.exercises.running import MAX_PRINTED, Failure, Other, Outcome, run

WRONG = "wrong"


class Problem(NamedTuple):
    """What is the matter with a part on one input.

    `kind` goes before "on public input 2", `text` is a sentence; `whole` says that the call gave
    no values to judge part by part, so that no part is to blame.
    """

    kind: str
    text: str
    whole: bool = False


Problems = list[Problem | None]  # one entry per part; None where the part is right


def judge(exercise: Exercise, cases: list[Case], outcomes: list[Outcome]) -> Report:
    """Judge the outcomes of an answer; the answer itself is not needed any more.

    Parameters
    ----------
    exercise : the declaration.
    cases : the inputs the answer was called with.
    outcomes : what `running.run` recorded for them, one each, in the same order.

    Returns
    -------
    Report with points, problems on public inputs, and the diagnosed mistakes. A part earns its
    points when it is right on every input and no input was changed in place.
    """
    with np.errstate(all="ignore"):
        expected = run(exercise.solution, [case.args for case in cases])
        problems = [
            _problems(exercise, case.args, outcome, right)
            for case, outcome, right in zip(cases, outcomes, expected, strict=True)
        ]
        wrong = _wrong_parts(problems)
        diagnosis = _diagnose(exercise, cases, outcomes, expected, problems) if wrong else ()
    called = any(not o.failure or o.failure.kind == "raised" for o in outcomes)
    parts = tuple(
        PartResult(
            part.name,
            0 if i in wrong else part.points,
            part.points,
            _where(i, cases, problems) if called else "",
        )
        for i, part in enumerate(exercise.parts)
    )
    details = _details(exercise, cases, outcomes, problems) if wrong else ()
    unwritten = all(o.failure and o.failure.kind == "unwritten" for o in outcomes)
    return Report(exercise.id, exercise.title, parts, details, diagnosis, unwritten)


def _problems(exercise: Exercise, args: tuple, outcome: Outcome, right: Outcome) -> Problems:
    got = _split(exercise, outcome)
    if isinstance(got, Problem):
        return [got for _ in exercise.parts]
    problems: list[str | None] = []
    for part, value, true in zip(
        exercise.parts, got, right.value_of(len(exercise.parts)), strict=True
    ):
        try:
            array, rtol = numbers(value)
        except NotNumbers as error:
            problems.append(f"expected {_wanted(part.shape)}, got {error}")
            continue
        problem = part.compare(numbers(true)[0], array, args, rtol)
        if problem and isinstance(value, tuple) and len(value) == 1:
            problem += " (a comma at the end of the `return` line makes a tuple)"
        problems.append(problem)
    if outcome.changed:
        names = " and ".join(exercise.parameters[i] for i in outcome.changed)
        remark = (
            f"your function changes {names} in place: whoever calls it finds other numbers in "
            f"{names} afterwards; work on a copy"
        )
        problems = [f"{problem}; and {remark}" if problem else remark for problem in problems]
    return [Problem(WRONG, problem) if problem else None for problem in problems]


def _split(exercise: Exercise, outcome: Outcome) -> list | Problem:
    """The values of the parts, or why there are none."""
    if failure := outcome.failure:
        kind = f"raises {failure.type}" if failure.kind == "raised" else "not run"
        return Problem(kind, _sentence(exercise, failure), whole=True)
    value, count = outcome.value, len(exercise.parts)
    names = ", ".join(part.name for part in exercise.parts)
    if value is None:
        text = "your function returns None: did you forget `return`?"
        return Problem("no value", text, whole=True)
    if isinstance(value, Other):
        wanted = names if count == 1 else f"({names})"
        text = f"your function returns {value.what}, where {wanted} is expected"
        return Problem(WRONG, text, whole=True)
    if count == 1:
        return [value]
    if isinstance(value, list | tuple):
        if len(value) == count:
            return list(value)
        what = str(len(value))
    else:
        what = f"an array of shape {value.shape}" if np.ndim(value) else "one number"
    text = f"expected {count} values, ({names}), got {what}: end with `return {names}`"
    return Problem(WRONG, text, whole=True)


def _sentence(exercise: Exercise, failure: Failure) -> str:
    wanted = f"({', '.join(exercise.parameters)})"
    if failure.kind == "not callable":
        advice = "pass the function itself, its name without parentheses after it"
        return f"expected a function, got a value of type {failure.type}: {advice}"
    if failure.kind == "signature":
        return f"your function takes {failure.message}, the exercise calls it with {wanted}"
    if failure.kind == "unwritten":
        return (
            "put your own lines in place of `raise NotImplementedError` and run the cell again; "
            "the report will tell you what works and what does not yet"
        )
    message = f": {failure.message}" if failure.message else ""
    return f"your function raises {failure.type}{message}"


def _wanted(shape: str) -> str:
    return "a number" if shape == "()" else f"an array of shape {shape}"


def _wrong_parts(problems: list[Problems]) -> set[int]:
    return {i for row in problems for i, problem in enumerate(row) if problem}


def _wrong_values(problems: list[Problems]) -> set[int]:
    """The parts of which the answer gave a value, somewhere, and a wrong one."""
    rows = [[p if p and not p.whole else None for p in row] for row in problems]
    return _wrong_parts(rows)


def _where(part: int, cases: list[Case], problems: list[Problems]) -> str:
    """How a part fails and on which inputs, in words; hidden inputs are not told apart."""
    public: dict[str, list[str]] = {}
    hidden = set()
    for number, (case, row) in enumerate(zip(cases, problems, strict=True), 1):  # public ones first
        if (problem := row[part]) and case.public:
            public.setdefault(problem.kind, []).append(str(number))
        elif problem:
            hidden.add(problem.kind)
    places = {
        kind: f"{kind} on public input{'s' * (len(numbers) > 1)} {', '.join(numbers)}"
        for kind, numbers in public.items()
    }
    if hidden and hidden <= places.keys() and len(hidden) == 1:
        places[hidden.pop()] += " and on hidden inputs"
    elif hidden:  # what an exception is called could tell something about a hidden input
        places["hidden"] = f"{WRONG if hidden == {WRONG} else 'fails'} on hidden inputs"
    return "; ".join(places.values()) or "right"


def _details(
    exercise: Exercise, cases: list[Case], outcomes: list[Outcome], problems: list[Problems]
) -> tuple[Say | Show, ...]:
    """A failing public input in full; where some fail and some raise, one of each.

    For hidden inputs only that one failed.
    """
    public = [i for i, case in enumerate(cases) if case.public and any(problems[i])]
    if not public:
        return (
            Say(
                "All public inputs are right; a hidden input is not. Hidden inputs are of the same "
                f"kind: {exercise.varies}. Which of these do your lines not allow for?"
            ),
            *_printed(outcomes[0]),
        )
    failure = outcomes[public[0]].failure
    if failure and failure.kind != "raised":
        return (Say(_sentence_case(_sentence(exercise, failure))),)
    firsts = {outcomes[i].failure is None: i for i in reversed(public)}
    return tuple(
        block
        for i in sorted(firsts.values())
        for block in _detail(exercise, i, cases[i], outcomes[i], problems[i])
    )


def _detail(
    exercise: Exercise, number: int, case: Case, outcome: Outcome, row: Problems
) -> tuple[Say | Show, ...]:
    args = zip(exercise.parameters, case.args, strict=True)
    shown = "\n".join(show_value(name, value) for name, value in args)
    details: list[Say | Show] = [Say(f"On public input {number + 1}:"), Show(shown)]
    if len(set(row)) == 1 and row[0]:
        details.append(Say(_sentence_case(row[0].text)))
    else:
        details += [
            Say(f"{part.name}: {problem.text}.")
            for part, problem in zip(exercise.parts, row, strict=True)
            if problem
        ]
    if outcome.failure and outcome.failure.line is not None:
        failure = outcome.failure
        details += [Say(f"It happens in {failure.function}, line {failure.line}:")]
        details += [Show(failure.source)]
    return (*details, *_printed(outcome))


def _printed(outcome: Outcome) -> tuple[Say | Show, ...]:
    if not outcome.printed:
        return ()
    cut = " (the beginning of it)" if len(outcome.printed) == MAX_PRINTED else ""
    return Say(f"Your function printed{cut}:"), Show(outcome.printed)


def _sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(("?", "`")) else ".")


def _diagnose(
    exercise: Exercise,
    cases: list[Case],
    outcomes: list[Outcome],
    expected: list[Outcome],
    problems: list[Problems],
) -> tuple[Diagnosis, ...]:
    """Name the known mistakes that give the very same wrong numbers in a part, on every input.

    Where one raises the other must, too, but that alone explains nothing: mistakes of many kinds
    raise alike. Each step takes the mistake that explains most parts; among these, the one that
    is wrong in the fewest parts itself; then the first declared.
    """
    wrong = _wrong_values(problems)
    explained: list[tuple[Mistake, set[int], int]] = []
    args = [case.args for case in cases]
    for mistake in exercise.mistakes:
        theirs = run(mistake.function, args)
        same = {i for i in wrong if _agree(exercise, args, outcomes, theirs, i)}
        if same:
            own = _wrong_values(
                [
                    _problems(exercise, arguments, outcome, right)
                    for arguments, outcome, right in zip(args, theirs, expected, strict=True)
                ]
            )
            explained.append((mistake, same, len(own)))
    found, left = [], set(wrong)
    while left and explained:
        mistake, same, _ = min(explained, key=lambda entry: (-len(entry[1] & left), entry[2]))
        if not same & left:
            break
        names = tuple(exercise.parts[i].name for i in sorted(same & left))
        found.append(Diagnosis(mistake.name, mistake.hint, names))
        left -= same
    return tuple(found)


def _agree(
    exercise: Exercise, args: list[tuple], ours: list[Outcome], theirs: list[Outcome], part: int
) -> bool:
    return all(
        _agree_once(exercise, arguments, one, other, part)
        for arguments, one, other in zip(args, ours, theirs, strict=True)
    )


def _agree_once(exercise: Exercise, args: tuple, one: Outcome, other: Outcome, part: int) -> bool:
    values, others = _split(exercise, one), _split(exercise, other)
    if isinstance(values, Problem) and isinstance(others, Problem):
        return values.kind == others.kind != WRONG
    if isinstance(values, Problem) or isinstance(others, Problem) or one.changed != other.changed:
        return False
    try:
        (a, rtol), (b, _) = numbers(values[part]), numbers(others[part])
    except NotNumbers:
        return False
    return exercise.parts[part].same(b, a, args, rtol)
