"""Small drawn product pictures: a garment in its colour on a plain ground, each with its own number."""

from __future__ import annotations

import io
import random
from functools import lru_cache

from PIL import Image, ImageColor, ImageDraw, ImageFont

WIDTH, HEIGHT = 300, 400
QUALITY = 72
Point = tuple[float, float]

# Outlines on a ground of 100 x 100; the first polygon is the body, the others are details in a darker shade.
# fmt: off
_SHAPES: dict[str, list[list[Point]]] = {
    "dress": [
        [(40, 14), (60, 14), (64, 28), (58, 44), (76, 88), (24, 88), (42, 44), (36, 28)],
        [(41, 43), (59, 43), (58, 47), (42, 47)],
    ],
    "shirt": [
        [(38, 18), (62, 18), (84, 34), (76, 46), (68, 40), (68, 82), (32, 82), (32, 40), (24, 46), (16, 34)],
        [(44, 18), (50, 28), (56, 18)],
        [(49.2, 28), (50.8, 28), (50.8, 82), (49.2, 82)],
    ],
    "tee": [
        [(36, 22), (64, 22), (82, 36), (74, 48), (67, 43), (67, 80), (33, 80), (33, 43), (26, 48), (18, 36)],
        [(43, 22), (50, 28), (57, 22)],
    ],
    "jumper": [
        [
            (37, 20), (63, 20), (80, 34), (86, 74), (77, 76), (68, 46),
            (68, 82), (32, 82), (32, 46), (23, 76), (14, 74), (20, 34),
        ],
        [(32, 77), (68, 77), (68, 82), (32, 82)],
        [(42, 20), (50, 25), (58, 20)],
    ],
    "jacket": [
        [
            (38, 14), (62, 14), (80, 26), (86, 78), (76, 80), (70, 46),
            (70, 90), (30, 90), (30, 46), (24, 80), (14, 78), (20, 26),
        ],
        [(44, 14), (50, 46), (56, 14), (52, 14), (50, 34), (48, 14)],
        [(49.2, 46), (50.8, 46), (50.8, 90), (49.2, 90)],
        [(35, 62), (45, 62), (45, 65), (35, 65)],
        [(55, 62), (65, 62), (65, 65), (55, 65)],
    ],
    "skirt": [
        [(37, 24), (63, 24), (80, 80), (20, 80)],
        [(37, 24), (63, 24), (64.5, 29), (35.5, 29)],
        [(48, 34), (49, 34), (46, 80), (44, 80)],
    ],
    "trousers": [
        [(34, 14), (66, 14), (72, 88), (55, 88), (50, 40), (45, 88), (28, 88)],
        [(34, 14), (66, 14), (66.5, 19), (33.5, 19)],
    ],
    "shoe": [
        [(18, 52), (34, 40), (44, 52), (70, 60), (84, 66), (84, 72), (18, 72)],
        [(17, 72), (85, 72), (85, 77), (17, 77)],
    ],
    "bag": [
        [(22, 44), (78, 44), (84, 82), (16, 82)],
        [(22, 44), (78, 44), (72, 60), (28, 60)],
        [(34, 44), (37, 44), (42, 24), (58, 24), (63, 44), (66, 44), (61, 20), (39, 20)],
    ],
    "scarf": [
        [(28, 18), (72, 18), (66, 34), (60, 36), (64, 84), (48, 84), (46, 38), (34, 34)],
        [(48, 78), (64, 78), (64, 81), (48, 81)],
    ],
    "belt": [
        [(10, 46), (90, 46), (90, 56), (10, 56)],
        [(12, 42), (26, 42), (26, 60), (12, 60)],
    ],
}
# fmt: on
_GROUNDS = ("#f6f3ee", "#eef1f4", "#f4eff1", "#eff4ef", "#f3f3f3")


def draw(number: int, kind: str = "tee", colour: str = "#8899aa", view: int = 0) -> bytes:
    """A JPEG of 300 x 400 pixels and at most 10 KB; the same arguments always give the same bytes.

    ``kind`` is one of the outlines (another word draws a tee), ``colour`` "#rrggbb", ``view`` how it is
    framed.
    """
    return _encoded(number, kind if kind in _SHAPES else "tee", colour, view % 4)


@lru_cache(maxsize=4096)
def _encoded(number: int, kind: str, colour: str, view: int) -> bytes:
    picture = _garment(kind, colour, view).copy()
    pen = ImageDraw.Draw(picture)
    pen.text((10, HEIGHT - 18), f"No. {number}", fill="#8d8a86", font=_font())
    # A few dots of its own on the cloth: pictures must differ by more than a caption.
    dice = random.Random(number)
    for _ in range(6):
        x, y = dice.uniform(0.36, 0.64) * WIDTH, dice.uniform(0.3, 0.78) * HEIGHT
        if picture.getpixel((int(x), int(y))) == ImageColor.getrgb(colour):
            pen.ellipse((x - 2, y - 2, x + 2, y + 2), fill=_shade(colour, 0.8))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


@lru_cache(maxsize=512)
def _garment(kind: str, colour: str, view: int) -> Image.Image:
    picture = Image.new("RGB", (WIDTH, HEIGHT), _GROUNDS[(len(kind) + view) % len(_GROUNDS)])
    pen = ImageDraw.Draw(picture)
    pen.ellipse((WIDTH * 0.22, HEIGHT * 0.88, WIDTH * 0.78, HEIGHT * 0.92), fill="#dedad4")
    body, *details = [_placed(outline, view) for outline in _SHAPES[kind]]
    pen.polygon(body, fill=colour, outline=_shade(colour, 0.72))
    for detail in details:
        pen.polygon(detail, fill=_shade(colour, 0.84))
    return picture


def _placed(outline: list[Point], view: int) -> list[Point]:
    """The outline in pixels: whole, mirrored and near, far, or a close-up."""
    scale = (1.0, 1.12, 0.84, 1.45)[view]
    flip = -1 if view == 1 else 1
    return [
        (WIDTH * (0.5 + flip * (x - 50) / 100 * scale), HEIGHT * (0.5 + (y - 50) / 100 * scale))
        for x, y in outline
    ]


def _shade(colour: str, by: float) -> str:
    parts = (int(int(colour[place : place + 2], 16) * by) for place in (1, 3, 5))
    return "#" + "".join(f"{part:02x}" for part in parts)


@lru_cache(maxsize=1)
def _font() -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(size=11)
