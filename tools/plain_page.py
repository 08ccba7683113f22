"""What the pages for teachers share: Markdown made HTML, and the frame around it."""

import html

from markdown_it import MarkdownIt

STYLE = """
body { font: 16px/1.5 system-ui, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif;
       max-width: 46em; margin: 1em auto; padding: 0 1em; color: #111; background: #fff }
code { font-family: ui-monospace, Consolas, "DejaVu Sans Mono", monospace; font-size: 90% }
pre { background: #f3f3f3; padding: .5em; overflow-x: auto }
table { border-collapse: collapse }
td, th { border-bottom: 1px solid #bbb; padding: .1em .6em .1em 0; text-align: left;
         vertical-align: top }
summary { cursor: pointer; font-weight: 600 }
"""
_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")  # tags are shown, not obeyed


def block(text):
    """Return Markdown as HTML, with paragraphs."""
    return _markdown.render(text).strip()


def inline(text):
    """Return one line of Markdown as HTML, without a paragraph around it."""
    return _markdown.renderInline(text)


def page(title, body, style=""):
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>{STYLE}{style}</style>\n</head>\n"
        f"<body>\n<h1>{html.escape(title)}</h1>\n{body}\n</body>\n</html>\n"
    )
