"""An export of one file for each split, written one after the other, that goes on after a kill."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from curator.engine.api import ExportItem, Task
from curator.engine.exporting import Journal
from curator.plugins.exporters.one_file import can_go_on


class SplitFiles:
    """The files of an export in a folder; use it as a context, which closes them.

    Args:
        folder: where they are written.
        name_of: split -> name of its file.
        journal: of the folder. What it has noted is in the files already, and :meth:`track` gives what is not.
        items: the samples, those of a split one after the other.
        begin: called with a new file, before its first sample.
        end: called with a file and the number of samples in it, after its last one.

    Attributes:
        counts: samples written to the file of each split so far.
        more: further values of JSON that are noted with the samples, for the exporter.
        placed: how many of the samples that :meth:`track` gives have their pictures in place from before a kill.
    """

    def __init__(
        self,
        folder: Path,
        name_of: Callable[[str], str],
        journal: Journal,
        items: Iterable[ExportItem],
        begin: Callable[[BinaryIO], None] = lambda file: None,
        end: Callable[[BinaryIO, int], None] = lambda file, count: None,
    ) -> None:
        self._folder, self._name_of, self._journal, self._items = folder, name_of, journal, items
        self._begin, self._end = begin, end
        self.counts: dict[str, int] = {}
        self.more: dict[str, Any] = {}
        self.placed = journal.done
        self._split = ""
        self._file: BinaryIO | None = None
        stood = journal.state.get("files")
        if stood is not None:
            self._go_on(stood)

    def _go_on(self, stood: Mapping[str, Any]) -> None:
        self.placed, self.counts, self.more = 0, dict(stood["counts"]), dict(stood["more"])
        for split, size in stood["sizes"].items():
            os.truncate(self._folder / self._name_of(split), size)
        if stood["open"] is not None:
            self._split = stood["open"]
            self._file = (self._folder / self._name_of(self._split)).open("ab")
        self._items.resume(stood["items"])  # type: ignore[attr-defined]

    def __enter__(self) -> SplitFiles:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def track(self, task: Task, label: str, total: int) -> Iterator[ExportItem]:
        """The samples still to be written; each must be in its file, and counted, when the next one is asked for."""
        for number, item in enumerate(task.track(self._items, label, total)):
            yield item
            if not can_go_on(self._items):
                self._journal.note(number + 1)
            elif self._journal.is_due:
                state = self._items.state()  # type: ignore[attr-defined]
                self._journal.note(state["at"], {"files": self._stand(state)}, now=True)

    def _stand(self, items: Mapping[str, Any]) -> dict[str, Any]:
        if self._file is not None:
            self._file.flush()
        sizes = {split: (self._folder / self._name_of(split)).stat().st_size for split in self.counts}
        is_open = self._split if self._file is not None else None
        return {"counts": self.counts, "sizes": sizes, "open": is_open, "more": self.more, "items": items}

    def file(self, split: str) -> BinaryIO:
        """The file of a split, begun when it is asked for first; that of the split before is then ended."""
        if self._file is None or split != self._split:
            self.finish()
            self._split, self.counts[split] = split, 0
            self._file = file = (self._folder / self._name_of(split)).open("wb")
            self._begin(file)
        return self._file

    def finish(self) -> dict[str, int]:
        """End the last file, and return the number of samples in each."""
        if self._file is not None:
            self._end(self._file, self.counts[self._split])
            self._file.close()
            self._file = None
        return self.counts
