"""The house rules of the pages, the citations, the exercises, and US spelling everywhere."""

import importlib
import re

import pytest
from pybtex.database import parse_file

from tests.book import style
from tests.book.chapters import WRITTEN
from tests.book.prose import BOOK, ROOT, name_of, pages, read

PAGES = {name_of(page): page.read_text("utf8") for page in pages()}
BIBLIOGRAPHY = parse_file(str(BOOK / "references.bib"))
EVERYWHERE = sorted(
    path
    for folder in ("book", "bpcourse", "tests", "tools", "benchmarks")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in (".md", ".py", ".js", ".css", ".html")
    and not {"__pycache__", "vendor"} & set(path.parts)
    and path not in (ROOT / "tests/book/style.py", ROOT / "tests/book/test_style.py")
)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    "rule", [style.banned_words, style.long_paragraphs, style.headings, style.alt_texts]
)
def test_page(rule, name):
    complaints = rule(read(PAGES[name]))
    assert not complaints, f"book/{name}.md:\n" + "\n".join(complaints)


@pytest.mark.parametrize("chapter", WRITTEN, ids=str)
def test_chapter(chapter):
    source = PAGES[str(chapter)]
    complaints = style.chapter(read(source), source.count("\n"))
    assert not complaints, f"book/{chapter}.md:\n" + "\n".join(complaints)


@pytest.mark.parametrize("chapter", WRITTEN, ids=str)
def test_exercises_of_the_page_are_the_declared_ones(chapter):
    module = importlib.import_module(f"bpcourse.exercises.{chapter.part}.{chapter.name}")
    declared = {exercise.id for exercise in module.EXERCISES}
    assert style.exercise_ids(read(PAGES[str(chapter)])) == declared
    assert 4 <= len(declared) <= 6
    assert all(id.startswith(f"{chapter.part}.{chapter.name}.") for id in declared)


@pytest.mark.parametrize("path", EVERYWHERE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_spelling(path):
    complaints = style.british(path.read_text("utf8"))
    assert not complaints, f"{path.relative_to(ROOT)}:\n" + "\n".join(complaints)


def cited():
    """Every key that a page cites, with the place."""
    return {
        key.strip(): f"book/{name}.md, line {line}"
        for name, source in PAGES.items()
        for line, keys in style.roles(read(source), "cite")
        for key in keys.split(",")
    }


def test_every_citation_has_its_entry():
    lost = {key: place for key, place in cited().items() if key not in BIBLIOGRAPHY.entries}
    assert not lost, f"not in references.bib: {lost}"


def test_every_entry_is_cited():
    assert set(BIBLIOGRAPHY.entries) <= set(cited())


def entry_complaints(entry):
    """What is missing or malformed in an entry of the bibliography."""
    complaints = [] if entry.persons else ["no author"]
    fields = {key.lower(): value for key, value in entry.fields.items()}
    complaints += [f"no {need}" for need in ("title", "year") if not fields.get(need)]
    if not re.fullmatch(r"1[6-9]\d\d|20\d\d", fields.get("year", "")):
        complaints.append(f"year is {fields.get('year')!r}; want four digits")
    if "doi" in fields and not re.fullmatch(r"10\.\d{4,9}/[^\s{}]+", fields["doi"]):
        complaints.append(f"doi is {fields['doi']!r}; want 10.…/…, without https://doi.org/")
    if "url" in fields and not re.fullmatch(r"https://[\w.-]+\.[a-z]{2,}(/\S*)?", fields["url"]):
        complaints.append(f"url is {fields['url']!r}; want https://…")
    if "eprint" in fields and not re.fullmatch(r"\d{4}\.\d{4,5}|[a-z-]+/\d{7}", fields["eprint"]):
        complaints.append(
            f"eprint is {fields['eprint']!r}; want an arXiv number such as 1802.00027"
        )
    return complaints


@pytest.mark.parametrize("key", list(BIBLIOGRAPHY.entries))
def test_entry(key):
    assert entry_complaints(BIBLIOGRAPHY.entries[key]) == []


@pytest.mark.parametrize(
    "edit",
    [
        {"year": "99"},
        {"doi": "https://doi.org/10.1007/x"},
        {"url": "http://x.org"},
        {"title": ""},
        {"eprint": "18.1"},
    ],
    ids=str,
)
def test_bad_entry_is_seen(edit):
    entry = next(iter(parse_file(str(BOOK / "references.bib")).entries.values()))
    for key, value in edit.items():
        entry.fields[key] = value
    assert entry_complaints(entry)


def test_every_term_is_in_a_glossary():
    defined, used = set(), {}
    for name, source in PAGES.items():
        for match in re.finditer(r"(`{3,}|:{3,}){glossary}\n(.*?)\n\1", source, flags=re.S):
            defined |= {line.strip() for line in match[2].splitlines() if re.match(r"[^\s:]", line)}
        used |= {term: f"{name}, line {n}" for n, term in style.roles(read(source), "term")}
    assert {term: at for term, at in used.items() if term not in defined} == {}


# The rules themselves: each must be able to say no, and yes.

CHAPTER = """\
# Title

What would you ask?

```{code-cell} python
explore(f, a=[1], alt="A line through three points")
```

## Why

:::{admonition} Predict first
Will it?
:::

:::{admonition} Myth: it will not
It does.
:::

## Exercises

```{code-cell} python
check("part.name.one", f)
```

:::{solution-start} Solution 1
:::

```{code-cell} python
check("part.name.one", g)
```

:::{solution-end}
:::

## Summary

All.

## Sources

See {cite:t}`gauss1809`.
"""


def complaints(source):
    return style.chapter(read(source), source.count("\n"))


def test_a_good_chapter_passes():
    assert complaints(CHAPTER) == []
    for rule in (style.banned_words, style.long_paragraphs, style.headings, style.alt_texts):
        assert rule(read(CHAPTER)) == []


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("## Exercises", "## Tasks", "Exercises"),
        ("## Summary", "## In short", "Summary"),
        ("## Sources", "## Literature", "Sources"),
        ("## Why", "## Sources", "order"),
        ("Predict first", "Guess", "Predict"),
        ("Myth: ", "", "Myth"),
        ("ask?", "ask.", "question"),
        ("explore(", "show(", "interactive"),
        ("See {cite:t}`gauss1809`.", "See Gauss.", "cites"),
        ("What would", "\n" * 20 + "What would", "first fifth"),
        ("python\nexplore", "python\n:tags: [hide-input]\nexplore", "first fifth"),
        ('check("part.name.one", g)', "x = 1", "runs no check"),
        ('check("part.name.one", f)', 'check("part.name.two", f)', "part.name.two"),
    ],
)
def test_a_lack_is_named(old, new, word):
    assert word in " ".join(complaints(CHAPTER.replace(old, new, 1)))


@pytest.mark.parametrize(
    "text", ["It is *simply* a sum.", "Of\ncourse.", "# Trivial", "> clearly so", "- obviously"]
)
def test_banned_word_is_seen(text):
    assert len(style.banned_words(read(text))) == 1


def test_words_that_only_look_banned_pass():
    assert style.banned_words(read("The simplest rule is clear, and its course `trivial`.")) == []


def test_long_paragraph_is_seen():
    assert style.long_paragraphs(read("word " * 120)) == []
    assert style.long_paragraphs(read("$x + y$ " * 120)) == []
    assert len(style.long_paragraphs(read("# T\n\n" + "word " * 121))) == 1


@pytest.mark.parametrize("source", ["## Low", "# T\n\n### Jump", "# T\n\n# Second", "words only"])
def test_bad_headings_are_seen(source):
    assert style.headings(read(source))


@pytest.mark.parametrize(
    "source",
    [
        "![](a.png)",
        "![short](a.png)",
        "```{figure} a.png\n:alt: short\nCaption of the figure\n```",
        "```{image} a.png\n```",
        "```{code-cell} python\nshow(figure)\n```",
        '```{code-cell} python\nbpcourse.explore(f, a=[1], alt="short")\n```',
    ],
)
def test_missing_alt_text_is_seen(source):
    assert len(style.alt_texts(read(source))) == 1


@pytest.mark.parametrize(
    "source",
    [
        "![A valley with one floor](a.png)",
        "```{figure} a.png\n:alt: A valley with one floor\n```",
        "```{code-cell} python\nplt.show()\n```",
        "```{code-cell} python\nexplore(f, a=[1], alt=describe)\n```",
    ],
)
def test_alt_text_passes(source):
    assert style.alt_texts(read(source)) == []


@pytest.mark.parametrize(
    "word",
    ["minimise", "Optimisation", "behaviour", "neighbours", "centred", "colour_of", "labelled"],
)
def test_british_word_is_seen(word):
    assert len(style.british(f"one\nthe {word} two")) == 1


@pytest.mark.parametrize(
    "word", ["optimistic", "analyses", "organism", "four", "hour", "metric", "center", "emphasis"]
)
def test_other_words_pass(word):
    assert style.british(word) == []
