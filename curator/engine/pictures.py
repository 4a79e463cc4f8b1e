"""Pictures: what the header says, and the pixels as RGB. Every picture that Curator reads goes through here.

Whatever is wrong with a picture becomes an :class:`InputError` whose text is a plain reason to be put behind the name
of the file: "is cut off", "is empty (0 bytes)".
"""

from __future__ import annotations

import io
import os
import warnings
from pathlib import Path
from typing import cast

from PIL import ExifTags, Image, ImageFile, ImageMath, UnidentifiedImageError

from curator.engine import packed
from curator.engine.errors import InputError
from curator.engine.picture_ends import is_complete, riff_size
from curator.engine.picture_headers import quick_header

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"})
"""Names that are taken for pictures, in lower case."""
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
"""The only decoders that are ever tried."""
MAX_PIXELS = 178_000_000
MAX_BYTES = 256 * 2**20

ImageFile.LOAD_TRUNCATED_IMAGES = False
Image.MAX_IMAGE_PIXELS = None  # the limit is ours: checked after every header and before any pixel, with the size named
warnings.filterwarnings("ignore", module=r"PIL\.")

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF8", b"RIFF", b"II*\0", b"MM\0*")
"""How files begin that say they are pictures, whatever comes then."""


def read_header(data: bytes | Path, max_pixels: int = MAX_PIXELS) -> tuple[int, int, str]:
    """Width and height as displayed (after the camera's rotation), and the format: one of :data:`FORMATS`.

    Pixels are not decoded; that the file goes on to its end is checked.

    Raises:
        InputError: empty, cut off, too large, or not a picture; see the module.
    """
    content = read_bytes(data) if isinstance(data, Path) else data
    quick = quick_header(content)
    if quick is not None and quick[0] * quick[1] <= max_pixels:
        return quick
    try:
        with _open(content, max_pixels) as image:
            width, height = image.size
            if _orientation(image) >= 5:
                width, height = height, width
            complete = is_complete(content, image)
            name = "JPEG" if image.format == "MPO" else str(image.format)
    except InputError:
        raise
    except Exception as error:
        if isinstance(error, UnidentifiedImageError) and content.startswith(MAGIC):
            raise InputError("is not a picture that can be read: it is cut off or damaged at its beginning") from error
        raise _reason(error) from error
    if not complete:
        raise InputError("is cut off")
    return width, height, name


def load_rgb(path_or_bytes: bytes | Path, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """The first frame as RGB, turned as the camera says, transparency on white.

    Grey values of 16 bits keep their upper eight; float values are taken as 0..1 when none exceeds 1, else 0..255.

    Raises:
        InputError: empty, cut off, too large, or not a picture; see the module.
    """
    content = read_bytes(path_or_bytes) if isinstance(path_or_bytes, Path) else path_or_bytes
    try:
        with _open(content, max_pixels) as image:
            image.load()
            turn = _TURNS.get(_orientation(image))
            shown = _as_rgb(image)
            return shown.transpose(turn) if turn is not None else shown
    except InputError:
        raise
    except Exception as error:
        raise _reason(error) from error


def read_bytes(path: Path) -> bytes:
    """All bytes of a picture: a file, or an address inside an archive or table (see :mod:`curator.engine.packed`).

    Raises:
        InputError: it is missing, unreadable or over the limit.
    """
    try:
        with path.open("rb") as file:
            if (size := os.fstat(file.fileno()).st_size) > MAX_BYTES:
                raise InputError(f"is {size / 2**20:.0f} MB large; the limit is {MAX_BYTES // 2**20} MB")
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        if packed.MARK in str(path):
            return packed.read(path, MAX_BYTES)
        raise InputError("is not there") from None
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be opened: {getattr(error, 'strerror', None) or error}") from error


def _open(content: bytes, max_pixels: int) -> ImageFile.ImageFile:
    if not content:
        raise InputError("is empty (0 bytes)")
    if content[:4] == b"RIFF" and len(content) < riff_size(content):
        raise InputError("is cut off")
    image = Image.open(io.BytesIO(content), formats=FORMATS)
    if image.width * image.height > max_pixels:
        raise InputError(f"is {image.width} x {image.height} pixels; the limit is {max_pixels:,} pixels")
    if image.width < 1 or image.height < 1:
        raise InputError("is not a picture that can be read: it has no pixels")
    return image


def _orientation(image: ImageFile.ImageFile) -> int:
    """1 to 8 as in EXIF; TIFF is turned by Pillow itself, and a late chunk of PNG is not looked for."""
    if image.format == "TIFF" or (image.format == "PNG" and "exif" not in image.info):
        return 1
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # a broken EXIF block does not spoil the picture
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB" and "transparency" not in image.info:
        return image.copy()
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return _grey(image).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        seen = image.convert("RGBA")
        white = Image.new("RGBA", seen.size, "white")
        return Image.alpha_composite(white, seen).convert("RGB")
    return image.convert("RGB")


def _grey(image: Image.Image) -> Image.Image:
    """Eight bits from more."""
    wide = image if image.mode == "F" else image.convert("I")
    _, top = cast("tuple[float, float]", wide.getextrema())  # one band, so a pair of numbers
    if wide.mode == "F":
        return _scaled(wide, 255.0 if top <= 1 else 1.0)
    return _scaled(wide, 1 / 256 if image.mode != "I" or top > 255 else 1.0)


def _scaled(wide: Image.Image, factor: float) -> Image.Image:
    values = ImageMath.lambda_eval(lambda a: a["min"](a["max"](a["float"](a["v"]) * factor, 0), 255), v=wide)
    return values.convert("L")


def _reason(error: Exception) -> InputError:
    said = str(error).strip().rstrip(".") or type(error).__name__
    if isinstance(error, UnidentifiedImageError):
        return InputError("is not a picture that can be read: its first bytes fit none of " + ", ".join(FORMATS))
    if isinstance(error, EOFError) or "truncated" in said.lower():
        return InputError("is cut off")
    return InputError(f"is not a picture that can be read: {said}")
