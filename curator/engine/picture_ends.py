"""Whether the bytes of a picture go on to its end, without decoding a pixel."""

from __future__ import annotations

from PIL import Image

PNG_END = b"IEND\xaeB`\x82"
_STRIPS = ((273, 279), (324, 325))
"""Tags of TIFF: where the strips (or tiles) start, and how long they are."""


def is_complete(content: bytes, image: Image.Image) -> bool:
    """False when the end is surely missing. Bytes after the end (a film behind a photograph) do not matter."""
    match image.format:
        case "JPEG" | "MPO":
            return content.rfind(b"\xff\xd9", _scan_start(content)) >= 0
        case "PNG":
            return PNG_END in content
        case "GIF":
            return b"\x00;" in content[-1024:]
        case "WEBP":
            return len(content) >= riff_size(content)
        case "BMP":
            return len(content) >= _bmp_size(content)
        case "TIFF":
            return len(content) >= _tiff_size(image)
    return True


def riff_size(content: bytes) -> int:
    """How long a WebP says it is. Pillow decodes while opening, so this is asked before."""
    return 8 + int.from_bytes(content[4:8], "little")


def _scan_start(content: bytes) -> int:
    """Where the pixels of a JPEG start, past a thumbnail that has an end of its own."""
    place = 2
    while place + 4 <= len(content) and content[place] == 0xFF:
        marker = content[place + 1]
        if marker == 0xDA:
            return place
        if marker == 0xFF or 0xD0 <= marker <= 0xD7 or marker == 0x01:  # filler, and markers without a length
            place += 1 if marker == 0xFF else 2
            continue
        place += 2 + int.from_bytes(content[place + 2 : place + 4], "big")
    return min(place, len(content))


def _bmp_size(content: bytes) -> int:
    header = int.from_bytes(content[14:18], "little")
    if header < 40 or int.from_bytes(content[30:34], "little") != 0:  # old or compressed: only decoding tells
        return 0
    width = int.from_bytes(content[18:22], "little", signed=True)
    height = abs(int.from_bytes(content[22:26], "little", signed=True))
    row = (width * int.from_bytes(content[28:30], "little") + 31) // 32 * 4
    return int.from_bytes(content[10:14], "little") + row * height


def _tiff_size(image: Image.Image) -> int:
    tags = getattr(image, "tag_v2", {})
    for starts, lengths in _STRIPS:
        if starts in tags and lengths in tags:
            pairs = zip(tags[starts], tags[lengths], strict=False)
            return max((int(start) + int(length) for start, length in pairs), default=0)
    return 0
