"""Records into JSONL and JSON files: one file, or a folder with one for each split and the pictures beside them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from curator.engine.api import ExportInfo, ExportItem, InputError, Task
from curator.engine.export_pictures import told_apart
from curator.engine.exporting import Journal, atomic_folder
from curator.engine.json_text import json_text
from curator.engine.provenance import write_provenance
from curator.plugins.exporters.card import write_card
from curator.plugins.exporters.one_file import one_file
from curator.plugins.exporters.placing import Placer, again, needed_bytes
from curator.plugins.exporters.split_files import SplitFiles

_BREAK = re.compile(r"\s*[\r\n]\s*")
EMPTY = "The subset is empty."
NOTHING = "There is nothing to export."


def need(count: int, info: ExportInfo) -> None:
    """Raise :class:`InputError` when no record was written."""
    if not count and info.count:
        raise InputError(
            f"None of the {info.count} chosen samples can be written in this format.",
            "The reasons are listed; choose another format.",
        )
    if not count:
        raise InputError(EMPTY, NOTHING)


def one_line(record: str) -> str:
    """A JSON text without line breaks; the text of a JSON string cannot hold any, so nothing else changes."""
    return _BREAK.sub(" ", record) if "\n" in record or "\r" in record else record


def write_records(
    items: Iterable[ExportItem], target: Path, info: ExportInfo, task: Task, *, copy: bool, suffix: str
) -> Path:
    """Write the records and return the path: a file, or a folder when pictures come along or there are splits.

    Args:
        items: the samples; their ``record`` is written as it is.
        target: the file or folder to make.
        info: what is exported.
        task: progress, problems and cancel.
        copy: take the pictures along, each under its ``image_names``.
        suffix: ".jsonl" = one record a line, ".json" = one array.

    Raises:
        InputError: nothing to export, the disk is full, or the target exists.
    """
    if copy or info.splits != ("",):
        return _write_folder(again(items), target, info, task, copy, suffix)
    with one_file(target, info, items) as whole:
        lines = Lines(whole.file, suffix == ".json", count=whole.count)
        for item in whole.track(task, "Writing records", info.count):
            lines.write(item, task)
            whole.count = lines.count
        lines.end()
        need(lines.count, info)
        write_provenance(target, info, lines.count)
    return target


def _write_folder(
    items: Iterable[ExportItem], target: Path, info: ExportInfo, task: Task, copy: bool, suffix: str
) -> Path:
    needed = needed_bytes(told_apart(items), task, info.count) if copy else 0
    placer, array = Placer("copy", task), suffix == ".json"

    def name_of(split: str) -> str:
        return f"{split or 'records'}{suffix}"

    def end(file: BinaryIO, count: int) -> None:
        Lines(file, array, count=count).end()

    with atomic_folder(target, needed=needed, key=info.key) as folder:
        with SplitFiles(folder, name_of, Journal(folder, info.key), items, end=end) as files:
            for number, item in enumerate(files.track(task, "Writing records", info.count)):
                reason = placer.place_all(item, folder, number < files.placed) if copy else ""
                if reason:
                    task.problem(item.source, reason)
                    files.more["left_out"] = files.more.get("left_out", 0) + 1
                    continue
                lines = Lines(files.file(item.split), array, count=files.counts[item.split])
                lines.write(item, task)
                files.counts[item.split] = lines.count
            written = files.finish()
        total = sum(written.values())
        need(total, info)
        write_card(folder, info, {split: name_of(split) for split in written})
        write_provenance(folder, info, total, files.more.get("left_out", 0))
    return target


class Lines:
    """Records into one file, one a line or as an array."""

    def __init__(self, file: BinaryIO, array: bool, ascii_only: bool = False, count: int = 0) -> None:
        self._file, self._array, self._ascii, self.count = file, array, ascii_only, count

    def write(self, item: ExportItem, task: Task) -> None:
        """Write the record of a sample; one without a record is reported and left out."""
        if not item.record:
            task.problem(item.source, "has no record")
            return
        text = item.record if self._array else one_line(item.record)
        if self._ascii and not text.isascii():
            text = json_text(json.loads(text), ascii_only=True)
        before = (b",\n" if self.count else b"[\n") if self._array else b""
        self._file.write(before + text.encode("utf-8") + (b"" if self._array else b"\n"))
        self.count += 1

    def end(self) -> None:
        """Close the array."""
        if self._array:
            self._file.write(b"\n]\n" if self.count else b"[]\n")
