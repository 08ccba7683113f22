"""Pictures in the pages: with their sizes, loaded when they come near; animations with a pause."""

import re
from itertools import count
from pathlib import Path

from PIL import Image

IMAGE = re.compile(r'<img (?P<all>[^>]*\bsrc="(?P<src>[^"]*_images/(?P<name>[^"/]+))"[^>]*?)\s*/?>')
LINKED = re.compile(r'<a class="[^"]*image-reference[^"]*"[^>]*>\s*(<img [^>]*>)\s*</a>')
REPAIRS = {
    '<th class="head"><p></p></th>': "<td></td>",  # a table's empty corner names nothing
    ' aria-label="Toggle hidden content"': "",  # it hides the words that stand there
}
STYLE = re.compile(r'\s*\b(?:style|width|height)="[^"]*"')
ANIMATION = """\
<span class="animation"><label><input type="checkbox"> pause</label>
{moving}
{still}</span>"""


def finish(app, pagename, templatename, context, doctree):
    """Complete each picture of a page's body."""
    if not context.get("body"):
        return
    files = {name: Path(app.srcdir, path) for path, name in app.builder.images.items()}
    places = count()
    context["body"] = IMAGE.sub(
        lambda match: complete(match, files[match["name"]], Path(app.outdir), next(places)),
        LINKED.sub(r"\1", context["body"]),  # or an animation's button would stand in a link
    )
    for wrong, right in REPAIRS.items():
        context["body"] = context["body"].replace(wrong, right)


def complete(match, path, out, place):
    """Return the HTML of one picture; the first of a page is loaded at once."""
    with Image.open(path) as picture:
        width, height = picture.size
        frames = getattr(picture, "n_frames", 1)
        if frames > 1:
            picture.seek(frames // 2)
            still = save_still(picture, out / "_images", path.stem)
    size = f'width="{width}" height="{height}" decoding="async"'
    if place:
        size += ' loading="lazy"'
    tag = f"<img {STYLE.sub('', match['all'])} {size}>"
    if frames == 1:
        return tag
    second = tag.replace(match["name"], still).replace("<img ", '<img class="still" ')
    return ANIMATION.format(moving=tag.replace("<img ", '<img class="moving" '), still=second)


def save_still(picture, folder, stem):
    """Save a frame as a picture; return its name.

    It comes from the middle: the last one shows what came out, and no longer how.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{stem}-still.png"
    picture.convert("P", palette=Image.Palette.ADAPTIVE).save(folder / name, optimize=True)
    return name
