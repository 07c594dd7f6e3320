"""A solution folds prose and cells into one `<details>`."""

import pytest
from sphinx.errors import ExtensionError

from tests.ext.small_book import build

START = ":::{solution-start} Solution <1>\n:::\n"
END = ":::{solution-end}\n:::\n"
MISTAKES = {
    "no end": f"# T\n\n{START}\ntext\n",
    "no start": f"# T\n\n{END}\n",
    "two starts": f"# T\n\n{START}\ntext\n\n{START}\ntext\n\n{END}\n",
    "end under another heading": f"# T\n\n## A\n\n{START}\ntext\n\n## B\n\n{END}\n",
}


def test_what_stands_between_is_folded(tmp_path):
    page = f"# T\n\nbefore\n\n{START}\ninside *one*\n\n```python\ntwo = 2\n```\n\n{END}\nafter\n"
    out, warnings = build(tmp_path, {"index": page}, "solutions")
    html = (out / "index.html").read_text("utf-8")
    assert not warnings
    before, folded = html.split('<details class="bp-solution">')
    folded, after = folded.split("</details>")
    assert folded.startswith("<summary>Solution &lt;1&gt;</summary>")
    assert "<em>one</em>" in folded
    assert "two" in folded
    assert "before" in before
    assert "after" in after


def test_two_solutions_stay_two(tmp_path):
    page = f"# T\n\n{START}\none\n\n{END}\nbetween\n\n{START}\ntwo\n\n{END}\n"
    out, _ = build(tmp_path, {"index": page}, "solutions")
    parts = (out / "index.html").read_text("utf-8").split('<details class="bp-solution">')
    assert len(parts) == 3
    assert "between" in parts[1].split("</details>")[1]


@pytest.mark.parametrize("page", MISTAKES.values(), ids=list(MISTAKES))
def test_a_mistake_is_named(page, tmp_path):
    with pytest.raises(ExtensionError, match=r"index\.md:\d+: a solution needs one"):
        build(tmp_path, {"index": page}, "solutions")
