"""Studies: rounds of labels. What one is asked to do, and its rows as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from curator.engine.active import Measures
from curator.engine.errors import InputError
from curator.engine.params import build, param, params_of
from curator.engine.registry import registry
from curator.engine.types import Floats, Kind, Rows

LABELLED, SKIPPED, UNLISTED, OPEN = "labelled", "skipped", "unlisted", ""
"""What came of a pick: a class, no answer, "it is none of the classes", or nothing yet."""


@dataclass(frozen=True)
class StudyPlan:
    """How the batches of a Study are chosen and its students fitted.

    The defaults are those of PCoreSet where the paper has one; the student's sizes suit vectors of a frozen encoder.
    """

    classes: tuple[str, ...] = param((), help="Class names, separated by commas; empty = the dataset's own classes")
    selector: str = param("pcoreset", help="Selector that picks each batch")
    batch: int = param(0, low=0, help="Samples to label in a round; 0 = as many as classes", unit="samples")
    teacher: str = param(
        "zero-shot",
        choices=("zero-shot", "probe", "none"),
        help="Where the first probabilities come from: the class names, a probe on given labels, or nowhere",
    )
    encoder: str = param("auto", help="Encoder of the vectors; one that reads texts for a zero-shot teacher")
    templates: str = param(
        "", help="Sentence around a class name, with {} for it; openai = 80 of them; empty = by kind"
    )
    temperature: float = param(1.0, low=0.01, high=100.0, help="Divides the teacher's logits when it chooses")
    known: tuple[str, ...] = param((), help="Classes that a probe teacher has learnt well; empty = all", advanced=True)
    shots: int = param(15, low=1, help="Labels of each of these for the probe", unit="samples", advanced=True)
    rest_shots: int = param(1, low=0, help="Labels of each other class for the probe", unit="samples", advanced=True)
    student: str = param(
        "dual-head",
        choices=("dual-head", "linear-probe"),
        help="Student fitted after each round: a head for labels and one for the teacher, or logistic regression",
    )
    mix: float = param(0.5, low=0.0, high=1.0, help="Share of the distilled head in the probabilities", unit="share")
    blend: float = param(
        0.0, low=0.0, high=1.0, help="Share of the teacher mixed in when choosing; 0 = the student alone", unit="share"
    )
    softness: float = param(1.0, low=0.01, help="Divides the distilled logits when they are read", advanced=True)
    width: int = param(64, low=1, high=4096, help="Width of the student's layers", advanced=True)
    layers: int = param(2, low=0, high=8, help="Layers below the heads; 0 = heads on the vectors", advanced=True)
    steps: int = param(250, low=1, high=100_000, help="Training steps of a student", advanced=True)
    distil: float = param(0.5, low=0.0, high=1.0, help="Share of distillation in the loss", unit="share", advanced=True)
    soften: float = param(2.0, low=0.1, help="Temperature of distillation", advanced=True)
    holdout: float = param(
        0.3, low=0.0, high=0.9, help="Share of the samples with a given label kept for measuring only", unit="share"
    )
    existing: bool = param(False, help="Begin with the labels that you have given before")
    seed: int = param(0, low=0, help="Seed of everything that is drawn", advanced=True)

    @classmethod
    def of(cls, values: dict[str, Any]) -> StudyPlan:
        """From plain values; raises :class:`InputError` for what does not fit."""
        plan: StudyPlan = build(cls, values, owner="A study")
        registry().get("selector", plan.selector)
        twice = [c for c in plan.classes if plan.classes.count(c) > 1]
        if twice:
            raise InputError(f"The class “{twice[0]}” is named twice.", "Name each class once.")
        return plan

    @classmethod
    def stored(cls, values: dict[str, Any]) -> StudyPlan:
        """From what a Project holds: also when its selector is not installed here, or it is of another version."""
        known = {p.name for p in params_of(cls)}
        plan: StudyPlan = build(cls, {k: v for k, v in values.items() if k in known}, owner="A study")
        return plan

    def template(self, kind: Kind) -> str:
        """The sentence around a class name."""
        return self.templates or ("simple" if kind == "image" else "{}")


@dataclass(frozen=True)
class Study:
    """Rounds of labels on one Dataset. ``classes`` are settled when it starts."""

    id: int
    dataset_id: int
    name: str
    classes: tuple[str, ...]
    plan: StudyPlan
    created: str


@dataclass(frozen=True)
class RoundRecord:
    """One round: the model that chose its batch, how good that model was, and the files of its probabilities.

    ``measured`` is "hold-out", "cross-validation" or "" when nothing could be compared.
    """

    id: int
    study_id: int
    number: int
    measured: str
    measures: Measures
    file: str
    teacher_file: str
    embedding: str
    stopped: str
    seconds: float
    created: str


@dataclass(frozen=True)
class Pick:
    """One sample to be labelled. ``state`` is one of the four words above; ``answer`` the class given, or ""."""

    id: int
    round: int
    rank: int
    sample_id: int
    row: int
    source: str
    gain: float | None
    reason: str
    nearest_id: int | None
    state: str
    answer: str


@dataclass(frozen=True)
class Space:
    """The probability space of a Study as it was when the newest batch was chosen.

    Attributes:
        names: k class names.
        probabilities: float32 [m, k], rows of readable samples.
        rows: int64 [m], their rows in the Dataset, ascending.
        picks: int64 [b], places in ``rows`` of the newest batch, in pick order.
        labelled: int64 [l], places in ``rows`` that have a label.
        teacher: float32 [m, k], the teacher's own probabilities, or None.
    """

    names: tuple[str, ...]
    probabilities: Floats
    rows: Rows
    picks: Rows
    labelled: Rows
    teacher: Floats | None
