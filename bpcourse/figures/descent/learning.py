"""The figures of chapter 1, Learning is minimization.

Every function returns a new figure (or a list of panels) for `bpcourse.show`
and `bpcourse.explore`, with axes that stay put when its numbers change. What
they draw comes from the chapter's own algorithms.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bpcourse.basics.validate import as_labels, as_matrix, as_vector
from bpcourse.descent.learning import add_ones, gd1d, linreg_loss_grad, normal_equations
from bpcourse.figures.style import (
    BLUE,
    GREEN,
    GRID,
    INK,
    MARKERS,
    MUTED,
    ORANGE,
    PAPER,
    RED,
    context,
    panel,
)

START = {"left": -2.0, "right": 4.0}
FLOOR = 1.0
_PANEL = {"width": 3.5, "height": 3.3}
_CLASSES = ((RED, MARKERS[1]), (BLUE, MARKERS[0]))  # class 0: orange squares, class 1: blue disks


def _number(value: float, digits: int = 2, sign: bool = False) -> str:
    value = round(float(value), digits)
    plus = "+" if sign and value else ""
    return f"{value + 0.0:{plus}.{digits}f}".replace("-", "\N{MINUS SIGN}")


def _bowl(x):
    return 0.5 * (x - FLOOR) ** 2 + 0.5


def _bowl_slope(x):
    return x - FLOOR


def _walk(rate: float, step: int, start: str) -> np.ndarray:
    if start not in START:
        raise ValueError(f"start must be 'left' or 'right', got {start!r}")
    return gd1d(_bowl_slope, START[start], rate, step + 1)


@context()
def slope_and_step(rate: float, step: int, start: str = "left") -> Figure:
    """Draw gradient descent on f(x) = ½(x − 1)² + ½: where it is, the slope there, the next step.

    Parameters
    ----------
    rate : float
        The learning rate η.
    step : int
        How many steps were taken.
    start : {"left", "right"}
        Which side of the floor it starts from: x = −2 or x = 4.

    Returns
    -------
    Figure
        The path so far, the tangent, and on the axis the arrow −ηf′(x). A
        point outside the picture is marked at its edge.
    """
    x = _walk(rate, step, start)
    here, following = x[step], x[step + 1]
    slope = _bowl_slope(here)
    left, right = -3.4, 5.4
    figure, ax = panel(height=4.1, left=0.3, xlim=(left, right), ylim=(-0.9, 13.2))
    ax.set_xticks([-3, -1, 1, 3, 5], ["−3", "−1", "1\nfloor", "3", "5"])
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel("x", loc="right", labelpad=-18)

    grid = np.linspace(left, right, 121)
    ax.plot(grid, _bowl(grid), color=INK, linestyle="-")
    ax.annotate(
        "f(x)", (-3.05, _bowl(-3.05)), (6, 2), textcoords="offset points", color=INK, va="center"
    )
    path = x[: step + 1]
    ax.plot(path, _bowl(path), color=MUTED, linestyle=":", linewidth=1.4)
    ax.plot(path[:-1], _bowl(path[:-1]), "o", color=MUTED, markersize=4.5, label="path")

    inside = left <= here <= right
    if inside:
        reach = 2.1 / np.hypot(1, slope / 1.4)
        tangent = np.array([here - reach, here + reach])
        ax.plot(
            tangent,
            _bowl(here) + slope * (tangent - here),
            color=GREEN,
            linestyle=(0, (5, 2)),
            label="tangent",
        )
        ax.plot([here, here], [-0.9, _bowl(here)], color=RED, linestyle=":", linewidth=1.2)
        ax.plot(here, _bowl(here), "o", color=RED, markersize=9, label="point")
    else:
        edge, marker = (right - 0.15, ">") if here > right else (left + 0.15, "<")
        ax.plot(edge, 6, marker, color=RED, markersize=10, label="outside")
        ax.annotate(
            "outside the picture",
            (edge, 6),
            (-10 if here > right else 10, 0),
            textcoords="offset points",
            ha="right" if here > right else "left",
            va="center",
            color=RED,
        )
    ends = np.clip([here, following], left, right)
    if inside and abs(ends[1] - ends[0]) > 0.02:
        ax.annotate(
            "",
            (ends[1], -0.35),
            (ends[0], -0.35),
            arrowprops={
                "arrowstyle": "-|>,head_width=0.28,head_length=0.45",
                "color": BLUE,
                "linewidth": 2.6,
                "shrinkA": 0,
                "shrinkB": 0,
            },
        )
    direction = "" if abs(rate * slope) < 0.005 else " →" if slope < 0 else " ←"
    lines = (
        (f"x = {_number(here)}", RED),
        (f"slope f′(x) = {_number(slope, sign=True)}", GREEN),
        (f"step −ηf′(x) = {_number(-rate * slope, sign=True)}{direction}", BLUE),
    )
    for i, (text, color) in enumerate(lines):
        ax.text(FLOOR, 12.6 - 0.95 * i, text, color=color, ha="center", va="center")
    return figure


def slope_and_step_alt(rate: float, step: int, start: str = "left") -> str:
    """Say what `slope_and_step` shows at these values."""
    x = _walk(rate, step, start)
    here, following = x[step], x[step + 1]
    slope = _bowl_slope(here)
    taken = (
        f"A parabola with its floor at x = 1. After {step} step{'s' * (step != 1)} of rate {rate:g}"
    )
    if abs(slope) < 0.005:
        return f"{taken} the point stands on the floor, the slope is 0 and the next step is 0."
    side, way = ("left", "right") if slope < 0 else ("right", "left")
    ratio = abs((following - FLOOR) / slope)
    crosses = (following - FLOOR) * slope < -1e-9
    closer = (
        "lands on the floor"
        if ratio < 1e-9
        else "comes closer"
        if ratio < 1
        else "ends farther away"
    )
    outside = "" if -3.4 <= here <= 5.4 else ", outside the picture"
    return (
        f"{taken} the point is {side} of it at x = {_number(here)}{outside}, where the slope "
        f"is {_number(slope)}. The arrow of the next step, {_number(-rate * slope, sign=True)}, "
        f"points {way}, {'jumps across the floor' if crosses else 'toward the floor'} and {closer}."
    )


def _line_losses(area, price) -> tuple[np.ndarray, np.ndarray, float, Callable[[float], float]]:
    area, price = as_vector(area, "area"), as_vector(price, "price")
    X = area[:, None]

    def loss(slope: float) -> float:
        return linreg_loss_grad(X, price, [slope])[0]

    return area, price, float(normal_equations(X, price)[0]), loss


@context()
def line_and_loss(
    area, price, slope: float, *, xlabel: str = "area (m²)", ylabel: str = "price (thousand €)"
) -> list[Figure]:
    """Draw sales with the line price = slope × area, and beside them how wrong each slope is.

    Parameters
    ----------
    area, price : array_like, shape (N,)
    slope : float
    xlabel, ylabel : str

    Returns
    -------
    list of two Figures
        Left the sales, the line and the residuals (their values too, for up to
        five sales); right half the mean squared error as a function of the
        slope, with this slope's point.
    """
    area, price, best, loss = _line_losses(area, price)
    top = 1.35 * price.max()
    left, ax = panel(
        **_PANEL,
        left=0.62,
        title=f"slope {_number(slope, 1)}",
        xlabel=xlabel,
        ylabel=ylabel,
        xlim=(0, 1.15 * area.max()),
        ylim=(0, top),
    )
    ends = np.array([0, 1.15 * area.max()])
    for a, p in zip(area, price, strict=True):
        ax.plot([a, a], [p, slope * a], color=RED, linestyle="-", linewidth=1.6)
        if len(area) <= 5:
            off = slope * a - p
            ax.annotate(
                _number(off, 0, sign=True),
                (a, (p + slope * a) / 2),
                (5 if off > 0 else -5, 0),
                textcoords="offset points",
                ha="left" if off > 0 else "right",
                va="center",
                color=RED,
            )
    ax.plot(ends, slope * ends, color=BLUE, linestyle="-", label="line")
    ax.plot(area, price, "o", color=INK, markersize=7 if len(area) <= 5 else 4.5, label="sales")

    slopes = np.linspace(0.6 * best, 1.4 * best, 81)
    losses = np.array([loss(s) for s in slopes])
    right, bx = panel(
        **_PANEL,
        left=0.62,
        title="half the mean squared error",
        xlabel="slope",
        xlim=(slopes[0], slopes[-1]),
        ylim=(0, 1.08 * losses.max()),
    )
    here = loss(slope)
    bx.plot(slopes, losses, color=INK, linestyle="-", label="loss")
    bx.plot([slope, slope], [0, here], color=RED, linestyle=":", linewidth=1.2)
    bx.plot(slope, here, "o", color=RED, markersize=9, label="point")
    bx.text(best, 0.9 * losses.max(), f"{here:,.0f}", color=RED, ha="center", fontsize=16)
    return [left, right]


def line_and_loss_alt(area, price, slope: float) -> str:
    """Say what `line_and_loss` shows at this slope."""
    area, price, best, loss = _line_losses(area, price)
    off = slope * area - price
    many = f", too high at {np.sum(off > 0)} of {len(off)} sales"
    few = ", off by " + ", ".join(_number(value, 0, sign=True) for value in off)
    side = (
        "near the floor"
        if abs(slope / best - 1) < 0.02
        else ("on the left wall" if slope < best else "on the right wall")
    )
    return (
        f"Left: {len(off)} sales and the line price = {slope:g} × area"
        f"{few if len(off) <= 5 else many}. Right: half the mean squared error against the slope "
        f"is a valley with its floor at {best:.2f}; this slope's point stands {side}, "
        f"at {loss(slope):,.0f}."
    )


def _checked_cloud(X, labels) -> tuple[np.ndarray, np.ndarray]:
    X = as_matrix(X, "X", columns=2, taker="a drawing of the plane")
    labels = as_labels(labels, "labels", classes=2)
    if len(labels) != len(X):
        raise ValueError(f"got {len(labels)} labels for {len(X)} points; pass one per row of X")
    return X, labels


def _cloud(ax: Axes, X: np.ndarray, labels: np.ndarray, size: float = 4.5) -> None:
    for k, (color, marker) in enumerate(_CLASSES):
        points = X[labels == k]
        ax.plot(
            *points.T,
            marker,
            color=color,
            markersize=size,
            markeredgecolor=PAPER,
            markeredgewidth=0.6,
            label=f"class {k}",
        )


@context()
def boundary(
    X,
    labels,
    w,
    feature: Callable[[np.ndarray], np.ndarray] | None = None,
    *,
    threshold: float = 0.5,
    names: tuple[str, str] = ("class 0", "class 1"),
    xlabel: str = "x₁",
    ylabel: str = "x₂",
) -> Figure:
    """Draw two classes in the plane, and where a linear model changes its mind.

    Parameters
    ----------
    X : array_like, shape (N, 2)
    labels : array_like of 0 and 1, shape (N,)
    w : array_like, shape (p,)
        The weights of the model ``feature(X) @ w``, bias first by default.
    feature : callable, optional
        Turns (M, 2) points into the (M, p) columns of the model; `add_ones` else.
    threshold : float
        The score above which the model says class 1.
    names : two str
        What the classes are called in the legend.
    xlabel, ylabel : str

    Returns
    -------
    Figure
        Class 1's side is shaded.
    """
    X, labels = _checked_cloud(X, labels)
    feature = feature or add_ones
    w = as_vector(w, "w", length=feature(X).shape[1], why="one weight per column of feature(X)")
    low, high = X.min(axis=0), X.max(axis=0)
    low, high = low - 0.08 * (high - low), high + 0.08 * (high - low)
    figure, ax = panel(
        4.2, 3.9, top=0.45, xlabel=xlabel, ylabel=ylabel,
        xlim=(low[0], high[0]), ylim=(low[1], high[1]),
    )  # fmt: skip
    u, v = np.meshgrid(np.linspace(low[0], high[0], 121), np.linspace(low[1], high[1], 121))
    score = (feature(np.column_stack([u.ravel(), v.ravel()])) @ w).reshape(u.shape)
    if score.min() < threshold < score.max():
        ax.contourf(u, v, score, levels=[threshold, np.inf], colors=[BLUE], alpha=0.13)
        ax.contour(u, v, score, levels=[threshold], colors=[INK], linewidths=2)
    _cloud(ax, X, labels)
    handles, _ = ax.get_legend_handles_labels()
    ax.legend(
        handles,
        names,
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=2,
        borderaxespad=0.2,
        handletextpad=0.2,
        columnspacing=1.5,
        borderpad=0,
        markerscale=1.4,
    )
    return figure


def xor_cloud_and_line(X, labels) -> Figure:
    """Draw the XOR cloud with the line that least squares finds for its labels 0 and 1.

    Parameters
    ----------
    X : array_like, shape (N, 2)
    labels : array_like of 0 and 1, shape (N,)
    """
    X, labels = _checked_cloud(X, labels)
    return boundary(X, labels, normal_equations(add_ones(X), labels.astype(float)))


def _seen(points: np.ndarray) -> np.ndarray:
    """Project points (N, 3) of the cube [−1, 1]³ to the page, as seen from the front left above."""
    turn, tilt = np.deg2rad(-62), np.deg2rad(16)
    x, y, z = np.asarray(points, dtype=float).T
    across = -np.sin(turn) * x + np.cos(turn) * y
    away = np.cos(turn) * x + np.sin(turn) * y
    return np.column_stack([across, np.cos(tilt) * z - np.sin(tilt) * away])


@context()
def xor_lifted(X, labels, lift: float) -> Figure:
    """Draw points of the square [−1, 1]², each raised by lift × x₁x₂, and the plane between them.

    Parameters
    ----------
    X : array_like, shape (N, 2)
    labels : array_like of 0 and 1, shape (N,)
    lift : float
        Between 0 (all in the plane) and 1.

    Returns
    -------
    Figure
        Seen from above at a low angle; a stem joins each point to its place in the plane.
    """
    X, labels = _checked_cloud(X, labels)
    height = lift * X[:, 0] * X[:, 1]
    spots = _seen(np.column_stack([X, height]))
    feet = _seen(np.column_stack([X, 0 * height]))
    figure, ax = panel(5.0, 3.9, left=0.1, right=0.1, bottom=0.1, top=0.1)
    ax.set(xlim=(-1.62, 1.62), ylim=(-1.25, 1.25), aspect="equal")
    ax.set_axis_off()

    def draw(chosen: np.ndarray) -> None:
        for k, (color, _) in enumerate(_CLASSES):
            mine = chosen & (labels == k)
            stems = np.full((3 * mine.sum(), 2), np.nan)
            stems[0::3], stems[1::3] = feet[mine], spots[mine]
            if lift and mine.any():
                ax.plot(*stems.T, color=color, linestyle="-", linewidth=0.7, alpha=0.55)
        _cloud(ax, spots[chosen], labels[chosen], 5)

    draw(height < 0)
    corners = _seen(np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]]))
    ax.fill(*corners.T, facecolor=GRID, edgecolor=MUTED, alpha=0.55, linewidth=1.2, label="plane")
    for text, axis in (("x₁", np.array([1, 0, 0])), ("x₂", np.array([0, 1, 0]))):
        tail, tip, (across, up) = _seen(np.outer([-1, 1.3, 1.45], axis))
        ax.annotate("", tip, tail, arrowprops={"arrowstyle": "->", "color": MUTED, "shrinkA": 0})
        ax.text(across, up, text, ha="center", va="center")
    draw(height >= 0)
    ax.text(-1.6, 1.13, "class 1: x₁x₂ > 0", color=BLUE, va="center")
    ax.text(-1.6, -1.13, "class 0: x₁x₂ < 0", color=RED, va="center")
    ax.text(1.6, 1.13, f"lift {lift:g}", ha="right", va="center")
    return figure


def xor_lifted_alt(lift: float) -> str:
    """Say what `xor_lifted` shows at this lift."""
    plane = "The square of x₁ and x₂ seen from above at a low angle"
    if lift == 0:
        return (
            f"{plane}, all points in it: class 1, blue disks, fills two opposite quadrants, "
            "class 0, orange squares, the other two, and no straight line separates them."
        )
    return (
        f"{plane}. Every point is moved up by {lift:g} times x₁x₂: class 1, blue disks, rises "
        "above the square, class 0, orange squares, sinks below it"
        ", and the flat square lies between the two."
    )


@context()
def loss_contours(
    X,
    y,
    path,
    *,
    xlabel: str = "w₁",
    ylabel: str = "w₂",
    title: str = "half the mean squared error",
) -> Figure:
    """Draw the loss of a linear model with two weights as level lines, and a path down.

    Parameters
    ----------
    X : array_like, shape (N, 2)
    y : array_like, shape (N,)
    path : array_like, shape (K, 2)
        The weights, one position per row.
    xlabel, ylabel, title : str

    Returns
    -------
    Figure
        Level lines at equal ratios of the loss above its minimum, the path
        from its start, and a cross at the minimum; one scale for both axes.
    """
    X, path = as_matrix(X, "X", columns=2), as_matrix(path, "path", columns=2)
    y = as_vector(y, "y", length=len(X), why="one target per row of X")
    best = normal_equations(X, y)
    # The same scale on both axes, or steps would not look perpendicular to the level lines.
    sides = np.array([3.5, 3.0])
    reach = sides * max((1.15 * np.abs(path - best) / sides).max(), 1e-9)
    low, high = best - reach, best + reach
    figure, ax = panel(
        sides[0] + 0.85, sides[1] + 0.9, left=0.7, title=title, xlabel=xlabel, ylabel=ylabel,
        xlim=(low[0], high[0]), ylim=(low[1], high[1]),
    )  # fmt: skip
    u, v = np.meshgrid(np.linspace(low[0], high[0], 81), np.linspace(low[1], high[1], 81))
    d = np.stack([u - best[0], v - best[1]])
    excess = 0.5 * np.einsum("iuv,ij,juv->uv", d, X.T @ X / len(X), d)
    levels = excess.max() * 2.0 ** -np.arange(9.0, 0.0, -1.0)
    ax.contour(u, v, excess, levels=levels, colors=[MUTED], linewidths=0.9)
    ax.plot(*path.T, color=RED, linestyle="-", linewidth=1.5, label="path")
    ax.plot(*path.T, "o", color=RED, markersize=4)
    ax.plot(*path[0], "o", color=RED, markersize=9, markerfacecolor=PAPER, label="start")
    ax.plot(*best, "X", color=ORANGE, markersize=10, markeredgecolor=INK, label="minimum")
    # Each name on the side that the path does not take.
    under = path[1:, 1].mean() > path[0, 1] if len(path) > 1 else False
    above = path[:, 1].mean() < best[1]
    for name, (u, v), up, color in (
        ("start", path[0], -16 if under else 16, RED),
        ("minimum", best, 18 if above else -18, INK),
    ):
        ax.annotate(
            name, (u, v), (0, up), textcoords="offset points", ha="center", va="center", color=color
        )
    return figure
