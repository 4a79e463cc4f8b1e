"""Rows of length one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from curator.engine.types import Floats

PIECE = 2**21
"""Values brought to length at a time, so that a wide matrix is not copied twice."""


def unit_rows(matrix: NDArray[Any]) -> Floats:
    """``matrix`` [n, d] as float32 with rows of length one; zero rows stay zero, a row with NaN or inf becomes NaN.

    Each row is summed by itself, so its bits do not depend on the rows beside it.
    """
    out = np.empty(matrix.shape, np.float32)
    step = max(1, PIECE // max(1, matrix.shape[1]))
    with np.errstate(over="ignore", invalid="ignore"):
        for first in range(0, len(out), step):
            rows = np.ascontiguousarray(matrix[first : first + step], np.float32)
            lengths = np.sqrt((rows * rows).sum(axis=1, keepdims=True))
            lengths[lengths == 0] = 1
            lengths[~np.isfinite(lengths)] = np.nan
            np.divide(rows, lengths, out=out[first : first + step])
    return out
