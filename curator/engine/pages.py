"""What a window reads to fill a screen: Samples by row, a Subset's choices by rank, layouts for the map.

Everything goes by key (row or rank), never by offset, so the millionth row costs what the first does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from curator.engine.arrays import open_array
from curator.engine.errors import InputError
from curator.engine.store_pages import PageStore

if TYPE_CHECKING:
    from curator.engine.records import Dataset, Sample, SubsetRow
    from curator.engine.store import Store
    from curator.engine.types import Floats, Ints

RANKS = 2**31


@dataclass(frozen=True)
class Layout:
    """A Projection that is ready: ``projector`` made it, ``created`` is when."""

    id: int
    projector: str
    created: str


class Pages:
    """Reached as ``project.pages``. Rows are those of a Dataset, ranks count from 1."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pages = PageStore(store)

    def samples(self, dataset_id: int, rows: Sequence[int] | Ints) -> list[Sample]:
        """The Samples of ``rows``, in that order, those of an import under way included; unknown rows are left out."""
        return self._pages.samples(dataset_id, np.asarray(rows).tolist())

    def ids(self, dataset_id: int, rows: Sequence[int] | Ints) -> list[int]:
        """The sample id of each of ``rows``, in that order; unknown rows are left out."""
        return self._pages.ids(dataset_id, np.asarray(rows).tolist())

    def ranking(self, subset_id: int, first_rank: int = 1, count: int = RANKS) -> Ints:
        """int32 [<= count]: the rows that a Subset chose, in rank order."""
        return self._pages.ranking(subset_id, first_rank, count)

    def choices(self, subset_id: int, ranks: Sequence[int] | Ints) -> list[SubsetRow]:
        """Gain, reason and the rest of what a Subset knows of some ranks, by rising rank."""
        return self._pages.choices(subset_id, np.asarray(ranks).tolist())

    def arriving(self) -> list[Dataset]:
        """Datasets that are being imported for the first time; ``size`` counts the rows stored so far."""
        return self._pages.arriving()

    def layouts(self, dataset_id: int) -> list[Layout]:
        """The Projections of a Dataset as it is now, oldest first; those of fewer rows are left out."""
        size = self._store.dataset(dataset_id).size
        found = []
        for key, projector, file, created in self._pages.projections(dataset_id):
            path = self._store.arrays / file
            if path.is_file() and open_array(path).shape == (size, 2):
                found.append(Layout(key, projector, created))
        return found

    def layout(self, dataset_id: int, layout_id: int) -> Floats:
        """float32 [n, 2], a read-only memory map; NaN rows are those that could not be read.

        Raises:
            InputError: there is no such Projection.
            StoreError: its file is missing or damaged.
        """
        for key, _, file, _ in self._pages.projections(dataset_id):
            if key == layout_id:
                found: Floats = open_array(self._store.arrays / file)
                return found
        raise InputError("This map is not there any more.", "Make it again.")
