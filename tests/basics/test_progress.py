"""The progress bar: who sees it, and how often."""

import io
import sys
from types import SimpleNamespace

import pytest

from bpcourse.basics import progress
from bpcourse.basics.progress import Progress, is_watched


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def nobody(monkeypatch):
    """No notebook and no wish."""
    monkeypatch.delenv("BPCOURSE_STATIC", raising=False)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))


def notebook(monkeypatch, content):
    kernel = SimpleNamespace(get_parent=lambda: {"content": content})
    shell = SimpleNamespace(kernel=kernel)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))


def test_a_terminal_is_watched_and_a_file_is_not(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert not is_watched()
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert is_watched()
    monkeypatch.setattr(sys, "stderr", None)  # pythonw has none
    assert not is_watched()


def test_a_live_notebook_is_watched_and_a_page_that_is_built_is_not(monkeypatch):
    notebook(monkeypatch, {"allow_stdin": True})
    assert is_watched()
    notebook(monkeypatch, {})
    assert is_watched()
    notebook(monkeypatch, {"allow_stdin": False})
    assert not is_watched()


def test_the_wish_overrules(monkeypatch):
    monkeypatch.setenv("BPCOURSE_STATIC", "0")
    assert is_watched()
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("BPCOURSE_STATIC", "1")
    assert not is_watched()


def test_ten_updates_a_second_are_enough_and_the_last_is_shown(monkeypatch):
    times = iter([100.0, 100.05, 100.11, 100.15, 100.16])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(times))
    monkeypatch.setattr(sys, "stderr", Terminal())
    bar = Progress(4)
    written = []
    for done in range(1, 5):
        bar.update(done, "loss 1")
        written.append(sys.stderr.getvalue().count("\r"))
    assert written == [0, 1, 1, 2]
    assert "2/4 loss 1" in sys.stderr.getvalue()
    bar.close()
    assert sys.stderr.getvalue().endswith(" \r")


def test_a_shorter_line_wipes_the_longer_one(monkeypatch):
    monkeypatch.setattr(progress.time, "monotonic", iter([10.0, 12.0, 13.0]).__next__)
    monkeypatch.setattr(sys, "stderr", Terminal())
    bar = Progress(4)
    bar.update(2, "a long text")
    bar.update(4, "")
    first, second = sys.stderr.getvalue().split("\r")[1:]
    assert len(second) == len(first)
    assert first.endswith(" 2 s left")


def test_nothing_to_wipe(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    bar = Progress(4)
    bar.update(4)
    bar.close()
    assert sys.stderr.getvalue() == ""
