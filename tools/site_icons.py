"""Draw the theme's few icons from a style sheet: its own script holds thousands, in 1.5 MB."""

import re
from pathlib import Path
from urllib.parse import quote

SCRIPT = "_static/scripts/fontawesome.js"
TAG = re.compile(r"\s*<script[^>]*fontawesome\.js[^>]*></script>")
USED = re.compile(r'<i class="[^"]*"')
LATER = {"xmark"}  # put into the page by a script
BASE = """\
i[class*="fa-"]::before {
  content: ""; display: inline-block; width: 1em; height: 1em; vertical-align: -0.125em;
  background: currentColor; mask: var(--icon) center / contain no-repeat;
}
i.theme-switch.fa-lg { font-size: 1em; }
"""


def slim(app, exception):
    """Replace the script in all pages by the icons that they use."""
    script = Path(app.outdir, SCRIPT)
    if exception is not None or not script.exists():
        return
    names, drawings = set(LATER), script.read_text(encoding="utf-8")
    for page in Path(app.outdir).rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        names |= {name for use in USED.findall(html) for name in re.findall(r"\bfa-([\w-]+)", use)}
        page.write_text(TAG.sub("", html), encoding="utf-8")
    sheet = Path(app.outdir, "_static", "icons.css")
    sheet.write_text(BASE + "".join(map(rule(drawings), sorted(names))), encoding="utf-8")
    for useless in [script, *Path(app.outdir, "_static").rglob("*.js.map"),
                    *Path(app.outdir, "_static").rglob("*.css.map")]:  # fmt: skip
        useless.unlink()


def rule(drawings):
    """Return a function that gives the style of an icon, or nothing for a class of another kind."""

    def style(name):
        pattern = rf'[{{,]"?{name}"?:\[(\d+),(\d+),\[[^\]]*\],"[0-9a-f]+","([^"]+)"\]'
        found = re.findall(pattern, drawings)
        if not found:
            return ""
        width, height, path = found[-1]  # the filled one comes last
        box = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        drawing = quote(f'<svg {box}><path d="{path}"/></svg>')
        return f'i.fa-{name} {{ --icon: url("data:image/svg+xml,{drawing}"); }}\n'

    return style
