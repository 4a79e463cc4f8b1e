"""Chosen samples as lists of paths: for open_clip, and plain."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, ClassVar

from curator.engine.api import ExportInfo, ExportItem, InputError, Task, exporter, param
from curator.engine.exporting import Journal, atomic_folder
from curator.engine.outgoing import relative
from curator.engine.provenance import write_provenance
from curator.plugins.exporters.card import write_card
from curator.plugins.exporters.one_file import one_file
from curator.plugins.exporters.placing import Placer, again, needed_bytes
from curator.plugins.exporters.split_files import SplitFiles

PATHS = ("absolute", "relative")
IMAGES = ("reference", "copy")
IMAGES_HELP = "Name pictures where they are, or copy them: TARGET is then a folder with the table and the pictures"
Row = Callable[[ExportItem, str], list[str] | None]
"""The cells of a sample whose picture is at a path; None when it is left out."""


@exporter("open-clip-csv", version=2, kinds={"image"})
@dataclass(frozen=True)
class OpenClipCsv:
    """A table of filepath and title, parted by TAB: what open_clip's --dataset-type csv reads.

    The title is the caption of the picture: its text, or with none its class; one with neither is reported and left
    out. Paths are absolute, or relative to the folder of the table, where training must then run. What lies in an
    archive or a table has no path: with images = copy the target is a folder that holds the table and the pictures.
    """

    paths: str = param("absolute", choices=PATHS, help="How pictures are named")
    images: str = param("reference", choices=IMAGES, help=IMAGES_HELP)

    suffix: ClassVar[str] = ".tsv"
    keeps_fields: ClassVar[bool] = False

    @property
    def names_pictures(self) -> bool:
        """Whether pictures get names of the export."""
        return self.images == "copy"

    def export(self, items: Iterable[ExportItem], target: Path, info: ExportInfo, task: Task) -> Path:
        """Write the table and return its path; with splits it is a folder of tables.

        Raises:
            InputError: nothing to export, a picture lies inside an archive, the disk is full, or the target exists.
        """

        def row(item: ExportItem, path: str) -> list[str] | None:
            caption = item.text.strip() or (item.labels[0] if item.labels else "")
            if not caption:
                task.problem(item.source, "has no caption")
                return None
            return [path, " ".join(caption.split())]

        return _Table(self.paths, self.images == "copy", ["filepath", "title"], row, self.suffix).write(
            items, target, info, task
        )


@exporter("list", version=2)
@dataclass(frozen=True)
class PlainList:
    """One line for each chosen sample: its path, its name in the dataset, or its digest.

    What lies in an archive or a table has no path: with images = copy the target is a folder that holds the list and
    the pictures. A sample of several pictures, and a record, stands there by its name.
    """

    what: str = param("path", choices=("path", "source", "digest"), help="What stands on a line")
    paths: str = param("absolute", choices=PATHS, help="How paths are written")
    images: str = param("reference", choices=IMAGES, help=IMAGES_HELP)

    suffix: ClassVar[str] = ".txt"
    keeps_fields: ClassVar[bool] = False

    @property
    def names_pictures(self) -> bool:
        """Whether pictures get names of the export."""
        return self.images == "copy"

    def export(self, items: Iterable[ExportItem], target: Path, info: ExportInfo, task: Task) -> Path:
        """Write the list and return its path; with splits it is a folder of lists.

        Raises:
            InputError: nothing to export, a picture lies inside an archive, the disk is full, or the target exists.
        """
        by_path = self.what == "path" and info.kind == "image"

        def row(item: ExportItem, path: str) -> list[str]:
            return [item.digest if self.what == "digest" else path or item.source]

        paths = self.paths if by_path else ""
        return _Table(paths, by_path and self.images == "copy", [], row, self.suffix).write(items, target, info, task)


@dataclass(frozen=True)
class _Table:
    """Writes rows; ``paths`` is "" where the pictures do not matter."""

    paths: str
    copy: bool
    header: list[str]
    row: Row
    suffix: str

    def write(self, items: Iterable[ExportItem], target: Path, info: ExportInfo, task: Task) -> Path:
        """The table, or a folder when there are splits or pictures come along."""
        if info.splits == ("",) and not self.copy:
            with one_file(target, info, items) as whole:
                if not whole.count:
                    self._begin(whole.file)
                for item in whole.track(task, "Writing rows", info.count):
                    whole.count += self._put(whole.file, item, self._path(item, target.parent), task)
                _need(whole.count)
                write_provenance(target, info, whole.count)
            return target
        items = again(items)
        needed, placer = needed_bytes(items, task, info.count) if self.copy else 0, Placer("copy", task)
        with atomic_folder(target, needed=needed, key=info.key) as folder:
            journal = Journal(folder, info.key)
            with SplitFiles(folder, self._name_of, journal, items, self._begin) as files:
                for number, item in enumerate(files.track(task, "Writing rows", info.count)):
                    reason = placer.place_all(item, folder, number < files.placed) if self.copy else ""
                    if reason:
                        task.problem(item.source, reason)
                        continue
                    file = files.file(item.split)
                    files.counts[item.split] += self._put(file, item, self._path(item, target.absolute()), task)
                counts = files.finish()
            _need(sum(counts.values()))
            write_card(folder, info, {split: self._name_of(split) for split in counts})
            write_provenance(folder, info, sum(counts.values()), info.count - sum(counts.values()))
        return target

    def _name_of(self, split: str) -> str:
        return f"{split or 'records'}{self.suffix}"

    def _path(self, item: ExportItem, folder: Path) -> str:
        """The path of the picture as it stands in a table that lies in ``folder``; "" where there is none to name."""
        if not self.paths or (len(item.images) != 1 and not self.header):
            return ""
        if not item.images:
            raise InputError(f"{item.source} has no picture.", "Choose another format.")
        if self.copy:
            return str(folder / item.image_names[0]) if self.paths == "absolute" else item.image_names[0]
        path = item.image_file(0)
        if path is None:
            raise InputError(
                f"{item.source} lies in an archive or a table and has no path of its own.",
                "Take the pictures along: --set images=copy, or export as webdataset or parquet.",
            )
        return str(path) if self.paths == "absolute" else relative(path, folder)

    def _begin(self, file: BinaryIO) -> None:
        if self.header:
            file.write(_line(self.header))

    def _put(self, file: BinaryIO, item: ExportItem, path: str, task: Task) -> int:
        """Writes the line of a sample; returns the number of lines, 0 or 1."""
        if (made := self.row(item, path)) is None:
            return 0
        if not self.header and ("\n" in made[0] or "\r" in made[0]):
            task.problem(item.source, "has a line break in its name, which a list cannot hold")
            return 0
        file.write(_line(made) if self.header else (made[0] + "\n").encode("utf-8", "replace"))
        return 1


def _line(cells: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_MINIMAL).writerow(cells)
    return text.getvalue().encode("utf-8", "replace")


def _need(count: int) -> None:
    if not count:
        raise InputError(
            "None of the chosen samples can be written in this format.",
            "The reasons are listed; choose another format.",
        )
