"""One step of a lifelong pile, carried out: import, choose, prune, and the row of the timeline."""

from __future__ import annotations

from typing import Any

import numpy as np

from curator.engine.arrays import open_array
from curator.engine.import_run import import_samples
from curator.engine.lifelong import LifelongRequest, step_recipes
from curator.engine.recipe import Recipe
from curator.engine.records import LifelongSkill
from curator.engine.requests import ImportRequest, RunRequest
from curator.engine.running import run_recipe
from curator.engine.store import Store
from curator.engine.store_lifelong import LifelongStore
from curator.engine.task import Task
from curator.engine.types import Changes, Ints, Rows


def take_step(store: Store, request: LifelongRequest, task: Task, *, polite: bool = False) -> Changes:
    """Import, choose, prune, and write the row of the timeline; one entry of the history takes all of it back.

    A step that was interrupted goes on when it is asked for again: what was imported and computed is there.

    Raises:
        InputError: a budget is not positive, or the Recipe has no clusterer or no selector with a budget.
    """
    steps = LifelongStore(store)
    since = steps.latest_entry()
    if request.paths:
        import_samples(store, ImportRequest(request.paths, request.dataset), task, polite=polite)
    dataset = store.dataset(request.dataset)
    before = steps.steps(dataset.id)
    number = before[-1].number + 1 if before else 1
    chosen_by, pruned_by = step_recipes(request, number)
    hidden = store.problem_rows(dataset.id)
    subset = _subset(store, chosen_by, request, task, polite)
    pool = _subset(store, pruned_by, request, task, polite) if pruned_by else None
    alive = np.setdiff1d(np.arange(dataset.size), np.union1d(hidden, store.problem_rows(dataset.id)))
    chosen = store.rows_of(dataset.id, store.subset_sample_ids(subset).tolist())
    gone = steps.pruned(pool) if pool is not None else np.empty(0, np.int64)
    pruned = store.rows_of(dataset.id, gone.tolist())
    skills = _skills(store, subset, alive, before[-1].size if before else 0, chosen, pruned)
    label = f"Step {number} of “{dataset.name}”: {len(chosen)} chosen, {len(pruned)} pruned"
    task.log(label)
    return steps.add(dataset, number, subset, pool, alive, gone, skills, label, since)


def _subset(store: Store, recipe: Recipe, request: LifelongRequest, task: Task, polite: bool) -> int:
    """Id of the Subset that a Recipe makes, named after it."""
    run = RunRequest(request.dataset, recipe.to_toml(), "", request.device, request.batch)
    changes = run_recipe(store, run, task, polite=polite)
    assert changes.focus is not None
    return changes.focus[1]


def _skills(store: Store, subset: int, alive: Rows, known: int, chosen: Rows, pruned: Rows) -> list[LifelongSkill]:
    """How each skill fared.

    Gained: more than half of its samples are new in this step. Starved: all it has was chosen, and that is less than
    what another skill gave, so more samples of this kind would be chosen if there were any.
    """
    run_id = store.subset(subset).run_id
    assert run_id is not None
    record = store.clustering(store.run(run_id).fingerprints["clustering"])
    assert record is not None
    labels: Ints = np.asarray(open_array(store.arrays / record.labels_file))

    def count(rows: Rows) -> Any:
        found = labels[rows]
        return np.bincount(found[found >= 0], minlength=record.k)

    size, new, taken, gone = (count(rows) for rows in (alive, alive[alive >= known], chosen, pruned))
    most = int(taken.max(initial=0))
    return [
        LifelongSkill(
            number, name, int(size[number]), int(new[number]), int(taken[number]), int(gone[number]),
            gained=bool(2 * new[number] > size[number]),
            starved=bool(size[number] and taken[number] == size[number] and taken[number] < most),
        )
        for number, name, _ in store.skills(record.id)
    ]  # fmt: skip
