"""High scores that are not all of one kind: a score shared with neighbours, and taken back around each pick (D2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from curator.engine.api import (
    LAST,
    Inputs,
    NotReadyError,
    Ranking,
    Rows,
    Task,
    falling_ranking,
    named_score,
    param,
    selector,
)

if TYPE_CHECKING:
    from curator.engine.vectors import Links

LEAST = 1e-7
"""What a neighbour with a score of zero still adds, as published."""
GRID = 2.0**40
"""Worth is counted in this many parts of the largest, so that sums do not depend on their order."""


@selector("d2", version=1, needs={"scores", "vectors"})
@dataclass(frozen=True)
class D2:
    """Keep samples that score high and stand for others, without taking them all from one place (D2 pruning).

    Each sample gets a share of the scores of its nearest neighbours, the more the closer they are: a high score in good
    company is worth more than a lone one, which is often a mistake. Then the sample worth most is picked, and its
    neighbours lose worth for it, so that the next pick comes from elsewhere. Good where the top of a score alone would
    be many samples of one kind, or outliers. It trusts the score: where that is no good, random does better. Where all
    scores are far from zero and alike, it picks what many samples are close to, whatever its own score.

    Scores must not be negative for this, so one that goes below zero is shifted until its lowest is 0 (a score whose
    lowest end is wanted is turned round first). Samples without a score come last.

    Source: D2 pruning, arXiv 2310.07931, without its strata.
    """

    budget: int = param(1000, low=1, help="How many samples to keep", unit="samples")
    score: str = param("", help="Name of the score to go by; empty = the first of the recipe")
    order: str = param("highest", choices=("highest", "lowest"), help="Which end of the score is worth more")
    neighbours: int = param(5, low=1, high=50, help="With how many nearest samples each one shares", unit="samples")
    spread: float = param(
        0.1,
        low=0.0,
        high=1000.0,
        help="How local it is what a pick takes from its neighbours: 0 = the same from all, 10 = only from near-copies",
    )

    def select(self, inputs: Inputs, task: Task) -> Ranking:
        """The largest worth first, ties to the lowest row; pinned rows take from their neighbours as picks do.

        Gains are what the sample was still worth, in the unit of the score; ``nearest`` is the earlier pick that took
        most from it.

        Raises:
            InputError: the recipe makes no score of that name.
            NotReadyError: there are no vectors or no score.
        """
        task.check()
        if inputs.vectors is None or not inputs.scores:
            missing = "vectors" if inputs.vectors is None else "scores"
            raise NotReadyError(f"“d2” needs {missing}.", "It takes an encoder and a scorer in the recipe.")
        name, values = named_score(self.score, inputs, "d2")
        own = values[inputs.rows]
        links, apart = self._links(inputs, task)
        state = _Worth(_not_negative(own, self.order), links, apart, self.spread, inputs.rows)

        def reason(place: int) -> str:
            if np.isnan(own[place]):
                return f"no value of {name}"
            words = f"{name} {own[place]:.4g}, worth {state.first[place] * state.unit:.4g} with its neighbours' share"
            if state.by[place] < 0:
                return words
            left = state.worth[place] * state.unit
            return f"{words}, {left:.4g} of it left beside row {state.by[place]}"

        return falling_ranking(
            state.worth, inputs, self.budget, state.take, reason, task, unit=state.unit, nearest=state.by
        )

    def _links(self, inputs: Inputs, task: Task) -> tuple[Links, NDArray[np.float64]]:
        """Who shares with whom, both ways, and how far they lie apart: float64 [e]."""
        from curator.engine import vectors

        assert inputs.vectors is not None
        x: Any = vectors.Part(inputs.vectors, inputs.rows)
        count = min(self.neighbours, max(0, len(inputs.rows) - 1))
        lists = vectors.neighbour_lists(x, count, seed=inputs.seed, task=task, device=inputs.device)
        low, high = vectors.pairs_of(lists)
        apart = vectors.distances(x, low, high, task)
        begins, ends = np.concatenate([low, high]), np.concatenate([high, low])
        links, order = vectors.Links.between(begins, ends, len(inputs.rows))
        return links, np.concatenate([apart, apart])[order]


def _not_negative(values: NDArray[np.float64], order: str) -> NDArray[np.float64]:
    """Scores of which more is better and none is below zero; NaN where there is none."""
    values = np.where(np.isfinite(values), values, np.nan)
    if np.isnan(values).all():
        return values
    return np.nanmax(values) - values if order == "lowest" else values - min(0.0, float(np.nanmin(values)))


class _Worth:
    """What each row is worth, in whole parts, while rows are picked.

    Attributes:
        worth, first: int64 [m], now and before any pick.
        by: int64 [m], the pick that took most from each row, -1 = none.
        unit: a part, in the unit of the score.
    """

    def __init__(
        self, own: NDArray[np.float64], links: Links, apart: NDArray[np.float64], spread: float, rows: Rows
    ) -> None:
        self._links, self._rows = links, rows
        self._known = ~np.isnan(own)
        begins = np.repeat(np.arange(len(own)), np.diff(links.starts))
        sent = np.where(self._known, np.maximum(own, LEAST), 0.0)[links.ends] * np.exp(-apart)
        total = np.where(self._known, own, 0.0) + np.bincount(begins, sent, minlength=len(own))
        self.unit = float(total.max(initial=0.0)) / GRID or 1.0
        self.worth = np.where(self._known, np.round(total / self.unit), LAST).astype(np.int64)
        self.first = self.worth.copy()
        self.by = np.full(len(own), -1, np.int64)
        self._most = np.zeros(len(own), np.int64)
        self._share = np.exp(-spread * apart)

    def take(self, place: int) -> None:
        """Lower the neighbours of a pick; a pick that is worth less than nothing takes nothing."""
        where = self._links.of(place)
        ends = self._links.ends[where]
        lost = np.round(self._share[where] * max(0, int(self.worth[place]))).astype(np.int64)
        lost[~self._known[ends]] = 0
        self.worth[ends] -= lost
        more = lost > self._most[ends]
        self._most[ends[more]] = lost[more]
        self.by[ends[more]] = self._rows[place]
