"""What a chosen Sample stands for in a Subset, and which chosen one stands for a Sample that was left out.

A pick stands for what a redundancy step dropped in its favour, and for the Samples that are nearer to it than to any
other pick (its cell of the Voronoi division that coverage is measured by).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curator.engine.arrays import open_array
from curator.engine.browse import Neighbour
from curator.engine.dial import embedding_of
from curator.engine.searching import cosines
from curator.engine.store import Store
from curator.engine.store_made import MadeSubsets
from curator.engine.types import Rows

LOOKED_AT = 512
"""Nearest Samples of a pick that are compared with all other picks; what it stands for beyond them is not listed."""
BLOCK = 4096


@dataclass(frozen=True)
class Standing:
    """One Sample beside one Subset.

    Attributes:
        chosen: whether it is a pick.
        dropped: (row, cosine) that a redundancy step dropped in favour of this pick, the nearest first.
        near: what is nearer to this pick than to any other, beside ``dropped``, the nearest first.
        by: the pick that stands for a Sample that was left out; None for a pick, and where nothing can be compared.
        cause: why it was left out, where a step of the Run said so.
    """

    chosen: bool
    dropped: tuple[Neighbour, ...] = ()
    near: tuple[Neighbour, ...] = ()
    by: Neighbour | None = None
    cause: str = ""


class Standings:
    """Reached as ``project.standings``. May be called from several threads."""

    def __init__(self, store: Store) -> None:
        self._store, self._rows = store, MadeSubsets(store)

    def of(self, subset_id: int, row: int, keep: int | None = None, count: int = 12) -> Standing:
        """What ``row`` stands for, or what stands for it, among the first ``keep`` picks (None: all) of a Subset.

        At most ``count`` of each kind. Without an Embedding only what the Run itself wrote down is known.
        Raises :class:`InputError` when there is no such Subset.
        """
        subset = self._store.subset(subset_id)
        picks = self._rows.rows_in_rank_order(subset_id)[:keep]
        record = embedding_of(self._store, subset, max(int(picks.max(initial=-1)), row))
        vectors = None
        if record is not None:
            matrix = open_array(self._store.arrays / record.file, (record.rows, record.dims))
            vectors = matrix if np.isfinite(matrix[row, 0]) else None
        if row not in picks:
            return self._left_out(subset_id, row, picks, vectors)
        dropped = [Neighbour(r, s) for r, s in self._rows.dropped_for(subset_id, row, count)]
        if vectors is None:
            return Standing(True, tuple(dropped))
        known = {n.row for n in dropped}
        near = tuple(n for n in _cell(vectors, picks, row, count + len(known)) if n.row not in known)
        return Standing(True, tuple(dropped), near[:count])

    def _left_out(self, subset_id: int, row: int, picks: Rows, vectors: NDArray[np.float32] | None) -> Standing:
        cause, by, similarity = self._rows.omission(subset_id, row)
        if by is not None and by in picks:
            return Standing(False, by=Neighbour(by, similarity), cause=cause)
        picks = np.sort(picks) if vectors is None else np.sort(picks[np.isfinite(vectors[picks, 0])])
        if vectors is None or not len(picks):
            return Standing(False, cause=cause)
        values = cosines(vectors[picks], vectors[row])
        best = int(np.argmax(values))
        return Standing(False, by=Neighbour(int(picks[best]), float(values[best])), cause=cause)


def _cell(vectors: NDArray[np.float32], picks: Rows, row: int, count: int) -> list[Neighbour]:
    """The rows nearest to the pick ``row`` that no other pick is nearer to, at most ``count``; ties go to it."""
    values = cosines(vectors, vectors[row])
    values[picks] = -np.inf
    values[~np.isfinite(values)] = -np.inf
    order = np.argsort(-values, kind="stable")[:LOOKED_AT]
    order = order[np.isfinite(values[order])]
    rivals = picks[(picks != row) & np.isfinite(vectors[picks, 0])]
    looked = np.asarray(vectors[np.sort(order)], np.float32)[np.argsort(np.argsort(order))]
    best = np.full(len(order), -np.inf)
    for first in range(0, len(rivals), BLOCK):
        part = np.asarray(vectors[rivals[first : first + BLOCK]], np.float32)
        best = np.maximum(best, (looked @ part.T).max(axis=1, initial=-np.inf))
    mine = order[best <= values[order] + 1e-6][:count]
    return [Neighbour(int(r), float(values[r])) for r in mine]
