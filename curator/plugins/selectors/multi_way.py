"""Each skill by the score that tells its samples apart best."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from curator.engine.api import (
    SPLITS,
    Inputs,
    NotReadyError,
    Ranking,
    Rows,
    SkillChoice,
    Task,
    divide,
    histogram,
    named_score,
    ordered_ranking,
    param,
    selector,
    share_over_skills,
    strata_order,
)


@selector("multi-way", version=1, needs={"skills", "scores"})
@dataclass(frozen=True)
class MultiWay:
    """Choose in every skill by the score that spreads its samples most (the multi-way selection of Adapt-∞).

    No one score suits every skill. In each skill the histogram of every score is made, and the score with the highest
    entropy, the one that tells most samples apart, is gone by there. The budget is shared over the skills, and inside
    each the range of that score is covered evenly without its two ends, as "ccs" does. A score that lacks a value in a
    skill, or is constant there, is not gone by. The Run keeps every histogram and every choice.

    Source: Adapt-∞, arXiv 2410.10636; scores are standardised before they are counted, so the unit of a score does not
    decide. Balanced skills and covered ranges carry the gain; do not expect the choice itself to beat the best single
    score.
    """

    budget: int = param(1000, low=1, help="How many samples to keep", unit="samples")
    scores: tuple[str, ...] = param((), help="Names of the scores to choose among; empty for all of the recipe")
    split: str = param("equal", choices=SPLITS, help="How to divide the budget")
    bins: int = param(50, low=1, high=10_000, help="Bins of the range that is covered", advanced=True)
    cut_low: float = param(0.05, low=0.0, high=0.9, help="Share of the lowest scores to set aside", advanced=True)
    cut_high: float = param(0.05, low=0.0, high=0.9, help="Share of the highest scores to set aside", advanced=True)
    histogram_bins: int = param(50, low=2, high=1000, help="Bins of the histogram that decides", advanced=True)
    edges: str = param(
        "deviations",
        choices=("deviations", "range"),
        help="What the histogram spans: 4 standard deviations on either side, or least to largest",
        advanced=True,
    )

    def select(self, inputs: Inputs, task: Task) -> Ranking:
        """Drawn with the seed of the Run; gains are the scores that were gone by.

        Raises:
            InputError: the recipe makes no score of a name given. NotReadyError: there are no scores or no skills.
        """
        names = self._names(inputs)
        if inputs.skills is None:
            raise NotReadyError("“multi-way” needs skills.", "Add a clusterer such as kmeans to the recipe.")
        skills = np.asarray(inputs.skills)
        choices: dict[int, list[SkillChoice]] = {}
        for skill in task.track(np.unique(skills[inputs.rows]).tolist(), "Comparing scores"):
            choices[skill] = self._choose(skill, inputs.rows[skills[inputs.rows] == skill], names, inputs)

        def inside(skill: int, part: Inputs, budget: int) -> Ranking:
            chosen = next(c.scorer for c in choices[skill] if c.chosen)
            return self._cover(chosen, part, budget)

        found = share_over_skills(inputs, self.budget, partial(divide, self.split), inside, task, inputs.budgets)
        return replace(found, choices=[c for skill in sorted(choices) for c in choices[skill]])

    def _names(self, inputs: Inputs) -> tuple[str, ...]:
        if not inputs.scores:
            raise NotReadyError("“multi-way” needs scores.", "Add scorers to the recipe.")
        for name in self.scores:
            named_score(name, inputs, "multi-way")
        return self.scores or tuple(inputs.scores)

    def _choose(self, skill: int, rows: Rows, names: tuple[str, ...], inputs: Inputs) -> list[SkillChoice]:
        """Every score of one skill; ties, and a skill in which no score tells anything, go to the score named first."""
        values = {name: np.asarray(inputs.scores[name], np.float64)[rows] for name in names}
        found = {name: histogram(values[name], self.histogram_bins, self.edges) for name in names}
        # Rounded, so that the last bits of a sum do not break a tie.
        best = max(names, key=lambda name: round(found[name].entropy, 9))
        cut = strata_order(values[best], inputs.rng, bins=self.bins, cut_low=self.cut_low, cut_high=self.cut_high)[2]
        return [
            SkillChoice(
                skill, name, name == best, h.entropy, h.low, h.high, tuple(h.counts.tolist()),
                *(cut if name == best else ()),
            )
            for name, h in found.items()
        ]  # fmt: skip

    def _cover(self, name: str, part: Inputs, budget: int) -> Ranking:
        values = np.asarray(part.scores[name], np.float64)
        free = np.setdiff1d(part.rows, part.keep)
        order, bins, _ = strata_order(
            values[free], part.rng, bins=self.bins, cut_low=self.cut_low, cut_high=self.cut_high
        )
        bin_of = dict(zip(free.tolist(), bins.tolist(), strict=True))

        def reason(row: int) -> str:
            where = bin_of[row]
            if where == -2:
                return f"no {name}"
            place = "beyond the range covered" if where == -1 else f"bin {where + 1} of {self.bins}"
            return f"{name} {values[row]:.4g}, {place}"

        return ordered_ranking(free[order], part, budget, reason, values)
