"""What a model makes of a response: one forward pass, and numbers from its last logits."""

from __future__ import annotations

import inspect
from typing import Any

from curator.engine.language.loading import LanguageModel
from curator.engine.language.tokens import Batch, span, tensors

RESPONSE = ("nll", "entropy", "el2n", "tokens", "cut")
"""Numbers of a response: mean of -ln p of its tokens, mean entropy (nats), mean length of softmax minus one-hot, its
tokens, and tokens of the record that were cut off."""

FLOOR = -1e4
"""Logits so far below the highest have probability 0; minus infinity would make 0 ln 0 no number."""


def forward(model: LanguageModel, batch: Batch, slots: range, side: str = "left") -> tuple[Any, int]:
    """Logits [slots, kept, vocabulary] and the place in a slot that the first of them belongs to.

    With padding on the left all responses end together, so only the last ``batch.keep`` places are projected onto the
    vocabulary where the model can do that.
    """
    inputs = tensors(batch, model, slots, side)
    options: dict[str, Any] = {"use_cache": False}
    if side == "left" and "logits_to_keep" in inspect.signature(model.model.forward).parameters:
        options["logits_to_keep"] = batch.keep
    logits = model.model(**inputs, **options).logits
    return logits, batch.length - logits.shape[1]


def answer_part(
    logits: Any, first: int, batch: Batch, row: int, slot: int, side: str = "left"
) -> tuple[Any, Any, slice]:
    """Of one record: logits [answer, vocabulary] of its response tokens, those tokens, and where the logits stand."""
    import torch

    item = batch.items[slot]
    begin = span(batch, slot, side).start + item.start - 1 - first
    part = slice(begin, begin + item.answer)
    return logits[row, part], torch.tensor(item.ids[item.start :], device=logits.device), part


def response_numbers(logits: Any, truth: Any) -> tuple[list[float], Any]:
    """The first three of :data:`RESPONSE`, and the probabilities, float32 [answer, vocabulary].

    The vocabulary is wide, so nothing of its width is written but the shifted logits and the probabilities.
    """
    import torch

    z = logits.float()
    z = (z - z.amax(1, keepdim=True)).clamp_(min=FLOOR)
    p = z.exp()
    total = p.sum(1, keepdim=True)
    p /= total
    normal = total[:, 0].log()
    losses = normal - z.gather(1, truth[:, None])[:, 0]
    entropy = normal - z.mul_(p).sum(1)
    squares = torch.mul(p, p, out=z).sum(1)
    apart = (squares - 2 * p.gather(1, truth[:, None])[:, 0] + 1).clamp(min=0).sqrt()
    return [float(losses.mean()), float(entropy.mean().clamp(min=0)), float(apart.mean())], p


def of_logits(p: Any, truth: Any) -> Any:
    """Gradient of the mean loss with respect to the logits: (p - one-hot) / answer, in place of ``p``."""
    import torch

    p[torch.arange(len(truth), device=p.device), truth] -= 1
    return p.div_(len(truth))
