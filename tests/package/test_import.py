"""`import bpcourse` is nearly free and loads nothing it does not need; its names can be found."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import bpcourse

PACKAGE = Path(bpcourse.__file__).parent
HEAVY = ["matplotlib", "scipy", "sklearn", "sympy", "ipywidgets", "IPython"]


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


def test_import_loads_nothing_heavy():
    loaded = run("import bpcourse, sys; print(*sys.modules)").split()
    assert "bpcourse" in loaded
    assert not {"numpy", *HEAVY}.intersection(loaded)


def test_algorithms_load_nothing_but_numpy():
    code = "import bpcourse.basics.datasets, bpcourse.descent.learning, sys; print(*sys.modules)"
    loaded = run(code).split()
    assert "numpy" in loaded
    assert not set(HEAVY).intersection(loaded)


def test_import_costs_at_most_40_ms_more_than_numpy():
    # Measured inside one process after NumPy, so that a busy machine delays both alike; the
    # median of several processes leaves out the one that the system interrupted.
    code = (
        "import time, numpy; start = time.perf_counter(); import bpcourse; "
        "print(time.perf_counter() - start)"
    )
    run(code)  # writes the byte code, as an installation does
    costs = sorted(float(run(code)) for _ in range(7))
    assert costs[3] < 0.040


def test_unknown_name_gets_the_closest_one():
    with pytest.raises(AttributeError, match=r"no attribute 'gd2d'; did you mean 'gd1d'\?"):
        _ = bpcourse.gd2d
    with pytest.raises(AttributeError, match=r"'qqq'; dir\(bpcourse\) lists its names"):
        _ = bpcourse.qqq
    assert not hasattr(bpcourse, "qqq")


def test_missing_extra_says_what_to_install(monkeypatch):
    monkeypatch.setitem(bpcourse._HOME, "picture", "no_such_library.picture")
    sentence = 'bpcourse.picture needs no_such_library, .*run: python -m pip install "bpcourse'
    with pytest.raises(ImportError, match=sentence):
        _ = bpcourse.picture


def test_dir_lists_every_name():
    assert set(bpcourse.__all__) < set(dir(bpcourse))
    assert bpcourse.__all__ == sorted(set(bpcourse.__all__))


def test_type_checkers_see_the_same_names():
    tree = ast.parse((PACKAGE / "__init__.pyi").read_text(encoding="utf-8"))
    seen = {
        alias.asname: node.module
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    parts = dict.fromkeys(bpcourse._PARTS, "bpcourse")
    assert seen == {**bpcourse._HOME, **parts}


def is_described(docstring: str, section: str) -> bool:
    return f"\n{section}\n{'-' * len(section)}\n" in docstring


@pytest.mark.parametrize("name", bpcourse.__all__)
def test_every_name_can_be_imported_and_is_documented(name):
    thing = getattr(bpcourse, name)
    docstring = inspect.getdoc(thing) or ""
    assert len(docstring.splitlines()[0]) > 20
    if name in bpcourse._HOME and callable(thing):
        assert thing.__module__.startswith("bpcourse.")
        parameters = inspect.signature(thing).parameters
        assert is_described(docstring, "Parameters") == bool(parameters)
        if inspect.isfunction(thing):
            assert is_described(docstring, "Returns")
        for parameter in parameters:
            assert parameter in docstring.split("Parameters\n", 1)[1]


def test_version_is_the_one_of_the_package():
    from importlib import metadata

    assert bpcourse.__version__ == metadata.version("bpcourse")
