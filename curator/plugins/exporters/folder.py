"""Chosen pictures as a folder."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from curator.engine.api import ExportInfo, ExportItem, InputError, Task, exporter, param
from curator.engine.export_pictures import TakenNames
from curator.engine.exporting import Journal, atomic_folder
from curator.engine.provenance import write_provenance
from curator.plugins.exporters.card import write_card
from curator.plugins.exporters.placing import MODES, Placer, again

LAYOUTS = ("auto", "class", "flat")
UNLABELLED = "unlabelled"
RESERVED = ("metadata.jsonl", "curation.json", "curation.csv", "README.md")


@exporter("folder", version=2, kinds={"image"})
@dataclass(frozen=True)
class Folder:
    """A folder of the chosen pictures, byte for byte, that trainers read as ImageFolder.

    Layout "class" makes one sub-folder for each class and writes nothing else that a trainer would see. Layout "flat"
    puts all pictures side by side with a metadata.jsonl: file_name, label, and the fields of the original record. With
    "auto" it is class when every picture has one. Each split, if there are any, is a folder above these. Ranks, gains,
    weights and reasons are in the csv export.
    """

    mode: str = param("copy", choices=MODES, help="How files get there; a hard link across disks becomes a copy")
    layout: str = param("auto", choices=LAYOUTS, help="Sub-folders by class, or all side by side with metadata")

    suffix: ClassVar[str] = ""

    def export(self, items: Iterable[ExportItem], target: Path, info: ExportInfo, task: Task) -> Path:
        """Write the folder and return its path; a picture that is missing is reported and left out.

        Raises:
            InputError: nothing to export, no picture is there any more, the disk is full, or the target exists.
        """
        items = again(items)
        count, needed, labelled = _look(items, task, info.count)
        by_class = self.layout == "class" or (self.layout == "auto" and labelled)
        with atomic_folder(target, needed=needed if self.mode == "copy" else 0, key=info.key) as folder:
            filling = _Filling(folder, by_class, Placer(self.mode, task), Journal(folder, info.key))
            written = filling.fill(items, task, count)
            if not written:
                raise InputError("None of the chosen pictures is there any more.", "Connect the disk they are on.")
            write_card(folder, info, {split: f"{split}/**" if split else "**" for split in info.splits})
            write_provenance(folder, info, written, count - written)
        return target


def _look(items: Iterable[ExportItem], task: Task, total: int) -> tuple[int, int, bool]:
    """How many there are, the bytes of their pictures, and whether each has a class."""
    count = needed = 0
    labelled = True
    for item in task.track(items, "Looking at samples", total):
        count += 1
        needed += item.image_size(0) if item.images else 0
        labelled = labelled and bool(item.labels)
    if not count:
        raise InputError("The subset is empty.", "There is nothing to export.")
    return count, needed, labelled


class _Filling:
    """Pictures on their way into the folder, and their metadata beside them."""

    def __init__(self, folder: Path, by_class: bool, placer: Placer, journal: Journal) -> None:
        self._folder, self._by_class, self._placer, self._journal = folder, by_class, placer, journal
        self._names, self._classes, self._class_names = TakenNames(), dict[str, str](), TakenNames(*RESERVED)

    def fill(self, items: Iterable[ExportItem], task: Task, count: int) -> int:
        """Place every picture; returns how many could be."""
        written, split, rows = 0, None, None
        try:
            for number, item in enumerate(task.track(items, "Writing images", count)):
                if not self._by_class and item.split != split:
                    if rows is not None:
                        rows.close()
                    split = item.split
                    (self._folder / split).mkdir(exist_ok=True)
                    rows = (self._folder / split / "metadata.jsonl").open("wb")
                place, name = self._place_of(item)
                reason = self._put(item, self._folder / place / name, number)
                if reason:
                    task.problem(item.source, reason)
                    continue
                written += 1
                if rows is not None:
                    line = json.dumps(_metadata(item, name), ensure_ascii=False) + "\n"
                    rows.write(line.encode("utf-8", "replace"))
                self._journal.note(number + 1)
        finally:
            if rows is not None:
                rows.close()
        return written

    def _put(self, item: ExportItem, place: Path, number: int) -> str:
        if not item.images:
            return "has no picture"
        return self._placer.resume(item.images[0], place, number < self._journal.done)

    def _place_of(self, item: ExportItem) -> tuple[str, str]:
        """The sub-folder and the name of a picture."""
        place = item.split
        if self._by_class:
            label = item.labels[0] if item.labels else UNLABELLED
            if label not in self._classes:
                self._classes[label] = self._class_names.safe(label)
            place = f"{place}/{self._classes[label]}" if place else self._classes[label]
        wanted = (item.image_names[0] if item.image_names else item.source).rpartition("/")[2]
        wanted = wanted.rpartition("!")[2]
        if not self._by_class and wanted.casefold() in RESERVED:
            wanted = "_" + wanted
        return place, self._names.safe(wanted, place)


def _metadata(item: ExportItem, name: str) -> dict[str, Any]:
    """A row as ImageFolder wants it. Every row gets the same fields as far as the records have them."""
    row: dict[str, Any] = {"file_name": name}
    if item.labels:
        row["label"] = item.labels[0]
    return row | {key: value for key, value in record_of(item).items() if key not in row}


def record_of(item: ExportItem) -> dict[str, Any]:
    """The original record as a dictionary, {} where there is none."""
    try:
        original = json.loads(item.record) if item.record else {}
    except ValueError:
        original = {}
    return original if isinstance(original, dict) else {}
