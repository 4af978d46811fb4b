"""Figures at a size fit for a report: WebP as data URIs, without loss; and PNG with few colours, as files."""

import base64
import io
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from PIL import Image

MAX_WIDTH = 1440  # pixels; the figures' own is 1,280 to 1,440
_PALETTES = 32, 64, 128, 256  # the first that is good enough
_SHARE, _OFF = 1e-3, 40  # of the pixels, so many may be off by more than this, of 255
# What differs by so much among its parts is no grey of letters, and of so many pixels it is meant: a colour bar has few
# pixels of each of its colours, and some are nearly grey.
_COLOURED, _COMMON = 3, 2
_AT_ONCE = 4096  # colours whose distances to a palette are in memory
_NEAR = 12  # no such colour is further from its place in the palette, if 256 are enough for that


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


def small_png(path: Path | BinaryIO) -> bytes:
    """A PNG file's picture as PNG of the smallest palette that keeps the colours.

    Raises:
        OSError: it cannot be read, or is no image.
    """
    image, file = _read(path), io.BytesIO()
    meant = _meant(image)
    for colours in _PALETTES:
        exact, furthest = _spread(meant, colours // 2)
        few = _in_palette(image, _palette(image, exact, colours))
        if furthest <= _NEAR and _keeps(image, few):
            break
    few.save(file, format="PNG", optimize=True)
    return file.getvalue()


def _meant(image: Image.Image) -> np.ndarray:
    """[C, 3], the ground, then colours that tell something: those of small marks and bars are of few pixels."""
    counted: Any = image.getcolors(image.width * image.height)
    (_, ground), *others = sorted(counted, reverse=True)
    colours = [colour for number, colour in others if number >= _COMMON and max(colour) - min(colour) >= _COLOURED]
    return np.array([ground, *colours], np.int16)


def _spread(colours: np.ndarray, most: int) -> tuple[np.ndarray, int]:
    """Of colours [C, 3] so many that lie far apart, the first one among them; how far the others are from them."""
    chosen, distance = colours[:1], np.abs(colours - colours[:1]).max(1)
    while distance.any() and len(chosen) < most:
        furthest = colours[distance.argmax()]
        chosen, distance = np.vstack([chosen, furthest]), np.minimum(distance, np.abs(colours - furthest).max(1))
    return chosen, int(distance.max())


def _palette(image: Image.Image, exact: np.ndarray, colours: int) -> np.ndarray:
    """[K, 3], some colours as they are, the others by median cut."""
    others = image.quantize(colours - len(exact), method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    cut = np.array(others.getpalette() or [], np.int16).reshape(-1, 3)
    return np.vstack([exact, cut])


def _in_palette(image: Image.Image, palette: np.ndarray) -> Image.Image:
    """Every pixel in the nearest of the colours [K, 3]; Pillow takes a near one, and white is white no more."""
    pixels = np.asarray(image, np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    packed, where = np.unique(pixels, return_inverse=True)
    values = np.stack([packed >> 16, packed >> 8 & 255, packed & 255], 1).astype(np.int32)
    nearest = np.empty(len(values), np.uint8)
    for start in range(0, len(values), _AT_ONCE):
        block = values[start : start + _AT_ONCE, None] - palette.astype(np.int32)
        nearest[start : start + _AT_ONCE] = (block**2).sum(-1).argmin(1)
    found = Image.frombytes("P", image.size, nearest[where].tobytes())
    found.putpalette(palette.astype(np.uint8).tobytes())
    return found


def _read(path: Path | BinaryIO) -> Image.Image:
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
