"""The records of a file of any kind that instruction data come in, one by one."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from curator.engine import packed
from curator.engine.api import InputError
from curator.plugins.importers.arrow_tables import Part, count_rows, parts_of, read_part
from curator.plugins.importers.json_records import (
    BAD_BYTE,
    HEAD,
    NOT_TEXT,
    RECORD_LIMIT,
    Lines,
    Raw,
    open_text,
    read_many,
    read_records,
)
from curator.plugins.importers.splits import split_of_file
from curator.plugins.importers.tables import LOOK_ROWS, count_lines, csv_lines

JSON_SUFFIXES = frozenset({".json", ".jsonl", ".ndjson"})
CSV_SUFFIXES = frozenset({".csv", ".tsv"})
TABLE_SUFFIXES = frozenset({".parquet", ".arrow"})
NOTES = ("dataset_dict.json", "dataset_info.json", "state.json")
LOOK_FILES = 200
LONG_HEAD = 28 * 2**20
"""More of an array whose first record is longer than the usual look."""
NESTED = frozenset({"messages", "conversations", "conversation", "chosen", "rejected", "history", "tools", "images"})
"""Columns of a CSV that may hold JSON."""


def is_record_file(path: Path) -> bool:
    """Whether the ending is one that records come in, compressed or not."""
    return packed.plain_suffix(path) in JSON_SUFFIXES | CSV_SUFFIXES or path.suffix.lower() in TABLE_SUFFIXES


def record_parts(path: Path) -> list[Part]:
    """The files of records at a path: itself, the tables or JSONL files of a folder, or those inside an archive.

    Raises:
        InputError: an archive that cannot be read, or a saved data set that is not whole.
    """
    if packed.is_archive(path) and path.is_file():
        names = [m.name for m in packed.members(path) if not m.reason and is_record_file(Path(m.name))]
        if any(name.endswith(".arrow") for name in names):  # a data set saved to disk, with notes about itself
            names = [name for name in names if name.rpartition("/")[2] not in NOTES]
        return [Part(path.parent / n, n, split_of_file(n)) for n in (packed.join(path.name, name) for name in names)]
    if path.is_file():
        return [Part(path, path.name, split_of_file(path.name))] if is_record_file(path) else []
    if found := parts_of(path):
        return found
    files = [f for pattern in ("*", "*/*") for f in sorted(path.glob(pattern)) if _is_lines(f)]
    files = files or [f for f in itertools.islice(sorted(path.glob("*.json")), LOOK_FILES) if _is_list(f)]
    names = [f.relative_to(path).as_posix() for f in files]
    return [Part(f, name, split_of_file(name)) for f, name in zip(files, names, strict=True)]


def _is_lines(path: Path) -> bool:
    return packed.plain_suffix(path) in (".jsonl", ".ndjson") and path.is_file() and not path.is_symlink()


def _is_list(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and is_array(path)


def read_raws(path: Path, encoding: str = "") -> Iterator[Raw | Lines]:
    """Every record, those of JSONL in UTF-8 as many lines at a time.

    Raises:
        InputError: the file as a whole cannot be read.
    """
    if path.suffix.lower() in TABLE_SUFFIXES:
        yield from read_part(Part(path, path.name, ""))
    elif packed.plain_suffix(path) in CSV_SUFFIXES:
        yield from read_stream(packed.open_stream(path), packed.plain_suffix(path), encoding)
    else:
        yield from read_many(packed.open_stream(path), encoding)


def read_stream(file: BinaryIO, suffix: str, encoding: str = "") -> Iterator[Raw]:
    """The records of an open file of JSON or CSV; closes it at the end."""
    if suffix in CSV_SUFFIXES:
        yield from _read_csv(file, "\t" if suffix == ".tsv" else "", encoding)
    else:
        yield from read_records(file, encoding)


def look(path: Path, count: int = LOOK_ROWS, encoding: str = "") -> list[Raw]:
    """The first records, from at most 4 MB, or as many as the first record needs; [] when it holds none or cannot be
    opened.

    Raises:
        InputError: it is damaged.
    """
    try:
        if path.suffix.lower() in TABLE_SUFFIXES:
            return list(itertools.islice(read_part(Part(path, path.name, ""), batch=count), count))
        with packed.open_stream(path) as file:
            content, more = file.read(HEAD), file.read(1)
            found = _first(content, path, count, encoding, cut=bool(more))
            if more and not found and (_opens_array(content) or packed.plain_suffix(path) != ".json"):
                content += more + (file.read(LONG_HEAD) if _opens_array(content) else file.readline(RECORD_LIMIT))
                found = _first(content, path, count, encoding, cut=True)
            return found
    except OSError:
        return []


def _first(content: bytes, path: Path, count: int, encoding: str, *, cut: bool) -> list[Raw]:
    """The first records of the content; where it is cut off, without the last one unless that ends with its line."""
    found = list(itertools.islice(read_stream(io.BytesIO(content), packed.plain_suffix(path), encoding), count + 1))
    whole = len(found) > count or not cut or (content.endswith(b"\n") and not _opens_array(content))
    return found[:count] if whole else found[:-1]


def expected(path: Path) -> int:
    """About how many records there are, 0 when only reading would tell."""
    if path.suffix.lower() in TABLE_SUFFIXES:
        return count_rows(path)
    if packed.plain_suffix(path) != path.suffix.lower() or not path.is_file() or is_array(path):
        return 0
    return count_lines(path)


def is_array(path: Path) -> bool:
    """Whether the first bytes are those of a JSON array."""
    with packed.open_stream(path) as file:
        return _opens_array(file.read(64))


def _opens_array(content: bytes) -> bool:
    return content[:64].lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")[:1] == b"["


def _read_csv(file: BinaryIO, separator: str, encoding: str) -> Iterator[Raw]:
    with open_text(file, encoding) as text:
        header: list[str] = []
        for place, row, fault in csv_lines(text, separator):
            if fault:
                yield Raw(place, reason=fault)
            elif not header:
                header = _named([cell.strip() for cell in row])
                if len(set(header)) < len(header):
                    twice = next(name for name in header if header.count(name) > 1)
                    raise InputError(f"The table has two columns “{twice}”.", "Rename one of them.")
            else:
                yield _record(place, header, row)


def _named(header: list[str]) -> list[str]:
    """The names of columns; those without one, where there are several, by their place."""
    return [name or f"column {place}" for place, name in enumerate(header, 1)] if header.count("") > 1 else header


def _record(place: int, header: list[str], row: list[str]) -> Raw:
    if any(BAD_BYTE in cell for cell in row):
        return Raw(place, reason=NOT_TEXT)
    if len(row) != len(header):
        return Raw(place, reason=f"has {len(row)} fields; the first line has {len(header)}")
    value = {name: _cell(name, cell) for name, cell in zip(header, row, strict=True)}
    return Raw(place, json.dumps(value, ensure_ascii=False), value)


def _cell(name: str, cell: str) -> Any:
    if name in NESTED and cell[:1] in "[{" and cell:
        try:
            return json.loads(cell)
        except (ValueError, RecursionError):
            return cell
    return cell
