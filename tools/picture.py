"""Photograph chapter 1 of the built book for the README: book/assets/page.png.

    .venv/bin/python tools/picture.py [SITE]

SITE is the folder of the built book, by default _build/html.
"""

import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "book/assets/page.png"
PAGE = "book/descent/learning.html"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LIMIT = 150_000


def main() -> None:
    """Take the picture."""
    site = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "_build/html").resolve()
    if not (site / PAGE).is_file():
        sys.exit(f"picture: {site / PAGE} is not there; run: make book")
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        sys.exit("picture: Chromium cannot be found; run: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1500, "height": 940}, color_scheme="light")
        page.goto((site / PAGE).as_uri())
        page.evaluate("document.fonts.ready")
        page.wait_for_timeout(500)
        shot = page.screenshot()
        browser.close()
    # The default method spends the palette on shades of gray and turns orange brown.
    image = Image.open(io.BytesIO(shot)).convert("RGB")
    image = image.quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    image.save(PICTURE, optimize=True)
    size = PICTURE.stat().st_size
    if size > LIMIT:
        sys.exit(f"picture: {PICTURE} has {size:,} bytes, at most {LIMIT:,} are wanted")
    print(f"picture: {PICTURE.relative_to(ROOT)}, {size:,} bytes")


if __name__ == "__main__":
    main()
