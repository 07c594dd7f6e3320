"""In a live notebook `explore` is ipywidgets; where a notebook is only executed it is not."""

import json

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient

WIDGET = "application/vnd.jupyter.widget-view+json"
FIGURE = """
import sys
from bpcourse.figures import explore, style
calls = []
def line(slope, color):
    calls.append(slope)
    figure, ax = style.panel(xlim=(-1, 1), ylim=(-3, 3))
    ax.plot([-1, 1], [-slope, slope], color=getattr(style, color))
    return figure
figure = explore(line, slope=[-1, 0.5, 2], color=["BLUE", "RED"], play="slope",
                 alt=lambda slope, color: f"A {color} line of slope {slope}.")
figure
"""
ASK = "'ipywidgets' in sys.modules, figure.widget is None, len(calls)"
DRIVE = """
picture, (slope, player), color = (figure.widget.children[0],
    figure.widget.children[1].children, figure.widget.children[2].children[0])
before, drawn = picture.value, len(calls)
slope.value = 2
moved = picture.value
color.value = "RED"
kinds = [type(control).__name__ for control in (slope, player, color)]
(kinds, len(calls) - drawn, before != moved, 'A BLUE line of slope 2.' in moved,
 'A RED line of slope 2.' in picture.value, 'stroke:var(--bp-red' in picture.value)
"""


def execute(*cells):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    return notebook, [cell.outputs for cell in notebook.cells]


@pytest.mark.parametrize("flag", [None, "1"])
def test_an_executed_notebook_holds_no_widget(flag, monkeypatch):
    monkeypatch.delenv("BPCOURSE_STATIC", raising=False)
    if flag:
        monkeypatch.setenv("BPCOURSE_STATIC", flag)
    notebook, (shown, asked) = execute(FIGURE, ASK)
    assert [output.output_type for output in shown] == ["execute_result"]
    assert set(shown[0].data) == {"text/plain", "text/html"}
    assert asked[0].data["text/plain"] == "(False, True, 6)"
    assert "widgets" not in notebook.metadata
    assert WIDGET not in json.dumps(notebook)


def test_a_live_notebook_gets_controls_that_draw_anew(monkeypatch):
    monkeypatch.setenv("BPCOURSE_STATIC", "0")
    notebook, (shown, driven) = execute(FIGURE, DRIVE)
    data = shown[-1].data
    assert set(data) == {"text/plain", "text/html", WIDGET}
    assert data["text/html"].count('<input type="range"') == 1
    states = notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"]
    assert data[WIDGET]["model_id"] in states
    assert eval(driven[-1].data["text/plain"]) == (
        ["SelectionSlider", "Play", "Dropdown"],
        2,
        True,
        True,
        True,
        True,
    )


@pytest.mark.parametrize("answers", [True, False])
def test_live_means_a_front_end_that_answers(answers, monkeypatch):
    """Jupyter sends allow_stdin=True with each cell; programs that execute notebooks do not."""
    monkeypatch.delenv("BPCOURSE_STATIC", raising=False)
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        reply = client.execute_interactive(
            "import importlib",
            allow_stdin=answers,
            user_expressions={
                "live": "importlib.import_module('bpcourse.figures.explore').is_live()"
            },
            timeout=60,
        )
        live = reply["content"]["user_expressions"]["live"]["data"]["text/plain"]
        assert live == str(answers)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
