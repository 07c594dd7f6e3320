"""The figures of chapter 4 show what the algorithms compute, and bounds lie above runs."""

import numpy as np
import pytest

from bpcourse.basics.datasets import iris
from bpcourse.descent.convergence import logreg_hessian, logreg_loss_grad, logreg_smoothness
from bpcourse.descent.learning import add_ones, standardize
from bpcourse.descent.quadratics import gd
from bpcourse.figures.descent import convergence as draw

RATES = (0.1, 0.3, 1.0)


def flowers(first):
    data = iris()
    two = (data.y == first) | (data.y == first + 1)
    return add_ones(standardize(data.X[two][:, 2:])), data.y[two] - first


def best_weights(X, y):
    w = np.zeros(3)
    for _ in range(20):
        w = w - np.linalg.solve(logreg_hessian(X, w), logreg_loss_grad(X, y, w)[1])
    return w


def curves(figure):
    (ax,) = figure.axes
    found = {}
    for line in ax.lines:
        found.setdefault(line.get_label(), np.array(line.get_xydata()))
    return found


def pictures():
    for rate in RATES:
        for start in (1.0, 5.0, 7.0):
            yield draw.slopes_and_bound(start, rate), "measured"
        for valley in ("long bowl", "flat floor", "worst case"):
            yield draw.convex_and_bound(valley, rate), "measured"
        for start in (-3.0, 2.2, 4.0):
            yield draw.pl_and_bound(start, rate), "measured"
        X, y = flowers(1)
        yield draw.logistic_and_bound(X, y, best_weights(X, y), rate), "measured"
    for schedule in draw.SCHEDULES:
        yield draw.kink_and_bound(schedule), "best so far"


def test_every_bound_lies_above_its_run():
    for figure, measured in pictures():
        lines = curves(figure)
        assert np.array_equal(lines["bound"][:, 0], lines[measured][:, 0])
        assert (lines[measured][:, 1] <= lines["bound"][:, 1] * (1 + 1e-12)).all()
        assert figure.axes[0].get_yscale() == "log"
        low, high = figure.axes[0].get_ylim()
        assert (lines["bound"][:, 1] < high).all()
        assert lines[measured][0, 1] > low


def test_the_worst_case_comes_to_half_of_the_bound():
    alt = draw.convex_and_bound_alt("worst case", 1.0)
    assert "at most 0.498 of it, reached at step 100." in alt


def test_the_opening_figure_has_three_fates():
    lines = curves(draw.three_fates(0.1))
    bowl, flat, kink = lines.values()
    assert bowl[-1, 1] < 1e-30
    assert flat[-1, 1] == pytest.approx(draw.fates(0.1)["quartic"][1000])
    slope = np.diff(np.log(flat[-5:, 1])) / np.diff(np.log(flat[-5:, 0]))
    assert slope == pytest.approx(np.full(4, -2.0), abs=0.1)  # x⁴ falls like k⁻²
    assert kink[-1, 1] == pytest.approx(0.05)


@pytest.mark.parametrize("x", [-4.0, -1.5, 0.5, 3.0])
def test_the_parabola_touches_and_lies_above(x):
    lines = curves(draw.parabola_above(x))
    above = lines["bound, curvature L"]
    assert (above[:, 1] >= draw.wave(above[:, 0]) - 1e-12).all()
    assert above[22] == pytest.approx(lines["x"][0])
    (end,), (lowest,) = lines["after the step 1/L"], lines["lowest of the bound"]
    assert end[0] == lowest[0] == pytest.approx(x - draw.d_wave(x) / 8)
    assert end[1] <= lowest[1]
    assert lowest[1] <= above[:, 1].min() + 1e-12


def test_accepted_steps_stay_above_the_floor():
    for first in (0.1, 0.3, 1.0, 3.0, 10.0):
        lines = curves(draw.accepted_and_floor(first))
        assert (lines["accepted"][:, 1] >= lines["floor"][0, 1] * (1 - 1e-12)).all()
        assert (lines["accepted"][:, 1] <= first).all()
        assert f"First try {first:g}." in draw.accepted_and_floor_alt(first)


def test_the_constants_are_those_of_the_waves():
    x = np.linspace(-40, 40, 400_000)
    assert np.abs(np.gradient(draw.d_wave(x), x)).max() == pytest.approx(draw.WAVE_L, rel=1e-5)
    assert np.abs(np.gradient(draw.d_deep_wave(x), x)).max() == pytest.approx(
        draw.WAVES_L, rel=1e-5
    )
    assert (draw.d_wave(x) ** 2 / (2 * draw.wave(x))).min() > draw.WAVE_MU


def test_growing_weights_draws_the_models_line():
    X, y = flowers(0)
    lr = 1 / logreg_smoothness(X)
    path = gd(lambda w: logreg_loss_grad(X, y, w)[1], np.zeros(3), lr, 200)
    left, right = draw.growing_weights(X, y, path, 100)
    line = np.array(left.axes[0].lines[2].get_xydata())
    for x1, x2 in line:
        assert np.array([1, x1, x2]) @ path[100] == pytest.approx(0, abs=1e-12)
    (dot,) = np.array(right.axes[0].lines[-1].get_xydata())
    assert dot == pytest.approx([100, np.linalg.norm(path[100])])
    assert "After 1 step the" in draw.growing_weights_alt(X, y, path, 1)


def test_an_unknown_valley_is_refused():
    with pytest.raises(
        ValueError, match="valley must be 'long bowl', 'flat floor' or 'worst case'"
    ):
        draw.convex_and_bound("gorge", 1.0)
