"""The site carries a wheel of the package, built anew when the package has changed."""

import shutil
import zipfile

import pytest

from tests.ext.small_book import ROOT, build


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "project"
    (root / "bpcourse").mkdir(parents=True)
    (root / "bpcourse/__init__.py").write_text("ANSWER = 1\n")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, root)
    return root


def wheel_of(project, folder):
    folder.mkdir()
    site, warnings = build(
        folder, {"index": "# One\n"}, "package_download", package_root=str(project)
    )
    assert not warnings
    (wheel,) = (site / "_static/download").glob("*.whl")
    return wheel


def test_the_wheel_holds_the_package_and_follows_its_changes(project, tmp_path):
    first = wheel_of(project, tmp_path / "a")
    assert zipfile.ZipFile(first).read("bpcourse/__init__.py") == b"ANSWER = 1\n"
    assert wheel_of(project, tmp_path / "b").read_bytes() == first.read_bytes()
    assert {path.name for path in project.iterdir()} == {
        "bpcourse", "pyproject.toml", "README.md", "LICENSE",
    }  # fmt: skip

    (project / "bpcourse/__init__.py").write_text("ANSWER = 2\n")
    changed = wheel_of(project, tmp_path / "c")
    assert zipfile.ZipFile(changed).read("bpcourse/__init__.py") == b"ANSWER = 2\n"


def test_a_package_that_does_not_build_stops_the_book(project, tmp_path):
    (project / "pyproject.toml").write_text("[project]\nname = 3\n")
    with pytest.raises(Exception, match="wheel could not be built"):
        wheel_of(project, tmp_path / "a")
