"""Boxes of pictures, out of their records, in COCO's notation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from curator.engine.api import ExportItem, InputError
from curator.engine.pictures import read_header
from curator.plugins.exporters.folder import record_of


def size_of(item: ExportItem) -> tuple[int, int]:
    """Width and height of the picture; raises :class:`InputError` when they must be read and cannot be."""
    if item.width and item.height:
        return item.width, item.height
    width, height, _ = read_header(item.read_image(0))
    return width, height


def annotations_of(item: ExportItem, size: tuple[int, int]) -> Iterator[dict[str, Any]]:
    """The annotations of a sample as COCO has them: ``bbox`` [left, top, width, height] in pixels, and the name of the
    class in ``category_name`` ("" where there is none); captions and all other fields as they are.

    Read are ``annotations`` of COCO, those with ``yolo`` [centre x, centre y, width, height] in shares of the picture,
    and the columns ``objects: {bbox, category}`` of Hugging Face.
    """
    record = record_of(item)
    listed = record.get("annotations")
    for one in listed if isinstance(listed, list) else []:
        if not isinstance(one, Mapping):
            continue
        made = {"category_name": _name(one.get("category_name", one.get("category", ""))), **one}
        shares = made.pop("yolo", None)
        if _four(shares) and not _four(made.get("bbox")):
            made["bbox"] = _pixels(shares, size)
        yield made
    objects = record.get("objects")
    if isinstance(objects, Mapping) and isinstance(objects.get("bbox"), list):
        names = objects.get("category", objects.get("categories"))
        for number, box in enumerate(objects["bbox"]):
            if _four(box):
                known = isinstance(names, list) and number < len(names)
                yield {"bbox": list(box), "category_name": _name(names[number]) if known else ""}


def _name(value: Any) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _four(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 4
        and all(isinstance(part, int | float) and not isinstance(part, bool) for part in value)
    )


def has_box(annotation: Mapping[str, Any]) -> bool:
    """Whether an annotation has a box of four numbers."""
    return _four(annotation.get("bbox"))


def _pixels(shares: list[float], size: tuple[int, int]) -> list[float]:
    x, y, w, h = shares
    box = ((x - w / 2) * size[0], (y - h / 2) * size[1], w * size[0], h * size[1])
    return [round(float(side), 4) for side in box]


def shares_of(box: list[float], size: tuple[int, int]) -> list[float]:
    """Centre x, centre y, width and height of a box as shares of the picture, clipped to it."""
    left, top = max(0.0, box[0]), max(0.0, box[1])
    right, bottom = min(float(size[0]), box[0] + box[2]), min(float(size[1]), box[1] + box[3])
    if right <= left or bottom <= top:
        raise InputError("has a box outside its picture")
    centre = ((left + right) / 2 / size[0], (top + bottom) / 2 / size[1])
    return [*centre, (right - left) / size[0], (bottom - top) / size[1]]
