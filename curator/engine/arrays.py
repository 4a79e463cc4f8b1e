"""Big matrices as ``.npy`` files beside the database: memory-mapped, written once, resumable while being written.

A matrix under construction is ``NAME.npy.part`` with a small ``NAME.npy.json`` that says how many rows are safely on
disk. The finished file appears under its name by renaming, so whatever carries the final name is whole.
"""

from __future__ import annotations

import errno
import json
import math
import os
import re
import shutil
import time
import uuid
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray

from curator.engine.errors import StoreError

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,100}\.npy")
PLAIN = re.compile(
    rb"\{'descr': '([<>|=]?(?:b1|[iu][1248]|f[248]))', 'fortran_order': (True|False), "
    rb"'shape': \(((?:\d{1,19}, ?)*(?:\d{1,19})?)\), \} *\n"
)
"""The header of a ``.npy`` file of plain numbers, as NumPy writes it."""
FLUSH_EVERY_S = 2.0
TEMPORARY_S = 3600.0
"""Age from which a temporary file is certain to be a leftover; a younger one may be in the making."""


class ArrayWriter:
    """Fills one matrix in row order, a block at a time, and can go on after a kill.

    Args:
        path: the final file, ``FOLDER/NAME.npy`` with a name of ``[a-z0-9-]``.
        shape: (n, d).
        dtype: element type.
        fingerprint: what the matrix is made from; rows of a part with another one are not reused.

    Attributes:
        done: rows safely on disk, from the top.

    Raises:
        StoreError: a name of another form, or no room on the disk for the whole matrix.
    """

    def __init__(self, path: Path, shape: tuple[int, int], dtype: DTypeLike, fingerprint: str) -> None:
        _check_name(path)
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._state = path.with_name(path.name + ".json")
        self._about = {"fingerprint": fingerprint, "shape": list(shape), "dtype": np.dtype(dtype).str}
        self._shape = shape
        self._flushed = time.monotonic()
        self.done = self._resume()
        if not self.done:
            path.parent.mkdir(parents=True, exist_ok=True)
            _make_room(self._part, int(np.prod(shape)) * np.dtype(dtype).itemsize)
            np.lib.format.open_memmap(self._part, mode="w+", dtype=dtype, shape=shape).flush()
            _reserve(self._part)
        self._rows: Any = _mapped(self._part, "r+")
        self._written = self.done

    def _resume(self) -> int:
        try:
            state = json.loads(self._state.read_text(encoding="utf-8"))
            if not isinstance(state, dict) or {k: state.get(k) for k in self._about} != self._about:
                return 0
            found = _mapped(self._part, "r")
            if found.shape != self._shape or found.dtype.str != self._about["dtype"]:
                return 0
            return min(max(int(state["done"]), 0), self._shape[0])
        except (OSError, ValueError, KeyError, TypeError):
            return 0

    def write(self, first: int, block: NDArray[Any]) -> None:
        """Put ``block`` [b, d] at row ``first``; rows must arrive in order without gaps."""
        if first > self._written or first + len(block) > self._shape[0]:
            raise ValueError(f"rows {first}..{first + len(block)} do not follow {self._written} of {self._shape[0]}")
        self._rows[first : first + len(block)] = block
        self._written = max(self._written, first + len(block))
        if time.monotonic() - self._flushed > FLUSH_EVERY_S:
            self.flush()

    def flush(self) -> None:
        """Bring all written rows to disk and note how many they are."""
        self._rows.flush()
        self.done = self._written
        _write_text(self._state, json.dumps({**self._about, "done": self.done}))
        self._flushed = time.monotonic()

    def close(self) -> None:
        """Flush and let go; the part stays for a later resume."""
        if self._rows is not None:
            self.flush()
            self._rows = None

    def finish(self) -> Path:
        """Give the whole matrix its final name; raises ValueError while rows are missing.

        Where another process made the same matrix and was faster, its file is as good.
        """
        if self._written != self._shape[0]:
            raise ValueError(f"{self._shape[0] - self._written} rows are missing")
        self._rows.flush()
        self._rows = None
        try:
            _sync(self._part)
            self._part.replace(self._path)
        except FileNotFoundError:
            if not self._path.is_file():
                raise
        self._state.unlink(missing_ok=True)
        _sync(self._path.parent)
        return self._path

    def abandon(self) -> None:
        """Remove the part."""
        self._rows = None
        self._part.unlink(missing_ok=True)
        self._state.unlink(missing_ok=True)


def open_array(path: Path, shape: tuple[int, ...] | None = None) -> Any:
    """A read-only memory map of a finished array.

    Raises:
        StoreError: the file is missing, cut off, not an array of plain numbers, or of another shape than ``shape``.
    """
    _check_name(path)
    try:
        found = _mapped(path, "r")
    except FileNotFoundError:
        raise StoreError(f"{path.name} is missing from the project.", "Run the recipe again to make it anew.") from None
    except (ValueError, OSError, EOFError) as error:
        raise StoreError(f"{path.name} is damaged: {error}.", "Delete it and run the recipe again.") from None
    if shape is not None and found.shape != shape:
        raise StoreError(f"{path.name} holds {found.shape}, not {shape}.", "Delete it and run the recipe again.")
    return found


def _mapped(path: Path, mode: Literal["r", "r+"]) -> Any:
    """A memory map of a ``.npy`` file of plain numbers.

    NumPy reads the header as Python source, which fails with a SystemError when two threads do so at once in Python
    3.11 and early 3.12; jobs and windows open arrays from many threads.

    Raises:
        ValueError: another header, or fewer bytes than it promises.
    """
    with path.open("rb") as file:
        size, most = (2, 1 << 16) if np.lib.format.read_magic(file) == (1, 0) else (4, 1 << 20)
        length = int.from_bytes(file.read(size), "little")
        found = PLAIN.fullmatch(file.read(length)) if length < most else None
        if found is None:
            raise ValueError("its header is not that of an array of plain numbers")
        kind, fortran, sides = (part.decode("ascii") for part in found.groups())
        dtype, shape = np.dtype(kind), tuple(int(side) for side in sides.replace(",", " ").split())
        start = file.tell()
        if start + math.prod(shape) * dtype.itemsize > os.fstat(file.fileno()).st_size:
            raise ValueError(f"it is cut off; {shape} of {dtype} do not fit into it")
    return np.memmap(path, dtype, mode, start, shape, "F" if fortran == "True" else "C")


def save_array(path: Path, array: NDArray[Any]) -> Path:
    """Write a whole array under its name, all of it or nothing."""
    _check_name(path)
    temporary = _temporary(path)
    try:
        with temporary.open("wb") as file:
            np.save(file, np.ascontiguousarray(array), allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise _full(path.parent, array.nbytes) from None
        raise
    return path


def sweep_parts(folder: Path, keep_days: float = 30.0) -> None:
    """Remove leftovers: temporary files after an hour, resumable parts when nobody came back for them."""
    now = time.time()
    for file in [*folder.glob("*.new"), *folder.glob("*.npy.json")]:
        has_part = file.with_name(file.name.removesuffix(".json") + ".part").exists()
        if not has_part and _age(file, now) > TEMPORARY_S:
            file.unlink(missing_ok=True)
    for part in folder.glob("*.npy.part"):
        if _age(part, now) > keep_days * 86400:
            part.unlink(missing_ok=True)
            part.with_name(part.name.removesuffix(".part") + ".json").unlink(missing_ok=True)


def _age(file: Path, now: float) -> float:
    """Seconds since a file was written, 0 when it has gone meanwhile."""
    try:
        return now - file.stat().st_mtime
    except OSError:
        return 0.0


def _check_name(path: Path) -> None:
    if not NAME.fullmatch(path.name) or ".." in path.parts:
        raise StoreError(f"{path.name!r} is not a name for an array of a project.")


def _write_text(path: Path, text: str) -> None:
    temporary = _temporary(path)
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def _temporary(path: Path) -> Path:
    """A name that no other process writes to."""
    return path.with_name(f"{path.name}.{uuid.uuid4().hex}.new")


def _make_room(part: Path, size: int) -> None:
    """Refuse a matrix of ``size`` bytes that does not fit; an older part makes room for it."""
    part.unlink(missing_ok=True)
    if shutil.disk_usage(part.parent).free < size:
        raise _full(part.parent, size)


def _reserve(part: Path) -> None:
    """Have the disk set all of a sparse file aside: writing to a map on a full disk would end the process."""
    if not hasattr(os, "posix_fallocate"):
        return
    with part.open("r+b") as file:
        size = os.fstat(file.fileno()).st_size
        try:
            os.posix_fallocate(file.fileno(), 0, size)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                file.close()
                part.unlink(missing_ok=True)
                raise _full(part.parent, size) from None


def _full(folder: Path, size: int) -> StoreError:
    return StoreError(f"There is no room for {size / 1e6:,.0f} MB in {folder}.", "Free some space, then run it again.")


def _sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to disk. Windows knows this only for files open for writing."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
