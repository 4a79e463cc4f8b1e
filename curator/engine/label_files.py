"""Labels that arrive by file."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from curator.engine.errors import InputError
from curator.engine.study import LABELLED, UNLISTED

SOURCE = ("source", "path", "file", "image")
IDENTITY = ("sample_id", "id")
CLASS = ("class", "label", "answer")
LARGEST = 200_000_000
"""Bytes; a file of labels is not larger than that."""


def read_labels(file: Path, sources: Mapping[str, int]) -> dict[int, tuple[str, str]]:
    """Sample id -> (state, class) from CSV with a head, a JSON list of objects, or JSONL.

    A sample is named by ``source`` (or path, file, image) or by ``sample_id`` (or id), its class by ``class`` (or
    label, answer); a row without a class is passed over, and a ``state`` of "unlisted" says that it is none of them.

    Args:
        file: the file.
        sources: source -> sample id of the Dataset.

    Raises:
        InputError: naming the line that does not fit; nothing is taken then.
    """
    answers: dict[int, tuple[str, str]] = {}
    for number, row in _rows(file):
        name = str(_first(row, CLASS) or "").strip()
        if row.get("state") == UNLISTED:
            answers[_sample(row, sources, file, number)] = (UNLISTED, "")
        elif name:
            answers[_sample(row, sources, file, number)] = (LABELLED, name)
    if not answers:
        raise InputError(f"{file.name} holds no label.", "It takes columns source (or sample_id) and class.")
    return answers


def _first(row: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((row[n] for n in names if row.get(n) not in (None, "")), None)


def _sample(row: Mapping[str, Any], sources: Mapping[str, int], file: Path, number: int) -> int:
    source, identity = _first(row, SOURCE), _first(row, IDENTITY)
    if source is not None and str(source) in sources:
        return sources[str(source)]
    try:
        return int(identity)
    except (TypeError, ValueError):
        raise InputError(
            f"{file.name}, line {number}: there is no sample “{source if source is not None else identity}”.",
            "Name samples by source as the dataset has it, or by sample_id.",
        ) from None


def _rows(file: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        if file.stat().st_size > LARGEST:
            raise InputError(f"{file.name} is too large for a file of labels.")
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read: {error}.") from None
    try:
        if file.suffix == ".jsonl":
            rows = [(i, json.loads(line)) for i, line in enumerate(text.splitlines(), 1) if line.strip()]
        elif file.suffix == ".json":
            found = json.loads(text)
            found = found.get("picks", []) if isinstance(found, dict) else found
            rows = list(enumerate(found, 1))
        else:
            rows = [(i, row) for i, row in enumerate(csv.DictReader(text.splitlines()), 2)]
    except (ValueError, csv.Error, RecursionError) as error:
        raise InputError(f"{file.name} is not what its ending says: {error}.") from None
    for number, row in rows:
        if not isinstance(row, dict):
            raise InputError(f"{file.name}, line {number}: not an object with source and class.")
        yield number, row
