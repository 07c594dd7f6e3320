"""Leave out of every page the scripts that the course does not use.

The theme and Jupyter Book add launch buttons' scripts (one of them from a
third party) and half a megabyte of icons to each page; the icons that the
theme draws come from book/assets/icons.css instead.
"""

UNUSED = ("sphinx-thebe", "thebe", "fontawesome", "mathjax", "require.js", "embed-amd")


def drop_unused(app, pagename, templatename, context, doctree):
    files = context.get("script_files", [])
    files[:] = [f for f in files if not any(word in str(getattr(f, "filename", f) or "") for word in UNUSED)]


def setup(app):
    app.connect("html-page-context", drop_unused, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
