"""A look at a source before anything is read: which Importers fit, what its columns mean, its first samples."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curator.engine.errors import CuratorError, InputError
from curator.engine.importing import find_importer, sure
from curator.engine.registry import registry
from curator.engine.task import Task
from curator.engine.types import Draft, Skip

ROWS = 20
ITEMS = 400
"""Samples and faults that are read at most."""
SHORT = 200
IMAGE_ROLES = {
    **dict.fromkeys(("file_name", "filepath", "file_path", "path", "image", "image_path", "file_names"), "image"),
    **dict.fromkeys(("label", "class", "category", "cls"), "label"),
    **dict.fromkeys(("text", "caption", "name", "title", "txt"), "text"),
    "annotations": "boxes",
    "split": "split",
}
"""What the columns of a row about a picture mean; the others are kept in the record."""


@dataclass(frozen=True)
class Candidate:
    """An Importer that recognises the source, and how sure it is, 0 to 1."""

    name: str
    confidence: float
    summary: str


@dataclass(frozen=True)
class Field:
    """A column of the source, what it is taken for ("" = kept in the record only), and a value."""

    name: str
    role: str
    example: str


@dataclass(frozen=True)
class PreviewRow:
    """One of the first samples, cut short for showing."""

    source: str
    text: str
    labels: tuple[str, ...]
    images: tuple[str, ...]
    split: str


@dataclass(frozen=True)
class Preview:
    """What a source would give. ``error`` says why nothing can be read ("" = it can); ``roles`` are what its columns
    can be mapped to, none when the Importer takes no mapping."""

    path: str
    candidates: tuple[Candidate, ...]
    importer: str = ""
    kind: str = ""
    name: str = ""
    format: str = ""
    fields: tuple[Field, ...] = ()
    rows: tuple[PreviewRow, ...] = ()
    problems: tuple[Skip, ...] = ()
    log: tuple[str, ...] = ()
    error: str = ""
    hint: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    roles: tuple[str, ...] = ()

    @property
    def has_pairs(self) -> bool:
        """Whether records hold a pair of answers."""
        return any(field.role == "rejected" for field in self.fields)

    @property
    def confidence(self) -> float:
        """How sure the chosen Importer is, 0 when it was chosen by hand and does not recognise the source."""
        return next((c.confidence for c in self.candidates if c.name == self.importer), 0.0)


def preview(path: Path, importer: str = "", params: Mapping[str, Any] | None = None) -> Preview:
    """Look at a path and read its first samples; nothing is written anywhere but in the cache.

    Args:
        path: file, folder or archive.
        importer: the one to use instead of the surest.
        params: its parameters, such as ``{"map": "question=prompt"}``.
    """
    path = path.expanduser().absolute()
    params = dict(params or {})
    try:
        candidates = _candidates(path)
        spec, chosen, sureness = find_importer(path, importer or None, registry(), params)
        if not candidates and sureness:
            candidates = (Candidate(spec.name, sureness, spec.summary),)
        if params:
            chosen = spec.make(params)
        source = chosen.open(path)
    except CuratorError as error:
        known = _candidates(path) if path.exists() else ()
        return Preview(str(path), known, importer, error=error.text, hint=error.hint, params=params)
    lines: list[str] = []
    drafts, skips, fault = _read(chosen.read(path, source, Task(on_log=lines.append)))
    columns = getattr(chosen, "columns", None)
    roles = columns(path) if columns is not None else {}
    return Preview(
        str(path),
        candidates,
        spec.name,
        source.kind,
        source.name,
        source.format,
        tuple(_fields(drafts, roles, source.kind)),
        tuple(PreviewRow(d.source, d.text[:SHORT], d.labels, d.images, d.split) for d in drafts),
        tuple(skips),
        tuple(lines),
        fault.text if fault else "",
        fault.hint if fault else "",
        params,
        tuple(getattr(chosen, "roles", ())),
    )


def _candidates(path: Path) -> tuple[Candidate, ...]:
    found = []
    for spec in (s for s in registry().all() if s.role == "importer"):
        if (confidence := sure(spec.make(), path)) > 0:
            found.append(Candidate(spec.name, confidence, spec.summary))
    return tuple(sorted(found, key=lambda c: (-c.confidence, c.name)))


def _read(items: Iterator[Draft | Skip]) -> tuple[list[Draft], list[Skip], CuratorError | None]:
    drafts: list[Draft] = []
    skips: list[Skip] = []
    try:
        for item in itertools.islice(items, ITEMS):
            if isinstance(item, Skip):
                skips.append(item)
            else:
                drafts.append(item)
            if len(drafts) >= ROWS:
                break
    except InputError as error:
        return drafts, skips[:ROWS], error
    finally:
        close = getattr(items, "close", None)
        if close is not None:
            close()
    return drafts, skips[:ROWS], None


def _fields(drafts: list[Draft], roles: Mapping[str, str], kind: str) -> Iterator[Field]:
    """The columns of the first records, in the order they are met."""
    examples: dict[str, str] = dict.fromkeys(roles, "")
    for draft in drafts:
        try:
            record = json.loads(draft.record) if draft.record else {}
        except (ValueError, RecursionError):
            continue
        for name, value in record.items() if isinstance(record, dict) else ():
            words = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            if not examples.get(name):
                examples[name] = " ".join(words.split())[:SHORT]
    for name, example in examples.items():
        role = roles.get(name, IMAGE_ROLES.get(name.lower(), "") if kind == "image" else "")
        yield Field(name, role, example)
