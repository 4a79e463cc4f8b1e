"""Subsets: their rows, what was left out, names, notes and locks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from curator.engine.errors import InputError
from curator.engine.history import clean, name_of, now
from curator.engine.records import Omission, Subset, SubsetRow
from curator.engine.store_artefacts import ArtefactStore
from curator.engine.store_columns import ColumnStore
from curator.engine.store_labels import AT_ONCE
from curator.engine.store_samples import LABELS, inside
from curator.engine.types import Changes, ExportItem, Rows

_SUBSET = "select id, name, dataset_id, run_id, created, size, note, locked, summary from subset"


class SubsetStore(ArtefactStore):
    """What a Project knows of its Subsets."""

    def subsets(self, dataset_id: int | None = None) -> list[Subset]:
        """All visible Subsets, or those of one Dataset, oldest first."""
        sql = f"{_SUBSET} where not hidden and (? is null or dataset_id = ?) order by id"
        return [_subset(r) for r in self.rows(sql, (dataset_id, dataset_id))]

    def subset(self, key: int | str) -> Subset:
        """A visible Subset by name or id; raises :class:`InputError` naming those there are."""
        found = self.subsets()
        by_name = [s for s in found if s.name == key]
        by_id = [s for s in found if str(s.id) == str(key)]
        if by_name or by_id:
            return (by_name or by_id)[0]
        raise InputError(f"There is no subset “{key}”.", f"Known: {', '.join(s.name for s in found) or 'none'}.")

    def subset_of_run(self, run_id: int) -> Subset:
        """The visible Subset that a Run made; raises :class:`InputError`."""
        found = self.rows(f"{_SUBSET} where run_id = ? and not hidden", (run_id,))
        if not found:
            raise InputError(f"Run {run_id} has no subset.")
        return _subset(found[0])

    def subset_rows(self, subset_id: int, first_rank: int = 1, count: int = 200) -> list[SubsetRow]:
        """A page of a Subset by rank."""
        sql = (
            "select rank, sample.id, sample.row, sample.source, sample.text, gain, weight, reason, nearest_id,"
            " coalesce(skill.name, ''),"
            f" {LABELS}"
            " from subset_sample join subset on subset.id = subset_id join sample on sample.id = sample_id"
            " left join skill on skill.clustering_id = subset.clustering_id and skill.number = subset_sample.skill"
            " where subset_id = ? and rank >= ? and rank < ? order by rank"
        )
        found = self.rows(sql, (subset_id, first_rank, first_rank + count))
        return [SubsetRow(*[*r[:10], tuple(json.loads(r[10] or "[]"))]) for r in found]

    def subset_sample_ids(self, subset_id: int) -> Rows:
        """int64 [b]: sample ids in rank order."""
        sql = "select sample_id from subset_sample where subset_id = ? order by rank"
        return np.array([i for (i,) in self.rows(sql, (subset_id,))], np.int64)

    def omissions(self, subset_id: int, first: int = 0, count: int = 200) -> list[Omission]:
        """A page of what a Subset's Run left out for a stated cause."""
        sql = (
            "select sample_id, a.source, stage, reason, covered_by, coalesce(b.source, ''), similarity"
            " from (select * from left_out where subset_id = ? order by sample_id limit ? offset ?)"
            " join sample a on a.id = sample_id left join sample b on b.id = covered_by order by sample_id"
        )
        return [Omission(*r) for r in self.rows(sql, (subset_id, count, first))]

    def count_omissions(self, subset_id: int) -> int:
        """How many Samples a Subset's Run left out for a stated cause."""
        return int(self.one("select count(*) from left_out where subset_id = ?", (subset_id,)))

    def at_hand(self, subset_id: int) -> bool:
        """Whether :meth:`counts` and a budget dial take no longer than a window can wait."""
        subset = self.subset(subset_id)
        return subset.size <= AT_ONCE and self.labels_at_hand(subset.dataset_id)

    def counts(self, subset_id: int, first: int | None = None) -> dict[str, list[tuple[str, int, int]]]:
        """Per skill and per class: (name, in the Subset or among its ``first`` picks, in the pile), by falling pile."""
        last = 2**62 if first is None else first
        subset = self.subset(subset_id)
        clustering = self.one("select clustering_id from subset where id = ?", (subset_id,))
        sql = (
            "select name, coalesce(chosen, 0), size from skill left join"
            " (select skill as of, count(*) as chosen from subset_sample where subset_id = ? and rank <= ?"
            " group by skill)"
            " on of = number where clustering_id = ? order by size desc, number"
        )
        by_skill = self.rows(sql, (subset_id, last, clustering))
        codes, names = self.class_codes(subset.dataset_id)
        (picked,) = ColumnStore(self).picks(subset_id, "row", first=first)
        chosen = np.bincount(codes[picked][codes[picked] >= 0], minlength=len(names))
        pile = np.bincount(codes[codes >= 0], minlength=len(names))
        by_class = sorted(zip(names, chosen.tolist(), pile.tolist(), strict=True), key=lambda c: (-c[2], c[0]))
        return {"skill": by_skill, "class": by_class}

    def unique_subset_name(self, base: str) -> str:
        """``base``, or ``base (2)`` and so on when it is taken."""
        taken = {n for (n,) in self.rows("select name from subset where not hidden")}
        base = name_of(base)
        name, number = base, 1
        while name in taken:
            number += 1
            name = f"{base[:190].rstrip()} ({number})"
        return name

    def _free_name(self, name: str) -> str:
        name = name_of(name)
        if any(s.name == name for s in self.subsets()):
            raise InputError(f"There is a subset “{name}” already.", "Choose another name.")
        return name

    def add_subset(self, name: str, dataset_id: int, sample_ids: Sequence[int], label: str, note: str = "") -> Changes:
        """Save a Subset made by hand, in the order given."""
        ids = list(dict.fromkeys(int(i) for i in sample_ids))
        self.rows_of(dataset_id, ids)
        with self.write():
            name = self._free_name(name)
            sql = "insert into subset (name, dataset_id, created, size, note, hidden) values (?, ?, ?, ?, ?, 1)"
            subset_id = int(self.db.execute(sql, (name, dataset_id, now(), len(ids), clean(note))).lastrowid or 0)
            self.db.conn.executemany(
                "insert into subset_sample values (?, ?, ?, null, null, 'chosen by hand', null, null)",
                [(subset_id, rank + 1, i) for rank, i in enumerate(ids)],
            )
            self.change(label, (), [("subset", subset_id)])
        return Changes(frozenset({"subset", "subset_sample", "history"}), ("subset", subset_id), label)

    def rename_subset(self, subset_id: int, name: str) -> Changes:
        """Give a Subset another name; raises :class:`InputError` when it is taken or the Subset is locked."""
        with self.write():
            name = self._free_name(name)
            return self._edit_subset(subset_id, "name", name, f"Rename to “{name}”")

    def set_note(self, subset_id: int, note: str) -> Changes:
        """Write a note beside a Subset."""
        return self._edit_subset(subset_id, "note", clean(note), "Change a note")

    def set_locked(self, subset_id: int, locked: bool) -> Changes:
        """Protect a Subset from change, or let it go."""
        return self._edit_subset(subset_id, "locked", int(locked), "Lock" if locked else "Unlock")

    def hide_subset(self, subset_id: int) -> Changes:
        """Remove a Subset from sight; undo brings it back."""
        return self._edit_subset(subset_id, "hidden", 1, f"Remove “{self.subset(subset_id).name}”")

    def _edit_subset(self, subset_id: int, column: str, value: Any, label: str) -> Changes:
        subset = self.subset(subset_id)
        if subset.locked and column != "locked":
            raise InputError(f"“{subset.name}” is locked.", "Unlock it first.")
        with self.write():
            self.change(label, [("subset", subset_id, column, value)])
        return Changes(frozenset({"subset", "history"}), ("subset", subset_id), label)

    def export_items(self, subset_id: int) -> Iterator[ExportItem]:
        """The Samples of a Subset in rank order, a page at a time."""
        subset = self.subset(subset_id)
        root = self.dataset(subset.dataset_id).root
        for first in range(1, subset.size + 1, 1000):
            page = self.subset_rows(subset_id, first, 1000)
            for row, sample in zip(page, self.samples_by_id([r.sample_id for r in page]), strict=True):
                yield ExportItem(
                    rank=row.rank,
                    source=sample.source,
                    digest=sample.digest,
                    text=sample.text,
                    record=sample.record,
                    images=tuple(root / name for name in inside(sample.images)),
                    image_names=sample.images,
                    labels=row.labels,
                    gain=row.gain,
                    weight=row.weight,
                    reason=row.reason,
                    skill=row.skill,
                    split=sample.split,
                )


def _subset(r: tuple[Any, ...]) -> Subset:
    return Subset(*[*r[:7], bool(r[7]), json.loads(r[8])])
