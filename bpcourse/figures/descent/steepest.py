"""The figures of chapter 2, Gradient and steepest descent.

Every function returns a new figure (or a list of panels) for `bpcourse.show`
and `bpcourse.explore`, with axes that stay put when its numbers change. What
they draw comes from the chapter's own algorithms.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bpcourse.basics.validate import as_vector
from bpcourse.descent.steepest import angle_bound, cosine_to_minimum, steepest
from bpcourse.figures.style import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    ORANGE,
    PAPER,
    PURPLE,
    RED,
    context,
    panel,
)

VALLEY = np.array([[2.0, 2.0], [2.0, 5.0]])  # eigenvalues 1 and 6
KAPPAS = (1, 3, 10, 30, 100, 300)
PLACES = (0, 15, 30, 45, 60, 75, 90)  # degrees around a level line
_MINUS = "\N{MINUS SIGN}"


class _Ruler:
    """A norm of the plane as the figures show it."""

    def __init__(self, name, norm, color, marker, dashes):
        self.name, self.norm, self.color = name, norm, color
        self.marker, self.dashes = marker, dashes

    def length(self, d):
        """Lengths of the columns of d, shape (2, …)."""
        if np.ndim(self.norm) == 2:
            return np.sqrt(np.einsum("i...,ij,j...->...", d, self.norm, d))
        return np.linalg.norm(d, self.norm, axis=0)


RULERS = (
    _Ruler("round", 2, BLUE, "o", "-"),
    _Ruler("square", np.inf, GREEN, "s", (0, (5, 2))),
    _Ruler("valley", VALLEY, PURPLE, "D", (0, (1, 1.5))),
)


def _number(value: float, digits: int = 2) -> str:
    text = f"{value:.{digits}f}".replace("-", _MINUS)
    return text.removeprefix(_MINUS) if not float(f"{value:.{digits}f}") else text


def _compass(count: int) -> np.ndarray:
    angle = np.linspace(0, 2 * np.pi, count)
    return np.stack([np.cos(angle), np.sin(angle)])


def _arrow(ax: Axes, start, end, color: str, *, width: float = 2.4, dashes: Any = "-") -> None:
    ax.annotate(
        "",
        tuple(end),
        tuple(start),
        arrowprops={
            "arrowstyle": "-|>,head_width=0.24,head_length=0.42",
            "color": color,
            "linewidth": width,
            "linestyle": dashes,
            "shrinkA": 0,
            "shrinkB": 0,
        },
    )


@context()
def three_rulers(x1: float, x2: float) -> Figure:
    """Draw a slanted valley, a point in it, and the best step of length 1 by three rulers.

    Parameters
    ----------
    x1, x2 : float
        Where the point is. The valley is ½xᵀHx with H = [[2, 2], [2, 5]].

    Returns
    -------
    Figure
        Around the point all steps of length 1 by each ruler (a circle, a
        square, an ellipse), and in each the step on which the slope is least.
        At the minimum there is none.
    """
    figure, ax = panel(5.0, 3.96, left=0.1, right=0.1, bottom=0.1, top=0.8)
    ax.set_title("slope of the best step", y=1.09)
    ax.set(xlim=(-4.3, 4.3), ylim=(-3.15, 3.15), aspect="equal", xticks=[], yticks=[])
    ax.spines[["left", "bottom"]].set_visible(False)
    circle = _compass(121)
    values, Q = np.linalg.eigh(VALLEY)
    for height in (0.25, 1, 2.25, 4, 6.25, 9, 12.25, 16):
        line = Q @ (np.sqrt(2 * height / values)[:, None] * circle)
        ax.plot(*line, color=MUTED, linestyle="-", linewidth=0.8, alpha=0.7)
    ax.plot(0, 0, "X", color=ORANGE, markersize=10, markeredgecolor=INK, label="minimum")

    x = np.array([x1, x2], dtype=float)
    gradient = VALLEY @ x
    for i, ruler in enumerate(RULERS):
        ball = _compass(241)
        ball = x[:, None] + ball / ruler.length(ball)
        ax.plot(
            *ball, color=ruler.color, linestyle=ruler.dashes, linewidth=1.4, label=f"{ruler.name}"
        )
        text = f"{ruler.name}: "
        if gradient.any():
            step = steepest(gradient, ruler.norm)
            _arrow(ax, x, x + step, ruler.color)
            ax.plot(
                *(x + step),
                ruler.marker,
                color=ruler.color,
                markersize=7,
                markeredgecolor=PAPER,
                label=f"{ruler.name} step",
            )
            text += _number(gradient @ step)
        else:
            text += "none"
        ax.text(4.2 * (i - 1), 3.45, text, color=ruler.color, ha=("left", "center", "right")[i])
    ax.plot(*x, "o", color=RED, markersize=8, markeredgecolor=PAPER, label="point")
    return figure


def three_rulers_alt(x1: float, x2: float) -> str:
    """Say what `three_rulers` shows at this point."""
    x = np.array([x1, x2], dtype=float)
    gradient = VALLEY @ x
    place = (
        "Level lines of a slanted valley, ellipses around the minimum in the middle. "
        f"The point is at ({_number(x1, 1)}, {_number(x2, 1)})"
    )
    if not gradient.any():
        return f"{place}, the minimum itself: the slopes are 0 and no step is drawn."
    said = []
    for ruler in RULERS:
        step = steepest(gradient, ruler.norm)
        cosine = -(x @ step) / np.linalg.norm(x) / np.linalg.norm(step)
        off = np.degrees(np.arccos(min(1.0, cosine)))
        said.append(f"{ruler.name} ruler {_number(off, 0)} degrees")
    return (
        f"{place}, inside a circle, a square and an ellipse. The best step of each leaves the way "
        f"to the minimum by: {', '.join(said)}."
    )


@context()
def slopes_by_direction(gradient) -> Figure:
    """Draw how f changes on a step of length 1 in every direction, by three rulers.

    Parameters
    ----------
    gradient : array_like, shape (2,)

    Returns
    -------
    Figure
        For each ruler ⟨∇f, d⟩ against the direction of d, the bound −‖∇f‖ of
        the ruler's dual norm as a thin line, and a mark where it is reached.
    """
    g = as_vector(gradient, "gradient", length=2)
    lowest = -1.12 * np.abs(g).sum()
    figure, ax = panel(
        5.0, 3.5, left=0.7, right=0.65, top=0.55, xlim=(0, 360), ylim=(lowest, -lowest),
        xlabel="direction of the step, degrees from east", ylabel="change of f per step",
    )  # fmt: skip
    ax.set_xticks(range(0, 361, 45))
    ax.axhline(0, color=MUTED, linewidth=0.8, linestyle="-")
    degrees = np.linspace(0, 360, 361)
    compass = _compass(361)
    for ruler in RULERS:
        change = g @ (compass / ruler.length(compass))
        ax.plot(degrees, change, color=ruler.color, linestyle=ruler.dashes, label=ruler.name)
        step = steepest(g, ruler.norm)
        ax.axhline(g @ step, color=ruler.color, linewidth=0.9, linestyle=ruler.dashes)
        at = np.degrees(np.arctan2(step[1], step[0])) % 360
        ax.plot(
            at,
            g @ step,
            ruler.marker,
            color=ruler.color,
            markersize=8,
            markeredgecolor=PAPER,
            label=f"{ruler.name} best",
        )
        ax.annotate(
            _number(g @ step), (360, g @ step), (4, 0), textcoords="offset points",
            color=ruler.color, va="center", annotation_clip=False,
        )  # fmt: skip
    handles, labels = ax.get_legend_handles_labels()
    chosen = [(h, name) for h, name in zip(handles, labels, strict=True) if "best" not in name]
    ax.legend(
        *zip(*chosen, strict=True),
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=3,
        borderpad=0,
        borderaxespad=0.3,
        columnspacing=1.6,
    )
    return figure


def remainder(f, gradient, d) -> np.ndarray:
    """What the first-order model misses, per length of step: |f(d) − f(0) − ⟨∇f(0), d⟩|/‖d‖.

    Parameters
    ----------
    f : callable
        Takes (2,) arrays.
    gradient : array_like, shape (2,)
        ∇f(0).
    d : array_like, shape (K, 2)
        The steps, one a row.

    Returns
    -------
    ndarray, shape (K,)
    """
    d = np.asarray(d, dtype=float)
    g = as_vector(gradient, "gradient", length=2)
    here = f(np.zeros(2))
    return np.array([abs(f(v) - here - g @ v) / np.linalg.norm(v) for v in d])


@context()
def model_error() -> Figure:
    """Draw what the first-order model misses, per length of step, for three functions.

    Returns
    -------
    Figure
        Both axes logarithmic. A quadratic with its bound ½λ‖d‖, a function
        with less smoothness, and √|d₁d₂|, which has slopes but no tangent plane.
    """
    lengths = np.logspace(-4, 0, 17)
    steps = lengths[:, None] * np.array([0.96, 0.28])
    quadratic = remainder(lambda d: d @ VALLEY @ d / 2 + 3 * d[0], [3, 0], steps)
    kink = remainder(lambda d: np.sum(np.abs(d) ** 1.5) - d[1], [0, -1], steps)
    corner = remainder(lambda d: np.sqrt(abs(d[0] * d[1])), [0, 0], steps)
    figure, ax = panel(
        5.0, 3.4, left=0.8, right=0.2, xlim=(8e-5, 1.3), ylim=(8e-5, 6),
        xlabel="length of the step", ylabel="model's error / length",
    )  # fmt: skip
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.minorticks_off()
    steepest_curvature = np.linalg.eigvalsh(VALLEY)[-1]
    ax.plot(lengths, steepest_curvature / 2 * lengths, color=INK, linestyle=":", label="bound")
    for values, color, marker, name in (
        (corner, RED, "^", "√|d₁d₂|"),
        (kink, GREEN, "s", "|d₁|¹·⁵ + |d₂|¹·⁵ − d₂"),
        (quadratic, BLUE, "o", "a quadratic"),
    ):
        ax.plot(lengths, values, marker, color=color, markersize=4.5, label=name)
    ax.text(1.2e-4, 0.95, "√|d₁d₂|: does not fall", color=RED)
    ax.text(1.2e-4, 0.1, "|d₁|¹·⁵ + |d₂|¹·⁵ − d₂", color=GREEN)
    ax.text(7e-3, 1.6e-3, "a quadratic,\nbelow its bound (dots)", color=BLUE, va="center")
    return figure


@cache  # the same in every frame
def _random_angles(kappa: float, count: int) -> np.ndarray:
    """Angles in degrees between −∇f and the way to the minimum, at random points of R¹⁰."""
    eigenvalues = np.geomspace(1, kappa, 10)
    # Points spread over a level surface: there the steep coordinates are the short ones.
    points = np.random.default_rng(2).normal(size=(count, 10)) / np.sqrt(eigenvalues)
    cosines = [cosine_to_minimum(eigenvalues * x, x, np.zeros(10)) for x in points]
    return np.degrees(np.arccos(np.clip(cosines, -1, 1)))


@cache
def _largest_angles(kappas: tuple[float, ...]) -> np.ndarray:
    """The largest possible angle in degrees for each condition number."""
    return np.degrees(np.arccos([min(1.0, angle_bound(k)) for k in kappas]))


def _standing(kappa: float, place: float) -> tuple[np.ndarray, np.ndarray, float]:
    """The point at `place` on the level line f = ½ of diag(1, κ), ∇f there, and the angle."""
    t = np.radians(place)
    x = np.array([np.cos(t), np.sin(t) / np.sqrt(kappa)])
    if place == 90:
        x[0] = 0.0
    gradient = np.array([1.0, kappa]) * x
    cosine = cosine_to_minimum(gradient, x, np.zeros(2))
    return x, gradient, float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


@context()
def angle_and_kappa(kappa: float, place: float) -> list[Figure]:
    """Draw where −∇f points in a valley of condition number κ, and how far off it can be.

    Parameters
    ----------
    kappa : float
        The ratio of the valley's curvatures.
    place : float
        Where on the level line, in degrees; at 45 the angle is largest.

    Returns
    -------
    list of two Figures
        Left the level line f = ½ with −∇f and the way to the minimum; right
        the angle against κ: the bound, random points in ten dimensions, this point.
    """
    x, gradient, angle = _standing(kappa, place)
    left, ax = panel(3.5, 3.9, left=0.1, right=0.1, bottom=0.5, top=0.5)
    ax.set(xlim=(-0.45, 1.35), ylim=(-0.49, 1.09), aspect="equal", xticks=[], yticks=[])
    ax.spines[["left", "bottom"]].set_visible(False)
    t = np.linspace(0, 2 * np.pi, 181)
    for size in (0.25, 0.5, 0.75, 1.0, 1.25):
        ax.plot(
            size * np.cos(t),
            size * np.sin(t) / np.sqrt(kappa),
            color=INK if size == 1 else MUTED,
            linestyle="-",
            linewidth=1.3 if size == 1 else 0.8,
        )
    ax.plot(0, 0, "X", color=ORANGE, markersize=10, markeredgecolor=INK, label="minimum")
    way = -x / np.linalg.norm(x)
    down = -gradient / np.linalg.norm(gradient)
    _arrow(ax, x, x + 0.45 * way, GREEN, dashes=(0, (4, 2)))
    _arrow(ax, x, x + 0.45 * down, BLUE)
    ax.plot(*x, "o", color=RED, markersize=8, markeredgecolor=PAPER, label="point")
    ax.set_title(f"off by {_number(angle, 1)}°")
    ax.text(1.33, 1.17, f"κ = {kappa:g}", ha="right", va="center")
    ax.text(-0.43, -0.6, f"{_MINUS}∇f", color=BLUE, va="center")
    ax.text(1.33, -0.6, "to the minimum (dashes)", color=GREEN, ha="right", va="center")

    right, bx = panel(
        3.5, 3.9, left=0.65, right=0.15, bottom=0.5, top=0.5, title="angle in degrees",
        xlabel="κ", xlim=np.log10((0.85, 400)), ylim=(-3, 93),
    )  # fmt: skip
    bx.set_xticks(np.log10(KAPPAS), [str(k) for k in KAPPAS])
    bx.set_yticks([0, 30, 60, 90])
    grid = np.geomspace(1, 400, 61)
    bx.plot(np.log10(grid), _largest_angles(tuple(grid)), color=INK, linestyle="-", label="bound")
    for k in KAPPAS[1:]:
        bx.plot(
            np.full(40, np.log10(k)), _random_angles(k, 40), "_", color=MUTED, markersize=9,
            markeredgewidth=0.8, label="random",
        )  # fmt: skip
    bx.plot(
        np.log10(kappa), angle, "o", color=RED, markersize=9, markeredgecolor=PAPER, label="point"
    )
    bx.text(0.13, 82, "none can be\nabove this", color=INK, va="center")
    return [left, right]


def angle_and_kappa_alt(kappa: float, place: float) -> str:
    """Say what `angle_and_kappa` shows at these values."""
    _, _, angle = _standing(kappa, place)
    worst = np.degrees(np.arccos(min(1.0, angle_bound(kappa))))
    shape = "circles" if kappa == 1 else f"ellipses, {np.sqrt(kappa):.1f} times as long as wide"
    here = (
        f"the arrow of the negative gradient misses the minimum by {_number(angle, 1)} degrees"
        if angle > 0.05
        else "the arrow of the negative gradient points at the minimum"
    )
    reached = ", on the curve of the bound" if abs(angle - worst) < 0.05 else ""
    return (
        f"Left: level lines with κ = {kappa:g}, {shape}; at {place:g} degrees around the line "
        f"{here}. Right: the largest possible angle rises from 0 at κ = 1 toward 90 degrees; for "
        f"this κ it is {_number(worst, 1)}. Random points lie below it, this point at "
        f"{_number(angle, 1)}{reached}."
    )
