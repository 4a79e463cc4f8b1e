"""Mean, spread and paired tests over seeds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Summary:
    """``mean`` of ``count`` values, their standard deviation (n - 1; NaN for one) and standard error."""

    mean: float
    deviation: float
    error: float
    count: int


def summary(values: Iterable[float]) -> Summary:
    """Mean and spread of the finite ``values``; NaN when there are none."""
    found = np.array([v for v in values if math.isfinite(v)], np.float64)
    if not len(found):
        return Summary(math.nan, math.nan, math.nan, 0)
    deviation = float(found.std(ddof=1)) if len(found) > 1 else math.nan
    return Summary(float(found.mean()), deviation, deviation / math.sqrt(len(found)), len(found))


@dataclass(frozen=True)
class Paired:
    """How far one series is ahead of another, seed by seed.

    Attributes:
        difference: mean of the differences.
        low, high: 95% interval of that mean by Student's t; NaN for fewer than two pairs.
        p: two-sided p-value of the paired t-test; NaN for fewer than two pairs.
        pairs: how many.
    """

    difference: float
    low: float
    high: float
    p: float
    pairs: int


def paired(one: Sequence[float], other: Sequence[float]) -> Paired:
    """Paired t-test of ``one`` - ``other`` (Student 1908), which belong together by position.

    With no spread at all p is 1 for equal series and 0 for different ones.
    """
    apart = np.asarray(one, np.float64) - np.asarray(other, np.float64)
    apart = apart[np.isfinite(apart)]
    n = len(apart)
    if n < 2:
        return Paired(float(apart.mean()) if n else math.nan, math.nan, math.nan, math.nan, n)
    from scipy.stats import t

    mean, error = float(apart.mean()), float(apart.std(ddof=1) / math.sqrt(n))
    if error == 0:
        return Paired(mean, mean, mean, 1.0 if mean == 0 else 0.0, n)
    reach = float(t.ppf(0.975, n - 1)) * error
    return Paired(mean, mean - reach, mean + reach, float(2 * t.sf(abs(mean) / error, n - 1)), n)
