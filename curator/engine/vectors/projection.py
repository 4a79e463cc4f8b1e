"""Principal axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curator.engine.types import Floats
from curator.engine.vectors.blocks import blocks, readable


@dataclass(frozen=True)
class Principal:
    """A projection to principal axes.

    Attributes:
        projected: float32 [n, dims], NaN rows stay NaN.
        components: float64 [dims, d], unit rows; the loading of largest magnitude is positive.
        mean: float64 [d].
        explained: float64 [dims], share of the variance.
    """

    projected: Floats
    components: NDArray[np.float64]
    mean: NDArray[np.float64]
    explained: NDArray[np.float64]


def pca(
    x: NDArray[Any], dims: int, *, sample: int = 50_000, seed: int = 0, task: Any = None, device: str = "cpu"
) -> Principal:
    """Project rows on the ``dims`` axes of largest variance (Pearson 1901), fitted in float64.

    Above ``sample`` rows the axes are fitted on a seeded sample; all rows are projected, a block at a time. Peak
    memory: one block in float64, [16384, d], plus [d, d]. ``device`` is accepted for symmetry; the sums run on the CPU.
    """
    fine = np.flatnonzero(readable(x))
    rng = np.random.default_rng(seed)
    chosen = fine if len(fine) <= sample else np.sort(rng.choice(fine, sample, replace=False))
    d = x.shape[1]
    dims_found = min(dims, d)
    mean = np.zeros(d)
    for _, rows in blocks(chosen):
        mean += np.asarray(x[rows], np.float64).sum(axis=0)
    mean /= max(1, len(chosen))
    scatter = np.zeros((d, d))
    for first, rows in blocks(chosen):
        if task is not None:
            task.step("Fitting axes", first, len(chosen))
        centred = np.asarray(x[rows], np.float64) - mean
        scatter += centred.T @ centred
    variances, axes = np.linalg.eigh(scatter)
    components = axes.T[::-1][:dims_found]
    largest = np.abs(components).argmax(axis=1)
    components = components * np.where(components[np.arange(dims_found), largest] < 0, -1.0, 1.0)[:, None]
    total = max(float(variances.sum()), 1e-300)
    projected = np.zeros((len(x), dims), np.float32)
    for first, block in blocks(x):
        if task is not None:
            task.step("Projecting", first, len(x))
        projected[first : first + len(block), :dims_found] = (np.asarray(block, np.float64) - mean) @ components.T
    projected[np.setdiff1d(np.arange(len(x)), fine)] = np.nan
    return Principal(projected, components, mean, np.maximum(variances[::-1][:dims_found], 0) / total)
