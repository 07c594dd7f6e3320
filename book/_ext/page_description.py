"""Give each page the description that search engines show.

It is the page's own (`html_meta: description` in its front matter), or the
beginning of its first paragraph.
"""

from docutils import nodes

LONGEST = 160


def first_words(doctree):
    """The page's first paragraph of at least five words, cut at a word."""
    for paragraph in doctree.findall(nodes.paragraph):
        # `astext` of a formula is LaTeX: a description is plain words.
        if next(paragraph.findall(nodes.math), None) is not None:
            continue
        words = paragraph.astext().split()
        if len(words) >= 5:
            text = " ".join(words)
            return text if len(text) <= LONGEST else text[: LONGEST - 1].rsplit(" ", 1)[0] + "…"
    return None


def describe(app, pagename, templatename, context, doctree):
    if 'name="description"' in context.get("metatags", ""):
        return
    description = first_words(doctree) if doctree else None
    context["description"] = description or f"{context.get('title', '')}: {app.config.project}"


def setup(app):
    app.connect("html-page-context", describe)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
