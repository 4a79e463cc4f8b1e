"""Chosen samples as Parquet with pictures inside, as the datasets of Hugging Face have them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from curator.engine.api import ExportInfo, ExportItem, InputError, Task, exporter, param
from curator.engine.exporting import Journal, atomic_folder
from curator.engine.provenance import write_provenance
from curator.plugins.exporters.card import write_card
from curator.plugins.exporters.columns import Columns, need_arrow
from curator.plugins.exporters.placing import again, needed_bytes

ROWS = 1000
PART = ".part"
HALVES = "{count} samples hold half of a surrogate pair, which Parquet cannot: each half is a question mark there."


@exporter("parquet", version=1)
@dataclass(frozen=True)
class Parquet:
    """Parquet as the datasets of Hugging Face have it: pictures inside, classes by name, a column for each field.

    Files are called data/train-00000-of-00012.parquet; pictures are kept byte for byte in the column image. Written so
    that datasets.load_dataset(TARGET) decodes the pictures and knows the names of the classes. Instruction records keep
    their columns; their pictures go into images. A field whose values are of different types is written as JSON text.
    Needs the extra: pip install "curator-desk[parquet]".
    """

    group_megabytes: int = param(64, low=1, high=128, help="Size of a row group at most", unit="MB")
    shard_megabytes: int = param(480, low=1, help="Size of a file at most", unit="MB")

    suffix: ClassVar[str] = ""

    def file_of(self, target: Path, split: str) -> str:
        """The pattern of the files of a split."""
        return f"data/{split or 'train'}-*.parquet"

    def export(self, items: Iterable[ExportItem], target: Path, info: ExportInfo, task: Task) -> Path:
        """Write the files and return the folder; a sample whose picture is missing is reported and left out.

        Raises:
            InputError: nothing to export, no picture is there any more, the disk is full, or the target exists.
            NotReadyError: pyarrow is not installed.
        """
        need_arrow()
        items = again(items)
        needed = needed_bytes(items, task, info.count)
        columns = Columns.of(task.track(items, "Looking at fields", info.count), info.kind, info.facts)
        if columns.halves:
            task.log(HALVES.format(count=columns.halves))
        with atomic_folder(target, needed=needed, key=info.key) as folder:
            (folder / "data").mkdir(exist_ok=True)
            journal = Journal(folder, info.key)
            files = _Files(folder / "data", columns, journal, self.group_megabytes, self.shard_megabytes)
            for number, item in enumerate(task.track(items, "Writing rows", info.count)):
                if number < journal.done:
                    continue
                try:
                    row, size = columns.row(item)
                except InputError as error:
                    task.problem(item.source, error.text)
                    files.left_out += 1
                    continue
                files.add(item.split or "train", row, size, number)
            files.close(info.count)
            if not files.rows:
                raise InputError("None of the chosen samples can be read any more.", "Connect the disk they are on.")
            _name_parts(folder / "data")
            write_card(folder, info, {split: self.file_of(folder, split) for split in info.splits})
            write_provenance(folder, info, files.rows, files.left_out)
        return target


class _Files:
    """Rows on their way into files, a group at a time."""

    def __init__(self, folder: Path, columns: Columns, journal: Journal, group: int, shard: int) -> None:
        self._folder, self._columns, self._journal = folder, columns, journal
        self._group, self._shard = group * 1_000_000, shard * 1_000_000
        self._held: list[dict[str, Any]] = []
        self._size = self._written = 0
        self._split, self._writer = "", None
        self._shards: dict[str, int] = dict(journal.state.get("shards", {}))
        self.rows = int(journal.state.get("rows", 0))
        self.left_out = int(journal.state.get("left_out", 0))

    def add(self, split: str, row: dict[str, Any], size: int, number: int) -> None:
        """Take one row."""
        if self._writer is None or split != self._split or self._written + self._size + size > self._shard:
            self.close(number)
            self._open(split)
        elif self._held and (self._size + size > self._group or len(self._held) >= ROWS):
            self._flush()
        self._held.append(row)
        self._size += size
        self.rows += 1

    def _open(self, split: str) -> None:
        import pyarrow.parquet

        number = self._shards.get(split, 0)
        self._shards[split], self._split, self._written = number + 1, split, 0
        path = self._folder / f"{split}-{number:05d}{PART}"
        self._writer = pyarrow.parquet.ParquetWriter(path, self._columns.schema, compression="zstd")

    def _flush(self) -> None:
        if self._held and self._writer is not None:
            self._writer.write_table(self._columns.table(self._held))
        self._written += self._size
        self._held, self._size = [], 0

    def close(self, done: int) -> None:
        """Finish the file that is open; ``done`` items are then on the disk."""
        if self._writer is not None:
            self._flush()
            self._writer.close()
            self._writer = None
            state = {"shards": self._shards, "rows": self.rows, "left_out": self.left_out}
            self._journal.note(done, state, now=True)


def _name_parts(folder: Path) -> None:
    """``train-00000.part`` becomes ``train-00000-of-00003.parquet``."""
    parts: dict[str, list[Path]] = {}
    for path in sorted(folder.glob(f"*{PART}")):
        parts.setdefault(path.stem.rpartition("-")[0], []).append(path)
    for split, paths in parts.items():
        for number, path in enumerate(paths):
            path.rename(folder / f"{split}-{number:05d}-of-{len(paths):05d}.parquet")
