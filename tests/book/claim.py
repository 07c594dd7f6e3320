"""`@claim("fragment")`: a function that computes what a sentence of the book says."""

import runpy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CLAIMS = Path(__file__).with_name("claims")


@dataclass(frozen=True)
class Claim:
    """One fragment of a page and the function that checks it."""

    fragment: str
    check: Callable[[], None]


def claim(fragment: str):
    """Say that the decorated function computes and asserts what `fragment` states.

    Parameters
    ----------
    fragment : str
        Part of a page's source, word for word; any white space equals any other.
        Several claims may decorate one function.
    """

    def register(check):
        check.claims = (fragment, *getattr(check, "claims", ()))
        return check

    return register


def claims_of(page: str, folder: Path = CLAIMS) -> list[Claim]:
    """The claims in `claims/PAGE.py`, or none if there is no such file."""
    path = folder / f"{page}.py"
    if not path.is_file():
        return []
    return [
        Claim(fragment, value)
        for value in runpy.run_path(str(path)).values()
        for fragment in getattr(value, "claims", ())
    ]
