"""Skills as a user sees and changes them: sizes, shares, names, quotas; merged and split. See ``project.skillset``.

A name, a quota or whether a Skill is hidden is a small edit. Merging and splitting make a new Clustering from the one
there is, which takes its place here and in later Runs; undo brings the old one back.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from curator.engine.arrays import open_array, save_array
from curator.engine.errors import InputError, NotReadyError
from curator.engine.history import name_of
from curator.engine.jobs import Job, Listener
from curator.engine.recipe import fingerprint
from curator.engine.records import ClusteringRecord
from curator.engine.requests import Request
from curator.engine.searching import cosines, newest_embedding
from curator.engine.store import Store
from curator.engine.store_skills import SkillStore
from curator.engine.task import Task
from curator.engine.types import Changes, Clustering, Inputs

MOST_PARTS = 20
LOOKED_AT = 2000
"""Rows of a Skill whose mean says what is typical of it."""


@dataclass(frozen=True)
class Skill:
    """One Skill of a Dataset.

    ``chosen`` counts a Subset's rows; ``quota`` caps a Run's picks, ``budget`` is how many it shall pick where its
    Selector shares over Skills; None = no such number.
    """

    number: int
    name: str
    size: int
    chosen: int
    quota: int | None = None
    hidden: bool = False
    budget: int | None = None

    @property
    def fate(self) -> str:
        """ "starved" while fewer were chosen than budgeted, "full" at its budget or cap, "" otherwise."""
        if self.budget is not None and self.chosen < self.budget:
            return "starved"
        known = [n for n in (self.quota, self.budget) if n is not None]
        return "full" if known and self.chosen >= min(known) else ""


@dataclass(frozen=True)
class ReshapeRequest:
    """Merge Skills into the first of ``numbers`` (``parts`` 0), or split the one into ``parts``."""

    handler: ClassVar[str] = "curator.engine.skills:reshape"

    clustering_id: int
    numbers: tuple[int, ...]
    parts: int = 0
    seed: int = 0

    @property
    def title(self) -> str:
        """Words for the Job."""
        return "Split a skill" if self.parts else "Merge skills"


class Skills:
    """Reached as ``project.skillset``. Skills are those of the Dataset's newest Clustering."""

    def __init__(self, store: Store, submit: Callable[[Request, Listener | None], Job]) -> None:
        self._store, self._submit = store, submit
        self._sql = SkillStore(store)

    def all(self, dataset_id: int, subset_id: int | None = None, first: int | None = None) -> list[Skill]:
        """The Skills by number, counted in a Subset (or its ``first`` picks) if one is given; [] before clustering."""
        record = self._sql.newest(dataset_id)
        if record is None:
            return []
        labels = open_array(self._store.arrays / record.labels_file)
        names = {n: name for n, name, _ in self._store.skills(record.id)}
        width = max(names, default=-1) + 1
        sizes = np.bincount(labels[labels >= 0], minlength=width)
        chosen = np.zeros(width, np.int64)
        if subset_id is not None:
            rows = [r for r in self._sql.rows(subset_id, first) if 0 <= r < len(labels)]
            picked = labels[rows]
            chosen = np.bincount(picked[picked >= 0], minlength=width)
        edits, budgets = self._sql.edits(record.id), self._sql.budgets(record.id)
        found = [
            Skill(n, name, int(sizes[n]), int(chosen[n]), *edits.get(n, (None, False)), budgets.get(n))
            for n, name in names.items()
        ]
        return [s for s in found if s.size or s.chosen]

    def typical(self, dataset_id: int, number: int, count: int = 6) -> list[int]:
        """Rows most like the mean of a Skill, the nearest first; the first rows where there is no Embedding."""
        record = self._newest(dataset_id)
        rows = np.flatnonzero(open_array(self._store.arrays / record.labels_file) == number)[:LOOKED_AT]
        embedding = newest_embedding(self._store, self._store.dataset(dataset_id))
        if embedding is None or not len(rows):
            return [int(r) for r in rows[:count]]
        vectors = open_array(self._store.arrays / embedding.file, (embedding.rows, embedding.dims))[rows]
        alive = np.isfinite(vectors[:, 0])
        values = cosines(vectors, vectors[alive].mean(axis=0)) if alive.any() else np.full(len(rows), np.nan)
        return [int(rows[i]) for i in np.argsort(-values, kind="stable")[:count]]

    def rename(self, dataset_id: int, number: int, name: str) -> Changes:
        """Give a Skill another name; raises :class:`InputError` when another Skill has it."""
        record, name = self._newest(dataset_id), name_of(name)
        if any(n != number and other == name for n, other, _ in self._store.skills(record.id)):
            raise InputError(f"There is a skill “{name}” already.", "Choose another name, or merge the two.")
        return self._sql.set(record.id, self._known(record, [number]), "name", name, f"Rename a skill to “{name}”")

    def set_quota(self, dataset_id: int, numbers: Sequence[int], quota: int | None) -> Changes:
        """Cap how many of each of these Skills a Run may pick; None lifts the cap."""
        if quota is not None and quota < 0:
            raise InputError("A quota is a whole number from 0 up.")
        record = self._newest(dataset_id)
        words = "Lift quotas" if quota is None else f"At most {quota} of {len(numbers)} skills"
        return self._sql.set(record.id, self._known(record, numbers), "quota", quota, words)

    def set_budget(self, dataset_id: int, numbers: Sequence[int], budget: int | None) -> Changes:
        """How many of each of these Skills a Run shall pick; None gives them their share of the rest again.

        Honoured by Selectors that share over Skills ("skill-quota", "multi-way"), within what a Skill has and its cap.
        """
        if budget is not None and budget < 0:
            raise InputError("A budget is a whole number from 0 up.")
        record = self._newest(dataset_id)
        words = "Lift budgets" if budget is None else f"Budget {budget} for {len(numbers)} skills"
        return self._sql.set(record.id, self._known(record, numbers), "budget", budget, words)

    def hide(self, dataset_id: int, numbers: Sequence[int], hidden: bool = True) -> Changes:
        """Leave Skills out of the list, or show them again; Runs do not care."""
        record = self._newest(dataset_id)
        words = f"{'Hide' if hidden else 'Show'} {len(numbers)} skills"
        return self._sql.set(record.id, self._known(record, numbers), "hidden", int(hidden), words)

    def submit_merge(self, dataset_id: int, numbers: Sequence[int], listener: Listener | None = None) -> Job:
        """Make one Skill of several; it has the name of the largest."""
        record = self._newest(dataset_id)
        if len(set(self._known(record, numbers))) < 2:
            raise InputError("Merging takes at least two skills.")
        sizes = {s.number: s.size for s in self.all(dataset_id)}
        order = sorted(set(numbers), key=lambda n: (-sizes.get(n, 0), n))
        return self._submit(ReshapeRequest(record.id, tuple(order)), listener)

    def submit_split(self, dataset_id: int, number: int, parts: int = 2, listener: Listener | None = None) -> Job:
        """Divide a Skill into ``parts`` by k-means over its vectors."""
        record = self._newest(dataset_id)
        if not 2 <= parts <= MOST_PARTS:
            raise InputError(f"A skill is split into 2 to {MOST_PARTS} parts.")
        return self._submit(ReshapeRequest(record.id, tuple(self._known(record, [number])), parts), listener)

    def _newest(self, dataset_id: int) -> ClusteringRecord:
        record = self._sql.newest(dataset_id)
        if record is None:
            raise NotReadyError("This dataset has no skills yet.", "Run a recipe with a clusterer first.")
        return record

    def _known(self, record: ClusteringRecord, numbers: Sequence[int]) -> list[int]:
        known = {n for n, _, _ in self._store.skills(record.id)}
        for number in numbers:
            if number not in known:
                raise InputError(f"There is no skill {number}.", "See them with: curator skills list PROJECT")
        return [int(n) for n in numbers]


# ---- in the worker --------------------------------------------------------------------------------------------


def reshape(store: Store, request: ReshapeRequest, task: Task, *, polite: bool = False) -> Changes:
    """Carry out a :class:`ReshapeRequest`: labels and membership of a new Clustering."""
    sql = SkillStore(store)
    parent = sql.edited(request.clustering_id)
    name = fingerprint(
        {"made from": parent.fingerprint, "numbers": request.numbers, "parts": request.parts, "seed": request.seed}
    )
    labels = np.array(open_array(store.arrays / parent.labels_file), np.int32)
    membership = np.array(open_array(store.arrays / parent.membership_file)) if parent.membership_file else None
    names = [text for _, text, _ in store.skills(parent.id)]
    if request.parts:
        words = f"Split “{names[request.numbers[0]]}” into {request.parts}"
        labels, membership, names = _split(store, parent, request, labels, membership, names, task)
    else:
        words = f"Merge {len(request.numbers)} skills into “{names[request.numbers[0]]}”"
        labels, membership = _merge(request.numbers, labels, membership)
    task.check()
    labels_file = f"skills-{name[:32]}.npy"
    membership_file = f"membership-{name[:32]}.npy" if membership is not None else ""
    save_array(store.arrays / labels_file, labels)
    if membership is not None:
        save_array(store.arrays / membership_file, membership)
    values = {
        "fingerprint": name,
        "labels_file": labels_file,
        "membership_file": membership_file,
        "params": {"numbers": list(request.numbers), "parts": request.parts},
    }
    sizes = np.bincount(labels[labels >= 0], minlength=len(names))
    return sql.add(parent, values, names, sizes.tolist(), words)


def _merge(
    numbers: Sequence[int], labels: NDArray[np.int32], membership: NDArray[Any] | None
) -> tuple[NDArray[np.int32], NDArray[Any] | None]:
    """All rows of ``numbers`` to the first; its share of a membership is the sum, theirs is 0."""
    first, rest = numbers[0], list(numbers[1:])
    labels[np.isin(labels, rest)] = first
    if membership is not None:
        membership[:, first] += membership[:, rest].sum(axis=1)
        membership[:, rest] = 0
    return labels, membership


def _split(
    store: Store,
    parent: ClusteringRecord,
    request: ReshapeRequest,
    labels: NDArray[np.int32],
    membership: NDArray[Any] | None,
    names: list[str],
    task: Task,
) -> tuple[NDArray[np.int32], NDArray[Any] | None, list[str]]:
    """The first part keeps number and place; the others are new Skills at the end.

    A row's share in the old Skill goes to its own part; rows outside the Skill share theirs equally.
    """
    from curator.engine import vectors

    number, parts = request.numbers[0], request.parts
    embedding = newest_embedding(store, store.dataset(parent.dataset_id))
    rows = np.flatnonzero(labels == number)
    if embedding is None or len(rows) < parts:
        raise InputError(f"“{names[number]}” is too small to be split into {parts}.")
    matrix = np.asarray(open_array(store.arrays / embedding.file, (embedding.rows, embedding.dims))[rows], np.float32)
    found = vectors.k_means(matrix, parts, spherical=True, seed=request.seed, task=task).labels
    part = np.maximum(np.asarray(found, np.int32), 0)
    to = np.array([number, *range(len(names), len(names) + parts - 1)], np.int32)
    labels[rows] = to[part]
    if membership is not None:
        share = membership[:, number].copy()
        membership = np.concatenate([membership, np.zeros((len(labels), parts - 1), membership.dtype)], axis=1)
        membership[:, to] = (share / parts)[:, None]
        membership[np.ix_(rows, to)] = 0
        membership[rows, to[part]] = share[rows]
    base = names[number]
    names = [*names, *(f"{base} {i}" for i in range(2, parts + 1))]
    names[number] = f"{base} 1"
    return labels, membership, names


# ---- in a Run -------------------------------------------------------------------------------------------------


def as_edited(store: Store, clustering_id: int, found: Clustering) -> tuple[int, Clustering, str]:
    """The Clustering that a Run should use in the place of one that was made: as the user merged and split it.

    Returns:
        its id, itself, and its fingerprint ("" when nothing was changed).
    """
    record = SkillStore(store).edited(clustering_id)
    if record.id == clustering_id:
        return clustering_id, found, ""
    membership = open_array(store.arrays / record.membership_file) if record.membership_file else None
    names = tuple(name for _, name, _ in store.skills(record.id))
    labels = open_array(store.arrays / record.labels_file)
    return record.id, Clustering(labels, membership, names), record.fingerprint


def edits_of(store: Store, dataset_id: int) -> list[Any]:
    """All that a user changed about a Dataset's Skills and that changes a Run, for its fingerprint; [] for nothing."""
    return SkillStore(store).changed(dataset_id)


def with_skill_quotas(store: Store, clustering_id: int | None, inputs: Inputs, by: str) -> Inputs:
    """Budgets of Skills, and caps by their quotas beneath those of a Recipe; none where a Recipe counts by class."""
    if clustering_id is None or inputs.skills is None:
        return inputs
    if wanted := SkillStore(store).budgets(clustering_id):
        budgets = np.full(len(inputs.skill_names), -1, np.int64)
        budgets[list(wanted)] = list(wanted.values())
        inputs = dataclasses.replace(inputs, budgets=budgets)
    if by == "class":
        return inputs
    quotas = {n: q for n, (q, _) in SkillStore(store).edits(clustering_id).items() if q is not None}
    if not quotas:
        return inputs
    caps = np.full(len(inputs.skill_names), inputs.n, np.int64) if inputs.caps is None else inputs.caps.copy()
    for number, quota in quotas.items():
        caps[number] = min(int(caps[number]), quota)
    return dataclasses.replace(inputs, groups=inputs.skills, caps=caps)
