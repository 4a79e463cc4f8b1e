"""Chosen pictures as a folder."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from curator.engine.api import ExportInfo, ExportItem, InputError, Task, exporter, param
from curator.engine.exporting import atomic_folder, safe_name
from curator.engine.provenance import write_provenance
from curator.plugins.exporters.placing import MODES, Placer, all_of, bytes_of

LAYOUTS = ("auto", "class", "flat")
UNLABELLED = "unlabelled"


@exporter("folder", version=1, kinds={"image"})
@dataclass(frozen=True)
class Folder:
    """A folder of the chosen pictures, byte for byte, that trainers read as ImageFolder.

    Layout "class" makes one sub-folder for each class and writes nothing else that a trainer would see. Layout "flat"
    puts all pictures side by side with a metadata.jsonl: file_name, label, and the fields of the original record. With
    "auto" it is class when every picture has one. Ranks, gains, weights and reasons are in the csv export.
    """

    mode: str = param("copy", choices=MODES, help="How files get there; a hard link across disks becomes a copy")
    layout: str = param("auto", choices=LAYOUTS, help="Sub-folders by class, or all side by side with metadata")

    suffix: ClassVar[str] = ""

    def export(self, items: Iterable[ExportItem], target: Path, info: ExportInfo, task: Task) -> Path:
        """Write the folder and return its path; a picture that is missing is reported and left out.

        Raises:
            InputError: nothing to export, no picture is there any more, the disk is full, or the target exists.
        """
        chosen = all_of(items, task)
        by_class = self.layout == "class" or (self.layout == "auto" and all(item.labels for item in chosen))
        needed = bytes_of(i.images[0] for i in chosen if i.images) if self.mode == "copy" else 0
        with atomic_folder(target, needed=needed) as folder:
            rows = list(_place(chosen, folder, by_class, Placer(self.mode, task), task))
            if not rows:
                raise InputError("None of the chosen pictures is there any more.", "Connect the disk they are on.")
            if not by_class:
                lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
                (folder / "metadata.jsonl").write_bytes("".join(lines).encode("utf-8", "replace"))
            write_provenance(folder, info, len(rows), len(chosen) - len(rows))
        return target


def _place(
    chosen: list[ExportItem], folder: Path, by_class: bool, placer: Placer, task: Task
) -> Iterator[dict[str, Any]]:
    """Put every picture; yields the row of metadata of each."""
    classes: dict[str, str] = {}
    class_names: dict[str, int] = {"metadata.jsonl": 1, "curation.json": 1}
    taken: dict[str, dict[str, int]] = {}
    for item in task.track(chosen, "Writing images"):
        place = ""
        if by_class:
            label = item.labels[0] if item.labels else UNLABELLED
            if label not in classes:
                classes[label] = safe_name(label, class_names)
            place = classes[label]
        names = taken.setdefault(place, dict(class_names) if not by_class else {})
        name = safe_name((item.image_names[0] if item.image_names else item.source).rpartition("/")[2], names)
        reason = placer.place(item.images[0], folder / place / name) if item.images else "has no picture"
        if reason:
            task.problem(item.source, reason)
        else:
            yield _metadata(item, name)


def _metadata(item: ExportItem, name: str) -> dict[str, Any]:
    """A row as ImageFolder wants it. Every row gets the same fields as far as the records have them."""
    row: dict[str, Any] = {"file_name": name}
    if item.labels:
        row["label"] = item.labels[0]
    try:
        original = json.loads(item.record) if item.record else {}
    except ValueError:
        original = {}
    if isinstance(original, dict):
        row |= {key: value for key, value in original.items() if key not in row}
    return row
