"""Find the labeled equations of the book's pages and compare them with the registered checks."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

from tests.equations.registry import Check

CLASSICS = {f"eq:b{i}": "backprop/network" for i in range(1, 6)}
FORM = re.compile(r"eq:[a-z0-9]+(-[a-z0-9]+)+")
# The directives whose body is no Markdown; every other body may hold equations.
VERBATIM = re.compile(r"code|code-block|code-cell|sourcecode|literalinclude|raw|eval-rst|mermaid")


@dataclass(frozen=True)
class Equation:
    """A display equation of a page; one that has a number but no label has an empty label."""

    label: str
    latex: str
    chapter: str
    where: str


@dataclass(frozen=True)
class Stray:
    """An equation label that MyST takes for plain text."""

    text: str
    where: str


def book_parser(root: Path) -> MarkdownIt:
    """Return the Markdown parser with the syntax that _config.yml switches on."""
    settings = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))["parse"]
    config = MdParserConfig(
        enable_extensions=set(settings["myst_enable_extensions"]),
        dmath_double_inline=settings["myst_dmath_double_inline"],
    )
    return create_md_parser(config, RendererHTML)


def pages(root: Path) -> Iterator[Path]:
    """Yield the book's Markdown pages."""
    for path in sorted((root / "book").rglob("*.md")):
        if not any(part.startswith(".") for part in path.relative_to(root).parts):
            yield path


def equations(root: Path) -> list[Equation | Stray]:
    """List the labeled or numbered equations of all pages, in reading order."""
    parser = book_parser(root)
    found: list[Equation | Stray] = []
    for path in pages(root):
        chapter = path.relative_to(root / "book").with_suffix("").as_posix()
        name = path.relative_to(root).as_posix()
        for label, latex, line in read(parser, path.read_text(encoding="utf-8"), 0):
            where = f"{name}:{line + 1}"
            if latex is None:
                found.append(Stray(label, where))
            else:
                found.append(Equation(label, latex, chapter, where))
    return found


def read(parser: MarkdownIt, text: str, offset: int) -> Iterator[tuple[str, str | None, int]]:
    """Yield label, LaTeX and line of each equation; LaTeX is None where a label is plain text."""
    for token in parser.parse(text):
        line = offset + (token.map[0] if token.map else 0)
        if token.type == "math_block_label":
            yield token.info, token.content, line
        elif token.type == "amsmath" and token.meta["numbered"] != "*":
            yield "", token.content, line
        elif token.type == "inline":
            for child in token.children or []:
                if child.type == "text" and "(eq:" in child.content:
                    yield child.content, None, line
        elif token.type in ("fence", "colon_fence"):
            directive = re.match(r"\{([^}]+)\}", token.info.strip())
            if not directive or VERBATIM.fullmatch(directive[1]):
                continue
            options, body, skipped = split_options(token.content)
            if directive[1] == "math":
                if label := options.get("label") or options.get("name"):
                    yield label, body, line
            else:
                yield from read(parser, body, line + 1 + skipped)


def split_options(content: str) -> tuple[dict[str, str], str, int]:
    """Split a directive's options from its body; also how many lines they take."""
    lines = content.splitlines()
    if lines and lines[0].strip() == "---":
        end = next((i for i, line in enumerate(lines[1:], 1) if line.strip() == "---"), 0)
        block, end = lines[1:end], end + 1
        options = yaml.safe_load("\n".join(block)) or {}
    else:
        end = 0
        while end < len(lines) and re.match(r"\s*:[\w-]+:", lines[end]):
            end += 1
        pairs = (line.strip()[1:].partition(":") for line in lines[:end])
        options = {key: value.strip() for key, _, value in pairs}
    return options, "\n".join(lines[end:]), end


def problems(book: Iterable[Equation | Stray], checks: Iterable[Check]) -> list[str]:
    """Say all that keeps the book's equations and their checks from matching, and what to do."""
    found: list[str] = []
    printed: dict[str, Equation] = {}
    for item in book:
        if isinstance(item, Stray):
            found.append(
                f'{item.where}: "{item.text.strip()}" is printed as text, not taken as a label; '
                "put `$$` on its own line and the label right after it: `$$ (eq:…)`"
            )
        elif not item.label:
            found.append(
                f"{item.where}: a numbered LaTeX environment has no label; write "
                r"`$$ \begin{aligned}…\end{aligned} $$ (eq:…)`, or star it to drop the number"
            )
        elif item.label in printed:
            found.append(
                f"{item.where}: the label {item.label} is also at {printed[item.label].where}; "
                "rename one"
            )
        else:
            printed[item.label] = item
            found += misnamed(item)
    registered = {check.label: check for check in checks}
    for label in printed.keys() - registered.keys():
        item = printed[label]
        found.append(
            f"{item.where}: {label} has no check; write one in tests/equations/"
            f'{test_file(item.chapter)} under @equation("{label}", r"{squeeze(item.latex)}")'
        )
    for label, check in registered.items():
        if label not in printed:
            found.append(
                f"{check.where}: no page has an equation {label}; delete the check, or correct "
                "the label"
            )
            continue
        item = printed[label]
        if not check.relative_file.endswith(test_file(item.chapter)):
            found.append(
                f"{check.where}: {label} is on the page {item.chapter}, so its check belongs in "
                f"tests/equations/{test_file(item.chapter)}"
            )
        if difference := first_difference(item.latex, check.latex):
            found.append(
                f"{label}: page and check print different LaTeX (white space aside).\n"
                f"  page   {difference[0]}   ({item.where})\n"
                f"  check  {difference[1]}   ({check.where})\n"
                "  Look whether the check still tests what the page says; mend it if not, and "
                "then copy the page's LaTeX into its decorator."
            )
    definitions = [check.label for check in registered.values() if check.function is None]
    allowed = math.ceil(len(registered) / 5)
    if len(definitions) > allowed:
        found.append(
            f"{len(definitions)} of {len(registered)} equations are registered as pure "
            f"definitions, at most {allowed} (one in five) may be; check some of them: "
            + ", ".join(sorted(definitions))
        )
    return sorted(found)


def misnamed(item: Equation) -> list[str]:
    """Say how a label breaks the form eq:PART-CHAPTER-name."""
    if item.label in CLASSICS:
        expected = CLASSICS[item.label]
        if item.chapter == expected:
            return []
        return [f"{item.where}: {item.label} is reserved for the page {expected}; rename it"]
    prefix = "eq:" + re.sub("[/_]", "-", item.chapter) + "-"
    if FORM.fullmatch(item.label) and item.label.startswith(prefix):
        return []
    return [
        f"{item.where}: expected a label of the form {prefix}name (lowercase letters, digits, "
        f"hyphens), got {item.label}; rename it"
    ]


def test_file(chapter: str) -> str:
    """Return PART/test_CHAPTER.py of a page."""
    part, _, name = chapter.rpartition("/")
    return f"{part or 'start'}/test_{name}.py"


def squeeze(latex: str) -> str:
    """Put LaTeX on one line."""
    return " ".join(latex.split())


def first_difference(page: str, check: str) -> tuple[str, str] | None:
    """Return both texts around the first place where they differ, marked; None if they agree."""
    a, b = ("".join(text.split()) for text in (page, check))
    if a == b:
        return None
    at = next(
        (i for i, (s, t) in enumerate(zip(a, b, strict=False)) if s != t), min(len(a), len(b))
    )
    before = "…" * (at > 15) + a[max(at - 15, 0) : at]
    return tuple(  # pyright: ignore[reportReturnType]
        f"{before}»{text[at : at + 15]}«" + "…" * (len(text) > at + 15) for text in (a, b)
    )


def counts(book: Iterable[Equation | Stray]) -> Counter[str]:
    """Count the labeled equations of each page."""
    return Counter(item.chapter for item in book if isinstance(item, Equation))
