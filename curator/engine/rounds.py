"""Rounds of labels with a teacher, a student and a person (ActiveKD with PCoreSet, arXiv 2506.00910).

A Study goes round by round: probabilities choose a batch, the batch is labelled, a fresh student is fitted, its
probabilities choose the next batch. Everything is rows in the Project, so a Study goes on after a restart.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from curator.engine.active import Labelled, Measures, choose_batch, measure, selector_vectors
from curator.engine.arrays import save_array
from curator.engine.artefacts import Bench
from curator.engine.errors import InputError
from curator.engine.ground import Ground, ground_of
from curator.engine.recipe import fingerprint
from curator.engine.registry import registry
from curator.engine.store import Store
from curator.engine.store_rounds import RoundStore
from curator.engine.studies import NextRound, StartStudy
from curator.engine.study import OPEN, Study, StudyPlan
from curator.engine.task import Task
from curator.engine.types import Changes, Floats, Ints, Ranking, Rows

FOLDS = 5
FEWEST = 10
"""Labels from which cross-validation says anything at all."""


@dataclass(frozen=True)
class _Model:
    """Probabilities of every row, how they were measured, and what selectors may look at."""

    probabilities: Floats
    features: Any
    measured: str
    measures: Measures


def start_study(store: Store, request: StartStudy, task: Task, *, polite: bool = False) -> Changes:
    """Choose the first batch by the teacher alone; the Study becomes visible with it.

    Raises:
        InputError: a value does not fit, there are fewer than two classes, or the encoder reads no class names.
    """
    dataset = store.dataset(request.dataset)
    plan = StudyPlan.of(dict(request.plan))
    rounds = RoundStore(store)
    classes = plan.classes or tuple(sorted(set(rounds.given(dataset.id).values())))
    if len(classes) < 2:
        raise InputError("A study needs at least two classes.", "Name them: --classes cat,dog")
    bench = Bench(store, dataset, registry(), task, seed=plan.seed, device_name=request.device, batch=request.batch)
    ground = ground_of(bench, plan, classes, rounds.given(dataset.id))
    study_id = rounds.add_study(dataset.id, request.name or f"{plan.selector} rounds", classes, plan)
    return _advance(bench, rounds, rounds.hidden_study(study_id), ground)


def next_round(store: Store, request: NextRound, task: Task, *, polite: bool = False) -> Changes:
    """Fit the student and choose the next batch. What is left open goes back to the pool.

    Raises:
        InputError: nothing of the newest batch was answered, so nothing would change.
    """
    rounds = RoundStore(store)
    study = rounds.study(request.study)
    newest = rounds.rounds(study.id)[-1]
    batch = rounds.picks(study.id, newest.number)
    if not batch:
        raise InputError("The pool is empty: there is nothing left to ask about.", "Export the labels, or import more.")
    if all(p.state == OPEN for p in batch):
        raise InputError("Nothing of this batch has been answered yet.", "Label some of it first.")
    dataset = store.dataset(study.dataset_id)
    bench = Bench(
        store, dataset, registry(), task, seed=study.plan.seed, device_name=request.device, batch=request.batch
    )
    ground = ground_of(bench, study.plan, study.classes, rounds.given(dataset.id), newest)
    return _advance(bench, rounds, study, ground)


def _advance(bench: Bench, rounds: RoundStore, study: Study, ground: Ground) -> Changes:
    started = time.monotonic()
    number = len(rounds.rounds(study.id)) + 1
    place = {name: i for i, name in enumerate(study.classes)}
    labelled = Labelled.of({r: place[name] for r, name in rounds.answers(study).items() if ground.readable[r]})
    answered = np.array([p.row for p in rounds.picks(study.id) if p.state != OPEN], np.int64)
    pool = np.setdiff1d(np.flatnonzero(ground.readable), np.concatenate([ground.held, answered, labelled.rows]))
    model = _fit(ground, study, labelled, pool, number, bench.task)
    count = study.plan.batch or len(study.classes)
    q = model.probabilities
    if study.plan.blend and ground.teacher is not None:
        q = ((1 - study.plan.blend) * q + study.plan.blend * ground.teacher_probabilities).astype(np.float32)
    wants = getattr(registry().get("selector", study.plan.selector).cls, "space", "student")
    vectors = ground.vectors if wants == "embedding" else selector_vectors(model.features, ground.vectors)
    ranking = choose_batch(
        study.plan.selector,
        count,
        probabilities=q,
        vectors=vectors,
        labelled=labelled,
        pool=pool,
        names=study.classes,
        seed=study.plan.seed,
        round=number,
        samples=bench.reader,
        device=bench.device.name,
        task=bench.task,
    )
    ranking = _with_names(ranking, bench)
    key = {"study": study.id, "round": number, "labels": labelled.rows.tolist(), "classes": labelled.classes.tolist()}
    file = f"study-{fingerprint({**key, 'teacher': ground.teacher_file})[:32]}.npy"
    save_array(bench.store.arrays / file, q)
    bench.task.log(_words(number, model, study.classes))
    return rounds.add_round(
        study,
        number,
        ranking,
        bench.store.sample_ids(bench.dataset.id),
        measured=model.measured,
        measures=model.measures,
        file=file,
        teacher_file=ground.teacher_file,
        embedding=ground.embedding,
        seconds=time.monotonic() - started,
    )


def _with_names(ranking: Ranking, bench: Bench) -> Ranking:
    """Reasons that name files, without the folder, where the selector says "row 17"."""
    if ranking.nearest is None or not ranking.reasons:
        return ranking
    rows = np.unique(ranking.nearest[ranking.nearest >= 0])
    names = (PurePosixPath(s).name for s in bench.store.iter_sources(bench.dataset.id, rows))
    name = dict(zip(rows.tolist(), names, strict=True))
    reasons = [
        reason.replace(f"row {near}", name[near]) if near >= 0 else reason
        for reason, near in zip(ranking.reasons, ranking.nearest.tolist(), strict=True)
    ]
    return replace(ranking, reasons=tuple(reasons))


def _fit(ground: Ground, study: Study, labelled: Labelled, pool: Rows, number: int, task: Task) -> _Model:
    k, plan = len(study.classes), study.plan
    if number == 1 and not len(labelled.rows):
        q, features = ground.teacher_probabilities, ground.vectors
    else:
        q, features = fit_probabilities(ground, plan, labelled, pool, number, task)
    if len(ground.held):
        found = measure(q[ground.held], ground.truth, labelled.classes, k)
        return _Model(q, features, "hold-out", found)
    guess, truth = _cross_validated(ground, plan, labelled, pool, number, task) if number > 1 else (q[:0], q[:0, 0])
    found = measure(guess, truth.astype(np.int32), labelled.classes, k)
    return _Model(q, features, "cross-validation" if len(truth) else "", found)


def fit_probabilities(
    ground: Ground, plan: StudyPlan, labelled: Labelled, pool: Rows, number: int, task: Task
) -> tuple[Floats, Any]:
    """A fresh student's probabilities of every row, float32 [n, k], and what its heads read, [n, w]."""
    k = ground.k
    if plan.student == "linear-probe":
        from curator.engine.probing import probe_logits
        from curator.engine.students import softmax

        if not len(labelled.rows):
            return ground.teacher_probabilities, ground.vectors
        logits = probe_logits(ground.x, labelled.rows, labelled.classes, k)
        return softmax(logits).astype(np.float32), ground.vectors
    from curator.engine.students import StudentPlan, fit_student

    sizes = StudentPlan(
        width=plan.width, layers=plan.layers, steps=plan.steps, temperature=plan.soften, distil=plan.distil
    )
    student = fit_student(
        ground.x, labelled.rows, labelled.classes, k, ground.teacher, pool=pool, plan=sizes,
        seed=plan.seed + number, task=task,
    )  # fmt: skip
    return student.probabilities(plan.mix, plan.softness), student.features


def _cross_validated(
    ground: Ground, plan: StudyPlan, labelled: Labelled, pool: Rows, number: int, task: Task
) -> tuple[Floats, Ints]:
    """Probabilities of labelled rows by students that have not seen them, and their classes; empty for few labels."""
    fold = _folds(labelled.classes)
    guesses, truths = [np.empty((0, ground.k), np.float32)], [np.empty(0, np.int32)]
    for f in range(FOLDS if len(labelled.rows) >= FEWEST else 0):
        inside = fold != f
        if inside.all() or not inside.any():
            continue
        kept = Labelled(labelled.rows[inside], labelled.classes[inside])
        q, _ = fit_probabilities(ground, plan, kept, pool, number, task)
        guesses.append(q[labelled.rows[~inside]])
        truths.append(labelled.classes[~inside])
    return np.concatenate(guesses), np.concatenate(truths)


def _folds(classes: Ints) -> Rows:
    """The fold of each label: the classes in turn, so that each fold has some of each."""
    fold = np.empty(len(classes), np.int64)
    fold[np.argsort(classes, kind="stable")] = np.arange(len(classes)) % FOLDS
    return fold


def _words(number: int, model: _Model, names: tuple[str, ...]) -> str:
    m = model.measures
    text = f"Round {number}: {m.spent} labels, {m.classes} of {len(names)} classes."
    if model.measured:
        text += f" Accuracy {m.accuracy:.1%} by {model.measured} of {m.compared}, calibration error {m.error:.3f}."
    return text
