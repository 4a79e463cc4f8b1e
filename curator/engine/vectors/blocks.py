"""How matrices reach torch: without a copy where that is possible, in blocks of fixed size where it is not."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from curator.engine.unit import unit_rows

if TYPE_CHECKING:
    import torch

BLOCK = 16_384
"""Rows per product. A constant, never tuned at run time: the shape of a product is part of its rounding."""
WIDE = 1024
"""Width up to which a block has all its rows; blocks of wider rows hold as many values as one of this width."""


def tensor(array: NDArray[Any], device: str) -> torch.Tensor:
    """float32 tensor of an array; shares memory with a contiguous float32 one on the CPU. Treat it as read-only."""
    import torch

    ready = np.ascontiguousarray(array, np.float32)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(np.asarray(ready)).to(device)


def blocks(array: NDArray[Any], size: int = 0) -> Iterator[tuple[int, NDArray[Any]]]:
    """(first row, view of up to ``size`` rows), in order; 0 = :data:`BLOCK`, fewer where rows are wider than 1,024."""
    width = array.shape[1] if array.ndim > 1 else 1
    size = size or (BLOCK if width <= WIDE else max(512, BLOCK * WIDE // width))
    for first in range(0, len(array), size):
        yield first, array[first : first + size]


class Part:
    """Some rows of a matrix, read from it when they are asked for: looks like the matrix of these rows."""

    def __init__(self, x: NDArray[Any], rows: NDArray[np.int64]) -> None:
        self._x, self._rows = x, rows
        self.shape, self.ndim, self.dtype = (len(rows), *x.shape[1:]), x.ndim, x.dtype

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, which: Any) -> NDArray[Any]:
        found: NDArray[Any] = self._x[self._rows[which]]
        return found


class Centred(Part):
    """The same, less the mean of these rows and brought to length one again: float32.

    What all rows of an encoder have in common says nothing about one of them; without it, far ones point apart.
    """

    def __init__(self, x: NDArray[Any], rows: NDArray[np.int64]) -> None:
        super().__init__(x, rows)
        self.dtype = np.dtype(np.float32)
        total, count = np.zeros(x.shape[1]), 0
        for _, block in blocks(Part(x, rows)):  # type: ignore[arg-type]
            fine = block[np.isfinite(block).all(axis=1)]
            total += fine.sum(axis=0, dtype=np.float64)
            count += len(fine)
        self._mean = (total / max(1, count)).astype(np.float32)

    def __getitem__(self, which: Any) -> NDArray[Any]:
        return unit_rows(super().__getitem__(which) - self._mean)


def readable(x: NDArray[Any]) -> NDArray[np.bool_]:
    """bool [n]: rows without NaN or infinity; looks at every value, one block at a time."""
    return np.concatenate([np.isfinite(b).all(axis=1) for _, b in blocks(x)]) if len(x) else np.zeros(0, bool)


def double(x: NDArray[Any], rows: Any) -> NDArray[np.float64]:
    """float64 copy of some rows."""
    return np.asarray(x[rows], np.float64)
