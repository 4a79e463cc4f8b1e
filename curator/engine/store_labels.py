"""Labels and pins."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from curator.engine.errors import InputError
from curator.engine.history import clean, name_of, now
from curator.engine.records import Dataset
from curator.engine.sqlite import Connection
from curator.engine.store_columns import ColumnStore
from curator.engine.store_datasets import PAGE, marks
from curator.engine.store_samples import VISIBLE, SampleStore
from curator.engine.types import Changes, Ints, Rows


class LabelStore(SampleStore):
    """What the source and the user say of Samples: their classes, and whether they must be in or out."""

    def __init__(self, folder: Path, db: Connection) -> None:
        super().__init__(folder, db)
        self._classes: dict[int, tuple[tuple[Any, ...], Ints, tuple[str, ...]]] = {}

    def label_state(self) -> tuple[Any, ...]:
        """Changes when labels were added, hidden or shown again."""
        newest = self.one("select max(id) from label")
        sql = "select count(*), coalesce(sum(id), 0), coalesce(sum(id * id % 1000003), 0) from label where hidden"
        return (newest, *self.rows(sql)[0])

    def class_codes(self, dataset_id: int) -> tuple[Ints, tuple[str, ...]]:
        """The class of each visible row, int32 [n] with -1 = none, and the names by code.

        The user's newest label wins over a given one; of several given ones the first counts. What was read is kept
        until a label changes: windows ask at every step of a dial.
        """
        dataset = self._dataset_by_id(dataset_id)
        state = (dataset.size, dataset.fingerprint, *self.label_state())
        kept = self._classes.get(dataset_id)
        if kept is None or kept[0] != state:
            kept = self._classes[dataset_id] = (state, *self._read_classes(dataset))
        return kept[1].copy(), kept[2]

    def _read_classes(self, dataset: Dataset) -> tuple[Ints, tuple[str, ...]]:
        rows, codes, users, names = ColumnStore(self).labels(dataset)
        found = np.full(dataset.size, -1, np.int32)
        found[rows[~users][::-1]] = codes[~users][::-1]  # backwards, so that of several in one row the first stays
        found[rows[users]] = codes[users]
        used = sorted(np.unique(found[found >= 0]).tolist(), key=lambda code: names[code])
        place = np.full(len(names) + 1, -1, np.int32)  # the last one is that of -1
        place[used] = np.arange(len(used), dtype=np.int32)
        return place[found], tuple(names[code] for code in used)

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
