"""The figures of chapter 1 show what the algorithms compute, and their axes stay put."""

import itertools

import numpy as np
import pytest

from bpcourse.basics.datasets import circles, xor_cloud
from bpcourse.descent.learning import (
    add_ones,
    cross_features,
    gd1d,
    linreg_loss_grad,
    normal_equations,
)
from bpcourse.figures.descent import learning as draw

RATES = (0.1, 0.3, 0.7, 1.0, 1.5, 1.9, 2.1)
AREA = np.array([50.0, 80.0, 110.0])
PRICE = np.array([160.0, 230.0, 330.0])
MINUS = "\N{MINUS SIGN}"


def lines(ax, label):
    """The curves of this label, as arrays of shape (points, 2)."""
    return [np.array(line.get_xydata()) for line in ax.lines if line.get_label() == label]


def words(ax):
    return [text.get_text() for text in ax.texts]


def arrow(ax):
    """Where the arrow starts and ends, or None."""
    for text in ax.texts:
        if getattr(text, "arrow_patch", None) is not None:
            return text.xyann[0], text.xy[0]
    return None


@pytest.mark.parametrize("start", ["left", "right"])
@pytest.mark.parametrize("rate", RATES)
def test_slope_and_step_shows_the_walk_of_gd1d(rate, start):
    x = gd1d(lambda x: x - 1, {"left": -2, "right": 4}[start], rate, 9)
    for step in range(9):
        (ax,) = draw.slope_and_step(rate, step, start).axes
        here = x[step]
        low, high = ax.get_xlim()
        assert lines(ax, "path")[0] == pytest.approx(
            np.column_stack([x[:step], (x[:step] - 1) ** 2 / 2 + 0.5])
        )
        if low <= here <= high:
            assert lines(ax, "point")[0] == pytest.approx(
                np.array([[here, (here - 1) ** 2 / 2 + 0.5]])
            )
            (tangent,) = lines(ax, "tangent")
            assert np.diff(tangent[:, 1]) / np.diff(tangent[:, 0]) == pytest.approx([here - 1])
            assert not lines(ax, "outside")
        else:
            assert lines(ax, "outside")
            assert "outside the picture" in words(ax)
        ends = arrow(ax)
        if ends:
            assert low <= here <= high  # a step from outside would start at a wrong place
            assert ends == pytest.approx(np.clip([here, x[step + 1]], low, high))
        elif low <= here <= high:
            clipped = np.clip([here, x[step + 1]], low, high)
            assert abs(clipped[0] - clipped[1]) <= 0.02


@pytest.mark.parametrize("rate", RATES)
def test_the_step_has_the_right_sign_on_both_sides(rate):
    for start, sign in (("left", 1), ("right", -1)):
        (ax,) = draw.slope_and_step(rate, 0, start).axes
        begin, end = arrow(ax)
        assert np.sign(end - begin) == sign
        assert f"slope f′(x) = {'+' if sign < 0 else MINUS}3.00" in words(ax)
        wanted = f"step {MINUS}ηf′(x) = {'+' if sign > 0 else MINUS}{3 * rate:.2f}"
        assert any(text.startswith(wanted) for text in words(ax))


def test_divergence_is_marked():
    (ax,) = draw.slope_and_step(2.1, 8).axes
    assert lines(ax, "outside")
    assert not lines(ax, "point")
    assert "outside the picture" in draw.slope_and_step_alt(2.1, 8)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((0.3, 0), "After 0 steps of rate 0.3 the point is left of it at x = −2.00"),
        ((0.3, 0), "where the slope is −3.00"),
        ((0.3, 1), "After 1 step of rate 0.3 the point is left of it at x = −1.10"),
        ((0.3, 0), "+0.90, points right, toward the floor and comes closer."),
        ((1.5, 0), "+4.50, points right, jumps across the floor and comes closer."),
        ((2.1, 0), "+6.30, points right, jumps across the floor and ends farther away."),
        ((1.0, 0), "+3.00, points right, toward the floor and lands on the floor."),
        ((1.0, 1), "stands on the floor, the slope is 0 and the next step is 0."),
        ((0.3, 0, "right"), "right of it at x = 4.00, where the slope is 3.00"),
    ],
)  # fmt: skip
def test_slope_and_step_alt_says_what_is_seen(values, said):
    assert said in draw.slope_and_step_alt(*values)


def test_unknown_start_is_refused():
    with pytest.raises(ValueError, match=r"start must be 'left' or 'right', got 'top'"):
        draw.slope_and_step(0.1, 0, "top")


def test_line_and_loss_shows_residuals_and_loss():
    for slope in (2.0, 2.4, 3.0, 4.0):
        (ax,), (bx,) = (figure.axes for figure in draw.line_and_loss(AREA, PRICE, slope))
        assert lines(ax, "sales")[0] == pytest.approx(np.column_stack([AREA, PRICE]))
        (line,) = lines(ax, "line")
        assert line[:, 1] == pytest.approx(slope * line[:, 0])
        loss, _ = linreg_loss_grad(AREA[:, None], PRICE, [slope])
        assert lines(bx, "point")[0] == pytest.approx(np.array([[slope, loss]]))
        assert words(bx) == [f"{loss:,.0f}"]
        offs = [f"{r:+.0f}".replace("-", MINUS) if r else "0" for r in slope * AREA - PRICE]
        assert words(ax) == offs
        for off in offs:
            assert off in draw.line_and_loss_alt(AREA, PRICE, slope)
        curve = lines(bx, "loss")[0]
        best = curve[np.argmin(curve[:, 1]), 0]
        spacing = curve[1, 0] - curve[0, 0]
        assert abs(best - normal_equations(AREA[:, None], PRICE)[0]) <= spacing


@pytest.mark.parametrize(
    ("slope", "side"),
    [(2.0, "on the left wall"), (3.0, "near the floor"), (4.0, "on the right wall")],
)
def test_line_and_loss_alt_says_where_the_point_is(slope, side):
    assert side in draw.line_and_loss_alt(AREA, PRICE, slope)


def test_many_sales_are_not_written_out():
    area = np.linspace(40, 200, 30)
    left, _ = draw.line_and_loss(area, 3 * area + 1, 3.0)
    assert not words(left.axes[0])
    assert "too high at 0 of 30 sales" in draw.line_and_loss_alt(area, 3 * area + 1, 3.0)


def test_xor_line_is_the_least_squares_line():
    cloud = xor_cloud(200, np.random.default_rng(1))
    (ax,) = draw.xor_cloud_and_line(cloud.X, cloud.y).axes
    w = normal_equations(add_ones(cloud.X), cloud.y.astype(float))
    border = [path.vertices for path in ax.collections[-1].get_paths()]
    points = np.vstack([vertices for vertices in border if len(vertices)])
    assert add_ones(points) @ w == pytest.approx(0.5, abs=1e-12)
    for k, marker in ((0, "s"), (1, "o")):
        assert lines(ax, f"class {k}")[0] == pytest.approx(cloud.X[cloud.y == k])
        assert {line.get_marker() for line in ax.lines if line.get_label() == f"class {k}"} == {
            marker
        }


def test_boundary_of_a_feature_is_curved():
    rings = circles(80, np.random.default_rng(0))

    def squares(X):
        return add_ones(X**2)

    w = np.array([-0.5, 1.0, 1.0])
    (ax,) = draw.boundary(rings.X, rings.y, w, squares, threshold=0.0, names=rings.classes).axes
    points = np.vstack([path.vertices for path in ax.collections[-1].get_paths()])
    assert np.hypot(*points.T) == pytest.approx(np.sqrt(0.5), abs=2e-4)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["inner", "outer"]


def test_a_boundary_outside_the_picture_is_no_warning():
    cloud = xor_cloud(20, np.random.default_rng(0))
    (ax,) = draw.boundary(cloud.X, cloud.y, [5.0, 0.0, 0.0]).axes
    assert not ax.collections


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"X": np.ones((4, 3))}, "3 columns"),
        ({"labels": [0, 1, 1]}, "got 3 labels for 4 points; pass one per row of X"),
        ({"w": [1.0, 2.0]}, r"length 2|2 entries|one weight per column"),
    ],
)
def test_boundary_refuses_what_does_not_fit(change, message):
    arguments = {"X": np.eye(4, 2), "labels": [0, 1, 1, 0], "w": [0.0, 1.0, 1.0]} | change
    with pytest.raises(ValueError, match=message):
        draw.boundary(**arguments)


def test_lifted_points_rise_by_the_crossed_feature():
    cloud = xor_cloud(40, np.random.default_rng(2))
    product = cross_features(cloud.X)[:, 1]
    flat, half, full = (
        np.vstack(
            [p for k in (0, 1) for p in sorted_by_place(draw.xor_lifted(cloud.X, cloud.y, t), k)]
        )
        for t in (0.0, 0.5, 1.0)
    )
    rise = full - flat
    order = np.concatenate([np.sort(product[cloud.y == k]) for k in (0, 1)])
    assert rise[:, 0] == pytest.approx(0, abs=1e-12)
    assert np.sort(rise[:, 1]) == pytest.approx(np.sort(order) * np.cos(np.deg2rad(16)))
    assert half - flat == pytest.approx(rise / 2)


def sorted_by_place(figure, k):
    """The drawn points of class k, from left to right: lifting does not move them sideways."""
    (ax,) = figure.axes
    points = np.vstack([p for p in lines(ax, f"class {k}") if len(p)])
    return [points[np.argsort(points[:, 0])]]


def test_lifted_alt_says_which_class_rises():
    assert "no straight line separates" in draw.xor_lifted_alt(0.0)
    assert "moved up by 0.5 times x₁x₂: class 1, blue disks, rises" in draw.xor_lifted_alt(0.5)
    assert "the flat square lies between the two" in draw.xor_lifted_alt(1.0)


def test_contours_show_path_and_minimum():
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(30, 2)), rng.normal(size=30)
    path = np.array([[3.0, -1.0], [1.0, 0.5], [0.2, 0.1]])
    (ax,) = draw.loss_contours(X, y, path).axes
    best = normal_equations(X, y)
    assert lines(ax, "path")[0] == pytest.approx(path)
    assert lines(ax, "start")[0] == pytest.approx(path[:1])
    assert lines(ax, "minimum")[0] == pytest.approx(best[None])
    low, high = np.array([ax.get_xlim(), ax.get_ylim()]).T
    assert np.all((low <= path) & (path <= high))
    width, height = ax.get_window_extent().size
    assert (high - low)[0] / width == pytest.approx((high - low)[1] / height)
    drawn = ax.collections[0]
    for level, path_of_level in zip(drawn.levels, drawn.get_paths(), strict=True):
        losses = [linreg_loss_grad(X, y, w)[0] for w in path_of_level.vertices]
        floor = linreg_loss_grad(X, y, best)[0]
        # Straight pieces between the nodes of the grid: the innermost lines are the coarsest.
        assert np.array(losses) - floor == pytest.approx(level, rel=0.2)


def frames():
    cloud = xor_cloud(20, np.random.default_rng(0))
    yield [draw.slope_and_step(*at) for at in itertools.product(RATES, (0, 4, 8), draw.START)]
    for panel in (0, 1):
        yield [draw.line_and_loss(AREA, PRICE, slope)[panel] for slope in (2.0, 3.0, 4.0)]
    yield [draw.xor_lifted(cloud.X, cloud.y, lift) for lift in (0.0, 0.5, 1.0)]


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
    if not ax.axison:
        return
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
