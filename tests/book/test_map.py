"""The map: a page has its module, tests and exercises, and imports point one way."""

import ast
import sys
from pathlib import Path

import pytest

from tests.book.chapters import MAP, PARTS, WRITTEN
from tests.book.prose import BOOK, ROOT

LAYERS = ["basics", *PARTS, "figures", "exercises", "grading"]
ALGORITHMS = ["basics", *PARTS]
PACKAGE = ROOT / "bpcourse"


def imports(source, package):
    """Full names of all modules that a source imports, wherever in it; `package` is its own."""
    names = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) + 1 - node.level]
            module = ".".join([*base, node.module or ""] if node.level else [node.module or ""])
            names += [f"{module.strip('.')}.{alias.name}" for alias in node.names]
    return names


def forbidden(name, source, package):
    """Which imports of a file in layer `name` point the wrong way."""
    allowed = set(LAYERS[: LAYERS.index(name) + 1])
    wrong = []
    for full in imports(source, package):
        head, _, rest = full.partition(".")
        layer = rest.partition(".")[0]
        if head in ("book", "tests", "tools", "benchmarks"):
            wrong.append(f"{full}: nothing in the package imports from {head}/")
        elif head == "bpcourse" and layer in LAYERS and layer not in allowed:
            wrong.append(f"{full}: {name} comes before {layer}")
        elif head == "bpcourse" and layer not in LAYERS and name in ALGORITHMS:
            wrong.append(f"{full}: import it from its own module, not from the package's front")
        elif (
            name in ALGORITHMS
            and head not in ("numpy", "bpcourse")
            and head not in sys.stdlib_module_names
        ):
            wrong.append(f"{full}: the algorithms need NumPy only")
    return wrong


def sources(layer):
    return sorted((PACKAGE / layer).rglob("*.py"))


@pytest.mark.parametrize("layer", LAYERS)
def test_imports_point_one_way(layer):
    wrong = []
    for path in sources(layer):
        package = ".".join(path.parent.relative_to(ROOT).parts)
        for text in forbidden(layer, path.read_text("utf8"), package):
            wrong.append(f"{path.relative_to(ROOT)}: {text}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("layer", "line"),
    [
        ("basics", "from bpcourse.descent import learning"),
        ("basics", "from bpcourse.descent.learning import gd1d"),
        ("basics", "from ..descent import learning"),
        ("basics", "from .. import descent"),
        ("descent", "import bpcourse.figures.style"),
        ("descent", "import scipy.optimize"),
        ("descent", "def f():\n    import matplotlib"),
        ("descent", "from bpcourse import gd1d"),
        ("exercises", "from bpcourse.grading import run"),
        ("grading", "from book import _ext"),
    ],
)
def test_wrong_import_is_seen(layer, line):
    assert forbidden(layer, line, f"bpcourse.{layer}")


@pytest.mark.parametrize(
    ("layer", "line"),
    [
        ("descent", "import numpy as np, functools\nfrom bpcourse.basics import datasets"),
        ("descent", "from . import learning\nfrom ..basics.validate import matrix"),
        ("figures", "import matplotlib\nfrom bpcourse.descent.learning import gd1d"),
        ("grading", "from bpcourse import check"),
    ],
)
def test_right_import_passes(layer, line):
    assert forbidden(layer, line, f"bpcourse.{layer}") == []


def test_every_folder_of_the_package_has_its_layer():
    folders = {p.name for p in PACKAGE.iterdir() if p.is_dir() and any(p.rglob("*.py"))}
    assert folders <= set(LAYERS)


@pytest.mark.parametrize("chapter", WRITTEN, ids=str)
def test_chapter_has_its_files(chapter):
    missing = [str(p.relative_to(ROOT)) for p in chapter.files if not p.is_file()]
    assert not missing, f"{chapter} lacks " + ", ".join(missing)


def test_pages_in_a_part_are_on_the_map():
    here = {p for part in PARTS for p in (BOOK / part).rglob("*.md")}
    assert here <= {chapter.page for chapter in MAP}
    assert WRITTEN


@pytest.mark.parametrize("part", PARTS)
def test_modules_in_a_part_are_on_the_map(part):
    names = set(PARTS[part].split()) | {"__init__"}
    for folder in ("", "exercises", "figures"):
        here = {p.stem for p in Path(PACKAGE, folder, part).glob("*.py")}
        assert here <= names, f"bpcourse/{folder}/{part}: {here - names}"
