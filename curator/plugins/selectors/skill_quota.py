"""A budget split over skills, then any other selector inside each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from curator.engine.api import (
    SPLITS,
    Inputs,
    Ranking,
    Task,
    cosine_to_own_skill,
    divide,
    inner_selector,
    ordered_ranking,
    param,
    selector,
    share_over_skills,
)

INSIDE = ("k-center", "pcoreset", "facility-location", "random", "top-score", "centre", "ccs")


@selector("skill-quota", version=2, needs={"skills"})
@dataclass(frozen=True)
class SkillQuota:
    """Give every skill its share of the budget, so that rare skills are not drowned by common ones.

    "equal" gives each skill the same (small ones give all they have), "proportional" keeps the pile's mix, and
    "square-root" lies between. Inside each skill another selector picks ("centre" takes what is most typical of the
    skill); the results are interleaved, so that the beginning of the ranking is balanced too. Samples in no skill share
    one group. Where a constraint closes a class or a skill, its share goes to the others. A skill that was given a
    budget of its own gets that many.

    Source: the water-filling budget of Adapt-∞, arXiv 2410.10636, and cluster sampling of arXiv 2409.11378.
    """

    budget: int = param(1000, low=1, help="How many samples to keep", unit="samples")
    split: str = param("square-root", choices=SPLITS, help="How to divide the budget")
    inside: str = param("k-center", choices=INSIDE, help="Selector used inside each skill")

    def select(self, inputs: Inputs, task: Task) -> Ranking:
        """Quotas by :func:`divide`; gains are those of the inner selector.

        Raises:
            NotReadyError: the inner selector needs something that nothing before it made.
        """
        middle = cosine_to_own_skill(inputs, task) if self.inside == "centre" else None

        def inside(_: int, part: Inputs, budget: int) -> Ranking:
            if middle is None:
                return inner_selector(self.inside, budget, part).select(part, task)
            order = part.rows[np.argsort(-middle[part.rows], kind="stable")]
            return ordered_ranking(order, part, budget, lambda r: f"{middle[r]:.3f} to the middle of the skill", middle)

        return share_over_skills(inputs, self.budget, partial(divide, self.split), inside, task, inputs.budgets)
