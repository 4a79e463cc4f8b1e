"""How coverage grows along a list of picks."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from curator.engine.types import Rows

BLOCK, KEYS = 4096, 8192


def closeness_curve(
    x: NDArray[Any], rows: Rows, picks: Rows, stops: Rows, *, task: Any = None, device: str = "cpu"
) -> NDArray[np.float64]:
    """Of the first ``stops[i]`` picks: the mean cosine of all ``rows`` to their closest pick, and the lowest.

    One pass over rows x picks for all stops together. Peak memory: the picks, and 150 MB for a tile.

    Args:
        x: float32 or float16 [n, d], unit rows; those of ``rows`` are finite.
        rows: int64 [m], what is to be covered.
        picks: int64 [b], in pick order.
        stops: int64 [s], rising, from 1 to b.

    Returns:
        float64 [s, 2].
    """
    sums, lowest = np.zeros(len(stops)), np.ones(len(stops))
    keys = torch.from_numpy(np.ascontiguousarray(x[picks], np.float32)).to(device)
    for first in range(0, len(rows), BLOCK):
        if task is not None:
            task.step("Measuring every budget", first, len(rows))
        block = np.ascontiguousarray(x[rows[first : first + BLOCK]], np.float32)
        queries = torch.from_numpy(block).to(device)
        best = torch.full((len(block),), -1.0, device=device)
        start = 0
        for place, stop in enumerate(stops.tolist()):
            for at in range(start, stop, KEYS):
                products = queries @ keys[at : min(at + KEYS, stop)].T
                best = torch.maximum(best, products.amax(dim=1))
            start = stop
            sums[place] += float(best.double().sum())
            lowest[place] = min(lowest[place], float(best.min()))
    return np.stack([sums / max(len(rows), 1), np.minimum(lowest, 1.0)], axis=1)
