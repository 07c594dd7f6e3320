"""Frames drawn beforehand: complete, shared where equal, refused with a clear sentence."""

import gzip
import importlib
import io
import json
import re
import sys
import time

import numpy as np
import pytest

from bpcourse.figures import explore, style
from bpcourse.figures.svg import to_svg

module = importlib.import_module("bpcourse.figures.explore")
STEPS = [-1.0, 0.5, 2.0]


def line(slope, offset=0.0, color="blue"):
    figure, ax = style.panel(xlim=(-1, 1), ylim=(-3, 3), xlabel="x", ylabel="y")
    ax.plot([-1, 1], [offset - slope, offset + slope], color=getattr(style, color.upper()))
    return figure


def data(explorer):
    text = re.search(r'<script type="application/json">(.*?)</script>', explorer.html, re.S)[1]
    return json.loads(text)


def bodies(svgs):
    """What stands inside the svg elements, without the ids' prefixes."""
    inside = re.findall(r"<svg[^>]*>(.*?)</svg>", svgs, re.S)
    return [re.sub(r"\bb[0-9a-f]{6}\d?-", "", text) for text in inside]


def test_every_frame_is_the_figure_that_draw_returns():
    offsets = (0.0, 1.0)
    stored = data(explore(line, slope=STEPS, offset=offsets, alt="A line."))
    points = [(slope, offset) for slope in STEPS for offset in offsets]
    assert len(stored["frames"]) == len(points)
    for point, (panel,) in zip(points, stored["frames"], strict=True):
        joined = "".join(stored["parts"][k] for k in panel)
        with style.context():
            wanted = to_svg(line(*point), "x")
        assert bodies(f"<svg>{joined}</svg>") == bodies(wanted)


def test_the_default_frame_stands_in_the_html():
    explorer = explore(line, slope=STEPS, alt="A line.", default={"slope": 2.0})
    with style.context():
        wanted = bodies(to_svg(line(2.0), "x"))
    assert bodies(explorer.html)[:1] == wanted
    assert explorer.default == {"slope": 2.0}
    assert 'aria-label="A line. Here slope = 2."' in explorer.html
    assert 'value="2" aria-valuetext="2"' in explorer.html


def test_the_first_values_are_the_default():
    assert explore(line, slope=STEPS, alt="A line.").default == {"slope": -1.0}


def test_what_does_not_change_is_stored_once():
    stored = data(explore(line, slope=list(np.linspace(-1, 1, 9)), alt="A line."))
    per_frame = len(stored["frames"][0][0])
    assert per_frame >= 6
    assert len(stored["parts"]) == per_frame - 1 + 9


def test_alt_function_describes_each_frame():
    explorer = explore(line, slope=STEPS, alt=lambda slope: f"A line, slope {slope}")
    assert data(explorer)["alts"] == [
        "A line, slope -1.0",
        "A line, slope 0.5",
        "A line, slope 2.0",
    ]


def test_alt_text_gets_the_values():
    alts = data(explore(line, slope=[1, 2], offset=[-0.5], alt="A line."))["alts"]
    assert alts == [
        "A line. Here slope = 1, offset = −0.5.",
        "A line. Here slope = 2, offset = −0.5.",
    ]


def test_numbers_get_a_slider_and_others_a_menu():
    html = explore(
        line, slope=range(3), color=["blue", "red"], alt="A line.", labels={"slope": "slope <m>"}
    ).html
    assert (
        '<span class="bp-name">slope &lt;m&gt;</span><input type="range" data-axis="slope"' in html
    )
    assert '<span class="bp-name">color</span><select data-axis="color"' in html
    assert '<option value="1">red</option>' in html
    assert "<button" not in html


def test_a_step_can_be_played():
    def walk(step, side):
        return line(step)

    html = explore(walk, step=range(3), side=["left"], alt="A walk.").html
    assert '<button type="button" data-play="step" aria-label="Play step">Play</button>' in html
    html = explore(line, slope=STEPS, alt="A line.", play="slope").html
    assert 'data-play="slope"' in html


def test_panels_change_together():
    stored = data(explore(lambda slope: [line(slope), line(-slope)], slope=STEPS, alt="Two lines."))
    assert [len(frame) for frame in stored["frames"]] == [2, 2, 2]


def test_text_cannot_end_the_script():
    def labeled(slope):
        figure = line(slope)
        figure.axes[0].set_title("</script><!-- & <b>")
        return figure

    explorer = explore(labeled, slope=[1], alt="</script><b>")
    assert data(explorer)["alts"] == ["</script><b> Here slope = 1."]
    assert explorer.html.count("</script>") == 2


def test_terminal_reads_the_description():
    explorer = explore(line, slope=STEPS, alt="A line.")
    assert repr(explorer) == "Interactive figure (slope from −1 to 2): A line. Here slope = −1."
    assert explorer._repr_mimebundle_() == {
        "text/plain": repr(explorer),
        "text/html": explorer.html,
    }


@pytest.mark.parametrize(
    ("error", "axes", "message"),
    [
        (ValueError, {}, r"explore has no axis.*rate=\[0.1"),
        (ValueError, {"slope": []}, r"axis slope has no values; pass slope=\[first"),
        (ValueError, {"slope": np.ones((2, 2))}, r"one dimension, got an array of shape \(2, 2\)"),
        (TypeError, {"slope": 3}, r"axis slope must be a list of values, got int 3; pass slope="),
        (TypeError, {"slope": "abc"}, r"must be a list of values, got str 'abc'"),
        (TypeError, {"slope": {1, 2}}, r"must be a list of values, got set"),
        (TypeError, {"slope": (s for s in STEPS)}, r"must be a list of values, got generator"),
        (ValueError, {"slope": [1, 2, 1]}, r"axis slope has values that read the same \(1\)"),
        (
            ValueError,
            {"slope": range(30), "offset": range(30)},
            r"30 slope × 30 offset make 900 frames, at most 400 fit in a page; pass fewer",
        ),
    ],
)
def test_bad_axes_are_refused(error, axes, message):
    with pytest.raises(error, match=message):
        explore(line, alt="A line.", **axes)


@pytest.mark.parametrize(
    ("error", "options", "message"),
    [
        (ValueError, {"alt": " "}, r"alt is empty; describe the figure"),
        (TypeError, {"alt": None}, r"alt must be a text, got NoneType"),
        (ValueError, {"alt": lambda slope: ""}, r"alt at slope = 0.5 is empty"),
        (
            TypeError,
            {"alt": lambda slope: None},
            r"alt at slope = 0.5 must be a text, got NoneType",
        ),
        (RuntimeError, {"alt": lambda slope: 1 / 0}, r"alt failed at slope = 0.5: ZeroDivisionErr"),
        (RuntimeError, {"alt": lambda: "x"}, r"alt failed at slope = 0.5: TypeError"),
        (ValueError, {"default": {"rate": 1}}, r"default names 'rate', the axes are slope"),
        (ValueError, {"default": {"slope": 9}}, r"slope=9 is not one of its values: 0.5, 1"),
        (ValueError, {"labels": {"rate": "η"}}, r"labels names 'rate', the axes are slope"),
        (ValueError, {"play": "step"}, r"play must name an axis of numbers \(slope\), got 'step'"),
    ],
)
def test_bad_options_are_refused(error, options, message):
    with pytest.raises(error, match=message):
        explore(line, slope=[0.5, 1.0], **{"alt": "A line.", **options})


@pytest.mark.parametrize(
    ("error", "draw", "message"),
    [
        (TypeError, 3, r"draw must be a function that returns a figure, got int"),
        (
            TypeError,
            lambda slope: None,
            r"what draw returns at slope = 1 must be a Matplotlib Figure.*"
            r"got NoneType; end it with `return figure`",
        ),
        (TypeError, lambda slope: line(slope).axes[0], r"must be a Matplotlib Figure.*got Axes"),
        (RuntimeError, lambda slope: line(1 / (2 - slope)), r"draw failed at slope = 2: ZeroDivis"),
        (RuntimeError, lambda angle: None, r"draw failed at slope = 1: TypeError.*slope"),
        (
            ValueError,
            lambda slope: [line(slope)] * slope,
            r"draw returns 2 figures at slope = 2 and 1 before",
        ),
    ],
)
def test_bad_draw_is_refused(error, draw, message):
    with pytest.raises(error, match=message):
        explore(draw, slope=[1, 2], alt="A line.")


def test_too_heavy_a_figure_is_called_so():
    rng = np.random.default_rng(0)

    def noise(frame):
        figure, ax = style.panel()
        ax.plot(rng.normal(size=4000), rng.normal(size=4000), "o")
        return figure

    with pytest.warns(
        UserWarning, match=r"weighs \d+ KB compressed, a page should carry at most 150"
    ):
        explorer = explore(noise, frame=range(4), alt="Noise.")
    assert len(gzip.compress(explorer.html.encode())) > 150 * 1024


def test_forty_frames_are_light():
    explorer = explore(line, slope=list(np.linspace(-1, 1, 40)), alt="A line.")
    assert len(gzip.compress(explorer.html.encode())) < 12 * 1024


def test_frames_are_drawn_in_the_courses_style():
    seen = []

    def plain(slope):
        from matplotlib.figure import Figure

        figure = Figure()
        seen.append(tuple(figure.get_size_inches()))
        figure.add_subplot().plot([0, slope])
        return figure

    explore(plain, slope=[1], alt="A line.")
    assert seen == [(style.WIDTH, style.HEIGHT)]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def slow(monkeypatch):
    ticks = iter(range(1000))
    monkeypatch.setattr(time, "monotonic", lambda: next(ticks))


def test_progress_goes_to_a_terminal_and_is_wiped(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    slow(monkeypatch)
    explore(line, slope=list(np.linspace(-1, 1, 6)), alt="A line.")
    text = terminal.getvalue()
    assert "\rdrawing frame 5 of 6" in text
    assert "frame 1 of 6" not in text
    assert text.endswith(" \r")


def test_no_progress_where_nobody_waits(monkeypatch, capsys):
    slow(monkeypatch)
    explore(line, slope=list(np.linspace(-1, 1, 6)), alt="A line.")
    assert capsys.readouterr() == ("", "")


def test_without_ipywidgets_a_live_notebook_gets_the_page_s_sliders(monkeypatch):
    monkeypatch.setenv("BPCOURSE_STATIC", "0")
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    monkeypatch.delitem(sys.modules, "bpcourse.figures.widget", raising=False)
    monkeypatch.delattr("bpcourse.figures.widget", raising=False)
    explorer = explore(line, slope=STEPS, alt="A line.")
    assert set(explorer._repr_mimebundle_()) == {"text/plain", "text/html"}
    assert explorer.widget is None


def test_script_is_plain_and_asks_nobody():
    script = module._script()
    for word in ("fetch", "import", "http", "XMLHttp", "eval", "innerHTML = alts"):
        assert word not in script
    assert len(gzip.compress(script.encode())) < 1500
