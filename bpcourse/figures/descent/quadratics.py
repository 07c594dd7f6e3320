"""The figures of chapter 3, Quadratics tell the truth.

Every function returns a new figure (or a list of panels) for `bpcourse.show`
and `bpcourse.explore`, with axes that stay put when its numbers change. What
they draw comes from the chapter's own algorithms.
"""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from bpcourse.basics.validate import as_matrix, as_number, as_vector
from bpcourse.descent.learning import linreg_loss_grad, normal_equations
from bpcourse.descent.quadratics import (
    contraction,
    early_stopping_filter,
    gd,
    mode_amplitudes,
    optimal_step,
)
from bpcourse.figures.style import (
    BLUE,
    GREEN,
    GRID,
    INK,
    LINES,
    MARKERS,
    MUTED,
    ORANGE,
    PAPER,
    RED,
    context,
    panel,
)

CURVATURES = np.array([4.0, 2.0, 1.0, 0.25])  # of the modes in `eigenmode_bars`
_PANEL = {"width": 3.5, "height": 3.3}
_MINUS = "\N{MINUS SIGN}"


def _number(value: float, digits: int = 2) -> str:
    text = f"{value:.{digits}f}"
    return (text[1:] if float(text) == 0 and text[0] == "-" else text).replace("-", _MINUS)


def _fate(factor: float) -> str:
    """What a mode does whose share is multiplied by this factor at every step."""
    if abs(abs(factor) - 1) < 1e-9:
        return "never shrinks"
    if abs(factor) < 1e-9:
        return "is gone after one step"
    if abs(factor) > 1:
        return "grows"
    return "creeps" if factor > 0 else "jumps across and shrinks"


@context()
def eigenmode_bars(rate: float, step: int) -> list[Figure]:
    """Draw what is left of four modes after some steps, and the factor of each.

    Parameters
    ----------
    rate : float
        The learning rate η; the curvatures are 4, 2, 1 and ¼, so 2/λ_max is ½.
    step : int
        How many steps were taken from an error of 1 in every mode.

    Returns
    -------
    list of two Figures
        Left the signed shares (1 − ηλ_i)ᵏ as bars; right the line 1 − ηλ with
        the four factors on it, and the band between −1 and 1 in which a mode dies out.
    """
    factors = 1 - rate * CURVATURES
    left_over = mode_amplitudes(CURVATURES, np.ones(4), rate, step)
    names = [f"{value:g}" for value in CURVATURES]
    bars, ax = panel(
        **_PANEL,
        left=0.62,
        title=f"left after {step} step{'s' * (step != 1)}",
        xlabel="mode, by its curvature λ",
        xlim=(-0.6, 3.6),
        ylim=(-2.3, 2.3),
    )
    ax.axhline(0, color=INK, linestyle="-", linewidth=1.0)
    for i, value in enumerate(left_over):
        # A bar's side says its sign; a hatched one is larger than at the start.
        color = BLUE if factors[i] >= 0 else RED
        grown = abs(value) > 1 + 1e-9
        ax.bar(
            i, value, 0.62, color=color, edgecolor=INK, hatch="//" if grown else None, linewidth=0.8
        )
        ax.annotate(
            _number(value),
            (i, value),
            (0, 9 if value >= 0 else -9),
            textcoords="offset points",
            ha="center",
            va="center",
        )
    ax.set_xticks(range(4), names)

    line, bx = panel(
        **_PANEL,
        left=0.62,
        title=f"factor per step, η = {rate:g}",
        xlabel="curvature λ",
        xlim=(0, 4.4),
        ylim=(-1.55, 1.55),
    )
    bx.axhspan(-1, 1, color=GRID, alpha=0.45, linewidth=0)
    grid = np.array([0.0, 4.4])
    bx.plot(grid, 1 - rate * grid, color=INK, linestyle="-", label="factor")
    bx.axhline(0, color=MUTED, linestyle=":", linewidth=1.0)
    for value, factor in zip(CURVATURES, factors, strict=True):
        inside = abs(factor) < 1 - 1e-9
        color = BLUE if factor >= 0 else RED
        bx.plot(
            value,
            factor,
            "o" if inside else "X",
            color=color,
            markersize=8 if inside else 11,
            label="mode",
        )
    bx.text(0.12, -1.28, "outside the band: grows", color=MUTED, va="center")
    bx.set_yticks([-1, 0, 1], [f"{_MINUS}1", "0", "1"])
    return [bars, line]


def eigenmode_bars_alt(rate: float, step: int) -> str:
    """Say what `eigenmode_bars` shows at these values."""
    left_over = mode_amplitudes(CURVATURES, np.ones(4), rate, step)
    modes = "; ".join(
        f"λ = {lam:g}: {_number(value)} of 1 is left, the factor {_number(1 - rate * lam)} "
        f"per step, so it {_fate(1 - rate * lam)}"
        for lam, value in zip(CURVATURES, left_over, strict=True)
    )
    return (
        f"Four modes after {step} step{'s' * (step != 1)} with the rate {rate:g}. {modes}. Right: "
        "the factors lie on the falling line 1 − ηλ; "
        + (
            "all are inside the band from −1 to 1."
            if rate * CURVATURES[0] < 2 - 1e-9
            else "that of the steepest mode is not inside the band from −1 to 1."
        )
    )


def _hessian(X, y) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    X = as_matrix(X, "X", columns=2, taker="a drawing of the plane")
    y = as_vector(y, "y", length=len(X), why="one target per row of X")
    eigenvalues, Q = np.linalg.eigh(X.T @ X / len(X))
    return X, y, eigenvalues, Q


@context()
def valley_path(X, y, rate: float, steps: int = 12) -> Figure:
    """Draw gradient descent from 0 on a linear model's loss, with the two modes as axes.

    Parameters
    ----------
    X : array_like, shape (N, 2)
    y : array_like, shape (N,)
    rate : float
        The learning rate.
    steps : int

    Returns
    -------
    Figure
        Level lines, the axes of the valley through its floor, and the path as
        far as it stays inside the picture.
    """
    X, y, _, Q = _hessian(X, y)
    best = normal_equations(X, y)
    path = gd(lambda w: linreg_loss_grad(X, y, w)[1], np.zeros(2), rate, steps)
    # One scale on both axes, or steps would not look perpendicular to the level lines.
    reach = 1.35 * np.abs(best).max()
    low, high = best - reach, best + reach
    figure, ax = panel(
        4.25, 4.35, left=0.7, bottom=0.55, top=0.4,
        title=f"η = {rate:g}, {steps} steps",
        xlabel="weight of the floor area", ylabel="weight of the rooms",
        xlim=(low[0], high[0]), ylim=(low[1], high[1]),
    )  # fmt: skip
    u, v = np.meshgrid(np.linspace(low[0], high[0], 61), np.linspace(low[1], high[1], 61))
    d = np.stack([u - best[0], v - best[1]])
    excess = 0.5 * np.einsum("iuv,ij,juv->uv", d, X.T @ X / len(X), d)
    levels = excess.max() * 2.0 ** -np.arange(9.0, 0.0, -1.0)
    ax.contour(u, v, excess, levels=levels, colors=[MUTED], linewidths=0.8)
    for i, (color, name) in enumerate(((GREEN, "flat mode"), (BLUE, "steep mode"))):
        ends = best + 1.5 * reach * np.outer([-1, 1], Q[:, i])
        ax.plot(*ends.T, color=color, linestyle=LINES[1], linewidth=1.6, label=name)
        down = -np.sign(Q[1, i]) * Q[:, i]
        spot = best + 1.2 * reach * down
        ax.annotate(
            name,
            spot,
            (-9 * np.sign(down[0]), 0),
            textcoords="offset points",
            color=color,
            ha="right" if down[0] > 0 else "left",
            va="center",
        )
    inside = np.all((path >= low) & (path <= high), axis=1)
    shown = path[: len(path) if inside.all() else int(np.argmin(inside)) + 1]
    ax.plot(*shown.T, color=RED, linestyle="-", linewidth=1.5, label="path")
    ax.plot(*shown.T, "o", color=RED, markersize=4)
    ax.plot(*path[0], "o", color=RED, markersize=9, markerfacecolor=PAPER, label="start")
    ax.plot(*best, "X", color=ORANGE, markersize=10, markeredgecolor=INK, label="minimum")
    return figure


def valley_path_alt(X, y, rate: float, steps: int = 12) -> str:
    """Say what `valley_path` shows at this rate."""
    X, y, eigenvalues, Q = _hessian(X, y)
    flat, steep = 1 - rate * eigenvalues
    c = Q.T @ -normal_equations(X, y)
    share = np.linalg.norm(mode_amplitudes(eigenvalues, c, rate, steps)) / np.linalg.norm(c)
    return (
        f"Level lines of a long valley with its flat and its steep axis. {steps} steps with the "
        f"rate {rate:g}: along the steep axis the distance is multiplied by {_number(steep)} a "
        f"step, so it {_fate(steep)}; along the flat axis by {_number(flat)}, so it "
        f"{_fate(flat)}. {share:.2g} of the distance to the minimum is left."
    )


@context()
def two_walls(kappa: float) -> Figure:
    """Draw the slowest mode's factor against the learning rate, for λ_n = 1 and λ₁ = 1/κ.

    Parameters
    ----------
    kappa : float
        The condition number κ, at least 1.

    Returns
    -------
    Figure
        |1 − ηλ₁| and |1 − ηλ_n|, the larger of them, and its lowest point.
    """
    kappa = as_number(kappa, "kappa", least=1)
    eta = np.linspace(0, 2.4, 241)
    figure, ax = panel(
        height=3.5,
        xlabel="learning rate, in units of 1/λₙ",
        ylabel="factor per step",
        title=f"κ = {kappa:g}",
        xlim=(0, 2.4),
        ylim=(0, 1.42),
    )
    flat, steep = np.abs(1 - eta / kappa), np.abs(1 - eta)
    ax.axhline(1, color=MUTED, linestyle=":", linewidth=1.2)
    ax.plot(eta, np.maximum(flat, steep), color=GRID, linestyle="-", linewidth=7, label="slowest")
    ax.plot(eta, flat, color=GREEN, linestyle=LINES[0], label="flattest mode")
    ax.plot(eta, steep, color=BLUE, linestyle=LINES[1], label="steepest mode")
    lr, rate = optimal_step(1 / kappa, 1.0)
    ax.plot(lr, rate, "o", color=RED, markersize=9, label="best")
    ax.text(0.06, 1.2, f"best rate {lr:.3f}, factor {rate:.3f}", color=RED, va="center")
    legs = [line for line in ax.lines if str(line.get_label()).endswith("mode")]
    ax.legend(handles=legs, loc="lower right", bbox_to_anchor=(1.02, 1.0), ncols=2, borderpad=0.2)
    return figure


def two_walls_alt(kappa: float) -> str:
    """Say what `two_walls` shows at this condition number."""
    lr, rate = optimal_step(1 / kappa, 1.0)
    return (
        f"The factor per step against the learning rate, for the condition number {kappa:g}. The "
        "steepest mode's factor falls from 1 to 0 at the rate 1/λₙ and rises again to 1 at 2/λₙ. "
        f"The flattest mode's falls with the slope of 1/{kappa:g} of that. The larger of the two "
        f"is lowest where they cross, at the rate {lr:.3f} with the factor {rate:.3f}."
    )


@context()
def bound_and_measured(H, b, x0, rates, steps: int) -> Figure:
    """Draw the distance to the minimum of ½xᵀHx − bᵀx against the step, and its bound.

    Parameters
    ----------
    H : array_like, shape (n, n)
        Symmetric, with positive eigenvalues.
    b, x0 : array_like, shape (n,)
    rates : mapping of str to float
        What each learning rate is called, and its value; at most three.
    steps : int

    Returns
    -------
    Figure
        Measured distances as lines, the bounds ρᵏ‖x₀ − x*‖ as thinner dashed lines
        with markers; logarithmic axis.
    """
    H, x0 = as_matrix(H, "H"), as_vector(x0, "x0")
    minimum, eigenvalues = np.linalg.solve(H, b), np.linalg.eigvalsh(H)
    figure, ax = panel(
        height=3.9, left=0.75, right=0.3, bottom=0.55, top=0.75,
        xlabel="step", ylabel="distance to the minimum",
        xlim=(0, steps), yscale="log",
    )  # fmt: skip
    k = np.arange(steps + 1)
    for (name, rate), color, marker in zip(
        rates.items(), (BLUE, RED, GREEN), MARKERS, strict=False
    ):
        distance = np.linalg.norm(gd(lambda x: H @ x - b, x0, rate, steps) - minimum, axis=1)
        bound = distance[0] * contraction(eigenvalues, rate) ** k
        ax.plot(k, distance, color=color, linestyle="-", label=name)
        ax.plot(
            k, bound, color=color, linestyle=LINES[1], linewidth=1.1, marker=marker,
            markevery=steps // 6, markersize=5, markerfacecolor=PAPER, label=f"bound of {name}",
        )  # fmt: skip
    # Column by column: the measured lines, then their bounds.
    ax.legend(
        handles=[*ax.lines[0::2], *ax.lines[1::2]],
        loc="lower left",
        bbox_to_anchor=(-0.02, 1.0),
        ncols=2,
        borderpad=0,
        columnspacing=1.2,
    )
    return figure


@context()
def limits(names, raw, standardized) -> Figure:
    """Draw 2/λ_max of data sets, as they come and standardized, on a logarithmic axis.

    Parameters
    ----------
    names : sequence of str
    raw, standardized : array_like, shape (len(names),)
        The limits of the learning rate.

    Returns
    -------
    Figure
        One row per data set; the rates from 10⁻¹ to 10³ are shaded.
    """
    raw = as_vector(raw, "raw", length=len(names), why="one per name")
    standardized = as_vector(standardized, "standardized", length=len(names), why="one per name")
    rows = np.arange(len(names))[::-1]
    figure, ax = panel(
        height=3.4, left=1.25, bottom=0.6, top=0.7,
        xlabel="learning rate", xscale="log", xlim=(3e-7, 3e3), ylim=(-0.6, len(names) - 0.4),
    )  # fmt: skip
    ax.axvspan(1e-1, 1e3, color=GRID, alpha=0.6, linewidth=0)
    ax.text(10, len(names) - 0.75, "10⁻¹ … 10³", color=MUTED, ha="center", va="center")
    for row, a, z in zip(rows, raw, standardized, strict=True):
        ax.plot([3e-7, a], [row + 0.13] * 2, color=RED, linestyle="-", linewidth=3, alpha=0.7)
        ax.plot([3e-7, z], [row - 0.13] * 2, color=BLUE, linestyle="-", linewidth=3, alpha=0.7)
    ax.plot(raw, rows + 0.13, "s", color=RED, label="2/λₘₐₓ of the data as they come")
    ax.plot(standardized, rows - 0.13, "o", color=BLUE, label="2/λₘₐₓ standardized")
    ax.set_yticks(rows, names)
    ax.legend(loc="lower left", bbox_to_anchor=(-0.2, 1.0), ncols=1, borderpad=0, handletextpad=0.2)
    return figure


@context()
def filters(k: int) -> Figure:
    """Draw the share of each mode that k steps have found, and the share that ridge keeps.

    Parameters
    ----------
    k : int
        How many steps; ridge gets the penalty α = 1/(ηk).

    Returns
    -------
    Figure
        1 − (1 − ηλ)ᵏ and λ/(λ + α) against ηλ from 10⁻⁵ to 1.
    """
    reach = np.logspace(-5, 0, 121)
    figure, ax = panel(
        xlabel="curvature times learning rate, ηλ",
        ylabel="share of the mode",
        title=f"after {k} step{'s' * (k != 1)}",
        xlim=(1e-5, 1), ylim=(0, 1.08), xscale="log",
    )  # fmt: skip
    ax.axvline(1 / k, color=MUTED, linestyle=":", linewidth=1.2)
    ax.plot(reach, early_stopping_filter(reach, 1.0, k), color=BLUE, linestyle="-", label="k steps")
    ax.plot(reach, reach / (reach + 1 / k), color=RED, linestyle=LINES[1], label="ridge")
    ax.legend(loc="upper left")
    return figure


def filters_alt(k: int) -> str:
    """Say what `filters` shows after k steps."""
    found, kept = early_stopping_filter([1 / k], 1.0, k)[0], 0.5
    return (
        f"The share of each mode that gradient descent has found after {k} "
        f"step{'s' * (k != 1)} rises from 0 for flat modes to 1 for steep ones, like the share "
        f"that ridge keeps, but more steeply. At ηλ = {1 / k:.2g} they are {found:.2f} and "
        f"{kept:.2f}."
    )
