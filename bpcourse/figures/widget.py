"""The controls of `explore` in a live notebook: ipywidgets that draw anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets

from bpcourse.figures.show import caption_tag, frame
from bpcourse.figures.style import stylesheet

if TYPE_CHECKING:
    from bpcourse.figures.explore import Explorer


def controls(explorer: Explorer) -> ipywidgets.VBox:
    """Return the figure with one control for each axis; moving one calls ``draw`` again."""
    from bpcourse.figures.explore import is_numeric, label

    picture = ipywidgets.HTML()
    chosen: dict[str, Any] = {}
    rows = []
    for name, values in explorer.axes.items():
        kind = ipywidgets.SelectionSlider if is_numeric(values) else ipywidgets.Dropdown
        control = kind(
            options=[(label(value), value) for value in values],
            value=explorer.default[name],
            description=explorer.names[name],
            style={"description_width": "initial"},
        )
        chosen[name] = control
        row: list[Any] = [control]
        if name == explorer.play:
            player = ipywidgets.Play(max=len(values) - 1, interval=700)
            player.value = values.index(explorer.default[name])
            ipywidgets.jslink((player, "value"), (control, "index"))
            row.append(player)
        rows.append(ipywidgets.HBox(row))

    def redraw(_change: object = None) -> None:
        values = {name: control.value for name, control in chosen.items()}
        picture.value = (
            f'<style>{stylesheet()}</style><figure class="bp-figure">'
            f"{frame(explorer.drawings(values), explorer.describe(values))}"
            f"{caption_tag(explorer.caption)}</figure>"
        )

    for control in chosen.values():
        control.observe(redraw, names="value")
    redraw()
    return ipywidgets.VBox([picture, *rows])
