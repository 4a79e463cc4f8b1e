"""An export of one file, written from front to back, that goes on after a kill."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from curator.engine.api import ExportInfo, ExportItem, Task
from curator.engine.exporting import Journal, resumable_file


class OneFile:
    """The file, and the samples that are still to be written to it; ``count`` are those written so far."""

    def __init__(self, file: BinaryIO, journal: Journal, items: Iterable[ExportItem]) -> None:
        self.file, self._journal, self._items = file, journal, items
        self.count = int(journal.state.get("count", 0))
        if journal.done:
            items.resume(journal.state["items"])  # type: ignore[attr-defined]

    def track(self, task: Task, label: str, total: int) -> Iterator[ExportItem]:
        """The samples still to be written; each must be in the file, and counted, when the next one is asked for."""
        for item in task.track(self._items, label, total):
            yield item
            if self._journal.is_due and can_go_on(self._items):
                self.file.flush()
                state: dict[str, Any] = self._items.state()  # type: ignore[attr-defined]
                about = {"bytes": self.file.tell(), "count": self.count, "items": state}
                self._journal.note(state["at"], about, now=True)


def can_go_on(items: Iterable[ExportItem]) -> bool:
    """Whether the samples can be gone through from the middle: those of a Subset, not those of a plain list."""
    return hasattr(items, "resume")


@contextmanager
def one_file(target: Path, info: ExportInfo, items: Iterable[ExportItem]) -> Iterator[OneFile]:
    """The file at ``target``, begun anew or gone on with; it takes its name when the block ends without an error."""
    with resumable_file(target, info.key if can_go_on(items) else "") as (file, journal):
        yield OneFile(file, journal, items)
