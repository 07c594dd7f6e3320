"""Every page, wide and on a phone, light and dark, over HTTP and from a file, goes right."""

import pytest

from tests.site.conftest import VIEWS

SETTLE = 150  # ms: deferred scripts and their observers


@pytest.mark.parametrize("view", VIEWS)
def test_nothing_goes_wrong_on_any_page(view, site, open_tab, watch):
    tab = open_tab(view)
    seen = watch(tab, site.url)
    wrong = []
    for path in site.pages:
        tab.goto(f"{site.url}/{path}")
        tab.wait_for_timeout(SETTLE)
        wrong += [f"{path}: {what}" for what in seen.take()]
        over = tab.evaluate("document.documentElement.scrollWidth - innerWidth")
        if over > 0:
            wrong.append(f"{path}: {over} px wider than the screen")
    assert not wrong, "\n".join(wrong)


def test_nothing_goes_wrong_from_a_file(site, open_tab, watch):
    tab = open_tab()
    seen = watch(tab, site.folder.as_uri())
    wrong = []
    for path in site.pages:
        tab.goto((site.folder / path).as_uri())
        tab.wait_for_timeout(SETTLE)
        wrong += [f"{path}: {what}" for what in seen.take()]
    assert not wrong, "\n".join(wrong)


def test_pages_do_not_jump_while_they_load(site, open_tab):
    jumps = {}
    tab = open_tab("phone-light")
    tab.context.new_cdp_session(tab).send("Network.setCacheDisabled", {"cacheDisabled": True})
    tab.add_init_script(
        "window.shift = 0; new PerformanceObserver(list => { for (const entry of "
        "list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value; })"
        ".observe({type: 'layout-shift', buffered: true})"
    )
    for path in site.chapters():
        tab.goto(f"{site.url}/{path}")
        tab.wait_for_timeout(SETTLE)
        if (shift := tab.evaluate("window.shift")) > 0.02:
            jumps[path] = shift
    assert not jumps


@pytest.mark.parametrize("view", ["wide-dark", "phone-light"])
def test_pages_read_without_javascript(view, site, open_tab):
    tab = open_tab(view, java_script_enabled=False)
    for path in site.chapters():
        tab.goto(f"{site.url}/{path}")
        assert tab.locator("article h1").first.is_visible()
        assert tab.locator(".pst-js-only:visible").count() == 0, path
        for formula in tab.locator("article :not(details *) > .math .katex-html").all()[:10]:
            box = formula.bounding_box()
            assert box is not None, path
            assert box["width"] > 1, path
        for picture in tab.locator(".bp-figure .bp-frame svg").all():
            if picture.is_visible():
                assert picture.bounding_box()["width"] > 100, path
        assert tab.locator(".bp-controls:visible").count() == 0, path
    tab.goto(f"{site.url}/{site.with_figures()[0]}")
    assert tab.locator(".bp-explore .bp-frame svg").first.is_visible()


def test_the_root_leads_to_the_first_page(site, open_tab):
    tab = open_tab()
    tab.goto(f"{site.url}/")
    tab.wait_for_url("**/book/index.html")


def test_a_missing_address_gets_our_page(site, open_tab):
    tab = open_tab()
    response = tab.goto(f"{site.url}/no/such/page.html")
    assert response.status == 404
    tab.get_by_role("link").click()
    tab.wait_for_url("**/book/index.html")


def test_paper_shows_folded_parts_and_no_frame(site, open_tab):
    tab = open_tab()
    path = next(p for p in site.chapters() if "<details" in site.pages[p].text)
    tab.goto(f"{site.url}/{path}")
    tab.emulate_media(media="print")
    assert tab.locator("article h1").first.is_visible()
    for frame in (".bd-sidebar-primary", ".bd-header-article", ".prev-next-footer"):
        assert not tab.locator(frame).first.is_visible(), frame
    closed = tab.locator("article details:not([open]) > :not(summary)")
    assert closed.count()
    styles = "e => { const s = getComputedStyle(e); return [s.opacity, s.animationName]; }"
    assert closed.first.evaluate(styles) == ["1", "none"]
    assert closed.first.evaluate("e => e.checkVisibility({contentVisibilityAuto: true})")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert tab.locator("details:not([open])").count() == 0
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert tab.locator("details:not([open])").count()


def test_motion_stops_where_the_reader_asks_for_it(site, open_tab):
    tab = open_tab(reduced_motion="reduce")
    tab.goto(f"{site.url}/{site.chapters()[0]}")
    longest = tab.evaluate(
        "Math.max(...[...document.querySelectorAll('*')].map(e => "
        "parseFloat(getComputedStyle(e).transitionDuration)))"
    )
    assert longest <= 0.001
