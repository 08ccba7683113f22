"""Build the course as a site into build/site; nothing is executed and no network is used.

    python -m tools.site [--out FOLDER] [--serve]

Sphinx reads what tools/site_source.py lays out in build/site-source. A warning is an error.
"""

import argparse
import contextlib
import functools
import http.server
import shutil
import sys
import time
from pathlib import Path

from tools.links import ROOT

OUT = ROOT / "build" / "site"
PORT = 8000


def stop(message):
    sys.exit(f"site: {message}")


def build(out, root=ROOT):
    """Build the site in `out`; an earlier one stays as it is until the new one is whole."""
    from sphinx.cmd.build import build_main

    from tools.site_source import lay_out

    stage = out.with_name(f"{out.name}-source")
    new, old = out.with_name(f"{out.name}-new"), out.with_name(f"{out.name}-old")
    for folder in (new, old):
        shutil.rmtree(folder, ignore_errors=True)
    lay_out(root, stage)
    options = ["--conf-dir", root / "site", "--fail-on-warning", "--keep-going", "--fresh-env"]
    options += ["--doctree-dir", stage / ".doctrees"]
    if not sys.stdout.isatty():
        options.append("--quiet")  # its progress is for who looks on
    if build_main([str(word) for word in [*options, stage, new]]):
        stop("not built: the lines above say what is wrong. Mend it, and run it again.")
    shutil.rmtree(new.with_name("jupyter_execute"), ignore_errors=True)  # pictures, now copied
    if out.exists():
        out.rename(old)
    new.rename(out)
    shutil.rmtree(old, ignore_errors=True)


def summary(out, seconds):
    pages = len(list(out.rglob("*.html")))
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) / 1e6
    return f"{pages} pages, {size:.1f} MB, {seconds:.0f} s, no warnings: {out / 'index.html'}"


def serve(out):
    """Show the site to this machine only, until Ctrl + C; on any free port if 8000 is taken."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=out)
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), handler)
    except OSError:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    with server, contextlib.suppress(KeyboardInterrupt):
        print(f"http://127.0.0.1:{server.server_port}/ shows it; Ctrl + C ends it.", flush=True)
        server.serve_forever()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=OUT, help="folder for the site")
    parser.add_argument("--serve", action="store_true", help="show it on this machine")
    options = parser.parse_args()
    start = time.perf_counter()
    build(options.out.resolve())
    print(summary(options.out, time.perf_counter() - start))
    if options.serve:
        serve(options.out)


if __name__ == "__main__":
    main()
