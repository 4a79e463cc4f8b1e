"""What selectors share: pinned samples first, quotas, reasons in plain words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curator.engine.caps import Quota
from curator.engine.registry import registry
from curator.engine.task import Task
from curator.engine.types import Inputs, Ranking, Rows

FEW = "Only {} samples to choose from."
FULL = "The quotas are full."
PINNED = "pinned in"


def pinned_first(inputs: Inputs, budget: int, quota: Quota) -> Rows:
    """Rows of ``inputs.keep`` that fit the budget and the quotas, ascending; they are counted in ``quota``."""
    return quota.allowed(inputs.keep)[:budget]


def ordered_ranking(
    order: Rows,
    inputs: Inputs,
    budget: int,
    reason: Callable[[int], str],
    values: NDArray[Any] | None = None,
) -> Ranking:
    """A Ranking that follows ``order``: pinned rows first, then the order as far as quotas and budget allow.

    ``values`` [n] become the gains (0 without them), ``reason`` says why one row was taken.
    """
    quota = Quota.of(inputs)
    keep = pinned_first(inputs, budget, quota)
    rest = quota.allowed(order[~np.isin(order, inputs.keep)])[: budget - len(keep)]
    rows = np.concatenate([keep, rest]).astype(np.int64)
    gains = np.zeros(len(rows), np.float32) if values is None else np.asarray(values[rows], np.float32)
    gains[: len(keep)] = np.nan
    return Ranking(
        rows,
        gains=gains,
        nearest=np.full(len(rows), -1, np.int64),
        reasons=[PINNED] * len(keep) + [reason(row) for row in rest.tolist()],
        stopped=stopped(len(rows), budget, inputs),
    )


def farthest_ranking(x: NDArray[Any], inputs: Inputs, budget: int, what: str, task: Task) -> Ranking:
    """Farthest-first over the rows of ``x`` with pins and quotas; ``what`` names the space in the reasons."""
    from curator.engine import vectors

    quota = Quota.of(inputs)
    keep = pinned_first(inputs, budget, quota)
    rest = np.setdiff1d(inputs.rows, inputs.keep)
    found = vectors.farthest_first(
        x,
        budget - len(keep),
        rows=rest,
        seen=keep,
        groups=inputs.groups,
        caps=quota.left if inputs.caps is not None else None,
        task=task,
        device=inputs.device,
    )
    rows = np.concatenate([keep, found.rows])
    gains = np.concatenate([np.full(len(keep), np.nan, np.float32), found.gaps])
    nearest = np.concatenate([np.full(len(keep), -1, np.int64), found.nearest])
    reasons = [PINNED] * len(keep)
    reasons += [_far(gap, near, what) for gap, near in zip(found.gaps.tolist(), found.nearest.tolist(), strict=True)]
    copies = int((found.gaps == 0).sum())
    words = stopped(len(rows), budget, inputs)
    if copies:
        words = f"{words} The last {copies} picks repeat what earlier ones cover.".strip()
    return Ranking(rows, gains=gains, nearest=nearest, reasons=reasons, stopped=words)


def _far(gap: float, near: int, what: str) -> str:
    if near < 0:
        return f"first pick: the middle of the pile by {what}"
    if gap == 0:
        return f"same {what} as an earlier pick, row {near}"
    return f"farthest by {what} from all earlier picks: {gap:.3f} from row {near}"


def stopped(picked: int, budget: int, inputs: Inputs) -> str:
    """Why fewer rows than the budget came out."""
    if picked >= budget:
        return ""
    return FEW.format(len(inputs.rows)) if picked == len(inputs.rows) else FULL


def inner_selector(name: str, budget: int) -> Any:
    """The selector called ``name`` with this budget, to be used inside another one."""
    return registry().get("selector", name).make({"budget": budget})
