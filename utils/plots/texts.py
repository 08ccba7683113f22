"""Texts as they were given: no formulas made of them, and a font that has their letters."""

import warnings
from functools import cache

from matplotlib.font_manager import findfont, fontManager, get_font
from matplotlib.text import Text
from matplotlib.ticker import LogFormatter, ScalarFormatter

REMEDY = ("install one that has (on Linux fonts-noto-cjk; Windows and macOS offer them with the "
          "language) and restart the kernel, or use other names")  # fmt: skip


def make_legible(figure):
    """Let every text of the figure be read as it is, letters and signs of all scripts included.

    A warning names the characters that no font of this machine has.
    """
    numbers = set()  # matplotlib writes their powers of ten as formulas
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        labels = [*axis.get_ticklabels(which="both"), axis.get_offset_text()]
        if isinstance(axis.get_major_formatter(), LogFormatter | ScalarFormatter):
            numbers.update(map(id, labels))
    for text in figure.findobj(Text):
        if id(text) in numbers or (text.get_text().isascii() and "$" not in text.get_text()):
            continue
        text.set_parse_math(False)
        own = text.get_fontfamily()
        rare = "".join(sorted(set(text.get_text()) - _letters(findfont(text.get_fontproperties()))))
        text.set_fontfamily([*own, *_fonts_for(rare)])


@cache
def _letters(path):
    """Return the characters that a font file has, none for one that cannot be read."""
    try:
        return frozenset(map(chr, get_font(path).get_charmap())) | {"\n"}
    except Exception:  # FreeType raises what it likes for bitmap fonts and damaged ones
        return frozenset()


@cache
def _fonts_for(rare):
    """Return families that have these characters between them; warn once of those that none has."""
    found, missing = [], set(rare)
    for font in sorted(fontManager.ttflist, key=lambda font: (font.style != "normal", font.name)):
        if "Last Resort" in font.name:  # has a box for every character
            continue
        if missing & _letters(font.fname):
            missing -= _letters(font.fname)
            found.append(font.name)
        if not missing:
            return found
    warnings.warn(f"no font here has {' '.join(sorted(missing))}: {REMEDY}", stacklevel=5)
    return found
