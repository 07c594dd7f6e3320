"""One line that tells how far a long run is, where somebody is watching."""

import os
import sys
import time
from typing import Any

__all__ = ["Progress", "is_watched"]

PAUSE = 0.1  # seconds between two updates
WIDTH = 24  # of the bar, in characters


def is_watched() -> bool:
    """Say whether a person sees what is written to the standard error now.

    A terminal is watched, and so is a live notebook; a log file is not, nor a page that is being
    built. The environment variable BPCOURSE_STATIC overrules it: 1 is never watched, 0 always.
    """
    wish = os.environ.get("BPCOURSE_STATIC")
    if wish:
        return wish == "0"
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    kernel: Any = getattr(shell, "kernel", None)
    if kernel is None:
        return sys.stderr is not None and sys.stderr.isatty()
    request = kernel.get_parent() if hasattr(kernel, "get_parent") else {}
    return bool(request.get("content", {}).get("allow_stdin", True))


class Progress:
    """A progress bar on the standard error, silent where nobody watches.

    Parameters
    ----------
    total : int
        How many units of work there are.
    wanted : bool
        False keeps silent in any case.
    """

    def __init__(self, total: int, wanted: bool = True):
        self.total = total
        self.shown = wanted and is_watched()
        self.start = self.last = time.monotonic()
        self.width = 0

    def update(self, done: int, text: str = "") -> None:
        """Show that `done` units are done, with a text behind the bar."""
        now = time.monotonic()
        if not self.shown or (now - self.last < PAUSE and done < self.total):
            return
        self.last = now
        filled = WIDTH * done // self.total
        left = (now - self.start) * (self.total - done) / max(done, 1)
        line = (
            f"{'█' * filled}{'░' * (WIDTH - filled)} {done}/{self.total} {text} {left:.0f} s left"
        )
        print(f"\r{line:<{self.width}}", end="", file=sys.stderr, flush=True)
        self.width = len(line)

    def close(self) -> None:
        """Wipe the bar away."""
        if self.width:
            print(f"\r{'':<{self.width}}\r", end="", file=sys.stderr, flush=True)
