"""Simulations and comparisons on a Dataset of the Project."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from curator.engine.artefacts import Bench
from curator.engine.comparing import quality
from curator.engine.errors import InputError, NotReadyError
from curator.engine.ground import ground_of, student_vectors
from curator.engine.recipe import Step, complete_step, fingerprint
from curator.engine.registry import registry
from curator.engine.running import check_ranking
from curator.engine.simulating import Loop, Pile, run_loop
from curator.engine.store import Store
from curator.engine.store_trials import TrialStore
from curator.engine.study import StudyPlan
from curator.engine.task import Task
from curator.engine.trial import ComparePlan, SimulatePlan, TrialPoint, compare_plan, simulate_plans
from curator.engine.trials import TrialRequest
from curator.engine.types import Changes, Inputs, Rows

NOTHING_NEW = "Nothing has changed since this trial was made."


def simulate(store: Store, request: TrialRequest, task: Task, *, polite: bool = False) -> Changes:
    """Run the loop for every selector and seed; finished curves are kept when it is stopped, and not run again.

    Raises:
        InputError: fewer than two classes, or no sample with a label outside the hold-out.
    """
    plan, study = simulate_plans(request.plan)
    dataset = store.dataset(request.dataset)
    codes, names = store.class_codes(dataset.id)
    classes = study.classes or names
    given = {int(r): names[c] for r, c in enumerate(codes) if c >= 0 and names[c] in classes}
    if len(set(given.values())) < 2:
        raise InputError("A simulation needs samples of at least two classes with their labels.")
    name = request.name or f"simulate {', '.join(plan.selectors)}"
    sign = fingerprint(
        [dataset.fingerprint, asdict(plan), asdict(study), sorted(given.items()), _versions(plan.selectors)]
    )
    trials = TrialStore(store)
    key, done = trials.begin(dataset.id, "simulate", name, request.plan, sign)
    if done:
        return Changes(frozenset(), ("trial", key), notes=(NOTHING_NEW,))
    have = {(p.selector, p.seed) for p in trials.points(key)}
    todo = [(seed, s) for seed in range(study.seed, study.seed + plan.seeds) for s in plan.selectors]
    for number, (seed, selector) in enumerate(todo):
        task.step("Simulating", number, len(todo))
        if (selector, seed) not in have:
            bench = Bench(store, dataset, registry(), task, seed=seed, device_name=request.device, batch=request.batch)
            pile = _pile(bench, dataclasses.replace(study, seed=seed), classes, given)
            trials.add_points(key, list(_curve(pile, plan, study, selector, seed, task)))
    task.step("Simulating", len(todo), len(todo))
    return trials.finish(key, name)


def _versions(selectors: tuple[str, ...]) -> list[int]:
    return [registry().get("selector", s).version for s in selectors]


def _pile(bench: Bench, study: StudyPlan, classes: tuple[str, ...], given: dict[int, str]) -> Pile:
    ground = ground_of(bench, study, classes, given)
    place = {name: i for i, name in enumerate(classes)}
    y = np.full(len(ground.x), -1, np.int32)
    for row, name in given.items():
        y[row] = place[name]
    pool = np.setdiff1d(np.flatnonzero(ground.readable & (y >= 0)), ground.held)
    if not len(pool) or not len(ground.held):
        raise InputError("Too few samples with a label for a pool and a hold-out.", "Choose another --set holdout=")
    return Pile(
        ground.x, ground.vectors, y, pool.astype(np.int64), ground.held, ground.teacher, classes, study.temperature
    )


def _curve(
    pile: Pile, plan: SimulatePlan, study: StudyPlan, selector: str, seed: int, task: Task
) -> Iterator[TrialPoint]:
    loop = Loop(
        rounds=plan.rounds, batch=plan.batch or len(pile.names), shots=plan.first, student=study.student,
        width=study.width, layers=study.layers, steps=study.steps, distil=study.distil, soften=study.soften,
        mix=study.mix, softness=study.softness,
    )  # fmt: skip
    for point in run_loop(pile, loop, selector, seed, task):
        m = point.measures
        values = {
            "accuracy": m.accuracy,
            "balanced": m.balanced,
            "calibration": m.error,
            "classes": m.classes / len(pile.names),
            "spread": m.spread,
            "idle": point.idle,
        }
        yield TrialPoint(selector, seed, point.round, m.spent, values)


def compare(store: Store, request: TrialRequest, task: Task, *, polite: bool = False) -> Changes:
    """Choose subsets by every selector, budget and seed, and measure each.

    Raises:
        NotReadyError: a selector needs what the plan does not make, such as scores.
    """
    plan = compare_plan(request.plan)
    dataset = store.dataset(request.dataset)
    name = request.name or f"compare {', '.join(plan.selectors)}"
    codes, names = store.class_codes(dataset.id)
    sign = fingerprint([dataset.fingerprint, asdict(plan), codes.tolist(), list(names), _versions(plan.selectors)])
    trials = TrialStore(store)
    key, done = trials.begin(dataset.id, "compare", name, request.plan, sign)
    if done:
        return Changes(frozenset(), ("trial", key), notes=(NOTHING_NEW,))
    have = {(p.selector, p.seed) for p in trials.points(key)}
    todo = [(seed, s) for seed in range(plan.seed, plan.seed + plan.seeds) for s in plan.selectors]
    bench = Bench(store, dataset, registry(), task, seed=plan.seed, device_name=request.device, batch=request.batch)
    base = _inputs(bench, plan) if any((s, seed) not in have for seed, s in todo) else None
    for number, (seed, selector) in enumerate(todo):
        task.step("Comparing", number, len(todo))
        if base is not None and (selector, seed) not in have:
            trials.add_points(key, list(_sizes(base, plan, selector, seed, task)))
    task.step("Comparing", len(todo), len(todo))
    return trials.finish(key, name)


Base = tuple[Inputs, Any, Any]
"""What a comparison chooses from, what its probe reads, and the last layer of a language model or None."""


def _inputs(bench: Bench, plan: ComparePlan) -> Base:
    from curator.engine.running import _first_inputs

    bench.choose_encoder(Step(plan.encoder))
    vectors = bench.vectors(bench.embedding())
    inputs = dataclasses.replace(_first_inputs(bench.store, bench, vectors), keep=np.empty(0, np.int64))
    step = complete_step(Step(plan.clusterer), bench.registry, "clusterer", bench.dataset.kind)
    number, clustering = bench.clustering(step, inputs)
    skills = tuple(name for _, name, _ in bench.store.skills(number))
    inputs = dataclasses.replace(inputs, skills=clustering.labels, membership=clustering.membership, skill_names=skills)
    for scorer in plan.scorers:
        step = complete_step(Step(scorer), bench.registry, "scorer", bench.dataset.kind)
        inputs = dataclasses.replace(inputs, scores={**inputs.scores, scorer: bench.score(step, inputs)})
    readable = np.zeros(inputs.n, bool)
    readable[inputs.rows] = True
    x = student_vectors(vectors, readable) if inputs.labels is not None else None
    return inputs, x, _last_layer(bench, plan, inputs)


def _last_layer(bench: Bench, plan: ComparePlan, inputs: Inputs) -> Any:
    """The last layer of the plan's language model over this pile; None when it names none."""
    if not plan.language_model:
        return None
    if bench.dataset.kind != "instruction":
        raise InputError("A language model measures instruction records only.", "Leave out language_model.")
    from curator.engine.language import LanguageModelParams
    from curator.engine.language.last_layer import last_layer

    name = "" if plan.language_model == "default" else plan.language_model
    return last_layer(LanguageModelParams(model=name), inputs, bench.task)


def _sizes(base: Base, plan: ComparePlan, selector: str, seed: int, task: Task) -> Iterator[TrialPoint]:
    inputs, x, last = base
    test = _test_rows(inputs, plan.holdout, seed, all_rows=last is not None)
    inputs = dataclasses.replace(inputs, rows=np.setdiff1d(inputs.rows, test), seed=seed)
    spec = registry().get("selector", selector)
    for step, budget in enumerate(plan.sizes):
        try:
            ranking = spec.make({"budget": budget}).select(inputs, task)
        except NotReadyError as error:
            raise NotReadyError(
                f"{selector}: {error.text}", "Leave it out, or add: --set scorers=prototypicality"
            ) from None
        check_ranking(spec, ranking, inputs)
        found = quality(inputs, ranking.rows, test, x, task, last)
        yield TrialPoint(selector, seed, step, len(ranking.rows), asdict(found))


def _test_rows(inputs: Inputs, share: float, seed: int, *, all_rows: bool = False) -> Rows:
    """Rows kept for measuring: a seeded share of those with a label, or of ``all_rows``; none without labels."""
    if inputs.labels is None and not all_rows:
        return np.empty(0, np.int64)
    lot = np.random.default_rng((seed, 5)).random(inputs.n)
    rows = inputs.rows if all_rows or inputs.labels is None else inputs.rows[inputs.labels[inputs.rows] >= 0]
    return rows[lot[rows] < share]
