"""A page keeps the scripts and styles that it needs, and loses no other rule."""

import re
from pathlib import Path
from types import SimpleNamespace

import pydata_sphinx_theme
import pytest
from sphinx.builders.html._assets import _CascadingStyleSheet, _JavaScript

from tests.ext.small_book import extensions_on_the_path

with extensions_on_the_path():
    import lean_pages

THEME = Path(pydata_sphinx_theme.__file__).parent / "theme/pydata_sphinx_theme/static"
SCRIPTS = [
    _JavaScript("_static/documentation_options.js"),
    _JavaScript("_static/clipboard.min.js"),
    _JavaScript("_static/sphinx-thebe.js"),
    _JavaScript("_static/togglebutton.js"),
    _JavaScript("_static/design-tabs.js", **{"data-x": "kept"}),
    _JavaScript(None, body='const THEBE_JS_URL = "https://unpkg.com/thebe"; var thebe = 1'),
    _JavaScript(None, body="let own = 1"),
]
STYLES = [
    _CascadingStyleSheet("_static/katex/katex.min.css"),
    _CascadingStyleSheet("_static/sphinx-thebe.css"),
    "_static/pygments.css",
]


def lean(body, pagename="book/page"):
    context = {"body": body, "script_files": list(SCRIPTS), "css_files": list(STYLES)}
    same = context["script_files"]
    lean_pages.keep_what_is_needed(SimpleNamespace(), pagename, "page.html", context, None)
    assert context["script_files"] is same
    return context


def names(assets):
    return [str(getattr(a, "filename", a)).removeprefix("_static/") for a in assets]


def test_a_plain_page_keeps_the_common_ones():
    context = lean("<p>text about highlight and sd-tab-set, but no class</p>")
    assert names(context["script_files"]) == ["documentation_options.js", "None"]
    assert names(context["css_files"]) == ["pygments.css"]


def test_a_page_keeps_what_its_text_needs():
    context = lean('<div class="a highlight"></div><div class="sd-tab-set katex"></div>')
    kept = names(context["script_files"])
    assert kept == ["documentation_options.js", "clipboard.min.js", "design-tabs.js", "None"]
    assert names(context["css_files"]) == ["katex/katex.min.css", "pygments.css"]


def test_scripts_wait_for_the_page_except_on_the_search_page():
    scripts = lean("<p></p>")["script_files"]
    assert [s.attributes.get("defer") for s in scripts] == ["defer", None]
    assert [s.attributes.get("defer") for s in lean("", "search")["script_files"]] == [None, None]
    assert all("defer" not in script.attributes for script in SCRIPTS)


def test_the_live_code_configuration_goes_and_the_rest_stays():
    body = (
        'a<script type="text/x-thebe-config">\n{}\n</script>b'
        "<script>kernelName = 'python3'</script>c<script>own()</script>"
    )
    assert lean(body)["body"] == "abc<script>own()</script>"


def test_only_icon_rules_leave_the_theme(tmp_path):
    whole = (THEME / "styles/pydata-sphinx-theme.css").read_text("utf-8")
    static = tmp_path / "_static"
    (static / "styles").mkdir(parents=True)
    (static / "scripts").mkdir()
    (static / "vendor/fontawesome").mkdir(parents=True)
    for name in ("fontawesome.js", "bootstrap.js", "pydata-sphinx-theme.js"):
        (static / "scripts" / name).write_text("")
    (static / "styles/pydata-sphinx-theme.css").write_text(whole, "utf-8")
    app = SimpleNamespace(builder=SimpleNamespace(format="html"), outdir=tmp_path)
    for _ in range(2):  # a second build finds a site that was cleaned before
        lean_pages.remove_unused_files(app, None)
    lean_css = (static / "styles/pydata-sphinx-theme.css").read_text("utf-8")
    assert len(lean_css) < 0.8 * len(whole)
    assert "url(../vendor" not in lean_css
    assert lean_css.count("{") == lean_css.count("}")

    def others(css):
        rules = re.findall(r"([^{}]*)\{", re.sub(r"/\*.*?\*/", "", css, flags=re.S))
        return [rule.strip() for rule in rules if ".fa" not in rule and "@font-face" not in rule]

    assert others(lean_css) == others(whole)
    assert [path.name for path in (static / "scripts").iterdir()] == ["pydata-sphinx-theme.js"]
    assert not (static / "vendor").exists()


@pytest.mark.parametrize(
    ("base", "root"), [("", "/"), ("https://x.org/", "/"), ("https://x.org/course/", "/course/")]
)
def test_the_404_page_knows_where_the_book_starts(base, root):
    app = SimpleNamespace(config=SimpleNamespace(html_baseurl=base))
    pages = {name: context for name, context, _ in lean_pages.pages_beside_the_book(app)}
    assert pages["404"]["site_root"] == root
    assert "index" in pages


def test_a_failed_build_is_left_alone(tmp_path):
    app = SimpleNamespace(builder=SimpleNamespace(format="html"), outdir=tmp_path / "absent")
    lean_pages.remove_unused_files(app, ValueError("the build failed"))
