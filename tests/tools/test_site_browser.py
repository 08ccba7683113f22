"""The site in a real browser without a network: what only that can tell."""

import os
import shutil

import pytest

from tools import browser_run, site, site_browser

pytestmark = pytest.mark.skipif(
    "COURSE_BROWSER" not in os.environ, reason="takes minutes: `make browser` runs it"
)


@pytest.fixture(scope="module")
def built():
    site.build(site.OUT)
    return site.OUT


def run_or_skip(*given, **options):
    try:
        return site_browser.run(*given, **options)
    except browser_run.Unavailable as reason:
        pytest.skip(str(reason))


def test_every_page_can_be_read_and_used(built):
    results = run_or_skip(built)
    assert len(results["pages"]) == len([path for path in built.rglob("*.html")
                                         if "_static" not in path.parts])  # fmt: skip
    assert results["faults"] == []
    assert site_browser.violations(results) == {}
    for result in results["pages"].values():
        assert result["weight"]["bytes"] < 2e6


def test_what_is_wrong_is_named(built, tmp_path):
    (tmp_path / "notebooks").mkdir()
    shutil.copytree(built / "_static", tmp_path / "_static")
    (tmp_path / "index.html").write_text(
        '<html lang="en"><title>T</title><body><article class="bd-article"><h1>A</h1><h3>B</h3>'
        '<img src="gone.png" alt=""><p style="color: #ccc; width: 3000px">pale and wide</p>'
        '<script src="https://a.org/x.js"></script><script>console.error("oh")</script></article>',
        encoding="utf-8",
    )
    results = run_or_skip(tmp_path, pictures=None, brief=True)
    said = "\n".join(results["faults"])
    for fault in ("outside: https://a.org/x.js", "console: oh", "no alternative text", "404",
                  'left out before "B"', "no picture: ", "pixels wide"):  # fmt: skip
        assert fault in said
    assert ("color-contrast", "serious") in site_browser.violations(results)


def test_a_site_that_is_not_built_is_named(tmp_path):
    with pytest.raises(SystemExit, match="Build it first: make site"):
        site_browser.run(tmp_path)
