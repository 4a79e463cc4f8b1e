"""Skills that you name: zero-shot classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curator.engine.api import Clustering, InputError, Inputs, Task, clusterer, param

CLIP_SCALE = 100.0
"""The logit scale that CLIP models end their training at; used where an encoder has none."""


@clusterer("zero-shot", version=1, needs={"vectors", "encode_texts"}, uses={"labels"})
@dataclass(frozen=True)
class ZeroShot:
    """Sort the pile by words: the probability of each class that you name, by the encoder's own judgement.

    Needs an encoder that reads pictures and texts in one space (open-clip, tiny-clip). Without `classes` the
    dataset's own class names are used. Together with `pcoreset` this covers what the encoder believes of each class.
    An encoder without a logit scale of its own is read with that of CLIP, 100.

    Source: zero-shot CLIP (Radford et al. 2021); templates of open_clip.
    """

    classes: tuple[str, ...] = param((), help="Class names, separated by commas; empty = the dataset's classes")
    templates: str = param("simple", choices=("simple", "openai"), help="One sentence per class, or the 80 of CLIP")
    softness: float = param(
        1.0, low=0.01, high=100.0, help="Divides the encoder's logit scale; above 1 is less sure", advanced=True
    )

    def cluster(self, inputs: Inputs, task: Task) -> Clustering:
        """Membership float32 [n, k] = softmax(scale * cosine); the label is its largest entry, ties to the first.

        Raises:
            InputError: fewer than two classes.
        """
        from curator.engine import vectors
        from curator.engine.prompts import zero_shot_vectors

        assert inputs.vectors is not None and inputs.encode_texts is not None
        names = tuple(dict.fromkeys(self.classes or inputs.label_names))
        if len(names) < 2:
            raise InputError("zero-shot needs at least two classes.", "Name them: --set clusterer.classes=cat,dog")
        task.check()
        prompts = zero_shot_vectors(inputs.encode_texts, list(names), self.templates)
        scale = inputs.logit_scale if np.isfinite(inputs.logit_scale) else CLIP_SCALE
        membership = vectors.softmax_products(inputs.vectors, prompts, scale / self.softness, task=task)
        fine = np.isfinite(membership).all(axis=1)
        labels = np.full(inputs.n, -1, np.int32)
        labels[fine] = membership[fine].argmax(axis=1)
        return Clustering(labels, membership, names)
