"""Open every page of the built site in a real browser without a network, and say what is wrong.

    python -m tools.site_browser [--site build/site]

It is served in a subfolder, /course/, and read from its files as well. Pictures go to
build/screenshots/site. The exit status is 1 if something is wrong, 77 if this machine lacks what
it takes.
"""

import argparse
import contextlib
import functools
import http.server
import json
import os
import sys
import tempfile
import threading
from pathlib import Path

from tools import browser_run
from tools.site import OUT

PICTURES = browser_run.PICTURES / "site"
SEARCHES = {  # what is looked for, and the page that should come first
    "conv2d": "03_convolution_arithmetic.html",
    "zero_grad": "07_training_loop.html",
    "broadcasting": "01_tensors.html",
    "receptive field": "03_convolution_arithmetic.html",
    "overfitting": "07_training_loop.html",
    "state_dict": "04_modules.html",
    "gradient": "06_gradients.html",
    "all-reduce": "09_distributed_training.html",
}
LIMIT = 1800  # seconds for all of it, however busy the machine


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serve the site below /course/, and nothing else; say nothing."""

    def translate_path(self, path):
        inside = path.startswith("/course/")
        return super().translate_path(path.removeprefix("/course") if inside else "/nothing")

    def log_message(self, *words):
        pass


@contextlib.contextmanager
def served(site):
    """Yield the address of the site's subfolder on a server of this process."""
    handler = functools.partial(Handler, directory=site)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/course/"
        server.shutdown()


def job(site, pictures, brief):
    """Return what site.mjs needs to know, but for the server's address."""
    pages = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html")
                   if "_static" not in path.parts)  # fmt: skip
    chapters = [page for page in pages if page.startswith("notebooks/")]
    animated = [page for page in chapters
                if 'class="animation"' in (site / page).read_text(encoding="utf-8")]  # fmt: skip
    return {
        "chromium": browser_run.prepare(),
        "modules": str(browser_run.MODULES),
        "files": f"{site.resolve().as_uri()}/",
        "pages": pages,
        "chapters": chapters,
        "animated": animated[0] if animated else None,
        "searches": SEARCHES,
        "pictures": str(pictures) if pictures else None,
        "brief": brief,
    }


def run(site=OUT, pictures=PICTURES, brief=False):
    """Return {"faults": […], "pages": {page: …}}; `brief` opens each page once, at 1280 pixels."""
    if not (site / "index.html").exists():
        sys.exit(f"site_browser: no site in {site}. Build it first: make site")
    if pictures:
        pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="course-") as home, served(site) as url:
        asked, told = Path(home, "job"), Path(home, "results")
        asked.write_text(json.dumps(job(site, pictures, brief) | {"url": url}))
        node = ["node", browser_run.SOURCE / "site.mjs", asked, told]
        env = os.environ | {"TMPDIR": home}
        with browser_run.started(node, env, None) as browser:
            if browser.wait(LIMIT):
                raise RuntimeError("the browser did not come to its end; its message is above")
        return json.loads(told.read_text())


def violations(results):
    """Return {(rule, impact): [places]} of all that axe-core has found."""
    found = {}
    for page, result in results["pages"].items():
        for theme, faults in result["violations"].items():
            for fault in faults:
                place = f"{page} ({theme}): {fault['count']}, first {fault['first']}"
                found.setdefault((fault["id"], fault["impact"]), []).append(place)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--site", type=Path, default=OUT)
    parser.add_argument("--brief", action="store_true", help="open each page only once")
    options = parser.parse_args()
    try:
        results = run(options.site, brief=options.brief)
    except browser_run.Unavailable as reason:
        print(f"skipped: {reason}")
        sys.exit(77)
    for page, result in results["pages"].items():
        weight = result["weight"]
        print(f"{page:45}{weight['bytes'] / 1e6:6.2f} MB {weight['requests']:4} requests, "
              f"first text after {weight['firstText']} ms")  # fmt: skip
    for (rule, impact), places in sorted(violations(results).items()):
        print(f"axe {rule} ({impact}), {len(places)} pages: {places[0]}")
    print(*results["faults"], sep="\n")
    sys.exit(bool(results["faults"] or violations(results)))


if __name__ == "__main__":
    main()
