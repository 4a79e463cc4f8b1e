"""Numbers of samples that several plugins share: made once, kept as arrays, resumed after a kill, grown with the pile.

A table is named by what it is made from and by the Samples it covers. A Dataset only grows at its end, so the table of
its first rows is a valid beginning of the next one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from curator.engine.arrays import ArrayWriter, open_array
from curator.engine.recipe import fingerprint
from curator.engine.records import Dataset
from curator.engine.store import Store

COPY_ROWS = 65_536
Fill = Callable[[ArrayWriter], None]


class Tables:
    """The tables of one Dataset, float32 [n, columns]."""

    def __init__(self, store: Store, dataset: Dataset) -> None:
        self._store, self._dataset = store, dataset

    def path(self, about: Mapping[str, Any]) -> Path:
        """Where the table described by ``about`` is, or would be."""
        return self._store.arrays / f"table-{self._stem(about)}-{self._end(self._dataset.size)}.npy"

    def find(self, about: Mapping[str, Any]) -> Any | None:
        """The finished table, memory-mapped, or None."""
        path = self.path(about)
        return open_array(path) if path.is_file() else None

    def make(self, about: Mapping[str, Any], columns: int, fill: Fill) -> Any:
        """The table, by ``fill(writer)`` for the rows from ``writer.done`` on where it is not there yet."""
        found = self.find(about)
        if found is not None:
            return found
        writer = self.writer(about, columns)
        try:
            if writer.done < self._dataset.size:
                fill(writer)
        except BaseException:
            writer.close()
            raise
        return open_array(writer.finish())

    def writer(self, about: Mapping[str, Any], columns: int) -> ArrayWriter:
        """A writer that goes on where a part, or a shorter table, ends."""
        path = self.path(about)
        writer = ArrayWriter(path, (self._dataset.size, columns), np.float32, path.stem)
        if not writer.done:
            self._copy_shorter(writer, about, columns)
        return writer

    def _copy_shorter(self, writer: ArrayWriter, about: Mapping[str, Any], columns: int) -> None:
        stem = self._stem(about)
        found = []
        for file in self._store.arrays.glob(f"table-{stem}-*.npy"):
            rows = int(file.stem.rsplit("-", 2)[1])
            if rows < self._dataset.size and file.name == f"table-{stem}-{self._end(rows)}.npy":
                found.append((rows, file))
        if found:
            rows, file = max(found)
            old = open_array(file, (rows, columns))
            for first in range(0, rows, COPY_ROWS):
                writer.write(first, old[first : first + COPY_ROWS])
            writer.flush()

    @staticmethod
    def _stem(about: Mapping[str, Any]) -> str:
        return fingerprint(dict(about))[:32]

    def _end(self, rows: int) -> str:
        """Number and digest of the first ``rows`` Samples."""
        digest = hashlib.sha256()
        for value in self._store.iter_digests(self._dataset.id, np.arange(rows, dtype=np.int64)):
            digest.update(value.encode("utf-8") + b"\n")
        return f"{rows}-{digest.hexdigest()[:32]}"
