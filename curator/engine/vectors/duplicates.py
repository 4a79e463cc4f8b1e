"""Near-duplicates by cosine, exactly: a rough scan that cannot miss, then float64 for the few that it raises."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from curator.engine.types import Floats, Rows
from curator.engine.vectors.blocks import blocks, readable
from curator.engine.vectors.sketch import Sketch, best_sketch

TILE, KEYS = 1024, 4096
DENSE = 50_000
"""Raised pairs in one tile above which a float64 product of the whole tile is cheaper than looking at each."""
RESCORE = 16_384
FLOAT32 = 1e-4
"""More than float32 can be off in a product of two unit rows (width * 2^-24, in the worst case) of up to 1,600."""
TIE = 1e-9
"""Cosines are compared with the threshold less this, so that exact copies meet a threshold of 1."""


@dataclass(frozen=True)
class Pairs:
    """Pairs left < right with cosine at or above a threshold, sorted: int64 [p], int64 [p], float32 [p]."""

    left: Rows
    right: Rows
    similarity: Floats


@dataclass(frozen=True)
class Duplicates:
    """What stands for what.

    Attributes:
        representative: int64 [n], the kept row that stands for each row: itself when kept, -1 when it was not looked
            at (not in the order, or NaN).
        similarity: float32 [n], cosine to the representative (1 for itself, NaN for -1).
    """

    representative: Rows
    similarity: Floats


class _Scan:
    """A rough product of unit rows that cannot miss, and exact cosines for what it raises.

    Long rows are first shortened to a sketch whose product is never below that of the rows themselves. Rows are then
    rounded to bfloat16, or to int8 with one scale. With e the largest length of a rounding error, a rough product of
    unit rows is off by at most 2e + e^2 (plus the rounding of the product itself). So whatever reaches the threshold
    less that bound is raised, and nothing that reaches it in truth is missed. Which sketch is worth it is decided by a
    sample, and which arithmetic by a race on this machine: the answer does not depend on either.
    """

    def __init__(self, x: NDArray[Any], rows: Rows, threshold: float, device: str) -> None:
        self.x, self.rows, self.threshold, self.device = x, rows, threshold, device
        few = len(rows) <= TILE
        self.sketch: Sketch | None = None if few else best_sketch(x, rows, threshold)
        self.width = x.shape[1] if self.sketch is None else self.sketch.width
        self.code, self.level = self._round(torch.float32 if few else _fastest(device, self.width))

    def _round(self, kind: torch.dtype) -> tuple[torch.Tensor, float]:
        """The rounded rows, and the level from which a rough product raises a pair."""
        if kind == torch.int8:
            largest = max((float(np.abs(b).max(initial=0)) for b in self._unit_blocks()), default=0.0)
            scale = 127.0 / largest if largest else 1.0
        else:
            scale = 1.0
        width = -(-self.width // 8) * 8
        code = torch.zeros((len(self.rows), width), dtype=kind)
        worst, first = 0.0, 0
        for block in self._unit_blocks():
            exact = torch.from_numpy(block) * scale
            part = exact.round().to(kind) if kind == torch.int8 else exact.to(kind)
            code[first : first + len(block), : block.shape[1]] = part
            if kind != torch.float32:
                worst = max(worst, float((exact - part.float()).norm(dim=1).max()) / scale)
            first += len(block)
        # Rounding of the unit rows themselves, and of a product that is returned in bfloat16.
        slack = 2 * worst + worst**2 + FLOAT32 + (2.0**-8 if kind == torch.bfloat16 else 0.0)
        if slack > 0.2:  # spiky rows: too coarse to be of use
            return self._round(torch.bfloat16)
        return code.to(self.device), (self.threshold - slack) * scale**2

    def _unit_blocks(self) -> Any:
        for _, part in blocks(self.rows):
            block = np.asarray(self.x[part], np.float32)
            length = np.sqrt(np.einsum("ij,ij->i", block, block))
            unit: Floats = np.asarray(block / np.where(length == 0, 1, length)[:, None], np.float32)
            yield unit if self.sketch is None else self.sketch(unit)

    def raised(self, a: NDArray[np.int64], b: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[Any], Floats]:
        """Positions (into ``rows``) of pairs of ``a`` x ``b`` at or above the threshold, with their exact cosines.

        ``a`` and ``b`` are runs or gathers of positions; a tile of them must be small.
        """
        left, right = _above(_multiply(_pick(self.code, a), _pick(self.code, b)), self.level)
        if not len(left):
            return _no_pairs()
        if len(left) > DENSE:
            return self._whole_tile(a, b)
        left_at, right_at = a[left], b[right]
        cosine = np.concatenate(
            [self._cosine(left_at[i : i + RESCORE], right_at[i : i + RESCORE]) for i in range(0, len(left), RESCORE)]
        )
        fine = cosine >= self.threshold - TIE
        return left_at[fine], right_at[fine], np.minimum(cosine[fine], 1).astype(np.float32)

    def _whole_tile(self, a: NDArray[Any], b: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], Floats]:
        cosine = self._unit64(a) @ self._unit64(b).T
        left, right = np.nonzero(cosine >= self.threshold - TIE)
        return a[left], b[right], np.minimum(cosine[left, right], 1).astype(np.float32)

    def _cosine(self, left: NDArray[Any], right: NDArray[Any]) -> NDArray[np.float64]:
        return np.einsum("ij,ij->i", self._unit64(left), self._unit64(right))

    def _unit64(self, positions: NDArray[Any]) -> NDArray[np.float64]:
        rows = np.asarray(self.x[self.rows[positions]], np.float64)
        length = np.sqrt(np.einsum("ij,ij->i", rows, rows))
        return rows / np.where(length == 0, 1, length)[:, None]


def _multiply(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    if a.dtype == torch.int8:
        return torch._int_mm(a, b.T)
    if a.dtype == torch.float32 and a.device.type == "cpu":
        # NumPy brings OpenBLAS; torch brings Intel's MKL, half as fast on other makers' processors.
        return torch.from_numpy(np.matmul(a.numpy(), b.numpy().T))
    return a @ b.T


def _above(rough: torch.Tensor, level: float) -> tuple[Rows, Rows]:
    """Where a tile of products reaches a level: rows and columns."""
    if rough.device.type == "cpu" and rough.dtype == torch.float32:
        # All in NumPy: two pools of threads that take turns would wait for each other, spinning, on the same cores.
        tile = rough.numpy()
        rows = np.flatnonzero(tile.max(axis=1) >= level)
        left, right = np.divmod(np.flatnonzero(tile[rows] >= level), tile.shape[1])  # faster than nonzero in 2-D
        return rows[left], right
    touched = torch.nonzero(rough.amax(dim=1) >= level).flatten()
    found = torch.nonzero(rough[touched] >= level)
    return touched[found[:, 0]].cpu().numpy(), found[:, 1].cpu().numpy()


@cache
def _fastest(device: str, width: int) -> torch.dtype:
    """The arithmetic that multiplies a tile fastest on this machine."""
    seconds: dict[torch.dtype, float] = {}
    for kind in (torch.float32, torch.bfloat16, torch.int8):
        try:
            a, b = (torch.ones((n, -(-width // 8) * 8), dtype=kind, device=device) for n in (TILE, KEYS))
            _multiply(a, b)
            started = time.perf_counter()
            _multiply(a, b)[0, 0].item()
            seconds[kind] = time.perf_counter() - started
        except (RuntimeError, AttributeError, NotImplementedError):
            continue  # this device has no such product
    return min(seconds, key=lambda kind: seconds[kind])


def _pick(t: torch.Tensor, positions: NDArray[Any]) -> torch.Tensor:
    """Rows of a tensor; a plain run of them without a copy."""
    if len(positions) and positions[-1] - positions[0] + 1 == len(positions):
        return t[int(positions[0]) : int(positions[-1]) + 1]
    if t.device.type == "cpu" and t.dtype == torch.float32:
        return torch.from_numpy(t.numpy()[positions])
    return t.index_select(0, torch.from_numpy(positions).to(t.device))


def near_duplicate_pairs(
    x: NDArray[Any], threshold: float, *, most: int = 5_000_000, task: Any = None, device: str = "cpu"
) -> Pairs:
    """All pairs of rows with cosine >= ``threshold``, exactly.

    Half of the tiles are scanned in low precision with a certificate; raised pairs are scored in float64. Peak memory:
    at most 4 n x d bytes for the rounded rows, about 150 MB for a tile, 20 bytes a pair.

    Raises:
        ValueError: more than ``most`` pairs; the threshold is too low for a list of pairs to make sense.
    """
    rows = np.flatnonzero(readable(x) & _not_zero(x))
    scan = _Scan(x, rows, threshold, device)
    found: list[tuple[NDArray[Any], NDArray[Any], Floats]] = []
    total = 0
    for first in range(0, len(rows), TILE):
        a = np.arange(first, min(first + TILE, len(rows)))
        for start in range(first, len(rows), KEYS):
            if task is not None:
                task.step("Comparing", first, len(rows))
            left, right, cosine = scan.raised(a, np.arange(start, min(start + KEYS, len(rows))))
            upper = left < right
            found.append((rows[left[upper]], rows[right[upper]], cosine[upper]))
            total += int(upper.sum())
            if total > most:
                raise ValueError(f"More than {most} pairs are at least {threshold} alike; raise the threshold.")
    left, right, cosine = (np.concatenate(part) for part in zip(*found, strict=True)) if found else _no_pairs()
    order = np.lexsort((right, left))
    return Pairs(left[order], right[order], cosine[order])


def _no_pairs() -> tuple[NDArray[Any], NDArray[Any], Floats]:
    return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32)


def _not_zero(x: NDArray[Any]) -> NDArray[np.bool_]:
    return np.concatenate([np.asarray(b).any(axis=1) for _, b in blocks(x)]) if len(x) else np.zeros(0, bool)


def greedy_duplicates(
    x: NDArray[Any],
    order: Rows,
    threshold: float,
    *,
    keep: Rows | None = None,
    task: Any = None,
    device: str = "cpu",
) -> Duplicates:
    """Go through rows in ``order`` and drop each that has cosine >= ``threshold`` to a row kept before it.

    SemDeDup's rule (arXiv 2303.09540) in its greedy form, over all rows rather than inside clusters: every dropped row
    has a kept row at least that alike. Its representative is the most similar row kept before it (ties: the earlier).
    Rows of ``keep`` stay whatever they are like and count as kept before all others. Rows of zeros are copies of one
    another. No list of all pairs is ever held: peak memory is at most 4 n x d bytes for the rounded rows, and 300 MB
    for tiles.

    Args:
        x: float32 or float16 [n, d]; need not be of length one.
        order: int64, distinct rows, most worth keeping first.
    """
    representative = np.full(len(x), -1, np.int64)
    similarity = np.full(len(x), np.nan, np.float32)
    pinned = np.empty(0, np.int64) if keep is None else np.asarray(keep, np.int64)
    order = np.concatenate([pinned, order[~np.isin(order, pinned)]]).astype(np.int64)
    order = order[readable(x)[order]] if len(order) else order
    zero = ~_not_zero(x)[order] if len(order) else np.zeros(0, bool)
    _settle_zeros(order[zero], set(pinned.tolist()), representative, similarity)
    order = order[~zero]
    scan = _Scan(x, order, threshold, device)
    forced = np.isin(order, pinned)
    kept = np.empty(len(order), np.int64)
    count = 0
    for first in range(0, len(order), TILE):
        block = np.arange(first, min(first + TILE, len(order)))
        best = np.full(len(block), -np.inf, np.float32)
        stands = np.full(len(block), -1, np.int64)
        for start in range(0, count, KEYS):
            if task is not None:
                task.step("Comparing", first, len(order))
            _improve(best, stands, first, *scan.raised(block, kept[start : min(start + KEYS, count)]))
        if task is not None:
            task.step("Comparing", first, len(order))
        new = _inside(scan, block, forced, best, stands)
        kept[count : count + len(new)] = new
        count += len(new)
        own = np.where(np.isin(block, new), block, stands)
        representative[order[block]] = order[own]
        similarity[order[block]] = np.where(own == block, 1, best)
    return Duplicates(representative, similarity)


def _settle_zeros(zeros: Rows, pinned: set[int], representative: Rows, similarity: Floats) -> None:
    for row in zeros.tolist():
        representative[row] = row if row in pinned else int(zeros[0])
        similarity[row] = 1


def _improve(best: Floats, stands: Rows, first: int, left: NDArray[Any], right: NDArray[Any], cosine: Floats) -> None:
    """For each row of a block, remember the most similar kept row (ties: the one kept earlier)."""
    if not len(left):
        return
    order = np.lexsort((right, -cosine, left))
    left, right, cosine = left[order], right[order], cosine[order]
    top = np.flatnonzero(np.r_[True, left[1:] != left[:-1]])
    place = left[top] - first
    better = cosine[top] > best[place]
    best[place[better]], stands[place[better]] = cosine[top][better], right[top][better]


def _inside(
    scan: _Scan, block: NDArray[np.int64], forced: NDArray[np.bool_], best: Floats, stands: Rows
) -> NDArray[np.int64]:
    """Settle a block in order: positions newly kept; ``best`` and ``stands`` gain what the block itself explains."""
    left, right, cosine = scan.raised(block, block)
    earlier = right < left
    left, right, cosine = left[earlier], right[earlier], cosine[earlier]
    order = np.lexsort((right, left))
    left, right, cosine = left[order], right[order], cosine[order]
    bounds = np.searchsorted(left, np.append(block, block[-1] + 1)).tolist()
    alive = np.zeros(len(block), bool)
    for i in range(len(block)):
        part = slice(bounds[i], bounds[i + 1])
        rivals = right[part] - block[0]
        counts = alive[rivals]
        if counts.any():
            value = np.where(counts, cosine[part], -np.inf)
            top = int(value.argmax())
            if value[top] > best[i]:
                best[i], stands[i] = value[top], right[part][top]
        alive[i] = forced[block[i]] or stands[i] < 0
    return block[alive]
