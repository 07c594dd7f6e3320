"""Mend what docutils, MyST-NB and sphinx-proof write against the rules of accessible pages."""

import re
from collections import Counter

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
    context["body"] = number_proofs(context["body"])


def number_proofs(body):
    """Give each unlabeled proof of a page an id of its own; sphinx-proof names them all alike."""
    seen = Counter()

    def numbered(match):
        seen[match[1]] += 1
        return match[0] if seen[match[1]] == 1 else f'id="{match[1]}-{seen[match[1]]}"'

    return re.sub(r'\bid="(proof(?:-content)?)"', numbered, body)


def setup(app):
    app.connect("html-page-context", mend)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
