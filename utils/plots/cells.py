"""Grids of cells drawn with Pillow: quick enough for a slider, small enough as an animation."""

from base64 import b64encode
from functools import lru_cache
from io import BytesIO
from itertools import product
from pathlib import Path

import matplotlib
from IPython.display import display
from PIL import Image, ImageDraw, ImageFont

from utils.plots.style import GREY, ORANGE
from utils.plots.texts import font_file

TIMES, MINUS = "\N{MULTIPLICATION SIGN}", "\N{MINUS SIGN}"
INK, NOTE = "#222222", "#8A3C00"
HATCH, NOW, DONE, MARGIN = "#A0A0A0", "#FBDDC6", "#CFE4F2", "#E4E4E4"
# A text's edge is half its colour and half what is behind it; sixteen colours make small files
BEHIND = [("white", INK), (NOW, INK), (DONE, INK), (MARGIN, INK), (NOW, NOTE)]
LARGEST = 150_000  # bytes; a notebook holds several animations


@lru_cache(2000)
def text_length(words, size, bold=False):
    return _font(words, size, bold).getlength(words)


def broken(parts, width, size):
    """Join the parts of a text into lines of at most `width` pixels."""
    lines = [""]
    for part in parts:
        longer = f"{lines[-1]} {part}".strip()
        if lines[-1] and text_length(longer, size) > width:
            lines.append(part)
        else:
            lines[-1] = longer
    return lines


def _font(words, size, bold):
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return _opened(font_file(words, str(Path(matplotlib.get_data_path(), "fonts/ttf", name))), size)


@lru_cache
def _opened(path, size):
    # The simple layout is in every Pillow; the other one, where installed, places text otherwise
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


def canvas(width, height):
    image = Image.new("RGB", (int(width), int(height)), "white")
    return image, ImageDraw.Draw(image)


def write(pen, place, words, size, anchor="lt", fill=INK, bold=False, room=None):
    """Write `words`, smaller where they would be wider than `room` pixels."""
    words = words.replace("\n", " ").replace("\t", " ")  # one line, and no font has a tab
    while room and size > 9 and text_length(words, size, bold) > room:
        size -= 1
    pen.text(place, words, fill, _font(words, size, bold), anchor)


def write_number(pen, box, words, fill, note=""):
    """Write a number into a cell of colour `fill`, and a note into its upper left corner."""
    left, top, right, _ = box
    cell, room = right - left, right - left - 4
    size = max(12, min(20, int(0.42 * cell)))
    while size > 9 and text_length(words, size) > room:
        size -= 1
    place = left + cell / 2, top + 0.69 * cell
    pen.text(place, words, INK, _font(words, size, False), "mm", stroke_width=2, stroke_fill=fill)
    small = max(11, min(16, int(0.36 * cell)))
    write(pen, (left + 4, top + 4), note, small, fill=NOTE, bold=True, room=room)


def draw_cell(pen, box, fill="white", dashed=False, hatched=False):
    """Draw one cell of a grid: `box` is left, top, right, bottom in pixels."""
    left, top, right, bottom = box
    pen.rectangle(box, fill, None if dashed else GREY)
    if hatched:
        _hatch(pen, box)
    if dashed:
        across = [x for x in range(left, right) if x % 6 < 3]
        down = [y for y in range(top, bottom) if y % 6 < 3]
        points = [(x, y) for x in across for y in (top, bottom)]
        pen.point(points + [(x, y) for x in (left, right) for y in down], GREY)


def _hatch(pen, box, gap=8):
    left, top, right, bottom = box
    for offset in range(gap, right - left + bottom - top, gap):
        over, under = max(0, offset - (bottom - top)), max(0, offset - (right - left))
        start = left + over, top + offset - over
        pen.line([start, (left + offset - under, top + under)], HATCH)


def draw_grid(pen, corner, cell, shape, look):
    """Draw rows by columns of cells; look(row, column) gives draw_cell's fill, dashed, hatched."""
    for row, column in product(*map(range, shape)):
        draw_cell(pen, box_of(corner, cell, row, column), *look(row, column))


def box_of(corner, cell, row, column, rows=1, columns=1):
    left, top = corner[0] + column * cell, corner[1] + row * cell
    return left, top, left + columns * cell, top + rows * cell


def frame(pen, corner, cell, places, width=3):
    """Draw one thick frame around all `places`, (row, column) each."""
    rows, columns = zip(*places, strict=True)
    top, left = min(rows), min(columns)
    size = max(rows) - top + 1, max(columns) - left + 1
    pen.rectangle(box_of(corner, cell, top, left, *size), None, ORANGE, width)


def arrow(pen, start, end):
    """Draw an arrow to the right or downwards."""
    (x, y), across = end, start[1] == end[1]
    pen.line([start, end], INK, 2)
    tip = [(x - 8, y - 5), (x - 8, y + 5)] if across else [(x - 5, y - 8), (x + 5, y - 8)]
    pen.polygon([end, *tip], INK)


def draw_legend(pen, corner, looks):
    """Draw a line of cells with their meaning, {meaning: draw_cell's fill, dashed, hatched}."""
    left, top = corner
    for meaning, look in looks.items():
        draw_cell(pen, (left, top, left + 20, top + 20), *look)
        if look[0] == NOW:
            frame(pen, (left, top), 20, [(0, 0)])
        write(pen, (left + 28, top + 10), meaning, 15, "lm")
        left += 60 + int(text_length(meaning, 15))


@lru_cache
def _palette():
    pairs = [*BEHIND, (HATCH, HATCH), (GREY, GREY), (ORANGE, ORANGE)]
    colours = []
    for pair in pairs:
        ends = [Image.new("RGB", (1, 1), name) for name in pair]
        colours += [Image.blend(*ends, part).getpixel((0, 0)) for part in (0, 0.5, 1)]
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for colour in dict.fromkeys(colours) for part in colour])
    return palette


def few_colours(image):
    return image.quantize(palette=_palette(), dither=Image.Dither.NONE)


def as_png(image):
    file = BytesIO()
    few_colours(image).save(file, "PNG")
    return file.getvalue()


def as_gif(images, milliseconds, last):
    """Return the bytes of an animation that runs for ever; its last picture stays longer."""
    images, file = [few_colours(image) for image in images], BytesIO()
    durations = [milliseconds] * (len(images) - 1) + [last]
    rest = {"append_images": images[1:], "duration": durations, "loop": 0}
    images[0].save(file, "GIF", save_all=True, optimize=True, **rest)
    if file.tell() > LARGEST:
        raise ValueError(
            f"the animation takes {file.tell():,} bytes, at most {LARGEST:,} are allowed; "
            "pass fewer cases, a smaller image or kernel, or a larger stride"
        )
    return file.getvalue()


def show_bytes(data, alt, kind, **more):
    """Display a PNG or a GIF with alternative text.

    A GIF goes by the name of image/png, too: pages of notebooks show nothing called image/gif,
    and browsers look at the first bytes, not at the name.
    """
    bundle = {"image/png": b64encode(data).decode("ascii"), "text/plain": f"<{kind}: {alt}>"}
    width = Image.open(BytesIO(data)).width
    display(bundle | more, raw=True, metadata={"image/png": {"alt": alt, "width": width}})
