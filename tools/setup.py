"""Make `.venv` and `node_modules` what requirements.txt and package-lock.json say.

    python3 tools/setup.py

Needs nothing but Python 3.11 and the network. Run again it does nothing while those files are
unchanged; a run that was interrupted starts over.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit(
        f"setup: this is Python {sys.version_info[0]}.{sys.version_info[1]} and the course needs "
        "3.11 or newer; install one, then for example: make PYTHON=python3.12"
    )

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
BIN = VENV / "bin"
READY = VENV / "ready"
LOG = VENV / "setup.log"
INPUTS = ["requirements.txt", "pyproject.toml", "package-lock.json", "tools/setup.py"]

OFFLINE = (
    "Failed to establish a new connection",
    "name resolution",
    "Name or service not known",
    "NameResolutionError",
    "Network is unreachable",
    "Connection refused",
    "ProxyError",
    "Read timed out",
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ENETUNREACH",
    "ETIMEDOUT",
)


class SetupError(Exception):
    """What went wrong and what to do, in one sentence."""


def wanted_state() -> dict[str, str]:
    """Describe what the installation is made from."""
    content = b"".join((ROOT / name).read_bytes() for name in INPUTS)
    version = "{}.{}".format(*sys.version_info)
    return {"python": version, "inputs": hashlib.sha256(content).hexdigest()}


def present_state() -> dict[str, str]:
    """Read what the last complete run installed; empty if there was none."""
    try:
        state = json.loads(READY.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    usable = (BIN / "python").exists() and (ROOT / "node_modules").is_dir()
    return state if usable and isinstance(state, dict) else {}


def run(what: str, command: list[str | Path]) -> None:
    """Run a command into the log; raise with a sentence when it fails."""
    print(f"setup: {what}", flush=True)
    LOG.parent.mkdir(exist_ok=True)
    path = f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"
    with LOG.open("a", encoding="utf-8") as log:
        log.write(f"$ {' '.join(map(str, command))}\n")
        log.flush()
        start = log.tell()
        code = subprocess.run(
            command, cwd=ROOT, stdout=log, stderr=log, env={**os.environ, "PATH": path}
        ).returncode
    if code == 0:
        return
    output = LOG.read_bytes()[start:].decode("utf-8", "replace")
    if any(sign in output for sign in OFFLINE):
        raise SetupError(
            "the package index cannot be reached; connect this machine to the internet (or set "
            f"PIP_INDEX_URL and npm's registry to a mirror) and run this again. Details: {LOG}"
        )
    tail = "\n".join(output.splitlines()[-12:])
    raise SetupError(f"failed at: {what}\n{tail}\nThe whole log: {LOG}")


def make_venv() -> None:
    """Make a fresh `.venv` with pip in it."""
    shutil.rmtree(VENV, ignore_errors=True)
    has_ensurepip = importlib.util.find_spec("ensurepip") is not None
    # Debian packs ensurepip apart from Python; a pip that is there already can fill in.
    if not has_ensurepip and importlib.util.find_spec("pip") is None:
        raise SetupError(
            "this Python comes without ensurepip, which makes virtual environments; "
            "run: apt-get install python3-venv"
        )
    options = [] if has_ensurepip else ["--without-pip"]
    run(
        f"making .venv with Python {sys.version.split()[0]}",
        [sys.executable, "-m", "venv", *options, VENV],
    )
    if not has_ensurepip:
        run(
            "installing pip",
            [sys.executable, "-m", "pip", "--python", VENV, "install", "-q", "pip"],
        )


def main() -> None:
    """Bring the installation up to date, or do nothing if it is."""
    wanted, present = wanted_state(), present_state()
    if present == wanted:
        return
    start = time.monotonic()
    if present.get("python") == wanted["python"]:
        READY.unlink()
    else:
        make_venv()
    pip = [BIN / "python", "-m", "pip", "install", "--disable-pip-version-check", "--retries=2"]
    count = sum(line[:1].isalnum() for line in (ROOT / "requirements.txt").read_text().splitlines())
    run(
        f"installing the {count} pinned packages of requirements.txt (a few minutes at first)",
        [*pip, "-r", "requirements.txt"],
    )
    run("installing bpcourse itself", [*pip, "--no-deps", "--no-build-isolation", "-e", "."])
    npm = [BIN / "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    run("installing KaTeX's fonts, axe-core and pyright from package-lock.json", npm)
    READY.write_text(json.dumps(wanted), encoding="utf-8")
    print(f"setup: done in {time.monotonic() - start:.0f} s", flush=True)


if __name__ == "__main__":
    try:
        main()
    except SetupError as error:
        sys.exit(f"setup: {error}")
    except KeyboardInterrupt:
        sys.exit("\nsetup: interrupted; the same command starts over")
