"""YOLO: a folder of pictures and a parallel folder of text files with their boxes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curator.engine.api import Draft, InputError, Skip, Source, Task, importer
from curator.plugins.importers.drafts import clean, image_draft
from curator.plugins.importers.splits import split_of_folder
from curator.plugins.importers.walking import walk

LABEL = "Reading images"
DESCRIPTIONS = ("data.yaml", "data.yml", "dataset.yaml", "dataset.yml")
LABELS, IMAGES = "labels", "images"
MAX_BYTES = 2**20
_NAME = re.compile(r"^\s+(?:-|(\d+)\s*:)\s*(.+?)\s*$")
_KEY = re.compile(r"^names\s*:\s*(.*?)\s*$")


@importer("yolo", version=1, kinds={"image"})
@dataclass(frozen=True)
class Yolo:
    """YOLO detection folders: images/ with pictures, labels/ with a .txt of the same name for each, data.yaml.

    Every picture is a sample; its record holds its boxes with the names of data.yaml. The classes are those of its
    boxes, the most frequent first. A picture without a file of boxes is kept: it shows nothing of interest.
    """

    def match(self, path: Path) -> float:
        """0.95 with data.yaml and a folder of labels, 0.85 without the former, else 0."""
        if not path.is_dir() or not _label_folders(path):
            return 0.0
        return 0.95 if _description(path) else 0.85 if _first_fits(path) else 0.0

    def open(self, path: Path) -> Source:
        """Raises :class:`InputError` when there is no folder of labels."""
        path = path.absolute()
        if not path.is_dir() or not _label_folders(path):
            raise InputError(f"{path} has no folder called labels.", "Name the folder with images and labels in it.")
        return Source("image", path, path.name or "images", "yolo")

    def read(self, path: Path, source: Source, task: Task) -> Iterator[Draft | Skip]:
        """Pictures in the order of their paths."""
        found = walk(source.root, task)
        yield from found.skips
        names = _names(source.root)
        for name in task.track(found.images, LABEL):
            try:
                draft = image_draft(source.root, name, split=split_of_folder(name) or _split_below(name))
                boxes = _boxes(source.root / _label_name(name), names)
            except InputError as error:
                yield Skip(name, error.text)
                continue
            counts: dict[str, int] = {}
            for box in boxes:
                counts[box["category_name"]] = counts.get(box["category_name"], 0) + 1
            labels = tuple(sorted(counts, key=lambda label: (-counts[label], label)))
            record = json.dumps({"file_name": name, "annotations": boxes}, ensure_ascii=False)
            yield draft._replace(labels=labels, record=record)


def _label_folders(root: Path) -> list[Path]:
    """labels/, labels/train/ or train/labels/."""
    found = [root / LABELS, *sorted(root.glob(f"*/{LABELS}"))]
    return [folder for folder in found if folder.is_dir() and not folder.is_symlink()]


def _first_fits(root: Path) -> bool:
    for folder in _label_folders(root):
        for file in sorted(folder.rglob("*.txt"))[:5]:
            try:
                if _boxes(file, []):
                    return True
            except InputError:
                continue
    return False


def _description(root: Path) -> Path | None:
    return next((root / name for name in DESCRIPTIONS if (root / name).is_file()), None)


def _names(root: Path) -> list[str]:
    """Names of the classes by number out of data.yaml: a list or a mapping, in one line or below each other. YAML is
    not parsed beyond that; a number without a name stays a number."""
    file = _description(root)
    if file is None or file.stat().st_size > MAX_BYTES:
        return []
    names: dict[int, str] = {}
    inside = False
    for line in file.read_text(encoding="utf-8-sig", errors="replace").splitlines():
        if (key := _KEY.match(line)) is not None:
            inside = True
            names.update(enumerate(_inline(key[1])))
        elif inside and (entry := _NAME.match(line) or re.match(r"^(?:-|(\d+)\s*:)\s*(.+?)\s*$", line)):
            names[int(entry[1]) if entry[1] else len(names)] = entry[2].strip("'\"")
        elif line.strip() and not line.lstrip().startswith("#"):
            inside = False
    return [names.get(i, str(i)) for i in range(min(max(names, default=-1) + 1, 100_000))]


def _inline(text: str) -> list[str]:
    if text.startswith("[") and text.endswith("]"):
        return [part.strip().strip("'\"") for part in text[1:-1].split(",") if part.strip()]
    if text.startswith("{") and text.endswith("}"):
        return [part.partition(":")[2].strip().strip("'\"") for part in text[1:-1].split(",") if ":" in part]
    return []


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
    if not file.is_file():
        return []
    if file.stat().st_size > MAX_BYTES * 16:
        raise InputError(f"has a file of boxes larger than {MAX_BYTES * 16 // 2**20} MB")
    found = []
    for number, line in enumerate(file.read_text(encoding="utf-8-sig", errors="replace").splitlines(), 1):
        if not line.strip():
            continue
        try:
            kind, *sides = [float(part) for part in line.split()]
        except ValueError:
            raise InputError(f"has boxes that cannot be read: line {number} is “{clean(line)[:60]}”") from None
        if len(sides) < 4 or kind != int(kind) or kind < 0:
            raise InputError(f"has boxes that cannot be read: line {number} has not five numbers")
        name = names[int(kind)] if kind < len(names) else str(int(kind))
        key = "yolo" if len(sides) <= 5 else "polygon"
        found.append({"category_id": int(kind), "category_name": name, key: sides[:4] if key == "yolo" else sides})
    return found
