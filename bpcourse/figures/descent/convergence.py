"""The figures of chapter 4, Convergence for real functions.

In most of them a theorem's bound (dashed) and what gradient descent really does (solid) share one
pair of logarithmic axes, so that a proof can be compared with a run.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bpcourse.basics.validate import as_labels, as_matrix
from bpcourse.descent.convergence import (
    backtracking,
    backtracking_floor,
    convex_bound,
    descent_lemma,
    gradient_norm_bound,
    logreg_loss_grad,
    logreg_smoothness,
    pl_bound,
    subgradient,
)
from bpcourse.descent.quadratics import gd
from bpcourse.figures.style import BLUE, GREEN, INK, MARKERS, MUTED, ORANGE, RED, context, panel

WAVE_L = 8.0
"""The largest |f″| of `wave`."""
WAVE_MU = 0.1755
"""A little less than the smallest f′²/(2f) of `wave`."""
WAVES_L = 26.0
"""The largest |f″| of `deep_wave`."""
_LINES = {"bowl": ("-", BLUE), "quartic": ((0, (5, 2)), GREEN), "kink": ((0, (1, 1.5)), RED)}


def wave(x):
    """x² + 3 sin² x: one minimum, at 0, and stretches that are curved downward."""
    return x**2 + 3 * np.sin(x) ** 2


def d_wave(x):
    """The slope of `wave`."""
    return 2 * x + 3 * np.sin(2 * x)


def deep_wave(x):
    """x² + 12 sin² x: the global minimum at 0 and several others."""
    return x**2 + 12 * np.sin(x) ** 2


def d_deep_wave(x):
    """The slope of `deep_wave`."""
    return 2 * x + 12 * np.sin(2 * x)


def _power(n: int) -> str:
    digits = str(abs(n)).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return "1" if n == 0 else "10" if n == 1 else f"10{'⁻' * (n < 0)}{digits}"


def _powers(low: int, high: int, every: int = 1) -> dict:
    ticks = range(low, high + 1, every)
    return {"ticks": [10.0**n for n in ticks], "labels": [_power(n) for n in ticks]}


def _chart(
    low: int, high: int, *, last: int, ylabel: str, every: int = 2, loglog: bool = True
) -> tuple[Figure, Axes]:
    """Make axes for a quantity from 10^low to 10^high over the steps 1…10^last (or 0…last)."""
    figure, ax = panel(height=3.4, left=0.68, top=0.38, bottom=0.5)
    if loglog:
        ax.set_xscale("log")
        ax.set_xlim(0.9, 1.1 * 10**last)
        ax.set_xticks(**_powers(0, last))
    else:
        ax.set_xlim(-last / 50, last * 1.02)
    ax.set_yscale("log")
    ax.set_ylim(10.0**low, 10.0**high)
    ax.set_yticks(**_powers(low, high, every))
    ax.minorticks_off()
    ax.set_xlabel("steps")
    ax.set_title(ylabel, fontweight="normal", fontsize=11, color=INK)
    return figure, ax


def _some(last: int) -> np.ndarray:
    """Step numbers from 1 to 10^last, evenly spread on a logarithmic axis."""
    return np.unique(np.geomspace(1, 10**last, 45).round().astype(int))


def _compare(ax: Axes, k, measured, bound, *, names: tuple[str, str] = ("measured", "bound")):
    ax.plot(k, bound, color=RED, linestyle=(0, (5, 2)), label=names[1])
    ax.plot(k, np.maximum(measured, 1e-40), color=BLUE, linestyle="-", label=names[0])
    ax.legend(loc="upper right", bbox_to_anchor=(1, 1.05))


def _of(value: float) -> str:
    return f"{value:.1e}".replace("e-0", "e-").replace("e+0", "e+").replace("-", "\N{MINUS SIGN}")


def fates(rate: float) -> dict[str, np.ndarray]:
    """Return f(x_k) − f* of three functions with the start 0.95, for 1000 steps."""
    slopes = {"bowl": lambda x: x, "quartic": lambda x: x**3 / 3, "kink": np.sign}
    heights = {"bowl": lambda x: x**2 / 2, "quartic": lambda x: x**4 / 12, "kink": np.abs}
    return {
        name: heights[name](gd(slope, [0.95], rate, 1000)[:, 0]) for name, slope in slopes.items()
    }


@context()
def three_fates(rate: float) -> Figure:
    """Draw how far three functions are above their minimum, after 1 to 1000 steps."""
    figure, ax = _chart(-12, 0, last=3, ylabel="f(x) − f*, height above the floor")
    k = _some(3)
    formulas = {"bowl": "bowl ½x²", "quartic": "flat floor x⁴/12", "kink": "kink |x|"}
    for name, height in fates(rate).items():
        style, color = _LINES[name]
        ax.plot(k, np.maximum(height[k], 1e-40), color=color, linestyle=style, label=formulas[name])
    ax.legend(loc="lower left")
    return figure


def three_fates_alt(rate: float) -> str:
    """Say what `three_fates` shows."""
    end = {name: height[1000] for name, height in fates(rate).items()}
    return (
        f"Three curves on logarithmic axes at the learning rate {rate:g}. The bowl bends down ever "
        f"more steeply and is at {_of(end['bowl'])} after 1000 steps. The flat floor becomes a "
        f"straight falling line and ends at {_of(end['quartic'])}. The kink falls at first, then "
        f"stays up in the air, within one step of the floor, and ends at {_of(end['kink'])}."
    )


@context()
def parabola_above(x: float) -> Figure:
    """Draw `wave`, and at x its tangent and the parabola of curvature L above it."""
    figure, ax = panel(
        height=3.5, left=0.3, bottom=0.55, xlim=(-4.6, 4.6), ylim=(-1.5, 22), xlabel="x"
    )
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    grid = np.linspace(-4.6, 4.6, 121)
    ax.plot(grid, wave(grid), color=INK, linestyle="-", label="f")
    width = np.linspace(-2.2, 2.2, 45)
    above = [descent_lemma(wave(x), [d_wave(x)], [d], WAVE_L) for d in width]
    ax.plot(x + width, above, color=RED, linestyle=(0, (5, 2)), label="bound, curvature L")
    step = -d_wave(x) / WAVE_L
    floor = descent_lemma(wave(x), [d_wave(x)], [step], WAVE_L)
    ax.plot([x + step] * 2, [wave(x + step), floor], color=MUTED, linestyle=":", linewidth=1.4)
    ax.plot(x, wave(x), "o", color=BLUE, markersize=8, label="x")
    ax.plot(x + step, floor, "v", color=RED, label="lowest of the bound")
    ax.plot(x + step, wave(x + step), "s", color=GREEN, label="after the step 1/L")
    ax.legend(loc="upper center", ncols=2, bbox_to_anchor=(0.5, 1.16), columnspacing=1.2)
    return figure


def parabola_above_alt(x: float) -> str:
    """Say what `parabola_above` shows."""
    step = -d_wave(x) / WAVE_L
    floor = descent_lemma(wave(x), [d_wave(x)], [step], WAVE_L)
    return (
        f"A wavy valley with its floor at 0. At x = {x:g} it has the height {wave(x):.2f}, and a "
        f"steeper parabola touches it there and lies above it everywhere else. The parabola's "
        f"lowest point, at {x + step:.2f}, has the height {floor:.2f}; the valley itself is at "
        f"{wave(x + step):.2f} there, not higher."
    ).replace("-", "\N{MINUS SIGN}")


def _deep_run(start: float, rate: float, last: int = 3) -> np.ndarray:
    return gd(d_deep_wave, [start], rate / WAVES_L, 10**last)[:, 0]


@context()
def slopes_and_bound(start: float, rate: float) -> Figure:
    """Draw the least squared slope so far on `deep_wave`, below the bound of the theorem."""
    figure, ax = _chart(-12, 5, last=3, ylabel="smallest f′(x)² so far", every=4)
    x, k = _deep_run(start, rate), _some(3)
    least = np.minimum.accumulate(d_deep_wave(x) ** 2)[k - 1]
    _compare(ax, k, least, gradient_norm_bound(deep_wave(start), rate / WAVES_L, k))
    return figure


def slopes_and_bound_alt(start: float, rate: float) -> str:
    """Say what `slopes_and_bound` shows."""
    x = _deep_run(start, rate)
    return (
        f"From x = {start:g} with the rate {rate:g}/L: the bound falls as a straight line, and the "
        "measured least squared slope stays below it and drops away from it. The run comes to rest "
        f"at x = {x[-1]:.2f}, where f is {deep_wave(x[-1]):.2f}; the least value of f is 0."
    )


def _convex(valley: str, rate: float, last: int) -> tuple[np.ndarray, float, float]:
    """Return the heights after each step, the distance of the start and the learning rate."""
    if valley == "flat floor":
        heights = gd(lambda x: x**3 / 3, [1.0], rate, 10**last)[:, 0] ** 4 / 12
        return heights, 1.0, rate
    if valley == "long bowl":
        curvatures = np.array([1.0, 0.02])
        path = gd(lambda x: curvatures * x, [0.8, 0.6], rate, 10**last)
        return path**2 @ curvatures / 2, 1.0, rate
    if valley != "worst case":
        raise ValueError(
            f"valley must be 'long bowl', 'flat floor' or 'worst case', got {valley!r}; "
            "pass one of them"
        )
    tip = 1 / 201  # at the rate 1/L the straight part is left just after step 100
    x = gd(lambda x: np.clip(x / tip, -1, 1), [1.0], rate * tip, 10**last)[:, 0]
    return np.where(abs(x) < tip, x**2 / (2 * tip), abs(x) - tip / 2), 1.0, rate * tip


@context()
def convex_and_bound(valley: str, rate: float) -> Figure:
    """Draw the height above the floor of a convex function, and the bound ‖x₀ − x*‖²/(2ηk)."""
    figure, ax = _chart(-8, 4, last=3, ylabel="f(x) − f*, height above the floor")
    heights, distance, lr = _convex(valley, rate, 3)
    k = _some(3)
    _compare(ax, k, heights[k], convex_bound(distance, lr, k))
    return figure


def convex_and_bound_alt(valley: str, rate: float) -> str:
    """Say what `convex_and_bound` shows."""
    heights, distance, lr = _convex(valley, rate, 3)
    k = np.arange(1, 1001)
    share = heights[1:] / convex_bound(distance, lr, k)
    return (
        f"{valley.capitalize()}, rate {rate:g}/L, on logarithmic axes. The bound is a straight "
        f"line that falls tenfold per tenfold of steps. The measured height stays below it: at "
        f"most {share.max():.3f} of it, reached at step {1 + share.argmax()}."
    )


@context()
def pl_and_bound(start: float, rate: float) -> Figure:
    """Draw the height of `wave` above its floor against the steps, and the geometric bound."""
    figure, ax = _chart(
        -12, 4, last=100, ylabel="f(x) − f*, height above the floor", every=4, loglog=False
    )
    x, k = gd(d_wave, [start], rate / WAVE_L, 100)[:, 0], np.arange(101)
    _compare(ax, k, wave(x), pl_bound(wave(start), rate / WAVE_L, WAVE_MU, k))
    return figure


def pl_and_bound_alt(start: float, rate: float) -> str:
    """Say what `pl_and_bound` shows."""
    heights = wave(gd(d_wave, [start], rate / WAVE_L, 100)[:, 0])
    bound = pl_bound(wave(start), rate / WAVE_L, WAVE_MU, 100)
    below = int((heights < 1e-12).argmax()) if (heights < 1e-12).any() else None
    end = f"falls below 1e−12 at step {below}" if below else f"is at {_of(heights[100])} at the end"
    return (
        f"From x = {start:g} with the rate {rate:g}/L. With a logarithmic height axis the bound is "
        f"a straight line down to {_of(float(bound))} after 100 steps. The measured height lies "
        f"below it and {end}."
    )


SCHEDULES = {
    "constant 0.1": lambda k: np.full(k.shape, 0.1),
    "1/√(k+1)": lambda k: 1 / np.sqrt(k + 1),
    "1/(k+1)": lambda k: 1 / (k + 1),
}
"""Learning rates for the kink |x|, from the step number k = 0, 1, …"""


def _kink(schedule: str, last: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return |x_k| before each step, the least so far, and the bound."""
    rates = SCHEDULES[schedule](np.arange(10**last))
    run = subgradient(lambda v: abs(v[0]), np.sign, [np.pi], rates)
    heights = abs(run.path[:-1, 0])
    total, squares = np.cumsum(rates), np.cumsum(rates**2)
    bound = (np.pi**2 + squares) / (2 * total)
    return heights, np.minimum.accumulate(heights), bound


@context()
def kink_and_bound(schedule: str) -> Figure:
    """Draw |x_k| for a schedule of learning rates, the best so far, and the bound."""
    figure, ax = _chart(-4, 2, last=3, ylabel="f(x) − f*, height above the floor")
    heights, best, bound = _kink(schedule, 3)
    k = _some(3)
    ax.plot(k, heights[k - 1], "o", color=MUTED, markersize=3.2, label="at this step")
    _compare(ax, k, best[k - 1], bound[k - 1], names=("best so far", "bound"))
    return figure


def kink_and_bound_alt(schedule: str) -> str:
    """Say what `kink_and_bound` shows."""
    heights, best, bound = _kink(schedule, 3)
    return (
        f"The kink |x| from x = 3.14 with the rate {schedule}. After 1000 steps the bound is at "
        f"{bound[-1]:.3f} and the best height so far at {_of(best[-1])}; the dots of the single "
        f"steps go up and down and end at {_of(heights[-1])}."
    )


def _accepted(first: float, steps: int = 30) -> np.ndarray:
    x, taken = np.array([4.5]), []
    for _ in range(steps):
        if abs(d_wave(x))[0] < 1e-7:
            break
        t = backtracking(lambda v: wave(v[0]), x, d_wave(x), lr=first, c=0.1)
        taken.append(t)
        x = x - t * d_wave(x)
    return np.array(taken)


@context()
def accepted_and_floor(first: float) -> Figure:
    """Draw the steps that backtracking accepts on `wave`, above the floor of the theorem."""
    figure, ax = panel(height=3.1, left=0.62, xlim=(0.3, 20.5), xlabel="step", top=0.38)
    ax.set_title("accepted t", fontweight="normal", fontsize=11, color=INK)
    ax.set_yscale("log")
    ax.set_ylim(0.01, 30)
    ax.set_yticks([0.01, 0.1, 1, 10], ["0.01", "0.1", "1", "10"])
    ax.set_xticks([1, 5, 10, 15, 20])
    ax.minorticks_off()
    taken = _accepted(first, 20)
    floor = backtracking_floor(WAVE_L, lr=first, c=0.1)
    ax.axhline(first, color=MUTED, linestyle=":", label="first try t₀")
    ax.plot(1 + np.arange(len(taken)), taken, "o", color=BLUE, label="accepted")
    ax.axhline(floor, color=RED, linestyle=(0, (5, 2)), label="floor")
    ax.legend(loc="upper right", ncols=3, columnspacing=1.2)
    return figure


def accepted_and_floor_alt(first: float) -> str:
    """Say what `accepted_and_floor` shows."""
    taken, floor = _accepted(first, 20), backtracking_floor(WAVE_L, lr=first, c=0.1)
    return (
        f"First try {first:g}. The accepted steps, {len(taken)} of them before the slope is "
        f"nothing, lie between {taken.min():.3g} and {taken.max():.3g}; none is below the dashed "
        f"floor at {floor:.3g}."
    )


@context()
def logistic_and_bound(X, y, best, rate: float) -> Figure:
    """Draw the logistic loss above its minimum, and the bound of the convex theorem.

    Parameters
    ----------
    X : array_like, shape (N, p)
    y : array_like, shape (N,)
    best : array_like, shape (p,)
        The minimizer.
    rate : float
        The learning rate in units of 1/L.
    """
    figure, ax = _chart(-8, 2, last=3, ylabel="C(w) − C*, loss above its minimum")
    k, losses, bound = _logistic_run(X, y, best, rate)
    _compare(ax, k, losses, bound)
    return figure


def logistic_and_bound_alt(X, y, best, rate: float) -> str:
    """Say what `logistic_and_bound` shows."""
    _, losses, bound = _logistic_run(X, y, best, rate)
    return (
        f"Rate {rate:g}/L, logarithmic axes. The bound is a straight line and ends at "
        f"{_of(bound[-1])} after 1000 steps. The measured loss above the minimum starts below it, "
        f"runs along with it at first, bends down and ends at {_of(losses[-1])}."
    )


_RUNS: dict[tuple, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}


def _logistic_run(X, y, best, rate):
    X, best = as_matrix(X), np.asarray(best, dtype=float)
    key = (X.tobytes(), np.asarray(y).tobytes(), best.tobytes(), rate)
    if key not in _RUNS:
        lr = rate / logreg_smoothness(X)
        k = _some(3)
        path = gd(lambda w: logreg_loss_grad(X, y, w)[1], np.zeros(len(best)), lr, 1000)
        least = logreg_loss_grad(X, y, best)[0]
        losses = np.array([logreg_loss_grad(X, y, path[i])[0] for i in k]) - least
        bound = np.asarray(convex_bound(float(np.linalg.norm(best)), lr, k))
        _RUNS[key] = k, losses, bound
    return _RUNS[key]


@context()
def growing_weights(X, y, path, steps: int) -> list[Figure]:
    """Draw separable points with the model's line after some steps, and ‖w‖ against log t.

    Parameters
    ----------
    X : array_like, shape (N, 3)
        A column of ones, and two features.
    y : array_like, shape (N,)
    path : array_like, shape (K + 1, 3)
        The weights after each step.
    steps : int
        How many were taken.
    """
    X, y, path = as_matrix(X), as_labels(y, "y", 2), as_matrix(path, "path")
    left, ax = panel(3.4, 3.3, left=0.5, xlim=(-1.8, 2.1), ylim=(-1.8, 2.1))
    ax.set(xlabel="petal length (standardized)", xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    ax.set_title("petal width (standardized)", fontweight="normal", fontsize=11)
    for label, color, marker in ((0, RED, MARKERS[1]), (1, BLUE, MARKERS[0])):
        ax.plot(*X[y == label, 1:].T, marker, color=color, markersize=4, label=f"class {label}")
    b, u, v = path[steps]
    ends = np.array([-1.8, 2.1])
    for level, style in ((0, "-"), (1, (0, (1, 1.5))), (-1, (0, (1, 1.5)))):
        ax.plot(ends, (level - b - u * ends) / v, color=INK if level == 0 else MUTED, ls=style)
    right, ax = panel(3.4, 3.3, left=0.5, xlim=(0.8, 1.3 * (len(path) - 1)), ylim=(0, 10))
    ax.set_xscale("log")
    ax.set_xticks(**_powers(0, int(np.log10(len(path)))))
    ax.minorticks_off()
    ax.set_xlabel("steps")
    ax.set_title("length of w", fontweight="normal", fontsize=11)
    k = np.unique(np.geomspace(1, len(path) - 1, 40).round().astype(int))
    ax.plot(k, np.linalg.norm(path[k], axis=1), color=BLUE, linestyle="-")
    ax.plot(steps, np.linalg.norm(path[steps]), "o", color=ORANGE, markersize=9)
    return [left, right]


def growing_weights_alt(X, y, path, steps: int) -> str:
    """Say what `growing_weights` shows."""
    w = np.asarray(path)[steps]
    margin = np.min((2 * np.asarray(y) - 1) * (np.asarray(X) @ w)) / np.linalg.norm(w)
    return (
        f"After {steps} step{'s' * (steps != 1)} the line separates the two clouds and the length "
        f"of w is {np.linalg.norm(w):.2f}. The dotted lines, where the score is plus and minus 1, "
        f"come closer to the line as w grows; the smallest score divided by the length of w is "
        f"{margin:.3f}. On a logarithmic time axis the length is nearly a straight line."
    )
