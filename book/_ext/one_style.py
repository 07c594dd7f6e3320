"""Put all styles into one file and leave out the rules that no page of the book can meet.

A page would ask for a dozen files and use a tenth of them before its first word shows. A rule
stays unless its selector names a class or an id that stands in no page and in no script.
KaTeX's style (katex_assets.py) stays a file of its own, for the pages that have formulas.
"""

import posixpath
import re
from pathlib import Path

NAME = "_static/course.css"
FIRST = ("_static/basic.css", "_static/styles/pydata-sphinx-theme.css")
APART = "_static/katex/katex.min.css"

WORD = r"-?[A-Za-z_][\w-]*"
NESTING = ("@media", "@supports", "@container", "@layer")
EITHER = re.compile(r":(?:is|not|where|has)\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\]]*\]")


def names_in_use(site):
    """Every class and id of the pages, and every word of the scripts, which may set one."""
    names = set()
    for page in site.rglob("*.html"):
        text = page.read_text("utf-8")
        for value in re.findall(r'\b(?:class|id)="([^"]*)"', text):
            names.update(value.split())
        for script in re.findall(r"<script[^>]*>(.*?)</script>", text, re.S):
            names.update(re.findall(WORD, script))
    for script in site.glob("_static/**/*.js"):
        names.update(re.findall(WORD, script.read_text("utf-8")))
    return names


def rules(css):
    """The rules of a style without comments: (what stands before the brace, the block)."""
    start = at = 0
    while (brace := re.compile(r"[{;]").search(css, at)) is not None:
        prelude = css[start : brace.start()].strip()
        if brace[0] == ";":
            yield prelude, None
            start = at = brace.end()
            continue
        depth, end = 1, brace.end()
        while depth:
            end = re.compile(r"[{}]").search(css, end).end()
            depth += 1 if css[end - 1] == "{" else -1
        yield prelude, css[brace.end() : end - 1]
        start = at = end


def can_match(selector, names):
    """Whether every class and id that the selector requires is in use."""
    if "\\" in selector:
        return True
    required = re.findall(rf"[.#]({WORD})", EITHER.sub("", selector))
    return all(name in names for name in required)


def split(selectors):
    """The selectors between the commas that stand in no bracket."""
    return re.split(r",(?![^(]*\))", selectors)


def purge(css, names):
    """The style without comments and without rules that can match nothing."""
    kept = []
    for prelude, block in rules(re.sub(r"/\*.*?\*/", "", css, flags=re.S)):
        if block is None:
            if not prelude.startswith("@charset"):
                kept.append(f"{prelude};")
        elif prelude.startswith(NESTING):
            if inner := purge(block, names):
                kept.append(f"{prelude}{{{inner}}}")
        elif prelude.startswith("@"):
            kept.append(f"{prelude}{{{block}}}")
        elif selectors := [s for s in split(prelude) if can_match(s, names)]:
            kept.append(f"{','.join(selectors)}{{{block.strip()}}}")
    return "\n".join(kept)


def moved(css, folder):
    """The style with its addresses of files written from `_static/`."""

    def address(match):
        path = match[1].strip("\"'")
        if ":" in path or path.startswith(("#", "/")):
            return match[0]
        return f"url({posixpath.normpath(posixpath.join(folder, path))})"

    return re.sub(r"url\(([^)]*)\)", address, css)


def note_styles(app, pagename, templatename, context, doctree):
    """Keep in the page the styles that stand apart; note the others, the same in every page."""
    in_order = sorted(context["css_files"], key=lambda file: getattr(file, "priority", 500))
    files = [str(getattr(file, "filename", file)) for file in in_order]
    app.bundled_styles = [*FIRST, *(file for file in files if file != APART)]
    context["css_files"][:] = [
        file for file in context["css_files"] if str(getattr(file, "filename", file)) == APART
    ]


def write(app, exception):
    if exception or app.builder.format != "html" or not hasattr(app, "bundled_styles"):
        return
    site = Path(app.outdir)
    css = ""
    for file in app.bundled_styles:
        folder = posixpath.relpath(posixpath.dirname(file), "_static")
        css += moved((site / file).read_text("utf-8"), folder) + "\n"
    (site / NAME).write_text(purge(css, names_in_use(site)), "utf-8")


def setup(app):
    # After lean_pages (890) has taken away what no page needs.
    app.connect("html-page-context", note_styles, priority=900)
    app.connect("build-finished", write, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
