"""Chosen pictures as a folder."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from curator.engine.api import ExportInfo, ExportItem, InputError, Task, exporter, param
from curator.engine.export_pictures import TakenNames
from curator.engine.exporting import Journal, atomic_folder, safe_name
from curator.engine.json_text import json_text
from curator.engine.provenance import write_provenance
from curator.plugins.exporters.card import write_card
from curator.plugins.exporters.placing import MODES, Placer, again

LAYOUTS = ("auto", "class", "flat")
UNLABELLED = "unlabelled"
RESERVED = ("metadata.jsonl", "curation.json", "curation.csv", "README.md")
SPLIT_WORDS = frozenset(
    {"train", "training", "valid", "validation", "val", "dev", "test", "testing", "eval", "evaluation"}
)
"""Folders of these names are taken for splits, not for classes."""
TOLD = ("__key__", "json", "txt", "cls")
"""Members of a sample of WebDataset that are known otherwise: as its record, text and class."""


@exporter("folder", version=3, kinds={"image"})
@dataclass(frozen=True)
class Folder:
    """A folder of the chosen pictures, byte for byte, that trainers read as ImageFolder.

    Layout "class" makes one sub-folder for each class and writes nothing else that a trainer would see. Layout "flat"
    puts all pictures side by side with a metadata.jsonl: file_name (file_names where a sample has several pictures),
    label, text, and the fields of the original record. With "auto" it is class where sub-folders hold all that is
    known: every picture has a class whose name can be that of a folder, and no words or fields. Each split, if there
    are any, is a folder above these. Ranks, gains, weights and reasons are in the csv export.
    """

    mode: str = param("copy", choices=MODES, help="How files get there; a hard link across disks becomes a copy")
    layout: str = param("auto", choices=LAYOUTS, help="Sub-folders by class, or all side by side with metadata")

    suffix: ClassVar[str] = ""

    @property
    def keeps_fields(self) -> bool:
        """Whether fields of records have a place."""
        return self.layout != "class"

    def export(self, items: Iterable[ExportItem], target: Path, info: ExportInfo, task: Task) -> Path:
        """Write the folder and return its path; a picture that is missing is reported and left out.

        Raises:
            InputError: nothing to export, no picture is there any more, the disk is full, or the target exists.
        """
        items = again(items)
        look = _look(items, task, info.count, measure=self.mode == "copy")
        by_class = self.layout == "class" or (self.layout == "auto" and look.is_plain)
        if by_class and look.told:
            task.log(f"{look.told} samples have words, fields or further pictures, which only the layout flat keeps.")
        with atomic_folder(target, needed=look.bytes, key=info.key) as folder:
            filling = _Filling(folder, by_class, look.several, Placer(self.mode, task), Journal(folder, info.key))
            written = filling.fill(items, task, look.count)
            if not written:
                raise InputError("None of the chosen pictures is there any more.", "Connect the disk they are on.")
            write_card(folder, info, {split: f"{split}/**" if split else "**" for split in info.splits})
            write_provenance(folder, info, written, look.count - written)
        return target


@dataclass
class _Look:
    """What a first pass sees. ``told``: samples of which more is known than a class; ``several``: whether any has more
    than one picture."""

    count: int = 0
    bytes: int = 0
    told: int = 0
    several: bool = False
    labelled: bool = True
    classes: set[str] = field(default_factory=set)

    def add(self, item: ExportItem, measure: bool) -> None:
        """One more sample; its bytes count when they are to ``measure``, which looks at each file."""
        self.count += 1
        if measure:
            self.bytes += sum(item.image_size(number) for number in range(len(item.images)))
        self.several = self.several or len(item.images) > 1
        self.labelled = self.labelled and bool(item.labels)
        self.told += bool(item.text or len(item.images) > 1 or fields_of(item))
        self.classes.update(item.labels[:1])

    @property
    def is_plain(self) -> bool:
        """Whether folders of classes hold all that is known. One folder alone would not be seen as a class."""
        apart = len({name.casefold() for name in self.classes}) == len(self.classes) > 1
        return self.labelled and not self.told and apart and all(map(_can_be_folder, self.classes))


def _can_be_folder(name: str) -> bool:
    reserved = {known.casefold() for known in RESERVED} | SPLIT_WORDS
    return name == safe_name(name, {}) and name.casefold() not in reserved


def _look(items: Iterable[ExportItem], task: Task, total: int, *, measure: bool) -> _Look:
    look = _Look()
    for item in task.track(items, "Looking at samples", total):
        look.add(item, measure)
    if not look.count:
        raise InputError("The subset is empty.", "There is nothing to export.")
    return look


class _Filling:
    """Pictures on their way into the folder, and their metadata beside them."""

    def __init__(self, folder: Path, by_class: bool, several: bool, placer: Placer, journal: Journal) -> None:
        self._folder, self._by_class, self._several = folder, by_class, several
        self._placer, self._journal = placer, journal
        self._names, self._classes, self._class_names = TakenNames(), dict[str, str](), TakenNames(*RESERVED)

    def fill(self, items: Iterable[ExportItem], task: Task, count: int) -> int:
        """Place every picture; returns how many samples could be."""
        written, split, rows = 0, None, None
        try:
            for number, item in enumerate(task.track(items, "Writing images", count)):
                if not self._by_class and item.split != split:
                    if rows is not None:
                        rows.close()
                    split = item.split
                    (self._folder / split).mkdir(exist_ok=True)
                    rows = (self._folder / split / "metadata.jsonl").open("wb")
                names, reason = self._put(item, number < self._journal.done)
                if reason:
                    task.problem(item.source, reason)
                    continue
                written += 1
                if rows is not None:
                    line = json_text(_metadata(item, names, self._several)) + "\n"
                    rows.write(line.encode("utf-8"))
                self._journal.note(number + 1)
        finally:
            if rows is not None:
                rows.close()
        return written

    def _put(self, item: ExportItem, done: bool) -> tuple[list[str], str]:
        """The names of the pictures of a sample, now in their place, and what is wrong, if anything."""
        if not item.images:
            return [], "has no picture"
        place = self._place_of(item)
        pictures = item.images[:1] if self._by_class else item.images
        names = [self._name_of(item, number, place) for number in range(len(pictures))]
        for picture, name in zip(pictures, names, strict=True):
            if reason := self._placer.resume(picture, self._folder / place / name, done):
                return [], reason
        return names, ""

    def _place_of(self, item: ExportItem) -> str:
        """The sub-folder of a sample."""
        if not self._by_class:
            return item.split
        label = item.labels[0] if item.labels else UNLABELLED
        if label not in self._classes:
            self._classes[label] = self._class_names.safe(label)
        return f"{item.split}/{self._classes[label]}" if item.split else self._classes[label]

    def _name_of(self, item: ExportItem, number: int, place: str) -> str:
        wanted = (item.image_names[number] if item.image_names else item.source).rpartition("/")[2]
        wanted = wanted.rpartition("!")[2]
        if not self._by_class and wanted.casefold() in RESERVED:
            wanted = "_" + wanted
        return self._names.safe(wanted, place)


def _metadata(item: ExportItem, names: list[str], several: bool) -> dict[str, Any]:
    """A row as ImageFolder wants it. Every row gets the same fields as far as the records have them."""
    row: dict[str, Any] = {"file_names": names} if several else {"file_name": names[0]}
    if item.labels:
        row["label"] = item.labels[0]
    return row | {key: value for key, value in fields_of(item).items() if key not in row}


def fields_of(item: ExportItem) -> dict[str, Any]:
    """What is known of a picture beside its class, as fields: those of its record but for names of files, which are
    others in the export, and its text where no field holds it. The field split tells the split of the export."""
    record = record_of(item)
    fields = {
        key: value for key, value in record.items() if not _names_file(key) and not (key == "label" and item.labels)
    }
    if item.text and item.text not in record.values():
        fields.setdefault("text", item.text)
    if item.split and "split" in fields:
        fields["split"] = item.split
    return fields


def _names_file(key: str) -> bool:
    return key == "image" or key.lower().endswith(("file_name", "file_names"))


def record_of(item: ExportItem) -> dict[str, Any]:
    """The original record as a dictionary, {} where there is none. Of a sample of WebDataset it is what its .json says
    and the members beside it that have no place of their own."""
    try:
        original = json.loads(item.record) if item.record else {}
    except ValueError:
        original = {}
    if not isinstance(original, dict):
        return {}
    if "__key__" not in original or not isinstance(inner := original.get("json", {}), dict):
        return original
    return {key: value for key, value in original.items() if key not in TOLD} | inner
