"""Students: small classifiers fitted to few labels and to a teacher's probabilities.

Source: ActiveKD and PCoreSet, arXiv 2506.00910, with the dual-head student of DHO: one body, a head that learns from
labels and a head that learns from the teacher, mixed when they are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from curator.engine.task import Task
from curator.engine.types import Floats, Ints, Rows

BLOCK = 16_384
LABEL = "Fitting the student"


@dataclass(frozen=True)
class StudentPlan:
    """How a student is built and fitted; the defaults are those of the digits protocol in ``docs/results.md``.

    Attributes:
        width, layers: of the body; no layers = both heads read the vectors themselves.
        steps, batch, rate: AdamW steps, rows of each kind in a step, learning rate.
        temperature: T, which softens teacher and distilled head in the loss.
        distil: share of the loss that is distillation, 0 to 1; 0 = the label head alone.
        mix: a, share of the distilled head in the mixed probabilities.
        softness: beta, divides the distilled logits when they are read.
    """

    width: int = 64
    layers: int = 2
    steps: int = 250
    batch: int = 64
    rate: float = 3e-3
    temperature: float = 2.0
    distil: float = 0.5
    mix: float = 0.5
    softness: float = 1.0


@dataclass(frozen=True)
class Student:
    """What a fitted student says of every row.

    Attributes:
        label_logits: float32 [n, k], of the head fitted to labels.
        distilled_logits: float32 [n, k] of the head fitted to the teacher, None where there was no teacher.
        features: float32 [n, w], what the heads read.
    """

    label_logits: Floats
    distilled_logits: Floats | None
    features: Floats

    def probabilities(self, mix: float = 0.5, softness: float = 1.0) -> Floats:
        """(1 - mix) * softmax(label) + mix * softmax(distilled / softness): float32 [n, k], see :func:`mixed`."""
        return mixed(self.label_logits, self.distilled_logits, mix, softness)


def softmax(logits: NDArray[Any], temperature: float = 1.0) -> NDArray[np.float64]:
    """softmax(logits / temperature) of each row, float64 [n, k]."""
    values = np.asarray(logits, np.float64) / temperature
    values = np.exp(values - values.max(axis=1, keepdims=True))
    return values / values.sum(axis=1, keepdims=True)


def mixed(label: NDArray[Any], distilled: NDArray[Any] | None, mix: float = 0.5, softness: float = 1.0) -> Floats:
    """The dual-head student's probabilities, float32 [n, k].

    q = (1 - a) * softmax(label) + a * softmax(distilled / beta) with a = ``mix`` and beta = ``softness``; 0.5 and 1 for
    choosing a batch, as in PCoreSet. Without a distilled head the label head alone.
    """
    found = softmax(label)
    if distilled is not None:
        found = (1 - mix) * found + mix * softmax(distilled, softness)
    return found.astype(np.float32)


def distillation_loss(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """T^2 * KL(softmax(teacher / T) || softmax(student / T)), the mean over rows [b, k] (Hinton et al. 2015)."""
    target = torch.log_softmax(teacher / temperature, dim=1)
    guess = torch.log_softmax(student / temperature, dim=1)
    return temperature**2 * functional.kl_div(guess, target, reduction="batchmean", log_target=True)


def student_loss(
    label: tuple[Tensor, Tensor], pairs: Sequence[tuple[Tensor, Tensor]], temperature: float, distil: float = 0.5
) -> Tensor:
    """(1 - distil) * CE + distil * (KD of labelled rows + KD of unlabelled rows), one number.

    Args:
        label: logits of the label head [b, k], classes [b].
        pairs: (distilled logits, teacher logits), each [b, k]; their losses are added, not averaged.
        temperature: T of :func:`distillation_loss`.
        distil: share of distillation.
    """
    total = (1 - distil) * functional.cross_entropy(*label)
    for guess, teacher in pairs:
        total = total + distil * distillation_loss(guess, teacher, temperature)
    return total


@contextmanager
def one_thread() -> Iterator[None]:
    """One torch thread inside, so that sums have one order and a fit is the same on every machine of a kind."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def fit_student(
    x: NDArray[Any],
    labelled: Rows,
    classes: Ints,
    k: int,
    teacher: NDArray[Any] | None = None,
    *,
    pool: Rows | None = None,
    plan: StudentPlan | None = None,
    seed: int = 0,
    task: Task | None = None,
) -> Student:
    """Fit a fresh student, from first weights every time, and read it for every row.

    The label head sees labelled rows only, the distilled head sees both kinds, the body gets the gradients of both. The
    last weights count; nothing is chosen by validation. Weights and draws come from ``seed``; the CPU with one thread
    does the work.

    Args:
        x: float32 [n, d], coordinates of about unit size, see :func:`curator.engine.active.prepared`; no NaN.
        labelled: int64 [m], rows with a label.
        classes: int32 [m], their classes 0..k-1.
        k: number of classes.
        teacher: float32 [n, k], logits before any softening; None = no distillation.
        pool: int64, unlabelled rows to distil on; None = all the others.
        plan: sizes and steps.
        seed: of weights and draws.
        task: reports and cancels.
    """
    plan, task = plan or StudentPlan(), task or Task()
    rng = np.random.default_rng((seed, 17))
    rest = np.setdiff1d(np.arange(len(x)) if pool is None else pool, labelled)
    teach = teacher is not None and plan.distil > 0
    net = _Net(x.shape[1], k, plan, rng, teach)
    order = np.argsort(labelled, kind="stable")
    labelled, classes = labelled[order], np.asarray(classes)[order]
    with one_thread():
        optimiser = torch.optim.AdamW(net.weights, lr=plan.rate, fused=True)
        for _ in task.track(range(plan.steps if len(labelled) or teach else 0), LABEL):
            loss = _step_loss(net, x, labelled, classes, rest, teacher if teach else None, plan, rng)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        return net.read(x)


def _step_loss(
    net: _Net, x: Any, labelled: Rows, classes: Any, rest: Rows, teacher: Any, plan: StudentPlan, rng: Any
) -> Tensor:
    """The loss of one step; rows of both kinds go through the body together."""
    known = rng.integers(len(labelled), size=plan.batch if len(labelled) else 0)
    drawn = rng.integers(max(1, len(rest)), size=plan.batch if teacher is not None and len(rest) else 0)
    rows = np.concatenate([labelled[known], rest[drawn]])
    guess, distilled = net(_rows(x, rows))
    parts = [slice(0, len(known)), slice(len(known), len(rows))]
    pairs = []
    if teacher is not None:
        target = _rows(teacher, rows)
        pairs = [(distilled[p], target[p]) for p in parts if len(rows[p])]
    distil = plan.distil if teacher is not None else 0.0
    if not len(known):
        return distil * distillation_loss(*pairs[0], plan.temperature)
    truth = torch.from_numpy(classes[known].astype(np.int64))
    return student_loss((guess[parts[0]], truth), pairs, plan.temperature, distil)


def _rows(array: Any, rows: Any) -> Tensor:
    return torch.from_numpy(np.array(array[rows], np.float32))


class _Net:
    """A body of linear layers with ReLU and two linear heads, weights drawn by numpy."""

    def __init__(self, d: int, k: int, plan: StudentPlan, rng: np.random.Generator, teach: bool) -> None:
        sizes = [d, *[plan.width] * plan.layers]
        self.body = [_linear(a, b, rng) for a, b in pairwise(sizes)]
        self.label = _linear(sizes[-1], k, rng)
        self.distilled = _linear(sizes[-1], k, rng)
        self.teach = teach
        used = [*self.body, self.label, *([self.distilled] if teach else [])]
        self.weights = [w for pair in used for w in pair]

    def features(self, x: Tensor) -> Tensor:
        """What the heads read."""
        for weight, bias in self.body:
            x = torch.relu(functional.linear(x, weight, bias))
        return x

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of both heads."""
        z = self.features(x)
        return functional.linear(z, *self.label), functional.linear(z, *self.distilled)

    def read(self, x: Any) -> Student:
        """Both heads and the features for every row, a block at a time."""
        found: list[list[NDArray[np.float32]]] = [[], [], []]
        with torch.no_grad():
            for first in range(0, len(x), BLOCK):
                block = torch.from_numpy(np.array(x[first : first + BLOCK], np.float32))
                z = self.features(block)
                heads = (functional.linear(z, *self.label), functional.linear(z, *self.distilled), z)
                for part, value in zip(found, heads, strict=True):
                    part.append(value.numpy())
        label, distilled, features = (np.concatenate(part) for part in found)
        return Student(label, distilled if self.teach else None, features)


def _linear(inside: int, outside: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Weight [outside, inside] and bias, uniform within 1 / sqrt(inside)."""
    bound = 1 / np.sqrt(inside)
    weight = torch.from_numpy(rng.uniform(-bound, bound, (outside, inside)).astype(np.float32))
    bias = torch.from_numpy(rng.uniform(-bound, bound, outside).astype(np.float32))
    return weight.requires_grad_(), bias.requires_grad_()
