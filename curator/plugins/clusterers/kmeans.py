"""Pseudo-skills by k-means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curator.engine.api import Clustering, Inputs, Task, centre_membership, clusterer, param, skill_names


@clusterer("kmeans", version=2, needs={"vectors"})
@dataclass(frozen=True)
class KMeans:
    """Divide the pile into skills of similar content by k-means.

    The usual choice: fast at any size, every sample belongs somewhere, and the membership matrix says how clearly.
    The number of skills grows with the pile unless you set it; too few merge rare skills into common ones.

    Source: k-means++ (Arthur and Vassilvitskii 2007) with spherical centres; pseudo-skills as in Adapt-∞, arXiv
    2410.10636.
    """

    k: int = param(0, low=0, high=16384, help="Number of skills; 0 = half the square root of the pile, 10 to 256")
    spherical: bool = param(True, help="Compare by angle, as encoders mean their vectors", advanced=True)
    temperature: float = param(
        0.0, low=0.0, help="How soft the membership is, in squared distance; 0 = by the pile", advanced=True
    )

    def cluster(self, inputs: Inputs, task: Task) -> Clustering:
        """Labels int32 [n], membership float32 [n, k]; rows that are not alive get their skill too, NaN rows -1."""
        from curator.engine import vectors

        assert inputs.vectors is not None
        k = self.k or int(np.clip(round(len(inputs.rows) ** 0.5 / 2), 10, 256))
        found = vectors.k_means(
            inputs.vectors, k, spherical=self.spherical, seed=inputs.seed, task=task, device=inputs.device
        )
        if not len(found.centres):  # nothing readable
            return Clustering(found.labels)
        if len(found.centres) < self.k:
            task.log(f"{self.k} skills were asked for; the pile has samples for {len(found.centres)}.")
        membership = centre_membership(inputs.vectors, found.centres, self.temperature, task)
        names = skill_names(found.labels, len(found.centres), inputs, task)
        return Clustering(found.labels, membership, names)
