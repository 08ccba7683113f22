"""One picture or many in any of PIL's modes; texts and letters as they were given."""

import re
import warnings

import numpy as np
import pytest
import torch
from fontTools.ttLib import TTFont
from matplotlib.font_manager import findfont, fontManager
from matplotlib.text import Text
from PIL import Image
from torchvision.transforms.v2 import functional

from utils import plots
from utils.models import LeNet5
from utils.plots import cells, style, texts

RNG = np.random.default_rng(0)
COLOUR = RNG.integers(256, size=(8, 6, 3), dtype=np.uint8)
GREY = RNG.integers(256, size=(8, 6), dtype=np.uint8)


def assert_shows(shown, *expected, within=1e-6):
    """In all figures together."""
    found = [axis.images[0] for figure in shown.figures for axis in figure.axes if axis.images]
    assert len(found) == len(expected)
    for image, wanted in zip(found, expected, strict=True):
        np.testing.assert_allclose(image.get_array(), wanted, atol=within)


# --- one picture

ONE = {
    "array, colour": (COLOUR, COLOUR / 255),
    "tensor, channels last": (torch.from_numpy(COLOUR), COLOUR / 255),
    "batch of one": (torch.from_numpy(COLOUR).permute(2, 0, 1)[None], COLOUR / 255),
    "floats": (COLOUR / 255, COLOUR / 255),
    "PIL, colour": (Image.fromarray(COLOUR), COLOUR / 255),
    "array, grey": (GREY, GREY / 255),
    "tensor, one channel": (torch.from_numpy(GREY)[None], GREY / 255),
    "array, one channel last": (GREY[..., None], GREY / 255),
    "floats, one channel last": (torch.from_numpy(GREY / 255)[..., None], GREY / 255),
    "PIL, grey": (Image.fromarray(GREY), GREY / 255),
}


@pytest.mark.parametrize("form", ONE)
def test_one_picture_is_one_picture(form, shown):
    given, expected = ONE[form]
    plots.plot_grid(given)
    assert_shows(shown, expected)


def test_three_pictures_are_asked_about_unless_they_are_counted(shown):
    three = RNG.integers(256, size=(3, 8, 6), dtype=np.uint8)
    for given in three, torch.from_numpy(three):
        with pytest.raises(ValueError, match=r"shape \(3, 8, 6\): one image .* or 3 grey ones"):
            plots.plot_grid(given)
        plots.plot_grid(given[None])
        plots.plot_grid(given[:, None])
        plots.plot_grid(given, captions=["a", "b", "c"])
        plots.plot_grid(given, [0, 1, 2])
    grey = [part / 255 for part in three]
    assert_shows(shown, *[three.transpose(1, 2, 0) / 255, *grey * 3] * 2)


@pytest.mark.parametrize("labels", [{"captions": ["mine"]}, {"labels": [0]}], ids=str)
def test_one_text_for_three_channels_asks_for_the_axis(labels, shown):
    with pytest.raises(ValueError, match=r"shape \(3, 8, 6\): one image .* images\[None\]"):
        plots.plot_grid(COLOUR.transpose(2, 0, 1), **labels)
    plots.plot_grid(COLOUR.transpose(2, 0, 1)[None], **labels)
    assert_shows(shown, COLOUR / 255)


@pytest.mark.parametrize("width", [1, 3])
def test_narrow_pictures_that_are_counted_stay_many(width, shown):
    narrow = GREY[:, :5, None].repeat(width, 2)
    plots.plot_grid(narrow, captions=list("abcdefgh"))
    plots.plot_grid(narrow, labels=range(8))
    plots.plot_grid(narrow[:, None])
    assert_shows(shown, *narrow / 255, *narrow / 255, *narrow / 255)


@pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy])
def test_four_channels_last_are_no_strips(kind, shown):
    """What matplotlib reads from a PNG: red, green, blue and how opaque."""
    image = kind(np.dstack([np.ones((20, 30, 3), np.float32), np.zeros((20, 30, 1), np.float32)]))
    with pytest.raises(ValueError, match=r"\(20, 30, 4\).* image\[\.\.\., :3\] is in colour"):
        plots.plot_grid(image)
    plots.plot_grid(image[..., :3])
    assert_shows(shown, np.ones((20, 30, 3)))


# --- any mode

HALF = np.dstack([COLOUR, np.where(np.arange(6) < 3, 255, 0) * np.ones((8, 1))]).astype(np.uint8)
ON_WHITE = np.where(HALF[..., 3:] > 0, COLOUR, 255) / 255


def palette(transparency=None):
    image = Image.fromarray(np.arange(48, dtype=np.uint8).reshape(8, 6) % 2, "P")
    image.putpalette([200, 10, 30, 5, 250, 90])
    if transparency is not None:
        image.info["transparency"] = transparency
    return image


def see_through(value):
    image = Image.fromarray(GREY)
    image.info["transparency"] = value
    return image


INDEX = np.arange(48).reshape(8, 6) % 2
TWO = np.array([[200, 10, 30], [5, 250, 90]]) / 255
MODES = {
    "P": (palette(), TWO[INDEX]),
    "P, transparent": (palette(1), np.where(INDEX[..., None] == 1, 1.0, TWO[0])),
    "RGBA": (Image.fromarray(HALF), ON_WHITE),
    "LA": (Image.merge("LA", [Image.fromarray(GREY), Image.fromarray(HALF[..., 3].copy())]),
           np.where(HALF[..., 3] > 0, GREY, 255)[..., None].repeat(3, 2) / 255),
    "1": (Image.fromarray(GREY > 99), (GREY > 99).astype(float)),
    "CMYK": (Image.fromarray(COLOUR).convert("CMYK"), COLOUR / 255),
    "I;16": (Image.fromarray(GREY.astype(np.uint16) * 256),
             (GREY - GREY.min()) / np.ptp(GREY).astype(float)),
    "I": (Image.fromarray(GREY.astype(np.int32) * 9), (GREY - GREY.min()) / float(np.ptp(GREY))),
    "F": (Image.fromarray((GREY / 255).astype(np.float32)), GREY / 255),
    "La": (Image.merge("LA", [Image.fromarray(GREY), Image.new("L", (6, 8), 255)]).convert("La"),
           GREY[..., None].repeat(3, 2) / 255),
    "L, transparent": (see_through(int(GREY[0, 0])),
                       np.where(GREY[0, 0] == GREY, 255, GREY)[..., None].repeat(3, 2) / 255),
}  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
def test_pictures_of_every_mode_are_seen_as_pil_shows_them(mode, shown):
    image, expected = MODES[mode]
    plots.plot_grid(image)
    plots.plot_grid([image])
    assert_shows(shown, expected, expected)


def test_modes_may_be_mixed(shown):
    modes = ["P", "RGBA", "1", "F", "CMYK"]
    plots.plot_grid([MODES[mode][0] for mode in modes])
    assert_shows(shown, *[MODES[mode][1] for mode in modes])


@pytest.mark.parametrize("deep", ["I;16", "I"])
def test_bytes_beside_deeper_pictures_are_no_darker(deep, shown):
    """Beside 65,535 a byte's 255 would be black."""
    plots.plot_grid([MODES["RGBA"][0], MODES[deep][0], COLOUR])
    assert_shows(shown, MODES["RGBA"][1], MODES[deep][1], COLOUR / 255)


def test_ycbcr_is_colour_again(shown):
    plots.plot_grid(Image.fromarray(COLOUR).convert("YCbCr"))
    assert_shows(shown, COLOUR / 255, within=4 / 255)


FLAT = COLOUR.transpose(2, 0, 1)
ADVISED = {
    **{mode: (image, None) for mode, (image, _) in MODES.items() if mode not in ("I", "La")},
    "RGB": (Image.fromarray(COLOUR), FLAT / 255),
    "L": (Image.fromarray(GREY), GREY[None] / 255),
    "array": (COLOUR, FLAT / 255),
    "array, floats": (COLOUR / 255, FLAT / 255),
    "array, grey": (GREY, GREY[None] / 255),
    "array, one channel last": (GREY[..., None], GREY[None] / 255),
    "array, channels first": (FLAT.copy(), FLAT / 255),
    "array, channels first, floats": (FLAT / 255, FLAT / 255),
    "lists": ((FLAT / 255).tolist(), FLAT / 255),
}


@pytest.mark.parametrize("form", ADVISED)
def test_the_advice_for_what_is_no_tensor_works(form, shown):
    image, expected = ADVISED[form]
    with pytest.raises(TypeError, match=r"image must be a tensor, got \w+: pass .*") as error:
        plots.plot_feature_maps(LeNet5(), image)
    advice = str(error.value).split("pass ")[1].split(", with ")[0]
    tensor = eval(advice, {"torch": torch, "image": image, **vars(functional)})
    plots.plot_feature_maps(torch.nn.Conv2d(len(tensor), 2, 3), tensor)
    assert len(tensor) in (1, 3) and len(shown.axes) == 1
    if expected is not None:
        np.testing.assert_allclose(tensor, expected, atol=1e-6)


@pytest.mark.parametrize("image", ["boot.png", None, 3], ids=str)
def test_what_is_no_picture_at_all_is_said_to_be_none(image):
    with pytest.raises(TypeError, match=r"got \w+: pass the picture's numbers, \(C, H, W\)"):
        plots.plot_feature_maps(LeNet5(), image)


# --- texts

SIGNS = ["$5", "$a$ and $b", r"\frac{1}{2}", "a_b^c", "{x}", "$", "$$", "100 %"]


def legible(shown):
    """The texts of the figures, all of which can be drawn, without a formula among them."""
    found = [text for figure in shown.figures for text in figure.findobj(Text) if text.get_text()]
    for figure in shown.figures:
        figure.canvas.draw()
    return [text for text in found if not text.get_parse_math() or "$" not in text.get_text()]


def test_text_is_text(shown):
    images = np.zeros((len(SIGNS), 4, 4))
    plots.plot_grid(images, captions=SIGNS, title="$1 or $2")
    plots.plot_grid(images, range(len(SIGNS)), classes=SIGNS)
    plots.plot_class_counts(range(len(SIGNS)), SIGNS, title="$1 or $2")
    plots.plot_lines({sign: [1, 2] for sign in SIGNS}, "$1 or $2", xlabel="$x$", ylabel="$y")
    found = {text.get_text() for text in legible(shown)}
    assert {*SIGNS, "$1 or $2", "$x$", "$y"} <= found


def test_pillow_takes_any_text_for_text(monkeypatch):
    drawn = []
    monkeypatch.setattr(cells, "show_bytes", lambda *given: drawn.append(given))
    for names in ([*SIGNS, "two\nlines"], [*SIGNS, "two lines"]):
        cases = {name: {"size": 3, "kernel_size": 2} for name in names}
        plots.plot_cases(cases, title=names[-1])
        plots.animate_cases(cases, title=names[-1])
        plots.plot_convolution_steps(np.eye(3), np.eye(2), title=names[-1])
    assert [picture for picture, *_ in drawn[:3]] == [picture for picture, *_ in drawn[3:]]


def test_powers_of_ten_stay_formulas(shown):
    plots.plot_lines({"rate": [1e-5, 1.0]}, "Rates", xlabel="step", ylabel="rate", log="y")
    [figure] = shown.figures
    figure.canvas.draw()
    labels = figure.axes[0].get_yticklabels()
    assert any("10^{" in label.get_text() and label.get_parse_math() for label in labels)


@pytest.fixture
def no_letters_known():
    """Nothing found or told so far."""

    def forget():
        for memory in texts._fonts_for, texts.font_file, cells.text_length:
            memory.cache_clear()
        texts._told.clear()

    forget()
    yield
    forget()


@pytest.fixture
def no_memory(no_letters_known, monkeypatch):
    """Of fonts DejaVu Sans alone."""
    plain = [font for font in fontManager.ttflist if font.name == "DejaVu Sans"]
    monkeypatch.setattr(fontManager, "ttflist", plain)
    monkeypatch.setattr(texts, "findSystemFonts", lambda: [])


@pytest.fixture
def made(tmp_path):
    """A font that is not in matplotlib's list: A and B stand for two signs, which DejaVu lacks."""
    font = TTFont(findfont("DejaVu Sans"))
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap |= {ord("短"): "A", ord("靴"): "B"}
    for record in font["name"].names:
        if record.nameID in (1, 4, 16):
            record.string = "Made"
    font.save(tmp_path / "made.ttf")
    return str(tmp_path / "made.ttf")


CASES = {name: {"size": 3, "kernel_size": 2} for name in ("短靴", "短")}
READERS_TEXTS = {
    "classes": lambda: plots.plot_grid(np.zeros((2, 4, 4)), [0, 1], classes=["短靴", "短"]),
    "title": lambda: plots.plot_grid(np.zeros((1, 4, 4)), title="短靴"),
    "bars": lambda: plots.plot_class_counts([0, 1], ["短靴", "短"]),
    "lines": lambda: plots.plot_lines({"短": [1, 2], "靴": [2, 1]}, "lines", "x", "y"),
    "filters": lambda: plots.plot_filters(torch.rand(2, 1, 3, 3), title="短靴"),
    "feature maps": lambda: plots.plot_feature_maps(
        torch.nn.Conv2d(1, 1, 3), torch.rand(1, 5, 5), title="短靴"
    ),
    "cases": lambda: plots.plot_cases(CASES, title="短靴"),
    "animated cases": lambda: plots.animate_cases(CASES),
    "steps": lambda: plots.plot_convolution_steps(np.eye(3), np.eye(2), title="短靴"),
}


@pytest.mark.parametrize("figure", READERS_TEXTS)
def test_letters_that_no_font_has_are_named_once(figure, no_memory, monkeypatch):
    """Drawn as a notebook draws: what matplotlib says of every letter then would be a flood."""
    monkeypatch.setattr(style, "display", lambda figure, **_: figure.canvas.draw())
    monkeypatch.setattr(cells, "display", lambda *_, **__: None)
    with pytest.warns(UserWarning, match="短 靴") as caught:
        READERS_TEXTS[figure]()
    [warning] = caught
    assert re.match(r"no font here has 短 靴: install .* or use other names", str(warning.message))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        READERS_TEXTS[figure]()
        plots.plot_grid(np.zeros((1, 4, 4)), captions=["Стул, chaîne, καρέκλα, ελιά, שלום"])


def test_a_font_installed_since_is_found(no_memory, made, monkeypatch, shown):
    """matplotlib keeps a list of fonts, also beyond a restart."""
    monkeypatch.setattr(texts, "findSystemFonts", lambda: [made])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plots.plot_grid(np.zeros((1, 4, 4)), captions=["短靴"])
        shown.figures[0].canvas.draw()
    [text] = [text for text in shown.figures[0].findobj(Text) if text.get_text() == "短靴"]
    assert text.get_fontfamily()[-1] == "Made"


def test_pillow_draws_with_the_font_that_has_the_letters(no_memory, made, monkeypatch):
    monkeypatch.setattr(texts, "findSystemFonts", lambda: [made])
    drawn = []
    for words in "短靴", "AB":
        image, pen = cells.canvas(60, 30)
        cells.write(pen, (2, 2), words, 20)
        drawn.append(np.asarray(image))
    assert (drawn[0] < 99).any()
    np.testing.assert_array_equal(*drawn)


def test_letters_that_another_font_has_are_drawn_with_it(no_letters_known, monkeypatch, shown):
    """DejaVu Sans lacks a letter here, and another of matplotlib's own fonts has it."""
    has = texts._letters
    monkeypatch.setattr(
        texts, "_letters", lambda path: has(path) - {"x"} if "DejaVuSans.ttf" in path else has(path)
    )
    plots.plot_grid(np.zeros((1, 4, 4)), captions=["é box"])
    [text] = [text for text in shown.figures[0].findobj(Text) if text.get_text() == "é box"]
    _, *others = text.get_fontfamily()
    assert others
    files = {font.name: font.fname for font in fontManager.ttflist}
    assert "x" in has(files[others[0]])


def test_a_box_for_every_letter_is_no_font(no_letters_known):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        families, _ = texts._fonts_for("\U000e0fff短")
    assert not any("Last Resort" in name for name in families)
