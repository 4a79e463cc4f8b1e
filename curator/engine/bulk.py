"""Pins and labels of more Samples than a window can wait for, and taking such a step back: Jobs of the worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from curator.engine.jobs import Job, Listener, Submit
from curator.engine.store import Store
from curator.engine.store_many import BulkEdits
from curator.engine.task import Task
from curator.engine.types import Changes, Ints

AT_ONCE = 10_000
"""Edits that are made in the calling thread; beyond, a Job makes them."""


@dataclass(frozen=True)
class BulkRequest:
    """Pin or label the rows of ``ranges`` (first and last row of each), or undo or redo the latest write.

    ``what`` is "pin", "label", "undo" or "redo"; ``value`` the state of the pin or the class, None to take it away.
    """

    handler: ClassVar[str] = "curator.engine.bulk:carry_out"

    what: str
    dataset_id: int = 0
    value: str | None = None
    ranges: tuple[tuple[int, int], ...] = ()

    @property
    def title(self) -> str:
        """Words for the Job, and for the history."""
        if not self.ranges:
            return self.what.capitalize()
        count = f"{sum(last - first + 1 for first, last in self.ranges):,} samples"
        if self.what == "pin":
            return f"Pin {self.value} {count}" if self.value else f"Unpin {count}"
        return f"Label {count} “{self.value}”" if self.value else f"Remove the label of {count}"


class Bulk:
    """Reached as ``project.bulk``."""

    def __init__(self, store: Store, submit: Submit) -> None:
        self._edits, self._submit = BulkEdits(store), submit

    def submit_pin(self, dataset_id: int, rows: Ints, state: str | None, listener: Listener | None = None) -> Job:
        """Pin ``rows`` (ascending) "in" or "out", or (None) let them go; one step of the history."""
        return self._submit(BulkRequest("pin", dataset_id, state, _ranges(rows)), listener)

    def submit_label(self, dataset_id: int, rows: Ints, name: str | None, listener: Listener | None = None) -> Job:
        """Give ``rows`` (ascending) a class, or (None) take the user's away; one step of the history."""
        return self._submit(BulkRequest("label", dataset_id, name, _ranges(rows)), listener)

    def is_large(self, what: str) -> bool:
        """Whether the next "undo" or "redo" is better left to a Job."""
        return self._edits.size_of(what == "redo") > AT_ONCE

    def submit_replay(self, what: str, listener: Listener | None = None) -> Job:
        """ "undo" or "redo" the latest write in a Job."""
        return self._submit(BulkRequest(what), listener)


def carry_out(store: Store, request: BulkRequest, task: Task, *, polite: bool = False) -> Changes:
    """Carry out a :class:`BulkRequest` in one transaction."""
    task.check()
    match request.what:
        case "pin":
            return BulkEdits(store).pin(request.dataset_id, request.ranges, request.value, request.title)
        case "label":
            return BulkEdits(store).label(request.dataset_id, request.ranges, request.value, "user", request.title)
        case "undo":
            return store.undo()
        case _:
            return store.redo()


def _ranges(rows: Ints) -> tuple[tuple[int, int], ...]:
    """Ascending rows as runs of consecutive ones."""
    if not len(rows):
        return ()
    ends = np.flatnonzero(np.diff(rows) != 1)
    first = rows[np.r_[0, ends + 1]].tolist()
    return tuple(zip(first, rows[np.r_[ends, len(rows) - 1]].tolist(), strict=True))
