"""What is known of one Sample beside the others: gathered beside the window, since a large pile takes a moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from curator.engine.browse import Copies
    from curator.engine.project import Project

BINS = 32


@dataclass(frozen=True)
class Standing:
    """One Score of a Sample: ``counts`` [b] say how the Score is spread, ``place`` (0 to 1) where the Sample is among
    them, ``share`` how many have less; ``value`` is NaN, and ``share`` None, where it has no Score."""

    name: str
    value: float
    counts: NDArray[Any]
    place: float
    share: float | None


@dataclass(frozen=True)
class Facts:
    """Names of the Dataset's labels, where the Sample stands in each Score, and its copies; ``copy`` is the source of
    the first of them."""

    labels: tuple[str, ...]
    standings: tuple[Standing, ...]
    copies: Copies
    others: tuple[int, ...]
    copy: str


class FactFinder:
    """Remembers how the Scores are spread. May be used from any thread, by one at a time."""

    def __init__(self) -> None:
        self._spread: dict[str, tuple[object, NDArray[Any], float, float]] = {}

    def forget(self) -> None:
        """Scores may be others now."""
        self._spread = {}

    def facts(self, project: Project, dataset_id: int, row: int) -> Facts:
        """What is known of a row; raises :class:`CuratorError` when the Dataset is not there any more."""
        browse = project.browse
        fields = browse.fields(dataset_id)
        names = [f.name for f in fields if f.name.startswith("score.")]
        labels = next((f.values for f in fields if f.name == "label"), ())
        copies = browse.copies(dataset_id, row)
        others = tuple(r for r in (copies.kept, *copies.rows) if r is not None and r != row)
        first = browse.samples(dataset_id, others[:1])
        standings = tuple(self._standing(project, dataset_id, name, row) for name in names)
        return Facts(labels, standings, copies, others, first[0].source if first else "")

    def _standing(self, project: Project, dataset_id: int, name: str, row: int) -> Standing:
        values = project.browse.column(dataset_id, name).values
        counts, low, high = self._histogram(f"{dataset_id} {name}", values)
        value = float(values[row]) if row < len(values) else float("nan")
        if not np.isfinite(value):
            return Standing(name, value, counts, 0.0, None)
        place = (value - low) / (high - low) if high > low else 0.0
        return Standing(name, value, counts, place, float(np.mean(values[np.isfinite(values)] < value)))

    def _histogram(self, key: str, values: NDArray[Any]) -> tuple[NDArray[Any], float, float]:
        found = self._spread.get(key)
        if found is None or found[0] is not values:
            finite = values[np.isfinite(values)]
            low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)
            counts = np.histogram(finite, BINS, (low, high if high > low else low + 1))[0]
            found = self._spread[key] = (values, counts, low, high)
        return found[1:]
