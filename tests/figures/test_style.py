"""The palette stands out from both pages, and the site's copy of it is the package's."""

import re
from pathlib import Path

import matplotlib as mpl
import pytest

from bpcourse.figures import style

ROOT = Path(__file__).parents[2]
BACKGROUNDS = {"light": ("#ffffff",), "dark": ("#14181e", "#111111")}  # the site's, JupyterLab's
COLORS = [name for name in style.PALETTE if name not in ("grid", "paper")]


def luminance(color):
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    low, high = sorted([luminance(a), luminance(b)])
    return (high + 0.05) / (low + 0.05)


def test_contrast_of_black_and_white_is_21():
    assert contrast("#000000", "#ffffff") == pytest.approx(21, rel=1e-12)


@pytest.mark.parametrize("name", COLORS)
def test_lines_and_words_stand_out_from_the_page(name):
    shades = style.PALETTE[name]
    for theme, line, text in (
        ("light", shades.line, shades.text),
        ("dark", shades.dark_line, shades.dark_text),
    ):
        for background in BACKGROUNDS[theme]:
            assert contrast(line, background) >= 3, (theme, line)
            assert contrast(text, background) >= 4.5, (theme, text)


def test_the_palette_has_no_color_twice():
    lines = [shades.line for shades in style.PALETTE.values()]
    assert len(set(lines)) == len(lines)


def test_curves_differ_in_more_than_color():
    cycle = list(style.RC["axes.prop_cycle"])
    assert len({str(entry["linestyle"]) for entry in cycle}) == len(cycle) == len(style.CYCLE)
    assert len(set(style.MARKERS)) == len(style.CYCLE)


def test_words_can_be_read_on_a_phone():
    """350 px hold a figure of 5 inches, 360 pt; no letter becomes smaller than 10 px."""
    sizes = [v for k, v in style.RC.items() if k.endswith(("size",)) and "marker" not in k]
    assert min(size for size in sizes if isinstance(size, int | float)) * 350 / 360 >= 10


def test_context_leaves_matplotlib_as_it_was():
    before = dict(mpl.rcParams)
    with style.context():
        assert mpl.rcParams["text.color"] == style.INK
    assert dict(mpl.rcParams) == before


def test_use_sets_the_style(monkeypatch):
    with mpl.rc_context():
        style.use()
        assert mpl.rcParams["axes.labelcolor"] == style.INK


def test_panel_has_the_margins_asked_for():
    figure, ax = style.panel(4, 3, left=1, right=0.5, bottom=0.75, top=0.25, xlim=(0, 7))
    assert ax.get_position().bounds == pytest.approx((0.25, 0.25, 0.625, 2 / 3))
    assert ax.get_xlim() == (0, 7)
    assert tuple(figure.get_size_inches()) == (4, 3)


def test_the_site_has_the_same_stylesheet():
    copy = (ROOT / "book/assets/figures.css").read_text("utf-8")
    assert copy == style.stylesheet(), (
        "write it anew: python -c 'from bpcourse.figures.style import stylesheet; "
        'print(stylesheet(), end="")\' > book/assets/figures.css'
    )


def test_the_stylesheet_defines_every_color_for_both_themes_and_paper():
    css = style.stylesheet()
    for name in style.PALETTE:
        assert len(re.findall(rf"--bp-{name}:#[0-9a-f]{{6}};", css)) == 3
        assert len(re.findall(rf"--bp-{name}-text:#[0-9a-f]{{6}};", css)) == 3
    assert set(re.findall(r"var\(--bp-([a-z]+)", css)) <= set(style.PALETTE)
