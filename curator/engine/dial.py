"""The budget dial: a Ranking is nested, so one Run answers every smaller budget at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from curator.engine.arrays import open_array, save_array
from curator.engine.errors import NotReadyError
from curator.engine.recipe import fingerprint
from curator.engine.store import Store
from curator.engine.store_made import MadeSubsets, Members
from curator.engine.types import Changes, Ints, Rows

if TYPE_CHECKING:
    from curator.engine.records import EmbeddingRecord, Subset
    from curator.engine.task import Task

Doubles = NDArray[np.float64]
STOPS = 64
"""Budgets that coverage is measured at; between them it is interpolated."""
LETTERS_PER_TOKEN = 4.0
"""A rough figure for English text and common tokenizers; for another text or tokenizer it may be off by half."""


@dataclass(frozen=True)
class MeasureRequest:
    """Measure how well each smaller budget of a Subset covers its pile."""

    handler: ClassVar[str] = "curator.engine.dial:measure"

    subset: str
    device: str = "auto"

    @property
    def title(self) -> str:
        """Words for the Job."""
        return f"Measure every budget of {self.subset}"


@dataclass(frozen=True)
class Reading:
    """What the first ``keep`` samples are worth.

    Attributes:
        keep, share: how many samples, and which share of the pile.
        tokens: a rough count of the tokens of their text (characters / 4).
        skills, classes: how many are covered.
        mean_similarity: of every sample of the pile to its closest pick (cosine), NaN before it was measured.
        radius: distance of the worst covered sample (Euclidean, of unit vectors), NaN before it was measured.
        mix: (class, samples of it), the largest first.
    """

    keep: int
    share: float
    tokens: int
    skills: int
    classes: int
    mean_similarity: float
    radius: float
    mix: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Dial:
    """Everything that a smaller budget changes, for all budgets of one Subset.

    Attributes:
        size, pile: samples in the Subset, and in its Dataset.
        tokens: int64 [b], rough tokens of the first i + 1 samples.
        skills: int64 [b], skills that these cover, of ``skill_count``.
        classes: int32 [b], class code of each sample (-1 = none), and the names.
        stops, mean, radius: int64 and float64 [s], coverage where it was measured; empty before that.
    """

    size: int
    pile: int
    tokens: Rows
    skills: Rows
    skill_count: int
    classes: Ints
    class_names: tuple[str, ...]
    stops: Rows
    mean: Doubles
    radius: Doubles

    @property
    def measured(self) -> bool:
        """Whether coverage is known."""
        return len(self.stops) > 0

    @property
    def knee(self) -> int:
        """The budget from which more samples add less than on average (0 = there is none).

        The point of the growing curve that lies farthest above its chord (Satopaa et al., Finding a "Kneedle" in a
        Haystack, 2011); of coverage where it is measured, else of the skills covered.
        """
        if self.measured:
            return _knee(self.stops.astype(np.float64), self.mean)
        return _knee(np.arange(1, self.size + 1, dtype=np.float64), self.skills.astype(np.float64))

    def fits(self, tokens: int) -> int:
        """How many of the first samples stay within so many tokens; never fewer than one."""
        return max(1, int(np.searchsorted(self.tokens, tokens, "right")))

    def at(self, keep: int) -> Reading:
        """The first ``keep`` samples (brought into range)."""
        keep = min(max(1, keep), max(1, self.size))
        codes = self.classes[:keep]
        counts = np.bincount(codes[codes >= 0], minlength=len(self.class_names))
        order = np.argsort(-counts, kind="stable")
        mix = tuple((self.class_names[i], int(counts[i])) for i in order.tolist() if counts[i])
        mean = radius = float("nan")
        if self.measured:
            mean = float(np.interp(keep, self.stops, self.mean))
            radius = float(self.radius[max(0, int(np.searchsorted(self.stops, keep, "right")) - 1)])
        empty = self.size == 0
        return Reading(
            keep,
            keep / self.pile if self.pile else 0.0,
            0 if empty else int(self.tokens[keep - 1]),
            0 if empty else int(self.skills[keep - 1]),
            len(mix),
            mean,
            radius,
            mix,
        )


class Dials:
    """Budget dials of a Project's Subsets."""

    def __init__(self, store: Store, submit: Callable[..., Any]) -> None:
        self._store, self._rows, self._submit = store, MadeSubsets(store), submit

    def of(self, key: int | str) -> Dial:
        """The dial of a Subset; its coverage is empty until :meth:`submit` has measured it."""
        subset = self._store.subset(key)
        members = self._rows.members(subset.id)
        codes, names = self._store.class_codes(subset.dataset_id)
        clustering, _ = self._rows.clustering_of(subset.id)
        stops, mean, radius = self._coverage(subset, members)
        letters = np.cumsum(members.letters)
        return Dial(
            subset.size,
            self._store.dataset(subset.dataset_id).size,
            np.ceil(letters / LETTERS_PER_TOKEN).astype(np.int64),
            _distinct(members.skills),
            len(self._rows.skill_names(clustering)),
            codes[members.rows],
            names,
            stops,
            mean,
            radius,
        )

    def submit(self, key: int | str, device: str = "auto", listener: Any = None) -> Any:
        """Measure the coverage of every smaller budget, in the background; kept for the next time."""
        return self._submit(MeasureRequest(self._store.subset(key).name, device), listener)

    def _coverage(self, subset: Subset, members: Members) -> tuple[Rows, Doubles, Doubles]:
        found = _place(self._store, subset, members)
        if found is None or not found[1].is_file():
            return np.empty(0, np.int64), np.empty(0), np.empty(0)
        curve = np.asarray(open_array(found[1]))
        return curve[:, 0].astype(np.int64), curve[:, 1], np.sqrt(np.maximum(0, 2 - 2 * curve[:, 2]))


def measure(store: Store, request: MeasureRequest, task: Task, *, polite: bool = False) -> Changes:
    """Coverage at :data:`STOPS` budgets of a Subset, kept as an array.

    Raises:
        NotReadyError: the Dataset has no Embedding to measure with.
    """
    from curator.engine.device import choose_device
    from curator.engine.vectors import closeness_curve

    subset = store.subset(request.subset)
    members = MadeSubsets(store).members(subset.id)
    found = _place(store, subset, members)
    if found is None or not subset.size:
        raise NotReadyError(f"“{subset.name}” has no vectors to measure with.", "Run a recipe on its dataset first.")
    record, file = found
    vectors = open_array(store.arrays / record.file, (record.rows, record.dims))
    alive = np.isfinite(vectors[:, 0])
    picks = members.rows[alive[members.rows]]
    stops = _stops(len(picks))
    device = choose_device(request.device).name
    curve = closeness_curve(vectors, np.flatnonzero(alive), picks, stops, task=task, device=device)
    save_array(file, np.column_stack([stops, curve]))
    return Changes(frozenset({"dial"}), ("subset", subset.id))


def embedding_of(store: Store, subset: Subset, last_row: int) -> EmbeddingRecord | None:
    """The Embedding that a Subset is looked at with: the Run's own, else the newest that reaches ``last_row``."""
    run_id = subset.run_id if subset.run_id is not None else subset.summary.get("from_run")
    own = store.embedding(str(store.run(run_id).fingerprints.get("embedding", ""))) if run_id is not None else None
    rivals = [e for e in store.embeddings(subset.dataset_id) if e.rows > last_row]
    record = own if own is not None and own.rows > last_row else rivals[-1] if rivals else None
    return record if record is not None and (store.arrays / record.file).is_file() else None


def _place(store: Store, subset: Subset, members: Members) -> tuple[EmbeddingRecord, Path] | None:
    """The Embedding to measure with, and the curve's file."""
    record = embedding_of(store, subset, int(members.rows.max(initial=-1)))
    if record is None:
        return None
    name = fingerprint({"dial": 1, "embedding": record.fingerprint, "rows": members.rows.tolist()})
    return record, store.arrays / f"dial-{name[:32]}.npy"


def _stops(b: int) -> Rows:
    """Budgets from 1 to b, denser where they are small."""
    return np.unique(np.round(np.geomspace(1, max(b, 1), STOPS)).astype(np.int64))[: max(b, 0)]


def _distinct(codes: Rows) -> Rows:
    """int64 [b]: distinct codes from 0 up among the first i + 1."""
    new = np.zeros(len(codes), np.int64)
    found, first = np.unique(codes, return_index=True)
    new[first[found >= 0]] = 1
    return np.cumsum(new)


def _knee(x: Doubles, y: Doubles) -> int:
    if len(x) < 3 or y[-1] <= y[0]:
        return 0
    above = (y - y[0]) / (y[-1] - y[0]) - (x - x[0]) / (x[-1] - x[0])
    place = int(above.argmax())
    return int(x[place]) if above[place] > 0.05 else 0
