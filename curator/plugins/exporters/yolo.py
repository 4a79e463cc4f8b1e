"""Chosen pictures with their boxes as YOLO."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from curator.engine.api import ExportInfo, ExportItem, InputError, Task, exporter, param
from curator.engine.export_pictures import TakenNames
from curator.engine.exporting import Journal, atomic_folder
from curator.engine.provenance import write_provenance
from curator.plugins.exporters.boxes import OUTLINE, annotations_of, categories_of, has_box, shares_of, size_of
from curator.plugins.exporters.placing import MODES, Placer, again, needed_bytes, tell_what_is_lost


@exporter("yolo", version=2, kinds={"image"})
@dataclass(frozen=True)
class Yolo:
    """YOLO: images/train/x.jpg, labels/train/x.txt with a line for each box, and data.yaml with the names of classes.

    A line is: number of the class, then centre x, centre y, width and height as shares of the picture, or the corners
    of the outline where the source is of YOLO and has it. All classes of the source are named, in the order of its ids,
    so that a class has the same number in every subset. Boxes are clipped to their picture. A picture without boxes has
    an empty file, which trainers take as background.
    """

    mode: str = param("copy", choices=MODES, help="How files get there; a hard link across disks becomes a copy")

    suffix: ClassVar[str] = ""
    keeps_fields: ClassVar[bool] = False

    def export(self, items: Iterable[ExportItem], target: Path, info: ExportInfo, task: Task) -> Path:
        """Write the folder and return its path; a picture that is missing is reported and left out.

        Raises:
            InputError: nothing to export, no picture is there any more, the disk is full, or the target exists.
        """
        items = again(items)
        needed = needed_bytes(items, task, info.count) if self.mode == "copy" else 0
        kinds = sorted(categories_of(info.facts, items), key=lambda one: int(one["id"]))
        classes = {one["name"]: number for number, one in enumerate(kinds)}
        filling, written = _Filling(classes, Placer(self.mode, task)), 0
        with atomic_folder(target, needed=needed, key=info.key) as folder:
            journal = Journal(folder, info.key)
            for number, item in enumerate(task.track(items, "Writing images", info.count)):
                reason = filling.put(item, folder, number < journal.done)
                if reason:
                    task.problem(item.source, reason)
                    continue
                written += 1
                journal.note(number + 1)
            if not written:
                raise InputError("None of the chosen pictures is there any more.", "Connect the disk they are on.")
            tell_what_is_lost(task, filling.several, filling.unboxed)
            (folder / "data.yaml").write_text(_description(info.splits, list(classes)), encoding="utf-8")
            write_provenance(folder, info, written, info.count - written)
        return target


class _Filling:
    """Pictures and their boxes on their way into the folder."""

    def __init__(self, classes: dict[str, int], placer: Placer) -> None:
        self._classes, self._placer, self._names = classes, placer, TakenNames()
        self.several = self.unboxed = 0

    def put(self, item: ExportItem, folder: Path, done: bool) -> str:
        """One picture and its boxes; ``done``: before a kill. Returns "" or what is wrong with it."""
        if not item.images:
            return "has no picture"
        try:
            size = size_of(item)
        except InputError as error:
            return error.text
        split, wanted = item.split or "train", Path(item.image_names[0].rpartition("/")[2])
        stem = self._names.safe(wanted.stem, split)  # a.jpg and a.png must not share a file of boxes
        place = folder / "images" / split / f"{stem}{wanted.suffix}"
        if reason := self._placer.resume(item.images[0], place, done):
            return reason
        boxes, lines = folder / "labels" / split / f"{stem}.txt", "".join(self._lines(item, size))
        boxes.parent.mkdir(parents=True, exist_ok=True)
        boxes.write_text(lines, encoding="ascii")
        self.several += len(item.images) > 1
        self.unboxed += bool(item.labels) and not lines
        return ""

    def _lines(self, item: ExportItem, size: tuple[int, int]) -> Iterator[str]:
        for one in annotations_of(item, size):
            if has_box(one):
                try:
                    sides = one[OUTLINE] if OUTLINE in one else shares_of(one["bbox"], size)
                except InputError:
                    continue
                yield " ".join([str(self._classes[one["category_name"]]), *(f"{side:.6f}" for side in sides)]) + "\n"


def _description(splits: tuple[str, ...], classes: list[str]) -> str:
    names = [split or "train" for split in splits]
    lines = ["path: ."]
    for key, words in (("train", ("train",)), ("val", ("val", "validation", "valid", "dev", "test"))):
        found = next((word for word in words if word in names), names[0])
        lines.append(f"{key}: images/{found}")
    if "test" in names:
        lines.append("test: images/test")
    lines += ["names:", *(f"  {number}: {json.dumps(name, ensure_ascii=False)}" for number, name in enumerate(classes))]
    return "\n".join(lines) + "\n"
