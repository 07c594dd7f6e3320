"""Put the package into the site: whoever reads a page can install what it imports.

The wheel is built from a copy of the package, so that no build folders appear
in the source tree, and only when the package has changed since the last build.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from sphinx.errors import ExtensionError
from sphinx.util import logging

SOURCES = ("bpcourse", "pyproject.toml", "README.md", "LICENSE")
IGNORED = shutil.ignore_patterns("__pycache__")
logger = logging.getLogger(__name__)


def digest(root):
    """One hash for everything that goes into the wheel."""
    total = hashlib.sha256()
    for name in SOURCES:
        path = root / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts:
                total.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes())
    return total.hexdigest()


def write_wheel(app, exception):
    if exception or app.builder.format != "html":
        return
    root = Path(app.confdir, app.config.package_root)
    target = Path(app.outdir) / "_static/download"
    stamp, wanted = target / "built-from.txt", digest(root)
    if stamp.is_file() and stamp.read_text() == wanted and list(target.glob("*.whl")):
        return
    with tempfile.TemporaryDirectory() as copy:
        for name in SOURCES:
            path = root / name
            if path.is_dir():
                shutil.copytree(path, Path(copy, name), ignore=IGNORED)
            else:
                shutil.copy(path, copy)
        command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
        # Zip files hold dates: with a fixed one, the same sources give the same wheel.
        environment = {**os.environ, "SOURCE_DATE_EPOCH": "1000000000"}
        built = subprocess.run(
            [*command, "-w", "wheels", "."],
            cwd=copy, env=environment, capture_output=True, text=True,
        )  # fmt: skip
        if built.returncode:
            raise ExtensionError(f"the package's wheel could not be built:\n{built.stderr}")
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(Path(copy, "wheels"), target)
    stamp.write_text(wanted)
    logger.info("wrote the package's wheel to %s", target)


def setup(app):
    app.add_config_value("package_root", "", "")
    app.connect("build-finished", write_wheel, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
