"""The figures of chapter 2 show what the algorithms compute, and their axes stay put."""

import itertools

import numpy as np
import pytest

from bpcourse.descent.steepest import angle_bound, steepest
from bpcourse.figures.descent import steepest as draw

NORMS = {"round": 2, "square": np.inf, "valley": draw.VALLEY}
MINUS = "\N{MINUS SIGN}"


def lines(ax, label):
    """The curves of this label, as arrays of shape (points, 2)."""
    return [np.array(line.get_xydata()) for line in ax.lines if line.get_label() == label]


def arrows(ax):
    """Where each arrow starts and ends."""
    return [
        (np.array(text.xyann), np.array(text.xy))
        for text in ax.texts
        if getattr(text, "arrow_patch", None) is not None
    ]


def length(d, norm):
    return np.sqrt(d @ norm @ d) if np.ndim(norm) == 2 else np.linalg.norm(d, norm)


@pytest.mark.parametrize(("x1", "x2"), [(3, -1), (-2, 2), (0, 1)])
def test_each_ball_has_its_best_step_on_its_edge(x1, x2):
    (ax,) = draw.three_rulers(x1, x2).axes
    x = np.array([x1, x2], dtype=float)
    g = draw.VALLEY @ x
    for (start, end), (name, norm) in zip(arrows(ax), NORMS.items(), strict=True):
        assert start == pytest.approx(x)
        assert end - start == pytest.approx(steepest(g, norm))
        (ball,) = lines(ax, name)
        assert np.array([length(v - x, norm) for v in ball]) == pytest.approx(1)
        assert ((ball - x) @ g).min() >= (end - start) @ g - 1e-12
        assert ((ball - x) @ g).min() == pytest.approx((end - start) @ g, rel=2e-3)


def test_at_the_minimum_there_is_no_step():
    (ax,) = draw.three_rulers(0, 0).axes
    assert not arrows(ax)
    assert "the minimum itself" in draw.three_rulers_alt(0, 0)


def test_the_valley_ruler_points_at_the_minimum_and_the_alt_says_so():
    for x1, x2 in itertools.product((-3, 1, 2), (-2, 1)):
        assert "valley ruler 0 degrees" in draw.three_rulers_alt(x1, x2)
    assert "round ruler 32 degrees" in draw.three_rulers_alt(3, -1)


def test_curves_touch_their_bounds_and_stay_above():
    g = np.array([4.0, 1.0])
    (ax,) = draw.slopes_by_direction(g).axes
    for name, norm in NORMS.items():
        (curve,), (mark,) = lines(ax, name), lines(ax, f"{name} best")
        least = g @ steepest(g, norm)
        assert curve[:, 1].min() >= least - 1e-12
        assert curve[:, 1].min() == pytest.approx(least, rel=1e-3)
        assert mark[0, 1] == pytest.approx(least)
        assert abs(curve[curve[:, 1].argmin(), 0] - mark[0, 0]) <= 1
        written = f"{least:.2f}".replace("-", MINUS)
        assert written in [text.get_text() for text in ax.texts]


def test_the_quadratic_stays_below_its_bound_and_the_cone_does_not_fall():
    (ax,) = draw.model_error().axes
    (bound,), (quadratic,) = lines(ax, "bound"), lines(ax, "a quadratic")
    assert np.all(quadratic[:, 1] < bound[:, 1])
    assert quadratic[-1, 1] / quadratic[0, 1] == pytest.approx(1e4, rel=1e-6)
    (cone,), (kink,) = lines(ax, "√|d₁d₂|"), lines(ax, "|d₁|¹·⁵ + |d₂|¹·⁵ − d₂")
    assert np.ptp(cone[:, 1]) == pytest.approx(0, abs=1e-12)
    assert kink[-1, 1] / kink[0, 1] == pytest.approx(1e2, rel=1e-6)


@pytest.mark.parametrize("kappa", draw.KAPPAS)
def test_no_point_is_above_the_bound_and_45_degrees_reaches_it(kappa):
    largest = np.degrees(np.arccos(angle_bound(kappa)))
    for place in draw.PLACES:
        left, right = draw.angle_and_kappa(kappa, place)
        (point,) = lines(right.axes[0], "point")
        assert 10 ** point[0, 0] == pytest.approx(kappa)
        assert point[0, 1] <= largest + 1e-6
        (to_minimum, down) = arrows(left.axes[0])
        a, b = to_minimum[1] - to_minimum[0], down[1] - down[0]
        shown = np.degrees(np.arccos(min(1, a @ b / np.linalg.norm(a) / np.linalg.norm(b))))
        assert shown == pytest.approx(point[0, 1], abs=1e-5)
        assert to_minimum[1] == pytest.approx(to_minimum[0] * (1 - 0.45 / length(to_minimum[0], 2)))
        if place == 45:
            assert point[0, 1] == pytest.approx(largest, abs=1e-5)
            assert "on the curve of the bound" in draw.angle_and_kappa_alt(kappa, place)
    for column in lines(right.axes[0], "random"):
        assert column[:, 1].max() <= np.degrees(np.arccos(angle_bound(10 ** column[0, 0]))) + 1e-6


def frames():
    yield [draw.three_rulers(*at) for at in itertools.product((-3, 0, 3), (-2, 0, 2))]
    for panel in (0, 1):
        yield [
            draw.angle_and_kappa(*at)[panel] for at in itertools.product((1, 10, 300), (0, 45, 90))
        ]
    yield [draw.slopes_by_direction([4.0, 1.0])]
    yield [draw.model_error()]


def test_axes_stay_put_from_frame_to_frame():
    for figures in frames():
        seen = {
            (tuple(f.get_size_inches()), ax.get_xlim(), ax.get_ylim(), ax.get_position().bounds)
            for f in figures
            for ax in f.axes
        }
        assert len(seen) == 1


def test_words_stay_inside_and_apart_and_arrows_are_seen():
    for figure in itertools.chain.from_iterable(frames()):
        figure.draw_without_rendering()
        (ax,) = figure.axes
        boxes = [
            (text.get_window_extent(), text)
            for text in [*ax.texts, ax.title, ax._left_title]  # pyright: ignore
            if text.get_text()
        ]
        width, height = figure.get_size_inches() * figure.dpi
        for box, text in boxes:
            assert min(box.x0, box.y0, width - box.x1, height - box.y1) >= -1, text
        for (one, text), (other, another) in itertools.combinations(boxes, 2):
            assert not one.padded(-1).overlaps(other.padded(-1)), (text, another)
        for _, end in arrows(ax):
            (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
            assert left <= end[0] <= right and low <= end[1] <= high
