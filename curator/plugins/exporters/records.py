"""Chosen instruction records as JSONL or JSON, in the format they came in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, ClassVar

from curator.engine.api import ExportInfo, ExportItem, InputError, Task, exporter, param
from curator.engine.exporting import atomic_file, atomic_folder
from curator.engine.provenance import write_provenance
from curator.plugins.exporters.placing import Placer, all_of, bytes_of

IMAGES = ("reference", "copy")
IMAGES_HELP = "Leave pictures where they are, or copy them: TARGET is then a folder with the records and the pictures"
_BREAK = re.compile(r"\s*[\r\n]\s*")


@exporter("jsonl", version=1, kinds={"instruction"})
@dataclass(frozen=True)
class Jsonl:
    """One record on each line, exactly as it stands in the source: no field added, renamed or lost.

    A record that filled several lines is put on one. Paths of pictures stay as they are, relative to where they were;
    with images = copy the target is a folder that holds records.jsonl and the pictures under the same paths.
    """

    images: str = param("reference", choices=IMAGES, help=IMAGES_HELP)

    suffix: ClassVar[str] = ".jsonl"

    def export(self, items: Iterable[ExportItem], target: Path, info: ExportInfo, task: Task) -> Path:
        """Write the records in rank order and return the path.

        Raises:
            InputError: nothing to export, the disk is full, or the target exists.
        """
        return _export(items, target, info, task, self.images, ".jsonl")


@exporter("json", version=1, kinds={"instruction"})
@dataclass(frozen=True)
class Json:
    """One JSON array of the records, each exactly as it stands in the source; LLaVA's trainer wants this.

    Paths of pictures stay as they are, relative to where they were; with images = copy the target is a folder that
    holds records.json and the pictures under the same paths.
    """

    images: str = param("reference", choices=IMAGES, help=IMAGES_HELP)

    suffix: ClassVar[str] = ".json"

    def export(self, items: Iterable[ExportItem], target: Path, info: ExportInfo, task: Task) -> Path:
        """Write the records in rank order and return the path.

        Raises:
            InputError: nothing to export, the disk is full, or the target exists.
        """
        return _export(items, target, info, task, self.images, ".json")


def one_line(record: str) -> str:
    """A JSON text without line breaks; the text of a JSON string cannot hold any, so nothing else changes."""
    return _BREAK.sub(" ", record) if "\n" in record or "\r" in record else record


def _export(items: Iterable[ExportItem], target: Path, info: ExportInfo, task: Task, images: str, suffix: str) -> Path:
    if images == "copy":
        return _with_images(all_of(items, task), target, info, task, suffix)
    with atomic_file(target) as file:
        written = _write(items, file, info, task, suffix)
    write_provenance(target, info, written)
    return target


def _with_images(chosen: list[ExportItem], target: Path, info: ExportInfo, task: Task, suffix: str) -> Path:
    needed = bytes_of(path for item in chosen for path in item.images)
    placer, placed, whole = Placer("copy", task), dict[str, str](), []
    with atomic_folder(target, needed=needed) as folder:
        for item in task.track(chosen, "Copying images"):
            reasons = [
                f"names the image {name}, which {reason}"
                for name, path in zip(item.image_names, item.images, strict=True)
                if (reason := _place_once(placer, placed, folder, name, path))
            ]
            if reasons:
                task.problem(item.source, reasons[0])
            else:
                whole.append(item)
        with (folder / f"records{suffix}").open("wb") as file:
            written = _write(whole, file, info, task, suffix)
        write_provenance(folder, info, written, len(chosen) - written)
    return target


def _place_once(placer: Placer, placed: dict[str, str], folder: Path, name: str, path: Path) -> str:
    if name not in placed:
        placed[name] = placer.place(path, folder / name)
    return placed[name]


def _write(items: Iterable[ExportItem], file: BinaryIO, info: ExportInfo, task: Task, suffix: str) -> int:
    lines, written = suffix == ".jsonl", 0
    for item in task.track(items, "Writing records", info.count):
        if not item.record:
            task.problem(item.source, "has no record")
            continue
        before = b"" if lines else b",\n" if written else b"[\n"
        text = one_line(item.record) if lines else item.record
        file.write(before + text.encode("utf-8") + (b"\n" if lines else b""))
        written += 1
    if not written:
        raise InputError("The subset is empty.", "There is nothing to export.")
    if not lines:
        file.write(b"\n]\n")
    return written
