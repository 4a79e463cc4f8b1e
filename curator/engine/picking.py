"""What selectors share: pinned samples first, quotas, reasons in plain words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curator.engine.caps import Quota
from curator.engine.errors import InputError, NotReadyError
from curator.engine.params import param
from curator.engine.registry import registry
from curator.engine.task import Task
from curator.engine.types import Inputs, Ranking, Rows

FEW = "Only {} samples to choose from."
FULL = "The quotas are full."
PINNED = "pinned in"
CURES = {"scores": "Add a scorer to the recipe.", "membership": "Add a clusterer such as kmeans to the recipe."}
BLOCK = 16_384
AROUND = 10
"""Neighbours that say how far out a row lies."""


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


def named_score(name: str, inputs: Inputs, owner: str) -> tuple[str, NDArray[np.float64]]:
    """The name and the values, float64 [n], of the score that the selector ``owner`` goes by; "" is the first.

    Raises:
        InputError: the recipe makes no score of that name.
        NotReadyError: the recipe makes no score at all.
    """
    if not inputs.scores:
        raise NotReadyError(f"“{owner}” needs scores.", "Add a scorer to the recipe.")
    name = name or next(iter(inputs.scores))
    if name not in inputs.scores:
        raise InputError(f"There is no score “{name}”.", f"This recipe makes: {', '.join(inputs.scores)}.")
    return name, np.asarray(inputs.scores[name], np.float64)


def uncertain_ranking(
    inputs: Inputs, budget: int, value: Callable[[NDArray[np.float64]], NDArray[np.float64]], words: str, task: Task
) -> Ranking:
    """Pinned rows, then the rest by falling ``value`` of their membership, ties to the lowest row.

    ``value`` turns a block of memberships, float64 [m, k], into float64 [m]; ``words`` has one place for it.

    Raises:
        NotReadyError: there is no membership.
    """
    task.check()
    if inputs.membership is None:
        raise NotReadyError("Nothing says how sure the classes are.", CURES["membership"])
    found = np.full(inputs.n, np.nan)
    for first in range(0, len(inputs.rows), BLOCK):
        part = inputs.rows[first : first + BLOCK]
        task.step("Measuring doubt", first, len(inputs.rows))
        found[part] = value(np.asarray(inputs.membership[part], np.float64))
    order = inputs.rows[np.argsort(-np.round(found[inputs.rows], 9), kind="stable")]
    return ordered_ranking(order, inputs, budget, lambda row: words.format(found[row]), found)


def farthest_ranking(
    x: NDArray[Any] | None, inputs: Inputs, budget: int, what: str, task: Task, *, trim: float = 0.0
) -> Ranking:
    """Farthest-first over the rows of ``x`` with pins and quotas; ``what`` names the space in the reasons.

    ``trim`` is the share of outliers to set aside first, see :func:`without_outliers`.

    Raises:
        NotReadyError: there is no ``x``.
    """
    from curator.engine import vectors

    if x is None:
        raise NotReadyError(
            f"Samples cannot be told apart by {what}: nothing before this selector made it.",
            "Membership needs a clusterer that finds at least one skill, such as kmeans.",
        )
    whole = len(inputs.rows)
    inputs = without_outliers(inputs, trim, task)
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
    pairs = zip(found.gaps.tolist(), found.nearest.tolist(), strict=True)
    reasons = [PINNED] * len(keep) + [_far(gap, near, what) for gap, near in pairs]
    words = [stopped(len(rows), budget, inputs), _repeats(int((found.gaps == 0).sum()), len(rows))]
    ranking = Ranking(rows, gains=gains, nearest=nearest, reasons=reasons, stopped=" ".join(filter(None, words)))
    return told_of_outliers(ranking, whole - len(inputs.rows))


def trim_param() -> Any:
    """The parameter ``trim`` of selectors that go farthest first, see :func:`without_outliers`."""
    return param(
        0.0,
        low=0.0,
        high=0.5,
        help="Share of outliers to set aside first: what lies farthest from its ten nearest neighbours",
        unit="share",
        advanced=True,
    )


def _repeats(copies: int, picked: int) -> str:
    if not copies:
        return ""
    picks = f"{copies} picks repeat" if copies > 1 else "pick repeats"
    return f"The last {picks} what earlier ones cover ({copies / picked:.0%} of all)."


def without_outliers(inputs: Inputs, share: float, task: Task) -> Inputs:
    """The same inputs without the ``share`` of rows that lie farthest from their nearest neighbours.

    Measured by the mean cosine to the ten nearest rows alive, by content where there are vectors, else by membership.
    Pinned rows stay; ties go to the highest row, so that early rows stay.
    """
    from curator.engine import vectors

    x = inputs.vectors if inputs.vectors is not None else inputs.membership
    count = int(share * len(inputs.rows))
    if x is None or not count or len(inputs.rows) < 2:
        return inputs
    alive = vectors.unit_rows(x[inputs.rows])
    near = min(AROUND, len(inputs.rows) - 1)
    similarity = vectors.neighbour_graph(alive, near, seed=inputs.seed, task=task, device=inputs.device)[1]
    close = similarity.mean(axis=1, dtype=np.float64)
    free = np.flatnonzero(~np.isin(inputs.rows, inputs.keep))
    far = free[np.lexsort((-free, close[free]))][:count]
    return replace(inputs, rows=np.delete(inputs.rows, far))


def told_of_outliers(found: Ranking, count: int) -> Ranking:
    """The same Ranking, which says also how many outliers were set aside, if any."""
    return replace(found, stopped=f"{found.stopped} Outliers set aside: {count}.".strip()) if count else found


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


def inner_selector(name: str, budget: int, inputs: Inputs) -> Any:
    """The selector called ``name`` with this budget, to be used inside another one on these inputs.

    Raises:
        NotReadyError: the inputs lack something that it needs.
    """
    spec = registry().get("selector", name)
    for need in sorted(spec.needs):
        value = getattr(inputs, need)
        if value is None or (need == "scores" and not value):
            missing = need.replace("_", " ")
            raise NotReadyError(f"“{name}” needs {missing}.", CURES.get(need, ""))
    return spec.make({"budget": budget})
