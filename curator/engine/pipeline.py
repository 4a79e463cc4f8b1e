"""Import, run, project and export: functions (store, request, task) -> Changes, the same in every process."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from curator.engine.artefacts import Bench
from curator.engine.errors import InputError
from curator.engine.importing import find_importer
from curator.engine.recipe import AUTO, Step
from curator.engine.registry import PluginSpec, registry
from curator.engine.requests import ImportRequest, ProjectionRequest, Request
from curator.engine.store import Store
from curator.engine.task import Task
from curator.engine.types import Changes, Draft, Inputs, Skip, Source

CHUNK = 2000
"""Samples stored per transaction: large enough to be fast, small enough to lose and to wait for."""
FIRST_CHUNK = 64
"""The first ones are stored at once, so that there is something to look at; then ever more together."""


def handle(store: Store, request: Request, task: Task, *, polite: bool = False) -> Changes:
    """Carry out one request. ``polite``: leave pauses between chunks of rows for another writer."""
    module, function = request.handler.split(":")
    changes: Changes = getattr(import_module(module), function)(store, request, task, polite=polite)
    return changes


def import_samples(store: Store, request: ImportRequest, task: Task, *, polite: bool = False) -> Changes:
    """Read every path into one Dataset; an interrupted import goes on where it stopped.

    Raises:
        InputError: a path is not there or not understood, or the paths hold different kinds of samples.
    """
    if not request.paths:
        raise InputError("Nothing to import.", "Name a folder of images, a CSV list, or a JSON or JSONL file.")
    found = [_source(Path(p), request) for p in request.paths]
    first = found[0][2]
    if any(s.kind != first.kind for _, _, s in found):
        raise InputError("These paths hold both images and instructions.", "Import them into two datasets.")
    root = Path(os.path.commonpath([s.root for _, _, s in found]))
    importer_name = found[0][0].name
    dataset = store.begin_dataset(request.name or first.name, first.kind, root, first.format, importer_name)
    known = dataset.size
    added, skipped, chunk = 0, 0, FIRST_CHUNK
    for (_, importer, source), path in zip(found, request.paths, strict=True):
        prefix = "" if source.root == root else source.root.relative_to(root).as_posix() + "/"
        drafts: list[Draft] = []
        skips: list[Skip] = []
        for item in importer.read(Path(path).absolute(), source, task):
            task.check()
            if isinstance(item, Skip):
                skips.append(Skip(prefix + item.source, item.reason))
                task.problem(item.source, item.reason)
            else:
                drafts.append(_below(item, prefix))
            if len(drafts) >= chunk or len(skips) >= CHUNK:
                chunk = min(CHUNK, 2 * chunk)
                added += store.add_samples(dataset.id, drafts)
                skipped += store.add_skips(dataset.id, skips)
                drafts, skips = [], []
        added += store.add_samples(dataset.id, drafts)
        skipped += store.add_skips(dataset.id, skips)
    total = store.count_samples(dataset.id)
    if total == 0:
        raise InputError(
            f"None of the {task.problems} samples in {', '.join(request.paths)} could be read.",
            "See the reasons listed; nothing was imported.",
        )
    task.log(f"{added} samples added, {task.problems} set aside.")
    verb = f"Import {dataset.name}" if known == 0 else f"Extend {dataset.name} by {total - known}"
    return store.finish_import(dataset.id, verb)


def _source(path: Path, request: ImportRequest) -> tuple[PluginSpec, Any, Source]:
    path = path.absolute()
    spec, importer, _ = find_importer(path, request.importer or None, registry())
    if request.params:
        importer = spec.make(dict(request.params))
    return spec, importer, importer.open(path)


def _below(draft: Draft, prefix: str) -> Draft:
    if not prefix:
        return draft
    from dataclasses import replace

    return replace(draft, source=prefix + draft.source, images=tuple(prefix + i for i in draft.images))


def make_projection(store: Store, request: ProjectionRequest, task: Task, *, polite: bool = False) -> Changes:
    """Lay out a Dataset's newest Embedding in the plane, making the Embedding first when there is none."""
    dataset = store.dataset(request.dataset)
    bench = Bench(store, dataset, registry(), task, seed=request.seed, device_name=request.device)
    spec = registry().get("projector", request.projector)
    newest = [e for e in store.embeddings(dataset.id) if e.rows == dataset.size]
    if newest:
        record = newest[-1]
        bench.fingerprints["embedding"] = record.fingerprint
    else:
        bench.choose_encoder(Step(AUTO))
        record = bench.embedding()
    vectors = bench.vectors(record)
    alive = np.setdiff1d(np.arange(dataset.size), store.problem_rows(dataset.id))
    inputs = Inputs(
        dataset.size, alive, vectors=vectors, seed=request.seed, device=bench.device.name, samples=bench.reader
    )
    step = Step(request.projector, {p.name: request.params.get(p.name, p.default) for p in spec.params})
    projection = bench.projection(step, inputs)
    return Changes(frozenset({"projection", "embedding"}), ("projection", projection))
