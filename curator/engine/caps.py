"""How many rows of each group a Selector may still pick."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curator.engine.types import Inputs, Ints, Rows


class Quota:
    """Counts picks against ``Inputs.caps``; a Selector asks it before each pick.

    Args:
        groups: int32 [n] or None, the group of each row, -1 = never limited.
        caps: int64 [g] or None, the most picks of each group.
    """

    def __init__(self, groups: Ints | None, caps: Rows | None) -> None:
        limited = groups is not None and caps is not None
        self._groups = groups if limited else None
        self.left = np.array(caps, np.int64) if limited else np.empty(0, np.int64)

    @classmethod
    def of(cls, inputs: Inputs) -> Quota:
        """The quota that a Recipe's constraints put on these inputs."""
        return cls(inputs.groups, inputs.caps)

    def take(self, row: int) -> bool:
        """Count one pick; False (and nothing counted) when its group is full."""
        group = -1 if self._groups is None else int(self._groups[row])
        if group < 0:
            return True
        if self.left[group] <= 0:
            return False
        self.left[group] -= 1
        return True

    def open(self, rows: Rows) -> NDArray[np.bool_]:
        """bool [len]: which of the rows have room in their group; nothing is counted."""
        if self._groups is None:
            return np.ones(len(rows), bool)
        groups = self._groups[rows]
        return np.asarray((groups < 0) | (self.left[np.maximum(groups, 0)] > 0))

    def allowed(self, order: Rows) -> Rows:
        """Go through ``order`` and return the rows that fit, counting them; vectorised."""
        if self._groups is None or not len(order):
            return order
        groups = self._groups[order]
        by_group = np.argsort(groups, kind="stable")
        sorted_groups = groups[by_group]
        first = np.searchsorted(sorted_groups, sorted_groups)
        place = np.empty(len(order), np.int64)
        place[by_group] = np.arange(len(order)) - first
        fits = (groups < 0) | (place < np.where(groups < 0, 0, self.left[groups]))
        taken = groups[fits & (groups >= 0)]
        self.left -= np.bincount(taken, minlength=len(self.left))
        return order[fits]
