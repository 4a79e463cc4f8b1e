"""Boxes on a picture, out of the record of a Sample, whatever their notation."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MOST = 2000
"""Boxes of one picture that are given; more could not be told apart."""


@dataclass(frozen=True)
class Box:
    """One box: its class, and left, top, width and height as shares of the picture (0 to 1)."""

    name: str
    left: float
    top: float
    width: float
    height: float


def boxes_of(record: str, width: int, height: int) -> list[Box]:
    """The boxes that a record names, clipped to the picture; broken ones are left out.

    Known notations: ``annotations`` with ``bbox`` [left, top, width, height] in pixels (COCO), or ``yolo`` [centre x,
    centre y, width, height] or ``polygon`` [x, y, x, y, ...] in shares, and the columns ``objects: {bbox: [...],
    category: [...]}`` of Hugging Face.

    Args:
        record: the record of the Sample, JSON text.
        width, height: of the picture in pixels.
    """
    if not any(word in record for word in ("bbox", "yolo", "polygon")):
        return []
    try:
        value = json.loads(record)
    except (ValueError, RecursionError):
        return []
    if not isinstance(value, dict) or width < 1 or height < 1:
        return []
    found = [box for box in _all(value, width, height) if box is not None]
    return found[:MOST]


def _all(record: Mapping[str, Any], width: int, height: int) -> Iterator[Box | None]:
    annotations = record.get("annotations")
    for one in annotations if isinstance(annotations, list) else []:
        if not isinstance(one, Mapping):
            continue
        name = str(one.get("category_name", one.get("category", "")))
        if (sides := _four(one.get("yolo"))) is not None:
            x, y, w, h = sides
            yield _box(name, x - w / 2, y - h / 2, w, h)
        elif (sides := _four(one.get("bbox"))) is not None:
            yield _box(name, sides[0] / width, sides[1] / height, sides[2] / width, sides[3] / height)
        elif (corners := _numbers(one.get("polygon"))) is not None and len(corners) >= 6:
            left, top = min(corners[::2]), min(corners[1::2])
            yield _box(name, left, top, max(corners[::2]) - left, max(corners[1::2]) - top)
    objects = record.get("objects")
    if isinstance(objects, Mapping) and isinstance(objects.get("bbox"), list):
        names = objects.get("category", objects.get("categories"))
        names = names if isinstance(names, list) else []
        for number, one in enumerate(objects["bbox"]):
            if (sides := _four(one)) is not None:
                name = str(names[number]) if number < len(names) else ""
                yield _box(name, sides[0] / width, sides[1] / height, sides[2] / width, sides[3] / height)


def _four(value: Any) -> tuple[float, ...] | None:
    return _numbers(value) if isinstance(value, list) and len(value) == 4 else None


def _numbers(value: Any) -> tuple[float, ...] | None:
    if not isinstance(value, list):
        return None
    if not all(isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v) for v in value):
        return None
    return tuple(float(v) for v in value)


def _box(name: str, left: float, top: float, width: float, height: float) -> Box | None:
    right, bottom = min(1.0, left + width), min(1.0, top + height)
    left, top = max(0.0, left), max(0.0, top)
    return Box(name, left, top, right - left, bottom - top) if right > left and bottom > top else None
