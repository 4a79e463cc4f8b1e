"""Samples beyond the first N, which take the places of those left out, without carrying a duplicate across splits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

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
    """Hands out a Reserve, each sample at most once; ``state`` is that of another to go on from, see :meth:`state`."""

    def __init__(self, rows: ExportRows, reserve: Reserve, state: Mapping[str, Any] | None = None) -> None:
        self._rows, self._reserve = rows, reserve
        state = state or {"seen": 0, "waiting": [], "joined": []}
        self._seen: int = state["seen"]
        self._waiting = list(self._some(np.array(state["waiting"], np.int64)))
        self._joined: dict[int, int] = dict(state["joined"])
        self._items = self._some(np.arange(self._seen, len(reserve.ranks)))

    def _some(self, places: Rows) -> Iterator[tuple[int, ExportItem, int, int]]:
        """(place in the Reserve, sample, group, split) of these places, in their order."""
        found = self._reserve
        items = self._rows.items(found.ranks[places])
        yield from zip(
            places.tolist(), items, found.group[places].tolist(), found.split[places].tolist(), strict=True
        )  # fmt: skip

    def state(self) -> dict[str, Any]:
        """What was handed out so far and what waits, as values of JSON."""
        waiting = [place for place, *_ in self._waiting]
        return {"seen": self._seen, "waiting": waiting, "joined": list(self._joined.items())}

    def take(self, code: int) -> ExportItem | None:
        """The next in rank that may go into this split, None when there is none; its group is of it from now on."""
        for number, (_, item, group, split) in enumerate(self._waiting):
            if self._fits(group, split, code):
                del self._waiting[number]
                return item
        for place, item, group, split in self._items:
            self._seen = place + 1
            if self._fits(group, split, code):
                return item
            self._waiting.append((place, item, group, split))
        return None

    def _fits(self, group: int, split: int, code: int) -> bool:
        if split == ANY:
            return self._joined.setdefault(group, code) == code
        return split == code
