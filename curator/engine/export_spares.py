"""Samples beyond the first N, which take the places of those left out, without carrying a duplicate across splits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from curator.engine.store_exporting import ExportRows
from curator.engine.types import ExportItem, Rows

ANY, NONE = -1, -2
"""Of no split yet, and of one that is not written."""


@dataclass(frozen=True)
class Reserve:
    """What may stand in.

    Attributes:
        ranks: int64 [s], in rank order.
        group: int64 [s]: equal numbers hang together and go into one split.
        split: int16 [s]: the split that the group belongs to, :data:`ANY` or :data:`NONE`.
    """

    ranks: Rows
    group: Rows
    split: np.ndarray


class Spares:
    """Hands out a Reserve, each sample at most once."""

    def __init__(self, rows: ExportRows, reserve: Reserve) -> None:
        self._items = self._all(rows, reserve)
        self._waiting: list[tuple[ExportItem, int, int]] = []
        self._joined: dict[int, int] = {}

    @staticmethod
    def _all(rows: ExportRows, reserve: Reserve) -> Iterator[tuple[ExportItem, int, int]]:
        yield from zip(rows.items(reserve.ranks), reserve.group.tolist(), reserve.split.tolist(), strict=True)

    def take(self, code: int) -> ExportItem | None:
        """The next in rank that may go into this split, None when there is none; its group is of it from now on."""
        for place, (item, group, split) in enumerate(self._waiting):
            if self._fits(group, split, code):
                del self._waiting[place]
                return item
        for item, group, split in self._items:
            if self._fits(group, split, code):
                return item
            self._waiting.append((item, group, split))
        return None

    def _fits(self, group: int, split: int, code: int) -> bool:
        if split == ANY:
            return self._joined.setdefault(group, code) == code
        return split == code
