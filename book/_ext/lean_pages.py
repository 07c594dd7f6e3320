"""Leave out of every page the scripts and styles that the course does not use.

The theme and Jupyter Book put half a megabyte of icons, Bootstrap's scripts, the
search index and live-code scripts (one of them from a third party) into each page.
Here a page keeps only the scripts that its own text needs; one_style.py does the styles.
The icons that the theme draws come from book/assets/icons.css, the page's frame from
book/_templates/layout.html.
"""

import re
import shutil
from pathlib import Path

NEVER = ("thebe", "togglebutton", "toggleHint", "toggleOpen", "DOCUMENTATION_OPTIONS.")
"""Scripts and styles by a part of their file name or of their inline code."""

ONLY_WITH = {
    "clipboard": "highlight",
    "copybutton.js": "highlight",
    "design-tabs": "sd-tab-set",
    "katex.min.css": "katex",
}
"""Part of a file name: what a page that needs the file has in a class name."""

THEBE = re.compile(
    r'<script type="text/x-thebe-config">.*?</script>|<script>kernelName.*?</script>', re.S
)
ICON_RULE = re.compile(r"(?<=[};/])\.fa[-\w]*[^{},]*(?:,\.fa[-\w]*[^{},]*)*\{[^{}]*\}")
ICON_FONT = re.compile(r"@font-face\{[^}]*Font Awesome[^}]*\}")
UNUSED_FILES = (
    "vendor",
    "scripts/fontawesome*",
    "scripts/bootstrap*",
    "scripts/*.map",
    "styles/*.map",
    "styles/theme.css",
    "sphinx-thebe*",
    "togglebutton*",
    "locales",
    "images/logo_*",
    "*webpack-macros.html",
    "play-solid.svg",
)
"""What the theme copies into `_static` and no page asks for."""


def needed(asset, body):
    """Whether a page with this body needs the script or style."""
    text = f"{getattr(asset, 'filename', asset)} {getattr(asset, 'attributes', {}).get('body')}"
    if any(word in text for word in NEVER):
        return False
    return all(
        re.search(rf'class="[^"]*{mark}', body) for word, mark in ONLY_WITH.items() if word in text
    )


def deferred(script):
    """The same script, run when the page has been read."""
    if not script.filename:
        return script
    attributes = {**script.attributes, "defer": "defer"}
    return type(script)(script.filename, priority=script.priority, **attributes)


def keep_what_is_needed(app, pagename, templatename, context, doctree):
    body = context["body"] = THEBE.sub("", context.get("body", ""))
    for kind in ("script_files", "css_files"):
        # In place: Sphinx has already handed this list to the template.
        context[kind][:] = [asset for asset in context[kind] if needed(asset, body)]
    if pagename != "search":  # its own scripts, not deferred, need the common ones before them
        context["script_files"][:] = [deferred(script) for script in context["script_files"]]


def pages_beside_the_book(app):
    """`index.html`, which leads to the first page, and `404.html`."""
    root = "/" + app.config.html_baseurl.partition("://")[2].partition("/")[2].strip("/")
    yield "index", {"body": ""}, "redirect.html"
    yield "404", {"body": "", "site_root": root.rstrip("/") + "/"}, "404.html"


def remove_unused_files(app, exception):
    if exception or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    theme = static / "styles/pydata-sphinx-theme.css"
    theme.write_text(ICON_RULE.sub("", ICON_FONT.sub("", theme.read_text("utf-8"))), "utf-8")
    for pattern in UNUSED_FILES:
        for path in static.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def setup(app):
    app.connect("html-page-context", keep_what_is_needed, priority=890)
    app.connect("html-collect-pages", pages_beside_the_book)
    app.connect("build-finished", remove_unused_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
