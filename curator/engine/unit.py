"""Rows of length one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from curator.engine.types import Floats


def unit_rows(matrix: NDArray[Any]) -> Floats:
    """``matrix`` [n, d] as float32 with rows of length one; zero rows stay zero, a row with NaN or inf becomes NaN.

    Each row is summed by itself, so its bits do not depend on the rows beside it.
    """
    rows = np.ascontiguousarray(matrix, np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = np.sqrt((rows * rows).sum(axis=1, keepdims=True))
        lengths[lengths == 0] = 1
        lengths[~np.isfinite(lengths)] = np.nan
        return rows / lengths
