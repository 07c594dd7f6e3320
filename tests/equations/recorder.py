"""Write what the equation checks measured, for the book to print.

The record is `_build/equations.json`, or the file that BPCOURSE_EQUATION_RECORD names. A run of
some checks updates their entries; the entries of a test file that has changed since go.
"""

import json
import os
import tempfile
from pathlib import Path

import pytest

from tests.equations.registry import ROOT, digest

FORMAT = 1


def record_path() -> Path:
    """Where the record is written."""
    return Path(os.environ.get("BPCOURSE_EQUATION_RECORD") or ROOT / "_build/equations.json")


class Recorder:
    """A pytest plugin; with xdist it works in the controller, which gets every report."""

    def __init__(self):
        self.seen = {}

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report):
        name = report.nodeid.rpartition("::")[2]
        if report.when != "call" or not name.startswith("eq:"):
            return
        self.seen[name] = dict(report.user_properties).get("equation")  # none if it failed

    @pytest.hookimpl
    def pytest_sessionfinish(self):
        if self.seen:
            write(record_path(), self.seen)


def write(path: Path, seen: dict) -> None:
    """Merge the entries (None: the check failed) into the record, in one atomic step."""
    merged = {label: entry for label, entry in read(path).items() if current(entry)} | seen
    equations = {label: merged[label] for label in sorted(merged) if merged[label]}
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
        json.dump({"format": FORMAT, "equations": equations}, file, indent=1, ensure_ascii=False)
    Path(file.name).chmod(0o644)
    os.replace(file.name, path)


def read(path: Path) -> dict:
    """Return the entries of an earlier record; none when it is absent or of no use."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return record["equations"] if record["format"] == FORMAT else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def current(entry: dict) -> bool:
    """Whether the entry's test file is still what it was."""
    file = ROOT / entry["file"]
    return file.is_file() and digest(file) == entry["sha256"]
