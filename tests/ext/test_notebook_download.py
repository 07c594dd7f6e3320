"""The download button gives an executed notebook, after a cold build and after a cached one."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from docutils import nodes

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "book/_ext"))
from portable_markdown import Writer, expand, fenced  # noqa: E402

MACROS = {r"\R": r"\mathbb{R}", r"\T": r"^{\mathsf T}", r"\norm": r"\lVert #1 \rVert"}

CONF = f"""
import sphinxcontrib.katex
sphinxcontrib.katex.KATEX_DEFAULT_OPTIONS["macros"] = {MACROS!r}
html_title = "Tiny course"
extensions = [
    "myst_nb", "sphinx_design", "sphinx_proof", "sphinxcontrib.bibtex", "solutions",
    "notebook_download",
]
myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
bibtex_bibfiles = ["references.bib"]
bibtex_reference_style = "author_year"
html_theme = "sphinx_book_theme"
html_theme_options = {{"use_download_button": True}}
html_sourcelink_suffix = ""
exclude_patterns = ["build"]
numfig = math_numfig = True
nb_execution_mode = "cache"
nb_execution_raise_on_error = True
"""

INDEX = """# Start

```{toctree}
:numbered:
page
other
```

```{bibliography}
```
"""

OTHER = """(there)=
# The other page

:::{glossary}
gradient
  The slope.
:::
"""

PAGE = r"""---
file_format: mystnb
kernelspec:
  name: python3
---

# Learning to *walk*

Euler's $X\T\norm{a_1}$ costs 3 \$, see {eq}`eq:step`, {cite:t}`gauss1809`, {cite:p}`gauss1809`,
{ref}`there`, {doc}`other`, {term}`gradient` and [a site](https://numpy.org/). Use `a|b`.

$$
x \in \R
$$ (eq:step)

:::{admonition} Predict first
Will $w$ grow?

- yes
- no
:::

```{note}
Mind `NaN`.
```

:::{admonition} More
:class: dropdown
Hidden at first.
:::

:::{dropdown} A card
Folded too.
:::

:::{prf:theorem} Floor
:label: floor
It has one.
:::

| what | $a$ |
|---|---|
| one | `x` |

```{code-cell} python
x = 6 * 7
x
```

```{code-cell} python
:tags: [hide-input]
import sys, time
print("printed", x + 1)
sys.stdout.flush()
time.sleep(0.4)
print("in two pieces")
```

```{code-cell} python
:tags: [remove-cell]
hidden = "setup"
```

:::{figure} dot.svg
:name: fig-dot
:alt: A dot in the middle

The dot.
:::

## Exercises

:::{solution-start} Solution 1
:::

First *think*.

```{code-cell} python
answer = x - 1
answer
```

Then look.

:::{solution-end}
:::

The end.
"""

BIB = """@book{gauss1809,
  author = {Gauss, Carl Friedrich},
  title = {Theoria motus},
  publisher = {Perthes},
  year = {1809},
}
"""
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><circle r="1"/></svg>'


def write(folder):
    """Write the sources of the tiny book."""
    files = {"conf.py": CONF, "index.md": INDEX, "other.md": OTHER, "page.md": PAGE}
    for name, text in {**files, "references.bib": BIB, "dot.svg": SVG}.items():
        (folder / name).write_text(text, "utf8")


def build(folder):
    """Build the tiny book; warnings are errors."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    environment["PYTHONPATH"] = str(ROOT / "book/_ext")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-b", "html", "-d"]
    command += ["build/doctrees", ".", "build/html"]
    run = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def download(folder):
    """The notebook, read from the address that the page's download button has."""
    page = (folder / "build/html/page.html").read_text("utf8")
    (address,) = re.findall(r'href="([^"]*\.ipynb)"', page)
    notebook = nbformat.read(folder / "build/html" / address, as_version=4)
    nbformat.validate(notebook)
    return notebook


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """The tiny book, built once from nothing."""
    folder = tmp_path_factory.mktemp("tiny")
    write(folder)
    build(folder)
    return folder


@pytest.fixture(scope="module")
def notebook(book):
    return download(book)


@pytest.fixture(scope="module")
def text(notebook):
    return "\n\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")


def outputs(notebook):
    """All outputs, in short."""
    cells = [c for c in notebook.cells if c.cell_type == "code"]
    return [[o.get("text") or o["data"]["text/plain"] for o in c.outputs] for c in cells]


EXPECTED = [["42"], ["printed 43\nin two pieces\n"], [], ["41"]]


def test_cold_build_gives_outputs(notebook):
    assert outputs(notebook) == EXPECTED
    assert [c.execution_count for c in notebook.cells if c.cell_type == "code"] == [1, 2, 3, 4]


def bare(folder):
    """Whether MyST-NB's own copy lacks the outputs: the trap that this extension is for."""
    copy = nbformat.read(folder / "build/jupyter_execute/page.ipynb", as_version=4)
    return not any(outputs(copy))


def test_build_from_the_cache_alone_gives_the_same(book, notebook, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(book, copy)
    for name in ("html", "doctrees", "jupyter_execute"):
        shutil.rmtree(copy / "build" / name)
    assert "Executed notebook" not in build(copy)
    assert bare(copy)
    assert download(copy) == notebook


def test_rebuild_after_an_edit_of_the_prose_gives_outputs(tmp_path):
    write(tmp_path)
    assert "Executed notebook" in build(tmp_path)
    (tmp_path / "page.md").write_text(PAGE.replace("The end.", "The very end."), "utf8")
    assert "Executed notebook" not in build(tmp_path)
    assert bare(tmp_path)
    again = download(tmp_path)
    assert outputs(again) == EXPECTED
    assert "The very end." in again.cells[-1].source


def test_only_notebooks_are_offered(book):
    assert "ipynb" not in (book / "build/html/other.html").read_text("utf8")
    assert [p.name for p in (book / "build/html/_sources").rglob("*.ipynb")] == ["page.ipynb"]


def test_begins_with_title_license_and_installation(notebook):
    first, second = notebook.cells[0].source.split("\n\n")[:2]
    assert first == "# Learning to *walk*"
    assert "CC BY 4.0" in second
    assert "BSD-3-Clause" in second
    assert "Tiny course" in second
    assert 'pip install ".[figures]"' in notebook.cells[0].source


@pytest.mark.parametrize(
    "expected",
    [
        r"Euler’s $X^{\mathsf T}\lVert a_1 \rVert$ costs 3 \$, see (1.1), Gauss [1809], "
        r"[Gauss, 1809], The other page, The other page, gradient and "
        "[a site](https://numpy.org/). Use `a|b`.",
        "$$\nx \\in \\mathbb{R} \\tag{1.1}\n$$",
        "> **Predict first**\n>\n> Will $w$ grow?\n>\n> - yes\n> - no",
        "> **Note**\n>\n> Mind `NaN`.",
        "<details>\n<summary>More</summary>\n\nHidden at first.\n\n</details>",
        "<details>\n<summary>A card</summary>\n\nFolded too.\n\n</details>",
        "> **Theorem 1.1 (Floor)**\n>\n> It has one.",
        "| what | $a$ |\n|---|---|\n| one | `x` |",
        "**Figure 1.1.** The dot.",
        '<img alt="A dot in the middle" src="data:image/svg+xml;base64,',
        "\n\n## Exercises",
        "<details>\n<summary>Solution 1</summary>\n\nFirst *think*.\n\n</details>",
        "<details>\n<summary>Solution 1</summary>\n\nThen look.\n\n</details>",
    ],
)
def test_constructs_are_portable(text, expected):
    assert expected in text


def test_no_directive_and_no_role_is_left(text):
    assert not re.search(r":::|\{[a-z:]+\}`|```\{", text)


def test_folded_cells_stay_folded(notebook):
    cells = [c for c in notebook.cells if c.cell_type == "code"]
    both = {"source_hidden": True, "outputs_hidden": True}
    assert [c.metadata.get("jupyter") for c in cells] == [None, {"source_hidden": True}, both, both]
    assert "hidden = " in cells[2].source  # it must still run


def test_text_after_a_solution_is_not_folded(notebook):
    assert notebook.cells[-1].source == "The end."


def test_execution_at_every_build_gives_outputs_too(book, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(book, copy, ignore=shutil.ignore_patterns("build"))
    with (copy / "conf.py").open("a") as conf:
        conf.write('nb_execution_mode = "force"\n')
    build(copy)
    assert outputs(download(copy)) == EXPECTED


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"X\T y", r"X^{\mathsf T}y"),
        (r"\Rightarrow \R^n", r"\Rightarrow \mathbb{R}^n"),
        (r"\norm{a_{1}}^2", r"\lVert a_{1} \rVert^2"),
        (r"\norm{\norm{x}}", r"\lVert \lVert x \rVert \rVert"),
        (r"\norm x", r"\lVert x \rVert"),
        (r"\norm\alpha", r"\lVert \alpha \rVert"),
        (r"\norm{\{}", r"\lVert \{ \rVert"),
    ],
)
def test_expand(tex, expected):
    assert expand(tex, MACROS) == expected


def test_expand_keeps_commands_apart():
    assert expand(r"\a b", {r"\a": r"\alpha"}) == r"\alpha b"


def test_expand_refuses_what_never_ends():
    with pytest.raises(ValueError, match="contains itself"):
        expand(r"\a", {r"\a": r"x\a"})
    with pytest.raises(ValueError, match="never closed"):
        expand(r"\norm{a", MACROS)


def test_fence_is_longer_than_any_inside():
    assert fenced("```\nx\n```", "md").startswith("````md\n")


def writer():
    return Writer(MACROS, lambda kind, id: "", ".")


def test_text_that_looks_like_markdown_is_escaped():
    paragraph = nodes.paragraph("", "1. a_b *c* <b> $5")
    assert writer().block(paragraph) == r"\1. a\_b \*c\* &lt;b> \$5"


def test_nested_lists_are_indented():
    inner = nodes.bullet_list("", nodes.list_item("", nodes.paragraph("", "in")))
    item = nodes.list_item("", nodes.paragraph("", "out"), inner)
    assert writer().block(nodes.enumerated_list("", item)) == "1. out\n\n   - in"
