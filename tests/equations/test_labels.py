"""Page and check agree: every label has its check, every check its label, and the same LaTeX."""

import shutil

import pytest

from tests.equations.labels import Equation, equations, problems
from tests.equations.registry import ROOT, Check, definition, equation, load

PAGE = """\
# A page

$$
y = X w
$$ (eq:descent-copy-model)

:::{admonition} Boxed
````{note}
```{math}
:label: eq:descent-copy-loss
C = \\frac{1}{2N} \\norm{Xw - y}^2
```
````
:::

$$ unlabeled = 1 $$

```python
$$ no = math $$ (eq:descent-copy-code)
```
"""
LATEX = {
    "eq:descent-copy-model": "y = X w",
    "eq:descent-copy-loss": r"C = \frac{1}{2N} \norm{Xw - y}^2",
}


@pytest.fixture
def book(tmp_path):
    """A copy of the book's settings with one page of two equations."""
    shutil.copy(ROOT / "_config.yml", tmp_path)
    page = tmp_path / "book/descent/copy.md"
    page.parent.mkdir(parents=True)
    page.write_text(PAGE)
    return tmp_path


def edit(book, old, new):
    page = book / "book/descent/copy.md"
    assert old in page.read_text()
    page.write_text(page.read_text().replace(old, new, 1))


def sides(rng):
    yield rng, rng


def registered(latex=LATEX, folder=ROOT / "tests/equations/descent", *, defined=False):
    return [
        Check(label, text, folder / "test_copy.py", 7, "copy", None if defined else sides)
        for label, text in latex.items()
    ]


def test_every_equation_of_the_book_is_tested():
    found = problems(equations(ROOT), load().values())
    assert not found, f"{len(found)} to mend:\n\n" + "\n".join(found)


def test_nested_equations_are_found_with_their_lines(book):
    assert equations(book) == [
        Equation("eq:descent-copy-model", "\ny = X w\n", "descent/copy", "book/descent/copy.md:3"),
        Equation(
            "eq:descent-copy-loss",
            LATEX["eq:descent-copy-loss"],
            "descent/copy",
            "book/descent/copy.md:9",
        ),
    ]
    assert problems(equations(book), registered()) == []


def test_white_space_does_not_matter(book):
    edit(book, "y = X w", "y\n  =  Xw")
    assert problems(equations(book), registered()) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("y = X w", "y = X^{\\T} w", r"»\^\{\\T\}w«"),
        ("\\norm{Xw - y}", "\\norm{Xw + y}", r"»\+y\}\^2«"),
        ("\\frac{1}{2N}", "\\frac{1}{N}", r"»N\}"),
        ("y = X w", "y = X w + b", r"y=Xw»\+b«"),
        ("(eq:descent-copy-model)", "", "no page has an equation eq:descent-copy-model"),
        ("eq:descent-copy-loss", "eq:descent-copy-cost", "eq:descent-copy-cost has no check"),
        ("eq:descent-copy-loss", "eq:descent-copy-model", "also at book/descent/copy.md:3"),
        ("eq:descent-copy-loss", "eq:loss", "expected a label of the form eq:descent-copy-name"),
        ("eq:descent-copy-loss", "eq:descent-copy-Loss", "expected a label of the form"),
        ("eq:descent-copy-loss", "eq:descent-copy_loss", "expected a label of the form"),
        ("eq:descent-copy-loss", "eq:b3", "reserved for the page backprop/network"),
        ("$$\ny = X w\n$$", "so $$y = X w$$", "printed as text"),
        ("# A page", "\\begin{align}\na &= b\n\\end{align}", "has no label"),
    ],
)
def test_an_edited_page_is_caught(book, old, new, message):
    edit(book, old, new)
    with pytest.raises(AssertionError, match=message):
        raise AssertionError("\n".join(problems(equations(book), registered())))


def test_a_label_without_a_check_says_what_to_write(book):
    (message,) = problems(equations(book), registered()[1:])
    assert message.startswith("book/descent/copy.md:3: eq:descent-copy-model has no check")
    assert 'tests/equations/descent/test_copy.py under @equation("eq:descent-copy-model"' in message


def test_a_check_without_a_label(book):
    extra = registered({"eq:descent-copy-gone": "x = 1"})
    (message,) = problems(equations(book), registered() + extra)
    assert "no page has an equation eq:descent-copy-gone" in message


def test_a_check_in_the_wrong_file(book):
    moved = registered(folder=ROOT / "tests/equations/backprop")
    found = problems(equations(book), moved)
    assert len(found) == 2
    assert "belongs in tests/equations/descent/test_copy.py" in found[0]


def test_at_most_one_equation_in_five_is_a_definition(book):
    found = problems(equations(book), registered(defined=True))
    assert [message[:10] for message in found] == ["2 of 2 equ"]
    assert "at most 1 (one in five)" in found[0]


def test_a_label_is_registered_once(monkeypatch):
    monkeypatch.setattr("tests.equations.registry.REGISTRY", {})
    definition("eq:descent-copy-model", "y = X w")
    with pytest.raises(ValueError, match=r"registered twice, at tests.*and at tests"):
        definition("eq:descent-copy-model", "y = X w")


def test_what_is_no_check_is_refused(monkeypatch):
    monkeypatch.setattr("tests.equations.registry.REGISTRY", {})
    with pytest.raises(TypeError, match="one function that yields both sides"):
        equation("eq:descent-copy-model", "y = X w")(lambda rng: (1, 1))  # pyright: ignore
    with pytest.raises(ValueError, match="looser than rounding"):
        equation("eq:descent-copy-model", "y = X w", rtol=1e-6)
    with pytest.raises(ValueError, match="needs its reason"):
        equation("eq:descent-copy-model", "y = X w", equivalent={"a + b → a - b": ""})
