"""KaTeX: rendered while the book is built, its style and fonts served by the site."""

import base64
import re
from types import SimpleNamespace

import pytest
from sphinx.errors import ExtensionError

from tests.ext.small_book import ROOT, build_apart, extensions_on_the_path

with extensions_on_the_path():
    import katex_assets

KATEX = ("sphinxcontrib.katex", "katex_assets")
SETTINGS = {"html_math_renderer": "katex", "katex_prerender": True}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    page = "# T\n\nThe sum $\\norm{x} \\in \\R$ and $X\\T$.\n"
    folder = tmp_path_factory.mktemp("katex")
    out, code, messages = build_apart(folder, {"index": page}, *KATEX, **SETTINGS)
    assert code == 0, messages
    return out


def test_formulas_are_rendered_without_a_script(site):
    html = (site / "index.html").read_text("utf-8")
    assert html.count('class="katex"') == 2
    assert "mathvariant" in html or "ℝ" in html
    assert not re.search(r"<script[^>]*katex", html)
    assert not re.search(r"(?:src|href)=\"https?://[^\"]*katex", html)


def test_every_font_is_in_the_site(site):
    folder = site / "_static/katex"
    css = (folder / "katex.min.css").read_text("utf-8")
    sources = re.findall(r"url\(([^)]*)\)", css)
    assert len(sources) == 20
    inside = [s for s in sources if s.startswith("data:font/woff;base64,")]
    assert len(inside) == len(katex_assets.ALWAYS_USED)
    for source in inside:
        assert base64.b64decode(source.partition(",")[2])[:4] == b"wOFF"
    files = {s for s in sources if s not in inside}
    assert {f"fonts/{path.name}" for path in (folder / "fonts").iterdir()} == files


def test_style_and_renderer_are_of_one_version(site):
    css = (site / "_static/katex/katex.min.css").read_text("utf-8")
    script = (ROOT / "node_modules/katex/dist/katex.min.js").read_text("utf-8")
    version = re.search(r'content:"(\d+\.\d+\.\d+)"', css)[1]
    assert f'"{version}"' in script


@pytest.mark.parametrize("wrong", [r"\frac{1}{", r"\nosuchcommand x", r"x_é"])
def test_bad_math_ends_the_build(wrong, tmp_path):
    pages = {"index": f"# T\n\n$$\n{wrong}\n$$\n"}
    _, code, messages = build_apart(tmp_path, pages, *KATEX, **SETTINGS)
    assert code != 0
    assert "KaTeX parse error" in messages or "KaTeX's strict mode" in messages, messages


def test_missing_katex_says_what_to_do(tmp_path):
    with pytest.raises(ExtensionError, match="npm ci"):
        katex_assets.dist(SimpleNamespace(confdir=tmp_path))
