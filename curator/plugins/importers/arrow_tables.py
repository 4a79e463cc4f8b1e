"""Rows of Parquet and Arrow files, a row group at a time, and the layouts that such files come in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from curator.engine import packed
from curator.engine.api import InputError
from curator.engine.packed.cells import cell_address, open_arrow, pyarrow
from curator.plugins.importers.json_records import Raw
from curator.plugins.importers.piles import notable_names
from curator.plugins.importers.splits import split_of_file

SUFFIXES = (".parquet", ".arrow")
BATCH, PICTURE_BATCH = 512, 64
LOOK_FILES = 500
STATE, SPLITS = "state.json", "dataset_dict.json"
"""What a data set of Hugging Face that was saved to disk has in its folder."""


@dataclass(frozen=True)
class Part:
    """One file of a table: ``name`` is relative to the root, with forward slashes."""

    file: Path
    name: str
    split: str


def parts_of(path: Path) -> list[Part]:
    """The files that make up the table at a path: a file, a folder of Parquet shards, or a data set saved to disk;
    [] when there are none. Raises :class:`InputError` when what the folder says of itself does not hold."""
    if path.is_file():
        if packed.is_archive(path):
            return _packed(path)
        return [Part(path, path.name, split_of_file(path.name))] if path.suffix.lower() in SUFFIXES else []
    if (path / SPLITS).is_file():
        names = _read_json(path / SPLITS).get("splits")
        if not isinstance(names, list):
            raise InputError(f"{path / SPLITS} does not list any splits.", "The data set was not saved whole.")
        return [part for name in names for part in _saved(path, str(name))]
    if (path / STATE).is_file():
        return _saved(path, "")
    return _shards(path)


def _packed(archive: Path) -> list[Part]:
    """The tables in an archive; of a data set saved to disk only its data, not what was computed from them."""
    found = sorted(name for name in notable_names(archive) if name.lower().endswith(SUFFIXES))
    names = [n for n in found if n.rpartition("/")[2] != "metadata.parquet"]
    saved = [n for n in names if n.rpartition("/")[2].startswith("data-") and n.endswith(".arrow")]
    addresses = [packed.join(archive.name, name) for name in saved or names]
    return [Part(archive.parent / address, address, split_of_file(address)) for address in addresses]


def _saved(root: Path, split: str) -> list[Part]:
    if "/" in split or "\\" in split or split.startswith("."):
        raise InputError(f"{root / SPLITS} names a split outside its folder: {split}.")
    folder = root / split if split else root
    state = _read_json(folder / STATE)
    split = split or str(state.get("_split") or "")
    found = []
    for entry in state.get("_data_files") or []:
        name = entry.get("filename") if isinstance(entry, dict) else None
        if not isinstance(name, str) or "/" in name or "\\" in name:
            raise InputError(f"{folder / STATE} names a file outside its folder: {name}.")
        if not (folder / name).is_file():
            raise InputError(f"{folder / name} is not there.", "The data set was not saved or copied whole.")
        found.append(Part(folder / name, (folder / name).relative_to(root).as_posix(), split))
    return found


def _read_json(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{file} cannot be read: {error}.", "The data set was not saved whole.") from None
    return value if isinstance(value, dict) else {}


def _shards(root: Path) -> list[Part]:
    if not root.is_dir():
        return []
    files = [f for pattern in ("*.parquet", "*/*.parquet", "*/*/*.parquet") for f in sorted(root.glob(pattern))]
    files = [f for f in files if f.is_file() and not f.is_symlink() and f.name != "metadata.parquet"]
    names = [f.relative_to(root).as_posix() for f in files]
    return [Part(f, name, split_of_file(name)) for f, name in zip(files, names, strict=True)]


def schema_of(part: Part) -> Any:
    """The Arrow schema of a file; raises :class:`InputError` when it is no table, NotReadyError without pyarrow."""
    return _opened(part)[0]


def count_rows(path: Path) -> int:
    """How many rows a file has, 0 when it cannot be read."""
    try:
        return int(_opened(Part(path, path.name, ""))[2])
    except InputError:
        return 0


def _opened(part: Part) -> tuple[Any, Any, int]:
    """(schema, file or table, rows)"""
    arrow = pyarrow()
    try:
        place = packed.laid_out(part.file)
        if place.suffix.lower() == ".arrow":
            table = open_arrow(place)
            return table.schema, table, table.num_rows
        import pyarrow.parquet as parquet

        file = parquet.ParquetFile(place)
        return file.schema_arrow, file, file.metadata.num_rows
    except (arrow.ArrowException, OSError, ValueError) as error:
        said = str(error).split("\n", 1)[0].rstrip(".")
        raise InputError(f"{part.name} cannot be read as a table: {said}.", "Fetch or make it again.") from error


def read_rows(part: Part, batch: int = BATCH) -> Iterator[tuple[int, dict[str, Any]]]:
    """(row from 1, values by column) of every row, a batch at a time; raises :class:`InputError` at a damaged one."""
    arrow = pyarrow()
    _, opened, _ = _opened(part)
    place = 0
    try:
        if part.file.suffix.lower() == ".arrow":
            batches = (piece for whole in opened.to_batches() for piece in _slices(whole, batch))
        else:
            batches = opened.iter_batches(batch_size=batch)
        for piece in batches:
            for row in piece.to_pylist():
                place += 1
                yield place, row
    except (arrow.ArrowException, OSError, ValueError) as error:
        said = str(error).split("\n", 1)[0].rstrip(".")
        raise InputError(f"{part.name} is damaged after row {place}: {said}.", "Fetch or make it again.") from error


def _slices(whole: Any, batch: int) -> Iterator[Any]:
    for first in range(0, whole.num_rows, batch):
        yield whole.slice(first, batch)


class CellName(str):
    """What a picture in a cell is called in its record; ``address`` is where it is: the table, and the cell in it."""

    address: Path

    @classmethod
    def of(cls, part: Part, row: int, column: str, number: int | None, cell: dict[str, Any]) -> CellName:
        """Called after its path and its content, so that different pictures never share a name."""
        last = str(cell.get("path") or "picture").replace("\\", "/").rpartition("/")[2]
        stem, dot, ending = last.rpartition(".")
        stem, ending = (stem, dot + ending) if dot else (last, "")
        stem = "".join(sign for sign in stem if sign.isprintable() and sign not in "!/")[:100]
        mark = "-" + hashlib.sha256(cell["bytes"]).hexdigest()[:12]
        name = cls((stem if stem.endswith(mark) else stem + mark) + (ending if ending[1:].isalnum() else ""))
        name.address = part.file.parent / packed.join(part.file.name, cell_address(row, column, name, number))
        return name


def read_part(part: Part, batch: int = BATCH) -> Iterator[Raw]:
    """The rows of a file as records; pictures in cells become their :class:`CellName`."""
    if "binary" in str(schema_of(part)):
        batch = min(batch, PICTURE_BATCH)
    for place, row in read_rows(part, batch):
        value = plain(row)
        for column, cell in row.items():
            if is_picture(cell):
                value[column] = CellName.of(part, place, column, None, cell)
            elif isinstance(cell, list) and cell and all(map(is_picture, cell)):
                value[column] = [CellName.of(part, place, column, n, one) for n, one in enumerate(cell)]
        yield Raw(place, json.dumps(value, ensure_ascii=False), value)


def is_picture(cell: Any) -> bool:
    """Whether a cell holds a picture as Hugging Face stores it: a struct of bytes and path."""
    return isinstance(cell, dict) and isinstance(cell.get("bytes"), bytes) and "path" in cell


def plain(value: Any) -> Any:
    """A cell as JSON can hold it: bytes are left out, times are ISO text, NaN is null, and fields of a struct that
    are null are left out, because Arrow gives every struct the fields of all."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if not isinstance(v, bytes)}
    if isinstance(value, list):
        return [_without_nulls(plain(v)) for v in value if not isinstance(v, bytes)]
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta | Decimal):
        return str(value)
    if isinstance(value, tuple):  # a map: pairs of key and value
        return [plain(v) for v in value]
    return value if value is None or isinstance(value, str | int | bool) else str(value)


def _without_nulls(value: Any) -> Any:
    return {k: v for k, v in value.items() if v is not None} if isinstance(value, dict) else value
