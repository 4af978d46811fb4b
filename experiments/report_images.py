"""Figures at a size fit for a report: WebP as data URIs, without loss; and PNG with few colours, as files."""

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
    image, file = _read(path), io.BytesIO()
    image.save(file, format="WEBP", lossless=True)
    content = base64.b64encode(file.getvalue()).decode()
    return Picture(anchor, name, alt, f"data:image/webp;base64,{content}", image.width, image.height)


def small_png(path: Path) -> bytes:
    """A PNG file's picture as PNG of the smallest palette that keeps the colours.

    Raises:
        OSError: it cannot be read, or is no image.
    """
    image, file = _read(path), io.BytesIO()
    for colours in _PALETTES:
        few = image.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        if _keeps(image, few):
            break
    few.save(file, format="PNG", optimize=True)
    return file.getvalue()


def _read(path: Path) -> Image.Image:
    """On white, at most MAX_WIDTH wide."""
    with Image.open(path) as file:
        image = _on_white(file)
    if image.width <= MAX_WIDTH:
        return image
    return image.resize((MAX_WIDTH, round(image.height * MAX_WIDTH / image.width)), Image.Resampling.LANCZOS)


def _on_white(image: Image.Image) -> Image.Image:
    ground = Image.new("RGBA", image.size, "white")
    ground.alpha_composite(image.convert("RGBA"))
    return ground.convert("RGB")


def _keeps(image: Image.Image, few: Image.Image) -> bool:
    off = np.abs(np.asarray(image, np.int16) - np.asarray(few.convert("RGB"), np.int16)).max(-1)
    return float((off > _OFF).mean()) <= _SHARE
