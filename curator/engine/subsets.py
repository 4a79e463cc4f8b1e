"""Subsets beside one another: compare, unite, intersect, subtract, trim, and where one comes from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from curator.engine.arrays import open_array
from curator.engine.correcting import correct, pin_in_subset
from curator.engine.errors import InputError
from curator.engine.history import name_of
from curator.engine.records import Subset
from curator.engine.store import Store
from curator.engine.store_made import MadeSubsets, Pick, ids_of
from curator.engine.types import Changes

WORDS = {"union": "or", "intersect": "and", "subtract": "without"}
MEASURES = ("mean_similarity", "radius", "skills", "classes")


@dataclass(frozen=True)
class Balance:
    """One skill or class: samples in A, in B, and in the pile."""

    name: str
    a: int
    b: int
    pile: int


@dataclass(frozen=True)
class Comparison:
    """Two Subsets of one Dataset.

    Attributes:
        only_a, only_b, both: sample ids, by their rank in the Subset named first.
        overlap: size of both over the size of either (Jaccard), NaN for two empty Subsets.
        skills, classes: counts side by side, the largest in the pile first; skills only where both Subsets were made
            with the same Clustering.
        figures: name -> (of A, of B), from the Runs' own measurements; None where one has none.
    """

    a: Subset
    b: Subset
    only_a: tuple[int, ...]
    only_b: tuple[int, ...]
    both: tuple[int, ...]
    overlap: float
    skills: tuple[Balance, ...]
    classes: tuple[Balance, ...]
    figures: dict[str, tuple[Any, Any]]


class Subsets:
    """What a Project can do with its Subsets. Every change is one step of the history."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rows = MadeSubsets(store)

    def at_hand(self, subset_id: int) -> bool:
        """Whether its counts and its budget dial are known, or soon read; else ask for them beside the window."""
        return self._store.at_hand(subset_id)

    def compare(self, a: int | str, b: int | str) -> Comparison:
        """Two Subsets side by side; raises :class:`InputError` when they are of different Datasets."""
        first, second = self._pair(a, b)
        mine, theirs = (self._store.subset_sample_ids(s.id).tolist() for s in (first, second))
        in_a, in_b = set(mine), set(theirs)
        both = tuple(i for i in mine if i in in_b)
        either = len(in_a | in_b)
        counts = [self._store.counts(s.id) for s in (first, second)]
        same = self._rows.clustering_of(first.id)[0] == self._rows.clustering_of(second.id)[0]
        return Comparison(
            first,
            second,
            tuple(i for i in mine if i not in in_b),
            tuple(i for i in theirs if i not in in_a),
            both,
            len(both) / either if either else float("nan"),
            _side_by_side(counts[0]["skill"], counts[1]["skill"]) if same else (),
            _side_by_side(counts[0]["class"], counts[1]["class"]),
            {m: (_figure(first, m, counts[0]), _figure(second, m, counts[1])) for m in MEASURES},
        )

    def union(self, a: int | str, b: int | str, name: str = "") -> Changes:
        """A new Subset: A in its order, then what only B has."""
        return self._combine("union", a, b, name)

    def intersect(self, a: int | str, b: int | str, name: str = "") -> Changes:
        """A new Subset: what both have, in A's order."""
        return self._combine("intersect", a, b, name)

    def subtract(self, a: int | str, b: int | str, name: str = "") -> Changes:
        """A new Subset: what only A has, in its order."""
        return self._combine("subtract", a, b, name)

    def trim(self, key: int | str, keep: int, name: str = "") -> Changes:
        """A new Subset of the first ``keep`` picks: what the same Run at that budget would have chosen, where its last
        selector is greedy. Raises :class:`InputError` when there are not so many."""
        subset = self._store.subset(key)
        if not 1 <= keep <= subset.size:
            raise InputError(f"“{subset.name}” has {subset.size:,} samples.", f"Keep between 1 and {subset.size:,}.")
        made = f"first {keep:,} of “{subset.name}”"
        clustering, _ = self._rows.clustering_of(subset.id)
        return self._add(
            name or f"{_short(subset.name)}, first {keep}", subset, self._rows.picks(subset.id, keep), made, clustering
        )

    def by_hand(self, name: str, dataset_id: int, sample_ids: Sequence[int]) -> Changes:
        """A new Subset of these Samples, in this order; their Skills are those of the Dataset's newest Subset."""
        name_of(name)
        ids = list(dict.fromkeys(int(i) for i in sample_ids))
        if not ids:
            raise InputError("Nothing is highlighted.", "Highlight the samples that the subset shall have.")
        rows = self._store.rows_of(dataset_id, ids)
        clustering, file = self._rows.newest_clustering(dataset_id)
        skills = self._skills(file, rows)
        picks: list[Pick] = [(i, None, None, "chosen by hand", None, s) for i, s in zip(ids, skills, strict=True)]
        pile = self._store.dataset(dataset_id).size
        summary = {"size": len(ids), "pile": pile, "made": "chosen by hand"}
        return self._rows.add(name, dataset_id, picks, summary=summary, clustering_id=clustering)

    def pin(self, key: int | str, sample_ids: Sequence[int], state: str) -> Changes:
        """Pin Samples "in" or "out" with a Subset in view: what is pinned out leaves it, what is pinned in joins it.

        A locked Subset stays as it is; ``notes`` of the result say what became of it.
        """
        subset = self._store.subset(key)
        return pin_in_subset(self._store, subset, sample_ids, state, self._skills_in(subset))

    def correct(self, key: int | str, add: Sequence[str] = (), remove: Sequence[str] = ()) -> Changes:
        """Add Samples to a Subset and take others out, each named by its source or id, in one step of the history; they
        are pinned in and out for later Runs too. Raises :class:`InputError` when a name says no Sample, or the Subset
        cannot be corrected."""
        subset = self._store.subset(key)
        return correct(self._store, subset, add, remove, self._skills_in(subset))

    def _skills_in(self, subset: Subset) -> Callable[[Sequence[int]], list[int | None]]:
        """Rows of the Dataset -> the Skill of each, in the Clustering of the Subset."""
        file = self._rows.clustering_of(subset.id)[1]
        return lambda rows: self._skills(file, np.array(rows, np.int64))

    def duplicate(self, key: int | str, name: str = "") -> Changes:
        """A copy under another name, to change while the original stays."""
        subset = self._store.subset(key)
        clustering, _ = self._rows.clustering_of(subset.id)
        made = f"copy of “{subset.name}”"
        return self._add(name or f"{_short(subset.name)} copy", subset, self._rows.picks(subset.id), made, clustering)

    def rename(self, key: int | str, name: str) -> Changes:
        """Give a Subset another name."""
        return self._store.rename_subset(self._store.subset(key).id, name)

    def lock(self, key: int | str, locked: bool = True) -> Changes:
        """Protect a Subset from being renamed, noted, corrected or removed; or let it go."""
        return self._store.set_locked(self._store.subset(key).id, locked)

    def note(self, key: int | str, text: str) -> Changes:
        """Write a note beside a Subset."""
        return self._store.set_note(self._store.subset(key).id, text)

    def remove(self, key: int | str) -> Changes:
        """Hide a Subset; undo brings it back."""
        return self._store.hide_subset(self._store.subset(key).id)

    def card(self, key: int | str) -> dict[str, Any]:
        """Where a Subset comes from: recipe, seed, device, versions, fingerprints, how it was made."""
        return self._store.provenance(self._store.subset(key).id)

    def _pair(self, a: int | str, b: int | str) -> tuple[Subset, Subset]:
        first, second = self._store.subset(a), self._store.subset(b)
        if first.dataset_id != second.dataset_id:
            raise InputError(
                f"“{first.name}” and “{second.name}” are of different datasets.", "Choose two of the same dataset."
            )
        return first, second

    def _combine(self, how: str, a: int | str, b: int | str, name: str) -> Changes:
        first, second = self._pair(a, b)
        mine, theirs = self._rows.picks(first.id), self._rows.picks(second.id)
        clustering, file = self._rows.clustering_of(first.id)
        if how == "union":
            known = ids_of(mine)
            more = [pick for pick in theirs if pick[0] not in known]
            if clustering != self._rows.clustering_of(second.id)[0]:
                rows = self._store.rows_of(first.dataset_id, [pick[0] for pick in more])
                more = [(*pick[:5], s) for pick, s in zip(more, self._skills(file, rows), strict=True)]
            picks = [*mine, *more]
        else:
            known = ids_of(theirs)
            picks = [pick for pick in mine if (pick[0] in known) == (how == "intersect")]
        if not picks:
            raise InputError(
                f"“{first.name}” {WORDS[how]} “{second.name}” has no sample.", "Compare the two to see what they share."
            )
        made = f"“{first.name}” {WORDS[how]} “{second.name}”"
        title = name or f"{_short(first.name)} {WORDS[how]} {_short(second.name)}"
        return self._add(title, first, picks, made, clustering)

    def _add(self, name: str, source: Subset, picks: list[Pick], made: str, clustering: int | None) -> Changes:
        run = source.run_id if source.run_id is not None else source.summary.get("from_run")
        pile = self._store.dataset(source.dataset_id).size
        summary = {"size": len(picks), "pile": pile, "made": made, "from_run": run}
        return self._rows.add(name, source.dataset_id, picks, summary=summary, clustering_id=clustering)

    def _skills(self, file: str, rows: Any) -> list[int | None]:
        """The Skill of each row in a Clustering that may be shorter than the Dataset is by now, or gone."""
        if not file or not (self._store.arrays / file).is_file():
            return [None] * len(rows)
        labels = open_array(self._store.arrays / file)
        found = np.where(rows < len(labels), labels[np.minimum(rows, len(labels) - 1)], -1) if len(labels) else rows * 0
        return [None if s < 0 else int(s) for s in found.tolist()]


def _figure(subset: Subset, name: str, counts: dict[str, list[tuple[str, int, int]]]) -> Any:
    """A measure of the Run, or what the counts say of skills and classes where there was no Run."""
    rows = counts.get({"skills": "skill", "classes": "class"}.get(name, ""), [])
    if name in subset.summary or not rows:
        return subset.summary.get(name)
    return [sum(1 for _, chosen, _ in rows if chosen), len(rows)]


def _side_by_side(a: list[tuple[str, int, int]], b: list[tuple[str, int, int]]) -> tuple[Balance, ...]:
    """By place where both lists name the same things in the same order (two skills may share a name), else by name."""
    if [(n, p) for n, _, p in a] == [(n, p) for n, _, p in b]:
        return tuple(Balance(n, c, d, pile) for (n, c, pile), (_, d, _) in zip(a, b, strict=True))
    counts = {name: (count, pile) for name, count, pile in b}
    names = Counter(name for name, _, _ in a)
    return tuple(Balance(n, c, counts.get(n, (0, pile))[0] if names[n] == 1 else 0, pile) for n, c, pile in a)


def _short(name: str) -> str:
    return name if len(name) <= 60 else f"{name[:59]}…"
