"""The Project: the one object that front ends hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from curator.engine.browse import Browse
from curator.engine.errors import InputError
from curator.engine.jobs import InlineQueue, Job, JobQueue, Listener, Queue
from curator.engine.pages import Pages
from curator.engine.recipe import Recipe
from curator.engine.records import (
    Dataset,
    EmbeddingRecord,
    HistoryEntry,
    Run,
    Sample,
    Subset,
    SubsetRow,
)
from curator.engine.registry import registry
from curator.engine.requests import ExportRequest, ImportRequest, ProjectionRequest, Request, RunRequest
from curator.engine.store import Store
from curator.engine.subjects import Subjects
from curator.engine.task import Task
from curator.engine.types import Changes

SUFFIX = ".curator"


@dataclass(frozen=True)
class Contents:
    """Everything a Project lists, for ``curator list`` and the tree of the window."""

    datasets: list[Dataset]
    subsets: list[Subset]
    runs: list[Run]
    embeddings: list[EmbeddingRecord]


class Project(Subjects):
    """One folder ``NAME.curator/``, open.

    Reads and small edits (pin, label, rename, undo) happen at once, in the calling thread. Long work goes through
    ``submit_...`` to the queue: an :class:`InlineQueue` unless ``background`` asked for the worker process.
    """

    def __init__(self, store: Store, *, background: bool = False, plugins_dir: Path | None = None) -> None:
        super().__init__(store)
        self.browse = Browse(store, self._submit)
        self.pages = Pages(store)
        self._queue: Queue
        registry().expect(plugins_dir)
        if background:
            self._queue = JobQueue(store.folder, plugins_dir)
        else:
            self._queue = InlineQueue(self._handle)
        store.sweep()

    @classmethod
    def create(cls, folder: Path, *, background: bool = False, plugins_dir: Path | None = None) -> Project:
        """Make a new Project; raises :class:`InputError` or :class:`StoreError` when the place is taken."""
        folder = folder.expanduser().absolute()
        if folder.suffix != SUFFIX:
            raise InputError(
                f"{folder.name} is not a name for a project.", f"End it in {SUFFIX}: {folder.name}{SUFFIX}"
            )
        return cls(Store.create(folder), background=background, plugins_dir=plugins_dir)

    @classmethod
    def open(cls, folder: Path, *, background: bool = False, plugins_dir: Path | None = None) -> Project:
        """Open a Project; raises :class:`StoreError` when there is none or it cannot be read."""
        return cls(Store.open(folder.expanduser().absolute()), background=background, plugins_dir=plugins_dir)

    @staticmethod
    def get_ready() -> None:
        """Load what a new Project, a first import and a first filter need, so that none of them waits for it; from any
        thread."""
        from curator.engine.filter_language import parse_filter
        from curator.engine.sqlite import load_tools

        for module in ("first_look", "importing", "imports"):
            import_module(f"curator.engine.{module}")
        load_tools()
        parse_filter("a")

    def close(self) -> None:
        """Stop the queue and close the database."""
        self._queue.close()
        self._store.close()

    def __enter__(self) -> Project:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def folder(self) -> Path:
        """The Project's folder."""
        return self._store.folder

    # ---- long work -------------------------------------------------------------------------------------------

    def submit_import(
        self,
        paths: Sequence[Path | str],
        name: str = "",
        importer: str = "",
        params: dict[str, Any] | None = None,
        listener: Listener | None = None,
        *,
        renew: bool = False,
    ) -> Job:
        """Import ``paths`` as (or into) the Dataset ``name``; ``renew`` takes new content of what changed."""
        request = ImportRequest(tuple(str(p) for p in paths), name, importer, params or {}, renew)
        return self._submit(request, listener)

    def submit_run(
        self,
        dataset: str,
        recipe: Recipe,
        subset: str = "",
        device: str = "auto",
        batch: int = 0,
        listener: Listener | None = None,
    ) -> Job:
        """Run a Recipe. Unknown names and bad parameters raise :class:`InputError` here, before anything starts."""
        found = self._store.dataset(dataset)
        recipe.check(registry(), found.kind)
        return self._submit(RunRequest(found.name, recipe.to_toml(), subset, device, batch), listener)

    def submit_preview(
        self, dataset: str, recipe: Recipe, sample: int = 5000, device: str = "auto", listener: Listener | None = None
    ) -> Job:
        """Try a Recipe on ``sample`` rows, drawn with its seed; the Subset says that it is a preview."""
        from curator.engine.previewing import PreviewRequest

        found = self._store.dataset(dataset)
        recipe.check(registry(), found.kind)
        return self._submit(PreviewRequest(found.name, recipe.to_toml(), sample, device), listener)

    def submit_projection(
        self,
        dataset: str,
        projector: str = "pca",
        device: str = "auto",
        listener: Listener | None = None,
        gives_way: bool = False,
    ) -> Job:
        """Lay out a Dataset for the map. ``gives_way``: nobody has asked for it, so that all other work goes first."""
        registry().get("projector", projector)
        request = ProjectionRequest(self._store.dataset(dataset).name, projector, device=device)
        return self._submit(request, listener, gives_way)

    def submit_export(
        self,
        subset: str,
        target: Path | str,
        format: str,
        params: dict[str, Any] | None = None,
        overwrite: bool = False,
        listener: Listener | None = None,
        options: dict[str, Any] | None = None,
    ) -> Job:
        """Write a Subset with the exporter ``format``; ``options`` are those that every format shares."""
        from curator.engine.export_options import make_options

        registry().get("exporter", format).make(dict(params or {}))
        make_options(options)
        name = self._store.subset(subset).name
        return self._submit(ExportRequest(name, str(target), format, params or {}, overwrite, options or {}), listener)

    def prepare(self) -> None:
        """Long work comes soon: start the worker meanwhile. Does nothing inline."""
        if isinstance(self._queue, JobQueue):
            self._queue.prepare()

    def cancel(self, job: Job) -> None:
        """Ask a Job to stop at its next tick."""
        self._queue.cancel(job)

    def stop_now(self, job: Job) -> None:
        """Kill the worker under a Job that does not listen (does nothing more than :meth:`cancel` inline)."""
        if isinstance(self._queue, JobQueue):
            self._queue.stop_now(job)
        else:
            self._queue.cancel(job)

    @property
    def running_job(self) -> Job | None:
        """The Job that runs now."""
        return getattr(self._queue, "current", None)

    @property
    def worker_pid(self) -> int | None:
        """Process id of the worker, None inline or before its first Job."""
        return self._queue.worker_pid if isinstance(self._queue, JobQueue) else None

    def submit_again(self, job: Job, listener: Listener | None = None) -> Job:
        """Ask once more for what a Job that failed or was stopped was asked for; what it finished is used again."""
        return self._submit(job.request, listener)

    def _submit(self, request: Request, listener: Listener | None, gives_way: bool = False) -> Job:
        return self._queue.submit(request, listener, gives_way)

    def _handle(self, request: Request, task: Task) -> Changes:
        from curator.engine.pipeline import handle

        return handle(self._store, request, task)

    # ---- reading ---------------------------------------------------------------------------------------------

    def contents(self) -> Contents:
        """All visible datasets, subsets, runs and embeddings."""
        s = self._store
        return Contents(s.datasets(), s.subsets(), s.runs(), s.embeddings(None))

    def dataset(self, key: int | str) -> Dataset:
        """A Dataset by id or name."""
        return self._store.dataset(key)

    def samples(self, dataset: int, first_row: int = 0, count: int = 200) -> list[Sample]:
        """A page of Samples by row."""
        return self._store.samples(dataset, first_row, count)

    def samples_by_id(self, ids: Sequence[int]) -> list[Sample]:
        """Samples by id, in the order given."""
        return self._store.samples_by_id(ids)

    def subset(self, key: int | str) -> Subset:
        """A Subset by id or name."""
        return self._store.subset(key)

    def subset_rows(self, subset: int, first_rank: int = 1, count: int = 200) -> list[SubsetRow]:
        """A page of a Subset by rank."""
        return self._store.subset_rows(subset, first_rank, count)

    def counts(self, subset: int, first: int | None = None) -> dict[str, list[tuple[str, int, int]]]:
        """Per skill and per class: (name, in the subset or among its ``first`` picks, in the pile)."""
        return self._store.counts(subset, first)

    def omissions(self, subset: int, first: int = 0, count: int = 200) -> list[Any]:
        """A page of what was left out as redundant, and what stands for it."""
        return self._store.omissions(subset, first, count)

    def count_omissions(self, subset: int) -> int:
        """How many Samples a Subset's Run left out as redundant."""
        return self._store.count_omissions(subset)

    def run(self, run_id: int) -> Run:
        """A Run by id."""
        return self._store.run(run_id)

    def skips(self, dataset: int, first: int = 0, count: int = 200) -> list[Any]:
        """A page of what an import set aside, and why."""
        return self._store.skips(dataset, first, count)

    def history(self, count: int = 50) -> list[HistoryEntry]:
        """The latest undoable writes, newest first."""
        return self._store.history(count)

    def check(self) -> list[str]:
        """What is wrong with the Project on disk; empty when nothing is."""
        return self._store.check()

    # ---- small edits -----------------------------------------------------------------------------------------

    def pin(self, sample_ids: Sequence[int], state: str | None) -> Changes:
        """Pin Samples "in" or "out" of every later Run, or (None) let them go."""
        words = {"in": "Pin in", "out": "Pin out", None: "Unpin"}
        return self._store.set_pins(sample_ids, state, f"{words[state]} {len(sample_ids)} samples")

    def set_label(self, sample_ids: Sequence[int], name: str | None, author: str = "user") -> Changes:
        """Give Samples a class, or (None) take the user's label away."""
        return self._store.set_label(sample_ids, name, author, f"Label {len(sample_ids)} samples")

    def rename_subset(self, subset: int, name: str) -> Changes:
        """Give a Subset another name."""
        return self._store.rename_subset(subset, name)

    def remove_subset(self, subset: int) -> Changes:
        """Hide a Subset; undo brings it back."""
        return self._store.hide_subset(subset)

    def undo(self) -> Changes:
        """Take back the latest write; raises :class:`InputError` when there is none."""
        return self._store.undo()

    def redo(self) -> Changes:
        """Do again what was undone last; raises :class:`InputError` when there is none."""
        return self._store.redo()

    def go_to(self, entry: int) -> Changes:
        """Undo or redo up to a step of the history (0 = before everything)."""
        from curator.engine.steps import go_to

        return go_to(self._store, entry)
