"""Figures: one style, inline SVG for the page, sliders that need no server.

`show` puts a Matplotlib figure into a page or notebook, `explore` lets the
reader move its parameters, `style` holds the palette and the sizes. Drawing
functions of a chapter live in ``bpcourse.figures.PART.CHAPTER``.
"""

from bpcourse.figures.explore import Explorer, explore
from bpcourse.figures.show import Shown, show

__all__ = ["Explorer", "Shown", "explore", "show"]
