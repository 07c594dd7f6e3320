"""Every module of the algorithms is in the reference; chapter and module link both ways."""

import re

import pytest

from tests.book.chapters import ROOT

PARTS = ("basics", "descent", "backprop", "training", "beyond")


def modules(part):
    paths = sorted((ROOT / "bpcourse" / part).glob("[!_]*.py"))
    return {f"bpcourse.{part}.{path.stem}" for path in paths}


@pytest.mark.parametrize("part", PARTS)
def test_every_module_is_in_the_reference(part):
    page = (ROOT / f"book/appendix/api/{part}.md").read_text("utf-8")
    assert set(re.findall(r"automodule:: (\S+)", page)) == modules(part)
    assert set(re.findall(r"^## (\S+)", page, re.MULTILINE)) == modules(part)


@pytest.mark.parametrize("part", PARTS[1:])
def test_chapter_and_module_link_both_ways(part):
    reference = (ROOT / f"book/appendix/api/{part}.md").read_text("utf-8")
    for name in modules(part):
        stem = name.rsplit(".", 1)[1]
        chapter = ROOT / f"book/{part}/{stem}.md"
        if chapter.exists():
            assert f"(../../{part}/{stem}.md)" in reference, f"{name}: link its chapter"
            assert f"{{py:mod}}`{name}`" in chapter.read_text("utf-8"), (
                f"{chapter.name}: link {name}"
            )
