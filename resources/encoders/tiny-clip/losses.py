"""What tiny-clip is trained by: pictures to words, and tones of one drawing to each other."""

from __future__ import annotations

import torch
import torch.nn.functional as F

CUT = 0.85
"""The cosine that parts two tones of a drawing from two drawings, in training."""


def contrast(a: torch.Tensor, b: torch.Tensor, scale: torch.Tensor, same: torch.Tensor) -> torch.Tensor:
    """Symmetric cross-entropy of matching rows; ``same`` marks pairs that are no contrast to each other."""
    logits = (scale * a @ b.T).masked_fill(same & ~torch.eye(len(a), dtype=torch.bool), -100.0)
    target = torch.arange(len(a))
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2


def tones(one: torch.Tensor, every: torch.Tensor, own: torch.Tensor, same: torch.Tensor, scale: float) -> torch.Tensor:
    """Two tones of a base against all else, by rank and by a fixed cosine.

    Args:
        one: float [t, d], a tone of each base.
        every: float [b, d], other pictures, the second tone of base i at ``own[i]``.
        own: int64 [t].
        same: bool [t, b], pictures that look the same or are of the same base.
        scale: inverse temperature.
    """
    cosines = one @ every.T
    pairs = cosines.gather(1, own[:, None]).squeeze(1)
    others = torch.logsumexp((scale * cosines).masked_fill(same, -100.0), 1) / scale
    rank = F.softplus(scale * (others - pairs)).mean()
    fixed = F.softplus(scale * (CUT + 0.05 - pairs)).mean() + F.softplus(scale * (others - CUT + 0.05)).mean()
    return rank + fixed / 2
