"""Rows of CSV, TSV and JSONL files that name picture files."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from curator.engine import packed
from curator.engine.api import CuratorError
from curator.engine.pictures import IMAGE_SUFFIXES
from curator.plugins.importers.json_records import BAD_BYTE, NOT_TEXT, open_text, read_lines

LOOK_BYTES = 4 * 2**20
LOOK_ROWS = 20
csv.field_size_limit(2**26)
_SEPARATOR = re.compile(r"sep=(.)\r?\n?", re.I)


@dataclass(frozen=True)
class Row:
    """One row. ``place`` is its 1-based line; ``reason`` says what is wrong with it ("" when nothing is)."""

    place: int
    values: Mapping[str, Any] = field(default_factory=dict)
    record: str = ""
    reason: str = ""


def is_picture_name(name: object) -> bool:
    """Whether a value looks like the name of a picture file."""
    return isinstance(name, str) and Path(name.strip()).suffix.lower() in IMAGE_SUFFIXES


def read_csv(file: BinaryIO, columns: tuple[str, ...], header: bool = False, plain: bool = False) -> Iterator[Row]:
    """Rows as dictionaries by the header.

    The separator is a tab when the first line has one, else a comma, else a semicolon. A file whose first line has
    none of ``columns`` but a picture name is a list without a header; its one column is called by the first. With
    ``header`` the first line is one whatever it says; with ``plain`` a list without one is taken line by line, so that
    names may hold commas and quotes. Closes the file at the end.
    """
    with open_text(file) as text:
        if plain:
            first = next((row for _, row, _ in csv_lines(io.StringIO(text.readline(LOOK_BYTES)))), [])
            text.seek(0)
            if not any(cell.strip().lower() in columns for cell in first):
                yield from _plain_rows(text, columns[0])
                return
        yield from _csv_rows(text, columns, header)


def _plain_rows(text: TextIO, column: str) -> Iterator[Row]:
    for place, line in enumerate(iter(lambda: text.readline(LOOK_BYTES), ""), 1):
        if name := line.strip():
            yield Row(place, reason=NOT_TEXT) if BAD_BYTE in name else Row(place, {column: name})


def is_plain_list(path: Path) -> bool:
    """Whether the ending is that of a list of one name on each line."""
    return path.suffix.lower() in (".txt", ".lst")


def csv_lines(text: TextIO, separator: str = "") -> Iterator[tuple[int, list[str], str]]:
    """(line, cells, "") of each row that is not blank, or (line, [], what is wrong). Without a separator it is a tab
    when the first line has one, else a comma, else a semicolon; a line sep=; before the table, which Excel writes, says
    which."""
    first, before = text.readline(LOOK_BYTES), 0
    if said := _SEPARATOR.fullmatch(first):
        separator, first, before = said[1], text.readline(LOOK_BYTES), 1
    separator = separator or next((s for s in "\t,;" if s in first), ",")
    reader = csv.reader(itertools.chain([first], text), delimiter=separator)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield before + reader.line_num, [], f"cannot be read as a table: {error}"
            continue
        if any(cell.strip() for cell in row):
            yield before + reader.line_num, row, ""


def _csv_rows(text: TextIO, columns: tuple[str, ...], must: bool) -> Iterator[Row]:
    header: list[str] = []
    for place, row, fault in csv_lines(text):
        if fault:
            yield Row(place, reason=fault)
            continue
        if not header:
            named = [cell.strip() for cell in row]
            header = named if must or any(name.lower() in columns for name in named) else [columns[0]]
            if header is named:
                continue
        yield _csv_row(place, header, row)


def _csv_row(place: int, header: list[str], row: list[str]) -> Row:
    if any(BAD_BYTE in cell for cell in row):
        return Row(place, reason=NOT_TEXT)
    if len(row) > len(header):
        return Row(place, reason=f"has {len(row)} fields; the first line has {len(header)}")
    return Row(place, dict(zip(header, row, strict=False)))


def read_jsonl(file: BinaryIO) -> Iterator[Row]:
    """One row for each line that holds a JSON object; closes the file at the end."""
    with open_text(file) as text:
        for raw in read_lines(text):
            if raw.reason:
                yield Row(raw.place, reason=raw.reason)
            elif not isinstance(raw.value, dict):
                yield Row(raw.place, reason="is not a JSON object")
            else:
                yield Row(raw.place, raw.value, raw.text)


def look(path: Path, columns: tuple[str, ...], jsonl: bool = False, header: bool = False) -> list[Row]:
    """The first rows of a table, a file or a member of an archive, from no more than 4 MB of it; [] when it cannot be
    opened."""
    try:
        with packed.open_stream(path) as file:
            head = io.BytesIO(file.read(LOOK_BYTES))
    except (OSError, CuratorError):
        return []
    rows = read_jsonl(head) if jsonl else read_csv(head, columns, header, is_plain_list(path))
    return list(itertools.islice(rows, LOOK_ROWS))


def column_of(values: Mapping[str, Any], columns: tuple[str, ...]) -> str:
    """The column that names the file: the first of ``columns`` that there is, whatever its case; "" for none."""
    lower = {name.lower(): name for name in reversed(list(values))}
    return next((lower[column] for column in columns if column in lower), "")


def count_lines(path: Path) -> int:
    """Lines of a file, fast: an upper bound of its rows."""
    with path.open("rb") as file:
        blocks = iter(lambda: file.read(2**20), b"")
        return sum(block.count(b"\n") or block.count(b"\r") for block in blocks) + 1
