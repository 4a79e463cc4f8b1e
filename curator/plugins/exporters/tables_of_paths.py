"""Chosen samples as lists of paths: for open_clip, and plain."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from curator.engine.api import ExportInfo, ExportItem, InputError, Task, exporter, param
from curator.engine.exporting import Journal, atomic_folder
from curator.engine.outgoing import relative
from curator.engine.provenance import write_provenance
from curator.plugins.exporters.card import write_card
from curator.plugins.exporters.one_file import OneFile, one_file

PATHS = ("absolute", "relative")


@exporter("open-clip-csv", version=1, kinds={"image"})
@dataclass(frozen=True)
class OpenClipCsv:
    """A table of filepath and title, parted by TAB: what open_clip's --dataset-type csv reads.

    The title is the caption of the picture: its text, or with none its class; one with neither is reported and left
    out. Paths are absolute, or relative to the folder of the table, where training must then run.
    """

    paths: str = param("absolute", choices=PATHS, help="How pictures are named")

    suffix: ClassVar[str] = ".tsv"
    keeps_fields: ClassVar[bool] = False

    def export(self, items: Iterable[ExportItem], target: Path, info: ExportInfo, task: Task) -> Path:
        """Write the table and return its path; with splits it is a folder of tables.

        Raises:
            InputError: nothing to export, a picture lies inside an archive, the disk is full, or the target exists.
        """

        def row(item: ExportItem, folder: Path) -> list[str] | None:
            caption = item.text.strip() or (item.labels[0] if item.labels else "")
            if not caption:
                task.problem(item.source, "has no caption")
                return None
            return [_path(item, self.paths, folder), " ".join(caption.split())]

        return _write(items, target, info, task, ["filepath", "title"], row, self.suffix)


@exporter("list", version=1)
@dataclass(frozen=True)
class PlainList:
    """One line for each chosen sample: its path, its name in the dataset, or its digest."""

    what: str = param("path", choices=("path", "source", "digest"), help="What stands on a line")
    paths: str = param("absolute", choices=PATHS, help="How paths are written")

    suffix: ClassVar[str] = ".txt"
    keeps_fields: ClassVar[bool] = False

    def export(self, items: Iterable[ExportItem], target: Path, info: ExportInfo, task: Task) -> Path:
        """Write the list and return its path; with splits it is a folder of lists.

        Raises:
            InputError: nothing to export, a picture lies inside an archive, the disk is full, or the target exists.
        """

        def row(item: ExportItem, folder: Path) -> list[str]:
            if self.what == "digest":
                return [item.digest]
            whole = self.what == "path" and item.images and item.image_names[0] == item.source
            return [_path(item, self.paths, folder) if whole else item.source]

        return _write(items, target, info, task, [], row, self.suffix)


def _path(item: ExportItem, paths: str, folder: Path) -> str:
    path = item.image_file(0) if item.images else None
    if path is None:
        raise InputError(
            f"{item.source} is not a file of its own.", "Export the pictures first: --format folder or webdataset"
        )
    return str(path) if paths == "absolute" else relative(path, folder)


def _write(
    items: Iterable[ExportItem],
    target: Path,
    info: ExportInfo,
    task: Task,
    header: list[str],
    row: Callable[[ExportItem, Path], list[str] | None],
    suffix: str,
) -> Path:
    if info.splits == ("",):
        with one_file(target, info, items) as whole:
            _rows(whole, target.parent, info, task, header, row, "")
            write_provenance(target, info, whole.count)
        return target
    chosen = list(items) if not hasattr(items, "__len__") else items
    with atomic_folder(target) as folder:
        written = 0
        for split in info.splits:
            with (folder / f"{split}{suffix}").open("wb") as file:
                whole = OneFile(file, Journal(folder, ""), chosen)
                _rows(whole, target, info, task, header, row, split)
                written += whole.count
        write_card(folder, info, {split: f"{split}{suffix}" for split in info.splits})
        write_provenance(folder, info, written)
    return target


def _rows(
    whole: OneFile,
    folder: Path,
    info: ExportInfo,
    task: Task,
    header: list[str],
    row: Callable[[ExportItem, Path], list[str] | None],
    split: str,
) -> None:
    text = io.TextIOWrapper(whole.file, encoding="utf-8", errors="replace", newline="", write_through=True)
    table = csv.writer(text, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
    if header and not whole.count:
        table.writerow(header)
    for item in whole.track(task, "Writing rows", info.count):
        if item.split != split or (made := row(item, folder)) is None:
            continue
        if header:
            table.writerow(made)
        elif "\n" in made[0] or "\r" in made[0]:
            task.problem(item.source, "has a line break in its name, which a list cannot hold")
            continue
        else:
            text.write(made[0] + "\n")
        whole.count += 1
    text.detach()
    if not whole.count:
        raise InputError(
            "None of the chosen samples can be written in this format.",
            "The reasons are listed; choose another format.",
        )
