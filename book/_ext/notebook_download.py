"""Offer every notebook page as an .ipynb: executed, with outputs, in portable Markdown.

The theme's download button takes the address from `ipynb_source` and looks under _sources/.
MyST-NB's own copy (jupyter_execute/) has outputs only after a cold build, so the outputs come
from where MyST-NB itself takes them, the Jupyter cache.
"""

import re
from pathlib import Path

import nbformat
import sphinxcontrib.katex as katex
from docutils import nodes
from jupyter_cache import get_cache
from myst_nb.core.read import create_nb_reader
from portable_markdown import Writer, folded
from sphinx.errors import ExtensionError

HEADER = """\
*From “{book}”, an open course. Text: CC BY 4.0. Code: BSD-3-Clause.*

To run it, install the course's package first: in the course's folder, `pip install ".[figures]"`. \
The outputs below are those of the book; if a figure is missing, choose *Trust Notebook* or run \
its cell."""
HIDE = {
    "hide-input": ("source_hidden",),
    "remove-input": ("source_hidden",),
    "hide-output": ("outputs_hidden",),
    "remove-output": ("outputs_hidden",),
    "hide-cell": ("source_hidden", "outputs_hidden"),
    "remove-cell": ("source_hidden", "outputs_hidden"),
}


def is_notebook(env, docname):
    return "kernelspec" in env.metadata.get(docname, {})


def executed(env, docname):
    """The page's notebook with the outputs of its last execution."""
    path = env.doc2path(docname)
    source = Path(path).read_text("utf8")
    reader = create_nb_reader(path, env.myst_config, env.mystnb_config, source)
    notebook = reader.read(source)
    if env.mystnb_config.execution_mode == "cache":
        cache = get_cache(env.mystnb_config.execution_cache_path)
        try:
            return cache.merge_match_into_notebook(notebook, cell_meta=())[1]
        except KeyError:
            raise ExtensionError(
                f"{docname}: no executed notebook in the cache {cache.path}; "
                "delete the build folder and build again"
            ) from None
    written = Path(env.mystnb_config.output_folder, f"{docname}.ipynb")
    if not written.is_file():
        raise ExtensionError(f"{docname}: it was not executed, so it cannot be offered executed")
    return nbformat.read(written, as_version=4)


def merged(outputs):
    """The outputs with printed text in one piece: where a kernel cuts it is chance."""
    result = []
    for output in outputs:
        last = result[-1] if result else {}
        if output.output_type == "stream" and last.get("name") == output.name:
            last["text"] += output.text
        else:
            result.append(output)
    return result


class Assembler:
    """Put the text of a document between the cells of its notebook, in the document's order."""

    def __init__(self, writer, notebook):
        self.writer = writer
        self.code = [(n, c) for n, c in enumerate(notebook.cells) if c.cell_type == "code"]
        self.cells = []
        self.text = []
        self.fold = None

    def add(self, node, level=1):
        """Take one node, and the cells in it."""
        if node.get("nb_element") == "cell_code":
            self.flush()
            self.take(node["cell_index"])
        elif isinstance(node, nodes.section):
            for child in node.children:
                self.add(child, level + 1)
        elif any(n.get("nb_element") == "cell_code" for n in node.findall(nodes.container)):
            self.flush()
            outer, self.fold = self.fold, node.get("title", self.fold)
            for child in node.children:
                self.add(child, level)
            self.flush()
            self.fold = outer
        else:
            self.text.append(self.writer.block(node, level))

    def flush(self):
        """End the Markdown cell."""
        text = "\n\n".join(part for part in self.text if part.strip())
        self.text = []
        if text:
            text = folded(self.fold, text) if self.fold else text
            self.cells.append(nbformat.v4.new_markdown_cell(text))

    def take(self, index):
        """Add the code cell with this index, and those before it that the page does not show."""
        while self.code and self.code[0][0] <= index:
            cell = self.code.pop(0)[1]
            tags = cell.metadata.get("tags", [])
            hidden = {key for tag in tags for key in HIDE.get(tag.replace("_", "-"), ())}
            if self.fold:
                hidden |= {"source_hidden", "outputs_hidden"}
            cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
            if hidden:
                cell.metadata["jupyter"] = dict.fromkeys(sorted(hidden), True)
            cell.outputs = merged(cell.outputs)
            self.cells.append(cell)

    def finish(self):
        """All cells."""
        self.flush()
        if self.code:
            self.take(self.code[-1][0])
        return self.cells


def portable(doctree, notebook, writer, book):
    """The notebook that a reader downloads."""
    assembler = Assembler(writer, notebook)
    for child in doctree.children:
        assembler.add(child)
    cells = assembler.finish()
    header = HEADER.format(book=book)
    if cells and cells[0].cell_type == "markdown":
        cells[0].source = re.sub(r"\A(# .*)?", rf"\g<0>\n\n{header}", cells[0].source, count=1)
        cells[0].source = cells[0].source.strip()
    else:
        cells.insert(0, nbformat.v4.new_markdown_cell(header))
    for n, cell in enumerate(cells):
        cell.id = f"cell-{n}"
    kept = {k: v for k, v in notebook.metadata.items() if k in ("kernelspec", "language_info")}
    result = nbformat.v4.new_notebook(cells=cells, metadata=kept)
    nbformat.validate(result)
    return result


def numbering(env, docname):
    """A function that gives the number Sphinx shows for an equation, a figure, a theorem."""

    def number(kind, id):
        if kind == "displaymath" and not (env.config.math_numfig and env.config.numfig):
            label = id.removeprefix("equation-")
            place, equation = env.get_domain("math").equations.get(label, (None, ""))
            return str(equation) if place == docname else ""
        numbers = env.toc_fignumbers.get(docname, {}).get(kind, {}).get(id, ())
        return ".".join(map(str, numbers))

    return number


def write(app, pagename, templatename, context, doctree):
    env = app.env
    if doctree is None or app.builder.format != "html" or not is_notebook(env, pagename):
        return
    macros = katex.KATEX_DEFAULT_OPTIONS.get("macros", {})
    writer = Writer(macros, numbering(env, pagename), app.srcdir)
    notebook = portable(doctree, executed(env, pagename), writer, app.config.html_title)
    target = Path(app.outdir, "_sources", f"{pagename}.ipynb")
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, target)
    context["ipynb_source"] = f"{pagename}.ipynb"


def setup(app):
    app.connect("html-page-context", write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
