"""Chosen pictures with their boxes or captions as COCO."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, ClassVar

from curator.engine.api import ExportInfo, ExportItem, InputError, Task, exporter, param
from curator.engine.export_pictures import TakenNames
from curator.engine.exporting import Journal, atomic_folder
from curator.engine.json_text import json_text
from curator.engine.provenance import write_provenance
from curator.plugins.exporters.boxes import ABOVE, OUTLINE, annotations_of, categories_of, has_box, size_of
from curator.plugins.exporters.folder import fields_of, record_of
from curator.plugins.exporters.placing import MODES, Placer, again, needed_bytes, tell_what_is_lost


@exporter("coco", version=2, kinds={"image"})
@dataclass(frozen=True)
class Coco:
    """COCO: a folder images/, and annotations/instances_train.json with the boxes or captions of the chosen pictures.

    Ids of pictures, annotations and categories stay as the records have them; what has none, or shares one, gets the
    next free number. All categories of the source are there, in its order, also those that no chosen picture shows: a
    class has the same id in every subset. A picture without annotations is kept.
    """

    mode: str = param("copy", choices=MODES, help="How files get there; a hard link across disks becomes a copy")

    suffix: ClassVar[str] = ""

    def file_of(self, target: Path, split: str) -> str:
        """The annotations of a split."""
        return f"annotations/instances_{split or 'train'}.json"

    def export(self, items: Iterable[ExportItem], target: Path, info: ExportInfo, task: Task) -> Path:
        """Write the folder and return its path; a picture that is missing is reported and left out.

        Raises:
            InputError: nothing to export, no picture is there any more, the disk is full, or the target exists.
        """
        items = again(items)
        needed = needed_bytes(items, task, info.count) if self.mode == "copy" else 0
        head = {key: info.facts[key] for key in ("info", "licenses") if key in info.facts}
        categories = categories_of(info.facts, task.track(items, "Looking at categories", info.count))
        placer, names, number, written, several = Placer(self.mode, task), TakenNames(), 0, 0, 0
        with atomic_folder(target, needed=needed, key=info.key) as folder:
            (folder / "annotations").mkdir(exist_ok=True)
            journal = Journal(folder, info.key)
            for split in info.splits:
                with _Description(folder / self.file_of(folder, split), categories, head) as description:
                    for item in task.track(items, "Writing images", info.count):
                        if item.split != split:
                            continue
                        place = "images/" + (f"{split}/" if split else "")
                        name = names.safe((item.image_names or (item.source,))[0].rpartition("/")[2], place)
                        reason = _put(item, folder / place / name, placer, number < journal.done)
                        reason = reason or description.add(item, name)
                        number += 1
                        if reason:
                            task.problem(item.source, reason)
                            continue
                        written += 1
                        several += len(item.images) > 1
                        journal.note(number)
            if not written:
                raise InputError("None of the chosen pictures is there any more.", "Connect the disk they are on.")
            tell_what_is_lost(task, several)
            write_provenance(folder, info, written, info.count - written)
        return target


def _put(item: ExportItem, place: Path, placer: Placer, done: bool) -> str:
    return placer.resume(item.images[0], place, done) if item.images else "has no picture"


def _fields(item: ExportItem, annotations: list[dict[str, Any]]) -> dict[str, Any]:
    """What the entry of a picture says beside its size: all that its annotations do not, class and text included."""
    fields = fields_of(item)
    counts = Counter(one["category_name"] for one in annotations if one["category_name"])
    shown = min(counts, key=lambda name: (-counts[name], name), default="")
    if item.labels and item.labels[0] != shown:
        fields["label"] = item.labels[0]
    if fields.get("text") == "\n".join(str(one["caption"]) for one in annotations if "caption" in one):
        del fields["text"]
    return fields


class _Description:
    """The JSON file of a split, written as samples come: annotations wait in a temporary file."""

    def __init__(self, path: Path, categories: list[dict[str, Any]], head: dict[str, Any]) -> None:
        self._path, self._categories, self._head = path, categories, head
        self._numbers = {one["name"]: one["id"] for one in reversed(categories)}
        self._known = {(one["id"], one["name"]) for one in categories}
        self._image_ids, self._annotation_ids = _Ids(), _Ids()
        self._first = [True, True]

    def __enter__(self) -> _Description:
        self._file: IO[str] = self._path.open("w", encoding="utf-8", newline="\n")
        self._waiting: IO[str] = tempfile.TemporaryFile("w+", encoding="utf-8")
        self._file.write("{" + "".join(f"{json.dumps(key)}: {json.dumps(self._head[key])},\n" for key in self._head))
        self._file.write('"images": [\n')
        return self

    def __exit__(self, *_: object) -> None:
        self._file.write('\n],\n"annotations": [\n')
        self._waiting.seek(0)
        while block := self._waiting.read(2**20):
            self._file.write(block)
        self._file.write(f'\n],\n"categories": {json.dumps(self._categories)}}}\n')
        self._file.close()
        self._waiting.close()

    def add(self, item: ExportItem, name: str) -> str:
        """Describe one picture; returns "" or why it cannot be."""
        try:
            size = size_of(item)
        except InputError as error:
            return error.text
        record = record_of(item)
        image_id = self._image_ids.take(record.get("id"))
        annotations = list(annotations_of(item, size))
        rest = {k: v for k, v in _fields(item, annotations).items() if k not in ("annotations", "objects")}
        entry = {**rest, "id": image_id, "file_name": name, "width": size[0], "height": size[1]}
        self._write(self._file, 0, entry)
        for one in annotations:
            self._write(self._waiting, 1, self._annotation(one, image_id))
        return ""

    def _annotation(self, one: dict[str, Any], image_id: int) -> dict[str, Any]:
        name = one.pop("category_name")
        one.pop(ABOVE, None)
        one.pop(OUTLINE, None)
        one |= {"id": self._annotation_ids.take(one.get("id")), "image_id": image_id}
        if has_box(one):
            if (one.get("category_id"), name) not in self._known:
                one["category_id"] = self._numbers[name]
            one.setdefault("area", one["bbox"][2] * one["bbox"][3])
            one.setdefault("iscrowd", 0)
        return one

    def _write(self, file: IO[str], which: int, value: dict[str, Any]) -> None:
        file.write(("" if self._first[which] else ",\n") + json_text(value, ascii_only=True))
        self._first[which] = False


class _Ids:
    """Whole numbers that are there once: the one that is wanted when it is free, else the next free one."""

    def __init__(self) -> None:
        self._taken: set[int] = set()
        self._next = 1

    def take(self, wanted: Any) -> int:
        """An id that nothing else has."""
        free = isinstance(wanted, int) and not isinstance(wanted, bool) and wanted not in self._taken
        while not free and self._next in self._taken:
            self._next += 1
        found = int(wanted) if free else self._next
        self._taken.add(found)
        return found
