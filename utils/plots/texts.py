"""Texts as they were given: no formulas made of them, and a font that has their letters."""

import warnings
from contextlib import suppress
from functools import cache

from matplotlib.font_manager import findfont, findSystemFonts, fontManager, get_font
from matplotlib.text import Text
from matplotlib.ticker import LogFormatter, ScalarFormatter

REMEDY = ("install one that has (on Linux fonts-noto-cjk; Windows and macOS offer them with the "
          "language) and restart the kernel, or use other names")  # fmt: skip
_told = set()  # characters named in a warning


def make_legible(figure):
    """Let every text of the figure be read as it is, letters and signs of all scripts included.

    A warning names the characters that no font of this machine has.
    """
    numbers = set()  # matplotlib writes their powers of ten as formulas
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        labels = [*axis.get_ticklabels(which="both"), axis.get_offset_text()]
        if isinstance(axis.get_major_formatter(), LogFormatter | ScalarFormatter):
            numbers.update(map(id, labels))
    rare = {}
    for text in figure.findobj(Text):
        text.set_text(text.get_text().replace("\t", " "))  # of which fonts have no picture
        if id(text) in numbers or (text.get_text().isascii() and "$" not in text.get_text()):
            continue
        text.set_parse_math(False)
        rare[text] = _visible(text.get_text()) - _letters(findfont(text.get_fontproperties()))
    fonts, missing = _fonts_for("".join(sorted(set().union(*rare.values()))))
    for text in (text for text in rare if rare[text]):
        text.set_fontfamily([*text.get_fontfamily(), *fonts])
    _tell(missing)


@cache
def font_file(words, own):
    """Return the file of the one font that has most of the letters: `own` if it has all.

    A warning names the characters that it lacks.
    """
    letters, best = _visible(words), own
    for font in _fonts() if letters - _letters(own) else []:
        best = max(best, font.fname, key=lambda path: len(letters & _letters(path)))
        if letters <= _letters(best):
            break
    _tell(letters - _letters(best))
    return best


def _visible(words):
    return set("".join(words.split()))


def _tell(missing):
    new = sorted(missing - _told)
    _told.update(new)
    if new:
        warnings.warn(f"no font here has {' '.join(new)}: {REMEDY}", stacklevel=5)


@cache
def _letters(path):
    """Return the characters that a font file has, none for one that cannot be read."""
    try:
        return frozenset(map(chr, get_font(path).get_charmap()))
    except Exception:  # FreeType raises what it likes for bitmap fonts and damaged ones
        return frozenset()


@cache
def _fonts_for(rare):
    """Return families that have these characters between them, and the characters none has."""
    found, missing = [], set(rare)
    for font in _fonts() if missing else []:
        if missing & _letters(font.fname):
            missing -= _letters(font.fname)
            found.append(font.name)
        if not missing:
            break
    return found, missing


def _fonts():
    """Give fonts, upright ones first, then those installed since matplotlib made its list."""
    for font in sorted(fontManager.ttflist, key=lambda font: (font.style != "normal", font.name)):
        if "LastResort" not in font.name.replace(" ", ""):  # has a box for every character
            yield font
    for path in set(findSystemFonts()) - {font.fname for font in fontManager.ttflist}:
        known = len(fontManager.ttflist)
        with suppress(Exception):  # as for _letters
            fontManager.addfont(path)
        yield from fontManager.ttflist[known:]
