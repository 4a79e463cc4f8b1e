"""YOLO: a folder of pictures and a parallel folder of text files with their boxes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curator.engine import packed
from curator.engine.api import Draft, InputError, Skip, Source, Task, importer
from curator.engine.json_text import json_text
from curator.plugins.importers.drafts import clean, image_draft
from curator.plugins.importers.piles import Pile, notable_names
from curator.plugins.importers.splits import split_of_folder
from curator.plugins.importers.yolo_description import find_description, read_description

LABEL = "Reading images"
LABELS, IMAGES = "labels", "images"
MAX_BYTES = 2**24


@importer("yolo", version=1, kinds={"image"})
@dataclass(frozen=True)
class Yolo:
    """YOLO folders (also in a ZIP or TAR): images/ with pictures, labels/ with a .txt of boxes for each, data.yaml.

    Every picture is a sample; its record holds its boxes with the names of data.yaml. The classes are those of its
    boxes, the most frequent first. A picture without a file of boxes is kept: it shows nothing of interest. The split
    is that of its folder, or the one whose folder or list of pictures in data.yaml it is in.
    """

    def match(self, path: Path) -> float:
        """0.95 with data.yaml and a folder of labels, 0.85 without the former, else 0."""
        pile = Pile.at(path)
        labels = _label_files(pile)
        if not labels:
            return 0.0
        return 0.95 if find_description(pile) else 0.85 if _first_fits(pile, labels) else 0.0

    def open(self, path: Path) -> Source:
        """Raises :class:`InputError` when there is no folder of labels."""
        path = path.absolute()
        if not _label_files(Pile.at(path)):
            raise InputError(f"{path} has no folder called labels.", "Name the folder with images and labels in it.")
        if path.is_file():
            return Source("image", path.parent, path.name.split(".")[0], "yolo")
        return Source("image", path, path.name or "images", "yolo")

    def read(self, path: Path, source: Source, task: Task) -> Iterator[Draft | Skip]:
        """Pictures in the order of their paths."""
        pile = Pile.at(path)
        found = pile.walk(task)
        yield from (Skip(pile.address(skip.source), skip.reason) for skip in found.skips)
        description = read_description(pile)
        if names := description.names:
            source.facts["categories"] = [{"id": number, "name": name} for number, name in enumerate(names)]
        for name in task.track(found.images, LABEL):
            address = pile.address(name)
            try:
                split = split_of_folder(name) or _split_below(name) or description.split_of(name)
                draft = image_draft(pile.root, address, split=split)
                boxes = _boxes(pile.file(_label_name(name)), names)
            except InputError as error:
                yield Skip(address, error.text)
                continue
            counts: dict[str, int] = {}
            for box in boxes:
                counts[box["category_name"]] = counts.get(box["category_name"], 0) + 1
            labels = tuple(sorted(counts, key=lambda label: (-counts[label], label)))
            record = json_text({"file_name": name, "annotations": boxes})
            yield draft._replace(labels=labels, record=record)


def _label_files(pile: Pile) -> list[str]:
    """A few of the files in labels/, labels/train/ or train/labels/; "" for such a folder with nothing in it yet. An
    archive may hold one folder with all of it."""
    if pile.prefix:
        container = pile.root / pile.prefix[:-1]
        if not (packed.is_archive(container) and container.is_file()):
            return []
        names = [name for name in notable_names(container) if name.lower().endswith(".txt")]
        return [name for name in names if LABELS in name.split("/")[:3]]
    folders = [pile.root / LABELS, *sorted(pile.root.glob(f"*/{LABELS}"))]
    folders = [folder for folder in folders if folder.is_dir() and not folder.is_symlink()]
    files = [file for folder in folders for file in sorted(folder.rglob("*.txt"))[:5]]
    return [file.relative_to(pile.root).as_posix() for file in files] or [""] * len(folders)


def _first_fits(pile: Pile, labels: list[str]) -> bool:
    for name in filter(None, labels[:20]):
        try:
            if _boxes(pile.file(name), []):
                return True
        except InputError:
            continue
    return False


def _text(file: Path) -> str:
    with packed.open_stream(file) as opened:
        return opened.read().decode("utf-8-sig", "replace")


def _label_name(image: str) -> str:
    """Where the boxes of a picture are: the last folder called images is labels instead."""
    folders = image.split("/")
    place = max((i for i, folder in enumerate(folders[:-1]) if folder == IMAGES), default=-1)
    if place >= 0:
        folders[place] = LABELS
    else:
        folders.insert(0, LABELS)
    return "/".join(folders).rpartition(".")[0] + ".txt"


def _split_below(image: str) -> str:
    return split_of_folder(image.replace(f"{IMAGES}/", "", 1))


def _boxes(file: Path, names: list[str]) -> list[dict[str, Any]]:
    """The boxes of a file; a missing file means none. Raises :class:`InputError` for a line that is no box."""
    if not packed.exists(file):
        return []
    if packed.size_of(file) > MAX_BYTES:
        raise InputError(f"has a file of boxes larger than {MAX_BYTES // 2**20} MB")
    found = []
    for number, line in enumerate(_text(file).splitlines(), 1):
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
