"""The two axes of largest variance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from curator.engine.api import Floats, Inputs, Task, projector


@projector("pca", version=1, needs={"vectors"})
@dataclass(frozen=True)
class Pca:
    """A quick and faithful first map: the two directions in which the pile varies most.

    Distances on it are real but flattened; groups that differ in other directions lie on top of each other. Use umap
    to see them apart.

    Source: Pearson 1901.
    """

    runs_on: ClassVar[str] = "cpu"

    def project(self, inputs: Inputs, task: Task) -> Floats:
        """float32 [n, 2], NaN rows stay NaN."""
        from curator.engine import vectors

        assert inputs.vectors is not None
        return vectors.pca(inputs.vectors, 2, seed=inputs.seed, task=task, device=inputs.device).projected
