"""What docutils and MyST-NB write against the rules is mended, and still is what they write."""

import re
from pathlib import Path
from types import SimpleNamespace

import docutils.writers._html_base
import myst_nb.sphinx_

from tests.ext.small_book import build, extensions_on_the_path

with extensions_on_the_path():
    import accessible


def test_mended():
    context = {"body": "<p>a</p>".join(accessible.MENDED)}
    accessible.mend(SimpleNamespace(), "page", "page.html", context, None)
    assert context["body"] == "<p>a</p>".join(accessible.MENDED.values())
    empty = {}
    accessible.mend(SimpleNamespace(), "search", "search.html", empty, None)
    assert empty == {"body": ""}


def test_every_proof_has_a_name_of_its_own(tmp_path):
    proof = ":::{prf:proof}\nIt holds.\n:::\n\n"
    site, warnings = build(
        tmp_path, {"index": "# One\n\n" + 3 * proof}, "sphinx_proof", "accessible"
    )
    assert not warnings
    found = re.findall(r'id="(proof[^"]*)"', (site / "index.html").read_text("utf-8"))
    assert len(found) >= 3
    assert len(set(found)) == len(found)


def test_the_cases_are_still_theirs():
    source = "".join(
        Path(module.__file__).read_text("utf-8")
        for module in (docutils.writers._html_base, myst_nb.sphinx_)
    )
    for piece in ('aria-label="Toggle hidden content"', "doc-biblioentry", "citation-list"):
        assert piece in source, f"{piece} is written no more: remove it from accessible.py"
