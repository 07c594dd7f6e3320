"""All styles become one file, without the rules that no page can meet."""

from types import SimpleNamespace

import pytest
from sphinx.builders.html._assets import _CascadingStyleSheet

from tests.ext.small_book import extensions_on_the_path

with extensions_on_the_path():
    import one_style

NAMES = {"used", "open", "top"}
KEPT = {
    "p{a:b}": "p{a:b}",
    ".used{a:b}": ".used{a:b}",
    "#top .used>a:hover{a:b}": "#top .used>a:hover{a:b}",
    ".gone{a:b}": "",
    "#gone{a:b}": "",
    ".used .gone{a:b}": "",
    ".used,.gone{a:b}": ".used{a:b}",
    ".used:not(.gone){a:b}": ".used:not(.gone){a:b}",
    ":is(.gone, .used) p{a:b}": ":is(.gone, .used) p{a:b}",
    "a:is(.gone:not(.x), p), .gone{a:b}": "a:is(.gone:not(.x), p){a:b}",
    'a[href$=".pdf"]{a:b}': 'a[href$=".pdf"]{a:b}',
    r".w\:1{a:b}": r".w\:1{a:b}",
    "@media print{.gone{a:b}}": "",
    "@media print{.gone{a:b}.used{c:d}}": "@media print{.used{c:d}}",
    "@font-face{src:url(x)}": "@font-face{src:url(x)}",
    "@keyframes k{from{a:b}to{c:d}}": "@keyframes k{from{a:b}to{c:d}}",
    '@charset "utf-8";/* .note{} */p{a:b}': "p{a:b}",
}


@pytest.mark.parametrize(("css", "expected"), KEPT.items())
def test_what_stays(css, expected):
    assert one_style.purge(css, NAMES) == expected


def test_addresses_are_written_from_the_folder_of_the_style():
    css = 'a{b:url("../img/x.png")}c{d:url(data:image/svg+xml,x)}e{f:url(#g)}h{i:url(j.svg)}'
    assert one_style.moved(css, "styles") == (
        "a{b:url(img/x.png)}c{d:url(data:image/svg+xml,x)}e{f:url(#g)}h{i:url(styles/j.svg)}"
    )


def test_names_come_from_pages_and_scripts(tmp_path):
    (tmp_path / "_static").mkdir()
    (tmp_path / "_static/own.js").write_text('e.classList.add("from-js")')
    (tmp_path / "page.html").write_text(
        '<p class="one two" id="three">prose</p><script>x("inline")</script>'
    )
    names = one_style.names_in_use(tmp_path)
    assert {"one", "two", "three", "from-js", "inline"} <= names
    assert "prose" not in names


def test_the_file_is_written_in_the_order_of_the_styles(tmp_path):
    styles = {
        "_static/basic.css": ".used{n:1}",
        "_static/styles/pydata-sphinx-theme.css": ".used{n:2}",
        "_static/early.css": ".used{n:3}",
        "_static/late.css": ".used{n:4}.gone{n:5}",
    }
    for name, css in styles.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(css)
    (tmp_path / "page.html").write_text('<p class="used">')
    katex = _CascadingStyleSheet(one_style.APART)
    late = _CascadingStyleSheet("_static/late.css", priority=800)
    context = {"css_files": [late, katex, "_static/early.css"]}
    app = SimpleNamespace(outdir=tmp_path, builder=SimpleNamespace(format="html"))
    one_style.write(app, None)  # no page was written: the file of the last build stays
    assert not (tmp_path / one_style.NAME).exists()
    one_style.note_styles(app, "page", "page.html", context, None)
    assert context["css_files"] == [katex]
    one_style.write(app, None)
    rules = (tmp_path / one_style.NAME).read_text().split()
    assert rules == [f".used{{n:{n}}}" for n in (1, 2, 3, 4)]
