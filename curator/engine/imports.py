"""What a front end asks about imports: look first, see what was found, and follow files that moved."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from curator.engine import packed
from curator.engine.errors import InputError
from curator.engine.import_preview import Preview, preview
from curator.engine.pictures import read_bytes
from curator.engine.store import Store
from curator.engine.store_imports import ImportNotes, Plan, Report
from curator.engine.task import Task
from curator.engine.types import Changes

CHUNK = 2000
CHECKED = 40


@dataclass(frozen=True)
class CheckFilesRequest:
    """Look whether the files of a Dataset are there; those that are not are shown as missing. With ``copy`` they are
    copied into the Project first, which then no longer needs the source."""

    handler: ClassVar[str] = "curator.engine.imports:check_files"

    dataset: str
    copy: bool = False

    @property
    def title(self) -> str:
        """Words for the Job."""
        return f"Copy the files of {self.dataset}" if self.copy else f"Look for the files of {self.dataset}"


class Imports:
    """Reached as ``project.importing``."""

    def __init__(self, store: Store, submit: Callable[..., Any]) -> None:
        self._store, self._submit, self._notes = store, submit, ImportNotes(store)

    def preview(self, path: Path | str, importer: str = "", params: Mapping[str, Any] | None = None) -> Preview:
        """See :func:`curator.engine.import_preview.preview`."""
        return preview(Path(path), importer, params)

    def plan(self, dataset: int | str) -> Plan | None:
        """How a Dataset was imported last, its mapping of columns included."""
        return self._notes.plan(self._store.dataset(dataset).id)

    def reports(self, dataset: int | str) -> list[Report]:
        """What the imports into a Dataset found, the latest first."""
        return self._notes.reports(self._store.dataset(dataset).id)

    def repoint(self, dataset: int | str, folder: Path | str) -> Changes:
        """Look for the files of a Dataset in another folder from now on; nothing else changes, and undo goes back.

        Raises:
            InputError: the folder is not there, or holds none of some files looked for, or other ones.
        """
        found = self._store.dataset(dataset)
        root = Path(folder).expanduser().absolute()
        if not root.is_dir():
            raise InputError(f"{root} is not a folder.", "Name the folder that the files lie in now.")
        there = same = 0
        for name, digest in self._notes.samples_to_check(found.id, CHECKED):
            if not packed.exists(root / name):
                continue
            there += 1
            try:
                same += hashlib.sha256(read_bytes(root / name)).hexdigest() == digest or found.kind != "image"
            except InputError:
                continue
        if not same and self._notes.samples_to_check(found.id, 1):
            why = (
                f"Of {there} files of the same names, none has the same content." if there else f"Was in {found.root}."
            )
            raise InputError(f"{root} does not hold the files of “{found.name}”.", why)
        return self._notes.set_root(found.id, root, f"Re-point {found.name}")

    def submit_check(self, dataset: int | str, *, copy: bool = False, listener: Any = None) -> Any:
        """A Job that marks Samples whose files are missing, or copies all files into the Project."""
        return self._submit(CheckFilesRequest(self._store.dataset(dataset).name, copy), listener)


def check_files(store: Store, request: CheckFilesRequest, task: Task, *, polite: bool = False) -> Changes:
    """Mark the Samples whose files are missing, and those whose files are back; see :class:`CheckFilesRequest`."""
    notes = ImportNotes(store)
    dataset = store.dataset(request.dataset)
    if request.copy:
        _copy_in(store, notes, dataset.id, task)
        dataset = store.dataset(request.dataset)
    gone: list[int] = []
    back: list[int] = []
    lost = 0
    for row, names, problem in task.track(notes.files(dataset.id), "Looking for files", dataset.size):
        missing = not all(packed.exists(dataset.root / name) for name in names)
        lost += missing
        if missing and not problem:
            gone.append(row)
        elif not missing and problem:
            back.append(row)
        if len(gone) + len(back) >= CHUNK:
            notes.mark_missing(dataset.id, gone, back)
            gone, back = [], []
    notes.mark_missing(dataset.id, gone, back)
    words = (
        f"All files of “{dataset.name}” are there." if not lost else f"{lost} files of “{dataset.name}” are missing."
    )
    task.log(words)
    return Changes(frozenset({"sample", "dataset", "history"}), ("dataset", dataset.id), "", (words,))


def _copy_in(store: Store, notes: ImportNotes, dataset_id: int, task: Task) -> None:
    """Copy every file that Samples refer to below the Project's ``sources`` folder, and point the Dataset there."""
    import shutil

    dataset = store.dataset(dataset_id)
    target = store.folder / "sources" / str(dataset.id)
    if dataset.root == target:
        return
    done: set[Path] = set()
    for _, names, _ in task.track(notes.files(dataset.id), "Copying files", dataset.size):
        for name in names:
            place = packed.split(dataset.root / name)
            file = place[0] if place is not None else dataset.root / name
            if file in done or not file.is_file():
                continue
            done.add(file)
            copied = target / file.relative_to(dataset.root)
            if copied.is_file() and copied.stat().st_size == file.stat().st_size:
                continue
            copied.parent.mkdir(parents=True, exist_ok=True)
            partial = copied.with_name(f".{copied.name}.part")
            shutil.copyfile(file, partial)
            partial.replace(copied)
    if done:
        notes.set_root(dataset.id, target, f"Copy the files of {dataset.name}")
