"""One look for every figure of the course.

The hues are those of Okabe and Ito (2008, "Color Universal Design"), told
apart under every common color blindness; three are darkened until a line in
them stands out from white paper by at least 3 : 1. Lettering in a color uses
a darker shade of it (4.5 : 1), and the dark theme has its own shades: the SVG
writer turns each constant below into the CSS variable that holds them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from typing import Any, NamedTuple

import matplotlib as mpl
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure


class Shades(NamedTuple):
    """One color of the palette: for lines and for lettering, in both themes."""

    line: str
    text: str
    dark_line: str
    dark_text: str


PALETTE = {
    "ink": Shades("#1a1a1a", "#1a1a1a", "#e8eaed", "#e8eaed"),
    "muted": Shades("#6b6b6b", "#595959", "#a8b0ba", "#a8b0ba"),
    "grid": Shades("#dcdcdc", "#595959", "#39424e", "#a8b0ba"),
    "paper": Shades("#ffffff", "#ffffff", "#14181e", "#14181e"),
    "blue": Shades("#0072b2", "#0072b2", "#4a9edd", "#5aa9e4"),
    "orange": Shades("#c08400", "#8f6300", "#e69f00", "#eaaa1f"),
    "green": Shades("#009e73", "#007a59", "#1fb88a", "#2cc497"),
    "red": Shades("#d55e00", "#b84f00", "#ee7733", "#f28a4f"),
    "purple": Shades("#c2689a", "#a8487f", "#d58fb8", "#dc9fc3"),
    "sky": Shades("#2e93d0", "#1a6fa3", "#8ccbf0", "#9ad2f2"),
}

INK = PALETTE["ink"].line
MUTED = PALETTE["muted"].line
GRID = PALETTE["grid"].line
PAPER = PALETTE["paper"].line
BLUE = PALETTE["blue"].line
ORANGE = PALETTE["orange"].line
GREEN = PALETTE["green"].line
RED = PALETTE["red"].line
PURPLE = PALETTE["purple"].line
SKY = PALETTE["sky"].line

CYCLE = (BLUE, RED, GREEN, PURPLE, ORANGE, SKY)
LINES = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)), (0, (9, 2)), (0, (3, 1, 1, 1, 1, 1)))
MARKERS = ("o", "s", "^", "D", "v", "P")

WIDTH = 5.0  # inches: on a phone the figure shrinks to about 0.95 of its size, 11 pt to 10.5 px
HEIGHT = 3.2

RC: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": MUTED,
    "axes.facecolor": "none",
    "axes.labelcolor": INK,
    "axes.labelsize": 11,
    "axes.linewidth": 1.0,
    "axes.prop_cycle": cycler(color=CYCLE, linestyle=LINES),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "figure.facecolor": "none",
    "figure.figsize": (WIDTH, HEIGHT),
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "legend.fontsize": 11,
    "legend.frameon": False,
    "lines.linewidth": 2.0,
    "lines.markeredgewidth": 1.2,
    "lines.markersize": 6.5,
    "lines.solid_capstyle": "round",
    "mathtext.fontset": "cm",
    "text.color": INK,
    "xtick.color": MUTED,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 10.5,
    "ytick.color": MUTED,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 10.5,
}


def use() -> None:
    """Draw everything from here on in the course's style."""
    mpl.rcParams.update(RC)


@contextmanager
def context() -> Iterator[None]:
    """Draw in the course's style inside ``with``; also a decorator, ``@context()``."""
    with mpl.rc_context(RC):
        yield


def panel(
    width: float = WIDTH,
    height: float = HEIGHT,
    *,
    left: float = 0.6,
    right: float = 0.15,
    bottom: float = 0.55,
    top: float = 0.35,
    **axes: Any,
) -> tuple[Figure, Axes]:
    """Make a figure with one pair of axes whose margins do not move from frame to frame.

    Parameters
    ----------
    width, height, left, right, bottom, top : float
        Size of the figure and its margins, in inches.
    **axes
        Passed to ``Axes.set``: ``xlim``, ``ylim``, ``xlabel``, ``ylabel``, ``title``.

    Returns
    -------
    (Figure, Axes)
        The figure is unknown to pyplot, so nothing shows it twice or keeps it open.
    """
    with context():
        figure = Figure(figsize=(width, height))
        box = (
            left / width,
            bottom / height,
            (width - left - right) / width,
            (height - bottom - top) / height,
        )
        ax = figure.add_axes(box)
        ax.set(**axes)
    return figure, ax


def stylesheet() -> str:
    """Return the CSS of all figures: the palette for both themes, then the layout.

    Every figure carries it; ``book/assets/figures.css`` is the site's copy, so
    that other things on a page can use the colors.
    """

    def variables(line: int, text: int) -> str:
        return "".join(
            f"--bp-{name}:{shades[line]};--bp-{name}-text:{shades[text]};"
            for name, shades in PALETTE.items()
        )

    layout = resources.files("bpcourse.figures").joinpath("figures.css").read_text("utf-8")
    dark = 'html[data-theme="dark"],[data-jp-theme-light="false"]'
    return (
        f":root{{{variables(0, 1)}}}\n"
        f"{dark}{{{variables(2, 3)}}}\n"
        f"@media print{{:root,{dark}{{{variables(0, 1)}}}}}\n" + layout
    )
