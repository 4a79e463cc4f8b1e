"""Diverse and uncertain at once (BADGE)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curator.engine.api import (
    PINNED,
    Inputs,
    NotReadyError,
    Quota,
    Ranking,
    Task,
    param,
    pinned_first,
    selector,
    stopped,
)

BLOCK = 16_384
TIE = 2.0**40
"""Squared distances are compared as multiples of 1 / TIE, so that the last bits decide nothing."""


@selector("badge", version=1, needs={"membership", "vectors"})
@dataclass(frozen=True)
class Badge:
    """Pick samples that would teach much and different things: k-means++ on the gradients of the last layer.

    The gradient of a sample, taken as if its predicted class were right, is long where the model is unsure and points
    where its content points. Seeds of k-means++ are long and spread out. The draw is seeded.

    Source: Ash et al. 2020, "Deep batch active learning by diverse, uncertain gradient lower bounds", with unit vectors
    as the input of the last layer.
    """

    budget: int = param(1000, low=1, help="How many samples to keep", unit="samples")

    def select(self, inputs: Inputs, task: Task) -> Ranking:
        """The longest gradient first, then by lot with chances of the squared distance to all picks of this batch.

        Gains are that distance. Pinned rows come first and repel nothing, as labelled samples do not in BADGE.

        Raises:
            NotReadyError: there is no membership or there are no vectors.
        """
        if inputs.membership is None or inputs.vectors is None:
            missing = "membership" if inputs.membership is None else "vectors"
            raise NotReadyError(f"“badge” needs {missing}.", "It takes an encoder and a clusterer such as zero-shot.")
        quota = Quota.of(inputs)
        keep = pinned_first(inputs, self.budget, quota)
        rows = np.setdiff1d(inputs.rows, inputs.keep)
        gradients = _Gradients(inputs.membership[rows], inputs.vectors[rows])
        groups = None if inputs.groups is None or inputs.caps is None else inputs.groups[rows]
        free = np.ones(len(rows), bool)
        squared = np.full(len(rows), np.inf)
        rng = inputs.rng
        picks: list[int] = []
        gains: list[float] = []
        while len(picks) < self.budget - len(keep):
            task.step("Choosing", len(picks), self.budget)
            if groups is not None:
                free[(groups >= 0) & (quota.left[np.maximum(groups, 0)] <= 0)] = False
            if not free.any():
                break
            pick = _first(gradients.length, free) if not picks else _race(squared, free, rng)
            gains.append(float(np.sqrt(gradients.length[pick] if not picks else squared[pick])))
            picks.append(pick)
            free[pick] = False
            quota.take(int(rows[pick]))
            squared = np.minimum(squared, gradients.squared_to(pick))
        chosen = np.concatenate([keep, rows[np.array(picks, np.int64)]]).astype(np.int64)
        values = np.concatenate([np.full(len(keep), np.nan), gains]).astype(np.float32)
        reasons = [PINNED] * len(keep) + [
            f"would teach something new: gradient {g:.3f} from other picks" for g in gains
        ]
        return Ranking(chosen, values, reasons=reasons, stopped=stopped(len(chosen), self.budget, inputs))


class _Gradients:
    """Gradients (p - onehot(argmax p)) outer x, never written out: products of two of them factorise."""

    def __init__(self, p: NDArray[np.floating], x: NDArray[np.floating]) -> None:
        self.x = x
        self.a = np.array(p, np.float64)
        if len(self.a):
            self.a[np.arange(len(p)), self.a.argmax(axis=1)] -= 1
        self.length = np.einsum("ij,ij->i", self.a, self.a)
        for first in range(0, len(x), BLOCK):
            block = np.asarray(x[first : first + BLOCK], np.float64)
            self.length[first : first + BLOCK] *= np.einsum("ij,ij->i", block, block)

    def squared_to(self, pick: int) -> NDArray[np.float64]:
        """Squared Euclidean distance of every gradient to that of ``pick``: float64 [m]."""
        products = self.a @ self.a[pick]
        key = np.asarray(self.x[pick], np.float64)
        for first in range(0, len(self.x), BLOCK):
            products[first : first + BLOCK] *= np.asarray(self.x[first : first + BLOCK], np.float64) @ key
        return np.round(np.maximum(self.length + self.length[pick] - 2 * products, 0) * TIE) / TIE


def _first(length: NDArray[np.float64], free: NDArray[np.bool_]) -> int:
    return int(np.argmax(np.where(free, np.round(length * TIE), -1)))


def _race(squared: NDArray[np.float64], free: NDArray[np.bool_], rng: np.random.Generator) -> int:
    """One free row with chances of ``squared``, the lowest one when all are zero."""
    noise = rng.gumbel(size=len(squared))
    if not (free & (squared > 0)).any():
        return int(np.argmax(free))
    with np.errstate(divide="ignore"):
        return int(np.argmax(np.where(free, np.log(squared) + noise, -np.inf)))
