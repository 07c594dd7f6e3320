"""Interactive figures that need no server: every frame is drawn beforehand.

In a page, an exported notebook or a file on disk the frames are inside the
figure, and a few lines of script show the one that the controls ask for. In a
live notebook the controls are ipywidgets and draw anew.

Live means: an IPython kernel whose front end can answer questions (Jupyter,
VS Code and Colab can; a program that only executes a notebook says that it
cannot). The environment variable BPCOURSE_STATIC overrules it: 1 never makes a
widget (the book's build sets it), 0 always does.
"""

from __future__ import annotations

import gzip
import itertools
import json
import numbers
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from html import escape
from importlib import resources
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from bpcourse.figures.show import caption_tag, checked_alt, checked_panels, frame
from bpcourse.figures.style import context, stylesheet
from bpcourse.figures.svg import ID, Drawing, drawing, fingerprint

MAX_FRAMES = 400
MAX_GZIPPED = 150 * 1024
PATIENCE = 2.0  # seconds before progress is reported

Draw = Callable[..., Figure | Sequence[Figure]]
Alt = str | Callable[..., str]


def is_live() -> bool:
    """Say whether a front end listens that can show widgets; see the module's docstring."""
    wish = os.environ.get("BPCOURSE_STATIC")
    if wish:
        return wish == "0"
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return False
    request = kernel.get_parent() if hasattr(kernel, "get_parent") else {}
    return bool(request.get("content", {}).get("allow_stdin", True))


def label(value: object) -> str:
    """Return a value of an axis as the reader sees it: ``0.3``, ``left``."""
    if isinstance(value, numbers.Real) and not isinstance(value, bool | numbers.Integral):
        return f"{float(value):.4g}".replace("-", "\N{MINUS SIGN}")
    if isinstance(value, numbers.Integral) and not isinstance(value, bool):
        return str(int(value)).replace("-", "\N{MINUS SIGN}")
    return str(value)


def is_numeric(values: Sequence[object]) -> bool:
    """Say whether an axis gets a slider: all its values are real numbers."""
    return all(isinstance(v, numbers.Real) and not isinstance(v, bool) for v in values)


def _checked_axes(axes: Mapping[str, Any]) -> dict[str, list[Any]]:
    if not axes:
        raise ValueError(
            "explore has no axis to move along; pass at least one, as rate=[0.1, 0.3, 1.0]"
        )
    checked = {}
    for name, values in axes.items():
        if not isinstance(values, list | tuple | range | np.ndarray):
            raise TypeError(
                f"axis {name} must be a list of values, got {type(values).__name__} "
                f"{values!r:.60}; pass {name}=[first, second, …]"
            )
        if isinstance(values, np.ndarray):
            if values.ndim != 1:
                raise ValueError(
                    f"axis {name} must have one dimension, got an array of shape {values.shape}; "
                    f"pass {name}={name}.ravel() or a list"
                )
            values = values.tolist()
        if not len(values):
            raise ValueError(f"axis {name} has no values; pass {name}=[first, second, …]")
        shown = [label(value) for value in values]
        twins = sorted({text for text in shown if shown.count(text) > 1})
        if twins:
            raise ValueError(
                f"axis {name} has values that read the same ({', '.join(twins)}); "
                "the reader could not tell them apart, leave one of them out"
            )
        checked[name] = list(values)
    frames = int(np.prod([len(values) for values in checked.values()], dtype=float))
    if frames > MAX_FRAMES:
        grid = " × ".join(f"{len(values)} {name}" for name, values in checked.items())
        raise ValueError(
            f"{grid} make {frames} frames, at most {MAX_FRAMES} fit in a page; "
            "pass fewer values for an axis"
        )
    return checked


def _described(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {label(value)}" for name, value in values.items())


class Explorer:
    """A figure with controls, ready for a page (``.html``), a notebook or a terminal.

    Attributes
    ----------
    axes : dict
        The values of each axis, in the order of the controls.
    default : dict
        The values of the frame that stands there first.
    html : str
        The whole figure: frames, controls, style and script.
    widget : ipywidgets.Widget or None
        The live control, once a live notebook has shown the figure.
    """

    def __init__(
        self,
        draw: Draw,
        alt: Alt,
        caption: str | None,
        play: str | None,
        axes: dict[str, list[Any]],
        default: dict[str, Any],
        labels: Mapping[str, str],
    ):
        """Draw every frame; `explore` checks the arguments and calls this."""
        self.draw = draw
        self.alt = alt
        self.caption = caption
        self.play = play
        self.axes = axes
        self.default = default
        self.names = {name: labels.get(name, name.replace("_", " ")) for name in axes}
        self.widget = None
        self.html = self._page()

    def describe(self, values: Mapping[str, Any]) -> str:
        """Return the alt text of the frame at these values."""
        where = f" at {_described(values)}"
        if callable(self.alt):
            try:
                text = self.alt(**values)
            except Exception as error:
                raise RuntimeError(f"alt failed{where}: {_told(error)}") from error
            return checked_alt(text, where)
        return f"{checked_alt(self.alt)} Here {_described(values)}."

    def drawings(self, values: Mapping[str, Any]) -> list[Drawing]:
        """Draw the frame at these values."""
        where = f" at {_described(values)}"
        with context():
            try:
                figure = self.draw(**values)
            except Exception as error:
                raise RuntimeError(f"draw failed{where}: {_told(error)}") from error
            return [drawing(panel) for panel in checked_panels(figure, f"what draw returns{where}")]

    def _frames(self) -> Iterator[tuple[dict[str, Any], list[Drawing]]]:
        grid = list(itertools.product(*self.axes.values()))
        telling = is_live() or sys.stderr.isatty()
        start, told = time.monotonic(), False
        for i, point in enumerate(grid):
            values = dict(zip(self.axes, point, strict=True))
            yield values, self.drawings(values)
            if telling and time.monotonic() - start > PATIENCE:
                told = True
                print(f"\rdrawing frame {i + 1} of {len(grid)} ", end="", file=sys.stderr)
        if told:
            print("\r" + " " * 40 + "\r", end="", file=sys.stderr, flush=True)

    def _page(self) -> str:
        keys: dict[tuple[int, str], int] = {}
        frames, alts, first = [], [], []
        for values, panels in self._frames():
            if frames and len(panels) != len(frames[0]):
                raise ValueError(
                    f"draw returns {len(panels)} figures at {_described(values)} and "
                    f"{len(frames[0])} before; return equally many at all values"
                )
            frames.append(
                [
                    [keys.setdefault((i, part), len(keys)) for part in panel.parts]
                    for i, panel in enumerate(panels)
                ]
            )
            alts.append(self.describe(values))
            if values == self.default:
                first = panels
        prefix = fingerprint(*self.axes, *alts, *(part for _, part in keys))
        data = {
            "parts": [part.replace(ID, f"{prefix}{i}-") for i, part in keys],
            "frames": frames,
            "alts": alts,
            "axes": [[label(value) for value in values] for values in self.axes.values()],
        }
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
        alt = self.describe(self.default)
        html = (
            f"<style>{stylesheet()}</style>"
            f'<figure class="bp-figure bp-explore">{frame(first, alt, prefix)}'
            f'<div class="bp-controls" hidden>{"".join(map(self._control, self.axes))}</div>'
            '<details class="bp-description"><summary>Describe the figure</summary>'
            f"<p>{escape(alt)}</p></details>"
            '<output class="bp-status" aria-live="polite"></output>'
            f'<script type="application/json">{text}</script>{caption_tag(self.caption)}</figure>'
            f"<script>{_script()}</script>"
        )
        size = len(gzip.compress(html.encode(), 6))
        if size > MAX_GZIPPED:
            warnings.warn(
                f"this figure weighs {size / 1024:.0f} KB compressed, a page should carry at most "
                f"{MAX_GZIPPED // 1024}; pass fewer values, or draw fewer points",
                stacklevel=4,
            )
        return html

    def _control(self, name: str) -> str:
        values, value = self.axes[name], self.default[name]
        at = values.index(value)
        title = escape(self.names[name])
        if not is_numeric(values):
            options = "".join(
                f'<option value="{i}"{" selected" * (i == at)}>{escape(label(v))}</option>'
                for i, v in enumerate(values)
            )
            control = f'<select data-axis="{name}" autocomplete="off">{options}</select>'
            return f'<label><span class="bp-name">{title}</span>{control}</label><span></span>'
        control = (
            f'<input type="range" data-axis="{name}" min="0" max="{len(values) - 1}" step="1" '
            f'value="{at}" aria-valuetext="{escape(label(value))}" autocomplete="off">'
        )
        button = (
            f'<button type="button" data-play="{name}" aria-label="Play {title}">Play</button>'
            if name == self.play
            else ""
        )
        return (
            f'<label><span class="bp-name">{title}</span>{control}</label>'
            f'<span><output aria-live="off">{escape(label(value))}</output>{button}</span>'
        )

    def __repr__(self) -> str:
        """Say what there is to see, and what can be moved."""
        moved = "; ".join(
            f"{name} from {label(values[0])} to {label(values[-1])}"
            for name, values in self.axes.items()
        )
        return f"Interactive figure ({moved}): {self.describe(self.default)}"

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, object]:
        bundle: dict[str, object] = {"text/plain": repr(self), "text/html": self.html}
        if is_live():
            try:
                from bpcourse.figures import widget
            except ImportError:
                return bundle
            self.widget = widget.controls(self)
            bundle = {**(self.widget._repr_mimebundle_() or {}), **bundle}
        return bundle


@cache
def _script() -> str:
    return resources.files("bpcourse.figures").joinpath("explore.js").read_text("utf-8")


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def explore(
    draw: Draw,
    /,
    *,
    alt: Alt,
    caption: str | None = None,
    play: str | None = None,
    default: Mapping[str, Any] | None = None,
    labels: Mapping[str, str] | None = None,
    **axes: Sequence[Any] | np.ndarray,
) -> Explorer:
    """Let the reader move the parameters of a figure, in a notebook or in a plain page.

    Parameters
    ----------
    draw : callable
        ``draw(**values)`` returns a Matplotlib figure (or a list of figures,
        which stand side by side), drawn anew at each call and in the course's
        style. Keep the limits of its axes fixed: what is equal in all frames
        is stored once.
    alt : str or callable
        What there is to see; best a function ``alt(**values)`` that says it
        for each frame. A text gets the values appended.
    caption : str, optional
        Plain text below the figure.
    play : str, optional
        The axis that a play button walks along; without it ``step``, if there
        is such an axis of numbers.
    default : dict, optional
        The values that stand there first, as ``{"rate": 0.3}``; the first
        value of each axis else.
    labels : dict, optional
        How an axis is called for the reader, as ``{"rate": "learning rate η"}``.
    **axes : list, tuple, range or array
        The values of each keyword of `draw`: numbers become a slider, others
        a menu. Several axes make a grid of frames, at most 400.

    Returns
    -------
    Explorer
        Leave it as the last line of a cell.

    Raises
    ------
    TypeError, ValueError
        If an axis, `alt`, `play`, `default` or `labels` cannot be used, or `draw` does
        not return a figure.
    RuntimeError
        If `draw` or `alt` fails: the message names the values.

    Examples
    --------
    >>> def line(slope):
    ...     figure, ax = style.panel(ylim=(-2, 2))
    ...     ax.plot([-1, 1], [-slope, slope])
    ...     return figure
    >>> explore(line, slope=[-1, 0, 1], alt="A line through the origin.")  # doctest: +SKIP
    """
    if not callable(draw):
        raise TypeError(
            f"draw must be a function that returns a figure, got {type(draw).__name__}; "
            "pass the function itself, without calling it"
        )
    checked = _checked_axes(axes)
    if not callable(alt):
        checked_alt(alt)
    first = {name: values[0] for name, values in checked.items()}
    for name, value in (default or {}).items():
        if name not in checked:
            raise ValueError(f"default names {name!r}, the axes are {', '.join(checked)}")
        if value not in checked[name]:
            offered = ", ".join(label(v) for v in checked[name])
            raise ValueError(f"default {name}={value!r} is not one of its values: {offered}")
        first[name] = checked[name][checked[name].index(value)]
    unknown = [name for name in labels or {} if name not in checked]
    if unknown:
        raise ValueError(f"labels names {unknown[0]!r}, the axes are {', '.join(checked)}")
    if play is None and "step" in checked and is_numeric(checked["step"]):
        play = "step"
    if play is not None and (play not in checked or not is_numeric(checked[play])):
        numeric = [name for name, values in checked.items() if is_numeric(values)]
        raise ValueError(
            f"play must name an axis of numbers ({', '.join(numeric) or 'there is none'}), "
            f"got {play!r}"
        )
    return Explorer(draw, alt, caption, play, checked, first, labels or {})
