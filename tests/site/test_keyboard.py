"""Everything on a page can be reached, seen and used with the keyboard."""

import pytest


def focused(tab, selector):
    """Whether the element with the focus matches."""
    return tab.evaluate("s => document.activeElement.matches(s)", selector)


def tab_to(tab, selector, most=60):
    """Press Tab until an element that matches has the focus."""
    for _ in range(most):
        tab.keyboard.press("Tab")
        if focused(tab, selector):
            return
    raise AssertionError(f"{most} times Tab and never at {selector}")


@pytest.fixture
def chapter(site):
    """The address of a page with figures, formulas and code."""
    return f"{site.url}/{site.with_figures()[0]}"


def test_skip_link(site, open_tab, chapter):
    tab = open_tab()
    tab.goto(chapter)
    tab.keyboard.press("Tab")
    assert focused(tab, "#pst-skip-link a")
    tab.wait_for_timeout(400)
    assert tab.locator("#pst-skip-link").bounding_box()["y"] >= 0
    tab.keyboard.press("Enter")
    assert tab.url.endswith("#main-content")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.querySelector('main').contains(document.activeElement)")


@pytest.mark.parametrize("view", ["wide-light", "phone-light"])
def test_theme_switch_is_kept(view, open_tab, chapter):
    tab = open_tab(view)
    tab.goto(chapter)
    tab_to(tab, ".theme-switch-button")
    seen = {tab.evaluate("document.documentElement.dataset.theme")}
    for _ in range(2):
        tab.locator(".theme-switch-button").focus()
        tab.keyboard.press("Enter")
        theme = tab.evaluate("document.documentElement.dataset.theme")
        seen.add(theme)
        background = tab.evaluate("getComputedStyle(document.body).backgroundColor")
        assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 24, 30)"}[theme]
        tab.reload()
        assert tab.evaluate("document.documentElement.dataset.theme") == theme
    assert seen == {"light", "dark"}


def test_theme_follows_the_system_until_the_reader_chooses(open_tab, chapter):
    tab = open_tab("wide-dark")
    tab.goto(chapter)
    assert tab.evaluate("document.documentElement.dataset.theme") == "dark"
    tab.emulate_media(color_scheme="light")
    tab.wait_for_function("document.documentElement.dataset.theme === 'light'")


def test_chapters_can_be_put_away_on_a_wide_screen(open_tab, chapter):
    tab = open_tab(reduced_motion="reduce")
    tab.goto(chapter)
    menu = tab.locator("#pst-primary-sidebar")
    assert menu.is_visible()
    for shown in (False, True):
        tab.locator(".primary-toggle").focus()
        tab.keyboard.press("Enter")
        tab.wait_for_timeout(300)
        assert menu.is_visible() is shown


@pytest.mark.parametrize("which", ["primary", "secondary"])
def test_menus_on_the_phone(which, open_tab, chapter):
    tab = open_tab("phone-light")
    tab.goto(chapter)
    tab.locator(f".{which}-toggle").focus()
    tab.keyboard.press("Enter")
    menu = tab.locator(f"#pst-{which}-sidebar-modal")
    assert menu.is_visible()
    assert menu.locator("a").first.is_visible()
    tab.keyboard.press("Escape")
    assert not menu.is_visible()


def test_search_by_keyboard(site, open_tab, chapter):
    tab = open_tab()
    tab.goto(chapter)
    tab.keyboard.press("Control+k")
    assert focused(tab, "#pst-search-dialog input")
    tab.keyboard.type("gradient")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/search.html?q=gradient")
    found = tab.locator("#search-results li a")
    found.first.wait_for()
    titles = found.all_inner_texts()
    assert any("Learning" in title for title in titles), titles
    found.first.click()
    assert "/book/" in tab.url


def test_search_says_when_it_finds_nothing(site, open_tab):
    tab = open_tab()
    tab.goto(f"{site.url}/search.html?q=xyzzyplugh")
    tab.get_by_text("did not match any documents").wait_for()


def test_the_focus_is_always_seen(open_tab, chapter):
    tab = open_tab()
    tab.goto(chapter)
    unseen = []
    for _ in range(60):
        tab.keyboard.press("Tab")
        name, ring = tab.evaluate(
            "() => { const e = document.activeElement, s = getComputedStyle(e); return "
            "[e.outerHTML.slice(0, 120), s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) "
            "|| s.boxShadow !== 'none' || "
            "getComputedStyle(e.parentElement).boxShadow !== 'none']; }"
        )
        if not ring and not name.startswith("<body"):
            unseen.append(name)
    assert not unseen, "\n".join(unseen)


def test_wide_boxes_scroll_by_keyboard(site, open_tab):
    tab = open_tab("phone-light")
    boxes = 0
    for path in site.chapters():
        tab.goto(f"{site.url}/{path}")
        tab.wait_for_timeout(150)
        for box in tab.locator("[data-bp-scrolls]:visible").all()[:4]:
            boxes += 1
            assert box.get_attribute("aria-label")
            box.focus()
            tab.keyboard.press("ArrowRight")
            tab.wait_for_timeout(250)
            assert box.evaluate("e => e.scrollLeft") > 0, path
    assert boxes, "no wide box on any page"


def test_every_control_moves_its_figure(site, open_tab):
    for path in site.with_figures():
        tab = open_tab()
        tab.goto(f"{site.url}/{path}")
        for figure in tab.locator(".bp-explore").all():
            picture = figure.locator("[role=img]").first
            controls = figure.locator("input[type=range], select").all()
            assert controls, f"{path}: a figure to move without a slider or choice"
            for control in controls:
                assert control.evaluate("e => e.labels.length > 0 || !!e.ariaLabel"), path
                before = picture.inner_html(), picture.get_attribute("aria-label")
                at_end = control.evaluate(
                    "e => e.options ? e.selectedIndex === e.length - 1 : e.value === e.max"
                )
                control.focus()
                choice = control.evaluate("e => !!e.options")
                back, forth = ("ArrowUp", "ArrowDown") if choice else ("ArrowLeft", "ArrowRight")
                tab.keyboard.press(back if at_end else forth)
                after = picture.inner_html(), picture.get_attribute("aria-label")
                assert before[0] != after[0], f"{path}: the picture did not change"
                assert after[1], f"{path}: the new picture has no description"


def test_a_folded_solution_opens(site, open_tab):
    pages = [p for p in site.chapters() if "bp-solution" in site.pages[p].text]
    assert pages, "no page has a folded solution"
    tab = open_tab()
    tab.goto(f"{site.url}/{pages[0]}")
    solution = tab.locator("details.bp-solution").first
    assert not solution.locator("> div").is_visible()
    solution.locator("summary").focus()
    tab.keyboard.press("Enter")
    assert solution.locator("> div").is_visible()


def test_code_can_be_copied(open_tab, chapter):
    tab = open_tab(permissions=["clipboard-read", "clipboard-write"])
    tab.goto(chapter)
    code = tab.locator("div.cell_input pre:visible").first
    button = tab.locator("div.cell_input:visible button.copybtn").first
    assert button.evaluate("e => !!(e.ariaLabel || e.title || e.dataset.tooltip)")
    button.focus()
    tab.keyboard.press("Enter")
    tab.wait_for_timeout(200)
    copied = tab.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == code.inner_text().strip()
