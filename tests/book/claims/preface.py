"""Numbers in the preface that no cell prints."""

import tomllib
from pathlib import Path

from tests.book.claim import claim

ROOT = Path(__file__).parents[3]


@claim("The text may be reused with attribution (CC BY 4.0)")
def license_of_the_text():
    assert "Attribution 4.0 International" in (ROOT / "LICENSE-CONTENT").read_text()


@claim("Python 3.11 or newer")
def python_that_is_needed():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == ">=3.11"
