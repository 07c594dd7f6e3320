"""The figures of chapter 3 show what the algorithms compute, and their axes stay put."""

import itertools

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from bpcourse.basics.datasets import houses
from bpcourse.descent.learning import linreg_loss_grad, normal_equations, standardize
from bpcourse.descent.quadratics import contraction, early_stopping_filter, gd, optimal_step
from bpcourse.figures.descent import quadratics as draw

RATES = (0.05, 0.15, 0.25, 0.35, 0.47, 0.5, 0.52)
SALES = houses(400, np.random.default_rng(7))
X, Y = standardize(SALES.X[:, :2]), SALES.y - SALES.y.mean()
VALLEY_RATES = (0.1, 0.546, 0.9, 1.0, 1.09, 1.12)
KAPPAS = (1.5, 4, 100)
STEPS = (1, 30, 1000)


def lines(ax, label):
    """The curves of this label, as arrays of shape (points, 2)."""
    return [np.array(line.get_xydata()) for line in ax.lines if line.get_label() == label]


@pytest.mark.parametrize("rate", RATES)
def test_bars_are_what_gradient_descent_leaves(rate):
    path = gd(lambda x: draw.CURVATURES * x, np.ones(4), rate, 8)
    for step in range(9):
        (ax,), (bx,) = (figure.axes for figure in draw.eigenmode_bars(rate, step))
        bars = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
        assert [bar.get_height() for bar in bars] == pytest.approx(path[step], abs=1e-12)
        assert [bool(bar.get_hatch()) for bar in bars] == list(np.abs(path[step]) > 1 + 1e-9)
        assert np.abs(path[step]).max() < ax.get_ylim()[1]
        points = np.vstack(lines(bx, "mode"))
        assert points == pytest.approx(np.column_stack([draw.CURVATURES, path[1]]))
        (line,) = lines(bx, "factor")
        assert line[:, 1] == pytest.approx(1 - rate * line[:, 0])


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((0.15, 1), "λ = 4: 0.40 of 1 is left, the factor 0.40 per step, so it creeps"),
        ((0.15, 1), "all are inside the band"),
        ((0.25, 2), "λ = 4: 0.00 of 1 is left, the factor 0.00 per step, so it is gone after one"),
        ((0.47, 1), "λ = 4: −0.88 of 1 is left, the factor −0.88 per step, so it jumps across and"),
        ((0.5, 3), "λ = 4: −1.00 of 1 is left, the factor −1.00 per step, so it never shrinks"),
        ((0.5, 3), "that of the steepest mode is not inside the band"),
        ((0.52, 8), "λ = 4: 1.85 of 1 is left, the factor −1.08 per step, so it grows"),
    ],
)
def test_bars_alt_says_what_is_seen(values, said):
    assert said in draw.eigenmode_bars_alt(*values)


@pytest.mark.parametrize("rate", VALLEY_RATES)
def test_the_valley_has_its_modes_and_its_path(rate):
    (ax,) = draw.valley_path(X, Y, rate).axes
    path = gd(lambda w: linreg_loss_grad(X, Y, w)[1], np.zeros(2), rate, 12)
    (shown,) = lines(ax, "path")
    assert shown == pytest.approx(path[: len(shown)])
    best = normal_equations(X, Y)
    assert lines(ax, "minimum")[0] == pytest.approx(best[None])
    H = X.T @ X / len(X)
    for name, curvature in (("flat mode", 1 - H[0, 1]), ("steep mode", 1 + H[0, 1])):
        (ends,) = lines(ax, name)
        direction = ends[1] - ends[0]
        assert pytest.approx(curvature * direction) == H @ direction
        assert ends.mean(axis=0) == pytest.approx(best)
    low, high = np.array([ax.get_xlim(), ax.get_ylim()]).T
    width, height = ax.get_window_extent().size
    assert (high - low)[0] / width == pytest.approx((high - low)[1] / height)


def test_a_path_that_leaves_the_picture_is_cut():
    (ax,) = draw.valley_path(X, Y, 1.5).axes
    (shown,) = lines(ax, "path")
    low, high = np.array([ax.get_xlim(), ax.get_ylim()]).T
    assert len(shown) < 13
    assert np.all((shown[:-1] >= low) & (shown[:-1] <= high))


def test_valley_alt_says_what_is_left():
    path = gd(lambda w: linreg_loss_grad(X, Y, w)[1], np.zeros(2), 0.9, 12)
    best = normal_equations(X, Y)
    share = np.linalg.norm(path[-1] - best) / np.linalg.norm(best)
    alt = draw.valley_path_alt(X, Y, 0.9)
    assert f"{share:.2g} of the distance to the minimum is left" in alt
    assert "multiplied by −0.65 a step, so it jumps across and shrinks" in alt
    assert "so it grows" in draw.valley_path_alt(X, Y, 1.12)


@pytest.mark.parametrize("kappa", KAPPAS)
def test_the_walls_cross_at_the_best_rate(kappa):
    (ax,) = draw.two_walls(kappa).axes
    (slowest,) = lines(ax, "slowest")
    assert slowest[:, 1] == pytest.approx(
        [contraction([1 / kappa, 1], eta) for eta in slowest[:, 0]]
    )
    lr, rate = optimal_step(1 / kappa, 1)
    assert lines(ax, "best")[0] == pytest.approx(np.array([[lr, rate]]))
    assert slowest[:, 1].min() >= rate - 1e-12
    assert f"at the rate {lr:.3f} with the factor {rate:.3f}" in draw.two_walls_alt(kappa)


def test_a_condition_number_is_at_least_one():
    with pytest.raises(ValueError, match="kappa"):
        draw.two_walls(0.5)


def test_measured_distances_stay_below_their_bounds():
    H, b = X.T @ X / len(X), X.T @ Y / len(X)
    rates = {"slow": 0.1, "fast": 1.0}
    (ax,) = draw.bound_and_measured(H, b, np.zeros(2), rates, 60).axes
    for name, rate in rates.items():
        (measured,), (bound,) = lines(ax, name), lines(ax, f"bound of {name}")
        path = gd(lambda x: H @ x - b, np.zeros(2), rate, 60)
        distance = np.linalg.norm(path - normal_equations(X, Y), axis=1)
        assert measured[:, 1] == pytest.approx(distance)
        assert np.all(measured[:, 1] <= bound[:, 1] * (1 + 1e-9) + 1e-12)  # 1e-12: rounding
        assert bound[0, 1] == pytest.approx(distance[0])
        ratio = contraction(np.linalg.eigvalsh(H), rate)
        assert bound[1:, 1] / bound[:-1, 1] == pytest.approx(ratio)


def test_limits_stand_in_their_rows():
    names, raw, scaled = ["one", "two"], [1e-5, 1e-2], [0.2, 0.6]
    (ax,) = draw.limits(names, raw, scaled).axes
    (a,) = lines(ax, "2/λₘₐₓ of the data as they come")
    (z,) = lines(ax, "2/λₘₐₓ standardized")
    assert a[:, 0] == pytest.approx(raw)
    assert z[:, 0] == pytest.approx(scaled)
    places = dict(zip([t.get_text() for t in ax.get_yticklabels()], ax.get_yticks(), strict=True))
    assert np.abs(a[:, 1] - [places[name] for name in names]).max() < 0.3
    with pytest.raises(ValueError, match="raw"):
        draw.limits(names, [1.0], scaled)


@pytest.mark.parametrize("k", STEPS)
def test_the_two_filters(k):
    (ax,) = draw.filters(k).axes
    (descent,), (ridge,) = lines(ax, "k steps"), lines(ax, "ridge")
    reach = descent[:, 0]
    assert descent[:, 1] == pytest.approx(early_stopping_filter(reach, 1.0, k))
    assert ridge[:, 1] == pytest.approx(reach / (reach + 1 / k))
    found = early_stopping_filter([1 / k], 1.0, k)[0]
    assert f"they are {found:.2f} and 0.50" in draw.filters_alt(k)


def frames():
    for panel in (0, 1):
        yield [draw.eigenmode_bars(rate, step)[panel] for rate in RATES for step in (0, 1, 8)]
    yield [draw.valley_path(X, Y, rate) for rate in VALLEY_RATES]
    yield [draw.two_walls(kappa) for kappa in KAPPAS]
    yield [draw.filters(k) for k in STEPS]


def test_axes_stay_put_from_frame_to_frame():
    for figures in frames():
        seen = {
            (tuple(f.get_size_inches()), ax.get_xlim(), ax.get_ylim(), ax.get_position().bounds)
            for f in figures
            for ax in f.axes
        }
        assert len(seen) == 1


def labels(ax):
    """All words on the axes that are drawn: ticks outside the limits are not."""
    yield from (text for text in [*ax.texts, ax.title] if text.get_text())
    for axis, limits in ((ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim())):
        for place, text in zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True):
            if limits[0] <= place <= limits[1] and text.get_text():
                yield text


def test_words_stay_inside_and_apart():
    """No label leaves its figure by more than a point or covers another one, in any frame."""
    for figure in itertools.chain.from_iterable(frames()):
        figure.draw_without_rendering()
        boxes = [(text.get_window_extent(), text) for ax in figure.axes for text in labels(ax)]
        width, height = figure.get_size_inches() * figure.dpi
        for box, text in boxes:
            assert min(box.x0, box.y0, width - box.x1, height - box.y1) >= -1, text
        for (one, text), (other, another) in itertools.combinations(boxes, 2):
            assert not one.padded(-1).overlaps(other.padded(-1)), (text, another)
