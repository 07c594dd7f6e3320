"""Docstrings that say |x| survive reStructuredText, and a NamedTuple's fields are told once."""

import re
import sys

from tests.ext.small_book import build

MODULE = '''
"""Sizes such as |x|."""
from typing import NamedTuple

class Row(NamedTuple):
    """One |row|, not `|a|` nor ``|b|``.

    Parameters
    ----------
    name : str
        What |it| is.
    """
    name: str
'''
PAGE = "# One\n\n```{eval-rst}\n.. automodule:: sizes_and_rows\n   :members:\n```\n"


def test_bars_and_fields(tmp_path, monkeypatch):
    (tmp_path / "sizes_and_rows.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    site, warnings = build(tmp_path, {"index": PAGE}, "api_reference", default_role="literal")
    sys.modules.pop("sizes_and_rows", None)
    assert not warnings
    text = re.sub(r"<[^>]+>", "", (site / "index.html").read_text("utf-8"))
    assert "Sizes such as |x|." in text
    assert "One |row|, not |a| nor |b|." in text
    assert "What |it| is." in text
    assert "Alias for field" not in text
