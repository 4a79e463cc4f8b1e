"""Passes of a language model over records: what is computed for a handful of records at a time."""

from __future__ import annotations

import contextlib
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from curator.engine.device import shrinking, single_threaded
from curator.engine.language.conversation import Conversation, read_conversation
from curator.engine.language.gradient import LayerCapture, Projection, length_of
from curator.engine.language.loading import LanguageModel
from curator.engine.language.response import RESPONSE, answer_part, forward, of_logits, response_numbers
from curator.engine.language.tokens import Batch, Encoded, batches, close_batches, encode, span, tensors
from curator.engine.types import Floats

GPU_ROOM, GPU_BUCKET = 8192, 32
CPU_SHORT_ROOM = 512
"""Tokens of a batch of short responses on the CPU: enough that reading the weights is not what takes the time."""
Each = Callable[[LanguageModel, Batch, range], Floats]
"""(model, batch, slots) -> a row of numbers for each slot."""


class Pass(ABC):
    """One way of looking at records.

    On the CPU each record is computed by itself, without padding, on one thread; on a GPU records of like length share
    a batch whose shape depends on their lengths alone. Either way the records beside it do not change a record's bits.
    Responses without their prompts are short, and a model's weights are read from memory for each batch: on the CPU
    those of like length share one, and the records beside it may change the last bits.

    Args:
        limit: tokens of a record.
        alone: look at responses without their prompts.
        room, side: tokens of a batch and where padding stands; they change nothing but the last bits.
    """

    columns: int
    counts_cuts = True

    def __init__(
        self, model: LanguageModel, limit: int, *, alone: bool = False, room: int | None = None, side: str = "left"
    ) -> None:
        gpu = model.device != "cpu"
        self.model, self.limit, self.alone, self.side = model, limit, alone, side
        self.room = (GPU_ROOM if gpu else 0) if room is None else room
        self.bucket = GPU_BUCKET if gpu or room else 1
        self.together = alone and not gpu and room is None

    def encode(self, records: Sequence[str], texts: Sequence[str]) -> list[Encoded | None]:
        """Tokens of each record, None where it has no response."""
        said = (read_conversation(record, text) for record, text in zip(records, texts, strict=True))
        return [encode(self.model, one, self.limit, alone=self.alone) for one in said]

    def __call__(
        self, records: Sequence[str], texts: Sequence[str], check: Callable[[], None] = lambda: None
    ) -> Floats:
        """float32 [len, columns], NaN for a record without a response; ``check`` is called between batches."""
        return self.compute(self.encode(records, texts), check)

    def compute(self, items: Sequence[Encoded | None], check: Callable[[], None] = lambda: None) -> Floats:
        """The same from tokens."""
        out = np.full((len(items), self.columns), np.nan, np.float32)
        shaped = close_batches(items, CPU_SHORT_ROOM) if self.together else batches(items, self.room, self.bucket)
        for batch in shaped:
            check()

            def run(slots: Any, batch: Batch = batch) -> Floats:
                with single_threaded() if self.model.device == "cpu" else contextlib.nullcontext():
                    return self.of(batch, slots)

            results, _ = shrinking(run, range(batch.slots), batch.slots)
            out[list(batch.places)] = np.concatenate(results)[: len(batch.items)]
        return out

    @abstractmethod
    def of(self, batch: Batch, slots: range) -> Floats:
        """float32 [slots, columns] of one batch; slots without a record stay NaN."""

    def _empty(self, slots: range) -> Floats:
        return np.full((len(slots), self.columns), np.nan, np.float32)


class ResponsePass(Pass):
    """The numbers of :data:`~curator.engine.language.response.RESPONSE`, by one forward pass."""

    columns = len(RESPONSE)

    def of(self, batch: Batch, slots: range) -> Floats:
        """float32 [slots, 5]."""
        import torch

        out = self._empty(slots)
        with torch.inference_mode():
            logits, first = forward(self.model, batch, slots, self.side)
            for row, slot in enumerate(slots):
                if slot < len(batch.items):
                    z, truth, _ = answer_part(logits, first, batch, row, slot, self.side)
                    item = batch.items[slot]
                    out[row] = [*response_numbers(z, truth)[0], item.answer, item.cut]
        return out


class GradientPass(Pass):
    """The numbers of a response, the length of the layer's gradient, and its sketch: one forward, half a backward."""

    def __init__(
        self, model: LanguageModel, limit: int, layer: int, projection: Projection | None = None, **options: Any
    ) -> None:
        super().__init__(model, limit, **options)
        self.capture = LayerCapture(model, layer)
        self.projection = projection
        self.columns = len(RESPONSE) + 1 + (projection.width if projection else 0)

    def of(self, batch: Batch, slots: range) -> Floats:
        """float32 [slots, 6 + r]."""
        import torch

        out = self._empty(slots)
        with self.capture.record() as found, torch.enable_grad():
            logits, first = forward(self.model, batch, slots, self.side)
            real = [(row, slot) for row, slot in enumerate(slots) if slot < len(batch.items)]
            if not real:
                return out
            uphill = self._uphill(logits, first, batch, real, out)
            watched = [found[number][1] for number in sorted(found)]
            gradients = torch.autograd.grad(logits, watched, grad_outputs=uphill)
            for row, slot in real:
                parts = self.capture.seen(found, gradients, row, span(batch, slot, self.side))
                out[row, len(RESPONSE)] = length_of(parts)
                if self.projection is not None:
                    out[row, len(RESPONSE) + 1 :] = self.projection.sketch(parts).cpu().numpy()
        return out

    def _uphill(self, logits: Any, first: int, batch: Batch, real: list[tuple[int, int]], out: Floats) -> Any:
        """Gradient of the sum of the records' mean losses with respect to the logits; their numbers go to ``out``."""
        import torch

        with torch.no_grad():
            uphill = torch.zeros_like(logits)
            for row, slot in real:
                z, truth, part = answer_part(logits, first, batch, row, slot, self.side)
                numbers, p = response_numbers(z, truth)
                item = batch.items[slot]
                out[row, : len(RESPONSE)] = [*numbers, item.answer, item.cut]
                uphill[row, part] = of_logits(p, truth)
        return uphill


class _Enough(Exception):
    """The layer that was asked for has been reached."""


class HiddenPass(Pass):
    """The mean of a layer's output over all tokens of a record; the layers above are not computed."""

    counts_cuts = False

    def __init__(self, model: LanguageModel, limit: int, layer: int, **options: Any) -> None:
        super().__init__(model, limit, **options)
        self.block = model.layers[layer]
        self.columns = int(model.model.config.get_text_config().hidden_size)

    def encode(self, records: Sequence[str], texts: Sequence[str]) -> list[Encoded | None]:
        """Tokens of each record; one without a response is read by its text."""
        found = super().encode(records, texts)
        for place, item in enumerate(found):
            if item is None:
                found[place] = encode(self.model, Conversation((), texts[place]), self.limit)
        return found

    def of(self, batch: Batch, slots: range) -> Floats:
        """float32 [slots, hidden size]."""
        import torch

        out, mine = self._empty(slots), threading.get_ident()
        seen: list[Any] = []

        def stop(_block: Any, _args: Any, output: Any) -> None:
            if threading.get_ident() == mine:
                seen.append(output[0] if isinstance(output, tuple) else output)
                raise _Enough

        hook = self.block.register_forward_hook(stop)
        try:
            with torch.inference_mode(), contextlib.suppress(_Enough):
                self.model.model(**tensors(batch, self.model, slots, self.side), use_cache=False)
        finally:
            hook.remove()
        for row, slot in enumerate(slots):
            if slot < len(batch.items):
                hidden = seen[0][row, span(batch, slot, self.side)].float()
                out[row] = hidden.mean(0).cpu().numpy()
        return out
