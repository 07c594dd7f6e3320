"""The house rules that a program can check; each function returns its complaints."""

import ast
import re
from itertools import pairwise

from tests.book.prose import Block

BANNED = re.compile(
    r"\b(simply|clearly|obvious(?:ly)?|of course|easy to (?:see|show|verify)|easily (?:seen|shown)"
    r"|trivial(?:ly|ity)?|needless to say|as (?:everyone|everybody) knows|it can be shown"
    r"|the reader (?:can|may|will) (?:easily )?(?:verify|check|show)|straightforward(?:ly)?)\b",
    re.IGNORECASE,
)
ISE = (
    "minim|maxim|optim|normal|general|initial|regular|standard|recogn|summar|visual|organ|real"
    "|linear|parametr|vector|discret|character|emphas|penal|random|serial|util|symmetr|factor"
    "|diagonal|orthogonal|stabil|token|local|material|memor|final|priorit|special|custom"
    "|synchron|categor|equal"
)
OUR = "behavi|col|fav|flav|hon|lab|neighb|rig|vig"
BRITISH = re.compile(
    rf"(?<![A-Za-z])((?:{ISE})is(?:e|ed|es|er|ers|ing|able|ation|ations)"
    rf"|(?:{OUR})our(?:s|ed|ing|ite|able|hood|hoods|ful|al|less)?"
    r"|centre[ds]?|metres?|fibres?|analys(?:e|ed|ing)|grey|licence[ds]?|defence|artefacts?"
    r"|modell(?:ed|ing|er)|(?:un|re)?labell(?:ed|ing)|cancell(?:ed|ing)|travell(?:ed|ing|er)"
    r"|signall(?:ed|ing)|whilst|programmes?|judgement|fulfil)(?![a-z])",
    re.IGNORECASE,
)
LONGEST = 120


def banned_words(blocks: list[Block]) -> list[str]:
    """Words that tell a reader who is stuck that it is their fault."""
    return [
        f"line {block.line}: '{match[0]}' belittles a reader who is stuck; say why, or leave it out"
        for block in blocks
        if block.kind in ("text", "cell", "heading")
        for match in BANNED.finditer(" ".join(block.text.split()))
    ]


def british(text: str) -> list[str]:
    """British spellings, each with its line."""
    return [
        f"line {text.count(chr(10), 0, m.start()) + 1}: '{m[0]}' is British; write US English"
        for m in BRITISH.finditer(text)
    ]


def long_paragraphs(blocks: list[Block]) -> list[str]:
    """Paragraphs above the limit; a formula, a role or a piece of code is one word."""
    complaints = []
    for block in blocks:
        words = len(block.text.split())
        if block.kind == "text" and words > LONGEST:
            complaints.append(f"line {block.line}: a paragraph of {words} words; at most {LONGEST}")
    return complaints


def headings(blocks: list[Block]) -> list[str]:
    """One title, first; and no level left out."""
    found = [block for block in blocks if block.kind == "heading"]
    if not found or found[0].level != 1:
        return ["the page does not begin with its title, a heading of level 1"]
    complaints = [
        f"line {b.line}: a second title; use ## and below" for b in found[1:] if b.level == 1
    ]
    for before, after in pairwise(found):
        if after.level > before.level + 1:
            complaints.append(
                f"line {after.line}: from level {before.level} to level {after.level}; "
                f"use {'#' * (before.level + 1)}"
            )
    return complaints


def alt_texts(blocks: list[Block]) -> list[str]:
    """Figures that say nothing to someone who cannot see them."""
    complaints = []
    for block in blocks:
        if block.kind == "image" and len(block.text) < 20:
            complaints.append(
                f"line {block.line}: the alt text of {block.name} is {block.text!r}; "
                "say what there is to see"
            )
        if block.kind != "code-cell":
            continue
        for call in calls(block.text, {"show", "explore"}):
            alt = next((k.value for k in call.keywords if k.arg == "alt"), None)
            short = isinstance(alt, ast.Constant) and len(str(alt.value)) < 20
            if alt is None or short:
                complaints.append(
                    f"line {block.line + call.lineno}: {called(call)}(…) needs alt=, "
                    "a text that says what there is to see (or a function that returns it)"
                )
    return complaints


def calls(source: str, names: set[str]) -> list[ast.Call]:
    """Calls of functions with these names; `plt.show()` is not ours."""
    found = []
    for node in ast.walk(ast.parse(re.sub(r"(?m)^\s*[%!].*$", "", source))):
        if isinstance(node, ast.Call) and called(node) in names:
            owner = node.func.value if isinstance(node.func, ast.Attribute) else None
            if not (isinstance(owner, ast.Name) and owner.id in ("plt", "pyplot")):
                found.append(node)
    return found


def called(call: ast.Call) -> str:
    """The last part of a called function's name."""
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def exercise_ids(blocks: list[Block]) -> set[str]:
    """The ids for which the page calls `check("id", …)`."""
    return {
        str(call.args[0].value)
        for block in blocks
        if block.kind == "code-cell"
        for call in calls(block.text, {"check"})
        if call.args and isinstance(call.args[0], ast.Constant)
    }


def roles(blocks: list[Block], name: str) -> list[tuple[int, str]]:
    """Line and target of each role with this name, such as cite for cite, cite:t, cite:p."""
    return [
        (span.line, target.strip())
        for block in blocks
        for span in block.spans
        if span.kind.split(":")[1:2] == [name]
        for target in (re.sub(r"^.*<(.*)>$", r"\1", span.text, flags=re.S),)
    ]


def titles(blocks: list[Block]) -> list[Block]:
    """The directives with a title of their own."""
    return [b for b in blocks if b.kind == "directive" and b.name in ("admonition", "dropdown")]


def chapter(blocks: list[Block], lines: int) -> list[str]:
    """What every chapter has, in the order of the house style."""
    complaints = []
    second = [block for block in blocks if block.kind == "heading" and block.level == 2]
    names = [block.text for block in second]
    for need in ("Exercises", "Summary", "Sources"):
        if need not in names:
            complaints.append(f"no section '## {need}'")
    order = [n for n in names if n in ("Exercises", "Summary", "Sources")]
    if order != [n for n in ("Exercises", "Summary", "Sources") if n in order]:
        complaints.append(f"sections stand in the order {order}; want Exercises, Summary, Sources")
    boxes = [block.text for block in titles(blocks)]
    for need in ("Predict first", "Myth"):
        if not any(title.startswith(need) for title in boxes):
            complaints.append(f"no admonition whose title starts with '{need}'")
    opening = second[0].line if second else lines
    if not any("?" in b.text for b in blocks if b.kind == "text" and b.line < opening):
        complaints.append("the page does not open with a question")
    start = next((b.line for b in blocks if b.kind == "heading"), 1)
    shown = [b.line for b in blocks if b.kind == "code-cell" and b.visible]
    first = start + (lines - start) / 5
    if not shown or shown[0] > first:
        complaints.append(f"no code to see before line {first:.0f}, the first fifth of the page")
    if not any(calls(b.text, {"explore"}) for b in blocks if b.kind == "code-cell"):
        complaints.append("no interactive figure: explore(…)")
    if not any(b.section == "Sources" and target for b in blocks for target in roles([b], "cite")):
        complaints.append("the section Sources cites nothing")
    return complaints + solutions(blocks)


def solutions(blocks: list[Block]) -> list[str]:
    """Every exercise's answer is folded, and run, right after it."""
    complaints = []
    start, runs = None, 0
    solved: set[str] = set()
    for block in blocks:
        if block.name == "solution-start":
            start, runs = block, 0
        elif block.name == "solution-end":
            if start and not runs:
                complaints.append(f"line {start.line}: '{start.text}' runs no check(…)")
            start = None
        elif block.kind == "code-cell" and start:
            ids = exercise_ids([block])
            solved |= ids
            runs += len(ids)
    complaints += [
        f"no folded solution (solution-start … solution-end) checks {id!r}"
        for id in sorted(exercise_ids(blocks) - solved)
    ]
    return complaints
