"""Ask Lighthouse (mobile, its simulated slow network) about pages of the built book.

    npm install --no-save lighthouse@12.8.2
    .venv/bin/python benchmarks/lighthouse.py [PAGE ...]

Lighthouse is no dependency of the course: it is large and runs here only.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tools.serve import server  # noqa: E402

WANTED = {"performance": 0.95, "accessibility": 1.0, "best-practices": 0.95, "seo": 0.95}
PAGES = ("book/descent/learning.html", "book/index.html")
FLAGS = "--headless=new --no-sandbox --disable-gpu --disable-quic --disable-background-networking"


def programs():
    """Lighthouse and the browser, or a sentence that says how to get them."""
    lighthouse = shutil.which("lighthouse", path=str(ROOT / "node_modules/.bin"))
    lighthouse = os.environ.get("LIGHTHOUSE") or lighthouse
    if not lighthouse:
        sys.exit("lighthouse: not installed; run: npm install --no-save lighthouse@12.8.2")
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if not browser:
        sys.exit("lighthouse: no Chromium; on Debian: apt-get install chromium")
    return lighthouse, browser


def ask(lighthouse, browser, url):
    """Run Lighthouse once and return its report."""
    command = [lighthouse, url, "--output=json", "--quiet", f"--chrome-flags={FLAGS}"]
    run = subprocess.run(
        [*command, f"--only-categories={','.join(WANTED)}"],
        env={**os.environ, "CHROME_PATH": browser},
        capture_output=True,
        text=True,
        timeout=180,
    )
    if run.returncode:
        sys.exit(f"lighthouse: failed on {url}\n{run.stderr[-2000:]}")
    return json.loads(run.stdout)


def main():
    parser = argparse.ArgumentParser(description="Lighthouse scores of pages of the built book.")
    parser.add_argument("page", nargs="*", default=PAGES)
    parser.add_argument("--site", type=Path, default=ROOT / "_build/html")
    arguments = parser.parse_args()
    if not (arguments.site / "index.html").is_file():
        sys.exit(f"lighthouse: there is no book in {arguments.site}; run `make book` first")
    lighthouse, browser = programs()
    low = False
    with server(arguments.site) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        for page in arguments.page:
            report = ask(lighthouse, browser, f"http://127.0.0.1:{httpd.server_port}/{page}")
            categories = report["categories"]
            scores = {name: categories[name]["score"] for name in WANTED}
            print(page, *(f"{name} {score:.2f}" for name, score in scores.items()), sep="  ")
            metrics = ("first-contentful-paint", "largest-contentful-paint", "speed-index")
            metrics += ("total-blocking-time", "cumulative-layout-shift")
            for name in metrics:
                print(f"    {name}: {report['audits'][name]['displayValue']}")
            for name, least in WANTED.items():
                for audit in categories[name]["auditRefs"]:
                    found = report["audits"][audit["id"]]
                    if scores[name] < least and found["score"] not in (None, 1):
                        print(f"    {name}: {found['title']} {found.get('displayValue', '')}")
                low = low or scores[name] < least
        httpd.shutdown()
    return int(low)


if __name__ == "__main__":
    sys.exit(main())
