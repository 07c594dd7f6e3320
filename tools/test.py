"""Test everything: style, types, code, equations, notebooks, the book and its pages in a browser.

    .venv/bin/python tools/test.py

CONTRIBUTING.md lists the commands that it runs one after the other. All of them run, also after
one has failed; the last lines are pytest's own summaries.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
ENVIRONMENT = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"}
PARALLEL = ["-n", "2", "--dist", "loadscope"]
SYSTEM = {
    "chromium": ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    "bubblewrap": ("bwrap",),
}
STEPS = {
    "style": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "."],
    "types": ["npx", "--no-install", "pyright"],
    "code": ["pytest", "-q", *PARALLEL, "--ignore=tests/site"],
    "book": ["python", "tools/book.py", "--skip-equations"],
    "site": ["pytest", "-q", *PARALLEL, "tests/site"],
}


@dataclass
class Result:
    """One step: its exit code, how long it took, and pytest's summary line if there was one."""

    code: int
    seconds: float
    summary: str


def missing_packages() -> list[str]:
    """Name the Debian packages of the programs that the tests need and the system lacks."""
    return [
        package
        for package, programs in SYSTEM.items()
        if not any(shutil.which(program) for program in programs)
    ]


def run(name: str) -> Result:
    """Run one step, showing its output."""
    program, *arguments = STEPS[name]
    print(f"\n── {name}: {' '.join(STEPS[name])}", flush=True)
    start, summary = time.monotonic(), ""
    with subprocess.Popen(
        [BIN / program, *arguments],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            if re.search(r"\d+ (passed|failed|errors?)\b.* in [\d.]+s", line):
                summary = line.strip().strip("= ")
    return Result(process.returncode, time.monotonic() - start, summary)


def main() -> int:
    """Run every step and report."""
    if missing := missing_packages():
        print(
            f"test: {' and '.join(missing)} cannot be found and the tests need "
            f"{'it' if len(missing) == 1 else 'them'}; run: apt-get install {' '.join(missing)}"
        )
        return 1
    start = time.monotonic()
    results = {name: run(name) for name in STEPS}
    print(f"\n── summary, {time.monotonic() - start:.0f} s in all")
    for name, result in results.items():
        verdict = "ok" if result.code == 0 else f"FAILED (exit code {result.code})"
        print(f"{name:8}{result.seconds:6.0f} s  {verdict}")
    for name, result in results.items():
        if STEPS[name][0] == "pytest":
            print(f"pytest, {name}: {result.summary or 'no tests were run'}")
    return int(any(result.code for result in results.values()))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("\ntest: interrupted")
