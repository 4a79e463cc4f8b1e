"""The loop of active learning by itself, on a pile whose classes are all known.

Source of the protocol: PCoreSet, arXiv 2506.00910: one label of each class at random, then a batch a round, and a fresh
student after each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curator.engine.active import Labelled, Measures, choose_batch, measure, selector_vectors
from curator.engine.registry import registry
from curator.engine.task import Task
from curator.engine.types import Floats, Ints, Rows


@dataclass(frozen=True)
class Pile:
    """A pile with every class known.

    Attributes:
        x: float32 [n, d], what students read.
        vectors: [n, d], unit rows, for selectors that look at content.
        y: int32 [n], classes 0..k-1.
        pool, test: int64, rows that may be asked about, and rows for measuring.
        teacher: float32 [n, k], logits, or None.
        names: k class names.
        temperature: divides the teacher's logits where there is no student yet.
    """

    x: Floats
    vectors: NDArray[Any]
    y: Ints
    pool: Rows
    test: Rows
    teacher: Floats | None
    names: tuple[str, ...]
    temperature: float = 1.0


@dataclass(frozen=True)
class Loop:
    """How the loop goes: ``rounds`` of ``batch`` labels after ``shots`` of each class at random.

    ``student`` is "dual-head" or "linear-probe"; the rest as in :class:`~curator.engine.students.StudentPlan`.
    """

    rounds: int = 15
    batch: int = 10
    shots: int = 1
    student: str = "dual-head"
    width: int = 64
    layers: int = 2
    steps: int = 250
    distil: float = 0.5
    soften: float = 2.0
    mix: float = 0.5
    softness: float = 1.0


@dataclass(frozen=True)
class Point:
    """One training of the loop. ``idle`` is the share of the batch before it whose gain was 0, NaN without gains."""

    selector: str
    seed: int
    round: int
    measures: Measures
    idle: float


def first_labels(pile: Pile, shots: int, seed: int) -> Rows:
    """``shots`` rows of each class drawn at random from the pool, ascending: the same for every selector."""
    rng = np.random.default_rng((seed, 3))
    drawn = [rng.permutation(pile.pool[pile.y[pile.pool] == c])[:shots] for c in range(len(pile.names))]
    return np.sort(np.concatenate(drawn)).astype(np.int64)


def run_loop(pile: Pile, loop: Loop, selector: str, seed: int, task: Task | None = None) -> Iterator[Point]:
    """Yield a :class:`Point` after each training, the first after the random labels (round 0).

    The same seed gives every selector the same first labels and every student of a round the same first weights.
    """
    task = task or Task()
    rows = first_labels(pile, loop.shots, seed)
    labelled, idle = Labelled(rows, pile.y[rows]), float("nan")
    for number in range(loop.rounds + 1):
        task.check()
        q, features = student_of(pile, loop, labelled, seed * 1000 + number)
        measures = measure(q[pile.test], pile.y[pile.test], labelled.classes, len(pile.names))
        yield Point(selector, seed, number, measures, idle)
        if number == loop.rounds:
            return
        wants = getattr(registry().get("selector", selector).cls, "space", "student")
        picked = choose_batch(
            selector,
            loop.batch,
            probabilities=q,
            vectors=pile.vectors if wants == "embedding" else selector_vectors(features, pile.vectors),
            labelled=labelled,
            pool=pile.pool,
            names=pile.names,
            seed=seed,
            round=number + 1,
        )
        if not len(picked.rows):
            return
        idle = float((picked.gains == 0).mean()) if (picked.gains > 0).any() else float("nan")
        labelled = labelled.join(picked.rows, pile.y[picked.rows])


def student_of(pile: Pile, loop: Loop, labelled: Labelled, seed: int) -> tuple[Floats, Any]:
    """Probabilities float32 [n, k] of a fresh student, and what its heads read."""
    from curator.engine.students import StudentPlan, fit_student, softmax

    k = len(pile.names)
    if loop.student == "linear-probe":
        from curator.engine.probing import probe_logits

        logits = probe_logits(pile.x, labelled.rows, labelled.classes, k)
        return softmax(logits).astype(np.float32), pile.vectors
    plan = StudentPlan(
        width=loop.width, layers=loop.layers, steps=loop.steps, distil=loop.distil, temperature=loop.soften
    )
    student = fit_student(
        pile.x, labelled.rows, labelled.classes, k, pile.teacher, pool=pile.pool, plan=plan, seed=seed
    )
    return student.probabilities(loop.mix, loop.softness), student.features
