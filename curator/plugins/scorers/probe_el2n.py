"""How wrong a simple probe is about a sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from curator.engine.api import Floats, Inputs, NotReadyError, Task, param, scorer


@scorer("probe-el2n", version=1, needs={"vectors"})
@dataclass(frozen=True)
class ProbeEl2n:
    """Length of the error, softmax minus one-hot, of a linear probe on the vectors: 0 is easy, 1.41 surely wrong.

    The probe learns the classes of the labelled samples, or the skills where there are no labels, and judges each part
    of the pile after learning from the others, so that no sample is judged by a probe that has seen its class. High
    values are hard, or mislabelled. Samples without a class have no value.

    Source: EL2N, Paul et al. 2021, with a linear probe in place of a network in training.
    """

    good: ClassVar[str] = "neither"
    unit: ClassVar[str] = "error"
    folds: int = param(3, low=2, high=20, help="Parts of the pile; each is judged by a probe of the others")

    def score(self, inputs: Inputs, task: Task) -> Floats:
        """float32 [n], NaN where there is no class.

        Raises:
            NotReadyError: there are neither labels nor skills.
        """
        from curator.engine.probing import probe_logits

        assert inputs.vectors is not None
        classes = inputs.labels if inputs.labels is not None else inputs.skills
        if classes is None:
            raise NotReadyError("“probe-el2n” needs labels or skills.", "Label samples, or add a clusterer.")
        codes = np.asarray(classes)
        values = np.full(inputs.n, np.nan, np.float32)
        rows = inputs.rows[codes[inputs.rows] >= 0]
        part = inputs.rng.permutation(len(rows)) % self.folds
        for fold in task.track(range(self.folds), "Fitting probes"):
            learn, judge = rows[part != fold], rows[part == fold]
            if not len(learn) or not len(judge):
                continue
            x = np.ascontiguousarray(inputs.vectors[np.concatenate([learn, judge])], np.float32)
            k = int(codes[rows].max()) + 1
            logits = probe_logits(x, np.arange(len(learn)), codes[learn].astype(np.int32), k)[len(learn) :]
            p = np.exp(np.asarray(logits, np.float64) - logits.max(axis=1, keepdims=True))
            p /= p.sum(axis=1, keepdims=True)
            p[np.arange(len(judge)), codes[judge]] -= 1
            values[judge] = np.linalg.norm(p, axis=1)
        return values
