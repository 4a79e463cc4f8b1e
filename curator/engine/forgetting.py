"""What a learner keeps of the skills that it met one after the other.

Accuracies are [steps, skills]: after each step, on each skill, NaN before the skill was met. The definitions are our
own; those of Adapt-∞ (arXiv 2410.10636) could not be checked.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def forgetting(accuracies: ArrayLike) -> float:
    """Mean fall from the best earlier accuracy to the last, over the skills met before the last step; NaN for none.

    A skill that only rose counts as a negative fall.
    """
    a = np.asarray(accuracies, np.float64)
    before = a[:-1, np.isfinite(a[:-1]).any(axis=0)]
    if not before.size:
        return float("nan")
    last = a[-1, np.isfinite(a[:-1]).any(axis=0)]
    return float((np.nanmax(before, axis=0) - last).mean())


def relative_gain(accuracies: ArrayLike, reference: ArrayLike) -> float:
    """Mean of the last accuracies over those of a reference (such as training on everything), in percent."""
    a = np.asarray(accuracies, np.float64)
    return float(100 * (a[-1] / np.asarray(reference, np.float64)).mean())
