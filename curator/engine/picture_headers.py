"""Size of an ordinary JPEG or PNG straight from its first bytes: the short way, many times faster than a decoder's."""

from __future__ import annotations

import zlib

PNG_START = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
PNG_END = b"IEND\xaeB`\x82"
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
"""Bits that each colour type of PNG may have."""
FRAMES = frozenset({0xC0, 0xC1, 0xC2})
BARE = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers of JPEG without a length."""


def quick_header(content: bytes) -> tuple[int, int, str] | None:
    """Width, height and format of a picture that goes on to its end and is not turned by its EXIF; None for whatever
    needs a closer look, the broken ones included."""
    if content[:2] == b"\xff\xd8":
        return _jpeg(content)
    if content[:16] == PNG_START:
        return _png(content)
    return None


def _png(content: bytes) -> tuple[int, int, str] | None:
    sides = content[16:24]
    depth, kind = content[24:25], content[25:26]
    sound = int.from_bytes(content[29:33], "big") == zlib.crc32(content[12:29])
    if not sound or depth[0] not in DEPTHS.get(kind[0], ()) or b"eXIf" in content or PNG_END not in content:
        return None
    if b"IDAT" not in content[33:]:
        return None
    return _sized(int.from_bytes(sides[:4], "big"), int.from_bytes(sides[4:], "big"), "PNG")


def _jpeg(content: bytes) -> tuple[int, int, str] | None:
    place, width, height, end = 2, 0, 0, len(content)
    while place + 9 < end and content[place] == 0xFF:
        marker = content[place + 1]
        if marker == 0xFF:
            place += 1
            continue
        if marker in BARE or marker == 0xD9:
            return None
        if marker == 0xDA:
            return _sized(width, height, "JPEG") if content.rfind(b"\xff\xd9", place) >= 0 else None
        if marker == 0xE1 and content[place + 4 : place + 8] == b"Exif":
            return None
        if marker in FRAMES:
            if content[place + 4] != 8 or content[place + 9] not in (1, 3, 4):
                return None
            height = int.from_bytes(content[place + 5 : place + 7], "big")
            width = int.from_bytes(content[place + 7 : place + 9], "big")
        place += 2 + int.from_bytes(content[place + 2 : place + 4], "big")
    return None


def _sized(width: int, height: int, name: str) -> tuple[int, int, str] | None:
    return (width, height, name) if width and height else None
