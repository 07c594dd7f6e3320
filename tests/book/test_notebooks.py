"""Every page runs afresh, and running it again gives the same outputs to the last digit."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET

import nbformat
import pytest

from tests.book.notebooks import (
    execute,
    executed,
    missing_outputs,
    notebook_pages,
    should_show,
)
from tests.book.prose import name_of

PAGES = notebook_pages()

SAMPLE = """\
import numpy as np
x = np.array([1.25, -3.5])
---
x.sum()
---
print("norm", np.linalg.norm(x).round(4))
---
class Figure:
    def _repr_mimebundle_(self, include=None, exclude=None):
        path = " ".join(f"{v:.3f}" for v in x)
        return {"text/html": f'<svg role="img"><path d="M {path}"/></svg>', "text/plain": "Figure"}
Figure()
"""


def nbval(path):
    """Run nbval's strict comparison on one notebook; return its counts and its report."""
    (path.parent / "pytest.ini").write_text("[pytest]\n")
    report = path.with_suffix(".xml")
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", str(path)]
    command += ["-c", "pytest.ini", "--rootdir=.", "--color=no", "-p", "no:cacheprovider"]
    command += ["--nbval-cell-timeout=120", f"--junitxml={report}"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    environment["BPCOURSE_STATIC"] = "1"
    run = subprocess.run(
        command, cwd=path.parent, env=environment, capture_output=True, text=True, timeout=600
    )
    suite = ET.parse(report).getroot().find("testsuite")
    assert suite is not None, run.stdout + run.stderr
    count = {key: int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped")}
    count["passed"] = count["tests"] - sum(count[k] for k in ("failures", "errors", "skipped"))
    return count, run.stdout + run.stderr


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_page_runs_and_runs_the_same_again(page, shared):
    path = executed(page, shared)
    notebook = nbformat.read(path, as_version=4)
    assert missing_outputs(notebook) == []
    count, report = nbval(path)
    cells = sum(cell.cell_type == "code" for cell in notebook.cells)
    expected = {"tests": cells, "failures": 0, "errors": 0, "skipped": 0, "passed": cells}
    assert count == expected, report


def test_there_are_notebooks():
    assert "descent/learning" in {name_of(page) for page in PAGES}


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """A small executed notebook in which every kind of output occurs."""
    cells = [nbformat.v4.new_code_cell(source.strip()) for source in SAMPLE.split("---\n")]
    return execute(nbformat.v4.new_notebook(cells=cells), tmp_path_factory.mktemp("sample"))


def test_nbval_passes_what_is_right(sample, tmp_path):
    nbformat.write(sample, tmp_path / "right.ipynb")
    count, report = nbval(tmp_path / "right.ipynb")
    assert count["passed"] == count["tests"] == 4, report


@pytest.mark.parametrize(
    ("cell", "edit"),
    [
        (1, lambda o: o[0].data.update({"text/plain": "np.float64(-2.26)"})),
        (2, lambda o: o[0].update(text="norm 3.7166\n")),
        (
            3,
            lambda o: o[0].data.update(
                {"text/html": o[0].data["text/html"].replace("1.250", "1.251")}
            ),
        ),
    ],
    ids=["a digit of a value", "a digit of a printed line", "a coordinate of a figure"],
)
def test_corrupted_output_is_caught(sample, tmp_path, cell, edit):
    notebook = nbformat.reads(nbformat.writes(sample), as_version=4)
    edit(notebook.cells[cell].outputs)
    assert notebook != sample
    assert missing_outputs(notebook) == []
    nbformat.write(notebook, tmp_path / "wrong.ipynb")
    count, report = nbval(tmp_path / "wrong.ipynb")
    assert (count["failures"], count["passed"]) == (1, 3), report
    assert "Cell outputs differ" in report


def test_notebook_without_outputs_is_refused_though_nbval_passes_it(sample, tmp_path):
    bare = nbformat.reads(nbformat.writes(sample), as_version=4)
    for cell in bare.cells:
        cell.outputs, cell.execution_count = [], None
    nbformat.write(bare, tmp_path / "bare.ipynb")
    count, _ = nbval(tmp_path / "bare.ipynb")
    assert count["passed"] == 4  # the trap
    assert len(missing_outputs(bare)) == 4 + 1 + 1


@pytest.mark.parametrize("mark", ["# NBVAL_SKIP", "# NBVAL_IGNORE_OUTPUT"])
def test_cell_that_opts_out_is_refused(sample, mark):
    notebook = nbformat.reads(nbformat.writes(sample), as_version=4)
    notebook.cells[1].source = f"{mark}\nx.sum()"
    assert missing_outputs(notebook) == ["code cell 1 keeps itself from being checked"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = 1", False),
        ("x", True),
        ("x;", False),
        ("x + y", True),
        ("assert_allclose(x, y)", False),
        ("print(x)", True),
        ("for i in y:\n    z = i", False),
        ("bpcourse.explore(f, a=[1], alt='what to see')", True),
        ("%pip install x", False),
    ],
)
def test_should_show(source, expected):
    assert should_show(source) is expected
