"""k-means with careful seeds, and memberships."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from curator.engine.types import Floats, Ints, Rows
from curator.engine.unit import unit_rows
from curator.engine.vectors.blocks import blocks, readable, tensor

LABEL = "Finding skills"
SEEDS_PER_CENTRE = 64
"""Rows per cluster that are enough to choose seeds from."""
SETTLED = 5e-5
"""A step that lowers the inertia by a smaller share is the last: a hundred more would not change what is found."""


@dataclass(frozen=True)
class KMeans:
    """Clusters numbered by falling size, then by their first row.

    Attributes:
        centres: float32 [k, d].
        labels: int32 [n], -1 for rows with NaN.
        inertia: sum of squared distances of all rows to their centres.
        counts: int64 [k].
    """

    centres: Floats
    labels: Ints
    inertia: float
    counts: Rows


def k_means(
    x: NDArray[Any],
    k: int,
    *,
    spherical: bool = False,
    seed: int = 0,
    sample_per_centre: int = 256,
    iterations: int = 25,
    task: Any = None,
    device: str = "cpu",
) -> KMeans:
    """k-means++ seeds (Arthur & Vassilvitskii 2007, greedy) and Lloyd steps on a sample, then one pass over all rows.

    Seeds are drawn by an exponential race (the largest of log D^2 plus Gumbel noise) rather than by a look-up in a
    running sum: the same distribution, but one row's rounding cannot shift every later draw. Sums are kept in
    float64. Peak memory: the sample (256 k rows) in float32 and float64, plus one block of products.

    Args:
        x: float32 or float16 [n, d].
        k: clusters; at most as many come out as there are distinct rows in the sample.
        spherical: centres (and rows) have length one, so that clusters are by angle.
        sample_per_centre: rows per cluster that the centres are fitted on.
        iterations: most Lloyd steps; fewer when the last one lowered the inertia by less than 1 in 20,000.
    """
    fine = np.flatnonzero(readable(x))
    if not len(fine) or k < 1:
        return KMeans(np.zeros((0, x.shape[1]), np.float32), np.full(len(x), -1, np.int32), 0.0, np.zeros(0, np.int64))
    rng = np.random.default_rng(seed)
    wanted = min(len(fine), k * sample_per_centre)
    chosen = fine if wanted == len(fine) else np.sort(rng.choice(fine, wanted, replace=False))
    sample = np.ascontiguousarray(x[chosen], np.float32)
    if spherical:
        sample = unit_rows(sample)
    lloyd = _Lloyd(sample, spherical, task, device, iterations + min(k, len(sample)))
    # Seeds are looked for among a quarter of a large sample: they only have to lie well apart, and that is cheaper.
    few = lloyd if len(sample) < SEEDS_PER_CENTRE * k * 2 else _Lloyd(sample[::4], spherical, task, device, lloyd.steps)
    seeds = _seeds(few, min(k, len(sample)), rng)
    lloyd.done = few.done
    centres = lloyd.run(seeds, iterations)
    labels, squared = assign(x, centres, unit=spherical, task=task, device=device)
    return _numbered(centres, labels, float(squared[fine].sum(dtype=np.float64)))


def _numbered(centres: Floats, labels: Ints, inertia: float) -> KMeans:
    k = len(centres)
    counts = np.bincount(labels[labels >= 0], minlength=k)
    first = np.full(k, len(labels), np.int64)
    found, where = np.unique(labels, return_index=True)
    first[found[found >= 0]] = where[found >= 0]
    order = np.lexsort((first, -counts))
    place = np.empty(k + 1, np.int32)
    place[order], place[k] = np.arange(k), -1
    return KMeans(centres[order], place[labels], inertia, counts[order].astype(np.int64))


class _Lloyd:
    """The sample on the device, with its distances."""

    def __init__(self, sample: Floats, spherical: bool, task: Any, device: str, steps: int) -> None:
        self.sample, self.spherical, self.device = sample, spherical, device
        self.t = tensor(sample, device)
        self.norm = torch.einsum("ij,ij->i", self.t, self.t)
        self.task, self.steps, self.done = task, steps, 0

    def tick(self) -> None:
        if self.task is not None:
            self.task.step(LABEL, self.done, self.steps)
        self.done += 1

    def squared(self, centres: torch.Tensor) -> torch.Tensor:
        """Squared distances of the sample to some centres, [s, c], not below zero."""
        lengths = torch.einsum("ij,ij->i", centres, centres)
        return torch.addmm(lengths[None, :], self.t, centres.T, alpha=-2).add_(self.norm[:, None]).clamp_(min=0)

    def run(self, centres: Floats, iterations: int) -> Floats:
        k = len(centres)
        labels = np.full(len(self.sample), -1)
        sums, counts = np.zeros((k, self.sample.shape[1])), np.zeros(k)
        before = np.inf
        for _ in range(iterations):
            self.tick()
            best, which = self.squared(tensor(centres, self.device)).min(dim=1)
            total = float(best.cpu().numpy().sum(dtype=np.float64))
            if before - total < SETTLED * total:
                break
            before = total
            new = which.cpu().numpy()
            moved = np.flatnonzero(new != labels)
            if not len(moved):
                break
            _add(sums, counts, self.sample, moved[labels[moved] >= 0], labels, -1)
            _add(sums, counts, self.sample, moved, new, 1)
            labels = new.copy()
            for empty in np.flatnonzero(counts < 0.5):  # give it the row that is worst served
                worst = int(best.argmax())
                best[worst] = -1
                _add(sums, counts, self.sample, np.array([worst]), labels, -1)
                labels[worst] = empty
                _add(sums, counts, self.sample, np.array([worst]), labels, 1)
            alive = counts > 0.5
            centres = centres.copy()
            centres[alive] = (sums[alive] / counts[alive, None]).astype(np.float32)
            if self.spherical:
                centres = unit_rows(centres)
        self.done = self.steps
        self.tick()
        return centres


def _add(sums: NDArray[Any], counts: NDArray[Any], sample: Floats, rows: Rows, labels: NDArray[Any], sign: int) -> None:
    """Add (or take away) rows to the float64 sums of their clusters, grouped so that each cluster is one sum."""
    if not len(rows):
        return
    rows = rows[np.argsort(labels[rows], kind="stable")]
    found, starts = np.unique(labels[rows], return_index=True)
    for cluster, part in zip(found, np.split(rows, starts[1:]), strict=True):
        sums[cluster] += sign * sample[part].sum(axis=0, dtype=np.float64)
        counts[cluster] += sign * len(part)


def _seeds(lloyd: _Lloyd, k: int, rng: np.random.Generator) -> Floats:
    """Greedy k-means++: of a few candidates drawn by squared distance, the one that lowers the total most."""
    first = int(rng.integers(len(lloyd.sample)))
    chosen = [first]
    nearest = lloyd.squared(lloyd.t[[first]])[:, 0]
    tries = 2 + int(np.log(k))
    for _ in range(k - 1):
        lloyd.tick()
        weights = nearest.cpu().numpy().astype(np.float64)
        weights[weights < 1e-12] = 0
        if not weights.any():
            break
        with np.errstate(divide="ignore"):
            race = np.log(weights) + rng.gumbel(size=len(weights))
        drawn = np.argpartition(-race, min(tries, len(race)) - 1)[:tries]
        drawn = np.sort(drawn[weights[drawn] > 0])
        after = torch.minimum(lloyd.squared(lloyd.t[torch.from_numpy(drawn)]), nearest[:, None])
        best = int(after.sum(dim=0, dtype=torch.float32 if lloyd.device == "mps" else torch.float64).argmin())
        chosen.append(int(drawn[best]))
        nearest = after[:, best].contiguous()
    return lloyd.sample[chosen].copy()


def assign(
    x: NDArray[Any], centres: Floats, *, unit: bool = False, task: Any = None, device: str = "cpu"
) -> tuple[Ints, Floats]:
    """Nearest centre of each row, ties to the lowest: int32 [n] (-1 for NaN rows), squared distance float32 [n].

    ``unit`` brings rows to length one first. Peak memory: one block of rows and of products.
    """
    labels, squared = np.full(len(x), -1, np.int32), np.full(len(x), np.nan, np.float32)
    keys = tensor(centres, device)
    lengths = torch.einsum("ij,ij->i", keys, keys)
    for first, block in blocks(x):
        if task is not None:
            task.step("Assigning to skills", first, len(x))
        rows = tensor(unit_rows(block) if unit else block, device)
        apart = torch.addmm(lengths[None, :], rows, keys.T, alpha=-2)
        best, which = apart.min(dim=1)
        best = (best + torch.einsum("ij,ij->i", rows, rows)).clamp(min=0)
        fine = torch.isfinite(best).cpu().numpy()
        labels[first : first + len(block)][fine] = which.cpu().numpy()[fine]
        squared[first : first + len(block)][fine] = best.cpu().numpy()[fine]
    return labels, squared


def soft_membership(
    x: NDArray[Any], centres: Floats, temperature: float, *, out: Any = None, task: Any = None
) -> Floats:
    """softmax(-squared distance / temperature) of each row over the centres: float32 [n, k], NaN rows stay NaN.

    Computed in float64 and rounded, so that the bits do not depend on blocks or threads. ``out`` may be a memory map
    to fill. Peak memory: one block in float64, [16384, d + 2k].
    """
    keys = np.asarray(centres, np.float64)
    lengths = np.einsum("ij,ij->i", keys, keys)

    def logits(block: NDArray[np.float64]) -> NDArray[np.float64]:
        return (2 * (block @ keys.T) - lengths) / temperature

    return _softmax(x, logits, len(keys), out, task)


def softmax_products(x: NDArray[Any], prompts: Floats, scale: float, *, out: Any = None, task: Any = None) -> Floats:
    """softmax(scale * x . prompts) of each row: float32 [n, k], NaN rows stay NaN (zero-shot CLIP)."""
    keys = np.asarray(prompts, np.float64)
    return _softmax(x, lambda block: scale * (block @ keys.T), len(keys), out, task)


def _softmax(x: NDArray[Any], logits: Any, k: int, out: Any, task: Any) -> Floats:
    found = np.empty((len(x), k), np.float32) if out is None else out
    for first, block in blocks(x):
        if task is not None:
            task.step("Membership", first, len(x))
        values = logits(np.asarray(block, np.float64))
        values -= values.max(axis=1, keepdims=True)
        np.exp(values, out=values)
        values /= values.sum(axis=1, keepdims=True)
        found[first : first + len(block)] = values
    return found
