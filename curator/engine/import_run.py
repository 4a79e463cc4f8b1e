"""One import, from paths to rows, and what it found."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from curator.engine.behind import Behind, two_at_work
from curator.engine.below import below, prefix_below
from curator.engine.errors import InputError
from curator.engine.history import now
from curator.engine.importing import find_importer
from curator.engine.records import Dataset
from curator.engine.registry import PluginSpec, registry
from curator.engine.requests import ImportRequest
from curator.engine.store import Store
from curator.engine.store_bulk import Pouring
from curator.engine.store_facts import SourceFacts
from curator.engine.store_imports import ImportNotes, Plan, Report, Tally
from curator.engine.task import Task
from curator.engine.types import Changes, Draft, Skip, Source

CHUNK = 8192
"""Samples stored per transaction: large enough to be fast, small enough to lose and to wait for."""
MANY_LETTERS = 32 * 2**20
"""Letters stored per transaction, where Samples are long."""
FIRST_CHUNK = 64
"""The first ones are stored at once, so that there is something to look at; then ever more together."""
VANISHED = "is not in the source any more; kept as first imported"
MANY_PATHS = 100_000
_BRACES = re.compile(r"\{([^{}]*)\}")
_RANGE = re.compile(r"(\d+)\.\.(\d+)")


def import_samples(store: Store, request: ImportRequest, task: Task, *, polite: bool = False) -> Changes:
    """Read every path into one Dataset; an interrupted import goes on where it stopped.

    Without paths the Dataset of that name is imported again as it was. Samples keep their ids: what is there already
    is compared, what is new is added, what changed or vanished is reported and kept as first imported.

    Raises:
        InputError: a path is not there or not understood, or the paths hold different kinds of samples.
    """
    notes = ImportNotes(store)
    plan = _plan(notes, request)
    found = [_source(Path(p), plan) for p in plan.paths]
    first = found[0][2]
    if any(s.kind != first.kind for _, _, s in found):
        raise InputError("These paths hold both images and instructions.", "Import them into two datasets.")
    root = Path(os.path.commonpath([s.root for _, _, s in found]))
    name = request.name or _name_of([source.name for _, _, source in found])
    before = notes.plan_named(name)
    dataset = store.begin_dataset(name, first.kind, root, first.format, found[0][0].name)
    with store.pouring() as pouring, Behind("curator-store") as behind, two_at_work():
        reading = _Reading(store, dataset, task, pouring, behind, request.renew)
        for (_, importer, source), path in zip(found, plan.paths, strict=True):
            items = importer.read(Path(path).absolute(), source, reading.task)
            reading.take(items, prefix_below(source.root, root))
        behind.wait()
    if store.count_samples(dataset.id) == 0:
        why = "".join(f" The first: {skip.source} {skip.reason}." for skip in store.skips(dataset.id, 0, 1))
        raise InputError(
            f"None of the {task.problems} samples in {', '.join(plan.paths)} could be read.",
            f"See the reasons listed; nothing was imported.{why}",
        )
    same = before is not None and set(before.paths) == set(plan.paths)
    places = None if same else [below(Path(p).absolute(), root) for p in plan.paths]
    report = reading.finish(notes, places)
    task.log(report.words)
    told = (report.words, *_of_changed(report.changed, request.renew))
    more = store.count_samples(dataset.id) - dataset.size
    verb = f"Import {dataset.name}" if dataset.size == 0 else f"Extend {dataset.name} by {more}"
    if request.renew and report.changed:
        verb = f"Renew {report.changed} of {dataset.name}"
    changes = store.finish_import(dataset.id, verb, reading.tally.fingerprint)
    notes.note(dataset.id, replace(plan, importer=found[0][0].name), report)
    for (_, _, source), path in zip(found, plan.paths, strict=True):
        SourceFacts(store).keep(dataset.id, path, source.facts)
    return replace(changes, tables=changes.tables | {"sample"}, notes=told)


def _of_changed(count: int, renew: bool) -> tuple[str, ...]:
    if not count:
        return ()
    if renew:
        return ("The new content was taken in; Skills and Scores are of the old one until the next run.",)
    return ("What changed was kept as first imported; importing again with renewal (--renew) takes the new content.",)


def expand(paths: Iterable[str]) -> list[str]:
    """Paths with ``{0000..0012}`` and ``{a,b}`` written out and ``*`` and ``?`` filled in, unless a file is really
    called so.

    Raises:
        InputError: more than 100,000 paths, or a pattern that fits nothing.
    """
    found: list[str] = []
    for path in paths:
        if os.path.lexists(path):  # a pattern may be longer than a path
            found.append(path)
            continue
        for one in _unbraced(path):
            fitting = sorted(glob.glob(one)) if any(c in one for c in "*?") else [one]  # noqa: PTH207
            if not fitting:
                raise InputError(f"Nothing is called like {one}.", "Check the pattern and the folder.")
            found += fitting
            if len(found) > MANY_PATHS:
                raise InputError(f"{path} stands for more than {MANY_PATHS:,} paths.", "Name their folder instead.")
    return found


def _unbraced(path: str) -> Iterator[str]:
    parts = _BRACES.split(path)
    choices = [[part] if i % 2 == 0 else _choices(part) for i, part in enumerate(parts)]
    yield from ("".join(chosen) for chosen in product(*choices))


def _choices(text: str) -> list[str]:
    found = _RANGE.fullmatch(text)
    if found is None:
        return text.split(",") if "," in text else ["{" + text + "}"]
    low, high = int(found[1]), int(found[2])
    if high - low > MANY_PATHS:
        raise InputError(f"{{{text}}} stands for more than {MANY_PATHS:,} paths.", "Name their folder instead.")
    return [str(number).zfill(len(found[1])) for number in range(low, high + 1)]


def _plan(notes: ImportNotes, request: ImportRequest) -> Plan:
    """What to read and how: what was asked for, completed by how the Dataset of that name was read before."""
    before = notes.plan_named(request.name) if request.name else None
    paths = tuple(expand(request.paths))
    if not paths:
        if before is None:
            raise InputError("Nothing to import.", "Name a folder of images, a list, a table or a file of records.")
        paths = before.paths
    params = dict(request.params)
    importer = request.importer
    if before is not None and not params and importer in ("", before.importer) and set(paths) & set(before.paths):
        importer, params = before.importer, before.params
    return Plan(tuple(str(Path(p).absolute()) for p in paths), importer, params)


def _source(path: Path, plan: Plan) -> tuple[PluginSpec, Any, Source]:
    spec, importer, _ = find_importer(path, plan.importer or None, registry(), plan.params)
    if plan.params:
        importer = spec.make(dict(plan.params))
    return spec, importer, importer.open(path)


def _name_of(names: Sequence[str]) -> str:
    """What several sources are called together: “shard” for shard-00000 and on, else as the first."""
    shared = {name.rstrip("-_. 0123456789") for name in names} if len(names) > 1 else set()
    return (shared.pop() if len(shared) == 1 else "") or names[0]


@dataclass
class _Reading:
    """Takes what an Importer reads and stores it in chunks."""

    store: Store
    dataset: Dataset
    outer: Task
    pouring: Pouring
    behind: Behind
    renew: bool = False

    def __post_init__(self) -> None:
        self.tally = Tally(self.dataset.size, self.store.is_fresh(self.dataset.id), self.renew)
        self.aside, self.chunk = 0, FIRST_CHUNK
        self.log: list[str] = []
        self.task = _Remembering(self.outer, self.log)

    def take(self, items: Iterator[Draft | Skip], prefix: str) -> None:
        """Store everything, each chunk while the next one is read."""
        drafts: list[Draft] = []
        skips: list[Skip] = []
        letters = 0
        for item in items:
            if isinstance(item, Skip):
                skips.append(Skip(prefix + item.source, item.reason))
                self.outer.problem(item.source, item.reason)
            else:
                drafts.append(_prefixed(item, prefix) if prefix else item)
                letters += len(item[2]) + len(item[3])  # text and record
            if len(drafts) >= self.chunk or letters >= MANY_LETTERS or len(skips) >= CHUNK:
                self.chunk = min(CHUNK, 2 * self.chunk)
                self.outer.check()
                self.behind.do(self._store, drafts, skips)
                drafts, skips, letters = [], [], 0
        self.outer.check()
        self.behind.do(self._store, drafts, skips)

    def _store(self, drafts: list[Draft], skips: list[Skip]) -> None:
        self.tally.added += self.store.add_samples(self.dataset.id, drafts, self.tally)
        self.aside += self.store.add_skips(self.dataset.id, skips)
        self.pouring.ease()

    def finish(self, notes: ImportNotes, covers: Sequence[str] | None) -> Report:
        """Note what vanished, and count."""
        gone: list[int] = []
        skips: list[Skip] = []
        vanished = 0
        for row, source, pictured in notes.unseen(self.dataset.id, self.tally, covers):
            vanished += 1
            skips.append(Skip(source, VANISHED))
            gone += [row] if pictured else []
            if len(skips) >= CHUNK:
                self.store.add_skips(self.dataset.id, skips)
                notes.mark_missing(self.dataset.id, gone, [])
                gone, skips = [], []
        self.store.add_skips(self.dataset.id, skips)
        back = [row for row in range(self.tally.known) if self.tally.seen[row]] if self.tally.known else []
        notes.mark_missing(self.dataset.id, gone, back)
        t = self.tally
        return Report(now(), t.added, t.unchanged, t.changed, vanished, self.aside, tuple(self.log))


class _Remembering(Task):
    """A Task that hands everything on and remembers the remarks."""

    def __init__(self, outer: Task, log: list[str]) -> None:
        super().__init__()
        self._outer, self._lines = outer, log

    def check(self) -> None:
        """As the outer one."""
        self._outer.check()

    def step(self, label: str, done: int, total: int = 0) -> None:
        """As the outer one."""
        self._outer.step(label, done, total)

    def log(self, text: str) -> None:
        """Remember and hand on."""
        self._lines.append(text)
        self._outer.log(text)

    def problem(self, source: str, reason: str) -> None:
        """As the outer one."""
        self._outer.problem(source, reason)


def _prefixed(draft: Draft, prefix: str) -> Draft:
    return draft._replace(source=prefix + draft.source, images=tuple(prefix + i for i in draft.images))
