"""What a model makes of a response: one forward pass, and numbers from its last logits."""

from __future__ import annotations

import inspect
from typing import Any

from curator.engine.language.loading import LanguageModel
from curator.engine.language.tokens import Batch, span, tensors

RESPONSE = ("nll", "entropy", "el2n", "tokens", "cut")
"""Numbers of a response: mean of -ln p of its tokens, mean entropy (nats), mean length of softmax minus one-hot, its
tokens, and tokens of the record that were cut off."""


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


def answer_losses(logits: Any, first: int, batch: Batch, row: int, slot: int, side: str = "left") -> tuple[Any, Any]:
    """-ln p of each response token of one record, float32 [answer], and the log-probabilities [answer, vocabulary]."""
    import torch

    item = batch.items[slot]
    begin = span(batch, slot, side).start + item.start - 1 - first
    logp = torch.log_softmax(logits[row, begin : begin + item.answer].float(), dim=-1)
    truth = torch.tensor(item.ids[item.start :], device=logp.device)
    return -logp.gather(1, truth[:, None])[:, 0], logp


def response_numbers(losses: Any, logp: Any) -> list[float]:
    """The first three of :data:`RESPONSE`."""
    p = logp.exp()
    # 0 ln 0 is 0; a probability that underflows has a logarithm that is finite here.
    entropy = -(p * logp).nan_to_num(nan=0.0).sum(1).mean()
    of_truth = (-losses).exp()
    apart = ((p * p).sum(1) - 2 * of_truth + 1).clamp(min=0).sqrt().mean()
    return [float(losses.mean()), float(entropy), float(apart)]
