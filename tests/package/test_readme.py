"""What README.md and CONTRIBUTING.md say is so."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_code_of_the_readme_runs():
    first, second = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names = {}
    exec(first, names)
    assert names["loss"] > 0
    assert names["gradient"].shape == (5,)
    lines = second.rstrip().splitlines()
    exec("\n".join([*lines[:-1], f"report = {lines[-1]}"]), names)
    assert not names["report"].passed
    assert "sum over the samples where a mean is asked" in str(names["report"])


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_links_lead_to_files(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        assert target.startswith("https://") or (ROOT / target).exists(), target


def test_the_readme_is_one_screen():
    assert len(README.splitlines()) <= 70


def test_the_picture_is_small():
    assert (ROOT / "book/assets/page.png").stat().st_size <= 150_000


def declared_packages(*extras):
    groups = [PROJECT["dependencies"], *(PROJECT["optional-dependencies"][e] for e in extras)]
    names = {re.split(r"[\[<>=~ ]", line)[0].lower() for group in groups for line in group}
    return names - {"bpcourse"}


def test_every_dependency_has_its_reason():
    names = declared_packages(*PROJECT["optional-dependencies"])
    names |= set(re.findall(r'"(katex|axe-core|pyright)":', (ROOT / "package.json").read_text()))
    table = CONTRIBUTING.split("| package | reason |")[1].split("\n\n")[0]
    explained = set(re.findall(r"[\w-]+", " ".join(re.findall(r"^\|([^|]+)\|", table, re.M))))
    assert names <= explained, names - explained


def test_requirements_are_pinned_and_cover_the_extras():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line[:1].isalnum()]
    assert all("==" in pin for pin in pins)
    pinned = {pin.split("==")[0].lower() for pin in pins}
    assert declared_packages("figures", "book", "test") <= pinned


def test_versions_agree():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    front = (ROOT / "bpcourse/__init__.py").read_text(encoding="utf-8")
    assert f"\nversion: {PROJECT['version']}\n" in citation
    assert f'__version__ = "{PROJECT["version"]}"' in front


def test_citation_has_what_the_format_requires():
    import yaml

    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert citation["cff-version"] == "1.2.0"
    assert citation["type"] in ("software", "dataset")
