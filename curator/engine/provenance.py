"""``curation.json``: where an export comes from, so that it can be made again."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from curator import __version__
from curator.engine.exporting import atomic_file
from curator.engine.types import ExportInfo

FILE_NAME = "curation.json"
TABLE_NAME = "curation.csv"


def _place(target: Path) -> Path:
    return target / FILE_NAME if target.is_dir() else target.with_name(f"{target.name}.{FILE_NAME}")


def written_count(target: Path) -> tuple[int, int]:
    """Samples that an export wrote and that it left out, by what lies beside it; (0, 0) when that cannot be read."""
    try:
        about = json.loads(_place(target).read_text(encoding="utf-8"))
        return int(about["count"]), int(about["left_out"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0, 0


def write_provenance(target: Path, info: ExportInfo, written: int | None = None, left_out: int = 0) -> Path:
    """Write the provenance of an export and return its path.

    For a folder it is ``curation.json`` inside; for a file it is ``NAME.curation.json`` beside it. A table of weights
    that the format has no place for is written beside it too.

    Args:
        target: the export, or the folder that will become it.
        info: what was exported; ``info.provenance`` is written as it is (recipe, seed, versions, fingerprints).
        written: samples in the export, when not all of ``info.count``.
        left_out: samples whose file was missing.

    Raises:
        InputError: the place cannot be written to.
    """
    about = {
        "made_by": f"Curator {__version__}",
        "dataset": info.dataset,
        "subset": info.subset,
        "kind": info.kind,
        "format": info.format,
        "count": info.count if written is None else written,
        "left_out": left_out,
        "provenance": info.provenance,
    }
    place = _place(target)
    text = json.dumps(_plain(about), ensure_ascii=False, indent=2) + "\n"
    with atomic_file(place, overwrite=True) as file:
        file.write(text.encode("utf-8", "replace"))
    if info.table is not None:
        table = target / TABLE_NAME if target.is_dir() else target.with_name(f"{target.name}.{TABLE_NAME}")
        with atomic_file(table, overwrite=True) as file:
            info.table(file)
    return place


def _plain(value: Any) -> Any:
    """The same as values of JSON: what is not a number becomes null, and what JSON does not know its text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, str | int | float) else str(value)
