"""Execute the book's pages as notebooks, once a test session, whoever asks first."""

import ast
import fcntl
import os
from pathlib import Path

import nbformat
from myst_nb.core.read import is_myst_markdown_notebook, read_myst_markdown_notebook
from nbclient import NotebookClient

from tests.book.prose import name_of, pages

SHOWS = {"print", "show", "explore", "check", "display"}
BANNED_TAGS = {"raises-exception", "skip-execution", "nbval-skip", "nbval-ignore-output"}


def notebook_pages() -> list[Path]:
    """The pages that are MyST notebooks."""
    return [page for page in pages() if is_myst_markdown_notebook(page.read_text("utf8"))]


def load(page: Path) -> nbformat.NotebookNode:
    """The notebook a page means, without outputs."""
    notebook = read_myst_markdown_notebook(page.read_text("utf8"), path=page)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"  # nbformat's own are random
    return notebook


def execute(notebook: nbformat.NotebookNode, folder: Path) -> nbformat.NotebookNode:
    """Run all cells in a fresh kernel that works in `folder`; the first error raises."""
    os.environ["BPCOURSE_STATIC"] = "1"
    folder.mkdir(parents=True, exist_ok=True)
    client = NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": folder}}
    )
    client.execute()
    return notebook


def executed(page: Path, shared: Path) -> Path:
    """The path of the page's executed notebook under `shared`, made by the first caller."""
    target = (shared / "notebooks" / name_of(page)).with_suffix(".ipynb")
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            notebook = execute(load(page), target.parent)
            half = target.with_suffix(".half")
            nbformat.write(notebook, half)
            half.rename(target)
    return target


def should_show(source: str) -> bool:
    """Whether a code cell, as it is written, must have an output."""
    plain = "\n".join(
        "" if line.lstrip().startswith(("%", "!")) else line for line in source.splitlines()
    )
    body = ast.parse(plain).body
    if not body:
        return False
    last = body[-1]
    silent = source.rstrip().endswith(";")
    if isinstance(last, ast.Expr) and not isinstance(last.value, ast.Call | ast.Constant):
        return not silent
    calls = (s.value for s in body if isinstance(s, ast.Expr) and isinstance(s.value, ast.Call))
    names = {getattr(c.func, "id", getattr(c.func, "attr", "")) for c in calls}
    return bool(names & SHOWS) and not (silent and names & SHOWS <= {"show", "explore", "check"})


def missing_outputs(notebook: nbformat.NotebookNode) -> list[str]:
    """Why nbval's answer on this notebook would mean nothing; empty if it means something."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    complaints = [
        f"code cell {n} was not executed" for n, c in enumerate(cells) if c.execution_count is None
    ]
    complaints += [
        f"code cell {n} has no output: {c.source.splitlines()[-1]!r}"
        for n, c in enumerate(cells)
        if not c.outputs and should_show(c.source)
    ]
    if not any(c.outputs for c in cells):
        complaints.append("no cell of the notebook has an output")
    for n, cell in enumerate(cells):
        if "NBVAL_" in cell.source or BANNED_TAGS & set(cell.metadata.get("tags", [])):
            complaints.append(f"code cell {n} keeps itself from being checked")
    return complaints
