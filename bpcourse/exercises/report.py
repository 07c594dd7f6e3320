"""What the learner reads: one report, as text and as HTML."""

from dataclasses import dataclass
from html import escape
from typing import Any, NamedTuple

import numpy as np


class PartResult(NamedTuple):
    """Points of one part of an answer, and in words where it is wrong ("" if never called)."""

    name: str
    points: int
    of: int
    where: str


class Diagnosis(NamedTuple):
    """A known mistake that gives the learner's very numbers, and the parts it explains."""

    mistake: str
    hint: str
    parts: tuple[str, ...]


class Say(NamedTuple):
    """A sentence of a report."""

    text: str


class Show(NamedTuple):
    """Numbers or printed text in a report, shown as they stand."""

    text: str


@dataclass(frozen=True, repr=False)
class Report:
    """The result of `check`: `passed`, `points` of `of`, `parts`, `details`, `diagnosis`.

    Its text is what `print` shows; notebooks show the HTML.
    """

    exercise: str
    title: str
    parts: tuple[PartResult, ...]
    details: tuple[Say | Show, ...] = ()
    diagnosis: tuple[Diagnosis, ...] = ()
    unwritten: bool = False

    @property
    def points(self) -> int:
        """Points earned."""
        return sum(part.points for part in self.parts)

    @property
    def of(self) -> int:
        """Points that can be earned."""
        return sum(part.of for part in self.parts)

    @property
    def passed(self) -> bool:
        """Whether every part is right on every input."""
        return self.points == self.of

    @property
    def _verdict(self) -> str:
        word = "✓ passed" if self.passed else "○ not written yet" if self.unwritten else "✗ not yet"
        return f"{word}: {self.points} of {self.of} points"

    @property
    def _summary(self) -> str:
        """One sentence, where all parts fare alike; otherwise the parts speak for themselves."""
        if self.passed:
            return "Right on every public and every hidden input."
        places = {part.where for part in self.parts}
        where = places.pop()
        return "" if places or not where else f"{where[:1].upper()}{where[1:]}."

    def _part_rows(self) -> list[tuple[str, str, str]]:
        if len({part.where for part in self.parts}) == 1:
            return []
        return [
            (
                part.name,
                f"{'✗' if part.points < part.of else '✓'} {part.where}",
                f"{part.points} of {part.of}",
            )
            for part in self.parts
        ]

    def __repr__(self) -> str:
        """The report as text."""
        lines = [f"{self.exercise} · {self.title}", self._verdict]
        rows = self._part_rows()
        width = max((len(name) for name, _, _ in rows), default=0)
        lines.append(self._summary)
        lines += [f"  {name:<{width}}  {where} ({points})" for name, where, points in rows]
        for block in self.details:
            indented = "\n".join("    " + line for line in block.text.splitlines())
            lines.append(indented if isinstance(block, Show) else block.text)
        for found in self.diagnosis:
            lines.append(
                f"Diagnosis ({', '.join(found.parts)}): {found.mistake}.\nHint: {found.hint}"
            )
        return "\n".join(filter(None, lines))

    def _repr_html_(self) -> str:
        color = "#009E73" if self.passed else "currentColor" if self.unwritten else "#D55E00"
        label = escape(f"Check of {self.exercise}: {self.points} of {self.of} points")
        out = [
            f'<div role="group" aria-label="{label}" style="border:1px solid currentColor;'
            f"border-left:.4em solid {color};border-radius:.3em;padding:.6em 1em;margin:.6em 0;"
            'max-width:46em;line-height:1.5">',
            _paragraph(f"<code>{escape(self.exercise)}</code> · {escape(self.title)}"),
            _paragraph(f"<strong>{escape(self._verdict)}</strong>"),
        ]
        if self._summary:
            out.append(_paragraph(escape(self._summary)))
        if self._part_rows():
            items = [
                f"<li><strong>{escape(name)}</strong>: {escape(where)} ({points})</li>"
                for name, where, points in self._part_rows()
            ]
            out.append(f'<ul style="margin:.3em 0;padding-left:1.4em">{"".join(items)}</ul>')
        for block in self.details:
            out.append(
                _pre(block.text) if isinstance(block, Show) else _paragraph(_prose(block.text))
            )
        for found in self.diagnosis:
            parts = escape(", ".join(found.parts))
            out.append(
                _paragraph(f"<strong>Diagnosis</strong> ({parts}): {_prose(found.mistake)}.")
            )
            out.append(_paragraph(f"<strong>Hint</strong>: {_prose(found.hint)}"))
        return "\n".join([*out, "</div>"])


def _paragraph(html: str) -> str:
    return f'<p style="margin:.3em 0">{html}</p>'


def _pre(text: str) -> str:
    style = (
        "margin:.3em 0;padding:.2em .8em;border:0;border-left:1px solid currentColor;"
        "background:transparent;color:inherit;white-space:pre-wrap;overflow-wrap:anywhere"
    )
    return f'<pre style="{style}">{escape(text)}</pre>'


def _prose(text: str) -> str:
    """Escape a sentence; `code` between back-ticks becomes an element."""
    pieces = escape(text).split("`")
    if len(pieces) % 2 == 0:  # a lone back-tick, as in a learner's message
        return escape(text)
    return "".join(f"<code>{p}</code>" if i % 2 else p for i, p in enumerate(pieces))


def show_value(name: str, value: Any) -> str:
    """An argument in a few lines, shortened when it is large: `X = [[1. 2.]]`, with its shape."""
    if isinstance(value, np.ndarray):
        head = f"{name} = "
        with np.printoptions(legacy=False, formatter=None, sign="-"):
            text = np.array2string(
                value,
                precision=4,
                suppress_small=True,
                threshold=24,
                edgeitems=3,
                separator=", ",
                max_line_width=72,
                prefix=head,
            )
        return f"{head}{text}   shape {value.shape}"
    if isinstance(value, list | tuple):
        items = [show_value(f"{name}[{i}]", item) for i, item in enumerate(value)]
        return "\n".join(items) or f"{name} = []"
    return f"{name} = {value!r}"


class Listing(tuple):
    """Exercises by id, shown as a table."""

    def __repr__(self) -> str:
        """One exercise a line."""
        width = max((len(e.id) for e in self), default=0)
        return "\n".join(f"{e.id:<{width}}  {e.points} points  {e.title}" for e in self)

    def _repr_html_(self) -> str:
        left = 'style="text-align:left;padding-right:.8em;overflow-wrap:anywhere"'
        rows = "".join(
            f'<tr><th scope="row" {left}><code>{escape(e.id)}</code></th>'
            f"<td {left}>{e.points}</td><td {left}>{escape(e.title)}</td></tr>"
            for e in self
        )
        head = "".join(f'<th scope="col" {left}>{name}</th>' for name in ("id", "points", "title"))
        return (
            "<table><caption>Exercises</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        )
