"""Serve the built book on this machine, compressed as a web server would, and print the address.

    .venv/bin/python tools/serve.py [--port 8000]

Only this machine can reach it. Ctrl-C ends it.
"""

import argparse
import gzip
import sys
from functools import lru_cache, partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
COMPRESSED = {".html", ".css", ".js", ".svg", ".json", ".txt", ".md", ".ipynb", ".xml"}


@lru_cache(maxsize=512)
def compressed(path: Path, changed: int) -> bytes:
    """Give the file's bytes, compressed; `changed` is its time stamp, so that edits are seen."""
    return gzip.compress(path.read_bytes(), compresslevel=6, mtime=0)


class Handler(SimpleHTTPRequestHandler):
    """Static files with gzip, and the book's own page for what is missing."""

    protocol_version = "HTTP/1.1"
    extensions_map = {  # noqa: RUF012
        **SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".ipynb": "application/x-ipynb+json",
        ".woff2": "font/woff2",
        ".svg": "image/svg+xml",
    }

    def do_GET(self) -> None:
        """Answer with a file."""
        self.answer(body=True)

    def do_HEAD(self) -> None:
        """Answer with a file's headers."""
        self.answer(body=False)

    def answer(self, *, body: bool) -> None:
        """Send the file, or 404.html."""
        path, status = Path(self.translate_path(self.path)), HTTPStatus.OK
        if path.is_dir() and self.path.split("?")[0].endswith("/"):
            path /= "index.html"
        if not path.is_file():
            path, status = Path(self.directory) / "404.html", HTTPStatus.NOT_FOUND
            if not path.is_file():
                self.send_error(status)
                return
        kind = self.guess_type(str(path))
        packed = path.suffix in COMPRESSED and "gzip" in self.headers.get("Accept-Encoding", "")
        content = compressed(path, path.stat().st_mtime_ns) if packed else path.read_bytes()
        self.send_response(status)
        self.send_header("Content-Type", kind + ("; charset=utf-8" if "text/" in kind else ""))
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-cache")
        self.send_header("Last-Modified", self.date_time_string(path.stat().st_mtime))
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet: the reader looks at the browser."""


class Server(ThreadingHTTPServer):
    """A server whose threads do not outlive it; a browser that hangs up is not an error."""

    daemon_threads = True

    def handle_error(self, request, client_address) -> None:
        """Show errors, except that the other side has gone."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def server(site: Path, port: int = 0) -> Server:
    """Make a server of the folder on 127.0.0.1; port 0 takes any free one."""
    return Server(("127.0.0.1", port), partial(Handler, directory=str(site)))


def main() -> int:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description="Serve the built book on this machine.")
    parser.add_argument("--port", type=int, default=8000, help="0 takes any free port")
    port = parser.parse_args().port
    if not (SITE / "index.html").is_file():
        print(f"serve: there is no book in {SITE}; run `make book` first")
        return 1
    try:
        httpd = server(SITE, port)
    except (OSError, OverflowError) as error:
        print(f"serve: port {port} cannot be used ({error}); give another with --port")
        return 1
    with httpd:
        address = f"http://127.0.0.1:{httpd.server_port}/"
        print(f"The book is at {address} (Ctrl-C ends this)", flush=True)
        try:
            httpd.serve_forever()
        except KeyboardInterrupt:
            print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
