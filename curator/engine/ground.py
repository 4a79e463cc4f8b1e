"""The ground a Study stands on: vectors, the teacher's logits, and what is kept for measuring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curator.engine.active import prepared
from curator.engine.arrays import open_array, save_array
from curator.engine.artefacts import Bench
from curator.engine.errors import InputError
from curator.engine.recipe import Step, fingerprint
from curator.engine.study import RoundRecord, StudyPlan
from curator.engine.types import Floats, Ints, Rows

CLIP_SCALE = 100.0
"""The logit scale that CLIP models end their training at; used where an encoder has none."""
BLOCK = 16_384


@dataclass(frozen=True)
class Ground:
    """Everything of a Study that no label changes.

    Attributes:
        vectors: float32 [n, d], unit rows, NaN for unreadable ones.
        x: float32 [n, d], the same for students: coordinates of about unit size, 0 for unreadable rows.
        readable: bool [n].
        teacher: float32 [n, k], logits, 0 for unreadable rows; None without a teacher.
        held: int64 [h], rows kept for measuring; never asked about.
        truth: int32 [h], their classes.
        k: number of classes.
        temperature: divides the teacher's logits where it is read.
        teacher_file, embedding: names of both in the Project.
    """

    vectors: NDArray[Any]
    x: Floats
    readable: NDArray[np.bool_]
    teacher: NDArray[Any] | None
    held: Rows
    truth: Ints
    k: int
    temperature: float
    teacher_file: str
    embedding: str

    @cached_property
    def teacher_probabilities(self) -> Floats:
        """softmax(logits / temperature), float32 [n, k]; 1 / k without a teacher."""
        if self.teacher is None:
            return np.full((len(self.vectors), self.k), 1 / self.k, np.float32)
        from curator.engine.students import softmax

        return softmax(self.teacher, self.temperature).astype(np.float32)


def ground_of(
    bench: Bench, plan: StudyPlan, classes: tuple[str, ...], given: Mapping[int, str], before: RoundRecord | None = None
) -> Ground:
    """Make or find the vectors and the teacher's logits.

    ``before`` is a round of the same Study: as long as nothing was imported since and its files are there, no encoder
    is loaded.

    Raises:
        InputError: the encoder reads no texts for a zero-shot teacher, or a probe teacher has no given label.
    """
    record = bench.store.embedding(before.embedding) if before else None
    fresh = record is None or record.rows != bench.dataset.size or not (bench.store.arrays / record.file).is_file()
    if fresh:
        bench.choose_encoder(Step(plan.encoder))
        record = bench.embedding()
    assert record is not None
    vectors = bench.vectors(record)
    readable = np.isfinite(np.asarray(vectors[:, 0])).copy()
    readable[bench.store.problem_rows(bench.dataset.id)] = False
    readable[bench.store.pins(bench.dataset.id)[1]] = False
    if not readable.any():
        raise InputError(f"“{bench.dataset.name}” has no readable sample that is not pinned out.")
    x = student_vectors(vectors, readable)
    held, truth = held_out(given, classes, readable, plan)
    teacher_file = before.teacher_file if before and not fresh else ""
    if plan.teacher != "none" and not (teacher_file and (bench.store.arrays / teacher_file).is_file()):
        teacher_file = _make_teacher(bench, plan, classes, given, record.fingerprint, x, readable, held)
    teacher = open_array(bench.store.arrays / teacher_file) if teacher_file else None
    return Ground(
        vectors, x, readable, teacher, held, truth, len(classes), plan.temperature, teacher_file, record.fingerprint
    )


def student_vectors(vectors: NDArray[Any], readable: NDArray[np.bool_]) -> Floats:
    """What students read, see :func:`curator.engine.active.prepared`; 0 for unreadable rows. float32 [n, d]."""
    x = prepared(vectors, np.flatnonzero(readable))
    x[~readable] = 0
    return x


def held_out(
    given: Mapping[int, str], classes: tuple[str, ...], readable: NDArray[np.bool_], plan: StudyPlan
) -> tuple[Rows, Ints]:
    """Rows kept for measuring and their classes: a seeded ``plan.holdout`` of those with a given label.

    Each row has its own lot, so the same rows stay held out when the Dataset grows.
    """
    lot = np.random.default_rng((plan.seed, 5)).random(len(readable))
    place = {name: i for i, name in enumerate(classes)}
    rows = [r for r, name in given.items() if name in place and r < len(readable) and readable[r]]
    held = np.array(sorted(r for r in rows if lot[r] < plan.holdout), np.int64)
    return held, np.array([place[given[r]] for r in held.tolist()], np.int32)


def _make_teacher(
    bench: Bench,
    plan: StudyPlan,
    classes: tuple[str, ...],
    given: Mapping[int, str],
    embedding: str,
    x: Floats,
    readable: NDArray[np.bool_],
    held: Rows,
) -> str:
    sign = {"teacher": plan.teacher, "embedding": embedding, "classes": list(classes), "version": 1}
    if plan.teacher == "zero-shot":
        sign["template"] = plan.template(bench.dataset.kind)
    else:
        sign |= {"known": list(plan.known), "shots": [plan.shots, plan.rest_shots], "seed": plan.seed}
        sign["given"] = fingerprint([[r, n] for r, n in sorted(given.items())])
    file = f"teacher-{fingerprint(sign)[:32]}.npy"
    if not (bench.store.arrays / file).is_file():
        if plan.teacher == "zero-shot":
            logits = _zero_shot(bench, plan, classes, x.shape)
        else:
            logits = _probe(plan, classes, given, x, held)
        logits[~readable] = 0
        save_array(bench.store.arrays / file, logits)
    return file


def _zero_shot(bench: Bench, plan: StudyPlan, classes: tuple[str, ...], shape: tuple[int, ...]) -> Floats:
    """scale * cosine of vector and class prompt, float32 [n, k]."""
    from curator.engine.prompts import zero_shot_vectors

    if bench.encoder is None:
        bench.choose_encoder(Step(plan.encoder))
    encode = bench.encode_texts()
    if encode is None:
        raise InputError(
            f"The encoder “{bench.encoder_spec.name}” reads no class names.",
            "Choose one that does, such as open-clip or tiny-clip, or another teacher: --set teacher=none",
        )
    prompts = np.asarray(zero_shot_vectors(encode, list(classes), plan.template(bench.dataset.kind)), np.float64)
    scale = bench.session.logit_scale
    scale = scale if np.isfinite(scale) else CLIP_SCALE
    vectors = bench.vectors(bench.embedding())
    logits = np.zeros((shape[0], len(classes)), np.float32)
    for first in range(0, len(vectors), BLOCK):
        bench.task.step("Asking the teacher", first, len(vectors))
        logits[first : first + BLOCK] = scale * (np.asarray(vectors[first : first + BLOCK], np.float64) @ prompts.T)
    return logits


def _probe(plan: StudyPlan, classes: tuple[str, ...], given: Mapping[int, str], x: Floats, held: Rows) -> Floats:
    """Logits of a probe on a few given labels outside the hold-out, float32 [n, k]."""
    from curator.engine.probing import probe_logits

    rng = np.random.default_rng((plan.seed, 11))
    kept, away = [], set(held.tolist())
    for number, name in enumerate(classes):
        rows = np.array([r for r, n in sorted(given.items()) if n == name and r < len(x) and r not in away], np.int64)
        shots = plan.shots if not plan.known or name in plan.known else plan.rest_shots
        drawn = rng.permutation(rows)[:shots]
        kept += [(r, number) for r in drawn.tolist()]
    if not kept:
        raise InputError("A probe teacher needs samples with a given label.", "Choose another: --set teacher=zero-shot")
    rows, numbers = np.array(kept, np.int64).T
    return probe_logits(x, rows, numbers.astype(np.int32), len(classes))
