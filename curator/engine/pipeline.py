"""Import, run, project and export: functions (store, request, task) -> Changes, the same in every process."""

from __future__ import annotations

from importlib import import_module

import numpy as np

from curator.engine.artefacts import Bench
from curator.engine.recipe import AUTO, Step
from curator.engine.registry import registry
from curator.engine.requests import ProjectionRequest, Request
from curator.engine.store import Store
from curator.engine.task import Task
from curator.engine.types import Changes, Inputs


def handle(store: Store, request: Request, task: Task, *, polite: bool = False) -> Changes:
    """Carry out one request. ``polite``: leave pauses between chunks of rows for another writer."""
    module, function = request.handler.split(":")
    changes: Changes = getattr(import_module(module), function)(store, request, task, polite=polite)
    return changes


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
    device = getattr(spec.cls, "runs_on", "") or bench.device.name  # which devices there are, torch has to be asked
    inputs = Inputs(dataset.size, alive, vectors=vectors, seed=request.seed, device=device, samples=bench.reader)
    step = Step(request.projector, {p.name: request.params.get(p.name, p.default) for p in spec.params})
    projection = bench.projection(step, inputs)
    return Changes(frozenset({"projection", "embedding"}), ("projection", projection))
