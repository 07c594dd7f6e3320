"""Mend what docutils and MyST-NB write against the rules of accessible pages."""

MENDED = {
    # It would hide the visible text "Show the code" from screen readers and voice control.
    '<summary aria-label="Toggle hidden content">': "<summary>",
    # ARIA 1.2 has dropped the role, and a list may not hold anything else.
    ' role="doc-biblioentry"': "",
    '<div role="list" class="citation-list">': '<div class="citation-list">',
}


def mend(app, pagename, templatename, context, doctree):
    for wrong, right in MENDED.items():
        context["body"] = context.get("body", "").replace(wrong, right)


def setup(app):
    app.connect("html-page-context", mend)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
