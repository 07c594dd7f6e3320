"""Each page has one description for search engines."""

import re

from tests.ext.small_book import build

LONG = "A sentence of words that goes on. " * 12
PAGES = {
    "index": f"# One\n\nToo short.\n\nWith $x$ a formula and many more words in it.\n\n{LONG}\n",
    "own": "---\nmyst:\n  html_meta:\n    description: My own words.\n---\n\n# Two\n\n" + LONG,
    "none": "---\norphan: true\n---\n\n# Three\n",
}


def test_descriptions(tmp_path):
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/layout.html").write_text(
        '{% extends "!layout.html" %}{% block extrahead %}{% if description %}'
        '<meta name="description" content="{{ description|e }}"/>{% endif %}{% endblock %}'
    )
    out, _ = build(
        tmp_path, PAGES, "page_description", templates_path=[str(tmp_path / "templates")]
    )
    found = {}
    for name in PAGES:
        metas = re.findall(r"<meta [^>]*>", (out / f"{name}.html").read_text("utf-8"))
        contents = [m for m in metas if 'name="description"' in m]
        assert len(contents) == 1, name
        found[name] = re.search(r'content="([^"]*)"', contents[0])[1]
    assert found["own"] == "My own words."
    assert found["none"] == "Three: Small"
    assert found["index"].startswith("A sentence of words")
    assert found["index"].endswith("…")
    assert len(found["index"]) <= 160
