"""As many of each predicted class as are missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curator.engine.api import Inputs, NotReadyError, Ranking, Rows, Task, ordered_ranking, param, selector


@selector("class-balanced", version=1, needs={"membership"})
@dataclass(frozen=True)
class ClassBalanced:
    """Even out the classes: more picks where few labels are, by predicted class, drawn at random inside each.

    Good on long tails as far as the predictions can be believed.

    Source: the baseline "class-balanced" of PCoreSet, arXiv 2506.00910.
    """

    budget: int = param(1000, low=1, help="How many samples to keep", unit="samples")

    def select(self, inputs: Inputs, task: Task) -> Ranking:
        """Quotas by weight of class c = labelled / (labelled of c + 1), the rest by lot; gains are 0.

        Pinned rows count as labelled: with their label where there is one, else with their predicted class.

        Raises:
            NotReadyError: there is no membership.
        """
        task.check()
        if inputs.membership is None:
            raise NotReadyError("“class-balanced” needs membership.", "Add a clusterer such as zero-shot first.")
        k = inputs.membership.shape[1]
        rest = np.setdiff1d(inputs.rows, inputs.keep)
        predicted = np.full(inputs.n, -1, np.int64)
        predicted[inputs.rows] = np.nan_to_num(inputs.membership[inputs.rows], nan=-1).argmax(axis=1)
        counts = np.bincount(_known(inputs, predicted), minlength=k)[:k]
        wanted = class_quotas(counts, max(0, self.budget - len(inputs.keep)))
        lot = inputs.rng.random(inputs.n)
        order = rest[np.argsort(lot[rest], kind="stable")]
        of = predicted[order]
        place = np.zeros(len(order), np.int64)
        for c in range(k):
            mine = np.flatnonzero(of == c)
            place[mine] = np.arange(len(mine))
        inside = place < wanted[of]
        order = np.concatenate([order[inside], order[~inside]])

        def reason(row: int) -> str:
            return f"drawn at random among those predicted “{_name(inputs, int(predicted[row]))}”"

        return ordered_ranking(order, inputs, self.budget, reason)


def class_quotas(counts: Rows, budget: int) -> Rows:
    """Picks of each class: budget * w / sum(w) rounded down, w = total / (count + 1); what is left goes one each to the
    largest weights, ties to the lowest class. ``counts`` int64 [k] of labelled samples; int64 [k], sum = ``budget``.
    """
    weights = max(1, int(counts.sum())) / (counts + 1.0)
    # Rounded first, so that a share that is whole but for the last bit is not cut by one.
    quotas = np.floor(np.round(budget * weights / weights.sum(), 9)).astype(np.int64)
    first = np.argsort(-weights, kind="stable")
    left = budget - int(quotas.sum())
    quotas += left // len(quotas)
    quotas[first[: left % len(quotas)]] += 1
    return quotas


def _known(inputs: Inputs, predicted: Rows) -> Rows:
    """The class of each pinned row that has one, as a column of the membership."""
    found = predicted[inputs.keep]
    if inputs.labels is not None and inputs.label_names == inputs.skill_names:
        given = inputs.labels[inputs.keep]
        found = np.where(given >= 0, given, found)
    return found[found >= 0]


def _name(inputs: Inputs, column: int) -> str:
    return inputs.skill_names[column] if column < len(inputs.skill_names) else f"class {column + 1}"
