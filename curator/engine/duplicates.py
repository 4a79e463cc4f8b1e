"""What each threshold of the redundancy selector would drop, told at once from one list of near-duplicate pairs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from curator.engine.arrays import open_array, save_array
from curator.engine.errors import NotReadyError
from curator.engine.recipe import AUTO, Recipe, fingerprint
from curator.engine.registry import registry
from curator.engine.store import Store
from curator.engine.types import Changes, Floats, Rows

if TYPE_CHECKING:
    from curator.engine.records import EmbeddingRecord
    from curator.engine.task import Task

REACH = 0.15
"""How far below the encoder's own threshold pairs are listed at first."""
MOST = 2_000_000
"""Pairs kept; where there are more, the list begins at a higher cosine."""
TIE = 1e-9
"""Cosines are compared with the threshold less this, as the selector does."""
ROUNDING = 1e-6
"""Kept cosines are float32; those closer than this to the threshold are computed again in float64."""
EXAMPLES = 6
ROUNDS = 30
"""Most piles are settled in ten; what is left of a long chain (a film, frame by frame) is settled row by row."""


@dataclass(frozen=True)
class PairsRequest:
    """List the near-duplicate pairs of a Dataset, in the space of a Recipe's (TOML text) encoder."""

    handler: ClassVar[str] = "curator.engine.duplicates:list_pairs"

    dataset: str
    recipe: str
    device: str = AUTO

    @property
    def title(self) -> str:
        """Words for the Job."""
        return f"Look for near-duplicates in {self.dataset}"


@dataclass(frozen=True)
class Likeness:
    """Two Samples by id, the earlier first, and their cosine."""

    a: int
    b: int
    similarity: float


@dataclass(frozen=True)
class Cut:
    """What a threshold does.

    Attributes:
        dropped, kept: Samples.
        above: pairs just at or above the threshold, the least alike first.
        below: pairs just below it, the most alike first.
    """

    threshold: float
    dropped: int
    kept: int
    above: tuple[Likeness, ...]
    below: tuple[Likeness, ...]


@dataclass(frozen=True)
class PairList:
    """The pairs of a Dataset at or above ``floor``, known to the window.

    Attributes:
        suits: the threshold that suits the encoder (what 0 stands for).
        left, right: int64 [p], rows, left < right, by falling similarity.
        similarity: float32 [p].
        alive: bool [n], rows that a Run would look at.
        pinned: int64, rows that stay whatever they are like.
        zeros: int64, rows of zeros: copies of one another.
    """

    encoder: str
    floor: float
    suits: float
    left: Rows
    right: Rows
    similarity: Floats
    alive: NDArray[np.bool_]
    pinned: Rows
    zeros: Rows
    vectors: NDArray[Any]
    ids: Rows

    def cut(self, threshold: float, examples: int = EXAMPLES) -> Cut:
        """Count and examples at ``threshold`` (0 = what suits; brought up to ``floor``)."""
        threshold = max(threshold or self.suits, self.floor)
        place = self._place(threshold)
        dropped = int(self._dropped(place).sum())
        shown = self._examples(slice(max(0, place - examples), place))[::-1]
        return Cut(
            threshold,
            dropped,
            int(self.alive.sum()) - dropped,
            shown,
            self._examples(slice(place, place + examples)),
        )

    def dropped_rows(self, threshold: float) -> Rows:
        """int64, ascending: exactly the rows that the redundancy selector drops (first = "earliest")."""
        return np.flatnonzero(self._dropped(self._place(max(threshold or self.suits, self.floor))))

    def _place(self, threshold: float) -> int:
        """How many pairs reach the threshold; where float32 cannot tell, float64 decides."""
        falling = -self.similarity.astype(np.float64)
        sure = int(np.searchsorted(falling, -(threshold + ROUNDING), "right"))
        maybe = int(np.searchsorted(falling, -(threshold - ROUNDING), "right"))
        return sure + int((self._exact(slice(sure, maybe)) >= threshold - TIE).sum())

    def _exact(self, part: slice) -> NDArray[np.float64]:
        a, b = (np.asarray(self.vectors[rows[part]], np.float64) for rows in (self.left, self.right))
        lengths = np.sqrt(np.einsum("ij,ij->i", a, a)) * np.sqrt(np.einsum("ij,ij->i", b, b))
        return np.einsum("ij,ij->i", a, b) / np.where(lengths == 0, 1, lengths)

    def _dropped(self, place: int) -> NDArray[np.bool_]:
        """bool [n]: the greedy rule, settled in rounds that each decide all rows whose earlier partners are decided."""
        rank = np.arange(len(self.alive))
        rank[self.pinned] = np.arange(len(self.pinned)) - len(self.pinned)
        a, b = self._zero_pairs(self.left[:place], self.right[:place], rank)
        fine = self.alive[a] & self.alive[b]
        a, b = a[fine], b[fine]
        swap = rank[a] > rank[b]
        first, later = np.where(swap, b, a), np.where(swap, a, b)
        dropped, stays = np.zeros(len(self.alive), bool), np.zeros(len(self.alive), bool)
        stays[self.pinned] = True
        free = ~np.isin(later, self.pinned)
        first, later = first[free], later[free]
        for _ in range(ROUNDS):
            if not len(first):
                break
            dropped[later[stays[first]]] = True
            open_ = ~dropped[later] & ~dropped[first] & ~stays[first]
            waiting = np.zeros(len(self.alive), bool)
            waiting[later[open_]] = True
            ready = first[open_][~waiting[first[open_]]]
            stays[ready] = True
            first, later = first[open_], later[open_]
        _one_by_one(first, later, rank, dropped)
        return dropped

    def _zero_pairs(self, a: Rows, b: Rows, rank: Rows) -> tuple[Rows, Rows]:
        zeros = self.zeros[self.alive[self.zeros]]
        if len(zeros) < 2:
            return a, b
        zeros = zeros[np.argsort(rank[zeros], kind="stable")]
        return np.append(a, np.full(len(zeros) - 1, zeros[0])), np.append(b, zeros[1:])

    def _examples(self, part: slice) -> tuple[Likeness, ...]:
        rows = zip(self.left[part].tolist(), self.right[part].tolist(), self.similarity[part].tolist(), strict=True)
        return tuple(Likeness(int(self.ids[a]), int(self.ids[b]), s) for a, b, s in rows)


class DuplicateLists:
    """Near-duplicate pairs of a Project's Datasets."""

    def __init__(self, store: Store, submit: Callable[..., Any]) -> None:
        self._store, self._submit = store, submit

    def submit(self, dataset: str, recipe: Recipe, device: str = AUTO, listener: Any = None) -> Any:
        """List the pairs in the background, making the Embedding first where it is missing."""
        return self._submit(PairsRequest(self._store.dataset(dataset).name, recipe.to_toml(), device), listener)

    def of(self, dataset: str, encoder: str = AUTO) -> PairList | None:
        """The list for the newest Embedding by this encoder, None when it was not made yet."""
        found = self._store.dataset(dataset)
        for record in reversed(self._store.embeddings(found.id)):
            files = _files(self._store, record)
            right = record.rows == found.size and encoder in (AUTO, record.encoder)
            if right and all(f.is_file() for f in files) and (self._store.arrays / record.file).is_file():
                return self._read(found.id, record)
        return None

    def _read(self, dataset_id: int, record: EmbeddingRecord) -> PairList:
        pairs, similarity, about = (open_array(f) for f in _files(self._store, record))
        vectors = open_array(self._store.arrays / record.file, (record.rows, record.dims))
        pinned_in, pinned_out = self._store.pins(dataset_id)
        alive = np.isfinite(vectors[:, 0])
        alive[self._store.problem_rows(dataset_id)] = False
        alive[pinned_out] = False
        return PairList(
            record.encoder,
            float(about[0]),
            float(about[1]),
            np.asarray(pairs[0]),
            np.asarray(pairs[1]),
            np.asarray(similarity),
            alive,
            pinned_in[alive[pinned_in]],
            about[2:].astype(np.int64),
            vectors,
            self._store.sample_ids(dataset_id),
        )


def _one_by_one(first: Rows, later: Rows, rank: Rows, dropped: NDArray[np.bool_]) -> None:
    order = np.lexsort((rank[first], rank[later]))
    for a, b in zip(first[order].tolist(), later[order].tolist(), strict=True):
        if not dropped[a]:
            dropped[b] = True


def list_pairs(store: Store, request: PairsRequest, task: Task, *, polite: bool = False) -> Changes:
    """Find the pairs and keep them as arrays, by falling similarity."""
    from curator.engine.artefacts import Bench
    from curator.engine.vectors import near_duplicate_pairs

    dataset = store.dataset(request.dataset)
    recipe = Recipe.from_toml(request.recipe)
    bench = Bench(store, dataset, registry(), task, seed=recipe.seed, device_name=request.device)
    bench.choose_encoder(recipe.encoder)
    record = bench.embedding()
    vectors = bench.vectors(record)
    suits, floor = bench.duplicate_threshold, max(0.0, bench.duplicate_threshold - REACH)
    while True:
        try:
            pairs = near_duplicate_pairs(vectors, floor, most=MOST, task=task, device=bench.device.name)
            break
        except ValueError:
            if floor > 1 - 1e-6:
                raise NotReadyError(
                    "Too many samples are exact copies to list them in pairs.", "Remove the copies with the recipe."
                ) from None
            floor = (1 + 2 * floor) / 3 if floor < suits else (1 + floor) / 2
            task.log(f"Too many pairs; only those from a cosine of {floor:.3f} are listed.")
    order = np.lexsort((pairs.right, pairs.left, -pairs.similarity))
    readable = np.isfinite(vectors[:, 0])
    zeros = [i for i in np.flatnonzero(readable & (vectors[:, 0] == 0)).tolist() if not vectors[i].any()]
    pairs_file, alike_file, about_file = _files(store, record)
    save_array(pairs_file, np.stack([pairs.left[order], pairs.right[order]]).astype(np.int64))
    save_array(alike_file, pairs.similarity[order])
    save_array(about_file, np.array([floor, suits, *zeros], np.float64))
    task.log(f"{len(order)} pairs are at least {floor:.3f} alike.")
    return Changes(frozenset({"duplicates", "embedding"}))


def _files(store: Store, record: EmbeddingRecord) -> tuple[Any, Any, Any]:
    name = fingerprint({"pairs": 1, "embedding": record.fingerprint})[:32]
    pairs, similarity, about = (store.arrays / f"{part}-{name}.npy" for part in ("pairs", "alike", "pairs-about"))
    return pairs, similarity, about
