"""How telling a score is among some samples, and samples drawn over the whole range of a score.

Sources: coverage-centric coreset selection (CCS), Zheng et al. 2023; the choice among scores and the trimming on both
sides are those of Adapt-∞, arXiv 2410.10636. Written from the formulae: scores are standardised before they are
counted, so a score cannot win by its unit, and a draw has exactly as many rows as were asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from curator.engine.types import Rows

BINS = 50
SPREAD = 4.0
"""Standard deviations on either side of the mean that the histogram of a score covers; what lies beyond counts in the
outermost bins."""
FLAT = 1e-12


@dataclass(frozen=True)
class Histogram:
    """How the values of a score are spread among some samples.

    Attributes:
        counts: int64 [bins].
        low, high: the edges of the first and the last bin, in the unit of the score; NaN when nothing was counted.
        entropy: Shannon entropy of the counts in bits; 0 when the score is constant or lacks a value.
    """

    counts: Rows
    low: float
    high: float
    entropy: float


def histogram(values: ArrayLike, bins: int = BINS, edges: str = "deviations") -> Histogram:
    """Count ``values`` in equal bins.

    ``edges`` "deviations": from 4 standard deviations below the mean to 4 above, values beyond in the outermost bins;
    "range": from the least to the largest. A score that is constant, or not finite for one sample, tells nothing apart
    and has entropy 0.
    """
    x = np.asarray(values, np.float64).ravel()
    fine = x[np.isfinite(x)]
    if not len(fine):
        return Histogram(np.zeros(bins, np.int64), float("nan"), float("nan"), 0.0)
    mean, spread = float(fine.mean()), float(fine.std())
    # What rounding alone spreads a constant by counts as constant.
    if spread < max(FLAT, 1e-9 * abs(mean)):
        counts = np.zeros(bins, np.int64)
        counts[bins // 2] = len(fine)
        return Histogram(counts, mean, mean, 0.0)
    if edges == "range":
        low, high = float(fine.min()), float(fine.max())
        place = (fine - low) / (high - low)
    else:
        low, high = mean - SPREAD * spread, mean + SPREAD * spread
        place = ((fine - mean) / spread + SPREAD) / (2 * SPREAD)
    # Rounded, so that the same scores in another unit fall into the same bins.
    where = np.clip(np.floor(np.round(place * bins, 9)), 0, bins - 1).astype(np.int64)
    counts = np.bincount(where, minlength=bins)
    bits = entropy_bits(counts) if len(fine) == len(x) else 0.0
    return Histogram(counts, low, high, bits)


def entropy_bits(counts: ArrayLike) -> float:
    """Shannon entropy of counts, in bits; empty bins add nothing."""
    c = np.asarray(counts, np.float64)
    p = c[c > 0] / c.sum() if c.sum() else np.zeros(0)
    return float(max(0.0, -(p * np.log2(p)).sum()))


def strata_order(
    scores: ArrayLike,
    rng: np.random.Generator,
    *,
    bins: int = BINS,
    cut_low: float = 0.05,
    cut_high: float = 0.05,
) -> tuple[Rows, NDArray[np.int64], tuple[float, float]]:
    """All positions in the order in which coverage-centric sampling takes them.

    The lowest ``cut_low`` and the highest ``cut_high`` of the scores are set aside; the rest falls into equal bins of
    its range. Positions are drawn at random inside a bin, one from each bin in turn, the fullest bins first, so that
    the first q of the order share q like water over the bins (:func:`~curator.engine.quotas.water_fill`) for any q.
    After them come those set aside, the ones nearest to the range first, then those without a score.

    Returns:
        int64 [m] order; int64 [m] the bin of each position, 0 the lowest, -1 set aside, -2 without a score; the range.
    """
    x = np.asarray(scores, np.float64).ravel()
    draw = rng.random(len(x))
    fine = np.flatnonzero(np.isfinite(x))
    bin_of = np.full(len(x), -2, np.int64)
    missing = np.flatnonzero(~np.isfinite(x))
    missing = missing[np.argsort(draw[missing], kind="stable")]
    if not len(fine):
        return missing, bin_of, (float("nan"), float("nan"))
    low, high = (float(q) for q in np.quantile(x[fine], [cut_low, max(cut_low, 1 - cut_high)]))
    inside = fine[(x[fine] >= low) & (x[fine] <= high)]
    bin_of[fine] = -1
    width = (high - low) / bins
    bin_of[inside] = np.minimum((x[inside] - low) / width, bins - 1).astype(np.int64) if width > 0 else 0
    order = _in_turn(inside, bin_of[inside], draw)
    return np.concatenate([order, _outside(x, fine, low, high), missing]), bin_of, (low, high)


def _in_turn(rows: Rows, bins: Rows, draw: NDArray[np.float64]) -> Rows:
    """One row of each bin after another: by turn, then the fullest bin, then the highest bin."""
    by_bin = np.lexsort((draw[rows], bins))
    sizes = np.bincount(bins, minlength=int(bins.max(initial=0)) + 1)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    turn = np.empty(len(rows), np.int64)
    turn[by_bin] = np.arange(len(rows)) - starts[bins[by_bin]]
    return rows[np.lexsort((-bins, -sizes[bins], turn))]


def _outside(x: NDArray[np.float64], fine: Rows, low: float, high: float) -> Rows:
    """Positions beyond the range, by how many others lie between them and it (ties: the lowest position)."""
    below, above = fine[x[fine] < low], fine[x[fine] > high]
    below = below[np.argsort(-x[below], kind="stable")]
    above = above[np.argsort(x[above], kind="stable")]
    rows = np.concatenate([below, above])
    steps = np.concatenate([np.arange(len(below)), np.arange(len(above))])
    return rows[np.lexsort((rows, steps))]
