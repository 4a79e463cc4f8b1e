"""A budget split over skills, then any other selector inside each."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from curator.engine.api import (
    Inputs,
    Quota,
    Ranking,
    Rows,
    Task,
    apportion,
    inner_selector,
    param,
    selector,
    stopped,
    water_fill,
)


@selector("skill-quota", version=1, needs={"skills"})
@dataclass(frozen=True)
class SkillQuota:
    """Give every skill its share of the budget, so that rare skills are not drowned by common ones.

    "equal" gives each skill the same (small ones give all they have), "proportional" keeps the pile's mix, and
    "square-root" lies between. Inside each skill another selector picks; the results are interleaved, so that the
    beginning of the ranking is balanced too. Samples in no skill share one group.

    Source: the water-filling budget of Adapt-∞, arXiv 2410.10636, and cluster sampling of arXiv 2409.11378.
    """

    budget: int = param(1000, low=1, help="How many samples to keep", unit="samples")
    split: str = param("square-root", choices=("equal", "proportional", "square-root"), help="How to divide the budget")
    inside: str = param(
        "k-center", choices=("k-center", "pcoreset", "random", "top-score"), help="Selector used inside each skill"
    )

    def select(self, inputs: Inputs, task: Task) -> Ranking:
        """Quotas by :func:`apportion` or :func:`water_fill`; gains are those of the inner selector."""
        assert inputs.skills is not None
        skills = np.asarray(inputs.skills)[inputs.rows]
        names = np.unique(skills).astype(np.int64)
        members = [inputs.rows[skills == s] for s in names]
        quotas = self._quotas(members, inputs)
        parts = []
        for place, (mine, quota) in enumerate(zip(members, quotas.tolist(), strict=True)):
            task.step("Skills", place, len(members))
            parts.append(self._inside(mine, int(quota), inputs, task))
        task.step("Skills", len(members), len(members))
        return self._merged(parts, names, inputs)

    def _quotas(self, members: list[Rows], inputs: Inputs) -> Rows:
        sizes = np.array([len(m) for m in members])
        pinned = np.array([np.isin(m, inputs.keep).sum() for m in members])
        # Pinned samples come first whatever the split says; only the rest of the budget is divided.
        left = max(0, min(self.budget, int(sizes.sum())) - int(pinned.sum()))
        if self.split == "equal":
            return pinned + water_fill(sizes - pinned, left)
        weights = sizes if self.split == "proportional" else np.sqrt(sizes)
        return pinned + apportion(left, weights, sizes - pinned)

    def _inside(self, mine: Rows, quota: int, inputs: Inputs, task: Task) -> Ranking | None:
        if quota == 0:
            return None
        part = replace(inputs, rows=mine, keep=np.intersect1d(inputs.keep, mine), groups=None, caps=None)
        return inner_selector(self.inside, quota).select(part, task)

    def _merged(self, parts: list[Ranking | None], names: Rows, inputs: Inputs) -> Ranking:
        """Pinned rows first, then first picks of all skills, then second picks, and so on."""
        pinned = set(inputs.keep.tolist())
        queue = []
        for place, part in enumerate(parts):
            if part is None:
                continue
            for rank, row in enumerate(part.rows.tolist()):
                level = -1 if row in pinned else rank
                near = -1 if part.nearest is None else int(part.nearest[rank])
                queue.append((level, place, row, float(part.gains[rank]), near, part.reasons[rank]))
        queue.sort(key=lambda entry: entry[:2])
        quota = Quota.of(inputs)
        queue = [entry for entry in queue if quota.take(entry[2])][: self.budget]
        reasons = [e[5] if e[2] in pinned else f"{self._name(names[e[1]], inputs)}: {e[5]}" for e in queue]
        return Ranking(
            np.array([e[2] for e in queue], np.int64),
            gains=np.array([e[3] for e in queue], np.float32),
            nearest=np.array([e[4] for e in queue], np.int64),
            reasons=reasons,
            stopped=stopped(len(queue), self.budget, inputs),
        )

    @staticmethod
    def _name(skill: int, inputs: Inputs) -> str:
        if skill < 0:
            return "in no skill"
        return inputs.skill_names[skill] if skill < len(inputs.skill_names) else f"skill {skill + 1}"
