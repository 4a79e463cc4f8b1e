"""Chosen instruction records as JSONL or JSON, in the format they came in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from curator.engine.api import ExportInfo, ExportItem, Task, exporter, param
from curator.plugins.exporters.record_files import write_records

IMAGES = ("reference", "copy")
IMAGES_HELP = "Leave pictures where they are, or copy them: TARGET is then a folder with the records and the pictures"


@exporter("jsonl", version=1, kinds={"instruction"})
@dataclass(frozen=True)
class Jsonl:
    """One record on each line, exactly as it stands in the source: no field added, renamed or lost.

    A record that filled several lines is put on one. Paths of pictures stay as they are, relative to where they were;
    with images = copy the target is a folder that holds records.jsonl and the pictures where the records say that they
    are. Where they cannot lie there, because a path goes up or two records mean different pictures by the same one, the
    export says so: a format that names pictures anew is wanted then.
    """

    images: str = param("reference", choices=IMAGES, help=IMAGES_HELP)

    suffix: ClassVar[str] = ".jsonl"

    def export(self, items: Iterable[ExportItem], target: Path, info: ExportInfo, task: Task) -> Path:
        """Write the records in the order given and return the path.

        Raises:
            InputError: nothing to export, the disk is full, or the target exists.
        """
        return write_records(items, target, info, task, copy=self.images == "copy", suffix=".jsonl")


@exporter("json", version=1, kinds={"instruction"})
@dataclass(frozen=True)
class Json:
    """One JSON array of the records, each exactly as it stands in the source; LLaVA's trainer wants this.

    Paths of pictures stay as they are, relative to where they were; with images = copy the target is a folder that
    holds records.json and the pictures where the records say that they are, as in the format jsonl.
    """

    images: str = param("reference", choices=IMAGES, help=IMAGES_HELP)

    suffix: ClassVar[str] = ".json"

    def export(self, items: Iterable[ExportItem], target: Path, info: ExportInfo, task: Task) -> Path:
        """Write the records in the order given and return the path.

        Raises:
            InputError: nothing to export, the disk is full, or the target exists.
        """
        return write_records(items, target, info, task, copy=self.images == "copy", suffix=".json")
