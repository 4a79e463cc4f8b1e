"""Picture files on their way into an export: copied or linked, each under a name of its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from curator.engine import packed
from curator.engine.api import ExportItem, InputError, Task
from curator.engine.export_pictures import TakenNames
from curator.engine.pictures import read_bytes

MANY_FOLDERS = 100_000
MODES = ("copy", "hardlink", "symlink")


def again(items: Iterable[ExportItem]) -> Iterable[ExportItem]:
    """The items so that they can be gone through twice: as they are, or a list of those of an iterator."""
    return list(items) if isinstance(items, Iterator) else items


def needed_bytes(items: Iterable[ExportItem], task: Task, total: int) -> int:
    """Bytes that copies of all pictures take; raises :class:`InputError` when there are no items."""
    found, empty = 0, True
    for item in task.track(items, "Looking at samples", total):
        empty = False
        found += sum(item.image_size(place) for place in range(len(item.images)))
    if empty:
        raise InputError("The subset is empty.", "There is nothing to export.")
    return found


def tell_what_is_lost(task: Task, several: int, unboxed: int = 0) -> None:
    """Say what a format of one picture with boxes did not take: further pictures, and classes without a box."""
    if several:
        task.log(f"{several} samples have several pictures; this format holds the first of each.")
    if unboxed:
        task.log(f"{unboxed} pictures have a class but no box; this format holds the classes of boxes only.")


class Placer:
    """Puts files into an export by one of :data:`MODES`; a hard link that cannot be made becomes a copy."""

    def __init__(self, mode: str, task: Task) -> None:
        self._mode, self._task, self._copies = mode, task, 0
        self._placed = TakenNames()
        self._folders: set[str] = set()

    def place(self, source: Path, target: Path) -> str:
        """Put one file; returns "" or the reason why it could not be read. What lies in an archive is copied out."""
        self._make_folder(target)
        if not packed.on_disk(source):
            return self._copy_out(source, target)
        if not source.is_file():
            return "is not there any more"
        if self._mode == "symlink":
            target.symlink_to(source.resolve())
            return ""
        if self._mode == "hardlink" and self._link(source, target):
            return ""
        try:
            with source.open("rb"):
                pass
        except OSError as error:
            return f"cannot be read: {error.strerror}"
        shutil.copyfile(source, target)
        return ""

    def place_once(self, source: Path, target: Path) -> str:
        """Like :meth:`place`, and nothing when the file has its place already."""
        return "" if target.is_symlink() or target.exists() else self.place(source, target)

    def resume(self, source: Path, target: Path, done: bool) -> str:
        """Like :meth:`place` in an export that may go on after a kill, and nothing for a file that has its place.

        Args:
            source: the picture.
            target: its place.
            done: it was finished before the kill. Otherwise what lies there may be half a file: it is written again,
                once in this run.
        """
        if done or not self._placed.take(str(target)):
            return self.place_once(source, target)
        if self._mode != "hardlink":  # a link says by itself that something is there
            target.unlink(missing_ok=True)
        return self.place(source, target)

    def place_all(self, item: ExportItem, folder: Path, done: bool) -> str:
        """Put every picture of a sample under its name below the folder; returns "" or what is wrong with the first
        that cannot be."""
        for name, path in zip(item.image_names, item.images, strict=True):
            if reason := self.resume(path, folder / name, done):
                return f"names the image {name}, which {reason}"
        return ""

    def _copy_out(self, source: Path, target: Path) -> str:
        try:
            content = read_bytes(source)
        except InputError as error:
            return error.text
        if self._mode == "hardlink":
            target.unlink(missing_ok=True)
        target.write_bytes(content)
        return ""

    def _make_folder(self, target: Path) -> None:
        """Once for each folder: there may be a million files."""
        folder = os.path.dirname(target)  # noqa: PTH120 - a Path for each file is slow
        if folder not in self._folders:
            Path(folder).mkdir(parents=True, exist_ok=True)
            if len(self._folders) < MANY_FOLDERS:
                self._folders.add(folder)

    def _link(self, source: Path, target: Path) -> bool:
        """Whether a hard link could be made; what lies there goes either way."""
        path = source.resolve() if source.is_symlink() else source
        try:
            try:
                os.link(path, target)
            except FileExistsError:
                target.unlink()
                os.link(path, target)
        except OSError as error:
            if not self._copies:
                self._task.log(f"Hard links are not possible here ({error.strerror}); files are copied instead.")
            self._copies += 1
            target.unlink(missing_ok=True)
            return False
        return True
