"""Check every equation, then build the book into _build/html.

    .venv/bin/python tools/book.py [--skip-equations]

The two commands behind it: `pytest -q tests/equations --ignore=tests/equations/test_the_checks.py`,
which records what it measured in _build/equations.json for the pages to show, and
`jupyter-book build . -W -n --keep-going`.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
BUILD = ROOT / "_build"
LOG = BUILD / "book.log"
SITE = BUILD / "html" / "index.html"
ENVIRONMENT = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"}
# What tells the reader of a log what went wrong; Jupyter's note on its local sockets does not.
WRONG = re.compile(r"^(?!\[IPKernelApp\]).*(WARNING|ERROR|CRITICAL|Error\b)|^Exception occurred")
CODE = ["bpcourse/**/*", "book/_ext/*.py", "_config.yml", "requirements.txt"]


def forget_outputs_of_old_code() -> None:
    """Drop the cached cell outputs when the code behind them has changed.

    The caches know the pages only: a page whose text is the same keeps its old numbers.
    """
    digest = hashlib.sha256()
    for pattern in CODE:
        for path in sorted(ROOT.glob(pattern)):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    stamp = BUILD / "code.sha256"
    if not stamp.exists() or stamp.read_text() != digest.hexdigest():
        shutil.rmtree(BUILD / ".jupyter_cache", ignore_errors=True)
        shutil.rmtree(BUILD / ".doctrees", ignore_errors=True)
        stamp.write_text(digest.hexdigest())


def check_equations() -> int:
    """Run the check of every numbered equation; the record goes to _build/equations.json."""
    print("book: checking the equations", flush=True)
    command = [sys.executable, "-m", "pytest", "-q", "tests/equations"]
    # That a wrong check would be noticed is for `make test`: it says nothing about the pages.
    command += ["--ignore=tests/equations/test_the_checks.py"]
    return subprocess.run(command, cwd=ROOT, env=ENVIRONMENT).returncode


def build() -> int:
    """Build the site with every warning an error; show what went wrong, keep the whole log."""
    print("book: building the pages", flush=True)
    forget_outputs_of_old_code()
    command = [BIN / "jupyter-book", "build", ".", "-W", "-n", "--keep-going"]
    with LOG.open("w", encoding="utf-8") as log:
        code = subprocess.run(command, cwd=ROOT, stdout=log, stderr=log, env=ENVIRONMENT).returncode
    if code:
        # Otherwise the next build would leave the pages with warnings alone, and pass.
        shutil.rmtree(BUILD / ".doctrees", ignore_errors=True)
        plain = re.sub(r"\x1b\[[0-9;]*m", "", LOG.read_text(encoding="utf-8", errors="replace"))
        lines = plain.splitlines()
        print(*([line for line in lines if WRONG.search(line)] or lines)[-40:], sep="\n")
        print(f"book: the build failed; the whole log is {LOG}", flush=True)
    return code


def main() -> int:
    """Build the book and say where it is."""
    start = time.monotonic()
    BUILD.mkdir(exist_ok=True)
    if "--skip-equations" not in sys.argv[1:] and (code := check_equations()):
        print("book: an equation does not hold; nothing was built", flush=True)
        return code
    if code := build():
        return code
    print(f"book: done in {time.monotonic() - start:.0f} s")
    print(f"Open {SITE.as_uri()}")
    print("or run `make serve` and open the address it prints.", flush=True)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("\nbook: interrupted")
