"""From plain values to a report: the half that never meets the learner's objects."""

import numpy as np

from bpcourse.exercises.compare import NotNumbers, numbers
from bpcourse.exercises.declare import Case, Exercise, Mistake
from bpcourse.exercises.report import Diagnosis, PartResult, Report, Say, Show, show_value
from bpcourse.exercises.running import MAX_PRINTED, Failure, Other, Outcome, run

Problems = list[str | None]  # one entry per part; None where the part is right


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
        diagnosis = _diagnose(exercise, cases, outcomes, expected, wrong) if wrong else ()
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
    if isinstance(got, str):
        return [got for _ in exercise.parts]
    problems: Problems = []
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
    return problems


def _split(exercise: Exercise, outcome: Outcome) -> list | str:
    """The values of the parts, or a sentence that says why there are none."""
    if outcome.failure:
        return _sentence(exercise, outcome.failure)
    value, count = outcome.value, len(exercise.parts)
    names = ", ".join(part.name for part in exercise.parts)
    if value is None:
        return "your function returns None: did you forget `return`?"
    if isinstance(value, Other):
        wanted = names if count == 1 else f"({names})"
        return f"your function returns {value.what}, where {wanted} is expected"
    if count == 1:
        return [value]
    if not isinstance(value, list | tuple):
        what = f"an array of shape {value.shape}" if np.ndim(value) else "one number"
        return f"expected {count} values, ({names}), got {what}: end with `return {names}`"
    if len(value) != count:
        return f"expected {count} values, ({names}), got {len(value)}: end with `return {names}`"
    return list(value)


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


def _where(part: int, cases: list[Case], problems: list[Problems]) -> str:
    """On which inputs a part is wrong, in words; hidden inputs are not told apart."""
    public = [row[part] for case, row in zip(cases, problems, strict=True) if case.public]
    hidden = any(row[part] for case, row in zip(cases, problems, strict=True) if not case.public)
    numbered = [str(i) for i, problem in enumerate(public, 1) if problem]
    places = []
    if numbered:
        places.append(f"public input{'s' * (len(numbered) > 1)} {', '.join(numbered)}")
    if hidden:
        places.append("hidden inputs")
    return "wrong on " + " and on ".join(places) if places else "right"


def _details(
    exercise: Exercise, cases: list[Case], outcomes: list[Outcome], problems: list[Problems]
) -> tuple[Say | Show, ...]:
    """The first failing public input in full; for hidden inputs only that one failed."""
    public = [i for i, case in enumerate(cases) if case.public and any(problems[i])]
    if not public:
        return (
            Say(
                "All public inputs are right; a hidden input is not. Hidden inputs are of the same "
                f"kind: {exercise.varies}. Which of these do your lines not allow for?"
            ),
            *_printed(outcomes[0]),
        )
    first = public[0]
    row, outcome = problems[first], outcomes[first]
    if outcome.failure and outcome.failure.kind != "raised":
        return (Say(_sentence_case(row[0])),)
    args = zip(exercise.parameters, cases[first].args, strict=True)
    shown = "\n".join(show_value(name, value) for name, value in args)
    details: list[Say | Show] = [Say(f"On public input {first + 1}:"), Show(shown)]
    if len(set(row)) == 1:
        details.append(Say(_sentence_case(row[0])))
    else:
        details += [
            Say(f"{part.name}: {problem}.")
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


def _sentence_case(text: str | None) -> str:
    text = text or ""
    return text[:1].upper() + text[1:] + ("" if text.endswith(("?", "`")) else ".")


def _diagnose(
    exercise: Exercise,
    cases: list[Case],
    outcomes: list[Outcome],
    expected: list[Outcome],
    wrong: set[int],
) -> tuple[Diagnosis, ...]:
    """Name the known mistakes that give the very same wrong parts on every input.

    Each step takes the mistake that explains most wrong parts; among these, the one that is wrong
    in the fewest parts itself; then the first declared.
    """
    explained: list[tuple[Mistake, set[int], int]] = []
    args = [case.args for case in cases]
    for mistake in exercise.mistakes:
        theirs = run(mistake.function, args)
        same = {i for i in wrong if _agree(exercise, args, outcomes, theirs, i)}
        if same:
            own = _wrong_parts(
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
    if one.failure and other.failure:
        alike = one.failure.kind == other.failure.kind == "raised"
        return alike and one.failure.type == other.failure.type
    values, others = _split(exercise, one), _split(exercise, other)
    if isinstance(values, str) or isinstance(others, str) or one.changed != other.changed:
        return False
    try:
        (a, rtol), (b, _) = numbers(values[part]), numbers(others[part])
    except NotNumbers:
        return False
    return exercise.parts[part].same(b, a, args, rtol)
