"""Chosen samples as a table."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from curator.engine.api import ExportInfo, ExportItem, InputError, Task, exporter, param
from curator.engine.provenance import write_provenance
from curator.plugins.exporters.one_file import one_file

HEADER = ("rank", "source", "label", "gain", "weight", "reason", "skill")


@exporter("csv", version=1)
@dataclass(frozen=True)
class CsvList:
    """A table of what was chosen and why: rank, source, label, gain, weight, reason, skill.

    The source is the path below the folder of the dataset, or the place of a record in its file; with paths = absolute
    it is the whole path of the picture (photos.tar!in/x.png for one in an archive), which the image-list importer reads
    from anywhere. With splits there is a last column split.
    """

    paths: str = param("relative", choices=("relative", "absolute"), help="How pictures are named")

    suffix: ClassVar[str] = ".csv"
    has_weights: ClassVar[bool] = True

    def export(self, items: Iterable[ExportItem], target: Path, info: ExportInfo, task: Task) -> Path:
        """Write the table in rank order and return its path.

        Raises:
            InputError: nothing to export, the disk is full, or the target exists.
        """
        with one_file(target, info, items) as whole:
            text = io.TextIOWrapper(whole.file, encoding="utf-8", errors="replace", newline="", write_through=True)
            table = csv.writer(text, lineterminator="\n")
            divided = info.splits != ("",)
            if not whole.count:
                table.writerow((*HEADER, "split") if divided else HEADER)
            for item in whole.track(task, "Writing rows", info.count):
                row = self._row(item, info.kind)
                table.writerow((*row, item.split) if divided else row)
                whole.count += 1
            text.detach()
            if not whole.count:
                raise InputError("The subset is empty.", "There is nothing to export.")
            write_provenance(target, info, whole.count)
        return target

    def _row(self, item: ExportItem, kind: str) -> tuple[str | int, ...]:
        whole = self.paths == "absolute" and kind == "image" and len(item.images) == 1
        source = str(item.images[0]) if whole else item.source
        label = item.labels[0] if item.labels else ""
        return (item.rank, source, label, _number(item.gain), _number(item.weight), item.reason, item.skill)


def _number(value: float | None) -> str:
    """The shortest text that reads back as the same number; "" for none, and for what is not a number."""
    return "" if value is None or math.isnan(value) else repr(float(value))
