"""Text files of boxes as YOLO has them: where they lie, and what their lines say."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from curator.engine import packed
from curator.engine.api import CuratorError, InputError
from curator.plugins.importers.drafts import clean
from curator.plugins.importers.piles import Pile, first_names, notable_names
from curator.plugins.importers.tables import is_picture_name

LABELS, IMAGES = "labels", "images"
MAX_BYTES = 2**24
LOOK_ENTRIES = 2000
LOOK_FILES = 20
LOOK_BYTES = 2**16


def label_files(pile: Pile) -> list[str]:
    """A few of the files in labels/, labels/train/ or train/labels/; "" for such a folder with nothing in it yet. An
    archive may hold one folder with all of it."""
    if pile.prefix:
        container = pile.root / pile.prefix[:-1]
        if not (packed.is_archive(container) and container.is_file()):
            return []
        names = [name for name in notable_names(container) if name.lower().endswith(".txt")]
        return [name for name in names if LABELS in name.split("/")[:3]]
    top = pile.root / pile.top
    folders = [top / LABELS, *sorted(top.glob(f"*/{LABELS}"))]
    folders = [folder for folder in folders if folder.is_dir() and not folder.is_symlink()]
    files = [file for folder in folders for file in sorted(folder.rglob("*.txt"))[:5]]
    return [file.relative_to(pile.root).as_posix() for file in files] or [""] * len(folders)


def any_fits(pile: Pile, labels: list[str]) -> bool:
    """Whether one of the first files can be read as boxes."""
    for name in filter(None, labels[:LOOK_FILES]):
        try:
            if read_boxes(pile.file(name), []):
                return True
        except InputError:
            continue
    return False


def label_name(image: str, *, beside: bool = False) -> str:
    """Where the boxes of a picture are: beside it, or the last folder called images is labels instead."""
    folders = image.split("/")
    place = max((i for i, folder in enumerate(folders[:-1]) if folder == IMAGES), default=-1)
    if place >= 0 and not beside:
        folders[place] = LABELS
    elif not beside:
        folders.insert(0, LABELS)
    return "/".join(folders).rpartition(".")[0] + ".txt"


def lie_beside(path: Path) -> bool:
    """Whether the .txt files of the names of pictures, beside them in a folder or an archive, hold boxes and no
    captions: told from a few, each line of which is the number of a class and shares of the picture."""
    looked_at, boxes = 0, False
    names = list(first_names(path, LOOK_ENTRIES))
    there = frozenset(names)
    for name in filter(is_picture_name, names):
        text = label_name(name, beside=True)
        if not (text in there or (path.is_dir() and (path / text).is_file())):
            continue
        looked_at += 1
        lines = _first_lines(path / text if path.is_dir() else path.parent / packed.join(path.name, text))
        if not all(map(_is_box, lines)):
            return False
        boxes = boxes or bool(lines)
        if looked_at == LOOK_FILES:
            break
    return boxes


def _first_lines(file: Path) -> list[str]:
    """The lines that are not blank, without one that the look ends in."""
    try:
        with packed.open_stream(file) as opened:
            text, more = opened.read(LOOK_BYTES).decode("utf-8-sig", "replace"), opened.read(1)
    except (CuratorError, OSError):
        return []
    return [line for line in text.splitlines()[: -1 if more else None] if line.strip()]


def _is_box(line: str) -> bool:
    """Whether a line is a whole number and then four shares, or more (the corners of an outline)."""
    kind, *sides = line.split()
    try:
        return kind.isascii() and kind.isdigit() and len(sides) > 3 and all(0 <= float(side) <= 1 for side in sides)
    except ValueError:
        return False


def read_boxes(file: Path, names: list[str]) -> list[dict[str, Any]]:
    """The boxes of a file; a missing file means none. Raises :class:`InputError` for a line that is no box."""
    if not packed.exists(file):
        return []
    if packed.size_of(file) > MAX_BYTES:
        raise InputError(f"has a file of boxes larger than {MAX_BYTES // 2**20} MB")
    with packed.open_stream(file) as opened:
        text = opened.read().decode("utf-8-sig", "replace")
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            kind, *sides = [float(part) for part in line.split()]
        except ValueError:
            raise InputError(f"has boxes that cannot be read: line {number} is “{clean(line)[:60]}”") from None
        if len(sides) < 4 or not all(map(math.isfinite, (kind, *sides))) or kind != int(kind) or kind < 0:
            raise InputError(f"has boxes that cannot be read: line {number} has not five numbers")
        name = names[int(kind)] if kind < len(names) else str(int(kind))
        key = "yolo" if len(sides) <= 5 else "polygon"
        found.append({"category_id": int(kind), "category_name": name, key: sides[:4] if key == "yolo" else sides})
    return found
