"""Build a few pages with some of the book's own Sphinx extensions."""

import os
import subprocess
import sys
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

ROOT = Path(__file__).resolve().parents[2]
EXTENSIONS = ROOT / "book/_ext"


@contextmanager
def extensions_on_the_path():
    """Import from book/_ext, as the book's build does."""
    sys.path.insert(0, str(EXTENSIONS))
    try:
        yield
    finally:
        sys.path.remove(str(EXTENSIONS))


def write(folder, pages, extensions, settings):
    """Write the pages and their conf.py; return their folder."""
    source = folder / "source"
    source.mkdir()
    for name, text in pages.items():
        (source / f"{name}.md").write_text(text, "utf-8")
    (source / "node_modules").symlink_to(ROOT / "node_modules")
    settings = {
        "project": "Small",
        "extensions": ["myst_parser", *extensions],
        "myst_enable_extensions": ["colon_fence", "dollarmath"],
        "exclude_patterns": ["node_modules"],
        **settings,
    }
    conf = "".join(f"{name} = {value!r}\n" for name, value in settings.items())
    (source / "conf.py").write_text(conf, "utf-8")
    return source


def build(folder, pages, *extensions, **settings):
    """Build the pages; return the folder of the site and what Sphinx warned of."""
    source, out = write(folder, pages, extensions, settings), folder / "site"
    warnings = StringIO()
    with extensions_on_the_path(), patch_docutils(str(source)), docutils_namespace():
        app = Sphinx(
            source, source, out, folder / "doctrees", "html", status=None, warning=warnings
        )
        app.build()
    return out, warnings.getvalue()


def build_apart(folder, pages, *extensions, **settings):
    """Build the pages in a process of their own; return the site's folder, exit code, messages."""
    source, out = write(folder, pages, extensions, settings), folder / "site"
    run = subprocess.run(
        [sys.executable, "-m", "sphinx", "-b", "html", "-W", "-q", source, out],
        env={**os.environ, "PYTHONPATH": str(EXTENSIONS)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return out, run.returncode, run.stdout + run.stderr
