"""`explore` in a real browser, over file://: keyboard, play, no script, print, accessibility."""

from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from bpcourse.figures import explore, style

ROOT = Path(__file__).parents[2]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SLOPES = [-1.0, 0.5, 2.0]
STEPS = 4


def line(slope, color):
    figure, ax = style.panel(xlim=(-1, 1), ylim=(-3, 3), title=f"slope {slope}, {color}")
    ax.plot([-1, 1], [-slope, slope], color=getattr(style, color.upper()))
    return figure


def walk(step):
    figure, ax = style.panel(3.4, 3, xlim=(-1, STEPS), ylim=(0, 1), title=f"step {step}")
    ax.plot(step, 0.5, "o")
    other, bx = style.panel(3.4, 3, xlim=(0, 1), ylim=(-1, STEPS), title=f"height {step}")
    bx.plot(0.5, step, "s")
    return [figure, other]


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    first = explore(
        line,
        slope=SLOPES,
        color=["blue", "red"],
        default={"slope": 0.5},
        alt=lambda slope, color: f"A {color} line of slope {slope}.",
        caption="Move it.",
    )
    second = explore(walk, step=range(STEPS), alt=lambda step: f"A dot at step {step}.")
    file = tmp_path_factory.mktemp("page") / "figures.html"
    file.write_text(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Two figures</title>'
        '<meta name="viewport" content="width=device-width">'
        "<style>body{background:#fff;margin:1rem}"
        "[data-theme=dark] body{background:#14181e;color:#fff}</style>"
        f"</head><body><main><h1>Two figures</h1>{first.html}{second.html}{first.html}</main>",
        "utf-8",
    )
    return file


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser, page_file):
    """The page, loaded; at the end it must have asked nobody and complained about nothing."""
    page = browser.new_page(viewport={"width": 1000, "height": 900})
    told, asked = [], []
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page_file.as_uri())
    yield page
    page.close()
    assert told == []
    assert asked == [page_file.as_uri()]


def figure(page, i):
    return page.locator(".bp-explore").nth(i)


def curve(part):
    """The path of the line, whichever frame is shown."""
    return part.locator("svg path[style*='stroke-width:2;']").first.get_attribute("d")


def test_slider_moves_with_the_keyboard(page):
    part = figure(page, 0)
    slider = part.get_by_role("slider", name="slope")
    image = part.get_by_role("img")
    expect(slider).to_have_attribute("aria-valuetext", "0.5")
    seen = [curve(part)]
    slider.focus()
    for key, value in (("ArrowRight", "2"), ("Home", "−1"), ("ArrowUp", "0.5"), ("End", "2")):
        page.keyboard.press(key)
        number = value.replace("−", "-")
        wanted = f"A blue line of slope {float(number)}."
        expect(image).to_have_attribute("aria-label", wanted)
        expect(slider).to_have_attribute("aria-valuetext", value)
        expect(part.locator(".bp-controls output")).to_have_text(value)
        expect(part.locator(".bp-description p")).to_have_text(wanted)
        expect(part.locator("svg")).to_contain_text(f"slope {float(number)}, blue")
        seen.append(curve(part))
    assert len(set(seen)) == 3
    assert seen[0] == seen[3]
    assert seen[1] == seen[4]
    expect(figure(page, 2).get_by_role("img")).to_have_attribute(
        "aria-label", "A blue line of slope 0.5."
    )


def test_every_frame_can_be_reached(page):
    part = figure(page, 0)
    slider, menu = part.get_by_role("slider"), part.get_by_role("combobox", name="color")
    for i, slope in enumerate(SLOPES):
        for color in ("blue", "red"):
            slider.fill(str(i))
            menu.select_option(color)
            expect(part.locator("svg")).to_contain_text(f"slope {slope}, {color}")
            assert part.locator(f"svg [style*='--bp-{color},']").count() == 1


def test_screen_readers_hear_the_resting_frame_once(page):
    part = figure(page, 0)
    status = part.get_by_role("status").and_(part.locator(".bp-status"))
    expect(status).to_have_attribute("aria-live", "polite")
    expect(status).to_have_text("")
    page.evaluate(
        """() => { window.heard = []; const s = document.querySelector(".bp-status");
        new MutationObserver(() => window.heard.push(s.textContent))
            .observe(s, {childList: true}); }"""
    )
    part.get_by_role("slider").focus()
    for key in ("Home", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    expect(status).to_have_text("A blue line of slope 2.0.")
    assert page.evaluate("window.heard") == ["A blue line of slope 2.0."]


def test_play_walks_to_the_end_and_stops(page):
    part = figure(page, 1)
    button = part.get_by_role("button", name="Play step")
    image = part.get_by_role("img")
    expect(image).to_have_attribute("aria-label", "A dot at step 0.")
    button.focus()
    page.keyboard.press("Enter")
    expect(part.get_by_role("button", name="Pause step")).to_have_text("Pause")
    expect(image).to_have_attribute("aria-label", "A dot at step 1.")
    expect(image).to_have_attribute("aria-label", "A dot at step 3.", timeout=8000)
    expect(button).to_have_text("Play")
    expect(part.locator("svg").nth(0)).to_contain_text("step 3")
    expect(part.locator("svg").nth(1)).to_contain_text("height 3")
    expect(part.locator(".bp-status")).to_have_text("A dot at step 3.")
    page.keyboard.press("Enter")
    expect(image).to_have_attribute("aria-label", "A dot at step 0.")
    page.keyboard.press("Enter")
    expect(button).to_have_text("Play")


def test_touching_the_slider_ends_the_play(page):
    part = figure(page, 1)
    part.get_by_role("button", name="Play step").click()
    part.get_by_role("slider", name="step").fill("2")
    expect(part.get_by_role("button", name="Play step")).to_have_text("Play")
    page.wait_for_timeout(900)
    expect(part.get_by_role("img")).to_have_attribute("aria-label", "A dot at step 2.")


def test_nothing_moves_by_itself(page):
    before = page.locator("main").inner_html()
    page.wait_for_timeout(900)
    assert page.locator("main").inner_html() == before


def test_description_opens_on_demand(page):
    part = figure(page, 0)
    expect(part.locator(".bp-description p")).to_be_hidden()
    part.get_by_text("Describe the figure").click()
    expect(part.locator(".bp-description p")).to_have_text("A blue line of slope 0.5.")


def test_script_may_come_twice(page):
    """As in an exported notebook, where the script stands once for each figure."""
    part = figure(page, 1)
    page.evaluate("eval(document.querySelector('main > script').textContent)")
    part.get_by_role("button", name="Play step").click()
    expect(part.get_by_role("img")).to_have_attribute("aria-label", "A dot at step 1.")
    part.get_by_role("button", name="Pause step").click()
    expect(part.get_by_role("img")).to_have_attribute("aria-label", "A dot at step 1.")


def test_without_script_the_default_frame_stands_there(browser, page_file):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(page_file.as_uri())
    for i, said in ((0, "A blue line of slope 0.5."), (1, "A dot at step 0.")):
        part = figure(page, i)
        expect(part.get_by_role("img")).to_be_visible()
        expect(part.get_by_role("img")).to_have_attribute("aria-label", said)
        expect(part.locator(".bp-controls")).to_be_hidden()
    expect(figure(page, 0).locator("svg")).to_contain_text("slope 0.5, blue")
    context.close()


def test_print_shows_the_frame_and_no_controls(page):
    page.emulate_media(media="print")
    part = figure(page, 0)
    expect(part.locator("svg")).to_be_visible()
    expect(part.locator("figcaption")).to_be_visible()
    expect(part.locator(".bp-controls")).to_be_hidden()
    expect(part.locator("summary")).to_be_hidden()


def test_print_is_dark_on_white_in_the_dark_theme_too(page):
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    ink = "getComputedStyle(document.querySelector('svg text')).fill"
    assert page.evaluate(ink) == "rgb(232, 234, 237)"
    page.emulate_media(media="print")
    assert page.evaluate(ink) == "rgb(26, 26, 26)"


def test_panels_stand_side_by_side_or_below_each_other(page):
    def places():
        return [svg.bounding_box() for svg in figure(page, 1).locator("svg").all()]

    # Side by side at their full 326 px, and a little smaller in the site's column.
    page.set_viewport_size({"width": 660, "height": 800})
    left, right = places()
    assert left["width"] < 326
    assert left["y"] == right["y"] and right["x"] >= left["x"] + left["width"]
    page.set_viewport_size({"width": 390, "height": 800})
    upper, lower = places()
    assert lower["y"] >= upper["y"] + upper["height"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(page, theme, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    for summary in page.locator("summary").all():
        summary.click()
    page.evaluate((ROOT / "node_modules/axe-core/axe.min.js").read_text("utf-8"))
    result = page.evaluate(
        "axe.run({runOnly: ['wcag2a','wcag2aa','wcag21aa','wcag22aa','best-practice']})"
    )
    found = [(v["id"], [node["target"] for node in v["nodes"]]) for v in result["violations"]]
    assert found == []
    assert len(result["passes"]) > 15


def test_targets_are_large_enough_for_a_finger(page):
    page.set_viewport_size({"width": 390, "height": 900})
    for control in page.locator("input, select, button, summary").all():
        box = control.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 24
