"""A Project without an engine: everything is made up from the row number."""

from __future__ import annotations

import dataclasses
import threading
from pathlib import Path

import numpy as np

from curator.engine.browse import Column, Copies, Field, Found, Group
from curator.engine.errors import InputError
from curator.engine.jobs import RUNNING, Done, Job
from curator.engine.pages import Layout
from curator.engine.project import Contents
from curator.engine.records import Dataset, HistoryEntry, Sample, Subset, SubsetRow
from curator.engine.requests import ImportRequest, ProjectionRequest, RunRequest
from curator.engine.types import Changes

RECORD = '{"messages": [{"role": "user", "content": "Say <b>%d</b>"}, {"role": "assistant", "content": "It is %d."}]}'


SUMMARY = {
    "size": 40,
    "pile": 1000,
    "skills": [9, 10],
    "random_skills": [7, 10],
    "radius": 0.4,
    "random_radius": 0.5,
    "stopped": "No more were needed.",
}


def make(cls, **values):
    """A record with zeros where nothing is said, so that new columns do not break old tests."""
    return cls(**{f.name: values.get(f.name) for f in dataclasses.fields(cls)})


class FakePages:
    """``project.pages``."""

    def __init__(self, project) -> None:
        self._project = project
        self.layouts_made: dict[int, np.ndarray] = {}

    def _dataset(self, key):
        return next(d for d in (*self._project.datasets, *self._project.arriving) if d.id == key)

    def samples(self, dataset, rows):
        self._project.pages_read += 1
        return [self._project._sample(self._dataset(dataset), int(row)) for row in rows]

    def ids(self, dataset, rows):
        return [dataset * 10_000_000 + int(row) for row in rows]

    def ranking(self, subset, first_rank=1, count=2**31):
        found = self._project.subset(subset)
        size = self._project.dataset(found.dataset_id).size
        last = min(found.size, first_rank + count - 1)
        return np.arange(first_rank, last + 1, dtype=np.int32) * 2 % size

    def choices(self, subset, ranks):
        dataset = self._project.dataset(self._project.subset(subset).dataset_id)
        return [self._project._row(dataset, int(rank)) for rank in sorted(ranks)]

    def arriving(self):
        return self._project.arriving

    def layouts(self, dataset):
        size = self._dataset(dataset).size
        made = enumerate(self.layouts_made.items(), 1)
        return [Layout(i, name, "now") for i, (name, layout) in made if len(layout) == size]

    def layout(self, dataset, key):
        return list(self.layouts_made.values())[key - 1]


class FakeBrowse:
    """``project.browse``: knows the filter "row<N", sorts by row, groups by class."""

    def __init__(self, project) -> None:
        self._project = project

    def find(self, query):
        size = self._project.dataset(query.dataset_id).size
        rows = np.arange(size, dtype=np.int32)
        if query.subset_id is not None:
            rows = self._project.pages.ranking(query.subset_id)
        if query.where:
            if not query.where.startswith("row<"):
                raise InputError("Not understood at 1.")
            rows = rows[rows < int(query.where[4:])]
        groups = ()
        if query.group == "class":
            rows = rows[np.argsort(rows % 3, kind="stable")]
            starts = np.searchsorted(rows % 3, range(4))
            groups = tuple(Group(f"class_{i}", int(starts[i]), int(starts[i + 1] - starts[i])) for i in range(3))
        return Found(rows[::-1].copy() if query.descending else rows, groups, "")

    def column(self, dataset, name):
        rows = np.arange(self._project.dataset(dataset).size)
        if name == "class":
            return Column((rows % 3).astype(np.int32), "category", ("class_0", "class_1", "class_2"))
        if name == "score.length":
            return Column(rows.astype(np.float32), "number", ())
        raise InputError(f"There is no {name}.")

    def fields(self, dataset, values=True):
        return (
            Field("class", "category", "Its class", ("class_0", "class_1", "class_2"), True, True),
            Field("name", "number", "Its place in the order of names", (), True),
            Field("score.length", "number", "Its score by length", (), True),
        )

    def missing(self, query):
        return ""

    def neighbours(self, dataset, row, count=12):
        return ()

    def copies(self, dataset, row):
        return Copies(None)

    def samples(self, dataset, rows):
        return self._project.pages.samples(dataset, rows)

    def ids(self, dataset, rows):
        return self._project.pages.ids(dataset, rows)


class FakeSkillset:
    """``project.skillset``: none."""

    def all(self, dataset, subset=None, first=None):
        return []


class FakeSubsets(list):
    """``project.subsets``, and the list of them; all are locked."""

    def __init__(self, project, subsets) -> None:
        super().__init__(subsets)
        self._project = project

    def at_hand(self, key):
        return True

    def pin(self, key, ids, state):
        made = self._project.pin(ids, state)
        return dataclasses.replace(made, notes=("It is locked and stays as it is.",))


class FakeProject:
    """What the window asks of a Project."""

    def __init__(self, root: Path, sizes=(1000,), kinds=("image",), subset_size=0) -> None:
        self.folder = root / "fake.curator"
        self.folder.mkdir(exist_ok=True)
        self.root = root
        self.datasets = [
            make(Dataset, id=i, name=f"pile {i}", kind=kind, root=root, size=size, status="ready", skipped=0)
            for i, (size, kind) in enumerate(zip(sizes, kinds, strict=True), 1)
        ]
        self.subsets = FakeSubsets(self, [self._subset(1, 1, subset_size)] if subset_size else [])
        self.pins: dict[int, str | None] = {}
        self.entries: list[HistoryEntry] = []
        self.before: list[dict[int, str | None]] = []
        self.pages_read = 0
        self.running_job = None
        self.submitted: list[Job] = []
        self.closed = False
        self.arriving: list[Dataset] = []
        self.pages, self.browse = FakePages(self), FakeBrowse(self)
        self.skillset = FakeSkillset()

    def _subset(self, id_, dataset, size):
        return make(Subset, id=id_, name=f"diverse {size}", dataset_id=dataset, size=size, summary=SUMMARY)

    def close(self):
        self.closed = True

    def prepare(self):
        """No worker."""

    def contents(self):
        return Contents(list(self.datasets), list(self.subsets), [], [])

    def dataset(self, key):
        return next(d for d in self.datasets if key in (d.id, d.name))

    def subset(self, key):
        return next(s for s in self.subsets if key in (s.id, s.name))

    def _sample(self, dataset, row):
        image = dataset.kind == "image"
        sample_id = dataset.id * 10_000_000 + row
        return make(
            Sample,
            id=sample_id,
            dataset_id=dataset.id,
            row=row,
            source=f"class_{row % 3}/{row:07}.png" if image else f"data.jsonl#{row}",
            text="" if image else f"Say {row}. " * 5,
            record="" if image else RECORD % (row, row),
            images=(f"{row % 12:02}.png",) if image else (),
            width=64 if image else 0,
            height=64 if image else 0,
            labels=(f"class_{row % 3}",),
            pin=self.pins.get(sample_id) or "",
            hidden=False,
            problem="",
        )

    def samples(self, dataset, first_row=0, count=200):
        found = self.dataset(dataset)
        return [self._sample(found, row) for row in range(first_row, min(found.size, first_row + count))]

    def samples_by_id(self, ids):
        return [self._sample(self.dataset(i // 10_000_000), i % 10_000_000) for i in ids]

    def subset_rows(self, subset, first_rank=1, count=200):
        found = self.subset(subset)
        dataset = self.dataset(found.dataset_id)
        last = min(found.size, first_rank + count - 1)
        return [self._row(dataset, rank) for rank in range(first_rank, last + 1)]

    def _row(self, dataset, rank):
        sample = self._sample(dataset, rank * 2 % dataset.size)
        return make(
            SubsetRow,
            rank=rank,
            sample_id=sample.id,
            row=sample.row,
            source=sample.source,
            text=sample.text,
            gain=1.0 / rank if rank > 1 else float("inf"),
            weight=None,
            reason=f"Farthest from the {rank - 1} earlier picks.",
            nearest_id=self._sample(dataset, 2).id if rank > 1 else None,
            skill="round things",
            labels=sample.labels,
        )

    def counts(self, subset, first=None):
        return {"skill": [("round things", 10, 400), ("square things", 0, 30)], "class": [("class_0", 3, 90)]}

    def history(self, count=50):
        return list(reversed(self.entries))[:count]

    def pin(self, ids, state):
        label = f"Pin {state} {len(ids)} samples"
        self.before.append(dict(self.pins))
        self.pins.update(dict.fromkeys(ids, state))
        self.entries.append(HistoryEntry(len(self.entries) + 1, "now", label, False))
        return Changes(frozenset({"pin"}), label=label)

    def undo(self):
        for i in reversed(range(len(self.entries))):
            if not self.entries[i].undone:
                self.entries[i] = dataclasses.replace(self.entries[i], undone=True)
                self.pins = self.before[i]
                return Changes(frozenset({"pin"}))
        raise InputError("There is nothing to undo.")

    def submit_import(self, paths, name="", importer="", params=None, listener=None):
        return self._submit(ImportRequest(tuple(map(str, paths)), name), listener)

    def submit_run(self, dataset, recipe, subset="", device="auto", batch=0, listener=None):
        return self._submit(RunRequest(dataset, recipe.to_toml(), subset), listener)

    def submit_projection(self, dataset, projector="pca", device="auto", listener=None, gives_way=False):
        job = self._submit(ProjectionRequest(dataset, projector), listener)
        job.gives_way = gives_way
        return job

    def submit_again(self, job, listener=None):
        return self._submit(job.request, listener)

    def _submit(self, request, listener):
        job = Job(request, listener)
        job.state = RUNNING
        self.submitted.append(job)
        self.running_job = job
        return job

    def cancel(self, job):
        job.cancel_asked = True

    stop_now = cancel

    def finish(self, job, changes):
        """End a Job from another thread, as the queue would."""
        self.running_job = None
        thread = threading.Thread(target=job.take, args=(Done(changes),))
        thread.start()
        thread.join()

    def grow(self, size, kind="image"):
        """One more Dataset."""
        made = make(Dataset, id=len(self.datasets) + 1, name="new", kind=kind, root=self.root, size=size)
        self.datasets.append(made)
        return made
