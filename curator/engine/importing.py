"""Which Importer reads a path: every one looks, the surest one reads."""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from curator.engine import packed
from curator.engine.errors import CuratorError, InputError
from curator.engine.registry import PluginSpec, Registry, registry

LOOK_ENTRIES = 2000
ARCHIVES = frozenset({".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar"})
RECORDS = frozenset({".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet", ".arrow"})
NOTHING = b"\xef\xbb\xbf\xff\xfe\0[]{} \t\r\n"
"""Bytes that say nothing: marks of an encoding, brackets, spaces."""
MAPPED = "--map question=prompt --map answer=response"
SAID = ("--set", "--map")
"""Words of an Importer that says what to do itself."""
TABLES = frozenset({".parquet", ".arrow", ".feather"})


def find_importer(
    path: Path, name: str | None, registry: Registry, params: Mapping[str, Any] | None = None
) -> tuple[PluginSpec, Any, float]:
    """The Importer for a path, an instance of it, and how sure it is (0 to 1).

    With ``name`` it is that one, however sure. Of equally sure ones the first by name wins. ``params`` are looked at
    only where none recognises the path without them: a mapping of columns may make records of any table.

    Raises:
        InputError: no Importer is called ``name``, nothing is there, or none recognises what is.
    """
    if not path.exists():
        raise InputError(f"{path} does not exist.", "Check the spelling and that the disk is connected.")
    if name:
        spec = registry.get("importer", name)
        importer = spec.make()
        return spec, importer, sure(importer, path)
    found, faults = [], []
    for spec in (s for s in registry.all() if s.role == "importer"):
        importer = spec.make()
        confidence, fault = _look(importer, path)
        found.append((spec, importer, confidence))
        faults += [fault] if fault else []
    if params and not any(confidence > 0 for _, _, confidence in found):
        looks = [(spec, made, *_look(made, path)) for spec, made in _with(params, [spec for spec, _, _ in found])]
        found = [(spec, made, confidence) for spec, made, confidence, _ in looks]
        faults = [fault for *_, fault in looks if fault] or faults
    best = max(found, key=lambda choice: choice[2], default=None)
    if best is None or best[2] <= 0:
        advice = _advice(path, [spec for spec in registry.all() if spec.role == "importer"])
        raise InputError(
            f"Nothing in {path} looks like pictures or instruction records.",
            faults[0] if any(word in "".join(faults[:1]) for word in SAID) else " ".join([*faults[:1], advice]),
        )
    return best


def _with(params: Mapping[str, Any], specs: Sequence[PluginSpec]) -> Iterator[tuple[PluginSpec, Any]]:
    """The importers that take these parameters."""
    for spec in specs:
        with suppress(InputError):
            yield spec, spec.make(dict(params))


def least_sure(paths: Sequence[Path]) -> float:
    """How sure the surest Importer of each path is, the least of them; 0 when one is not understood."""
    try:
        return min((find_importer(path, None, registry())[2] for path in paths), default=0.0)
    except CuratorError:
        return 0.0


def sure(importer: Any, path: Path) -> float:
    """What the Importer says, 0 when it cannot tell: one that fails must not keep the others from reading."""
    return _look(importer, path)[0]


def _look(importer: Any, path: Path) -> tuple[float, str]:
    """How sure an Importer is, and what it found to be wrong with the source."""
    try:
        return float(importer.match(path)), ""
    except CuratorError as error:
        text = error.text if not error.text[:1].islower() or path.name in error.text else f"{path.name} {error.text}"
        text = text if text.endswith(".") else f"{text}."
        return 0.0, f"{text} {error.hint}".strip()
    except Exception:  # an importer may be anyone's: one that breaks on a source is not sure of it, the rest go on
        return 0.0, ""


def _advice(path: Path, looked_for: list[PluginSpec]) -> str:
    if path.is_file() and path.stat().st_size < 64 and not path.read_bytes().strip(NOTHING):
        return "It is empty."
    endings = _endings(path)
    known = "Looked for: " + "; ".join(f"{spec.name} ({spec.summary.rstrip('.')})" for spec in looked_for) + "."
    if not endings:
        return f"It is empty. {known}"
    there = "It holds " + ", ".join(f"{count} {ending}" for ending, count in endings.most_common(5)) + "."
    if ARCHIVES & set(endings):
        if path.is_dir() and {".tar", ".zip"} & set(endings):
            return f"{there} Name the archives themselves, such as {path.name}/*.tar. {known}"
        if packed.is_archive(path):
            return f"{there} Archives in an archive are not read: unpack it, and import those in it. {known}"
        return f"{there} ZIP and TAR are read in place; unpack any other archive and import what is in it. {known}"
    if TABLES & set(endings) and find_spec("pyarrow") is None:
        return f'{there} To read tables, install pyarrow: pip install "curator-desk[parquet]". {known}'
    if path.is_dir() and {".json", ".jsonl"} & set(endings):
        return f"{there} Name the files themselves; a folder is searched for pictures only. {known}"
    if RECORDS & set(endings):
        return f"{there} If these are records, say what their columns are: {MAPPED}. {known}"
    return f"{there} {known}"


def _endings(path: Path) -> Counter[str]:
    seen: Counter[str] = Counter()
    if path.is_file() and packed.is_archive(path):
        with suppress(CuratorError):
            names = itertools.islice((member.name for member in packed.members(path)), LOOK_ENTRIES)
            seen.update(Path(name).suffix.lower() or "file without an ending" for name in names if name)
            return seen
    if path.is_file():
        return Counter({path.suffix.lower() or "file without an ending": 1})
    for _, _, files in os.walk(path):
        seen.update(Path(file).suffix.lower() or "file without an ending" for file in files)
        if seen.total() > LOOK_ENTRIES:
            break
    return seen
