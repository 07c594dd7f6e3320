"""Imports point one way: basics ← descent ← backprop ← training ← beyond ← figures ← …"""

import ast
from pathlib import Path

import pytest

import bpcourse

PACKAGE = Path(bpcourse.__file__).parent
ORDER = bpcourse._PARTS
ALGORITHMS = ORDER[: ORDER.index("figures")]
MODULES = sorted(PACKAGE.rglob("*.py"))


def imports(source: str) -> list[str]:
    """List the absolute names of the modules that a source imports anywhere."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "write imports in full: from bpcourse.basics import …"
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def complaints(part: str, source: str) -> list[str]:
    """Say which imports of a module in `part` point the wrong way."""
    wrong = []
    for name in imports(source):
        root, _, rest = name.partition(".")
        if root in ("book", "tests", "tools"):
            wrong.append(f"{name}: nothing imports from {root}")
        if root == "bpcourse" and part in ORDER:
            other = rest.split(".")[0]
            if other not in ORDER or ORDER.index(other) > ORDER.index(part):
                wrong.append(f"{name}: {part} comes before it")
        if part in ALGORITHMS and root in ("matplotlib", "scipy", "sklearn", "ipywidgets"):
            wrong.append(f"{name}: the algorithms need NumPy only")
    return wrong


def test_the_order_is_the_one_of_the_design():
    assert " ".join(ORDER) == "basics descent backprop training beyond figures exercises grading"
    folders = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert folders == set(ORDER)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path):
    part = path.relative_to(PACKAGE).parts[0]
    assert complaints(part, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("part", "source"),
    [
        ("basics", "from bpcourse.descent.learning import gd1d"),
        ("descent", "import bpcourse.exercises"),
        ("beyond", "def f():\n    from bpcourse.figures import show"),
        ("descent", "from bpcourse import gd1d"),
        ("descent", "import matplotlib.pyplot as plt"),
        ("figures", "from book._ext import solutions"),
    ],
)
def test_a_wrong_import_is_caught(part, source):
    assert len(complaints(part, source)) == 1
