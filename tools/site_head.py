"""What search engines, and those who share a link, are told about the site's pages."""

import re
import shutil
from html import escape
from pathlib import Path

from docutils import nodes


def describe(app, pagename, templatename, context, doctree):
    """Write a page's description, and its title and picture for those who share the address."""
    words = app.env.metadata.get(pagename, {}).get("description") or first_words(doctree)
    words = words or app.config.project
    title = re.sub(r"<.*?>", "", context.get("title") or "") or app.config.project
    base = app.config.html_baseurl
    tags = {
        "og:title": title,
        "og:description": words,
        "og:type": "article",
        "og:url": context.get("pageurl") or base,
        "og:image": f"{base}_static/social.png",
    }
    lines = [f'<meta name="description" content="{escape(words)}"/>']
    lines += [f'<meta property="{name}" content="{escape(tags[name])}"/>' for name in tags]
    context["metatags"] = context.get("metatags", "") + "\n".join(lines)


def first_words(doctree):
    """Return the first paragraph of a page, None for one that Sphinx makes by itself."""
    paragraphs = doctree.findall(nodes.paragraph) if doctree else ()
    return next((node.astext().replace("\n", " ") for node in paragraphs), None)


def write_sitemap(app, exception):
    """List all pages for search engines, and put the picture for those who share one in place."""
    if exception is not None:
        return
    pages = sorted(app.builder.get_target_uri(name) for name in app.env.found_docs)
    places = "".join(f"<url><loc>{escape(app.config.html_baseurl + page)}</loc></url>\n"
                     for page in pages)  # fmt: skip
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{places}</urlset>\n'
    )
    Path(app.outdir, "sitemap.xml").write_text(text, encoding="utf-8")
    journey = Path(app.srcdir, "pictures", "journey.png")
    shutil.copyfile(journey, Path(app.outdir, "_static", "social.png"))
    Path(app.outdir, ".nojekyll").touch()  # or GitHub Pages leaves out _static
