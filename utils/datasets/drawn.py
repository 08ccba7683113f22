"""Ten garments drawn by code: what the course trains on when Fashion-MNIST cannot be fetched.

Picture i has a random generator of its own, so the first pictures of a split never change.
"""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from tqdm.auto import tqdm

CLASSES = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"]
CLASSES += ["Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]
COLOUR_CLASSES = [f"drawn {name}" for name in CLASSES]
FIRST_LABELS = [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]  # as in Fashion-MNIST's training set
DETAIL = 3  # drawn three times too large, then averaged: soft edges


class Sketch:
    """A garment in units of a 28 by 28 picture; tone 1 is its own shade, 0 the background."""

    def __init__(self, label, rng):
        self.rng, self.canvas = rng, Image.new("L", (28 * DETAIL, 28 * DETAIL))
        self.pen = ImageDraw.Draw(self.canvas)
        clothes = (self.t_shirt, self.trouser, self.pullover, self.dress, self.coat)
        (*clothes, self.sandal, self.shirt, self.sneaker, self.bag, self.ankle_boot)[label]()

    def vary(self, *ranges):
        return [low + (high - low) * self.rng.random() for low, high in ranges]

    def contrast(self):
        return self.vary((0.3, 0.7), (1.3, 1.8))[self.rng.integers(2)]

    def fill(self, tone, *points):
        self.pen.polygon([(DETAIL * x, DETAIL * y) for x, y in points], int(100 * tone))

    def both(self, tone, *points):  # a shape and its mirror image: x counts from the middle
        self.fill(tone, *[(14 + x, y) for x, y in points])
        self.fill(tone, *[(14 - x, y) for x, y in points])

    def top(self, sleeve, hem, width, collar=0, opening=0, step=1):  # a sleeve of 1 is long
        spread, waist, neck, bend, tone = self.vary((2, 5), (0, 1), (2.5, 5), (0, 1), (0.7, 0.9))
        cuff, wrist, side = width + 0.6 + sleeve * spread, 5 + 19 * sleeve, width - 0.5
        arm = (4.5, 2), (side, 2.8), (width + 1, 4.5), (cuff + 1.3, wrist), (cuff - 2, wrist + 0.5)
        self.both(tone, *arm, (5, 9))
        self.both(1, (0, 2), (3, 1), (side, 2.8), (width - waist, 12), (width, hem), (0, hem))
        self.both(0.4, (0, 1), (3, 0.8), (2.8 * bend, neck * bend + 0.8), (0, neck))
        if self.rng.random() < 0.4:
            x, y, low = self.vary((1, 5), (6, 11), (12, 16))
            self.both(self.contrast(), (0, y), (x, y), (x, low), (0, low))
        if collar > 2:  # less is a blouse: a shirt with neither collar nor buttons
            self.both(self.contrast(), (2, 0.2), (4.4, 2), (2.4, collar + 1.5), (0, collar))
            self.both(self.contrast(), (0, collar), (opening, collar), (opening, hem), (0, hem))
            for y in np.arange(collar + 2, hem - 1, step):
                self.fill(0.4, (14.7, y), (15.7, y), (15.7, y + 1), (14.7, y + 1))

    def t_shirt(self):
        self.top(*self.vary((0.1, 0.5), (23, 27.5), (6, 8.2)))

    def pullover(self):
        self.top(*self.vary((0.75, 1.05), (23, 27.5), (6, 8.2)))

    def coat(self):
        self.top(*self.vary((0.9, 1.1), (25, 28), (6.3, 8.5), (4, 10), (0.3, 0.8), (3, 7)))

    def shirt(self):
        self.top(*self.vary((0.2, 1.05), (23, 27.5), (6, 8), (1.6, 5.5), (0.1, 0.25), (2, 4)))

    def dress(self):
        sleeve, bust, waist, y, flare = self.vary((-0.6, 1), (3.8, 6), (2.4, 5), (9, 15), (3.6, 8))
        self.top(max(sleeve, 0), 9, bust)
        self.both(1, (0, 6), (bust - 0.5, 6), (waist, y), (flare, 27), (0, 27.6))
        self.both(self.contrast(), (0, y), (waist, y), (waist, y + 1), (0, y + 1))
        self.both(0.75, (waist * 0.4, y + 2), (flare * 0.6, 27), (flare * 0.4, 27))

    def trouser(self):
        waist, gap, ankle, crotch = self.vary((3.5, 5.5), (0.6, 2.4), (1.6, 4), (8, 13))
        hem, belt = self.vary((23, 28), (0.5, 1.2))
        leg = (waist + 1, 8), (gap + ankle, hem), (gap, hem), (0, crotch)
        self.both(1, (0, 0.5), (waist, 0.5), *leg)
        self.both(belt, (0, 0.5), (waist, 0.5), (waist, 2), (0, 2))

    def sandal(self):
        heel, high, x, wedge = self.vary((-5, 8), (4, 8), (1, 5), (12, 25))
        rear, band = 20 - max(heel, 0), self.contrast()
        self.fill(1, (17, 20), (19, rear - high), (27, rear - high - 1), (27, rear))
        self.fill(0, (19, 19.5), (20.5, rear - high + 1.8), (25, rear - high + 1), (25.4, rear))
        self.fill(band, (x, 20), (x + 3, 16), (x + 8, 15), (x + 12, 20))
        self.fill(0, (x + 2.4, 20), (x + 4.4, 17.6), (x + 5.4, 20))
        self.fill(0, (x + 6.5, 20), (x + 5.9, 17), (x + 7.2, 16.7), (x + 9, 20))
        self.fill(0.9, (0, 20), (13, 20), (27, rear), (27, rear + 1.6), (13, 22), (0, 22))
        self.fill(0.7, (wedge, 21), (27, rear + 1), (26.8, 22), (25, 22))

    def sneaker(self):
        high, stripe = self.vary((11, 15), (15, 26))
        ankle = (14.5, high), (18, high + 2), (22, high + 2.5), (26.5, high)
        self.fill(1, (-1, 20), (-0.5, 18), (2, 16.2), (6, 15.5), (10, 14), *ankle, (27, 20))
        self.fill(self.contrast(), (-1, 19.5), (27, 19.5), (27, 22), (0, 22))
        self.fill(self.contrast(), (11, 19.5), (14, 15), (stripe, 15), (stripe, 16.5), (15, 17))
        for x, y in (8, 14.8), (10.2, 13.7), (12.4, 12.6):
            self.fill(0.35, (x, y), (x + 0.6, y), (x + 2.8, y + 2.5), (x + 2.2, y + 2.5))

    def bag(self):
        half, y, floor, reach, high = self.vary((6, 12), (6, 14), (20, 27), (3, 8), (0, 12))
        flap, tip, tone = self.vary((y + 2, floor - 2), (half / 2, half), (0.6, 1.4))
        arch = [(np.cos(turn), np.sin(turn)) for turn in np.linspace(0, np.pi, 9)]
        self.fill(0.9, *[(14 + reach * x, y + 1 - high * up) for x, up in arch])
        self.fill(0, *[(14 + (reach - 1.4) * x, y + 1 - (high - 1.4) * up) for x, up in arch])
        self.both(1, (0, y), (half - 1, y), (half, y + 1), (half, floor - 1), (0, floor))
        self.both(tone, (0, y), (half, y), (tip, flap), (0, flap))
        self.both(0.4, (0, flap - 1), (1, flap - 1), (1, flap + 1), (0, flap + 1))

    def ankle_boot(self):
        high, lean, heel = self.vary((3, 9), (-1, 1.5), (23, 26))
        leg = (12.5, 12.5), (13.5 + lean, high), (25 + lean, high - 0.6), (25.5, 15), (27, 22)
        self.fill(1, (-1, 22), (-0.5, 19), (2.5, 16.5), (8, 15), *leg)
        self.fill(self.contrast(), (-1, 21), (27, 21), (27, heel), (20, heel), (19, 23), (0, 23))
        self.fill(self.contrast(), (17, high), (20, high), (19, high + 6), (17.5, high + 6))


def fabric(rng, side, patterned):
    """What shades are multiplied by, (side, side): light from one side, weave, stripes, checks."""
    x, y = np.arange(side) / side - 0.5, np.arange(side)[:, None] / side - 0.5
    right, down, angle, waves, depth, pattern = rng.random(6).tolist()
    light = 1 + (0.8 * right - 0.4) * x + (0.6 * down - 0.3) * y
    light = light * rng.normal(1, 0.07 * rng.random(), (side, side))
    over, along, waves = np.cos(2 * angle), np.sin(2 * angle), 25 + 45 * waves
    if pattern < patterned:
        light *= 1 - depth / 2 * (np.sin(waves * (over * x + along * y)) > 0)
    if pattern < patterned / 2:
        light *= 1 - depth / 2 * (np.sin(waves * (over * y - along * x)) > 0)
    return light


def draw_image(label, rng, colour):
    """One picture of class `label`, uint8: (28, 28), or (32, 32, 3) in colour."""
    side = 32 if colour else 28
    size = (side * DETAIL, side * DETAIL)
    turn = 28 / side * (0.24 * rng.random((2, 2)) + [[0.82, -0.12], [-0.12, 0.82]])
    shift = DETAIL * (11.5 + 5 * rng.random((2, 1)) - turn @ [[side / 2], [side / 2]])
    large = Sketch(label, rng).canvas
    large = large.transform(size, Image.Transform.AFFINE, np.hstack([turn, shift]).ravel())
    cover = large.point([0] + [255] * 255).reduce(DETAIL)
    # Cloth bends away from the light towards its outline, so it is darker there.
    bend = 0.4 + 0.6 / 255 * np.asarray(cover.filter(ImageFilter.GaussianBlur(1.5)))
    light = fabric(rng, side, patterned=0.1 if label in (5, 7, 8, 9) else 0.4)
    shades = bend * light * large.reduce(DETAIL) * rng.uniform(0.8, 2.5)
    if not colour:
        return np.minimum(shades, 255).astype(np.uint8)
    dye, wall = rng.uniform(0.3, 1, 3), rng.uniform(30, 110, 3) + 120 * (shades.max() < 170)
    spots = Image.fromarray(rng.uniform(-25, 25, (6, 6)).astype(np.float32)).resize((32, 32))
    wall = wall + np.asarray(spots)[..., None] + rng.normal(0, 4, (32, 32, 1))
    picture = shades[..., None] * dye / dye.max() + (1 - np.asarray(cover)[..., None] / 255) * wall
    return np.clip(picture, 0, 255).astype(np.uint8)


def split_labels(train=True, colour=False):
    """The labels of a whole split, (N,) uint8: as many of each class, in a fixed random order."""
    first = FIRST_LABELS if train and not colour else []
    each = (5_000 if colour else 6_000) if train else 1_000
    rest = np.repeat(np.arange(10), each - np.bincount(first, minlength=10))
    np.random.default_rng([train, colour]).shuffle(rest)
    return np.concatenate([first, rest]).astype(np.uint8)


def draw_split(train=True, colour=False, count=None, progress=True):
    """Draw a split, or its first `count` pictures, always the same ones.

    Returns images, uint8, (N, 28, 28) or in colour (N, 32, 32, 3), and labels, uint8, (N,).
    """
    labels = split_labels(train, colour)
    count = len(labels) if count is None else count
    if type(count) is not int or not 0 < count <= len(labels):
        raise ValueError(f"count is {count!r}; expected a whole number from 1 to {len(labels)}")
    images = np.empty((count, 32, 32, 3) if colour else (count, 28, 28), np.uint8)
    for i in tqdm(range(count), desc="drawing", unit="image", disable=not progress):
        images[i] = draw_image(labels[i], np.random.default_rng([train, colour, i]), colour)
    return images, labels[:count]
