"""Dividing a budget: by weight, or like water."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

SPLITS = ("equal", "proportional", "square-root")
"""Ways to divide a budget over groups, see :func:`divide`."""


def apportion(budget: int, weights: ArrayLike, caps: ArrayLike) -> NDArray[np.int64]:
    """Divide ``budget`` in proportion to ``weights``, never above ``caps`` (largest remainder, ties to the lowest).

    Args:
        weights: float [g], not negative; all zero counts as all equal.
        caps: int [g].

    Returns:
        int64 [g] that sums to min(budget, sum of caps).
    """
    weight = np.maximum(np.nan_to_num(np.asarray(weights, np.float64)), 0)
    cap = np.maximum(np.asarray(caps, np.int64), 0)
    quota = np.zeros(len(cap), np.int64)
    left = int(min(max(budget, 0), cap.sum()))
    while left > 0:
        open_ = quota < cap
        share = np.where(open_, weight, 0.0)
        if not share.any():
            share = open_.astype(np.float64)
        exact = left * share / share.sum()
        whole = np.floor(exact + 1e-9).astype(np.int64)
        rest = left - int(whole.sum())
        order = np.lexsort((np.arange(len(cap)), -np.round(exact - whole, 9)))
        order = order[open_[order] & (share[order] > 0)]
        whole[order[: max(rest, 0)]] += 1
        given = np.minimum(whole, cap - quota)
        quota += given
        left -= int(given.sum())
    return quota


def water_fill(sizes: ArrayLike, budget: int) -> NDArray[np.int64]:
    """Divide ``budget`` equally; groups smaller than their share give all they have and the rest rises in the others.

    Adapt-∞ (arXiv 2410.10636), budget over clusters: by ascending size, min(size, remaining // groups left).

    Returns:
        int64 [g] that sums to min(budget, sum of sizes), never above ``sizes``.
    """
    size = np.maximum(np.asarray(sizes, np.int64), 0)
    quota = np.zeros(len(size), np.int64)
    remaining = int(min(max(budget, 0), size.sum()))
    for place, group in enumerate(np.argsort(size, kind="stable")):
        quota[group] = min(size[group], remaining // (len(size) - place))
        remaining -= int(quota[group])
    return quota


def divide(split: str, sizes: ArrayLike, room: ArrayLike, budget: int) -> NDArray[np.int64]:
    """Divide ``budget`` over groups by one of :data:`SPLITS`.

    Args:
        split: "equal" is :func:`water_fill`; "proportional" keeps the mix of ``sizes``, "square-root" lies between.
        sizes: int [g], members of each group.
        room: int [g], how many each may give.

    Returns:
        int64 [g] that sums to min(budget, sum of room), never above ``room``.
    """
    if split == "equal":
        return water_fill(room, budget)
    weights = np.asarray(sizes, np.float64)
    return apportion(budget, weights if split == "proportional" else np.sqrt(weights), room)
