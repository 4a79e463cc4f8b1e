"""Pictures in the cells of Parquet and Arrow tables, found by row and column."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import numpy as np

from curator.engine.errors import InputError, NotReadyError

KEPT_BYTES = 256 * 2**20
"""Row groups that are held unpacked, in bytes, so that neighbours are read once."""

Key = tuple[str, int, int, str]
_kept: OrderedDict[Key, Any] = OrderedDict()
_lock = threading.Lock()


def pyarrow() -> Any:
    """The package; raises :class:`NotReadyError` with the way to get it."""
    try:
        import pyarrow
    except ImportError:
        raise NotReadyError(
            "Parquet and Arrow files need the package pyarrow.", 'Install it: pip install "curator-desk[parquet]"'
        ) from None
    return pyarrow


def cell_address(row: int, column: str, name: str, part: int | None = None) -> str:
    """What follows the mark in the address of a cell; ``row`` counts from 1, ``part`` from 0 in a list of pictures."""
    place = quote(column, safe="") + ("" if part is None else f".{part}")
    return f"{row}/{place}/{name}"


def read_cell(path: Path, member: str, limit: int) -> bytes:
    """The bytes of one cell; raises :class:`InputError`."""
    row, column, part = _parse(member)
    try:
        value = _value(path, row - 1, column)
    except NotReadyError as error:
        raise InputError(f"needs the package pyarrow: {error.hint}") from error
    except (OSError, ValueError, KeyError, IndexError) as error:  # pyarrow's errors are among these
        raise InputError(f"cannot be read from {path.name}: {error}") from error
    if part is not None:
        value = value[part] if isinstance(value, list) and part < len(value) else None
    content = value.get("bytes") if isinstance(value, dict) else value
    if not isinstance(content, bytes):
        raise InputError("is an empty cell")
    if len(content) > limit:
        raise InputError(f"is {len(content) / 2**20:,.0f} MB large; the limit is {limit // 2**20} MB")
    return content


def _parse(member: str) -> tuple[int, str, int | None]:
    row, _, rest = member.partition("/")
    place = rest.partition("/")[0]
    column, dot, part = place.rpartition(".")
    numbered = bool(dot) and part.isdigit()
    if not row.isdigit() or int(row) < 1 or not place:
        raise InputError("is not the address of a cell")
    return int(row), unquote(column if numbered else place), int(part) if numbered else None


def _value(path: Path, row: int, column: str) -> Any:
    about = path.stat()
    with _lock:
        if path.suffix.lower() == ".arrow":
            table = _keep((str(path), about.st_mtime_ns, -1, ""), lambda: open_arrow(path))
            return table.column(column)[row].as_py()
        starts, file = _keep((str(path), about.st_mtime_ns, -1, ""), lambda: _open_parquet(path))
        group = int(np.searchsorted(starts, row, side="right")) - 1
        if not 0 <= group < len(starts) - 1:
            raise IndexError(f"it has no row {row + 1}")
        key = (str(path), about.st_mtime_ns, group, column)
        cells = _keep(key, lambda: file.read_row_group(group, columns=[column]).column(column))
        return cells[row - int(starts[group])].as_py()


def _open_parquet(path: Path) -> tuple[Any, Any]:
    pyarrow()
    import pyarrow.parquet as parquet

    with path.open("rb"):  # a plain error when it is not there
        pass
    file = parquet.ParquetFile(path, memory_map=True)
    sizes = [file.metadata.row_group(i).num_rows for i in range(file.metadata.num_row_groups)]
    return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]), file


def open_arrow(path: Path) -> Any:
    """A table over the mapped file, stream or file format; nothing is copied. Raises :class:`ValueError`."""
    arrow = pyarrow()
    mapped = arrow.memory_map(str(path))
    try:
        return arrow.ipc.open_stream(mapped).read_all()
    except arrow.ArrowInvalid:
        return arrow.ipc.open_file(mapped).read_all()


def _keep(key: Key, make: Any) -> Any:
    if key in _kept:
        _kept.move_to_end(key)
        return _kept[key]
    made = _kept[key] = make()
    while len(_kept) > 2 and sum(getattr(v, "nbytes", 0) for k, v in _kept.items() if k[2] >= 0) > KEPT_BYTES:
        _kept.popitem(last=False)
    return made
