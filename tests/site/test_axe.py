"""Accessibility by axe-core: no violation on any page, light and dark, wide and phone."""

from pathlib import Path

import pytest

AXE = Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js"
RUN = """async (context) => {
  const found = await axe.run(context || document, {rules: {"target-size": {enabled: true}}});
  return found.violations.map(v => `${v.id}: ${v.help}: ` +
    v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + " " + n.failureSummary).join(" | "));
}"""


@pytest.fixture(scope="module")
def axe():
    """A function that names the violations in a tab."""
    script = AXE.read_text("utf-8")

    def violations(tab, context=None):
        tab.evaluate(script)
        return tab.evaluate(RUN, context)

    return violations


def violations_of_all(tab, site, axe, context=None):
    """What axe finds on every page, folded parts open."""
    wrong = []
    for path in site.pages:
        if path == "index.html":  # it only leads on
            continue
        tab.goto(f"{site.url}/{path}")
        tab.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
        tab.wait_for_timeout(100)
        wrong += [f"{path}: {what}" for what in axe(tab, context)]
    return "\n".join(wrong)


class TestWide:
    """Two classes, so that two workers share the work."""

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_every_page(self, theme, site, open_tab, axe):
        tab = open_tab(f"wide-{theme}", reduced_motion="reduce")
        assert not violations_of_all(tab, site, axe)


class TestPhone:
    """The thousands of boxes that draw the formulas are hidden from readers, and were seen wide."""

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_every_page(self, theme, site, open_tab, axe):
        tab = open_tab(f"phone-{theme}", reduced_motion="reduce")
        assert not violations_of_all(tab, site, axe, {"exclude": [".katex-html"]})


@pytest.mark.parametrize("view", ["wide-light", "wide-dark"])
def test_search_dialog_and_results(view, site, open_tab, axe):
    tab = open_tab(view, reduced_motion="reduce")
    tab.goto(f"{site.url}/{site.chapters()[0]}")
    tab.keyboard.press("Control+k")
    tab.locator("#pst-search-dialog[open]").wait_for()
    assert not axe(tab)
    tab.goto(f"{site.url}/search.html?q=gradient")
    tab.locator("#search-results li").first.wait_for()
    assert not axe(tab)


@pytest.mark.parametrize("view", ["phone-light", "phone-dark"])
@pytest.mark.parametrize("which", ["primary", "secondary"])
def test_menus_on_the_phone(which, view, site, open_tab, axe):
    tab = open_tab(view, reduced_motion="reduce")
    tab.goto(f"{site.url}/{site.with_contents()[0]}")
    tab.locator(f".{which}-toggle").click()
    tab.locator(f"#pst-{which}-sidebar-modal[open]").wait_for()
    assert not axe(tab)


def test_axe_sees_what_is_wrong(site, open_tab, axe):
    tab = open_tab()
    tab.goto(f"{site.url}/{site.chapters()[0]}")
    tab.evaluate(
        "document.querySelector('article').insertAdjacentHTML('beforeend', "
        '\'<img src="x.png"><p style="color:#ccc;background:#fff">faint</p>\')'
    )
    found = " ".join(axe(tab))
    assert "image-alt" in found
    assert "color-contrast" in found
