"""Nearest neighbours by cosine: exact in tiles, or in k-means cells for big piles."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from curator.engine.types import Floats, Ints
from curator.engine.vectors.blocks import readable, tensor
from curator.engine.vectors.kmeans import k_means

QUERIES, KEYS = 2048, 16_384
EXACT_BELOW = 20_000
"""Rows up to which the graph is exact; above, cells find at least 99 % of the links on clustered data."""
LABEL = "Finding neighbours"


def nearest(
    queries: NDArray[Any], keys: NDArray[Any], k: int, *, same: bool = False, task: Any = None, device: str = "cpu"
) -> tuple[Ints, Floats]:
    """The ``k`` keys of largest inner product for each query, exactly; ties go to the lowest key.

    Args:
        queries, keys: float32 or float16 [q, d] and [n, d], unit rows for cosine; NaN keys are never found.
        same: queries are the keys: a row is not its own neighbour (left out by index, so copies of it stay in).

    Returns:
        int32 [q, k] indices (-1 where there are fewer keys), float32 [q, k] similarities (-inf there), falling.
        Peak memory: 128 MB for one tile, plus the result.
    """
    index = np.full((len(queries), k), -1, np.int32)
    similarity = np.full((len(queries), k), -np.inf, np.float32)
    if not len(keys) or k < 1:
        return index, similarity
    for first in range(0, len(queries), QUERIES):
        if task is not None:
            task.step(LABEL, first, len(queries))
        part = slice(first, first + QUERIES)
        rows = tensor(queries[part], device)
        values, places = _scan(rows, keys, k, np.arange(len(queries))[part] if same else None, task, device)
        index[part, : values.shape[1]], similarity[part, : values.shape[1]] = places, values
    index[~np.isfinite(similarity)] = -1
    similarity[index < 0] = -np.inf
    return index, similarity


def _scan(rows: torch.Tensor, keys: NDArray[Any], k: int, own: Any, task: Any, device: str) -> tuple[Any, Any]:
    """Running top-k of one tile of queries over all keys."""
    values = torch.empty((len(rows), 0), device=device)
    places = torch.empty((len(rows), 0), dtype=torch.int64, device=device)
    for start in range(0, len(keys), KEYS):
        if task is not None:
            task.check()
        products = rows @ tensor(keys[start : start + KEYS], device).T
        products.nan_to_num_(nan=-torch.inf, posinf=torch.inf, neginf=-torch.inf)
        if own is not None:
            inside = np.flatnonzero((own >= start) & (own < start + products.shape[1]))
            products[torch.from_numpy(inside), torch.from_numpy(own[inside] - start)] = -torch.inf
        found, where = _top(products, k)
        values, where = torch.cat([values, found], 1), torch.cat([places, where + start], 1)
        # Earlier keys stand first, so a stable sort keeps the lowest index among equals.
        order = torch.sort(values, dim=1, descending=True, stable=True).indices[:, :k]
        values, places = values.gather(1, order), where.gather(1, order)
    return values.cpu().numpy(), places.cpu().numpy()


def _top(products: torch.Tensor, k: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Top ``k`` of each row, falling, the lowest column first among equals."""
    width = products.shape[1]
    if k == 1:
        found = products.max(dim=1, keepdim=True)
        return found.values, (products == found.values).to(torch.uint8).argmax(dim=1, keepdim=True)
    k = min(k, width)
    values, places = torch.topk(products, min(k + 1, width), dim=1)
    tied = values[:, k - 1] == values[:, -1] if values.shape[1] > k else torch.zeros(len(values), dtype=torch.bool)
    values, places = values[:, :k].contiguous(), places[:, :k].contiguous()
    for row in torch.nonzero(tied).flatten().tolist():  # equals beyond the cut: the lowest columns win
        level = values[row, -1]
        above = int((values[row] > level).sum())
        places[row, above:] = torch.nonzero(products[row] == level).flatten()[: k - above]
    order = torch.sort(places, dim=1)
    values = values.gather(1, order.indices)
    again = torch.sort(values, dim=1, descending=True, stable=True)
    return again.values, order.values.gather(1, again.indices)


def neighbour_graph(
    x: NDArray[Any], k: int, *, probes: int = 8, seed: int = 0, task: Any = None, device: str = "cpu"
) -> tuple[Ints, Floats]:
    """The ``k`` nearest other rows of each unit row: int32 [n, k], float32 [n, k]; see :func:`nearest`.

    Exact up to 20,000 rows. Above, rows are put into about sqrt(n) / 2 k-means cells and each cell is compared, in
    one product, with the ``probes`` cells closest to it.
    """
    if len(x) <= EXACT_BELOW:
        return nearest(x, x, k, same=True, task=task, device=device)
    cells = k_means(
        x, max(8, int(len(x) ** 0.5 / 2)), spherical=True, seed=seed, iterations=10, task=task, device=device
    )
    close = nearest(cells.centres, cells.centres, probes, device=device)[0]
    members = [np.flatnonzero(cells.labels == c) for c in range(len(cells.centres))]
    index = np.full((len(x), k), -1, np.int32)
    similarity = np.full((len(x), k), -np.inf, np.float32)
    for cell, mine in enumerate(members):
        if task is not None:
            task.step(LABEL, cell, len(members))
        if not len(mine):
            continue
        pool = np.sort(np.concatenate([members[c] for c in close[cell] if c >= 0]))
        keys = np.ascontiguousarray(x[pool], np.float32)
        for first in range(0, len(mine), QUERIES):
            part = mine[first : first + QUERIES]
            own = np.searchsorted(pool, part)
            values, places = _scan(tensor(x[part], device), keys, k, own, task, device)
            width = values.shape[1]
            index[part, :width] = np.where(np.isfinite(values), pool[places], -1)
            similarity[part, :width] = values
    unreadable = ~readable(x)
    index[unreadable], similarity[unreadable] = -1, -np.inf
    return index, similarity
