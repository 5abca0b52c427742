"""Media for the demo, made on the spot: a photo and a short film, small and real."""

from __future__ import annotations

from math import pi, sin
from pathlib import Path
from typing import Final

import av
from PIL import Image, ImageDraw, ImageFont, ImageOps

FRAMES: Final = 48
RATE: Final = 24

_DUSK: Final = ("#17203f", "#e2725b", "#fbd38d")
_TIDE: Final = ("#04323a", "#0f8b8d", "#d7f3e3")


def photo(path: Path) -> Path:
    """Make a picture of a harbour at dusk; the path's ending chooses JPEG or PNG."""
    picture = _sky((1080, 1350), _DUSK)
    draw = ImageDraw.Draw(picture)
    draw.ellipse((690, 780, 890, 980), fill="#fff3d6")
    draw.rectangle((0, 980, 1080, 1350), fill="#1b2a4a")
    for number in range(9):
        y = 1010 + 36 * number
        draw.line((790 - 14 * number, y, 790 + 14 * number, y), fill="#fbd38d", width=6)
    _words(draw, "harbour, six o’clock", at=(80, 190), size=72)
    picture.save(path, quality=85)
    return path


def film(path: Path) -> Path:
    """Make two seconds of tide: upright, H.264 in an MP4."""
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as output:
        stream = output.add_stream("libx264", rate=RATE, options={"crf": "27"})
        stream.width, stream.height, stream.pix_fmt = 540, 960, "yuv420p"
        sky = _sky((540, 960), _TIDE)
        for number in range(FRAMES):
            picture = _tide(sky, number / FRAMES).convert("RGBA").tobytes()
            frame = av.VideoFrame.from_bytes(picture, *sky.size)
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
    return path


def _tide(sky: Image.Image, part: float) -> Image.Image:
    picture = sky.copy()
    draw = ImageDraw.Draw(picture)
    for layer, colour in enumerate(("#0b6e70", "#0a5458", "#073b41")):
        level = 620 + 90 * layer - 120 * part
        swell = [
            (x, level + 16 * sin(2 * pi * (x / 360 + part * (layer + 1) + layer / 3)))
            for x in range(0, 560, 20)
        ]
        draw.polygon([*swell, (540, 960), (0, 960)], fill=colour)
    _words(draw, "high tide", at=(48, 190), size=64)
    return picture


def _sky(size: tuple[int, int], colours: tuple[str, str, str]) -> Image.Image:
    """Return a picture that goes from the first colour at its top to the last at its foot."""
    top, middle, foot = colours
    shades = Image.linear_gradient("L").resize(size)
    return ImageOps.colorize(shades, black=top, mid=middle, white=foot)


def _words(draw: ImageDraw.ImageDraw, words: str, *, at: tuple[int, int], size: int) -> None:
    draw.text(at, words, fill="#ffffff", font=ImageFont.load_default(size))
