"""Write a Matplotlib figure as inline SVG: small, the same every time, in the page's colors."""

from __future__ import annotations

import hashlib
import re
import sys
from dataclasses import dataclass
from html import escape
from io import StringIO
from xml.etree import ElementTree

import matplotlib as mpl
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.figure import Figure

from bpcourse.figures.style import PALETTE

SVG = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"
ID = "bp@"  # stands before every id until the whole figure is known and named by its content

_NAMES = {shades.line: name for name, shades in PALETTE.items()} | {
    "#000000": "ink",
    "#ffffff": "paper",
}
_HEX = re.compile(r"#[0-9a-f]{6}\b")
_NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_DROPPED = re.compile(r"font-family:[^;]*;? ?|text-anchor: start;? ?|font-weight: 400;? ?")


@dataclass(frozen=True)
class Drawing:
    """A figure as text: its size in points and the parts that follow one another inside `svg`."""

    width: float
    height: float
    parts: tuple[str, ...]


class _Renderer(RendererSVG):
    """Words stay text in the page's own font; formulas, set glyph by glyph, become outlines."""

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        # Read anew at every call; a context manager for each label would cost half of the time.
        mpl.rcParams["svg.fonttype"] = "path" if ismath else "none"
        super().draw_text(gc, x, y, s, prop, angle, ismath=ismath, mtext=mtext)


def _number(match: re.Match[str]) -> str:
    text = f"{float(match[0]):.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _style(text: str, lettering: bool) -> str:
    def variable(match: re.Match[str]) -> str:
        name = _NAMES.get(match[0])
        if name is None:
            return match[0]
        shades = PALETTE[name]
        if lettering:
            return f"var(--bp-{name}-text,{shades.text})"
        return f"var(--bp-{name},{shades.line})"

    text = _HEX.sub(variable, _DROPPED.sub("", text).strip("; "))
    return _REFERENCE.sub(rf"url(#{ID}\1)", text).replace("; ", ";").replace(": ", ":")


def _rewrite(element: ElementTree.Element, used: set[str], lettering: bool = False) -> None:
    """Round numbers, name colors and drop the ids nobody refers to, in `element` and below."""
    element.tag = element.tag.removeprefix(SVG)
    element.text = element.text if element.tag in ("text", "tspan") else None
    element.tail = None
    lettering = lettering or element.tag == "text" or (element.get("id") or "").startswith("text_")
    for name, value in list(element.attrib.items()):
        if name == HREF:
            del element.attrib[name]
            element.set("href", value if value.startswith("data:") else f"#{ID}{value[1:]}")
        elif name == "id":
            if value in used:
                element.set(name, ID + value)
            else:
                del element.attrib[name]
        elif name == "style":
            element.set(name, _style(value, lettering))
            if not element.get(name):
                del element.attrib[name]
        elif name == "clip-path":
            element.set(name, _REFERENCE.sub(rf"url(#{ID}\1)", value))
        elif name == "d":
            path = _NUMBER.sub(_number, " ".join(value.split()))
            element.set(name, re.sub(r" ?([A-Za-z]) ?", r"\1", path))
        elif name in ("x", "y", "width", "height"):
            element.set(name, _NUMBER.sub(_number, value))
        elif name == "transform":
            if value.startswith("rotate(-0 "):
                del element.attrib[name]
            elif "scale" not in value and "matrix" not in value:
                element.set(name, _NUMBER.sub(_number, value))
    for child in list(element):
        _rewrite(child, used, lettering)
        if child.tag in ("g", "defs") and not len(child):
            element.remove(child)


def drawing(figure: Figure) -> Drawing:
    """Draw `figure` as SVG and cut it into parts, one for each thing on the axes.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Left as it was; if pyplot knows it, pyplot is told to close it.

    Returns
    -------
    Drawing
        Joined, the parts are what stands inside the ``svg`` element. Two
        frames of one figure have equal parts where they look equal.
    """
    width, height = (72.0 * inches for inches in figure.get_size_inches())
    dpi = figure.dpi
    buffer = StringIO()
    with mpl.rc_context({"svg.hashsalt": "bpcourse", "svg.image_inline": True}):
        figure.dpi = 72
        try:
            renderer = _Renderer(width, height, buffer, image_dpi=150)
            figure.draw(renderer)
            renderer.finalize()
        finally:
            figure.dpi = dpi
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close(figure)

    text = buffer.getvalue()
    used = set(_REFERENCE.findall(text)) | set(re.findall(r'href="#([^"]+)"', text))
    root = ElementTree.fromstring(text)
    parts: list[str] = []

    def cut(element: ElementTree.Element, depth: int) -> None:
        for child in element:
            if depth and child.tag == "g" and not child.attrib:
                cut(child, depth - 1)
            else:
                parts.append(ElementTree.tostring(child, encoding="unicode"))

    for child in list(root):
        if child.tag == f"{SVG}metadata" or child.find(f"{SVG}style") is not None:
            root.remove(child)
    _rewrite(root, used)
    cut(root, 2)
    invisible = re.compile(r'^<g><path d="[^"]*" style="fill:none" ?/></g>$')
    return Drawing(width, height, tuple(p for p in parts if not invisible.match(p)))


def fingerprint(*texts: str) -> str:
    """Return six letters and digits that name these texts, for ids that must not collide."""
    return "b" + hashlib.sha256("\0".join(texts).encode()).hexdigest()[:6]


def open_tag(drawing: Drawing, alt: str | None) -> str:
    """Return the opening ``svg`` tag; without `alt` the drawing is hidden from screen readers."""
    role = f'role="img" aria-label="{escape(alt)}"' if alt else 'aria-hidden="true"'
    width, height = drawing.width, drawing.height
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width * 4 / 3:.0f}" height="{height * 4 / 3:.0f}" {role} '
        f'style="max-width:min(100%,{width * 4 / 3:.0f}px);height:auto;'
        'fill:var(--bp-ink,#1a1a1a);stroke-linejoin:round">'
    )


def to_svg(figure: Figure, alt: str | None) -> str:
    """Return `figure` as one ``<svg>`` element that reads `alt` to those who do not see it.

    The text is the same in every run and process; colors of the palette are
    CSS variables with the light theme's value as the fallback; ids are
    prefixed by a digest of the content. Words are text, formulas outlines.
    """
    drawn = drawing(figure)
    body = "".join(drawn.parts)
    return open_tag(drawn, alt) + body.replace(ID, fingerprint(body) + "-") + "</svg>"
