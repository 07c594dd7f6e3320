"""Every number in the book's prose is printed by a cell of its page or checked by a claim."""

import nbformat
import pytest

from tests.book import numbers
from tests.book.claim import CLAIMS, Claim, claims_of
from tests.book.notebooks import executed, notebook_pages
from tests.book.prose import name_of, pages, read

PAGE = """\
---
kernelspec:
  name: python3
---
# The year 1234

Its loss is 0.42 after 30 steps, and 97.5 % are right;
in all −1.5 of 1,797 samples.[^1]

Legendre (1805) wrote to Gauss, see {cite:p}`legendre1805` and <https://x.org/0.77>.
In 1847, Cauchy followed. Use `float64` or `lr=0.33`, but not `0.25`. L2 has 3 layers.

Then $\\eta = 0.1$ and $x_{12} = \\frac{1}{12}$, but $-2.5$.

```{code-cell} python
w = 12.5
```

```{code-cell} python
:tags: [remove-input]
w = 13.5
```

:::{admonition} Myth: 88 percent
It took 10⁻³ seconds, or 3·10⁻⁴, or 2e-5.
:::

$$ a = 0.61 $$

$$ a = 0.71 $$ (eq:a)
"""
FOUND = [
    (7, "0.42"), (7, "30"), (7, "97.5 %"), (8, "−1.5"), (8, "1,797"), (11, "0.25"), (13, "0.1"),
    (13, "-2.5"), (24, "88 percent"), (25, "10⁻³"), (25, "3·10⁻⁴"), (25, "2e-5"), (28, "0.61"),
]  # fmt: skip


def found(source):
    return sorted((n.line, n.text) for n in numbers.in_prose(read(source)))


def test_finds_the_numbers_and_only_those():
    assert found(PAGE) == sorted(FOUND)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.420", "0.42"),
        ("97 %", "0.97"),
        ("97%", "0.97"),
        ("1,797", "1797"),
        ("10 000", "10000"),
        ("10⁻³", "0.001"),
        ("3·10⁻⁴", "0.0003"),
        ("2e-5", "0.00002"),
        ("−0.5", "-0.5"),
    ],
)
def test_values(text, value):
    (number,) = numbers.in_text(text)
    assert number.value == numbers.Decimal(value)


@pytest.mark.parametrize(
    "text", ["(1805)", "(Gauss, 1809)", "Gauss 1809", "In 1805, x", "in 1847.", "in 1805 \ufffc"]
)
def test_years_are_free(text):
    assert numbers.in_text(text) == []


@pytest.mark.parametrize("text", ["Exercise 1.2", "see Chapter 12", "(Figure 3.1)"])
def test_labels_are_free(text):
    assert numbers.in_text(text) == []


@pytest.mark.parametrize("text", ["the 1797 digits", "in 1797 images", "by 1625 steps", "(1.5)"])
def test_not_every_four_digits_are_a_year(text):
    assert len(numbers.in_text(text)) == 1


@pytest.mark.parametrize(
    ("output", "prose", "match"),
    [
        ("loss 0.42", "0.42", True),
        ("loss 0.4200", "0.42", True),
        ("loss 0.421", "0.42", False),
        ("loss -0.42", "0.42", True),
        ("loss 0.42", "−0.42", False),
        ("[ 1.  -3. 12.]", "12", True),
        ("97.5%", "97.5 %", True),
        ("0.975", "97.5 %", True),
        ("97.5", "97.5 %", False),
        ("(10, 200)", "200", True),
        ("(1,797 rows)", "1797", True),
        ("1.5e-05", "1.5·10⁻⁵", True),
    ],
)
def test_what_counts_as_printed(output, prose, match):
    (number,) = numbers.in_text(prose)
    assert numbers.known(number, numbers.printed(output)) is match


def test_outputs_are_what_a_reader_sees():
    html = (
        '<style>.a{x:0.11}</style><svg aria-label="floor at 0.22">'
        '<path d="M 0.33"/><text>0.44</text></svg>'
    )
    output = nbformat.v4.new_output("display_data", {"text/html": html, "text/plain": "0.55"})
    stream = nbformat.v4.new_output("stream", text="0.66")
    cell = nbformat.v4.new_code_cell(outputs=[output, stream])
    text = numbers.text_of_outputs(nbformat.v4.new_notebook(cells=[cell]))
    assert {str(v) for v in numbers.printed(text)} == {"0.22", "0.44", "0.55", "0.66"}


def test_code_counts_only_where_the_reader_can_see_it():
    values = numbers.in_code(read(PAGE))
    assert numbers.Decimal("12.5") in values
    assert numbers.Decimal("13.5") not in values


def check():
    """Stand in for a claim's function."""


SENTENCE = "# T\n\nIt falls to 0.42\nafter 30 steps.\n"


def test_a_number_without_a_source_is_named_with_its_line():
    assert numbers.problems(SENTENCE, "30", []) == [
        "line 3: '0.42' is neither printed by a cell on this page nor claimed"
    ]


def test_a_claim_covers_its_numbers_across_a_line_break():
    assert numbers.problems(SENTENCE, "", [Claim("falls to 0.42 after 30 steps", check)]) == []


def test_an_edited_sentence_is_unchecked():
    edited = SENTENCE.replace("0.42", "0.41")
    complaints = numbers.problems(edited, "", [Claim("falls to 0.42 after 30 steps", check)])
    assert len(complaints) == 3
    assert "the page no longer says" in complaints[0]


def test_a_claim_without_a_number_is_refused():
    complaints = numbers.problems(SENTENCE, "0.42 30", [Claim("It falls", check)])
    assert complaints == ["claim check: no checked number in 'It falls'"]


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_every_number_of_the_page_has_a_source(page, shared):
    outputs = ""
    if page in notebook_pages():
        outputs = numbers.text_of_outputs(nbformat.read(executed(page, shared), as_version=4))
    complaints = numbers.problems(page.read_text("utf8"), outputs, claims_of(name_of(page)))
    assert not complaints, f"{page.name}:\n" + "\n".join(complaints)


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_the_claims_of_the_page_hold(page):
    for check in dict.fromkeys(claim.check for claim in claims_of(name_of(page))):
        check()


def test_every_file_of_claims_has_its_page():
    files = {p.relative_to(CLAIMS).with_suffix("").as_posix() for p in CLAIMS.rglob("*.py")}
    assert {f for f in files if not f.endswith("__init__")} <= {name_of(page) for page in pages()}
