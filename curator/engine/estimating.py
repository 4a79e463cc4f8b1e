"""What a Run will cost, before it is started: from what earlier ones took, else from rough figures that say so."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from curator.engine.errors import NotReadyError
from curator.engine.recipe import AUTO, Recipe
from curator.engine.registry import registry

if TYPE_CHECKING:
    from curator.engine.records import Dataset, EmbeddingRecord
    from curator.engine.store import Store
    from curator.engine.types import Kind

ROUGH = {"tiny-clip": 800.0, "open-clip": 25.0, "sentence": 25.0, "lsa": 4000.0}
"""Samples a second on two cores of a server (docs/benchmarks.md; a large ViT guessed from it; a sentence model of
six layers on records of a thousand characters)."""
UNKNOWN = 30.0
CHOOSING = 2.5e-11
"""Seconds per row, pick and unit of width for a selector that compares every row with every pick, same machine."""
COMPARING = 2.7e-12
"""Seconds per pair of rows and unit of width for the exact search for copies."""
WIDTH = 512


LAYING_OUT = {"pca": (2.0, 2e-5), "umap": (20.0, 6.5e-4)}
"""Projector -> seconds to begin with, and for each sample, on two cores of a server."""


@dataclass(frozen=True)
class Part:
    """One stage. ``basis`` is "there", "measured" or "rough"."""

    what: str
    seconds: float
    basis: str


@dataclass(frozen=True)
class Estimate:
    """Seconds, stage by stage."""

    parts: tuple[Part, ...]

    @property
    def seconds(self) -> float:
        """All of it."""
        return sum(p.seconds for p in self.parts)

    @property
    def basis(self) -> str:
        """How far to trust it: "measured" only when nothing that costs anything is a rough figure."""
        return "rough" if any(p.basis == "rough" and p.seconds >= 1 for p in self.parts) else "measured"


class Estimates:
    """Estimates for a Project's Datasets."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, dataset: str, recipe: Recipe, rows: int = 0) -> Estimate:
        """What this Recipe would cost on the whole Dataset, or on ``rows`` sampled rows (a preview)."""
        found = self._store.dataset(dataset)
        n = min(rows, found.size) if rows else found.size
        return Estimate((self._vectors(found, recipe, n, bool(rows)), self._choosing(found, recipe, n)))

    def of_projection(self, dataset: str, projector: str) -> Estimate:
        """What laying a Dataset out for the map would cost, its vectors included."""
        found = self._store.dataset(dataset)
        there = any(e.rows == found.size for e in self._store.embeddings(found.id))
        name = _encoder(AUTO, found.kind)
        vectors = Part("Vectors", 0.0, "there") if there else self._encoding(name, found.size)
        start, each = LAYING_OUT.get(projector, LAYING_OUT["umap"])
        return Estimate((vectors, Part("Layout", start + each * found.size, "rough")))

    def _vectors(self, dataset: Dataset, recipe: Recipe, n: int, sampled: bool) -> Part:
        name = _encoder(recipe.encoder.name, dataset.kind)
        mine = [e for e in self._store.embeddings(dataset.id) if e.encoder == name]
        if not sampled and mine and mine[-1].rows == dataset.size and self._same(recipe, mine[-1]):
            return Part("Vectors", 0.0, "there")
        return self._encoding(name, n)

    def _encoding(self, name: str, n: int) -> Part:
        """The vectors of ``n`` samples by this encoder, as fast as it was on the most samples so far."""
        timed = [e for e in self._store.embeddings(None) if e.encoder == name and e.seconds > 0 and e.rows]
        if timed:
            longest = max(timed, key=lambda e: e.rows)
            return Part("Vectors", n * longest.seconds / longest.rows, "measured")
        return Part("Vectors", n / ROUGH.get(name, UNKNOWN), "rough")

    @staticmethod
    def _same(recipe: Recipe, record: EmbeddingRecord) -> bool:
        return all(record.params.get(k) == v for k, v in recipe.encoder.params.items())

    def _choosing(self, dataset: Dataset, recipe: Recipe, n: int) -> Part:
        names = [s.name for s in recipe.selectors]
        for run in reversed(self._store.runs(dataset.id)):
            preview = not run.fingerprint
            if run.status != "done" or preview or [s.name for s in Recipe.from_toml(run.recipe).selectors] != names:
                continue
            spent = _between(run.started, run.finished)
            embedded = sum(e.seconds for e in self._store.embeddings(dataset.id) if e.created >= run.started)
            known = max(0.0, spent - embedded)
            return Part("Choosing", known * (n / max(dataset.size, 1)) ** 1.5, "measured")
        rough = 0.0
        for step in recipe.selectors:
            if step.name == "redundancy":
                rough += n * n * WIDTH * COMPARING / 2
            else:
                rough += n * min(int(step.params.get("budget", 1000)), n) * WIDTH * CHOOSING
        return Part("Choosing", rough, "rough")


def _encoder(name: str, kind: Kind) -> str:
    """What "auto" will become here, as the worker will find it; other names stay."""
    if name != AUTO:
        return name
    from curator.engine.embedding import default_encoder

    try:
        return default_encoder(kind, registry())[0]
    except NotReadyError:
        return "tiny-clip" if kind == "image" else "lsa"


def _between(started: str, finished: str) -> float:
    try:
        return (datetime.fromisoformat(finished) - datetime.fromisoformat(started)).total_seconds()
    except ValueError:
        return math.nan
