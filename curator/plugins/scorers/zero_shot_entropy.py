"""How undecided the encoder is among classes that you name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from curator.engine.api import Floats, InputError, Inputs, Task, param, scorer

CLIP_SCALE = 100.0
"""The logit scale that CLIP models end their training at; used where an encoder has none."""


@scorer("zero-shot-entropy", version=1, needs={"vectors", "encode_texts"})
@dataclass(frozen=True)
class ZeroShotEntropy:
    """Entropy of the encoder's zero-shot probabilities of classes: 0 is sure of one, high wavers between many.

    Needs an encoder that reads pictures and texts in one space (open-clip, tiny-clip). Unlike "entropy" it needs no
    clusterer and its classes can differ from the skills.
    """

    good: ClassVar[str] = "neither"
    unit: ClassVar[str] = "nats"
    classes: tuple[str, ...] = param((), help="Class names, separated by commas; empty = the dataset's classes")

    def score(self, inputs: Inputs, task: Task) -> Floats:
        """float32 [n], NaN for unreadable rows.

        Raises:
            InputError: fewer than two classes.
        """
        from curator.engine import vectors
        from curator.engine.prompts import zero_shot_vectors

        assert inputs.vectors is not None and inputs.encode_texts is not None
        names = tuple(dict.fromkeys(self.classes or inputs.label_names))
        if len(names) < 2:
            raise InputError("zero-shot-entropy needs at least two classes.", "Name them: classes=cat,dog")
        task.check()
        prompts = zero_shot_vectors(inputs.encode_texts, list(names))
        scale = inputs.logit_scale if np.isfinite(inputs.logit_scale) else CLIP_SCALE
        p = vectors.softmax_products(inputs.vectors, prompts, scale, task=task).astype(np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = np.where(p > 0, -p * np.log(p), p * 0)
        return terms.sum(axis=1).astype(np.float32)
