"""Boxes of pictures, out of their records, in COCO's notation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from curator.engine.api import ExportItem, InputError
from curator.engine.pictures import read_header
from curator.plugins.exporters.folder import record_of

ABOVE = "supercategory"
OUTLINE = "outline in shares"
"""What the corners of an outline are called on their way into an export; no source has a field of this name."""


def size_of(item: ExportItem) -> tuple[int, int]:
    """Width and height of the picture; raises :class:`InputError` when they must be read and cannot be."""
    if item.width and item.height:
        return item.width, item.height
    width, height, _ = read_header(item.read_image(0))
    return width, height


def annotations_of(item: ExportItem, size: tuple[int, int]) -> Iterator[dict[str, Any]]:
    """The annotations of a sample as COCO has them: ``bbox`` [left, top, width, height] in pixels, and the name of the
    class in ``category_name`` ("" where there is none); captions and all other fields as they are.

    Read are ``annotations`` of COCO, those with ``yolo`` [centre x, centre y, width, height] or ``polygon`` [x, y, x,
    y, ...] in shares of the picture, and the columns ``objects: {bbox, category}`` of Hugging Face. A ``polygon``
    becomes the ``segmentation`` of COCO with the box around it, and is kept under :data:`OUTLINE`.
    """
    record = record_of(item)
    listed = record.get("annotations")
    for one in listed if isinstance(listed, list) else []:
        if not isinstance(one, Mapping):
            continue
        made = {**one, "category_name": _name(one.get("category_name", one.get("category", "")))}
        shares = made.pop("yolo", None)
        if _four(shares) and not _four(made.get("bbox")):
            made["bbox"] = _pixels(shares, size)
        if _is_outline(made.get("polygon")) and not _four(made.get("bbox")):
            made[OUTLINE] = made.pop("polygon")
            made |= _outlined(made[OUTLINE], size)
        yield made
    objects = record.get("objects")
    if isinstance(objects, Mapping) and isinstance(objects.get("bbox"), list):
        names = objects.get("category", objects.get("categories"))
        for number, box in enumerate(objects["bbox"]):
            if _four(box):
                known = isinstance(names, list) and number < len(names)
                yield {"bbox": list(box), "category_name": _name(names[number]) if known else ""}


def _is_outline(value: Any) -> bool:
    """Whether a value is the corners of an outline: at least three pairs of numbers."""
    return isinstance(value, list) and len(value) >= 6 and len(value) % 2 == 0 and all(map(_is_number, value))


def _outlined(corners: list[float], size: tuple[int, int]) -> dict[str, Any]:
    """An outline in shares as COCO has it: its corners in pixels, the box around them, the area inside."""
    across = [round(x * size[0], 4) for x in corners[::2]]
    down = [round(y * size[1], 4) for y in corners[1::2]]
    box = [min(across), min(down), round(max(across) - min(across), 4), round(max(down) - min(down), 4)]
    pairs = list(zip(across, down, strict=True))
    turns = zip(pairs, [*pairs[1:], pairs[0]], strict=True)
    area = abs(sum(x * next_y - next_x * y for (x, y), (next_x, next_y) in turns)) / 2
    return {"segmentation": [[side for pair in pairs for side in pair]], "bbox": box, "area": round(area, 4)}


def _name(value: Any) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _four(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 4 and all(map(_is_number, value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


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


def categories_of(facts: Mapping[str, Any], items: Iterable[ExportItem]) -> list[dict[str, Any]]:
    """All categories of the source as it has them (id, name, whatever else is said of them), in its order, then those
    that only annotations name. So a class has the same id in every subset.

    Ids are those of the source and of the records. A name without one, with several, or with one that is taken gets
    the next free number from 1.
    """
    listed = facts.get("categories")
    given = (
        [one for one in listed if isinstance(one, dict) and _name(one.get("name"))] if isinstance(listed, list) else []
    )
    known = {_name(one["name"]) for one in given}
    ids: dict[str, set[int]] = {}
    above: dict[str, str] = {}
    for item in items:
        for one in annotations_of(item, (1, 1)):
            name = one["category_name"]
            if name not in known and (name or has_box(one)):
                ids.setdefault(name, set()).add(_number(one.get("category_id")))
                if isinstance(one.get(ABOVE), str):
                    above.setdefault(name, one[ABOVE])
    wanted = {name: min(found) if len(found) == 1 else -1 for name, found in ids.items()}
    ordered = sorted(wanted, key=lambda name: (wanted[name] < 0, wanted[name], name))
    return _numbered([*given, *({"id": wanted[n], "name": n, ABOVE: above.get(n, "")} for n in ordered)])


def _numbered(categories: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same with an id each: the first that wants one has it; a name that is there already needs no second."""
    taken, names, made, next_ = set[int](), set[str](), list[dict[str, Any]](), 1
    claimed = {_number(one.get("id")) for one in categories}
    for one in categories:
        number, name = _number(one.get("id")), _name(one["name"])
        if number < 0 or number in taken:
            if name in names:
                continue
            while next_ in claimed or next_ in taken:
                next_ += 1
            number = next_
        taken.add(number)
        names.add(name)
        made.append({**one, "id": number, "name": name})
    return made


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else -1


def ordered(classes: set[str], facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of classes by number: first all that the source gives numbers to, so that a class has the same number in
    every subset, then the others by name; () for no classes. Names that are numbers are their own numbers."""
    given = facts.get("class_names", []) if classes else []
    if classes and not given and all(name.isascii() and name.isdigit() and len(name) < 5 for name in classes):
        numbers = {int(name) for name in classes}
        if {str(number) for number in numbers} == classes:
            return tuple(str(number) for number in range(max(numbers) + 1))
    return (*given, *sorted(classes.difference(given)))
