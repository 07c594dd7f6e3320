"""Put a figure into a page or notebook, with words for those who do not see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from matplotlib.figure import Figure

from bpcourse.figures.style import stylesheet
from bpcourse.figures.svg import ID, Drawing, drawing, fingerprint, open_tag

GOOD_ALT = (
    "say in one or two sentences what a reader should see in it: the curves or points, "
    "how they run, and the value that matters"
)


def checked_alt(alt: object, where: str = "") -> str:
    """Return `alt` if it is a text with words in it, else say what a good one is."""
    if not isinstance(alt, str):
        raise TypeError(
            f"alt{where} must be a text, got {type(alt).__name__}; describe the figure: {GOOD_ALT}"
        )
    if not alt.strip():
        raise ValueError(f"alt{where} is empty; describe the figure: {GOOD_ALT}")
    return " ".join(alt.split())


def checked_panels(figure: object, where: str) -> list[Figure]:
    """Return the figure, or the figures of a list, as a list."""
    given = list(figure) if isinstance(figure, Sequence) else [figure]
    panels = [panel for panel in given if isinstance(panel, Figure)]
    if not given or len(panels) < len(given):
        wrong = [type(panel).__name__ for panel in given if not isinstance(panel, Figure)]
        hint = "; end it with `return figure`" if "draw" in where and "NoneType" in wrong else ""
        raise TypeError(
            f"{where} must be a Matplotlib Figure or a list of them, "
            f"got {wrong[0] if wrong else 'an empty list'}{hint}"
        )
    return panels


def frame(panels: Sequence[Drawing], alt: str, prefix: str | None = None) -> str:
    """Return the drawings, side by side where there is room, as one image with one `alt`.

    The ids in it begin with `prefix`, by default a digest of all of it.
    """
    bodies = ["".join(panel.parts) for panel in panels]
    prefix = prefix or fingerprint(alt, *bodies)
    svgs = [
        open_tag(panel, alt if len(panels) == 1 else None)
        + body.replace(ID, f"{prefix}{i}-")
        + "</svg>"
        for i, (panel, body) in enumerate(zip(panels, bodies, strict=True))
    ]
    role = f' role="img" aria-label="{escape(alt)}"' if len(panels) > 1 else ""
    return f'<div class="bp-frame"{role}>{"".join(svgs)}</div>'


def caption_tag(caption: str | None) -> str:
    """Return the caption as HTML, or nothing."""
    return f"<figcaption>{escape(caption)}</figcaption>" if caption else ""


@dataclass(frozen=True)
class Shown:
    """A figure ready for the page: HTML there, its description in a terminal."""

    html: str
    alt: str

    def __repr__(self) -> str:
        """Say what there is to see."""
        return f"Figure: {self.alt}"

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, object]:
        return {"text/plain": repr(self), "text/html": self.html}


def show(figure: Figure | Sequence[Figure], *, alt: str, caption: str | None = None) -> Shown:
    """Show a Matplotlib figure as SVG that follows the page's theme and width.

    Parameters
    ----------
    figure : matplotlib.figure.Figure or list of them
        Several figures stand side by side, and below one another on a phone.
        They are closed, so a notebook does not show them a second time.
    alt : str
        What there is to see, for readers who do not see it.
    caption : str, optional
        Plain text below the figure.

    Returns
    -------
    Shown
        Leave it as the last line of a cell; ``.html`` is the text.

    Raises
    ------
    TypeError, ValueError
        If `figure` is not a figure, or `alt` says nothing.
    """
    alt = checked_alt(alt)
    panels = [drawing(panel) for panel in checked_panels(figure, "figure")]
    html = (
        f"<style>{stylesheet()}</style>"
        f'<figure class="bp-figure">{frame(panels, alt)}{caption_tag(caption)}</figure>'
    )
    return Shown(html, alt)
