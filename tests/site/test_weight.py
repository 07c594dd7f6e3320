"""What a first visit to each page costs, in bytes over the wire with gzip."""

import gzip

LIGHT = 300_000
WITH_FIGURES = 900_000


def size(text):
    """The compressed size of a text."""
    return len(gzip.compress(text.encode(), 6))


def test_every_page_keeps_the_budget(site, open_tab, without_figures):
    tab, arrived = open_tab(), []
    session = tab.context.new_cdp_session(tab)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    session.on("Network.loadingFinished", lambda event: arrived.append(event["encodedDataLength"]))
    heavy = []
    for path, page in site.pages.items():
        if path == "index.html":  # it only leads on
            continue
        arrived.clear()
        tab.goto(f"{site.url}/{path}")
        tab.wait_for_load_state("networkidle")
        total = sum(arrived)
        figures = size(page.text) - size(without_figures(page.text))
        line = f"{path}: {total - figures:,.0f} bytes and {figures:,} of figures"
        print(line)
        assert total > size(page.text), f"{path}: {total} bytes cannot be all"
        if total - figures > LIGHT or total > WITH_FIGURES:
            heavy.append(line)
    assert not heavy, "\n".join(heavy)


def test_nothing_is_shipped_that_no_page_asks_for(site):
    unused = ["vendor", "scripts/bootstrap.js", "scripts/fontawesome.js", "locales"]
    assert [name for name in unused if (site.folder / "_static" / name).exists()] == []
