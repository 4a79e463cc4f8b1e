"""Linear probes: logistic regression on vectors that stay as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from curator.engine.types import Floats, Ints, Rows

STRENGTH = 100.0
"""Inverse regularisation for coordinates of unit size, divided by the width: about what suits unit CLIP vectors."""
BLOCK = 16_384


def probe_logits(x: NDArray[Any], labelled: Rows, classes: Ints, k: int, strength: float = 0.0) -> Floats:
    """Logits of a multinomial logistic regression, float32 [n, k]; a class without a label gets -30.

    Fitted by L-BFGS with one thread on ``x[labelled]``, which has no NaN; there is no chance in it. With labels of one
    class only, that class is 30 above the others.

    Args:
        x: [n, d], coordinates of about unit size.
        labelled: int64 [m], rows with a label; at least one.
        classes: int32 [m], 0..k-1.
        k: number of classes.
        strength: inverse regularisation C; 0 = 100 / d.
    """
    order = np.argsort(labelled, kind="stable")
    rows, y = labelled[order], np.asarray(classes)[order]
    found = np.full((len(x), k), -30.0, np.float32)
    seen = np.unique(y)
    if len(seen) == 1:
        found[:, seen[0]] = 0
        return found
    weight, bias = _fit(np.asarray(x[rows], np.float64), y, strength or STRENGTH / x.shape[1])
    for first in range(0, len(x), BLOCK):
        block = np.asarray(x[first : first + BLOCK], np.float64)
        logits = block @ weight.T + bias
        found[first : first + BLOCK, seen] = np.clip(logits - logits.max(axis=1, keepdims=True), -30, 0)
    return found


def _fit(x: NDArray[np.float64], y: Any, strength: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        model = LogisticRegression(C=strength, max_iter=5000, tol=1e-5).fit(x, y)
    weight, bias = model.coef_, model.intercept_
    if len(weight) == 1:  # two classes: one row of weights, for the second of them
        weight, bias = np.vstack([-weight, weight]) / 2, np.array([-bias[0], bias[0]]) / 2
    return weight, bias
