"""The marks beside tested equations and the appendix's table, in a small project of their own."""

import copy
import hashlib
import json
import re
from io import StringIO
from pathlib import Path

import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

EXTENSIONS = Path(__file__).parents[2] / "book/_ext"
CONF = f"""
import sys
sys.path.insert(0, {str(EXTENSIONS)!r})
project = "tiny"
extensions = ["equation_marks", "myst_parser"]
myst_enable_extensions = ["dollarmath"]
numfig = math_numfig = True
equation_record = "record.json"
"""
PAGES = {
    "index": """\
# Tiny

```{toctree}
:numbered:
one
two
```

```{toctree}
table
```
""",
    "one": """\
# First chapter

$$
y = X w
$$ (eq:part-one-model)

$$ C = \\frac{1}{2N}
   \\norm{y}^2 $$ (eq:part-one-loss)

$$ unnumbered = 1 $$
""",
    "two": "# Second chapter\n\n$$ a \\le b $$ (eq:part-two-bound)\n",
    "table": "# Every equation\n\n```{equation-table}\n```\n",
}
CHECKS = "def loss():\n    yield 1 < 2, '<&>'\n"


def entry(label, latex, kinds, error=0.0):
    return {
        "label": label,
        "latex": latex,
        "kinds": kinds,
        "comparisons": 1234,
        "error": error,
        "rtol": 1e-12,
        "why": "",
        "file": "checks.py",
        "line": 7,
        "sha256": hashlib.sha256(CHECKS.encode()).hexdigest(),
        "source": CHECKS,
    }


RECORD = {
    "format": 1,
    "equations": {
        item["label"]: item
        for item in (
            entry("eq:part-one-model", "y = X w", ["definition"]),
            entry("eq:part-one-loss", r"C=\frac{1}{2N}\norm{y}^2", ["equality"], 3.4e-16),
            entry("eq:part-two-bound", r"a \le b", ["bound", "counterexample"]),
        )
    },
}


class Project:
    """A Sphinx project in a folder."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "conf.py").write_text(CONF)
        (folder / "checks.py").write_text(CHECKS)
        for name, text in PAGES.items():
            (folder / f"{name}.md").write_text(text)
        self.record(RECORD)

    def record(self, content):
        (self.folder / "record.json").write_text(json.dumps(content))

    def build(self):
        """Build; return the warnings."""
        warnings = StringIO()
        out = self.folder / "out"
        with patch_docutils(), docutils_namespace():
            app = Sphinx(
                self.folder,
                self.folder,
                out,
                out / "doctrees",
                "html",
                status=None,
                warning=warnings,
            )
            app.build()
        assert app.statuscode == 0
        return re.sub(r"\x1b\[[\d;]*m", "", warnings.getvalue())

    def html(self, name):
        return (self.folder / f"out/{name}.html").read_text()


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


def marks(html):
    return re.findall(
        r'<a class="(equation-mark.*?)" href="(.*?)" aria-label="(.*?)".*?>(.*?)</', html
    )


def test_marks_and_table(project):
    assert project.build() == ""
    one = project.html("one")
    assert marks(one) == [
        (
            "equation-mark definition",
            "table.html#tested-eq-part-one-model",
            "def: Equation (1.1) is a definition",
            "def",
        ),
        (
            "equation-mark",
            "table.html#tested-eq-part-one-loss",
            "Equation (1.2) is tested: largest error 3e-16",
            "✓",
        ),
    ]
    assert re.search(r'<span class="eqno">\(1\.2\).*?✓</a></span>', one)
    assert marks(project.html("two"))[0][2:] == (
        "Equation (2.1) is tested: bound sampled and met and shown to fail elsewhere",
        "✓",
    )

    table = project.html("table")
    assert "3 numbered equations: 2 tested, in 3,702 comparisons, and 1 definition." in table
    assert re.findall("<h2>.*?>(.*?)</a>", table) == ["First chapter", "Second chapter"]
    for page, label, number in (("one", "loss", "1.2"), ("two", "bound", "2.1")):
        row = table[table.index(f'id="tested-eq-part-{page}-{label}"') :]
        assert f'href="{page}.html#equation-eq-part-{page}-{label}">({number})</a>' in row[:300]
        assert f'id="equation-eq-part-{page}-{label}"' in project.html(page)
    assert "<p>3e-16</p>" in table
    assert table.count("<details>") == table.count("</details>") == 2
    assert "&lt;&amp;&gt;" in table
    assert "checks.py, line 7" in table


def test_an_absent_or_broken_record_is_a_warning(project):
    (project.folder / "record.json").unlink()
    warnings = project.build()
    assert warnings.count("WARNING") == 1
    assert "record.json, is absent: run `pytest tests/equations`" in warnings
    assert marks(project.html("one")) == []
    for broken in ([], {"format": 2, "equations": {}}):
        project.record(broken)
        warnings = project.build()
        assert warnings.count("WARNING") == 1
        assert "cannot be read" in warnings


def changed(label, **fields):
    record = copy.deepcopy(RECORD)
    record["equations"][label] |= fields
    return record


def without(label):
    record = copy.deepcopy(RECORD)
    del record["equations"][label]
    return record


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (changed("eq:part-one-loss", latex=r"C=\frac{1}{N}"), "eq:part-one-loss is not what has"),
        (without("eq:part-one-loss"), "one.md:7: WARNING: equation eq:part-one-loss has not been"),
        (
            changed("eq:part-one-loss", sha256="0"),
            "checks.py is not what it was when the equations",
        ),
    ],
)
def test_a_stale_record_is_a_warning(project, record, message):
    project.record(record)
    warnings = project.build()
    assert warnings.count("WARNING") == 1
    assert message in warnings
    assert project.build() == warnings  # and again where nothing is built anew


def test_an_edited_page_is_a_warning(project):
    page = project.folder / "two.md"
    assert project.build() == ""
    page.write_text(page.read_text().replace("\\le", "\\ge"))
    assert "eq:part-two-bound is not what has been tested, a \\le b:" in project.build()
    page.write_text("# Second chapter\n")
    assert "eq:part-two-bound which is on no page" in project.build()


def test_marks_need_their_table(project):
    (project.folder / "table.md").write_text("# Every equation\n")
    assert "no page holds the directive equation-table" in project.build()
    assert marks(project.html("one")) == []


def test_only_pages_on_which_a_mark_changes_are_written_again(project):
    def written():
        return {
            path.stem: path.stat().st_mtime_ns
            for path in (project.folder / "out").glob("*.html")
            if path.stem in ("one", "two", "table")
        }

    def rewritten(record):
        before = written()
        project.record(record)
        assert project.build() == ""
        return {name for name, time in written().items() if time != before.get(name)}

    project.build()
    assert rewritten(RECORD) == set()
    assert rewritten(changed("eq:part-one-loss", error=3.3e-16)) == set()
    assert rewritten(changed("eq:part-one-loss", error=5e-16)) == {"one", "table"}
    assert "largest error 5e-16" in project.html("one")
    assert rewritten(changed("eq:part-one-loss", source="other")) == {"one", "table"}
    assert "largest error 3e-16" in project.html("one")


def test_a_new_number_reaches_the_table(project):
    project.build()
    page = project.folder / "one.md"
    page.write_text(page.read_text().replace("$$\ny", "$$ z = 0 $$ (eq:part-one-zero)\n\n$$\ny"))
    record = copy.deepcopy(RECORD)
    record["equations"]["eq:part-one-zero"] = entry("eq:part-one-zero", "z = 0", ["proof"])
    project.record(record)
    project.build()
    assert ">(1.3)</a>" in project.html("table")
    assert marks(project.html("one"))[0][2] == "Equation (1.1) is tested: proved with SymPy"
