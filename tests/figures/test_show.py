"""A figure becomes inline SVG: described, the same every time, in the page's colors."""

import re
import subprocess
import sys
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from bpcourse.figures import show, style
from bpcourse.figures.svg import drawing, to_svg


def wave(color=style.BLUE, text="a wave"):
    figure, ax = style.panel(xlabel="x")
    x = np.linspace(0, 6, 50)
    ax.plot(x, np.sin(x), color=color)
    ax.plot(x[::10], np.sin(x[::10]), "s", color=style.RED)
    ax.text(1, 0.5, text, color=color)
    ax.text(3, 0.5, r"$\eta f'(x)$", color=style.GREEN)
    return figure


def svg_of(html):
    return ElementTree.fromstring(re.search(r"<svg.*?</svg>", html, re.S)[0])


def test_svg_is_an_image_with_its_description():
    root = svg_of(show(wave(), alt='a "wave" of 5 < 6 & more').html)
    assert root.get("role") == "img"
    assert root.get("aria-label") == 'a "wave" of 5 < 6 & more'
    assert root.get("viewBox") == "0 0 360 230.4"
    assert "max-width:min(100%,480px)" in root.get("style")


def test_bundle_has_words_for_the_terminal_and_html_for_the_page():
    shown = show(wave(), alt="one\n  wave", caption="x < y")
    bundle = shown._repr_mimebundle_()
    assert bundle["text/plain"] == repr(shown) == "Figure: one wave"
    assert bundle["text/html"] == shown.html
    assert "<figcaption>x &lt; y</figcaption></figure>" in shown.html
    assert set(bundle) == {"text/plain", "text/html"}


@pytest.mark.parametrize("alt", ["", "   ", "\n"])
def test_empty_alt_is_refused_with_advice(alt):
    with pytest.raises(ValueError, match=r"alt is empty; describe the figure: say in one or two"):
        show(wave(), alt=alt)


@pytest.mark.parametrize("alt", [None, 3])
def test_alt_that_is_no_text_is_refused(alt):
    with pytest.raises(TypeError, match=r"alt must be a text, got (NoneType|int); describe"):
        show(wave(), alt=alt)


@pytest.mark.parametrize(
    ("figure", "got"),
    [(None, "NoneType"), ("plot.png", "str"), ([], "an empty list"), ([1], "int")],
)
def test_what_is_no_figure_is_refused(figure, got):
    with pytest.raises(TypeError, match=rf"figure must be a Matplotlib Figure.*got {got}"):
        show(figure, alt="a wave")


def test_colors_of_the_palette_become_variables_darker_for_words():
    svg = to_svg(wave(style.ORANGE), "a wave")
    assert f"stroke:var(--bp-orange,{style.ORANGE})" in svg
    assert f"fill:var(--bp-orange-text,{style.PALETTE['orange'].text})" in svg
    bare = re.sub(r"var\([^)]*\)", "", svg)
    assert not re.findall(r"#[0-9a-f]{6}\b", bare)


def test_a_figure_in_matplotlibs_own_style_follows_the_theme_too():
    figure = Figure()
    figure.add_subplot().plot([1, 2])
    svg = to_svg(figure, "a line")
    assert "stroke:var(--bp-ink,#1a1a1a)" in svg
    assert "#000000" not in svg


def test_words_stay_words_and_formulas_become_outlines():
    root = svg_of(to_svg(wave(), "a wave"))
    words = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "a wave" in words
    assert not [word for word in words if word and "η" in word]
    assert [p for p in root.iter("{http://www.w3.org/2000/svg}path") if "Q" in p.get("d", "")]


def test_ids_are_referred_to_and_named_by_content():
    one, other = (to_svg(wave(color), "a wave") for color in (style.BLUE, style.RED))
    ids = [set(re.findall(r' id="([^"]+)"', svg)) for svg in (one, other)]
    assert ids[0]
    assert ids[0].isdisjoint(ids[1])
    for svg, found in zip((one, other), ids, strict=True):
        used = set(re.findall(r"url\(#([^)]+)\)", svg)) | set(re.findall(r'href="#([^"]+)"', svg))
        assert used == found


def test_no_script_no_style_of_its_own_no_creation_date():
    svg = to_svg(wave(), "a wave")
    for word in ("<script", "<style", "metadata", "date", "Matplotlib", "<!--", "http:", "https:"):
        assert word not in svg.replace('xmlns="http://www.w3.org/2000/svg"', "")


def test_numbers_are_short():
    svg = to_svg(wave(), "a wave")
    assert not re.findall(r'(?: d| x| y)="[^"]*\.\d{3}', svg)


def test_the_curve_is_drawn_where_the_data_are():
    figure, ax = style.panel(5, 4, left=1, right=1, bottom=1, top=1, xlim=(0, 3), ylim=(0, 2))
    ax.plot([0, 1, 3], [0, 2, 1], color=style.BLUE)
    assert 'd="M72 216L144 72L288 144"' in to_svg(figure, "a zigzag")


def test_pyplot_forgets_the_figure():
    figure, ax = plt.subplots()
    ax.plot([1, 2])
    show(figure, alt="a line")
    assert not plt.get_fignums()


def test_figure_is_left_as_it_was():
    figure = wave()
    dpi, size = figure.dpi, tuple(figure.get_size_inches())
    assert drawing(figure) == drawing(figure)
    assert (figure.dpi, tuple(figure.get_size_inches())) == (dpi, size)


def test_panels_are_one_image():
    html = show([wave(), wave(style.RED)], alt="two waves").html
    assert html.count('role="img"') == 1
    assert '<div class="bp-frame" role="img" aria-label="two waves"><svg' in html
    assert html.count('<svg xmlns="http://www.w3.org/2000/svg"') == 2
    assert html.count('aria-hidden="true"') == 2
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))


PROGRAM = """
from tests.figures.test_show import wave
from tests.figures.test_explore import line, STEPS
from bpcourse.figures import explore, show
import sys
sys.stdout.write(show(wave(), alt="a wave").html + explore(line, slope=STEPS, alt="a line").html)
"""


def test_same_text_in_two_processes():
    texts = []
    for seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            capture_output=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONUTF8": "1", "HOME": "/nonexistent"},
            timeout=120,
        )
        texts.append(run.stdout)
    assert texts[0] == texts[1]
    assert b"<svg" in texts[0]
