"""The built site, a local server of it, and a real Chromium.

The site is the folder that BPCOURSE_SITE names, or _build/html, which is built here when it is
missing or older than its sources.
"""

import fcntl
import os
import re
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tools.serve import server

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "_build"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"wide": (1280, 900), "phone": (390, 844)}
VIEWS = [f"{size}-{theme}" for size in SIZES for theme in ("light", "dark")]
SOURCES = ("book/**/*", "bpcourse/**/*.py", "bpcourse/**/*.js", "_config.yml", "_toc.yml")


def built(root=ROOT):
    """The folder of the built site; build it if it is missing or old."""
    if named := os.environ.get("BPCOURSE_SITE"):
        folder = Path(named)
        if not (folder / "index.html").is_file():
            pytest.fail(f"BPCOURSE_SITE={named} has no index.html; build the book or unset it")
        return folder
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "site.lock").open("w") as lock:  # several workers, one build
        fcntl.flock(lock, fcntl.LOCK_EX)
        newest = max(p.stat().st_mtime for pattern in SOURCES for p in ROOT.glob(pattern))
        log = BUILD / "book.log"
        index = BUILD / "html/index.html"
        if not index.is_file() or not log.is_file() or log.stat().st_mtime < newest:
            command = [sys.executable, "tools/book.py"]
            run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
            if run.returncode:
                pytest.fail(f"the book does not build:\n{run.stdout[-3000:]}{run.stderr[-1000:]}")
    return BUILD / "html"


class Outline(HTMLParser):
    """Every tag of a page with its attributes, in order."""

    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        """Note the tag."""
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def all(self, *names):
        """The attributes of every tag with one of these names."""
        return [attributes for tag, attributes in self.tags if tag in names]


@dataclass(frozen=True)
class Page:
    """One page of the built site."""

    path: str
    text: str
    outline: Outline


@dataclass(frozen=True)
class Site:
    """The built site: where it is, where it is served, its pages."""

    folder: Path
    url: str
    pages: dict[str, Page]

    def chapters(self):
        """The pages that the reader reads: all but the search, the redirect and the 404."""
        return [path for path in self.pages if path.startswith("book/")]

    def with_contents(self):
        """The pages with a table of their own contents."""
        pages = [p for p in self.chapters() if "secondary-toggle" in self.pages[p].text]
        assert pages, "no page has a table of its contents"
        return pages

    def with_figures(self):
        """The pages with a figure to move."""
        pages = [p for p in self.chapters() if "bp-explore" in self.pages[p].text]
        assert pages, "no page has an explore figure"
        return pages


@pytest.fixture(scope="session")
def site():
    """The site, served on this machine while the tests run."""
    folder = built()
    pages = {}
    for file in sorted(folder.rglob("*.html")):
        path = file.relative_to(folder).as_posix()
        if not path.startswith(("_static/", "_sources/")):
            text = file.read_text("utf-8")
            pages[path] = Page(path, text, Outline(text))
    assert sum(path.startswith("book/") for path in pages) >= 5, f"hardly a page in {folder}"
    with server(folder) as httpd:
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        yield Site(folder, f"http://127.0.0.1:{httpd.server_port}", pages)
        httpd.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def chromium():
    """A headless Chromium."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.fail("no Chromium on this machine; on Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_tab(chromium):
    """A function that opens a tab in a fresh profile: `open_tab("phone-dark", **options)`."""
    contexts = []

    def open_one(view="wide-light", **options):
        size, _, theme = view.partition("-")
        width, height = SIZES[size]
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme=theme, **options
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()


class Watch:
    """What goes wrong in a tab: foreign or failed requests, console, script errors."""

    def __init__(self, tab, home):
        self.home = home
        self.found = []
        tab.on("request", self.request)
        tab.on("requestfailed", self.failed)
        tab.on("response", lambda r: r.status >= 400 and self.found.append(f"{r.status}: {r.url}"))
        tab.on("pageerror", lambda error: self.found.append(f"script error: {error}"))
        tab.on("console", self.console)

    def request(self, request):
        """Note a request that leaves the site."""
        if not request.url.startswith((self.home, "data:", "blob:")):
            self.found.append(f"request to another place: {request.url}")

    def failed(self, request):
        """Note a request that failed, unless we left the page before its answer came."""
        if request.failure != "net::ERR_ABORTED":
            self.found.append(f"failed: {request.url} {request.failure}")

    def console(self, message):
        """Note an error or warning."""
        if message.type in ("error", "warning"):
            self.found.append(f"console {message.type}: {message.text}")

    def take(self):
        """What was found since the last call."""
        found, self.found = self.found, []
        return found


@pytest.fixture
def watch():
    """The class that listens to a tab."""
    return Watch


@pytest.fixture(scope="session")
def without_figures():
    """A function that takes the figures out of a page's text."""
    figure = re.compile(r'<figure class="bp-figure.*?</figure>', re.S)
    return lambda text: figure.sub("", text)
