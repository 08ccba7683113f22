"""The photograph that the browser run uploads: drawn, but stored as a phone would store it."""

from PIL import Image, ImageDraw, ImageFilter

SHOE = [  # seen from the side, toe to the left, in pixels of a picture of 1200 × 900
    (170, 600), (180, 520), (300, 470), (430, 430), (560, 330), (620, 270), (760, 260),
    (800, 300), (930, 290), (1020, 270), (1050, 330), (1045, 480), (1050, 600),
]  # fmt: skip
SOLE = [(150, 600), (1060, 600), (1065, 650), (900, 655), (180, 655)]
TURN_RIGHT = 6  # EXIF's word for: to be turned by a quarter, clockwise


def draw_shoe(place):
    """Write a dark shoe on light paper as a JPEG that lies on its side, and says so."""
    photo = Image.new("RGB", (1200, 900), (222, 218, 209))
    pen = ImageDraw.Draw(photo)
    pen.polygon(SHOE, fill=(58, 62, 78))
    pen.polygon(SOLE, fill=(30, 28, 27))
    for step in range(5):
        pen.line([(430 + 40 * step, 440 - 35 * step), (500 + 40 * step, 470 - 35 * step)],
                 fill=(140, 138, 135), width=12)  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = TURN_RIGHT
    lying = photo.filter(ImageFilter.GaussianBlur(2)).rotate(90, expand=True)
    lying.save(place, quality=90, exif=exif)
