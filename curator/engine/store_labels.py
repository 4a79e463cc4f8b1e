"""Labels and pins."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from curator.engine.errors import InputError
from curator.engine.history import clean, name_of, now
from curator.engine.records import Dataset
from curator.engine.sqlite import Connection
from curator.engine.store_columns import ColumnStore, Labels
from curator.engine.store_datasets import PAGE, marks
from curator.engine.store_samples import VISIBLE, SampleStore
from curator.engine.types import Changes, Ints, Rows

AT_ONCE = 20_000
"""Labels, or samples of a Subset, that are read while a window waits: some hundredths of a second."""


class LabelStore(SampleStore):
    """What the source and the user say of Samples: their classes, and whether they must be in or out."""

    def __init__(self, folder: Path, db: Connection) -> None:
        super().__init__(folder, db)
        self._read: dict[int, tuple[tuple[Any, ...], Labels, Ints, tuple[str, ...]]] = {}
        self._reading = threading.Lock()

    def label_state(self) -> tuple[Any, ...]:
        """Changes when labels were added, hidden or shown again."""
        newest = self.one("select max(id) from label")
        sql = "select count(*), coalesce(sum(id), 0), coalesce(sum(id * id % 1000003), 0) from label where hidden"
        return (newest, *self.rows(sql)[0])

    def labels_of(self, dataset: Dataset) -> Labels:
        """All visible labels of a Dataset, kept until a label changes; never to be changed."""
        return self._kept(dataset)[1]

    def class_codes(self, dataset_id: int) -> tuple[Ints, tuple[str, ...]]:
        """The class of each visible row, int32 [n] with -1 = none, and the names by code.

        The user's newest label wins over a given one; of several given ones the first counts. What was read is kept
        until a label changes: windows ask at every step of a dial.
        """
        _, _, codes, names = self._kept(self._dataset_by_id(dataset_id))
        return codes.copy(), names

    def labels_at_hand(self, dataset_id: int) -> bool:
        """Whether :meth:`class_codes` takes no longer than a window can wait: it was read, or there are few labels."""
        dataset, newest = self._dataset_by_id(dataset_id), self.one("select max(id) from label") or 0
        kept = self._read.get(dataset_id)
        return newest <= AT_ONCE or (kept is not None and kept[0] == self._label_state_of(dataset))

    def _label_state_of(self, dataset: Dataset) -> tuple[Any, ...]:
        return (dataset.size, dataset.fingerprint, *self.label_state())

    def _kept(self, dataset: Dataset) -> tuple[tuple[Any, ...], Labels, Ints, tuple[str, ...]]:
        """State, labels, classes and their names. Not for the middle of a :meth:`write`: two threads could stop."""
        with self._reading:  # whoever else asks for it meanwhile would read it once more
            state, kept = self._label_state_of(dataset), self._read.get(dataset.id)
            if kept is None or kept[0] != state:
                labels = ColumnStore(self).labels(dataset)
                kept = self._read[dataset.id] = (state, labels, *_classes(labels, dataset.size))
        return kept

    def set_label(self, sample_ids: Sequence[int], name: str | None, author: str, label: str) -> Changes:
        """Give Samples a class of the user's, or (None) take it away; the given labels stay beneath."""
        with self.write():
            self.change(label, *self.label_edits(sample_ids, name, author))
        return Changes(frozenset({"label", "history"}), None, label)

    def label_edits(
        self, sample_ids: Sequence[int], name: str | None, author: str
    ) -> tuple[list[tuple[str, int, str, Any]], list[tuple[str, int]]]:
        """Edits and added rows that give Samples a class, for :meth:`change`; call inside :meth:`write`."""
        edits: list[tuple[str, int, str, Any]] = []
        added = []
        for sample_id in self._known(sample_ids):
            sql = "select id from label where sample_id = ? and origin = 'user' and not hidden"
            edits += [("label", old, "hidden", 1) for (old,) in self.rows(sql, (sample_id,))]
            if name is not None:
                key = self.db.execute(
                    "insert into label (sample_id, name, origin, author, created, hidden)"
                    " values (?, ?, 'user', ?, ?, 1)",
                    (sample_id, name_of(name), clean(author), now()),
                ).lastrowid
                added.append(("label", int(key or 0)))
        return edits, added

    def set_pins(self, sample_ids: Sequence[int], state: str | None, label: str) -> Changes:
        """Pin Samples "in" or "out", or (None) let them go."""
        if state not in ("in", "out", None):
            raise InputError(f"A pin is “in”, “out” or nothing, not {state!r}.")
        ids = self._known(sample_ids)
        with self.write():
            self.db.conn.executemany("insert or ignore into pin values (?, null)", [(i,) for i in ids])
            self.change(label, [("pin", i, "state", state) for i in ids])
        return Changes(frozenset({"pin", "history"}), None, label)

    def pins(self, dataset_id: int) -> tuple[Rows, Rows]:
        """Rows pinned in and rows pinned out, int64 ascending."""
        sql = (
            "select row, state from pin join sample on sample.id = sample_id where dataset_id = ?"
            " and state is not null and row >= 0 and row < (select size from dataset where id = dataset_id)"
            " order by row"
        )
        found = self.rows(sql, (dataset_id,))
        sides = [np.array([r for r, s in found if s == side], np.int64) for side in ("in", "out")]
        return sides[0], sides[1]

    def _known(self, sample_ids: Sequence[int]) -> list[int]:
        ids = list(dict.fromkeys(int(i) for i in sample_ids))
        known = {s for first in range(0, len(ids), PAGE) for s in self._existing(ids[first : first + PAGE])}
        missing = [i for i in ids if i not in known]
        if missing:
            raise InputError(f"There is no sample {missing[0]}.", "See ids with: curator show --json")
        return ids

    def _existing(self, ids: list[int]) -> list[int]:
        return [i for (i,) in self.rows(f"select id from sample where id in ({marks(ids)}) and {VISIBLE}", ids)]


def _classes(labels: Labels, size: int) -> tuple[Ints, tuple[str, ...]]:
    """One class for each row, and the names of those that there are."""
    users, found = labels.users, np.full(size, -1, np.int32)
    found[labels.rows[~users][::-1]] = labels.codes[~users][::-1]  # backwards: of several in one row the first stays
    found[labels.rows[users]] = labels.codes[users]
    used = np.unique(found[found >= 0])
    place = np.full(len(labels.names) + 1, -1, np.int32)  # the last one is that of -1
    place[used] = np.arange(len(used), dtype=np.int32)
    return place[found], tuple(labels.names[code] for code in used)
