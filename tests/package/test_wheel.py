"""The wheel holds all that the package needs, and works where nothing else of the repository is."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import bpcourse

ROOT = Path(bpcourse.__file__).resolve().parents[1]
SOURCES = ["bpcourse", "pyproject.toml", "README.md", "LICENSE"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    # Built from a copy: setuptools leaves a build folder beside what it packs.
    source = tmp_path_factory.mktemp("source")
    for name in SOURCES:
        path = ROOT / name
        if path.is_dir():
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(path, source / name, ignore=ignore)
        else:
            shutil.copy(path, source / name)
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", str(source), "--wheel-dir", str(out)]
    command += ["--no-deps", "--no-build-isolation", "--no-index", "--quiet"]
    subprocess.run(command, check=True, timeout=180)
    return next(out.glob("bpcourse-*.whl"))


def test_wheel_holds_every_file_of_the_package(wheel):
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.startswith("bpcourse/")}
    tracked = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "bpcourse").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert packed == tracked


def test_wheel_works_alone(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import bpcourse, numpy as np\n"
        "assert bpcourse.__file__.startswith(sys.argv[1]), bpcourse.__file__\n"
        "from bpcourse.basics import datasets\n"
        "assert datasets.digits().X.sum() == 561718\n"
        "w = bpcourse.normal_equations(np.eye(2), np.array([1.0, 2.0]))\n"
        "assert w.tolist() == [1.0, 2.0]\n"
    )
    # -I leaves out the working folder; the inserted path comes before the editable installation.
    command = [sys.executable, "-I", "-c", code, str(tmp_path / "site")]
    subprocess.run(command, check=True, timeout=60, cwd=tmp_path)


def test_wheel_needs_numpy_only(wheel):
    with zipfile.ZipFile(wheel) as archive:
        name = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        metadata = archive.read(name).decode()
    needs = [line for line in metadata.splitlines() if line.startswith("Requires-Dist:")]
    assert [line for line in needs if "extra ==" not in line] == ["Requires-Dist: numpy>=2.0"]
