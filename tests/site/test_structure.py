"""The pages' HTML, without a browser: links, anchors, headings, names, descriptions."""

import re
from collections import Counter
from itertools import pairwise
from pathlib import PurePosixPath
from posixpath import normpath
from urllib.parse import unquote, urlsplit

LINKS = {"a": "href", "link": "href", "script": "src", "img": "src", "source": "src"}


def own_links(page):
    """The links of a page into the site: (what stands in the page, file, anchor)."""
    for tag, attributes in page.outline.tags:
        value = attributes.get(LINKS.get(tag, ""), "")
        parts = urlsplit(value)
        if not value or parts.scheme or parts.netloc:
            continue
        if parts.path.startswith("/"):
            target = normpath(unquote(parts.path).lstrip("/"))
        elif parts.path:
            target = normpath(str(PurePosixPath(page.path).parent / unquote(parts.path)))
        else:
            target = page.path
        yield value, target, unquote(parts.fragment)


def names(page):
    """The ids of a page."""
    return [attributes["id"] for _, attributes in page.outline.tags if "id" in attributes]


def broken(site):
    """Every link of the site that leads nowhere."""
    ids = {path: set(names(page)) for path, page in site.pages.items()}
    for path, page in site.pages.items():
        for value, target, anchor in own_links(page):
            if not (site.folder / target).is_file():
                yield f"{path}: {value} leads to no file"
            elif anchor and target in ids and anchor not in ids[target]:
                yield f"{path}: {value}: no #{anchor} in {target}"


def test_every_link_and_anchor_resolves(site):
    wrong = list(broken(site))
    assert not wrong, "\n".join(wrong)


def test_enough_links_were_looked_at(site):
    assert sum(1 for page in site.pages.values() for _ in own_links(page)) > 100


def test_names_are_unique(site):
    wrong = []
    for path, page in site.pages.items():
        counts = Counter(names(page))
        wrong += [f"{path}: #{name} {n} times" for name, n in counts.items() if n > 1]
    assert not wrong, "\n".join(wrong)


def test_language_title_and_description(site):
    seen = Counter()
    for path, page in site.pages.items():
        assert page.outline.all("html")[0].get("lang") == "en", path
        title = re.search(r"<title>\s*(.+?)\s*</title>", page.text, re.S)
        assert title, f"{path} has no title"
        if path.startswith("book/"):
            seen["title " + title[1]] += 1
            metas = page.outline.all("meta")
            found = [m["content"] for m in metas if m.get("name") == "description"]
            assert len(found) == 1, f"{path}: {len(found)} descriptions"
            assert 20 <= len(found[0]) <= 170, f"{path}: description of {len(found[0])} characters"
            seen["description " + found[0]] += 1
    assert max(seen.values()) == 1, [name for name, n in seen.items() if n > 1]


def test_headings_go_down_one_at_a_time(site):
    for path in site.chapters():
        article = site.pages[path].text.split("<article", 1)[1]
        levels = [int(n) for n in re.findall(r"<h([1-6])[ >]", article)]
        assert levels[0] == 1, path
        assert levels.count(1) == 1, path
        jumps = [(a, b) for a, b in pairwise(levels) if b > a + 1]
        assert not jumps, f"{path}: {jumps}"


def test_every_picture_says_what_to_see(site):
    wrong = []
    for path, page in site.pages.items():
        for tag, attributes in page.outline.tags:
            alt = attributes.get("alt")
            if tag == "img" and (alt is None or re.search(r"\.(png|svg|jpe?g)$", alt)):
                wrong.append(f"{path}: <img src={attributes.get('src')}> has alt={alt!r}")
            if attributes.get("role") == "img" and not attributes.get("aria-label", "").strip():
                wrong.append(f"{path}: <{tag} role=img> without a label")
    assert not wrong, "\n".join(wrong)


def test_every_notebook_page_offers_its_notebook(site):
    pages = [p for p in site.chapters() if "cell docutils" in site.pages[p].text]
    assert pages, "no page has a code cell"
    for path in pages:
        links = [target for _, target, _ in own_links(site.pages[path])]
        assert f"_sources/{path.removesuffix('.html')}.ipynb" in links, path


def test_no_script_or_style_comes_from_elsewhere(site):
    for path, page in site.pages.items():
        for tag, attributes in page.outline.tags:
            value = attributes.get(LINKS.get(tag, ""), "")
            if tag != "a":
                assert not urlsplit(value).netloc, f"{path}: <{tag}> {value}"


def test_the_check_finds_a_broken_link(site):
    path = site.chapters()[0]
    page = site.pages[path]
    text = page.text.replace("</article>", '<a href="no.html">x</a><a href="#no">y</a></article>')
    damaged = type(page)(path, text, type(page.outline)(text))
    pages = {**site.pages, path: damaged}
    assert len(list(broken(type(site)(site.folder, site.url, pages)))) == 2
