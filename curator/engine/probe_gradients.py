"""Gradient vectors without a language model: those of a linear probe on another encoder's vectors.

The gradient of softmax regression for one sample is (p - y) outer [x; 1], so the cosine of two gradients is
cos(p_i - y_i, p_j - y_j) cos([x_i; 1], [x_j; 1]) and the matrix itself is never needed.

Source: the last-layer form of the gradient vectors of Adapt-∞ (arXiv 2410.10636) and of BADGE (Ash et al. 2020).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curator.engine.embedding import Problems, default_encoder, embed
from curator.engine.probing import probe_logits
from curator.engine.recipe import fingerprint
from curator.engine.registry import registry
from curator.engine.task import Task
from curator.engine.types import Floats, Ints, SampleReader
from curator.engine.unit import unit_rows
from curator.engine.whole_piles import NoSingles

BLOCK = 16_384
LEARN = 20_000
"""Samples that the probe learns from, evenly spaced; more change it little."""


def gradient_sketch(errors: NDArray[Any], x: NDArray[Any], width: int, seed: int) -> Floats:
    """(e A) * ([x; 1] R) / sqrt(width) for each row, with random signs A and R: float32 [n, width].

    Inner products of two rows are those of the gradients, with a standard deviation of at most 3 |G| |H| / sqrt(width).

    Args:
        errors: p - y, [n, c].
        x: [n, d].
    """
    rng = np.random.default_rng(seed)
    a = rng.choice([-1.0, 1.0], (errors.shape[1], width))
    r = rng.choice([-1.0, 1.0], (x.shape[1] + 1, width))
    out = np.empty((len(x), width), np.float32)
    for first in range(0, len(x), BLOCK):
        part = slice(first, first + BLOCK)
        block = np.asarray(x[part], np.float64)
        out[part] = (np.asarray(errors[part], np.float64) @ a) * (block @ r[:-1] + r[-1]) / width**0.5
    return out


def probe_errors(x: NDArray[Any], classes: Ints) -> Floats:
    """p - y of a probe that learnt ``classes`` (int32 [n], each >= 0): float32 [n, c]."""
    k = int(classes.max(initial=0)) + 1
    learn = np.unique(np.linspace(0, len(x) - 1, min(len(x), LEARN)).astype(np.int64))
    logits = np.asarray(probe_logits(x, learn, classes[learn].astype(np.int32), k), np.float64)
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(x)), classes] -= 1
    return p.astype(np.float32)


class ProbeGradientSession(NoSingles):
    """See EncoderSession: the vectors of another encoder, a probe on them, and the sketch of its gradients.

    The probe learns the classes of the samples where all have one, else the skills of k-means.
    """

    fits = True
    reads: frozenset[str] = frozenset()  # a text by itself has no class, so no gradient
    logit_scale = float("nan")

    def __init__(self, params: Any, device: str, seed: int, task: Task) -> None:
        self.params, self._device, self._seed, self._task = params, device, seed, task
        self.dims = params.width
        self.identity = ""

    def begin(self, reader: Any) -> None:
        """Open the base encoder for this kind of pile, and look up its classes; both are part of the identity."""
        name = self.params.base if self.params.base != "auto" else default_encoder(reader.kind, registry())[0]
        spec = registry().get("encoder", name)
        self._base = spec.make().open(self._device, self._seed, self._task)
        self._codes: Ints = reader.classes()
        about = {"vectors of": name, "version": spec.version, "identity": self._base.identity}
        self._about = {**about, "seed": self._seed if self._base.fits else 0}
        known = len(self._codes) and self._codes.min() >= 0
        self.identity = fingerprint(
            {**self._about, "width": self.dims, "k": self.params.k, "classes": self._codes.tolist() if known else []}
        )

    def fit(self, texts: Callable[[], Iterator[str]], count: int, task: Task) -> None:
        """Everything is learnt in :meth:`fill`."""

    def fill(self, reader: SampleReader, n: int, out: Any, tables: Any, task: Task) -> Problems:
        """Vectors into ``out``; what the base encoder cannot read stays without one."""
        session = self._base
        problems: Problems = []

        def base(writer: Any) -> None:
            if hasattr(session, "fill"):
                problems.extend(session.fill(reader, n, writer, tables, task))
            else:
                problems.extend(embed(session, reader, n, writer, task, device=self._device))

        x = tables.make(self._about, session.dims, base)
        fine = np.flatnonzero(np.isfinite(x[:, 0]))
        vectors = np.full((n, self.dims), np.nan, np.float32)
        if len(fine):
            known = x if len(fine) == n else np.ascontiguousarray(x[fine])
            task.step("Fitting a probe", 0, 1)
            errors = probe_errors(known, self._classes(fine, known, task))
            vectors[fine] = unit_rows(gradient_sketch(errors, known, self.dims, 0))
            task.step("Fitting a probe", 1, 1)
        out.write(0, vectors)
        return problems

    def _classes(self, rows: Any, x: Any, task: Task) -> Ints:
        from curator.engine import vectors

        codes = self._codes[rows]
        if codes.min() >= 0:
            return codes
        k = self.params.k or int(np.clip(round(len(rows) ** 0.5 / 2), 10, 256))
        return vectors.k_means(x, k, spherical=True, seed=self._seed, task=task, device=self._device).labels
