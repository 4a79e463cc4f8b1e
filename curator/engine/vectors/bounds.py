"""How far each row is from a growing list of rows, brought up to date only where that matters."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from curator.engine.types import Rows
from curator.engine.vectors.blocks import BLOCK, double, tensor

CHUNK = 128
"""Picks applied in one product; after each the rows that have fallen below the line are left alone."""
TIE = 2.0**40
"""Squared distances are compared as multiples of 1 / TIE, so that rounding in the last bits cannot break a tie."""
DENSE = 0.4
"""Share of a block from which a product over the whole of it is cheaper than gathering the rows that need it."""


class Bounds:
    """Upper bounds, in float32, of each row's squared distance to the closest of the picks.

    A value only shrinks, so one that does not know the latest picks is still a bound. Picks are kept in chunks;
    ``stamp`` says how many chunks a row's value knows. What is asked is always "which rows are at least this far?", and
    a row is brought up to date a chunk at a time only until the answer is no.

    Attributes:
        value: float32 [m], -1 for rows that are out.
        closest: int64 [m], the row of ``x`` that gave it, -1 for none.
        doubtful: bool [m], another pick is as close to within the rounding of float32.
        eps: bound of the error of a value.
    """

    def __init__(self, x: NDArray[Any], view: NDArray[Any], device: str, task: Any) -> None:
        self.x, self.view, self.device, self.task = x, view, device, task
        m = len(view)
        self.t = tensor(view, device)
        self.norm = torch.einsum("ij,ij->i", self.t, self.t)
        self.value = torch.full((m,), torch.inf, device=device)
        self.closest = torch.full((m,), -1, dtype=torch.int64, device=device)
        self.doubtful = torch.zeros(m, dtype=torch.bool, device=device)
        self.stamp = torch.zeros(m, dtype=torch.int32, device=device)
        self.refs = np.empty(0, np.int64)
        self.chunks: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []
        # |error| of |a|^2 + |b|^2 - 2ab in float32, by the bound for inner products: (d + 4) u each, four of them.
        largest = float(self.norm.max()) if m else 0.0
        self.eps = 4 * (view.shape[1] + 4) * 2.0**-24 * max(largest, 1e-30) * 2

    def drop(self, positions: NDArray[Any]) -> None:
        """These rows are out."""
        self.value[torch.from_numpy(positions).to(self.device)] = -1

    def add(self, refs: Rows) -> None:
        """More picks, rows of ``x``; no value knows them yet."""
        self.refs = np.append(self.refs, refs)
        for first in range(0, len(refs), CHUNK):
            part = np.asarray(refs[first : first + CHUNK])
            keys = tensor(self.x[part], self.device)
            self.chunks.append((keys, torch.einsum("ij,ij->i", keys, keys), torch.from_numpy(part).to(self.device)))

    def refresh(self, line: float, among: torch.Tensor | None = None) -> None:
        """Bring rows up to date, all or those ``among``, as long as they are at least as far as ``line``."""
        last = len(self.chunks)
        if among is None:
            among = torch.nonzero((self.value >= line) & (self.stamp < last)).flatten()
            if len(among) > DENSE * len(self.value):
                for first in range(0, len(self.value), BLOCK):
                    self._refresh(slice(first, min(first + BLOCK, len(self.value))), line)
                return
        for part in among.split(BLOCK):
            self._refresh(part, line)

    def _refresh(self, part: slice | torch.Tensor, line: float) -> None:
        stamp = self.stamp[part]
        size = len(stamp)
        if not size:
            return
        for number in range(int(stamp.min()), len(self.chunks)):
            if self.task is not None:
                self.task.check()
            stamp = self.stamp[part]
            places = torch.nonzero((stamp == number) & (self.value[part] >= line)).flatten()
            if isinstance(part, slice) and len(places) > DENSE * size:
                self._apply(part, number)
                self.stamp[part] = torch.where(stamp == number, number + 1, stamp)
            elif len(places):
                rows = places + part.start if isinstance(part, slice) else part[places]
                self._apply(rows, number)
                self.stamp[rows] = number + 1

    def _apply(self, rows: slice | torch.Tensor, number: int) -> None:
        """Let some rows know one chunk of picks."""
        keys, lengths, names = self.chunks[number]
        apart = torch.addmm(lengths[None, :], self.t[rows], keys.T, alpha=-2)
        best, which = apart.min(dim=1)
        several = (apart <= best[:, None] + 2 * self.eps).sum(dim=1) > 1
        best.add_(self.norm[rows]).clamp_(min=0)
        value, doubtful = self.value[rows], self.doubtful[rows]
        closer = best < value
        tie = (best - value).abs() <= 2 * self.eps
        self.doubtful[rows] = torch.where(tie, True, torch.where(closer, several, doubtful))
        self.value[rows] = torch.where(closer, best, value)
        self.closest[rows] = torch.where(closer, names[which], self.closest[rows])

    def exact(self, positions: Rows) -> tuple[NDArray[np.float64], NDArray[np.float64], Rows]:
        """Rows that are up to date, in float64: data [p, d], squared distances [p], and to which row of ``x`` [p].

        Of several picks that are equally close the earliest counts.
        """
        index = torch.from_numpy(positions).to(self.device)
        closest = self.closest[index].cpu().numpy()
        data = double(self.view, positions)
        doubtful = np.flatnonzero(self.doubtful[index].cpu().numpy())
        if len(doubtful):
            closest[doubtful] = self._closest(data[doubtful])
        apart = data - double(self.x, closest)
        return data, np.einsum("ij,ij->i", apart, apart), closest

    def _closest(self, rows: NDArray[np.float64]) -> Rows:
        """The closest pick of each row, by float64."""
        best, closest = np.full(len(rows), np.inf), np.full(len(rows), -1, np.int64)
        for first in range(0, len(self.refs), 1024):
            refs = self.refs[first : first + 1024]
            keys = double(self.x, refs)
            key = np.round((np.einsum("ij,ij->i", keys, keys) - 2 * (rows @ keys.T)) * TIE)
            which = key.argmin(axis=1)
            found = key[np.arange(len(rows)), which]
            closer = found < best
            best[closer], closest[closer] = found[closer], refs[which[closer]]
        return closest
