"""Figures for a file that holds everything: PNG with few colours, as data URIs."""

import base64
import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

MAX_WIDTH = 1440  # pixels; the figures' own is 1,280 to 1,440
_PALETTES = 32, 64, 128, 256  # the first that is good enough
_SHARE, _OFF = 1e-3, 40  # of the pixels, so many may be off by more than this, of 255


class Picture(NamedTuple):
    """A figure that the report shows."""

    anchor: str
    path: str  # relative to the working directory
    alt: str
    uri: str
    width: int  # pixels
    height: int


def read_picture(path: Path, name: str, anchor: str, alt: str) -> Picture:
    """The picture of a PNG file.

    Raises:
        OSError: it cannot be read, or is no image.
    """
    with Image.open(path) as file:
        image = _on_white(file)
    if image.width > MAX_WIDTH:
        height = round(image.height * MAX_WIDTH / image.width)
        image = image.resize((MAX_WIDTH, height), Image.Resampling.LANCZOS)
    content = base64.b64encode(_encoded(image)).decode()
    return Picture(anchor, name, alt, f"data:image/png;base64,{content}", image.width, image.height)


def _on_white(image: Image.Image) -> Image.Image:
    ground = Image.new("RGBA", image.size, "white")
    ground.alpha_composite(image.convert("RGBA"))
    return ground.convert("RGB")


def _encoded(image: Image.Image) -> bytes:
    """As PNG of the smallest palette that keeps the colours."""
    for colours in _PALETTES:
        few = image.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        if _keeps(image, few):
            break
    file = io.BytesIO()
    few.save(file, format="PNG", optimize=True)
    return file.getvalue()


def _keeps(image: Image.Image, few: Image.Image) -> bool:
    off = np.abs(np.asarray(image, np.int16) - np.asarray(few.convert("RGB"), np.int16)).max(-1)
    return float((off > _OFF).mean()) <= _SHARE
