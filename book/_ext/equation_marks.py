"""Mark every tested equation in the page, and list all of them in the appendix.

The tests of the equations (tests/equations) leave a record. A numbered equation that
the record knows gets a mark beside its number, which links to its row in the table
that the directive `equation-table` writes. A page that the record does not fit, or no
record at all, is a warning.
"""

import hashlib
import json
from pathlib import Path

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)

FORMAT = 1
REMEDY = "run `pytest tests/equations` and build again (`make book` does both)"
HOW = {
    "equality": "both sides computed",
    "proof": "proved with SymPy",
    "bound": "bound sampled and met",
    "counterexample": "shown to fail elsewhere",
    "definition": "definition",
}


class equation_table(nodes.General, nodes.Element):
    """The place of the table of all equations."""


class EquationTable(SphinxDirective):
    """Write the table of all equations here."""

    def run(self):
        """Leave the place, to be filled when all pages are known."""
        note_table(self.env)
        return [equation_table()]


def note_table(env):
    env.equation_table = env.docname


def load(app):
    """Read the record anew in every build."""
    env = app.env
    path = Path(app.confdir, app.config.equation_record)
    for name, start in (("equations_of", {}), ("equation_table", None), ("equation_said", {})):
        if not hasattr(env, name):
            setattr(env, name, start)
    env.equation_record = None
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["format"] != FORMAT:
            raise ValueError(f"its format is {record['format']}, not {FORMAT}")
        env.equation_record = record["equations"]
    except FileNotFoundError:
        warn(f"the record of the equation tests, {path}, is absent: {REMEDY}")
    except (OSError, ValueError, KeyError, TypeError) as problem:
        warn(f"the record of the equation tests, {path}, cannot be read ({problem}): {REMEDY}")


def warn(message, location=None):
    logger.warning(message, type="equations", subtype="record", location=location)


def collect(app, doctree):
    """Remember the numbered equations of a page."""
    app.env.equations_of[app.env.docname] = {
        node["label"]: ("".join(node.astext().split()), node.line)
        for node in doctree.findall(nodes.math_block)
        if node.get("label")
    }


def forget(app, env, docname):
    env.equations_of.pop(docname, None)
    if env.equation_table == docname:
        env.equation_table = None


def merge(app, env, docnames, other):
    for docname in docnames:
        if docname in other.equations_of:
            env.equations_of[docname] = other.equations_of[docname]
    if other.equation_table in docnames:
        env.equation_table = other.equation_table


def compare(env, confdir):
    """Warn wherever the record and the pages do not fit."""
    record = env.equation_record
    printed = set()
    for docname, equations in env.equations_of.items():
        for label, (latex, line) in equations.items():
            printed.add(label)
            if label not in record:
                warn(f"equation {label} has not been tested: {REMEDY}", (docname, line))
            elif "".join(record[label]["latex"].split()) != latex:
                tested = squeeze(record[label]["latex"])
                warn(
                    f"equation {label} is not what has been tested, {tested}: "
                    f"look whether its test still fits, {REMEDY}",
                    (docname, line),
                )
    for label in sorted(record.keys() - printed):
        warn(f"the record has an equation {label} which is on no page: {REMEDY}")
    if printed and not env.equation_table:
        warn("no page holds the directive equation-table, to which the marks link: add it to one")
    for file, digest in sorted({(entry["file"], entry["sha256"]) for entry in record.values()}):
        path = Path(confdir, file)
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            warn(f"{file} is not what it was when the equations were tested: {REMEDY}")


def squeeze(latex):
    return " ".join(latex.split())


def outdated(app, env):
    """Compare pages and record, and write again the pages on which a mark has changed."""
    if env.equation_record is None:
        return []
    compare(env, app.confdir)
    said: dict[str, object] = {
        docname: [
            (label, number(env, docname, label), text(env, docname, label))
            for label in equations
            if label in env.equation_record
        ]
        for docname, equations in env.equations_of.items()
    }
    if env.equation_table:
        printed = {
            label: {**entry, "error": error(entry)} for label, entry in env.equation_record.items()
        }
        said[env.equation_table] = repr((said, printed))
    changed = [name for name in said if env.equation_said.get(name) != said[name]]
    env.equation_said = said
    return changed


def number(env, docname, label):
    """The equation's printed number."""
    if not (env.config.math_numfig and env.config.numfig):
        return str(env.get_domain("math").get_equation_number_for(label))
    numbers = env.toc_fignumbers.get(docname, {}).get("displaymath", {})
    *chapter, last = map(str, numbers.get(target(label), ("?",)))
    return env.config.math_numsep.join(filter(None, [".".join(chapter), last]))


def target(label):
    """The equation's anchor, as Sphinx forms it."""
    return nodes.make_id(f"equation-{label}")


def row_id(label):
    return nodes.make_id(f"tested-{label}")


def error(entry):
    """The largest error, to one digit, where sides have been compared."""
    if not {"equality", "bound"} & set(entry["kinds"]):
        return "–"
    return f"{entry['error']:.0e}".replace("e-0", "e-").replace("e+00", "")


def text(env, docname, label):
    """What the mark tells, in words."""
    entry = env.equation_record[label]
    title = f"Equation ({number(env, docname, label)})"
    if entry["kinds"] == ["definition"]:
        return f"{title} is a definition"
    if "equality" in entry["kinds"]:
        return f"{title} is tested: largest error {error(entry)}"
    how = " and ".join(HOW[kind] for kind in entry["kinds"])
    return f"{title} is tested: {how}"


def resolve(app, doctree, docname):
    """Put the marks beside the equations, and the table in its place."""
    env = app.env
    record = env.equation_record or {}
    for place in list(doctree.findall(equation_table)):
        place.replace_self(table(app) if record else [])
    if app.builder.format != "html" or not env.equation_table:
        return
    for node in list(doctree.findall(nodes.math_block)):
        label = node.get("label")
        if label not in record:
            continue
        node["equation_mark"] = {
            "uri": app.builder.get_relative_uri(docname, env.equation_table) + "#" + row_id(label),
            "text": text(env, docname, label),
            "definition": record[label]["kinds"] == ["definition"],
        }


def table(app):
    """Count the equations, and tabulate them page by page in the order of reading."""
    env = app.env
    record = env.equation_record
    pages = {
        docname: [label for label in env.equations_of[docname] if label in record]
        for docname in reading_order(env, env.config.root_doc)
        if docname in env.equations_of
    }
    entries = [record[label] for labels in pages.values() for label in labels]
    definitions = sum(entry["kinds"] == ["definition"] for entry in entries)
    compared = sum(entry["comparisons"] for entry in entries)
    summary = (
        f"The book has {count(len(entries), 'numbered equation')}: "
        f"{len(entries) - definitions} tested, in {count(compared, 'comparison')}, "
        f"and {count(definitions, 'definition')}."
    )
    result = [nodes.paragraph("", summary, classes=["equation-summary"])]
    for docname, labels in pages.items():
        if labels:
            result += page_table(app, docname, labels)
    return result


def count(n, noun):
    return f"{n:,} {noun}{'s' * (n != 1)}"


def reading_order(env, docname):
    yield docname
    for child in env.toctree_includes.get(docname, ()):
        yield from reading_order(env, child)


def page_table(app, docname, labels):
    """A heading with the page's title, and a table with two rows for each equation."""
    page = app.builder.get_relative_uri(app.env.equation_table, docname)
    title = app.env.titles[docname].astext()
    heading = nodes.title("", "", link(title, page))
    group = nodes.tgroup(cols=4)
    group += [nodes.colspec(colwidth=width) for width in (24, 42, 16, 18)]
    head = nodes.row()
    for name in ("Equation", "How it is tested", "Cases", "Error"):
        head += nodes.entry("", nodes.paragraph("", name))
    body = nodes.tbody()
    for label in labels:
        body += rows(app.env, docname, label, page)
    group += [nodes.thead("", head), body]
    listing = nodes.table("", group, classes=["equation-table", "colwidths-given"])
    return [nodes.section("", heading, listing, ids=[nodes.make_id(f"equations-of-{docname}")])]


def rows(env, docname, label, page):
    entry = env.equation_record[label]
    defined = entry["kinds"] == ["definition"]
    how = ", ".join(HOW[kind] for kind in entry["kinds"])
    if entry["why"]:
        how += f" (to {entry['rtol']:.0e}: {entry['why']})"
    first = nodes.row(ids=[row_id(label)])
    for cell in (
        link(f"({number(env, docname, label)})", f"{page}#{target(label)}"),
        nodes.Text(how),
        nodes.Text("–" if defined else f"{entry['comparisons']:,}"),
        nodes.Text(error(entry)),
    ):
        first += nodes.entry("", nodes.paragraph("", "", cell))
    second = nodes.entry(morecols=3)
    if defined:
        second += nodes.paragraph("", "", nodes.literal(label, label))
    else:
        summary = f"<details><summary><code>{label}</code></summary>"
        second += [
            nodes.raw("", summary, format="html"),
            nodes.literal_block(entry["source"], entry["source"], language="python"),
            nodes.paragraph("", f"{entry['file']}, line {entry['line']}", classes=["test-file"]),
            nodes.raw("", "</details>", format="html"),
        ]
    return [first, nodes.row("", second)]


def link(words, uri):
    return nodes.reference("", words, refuri=uri, internal=True)


def draw_marks(app):
    """Make the renderer of formulas put the mark behind the equation's number."""
    name = app.config.html_math_renderer or "mathjax"
    visit, depart = app.registry.html_block_math_renderers[name]

    def visit_marked(translator, node):
        start = len(translator.body)
        try:
            visit(translator, node)
        finally:  # the renderers leave with SkipNode
            if "equation_mark" in node:
                end_of_number = translator.body.index("</span>", start)
                translator.body.insert(end_of_number, mark(translator, **node["equation_mark"]))

    app.registry.html_block_math_renderers[name] = (visit_marked, depart)


def mark(translator, uri, text, definition):
    sign, kind = ("def", " definition") if definition else ("✓", "")
    uri, text = translator.attval(uri), translator.attval(text)
    name = f"def: {text}" if definition else text  # a name has to hold the visible text
    return (
        f'<a class="equation-mark{kind}" href="{uri}" aria-label="{name}" title="{text}">{sign}</a>'
    )


def unexpected(translator, node):
    raise ExtensionError(f"{type(node).__name__} was left in a {translator.builder.name} page")


def setup(app):
    app.add_config_value("equation_record", "_build/equations.json", "", [str])
    app.add_node(equation_table, html=(unexpected, None), latex=(unexpected, None))
    app.add_directive("equation-table", EquationTable)
    app.connect("builder-inited", load)
    app.connect("builder-inited", draw_marks, priority=900)  # after MyST has set its renderer
    app.connect("doctree-read", collect)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    app.connect("env-get-updated", outdated, priority=900)  # after Sphinx has numbered
    app.connect("doctree-resolved", resolve)
    return {
        "version": "1",
        "env_version": 1,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
