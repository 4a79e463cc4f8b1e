"""Records with their pictures, read by a vision-language model: numbers of the response and gradients, as of texts."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from curator.engine.device import single_threaded
from curator.engine.errors import CuratorError
from curator.engine.language.conversation import Conversation, read_conversation
from curator.engine.language.gradient import LayerCapture, Projection, length_of
from curator.engine.language.grounding import conversations, joined, load_vision, prompt_of
from curator.engine.language.loading import LanguageModel, blocks_of
from curator.engine.language.reading import Rows
from curator.engine.language.response import RESPONSE, of_logits, response_numbers
from curator.engine.language.source import ModelSource
from curator.engine.pictures import load_rgb
from curator.engine.task import Task
from curator.engine.types import Floats, SampleReader


def reads_pictures(source: ModelSource) -> bool:
    """Whether the configuration of a model has a part that sees."""
    if source.gguf:
        return False
    try:
        found = json.loads((source.folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and "vision_config" in found


def as_text(source: ModelSource, dtype: str, device: str) -> LanguageModel:
    """The part of a vision-language model that reads text, for passes that look at nothing else."""
    vision = load_vision(source, source.identity, dtype, device)
    return LanguageModel(vision.model, vision.processor.tokenizer, device, blocks_of(vision.model))


class PicturedPass:
    """A row of numbers for each record: those of :data:`~curator.engine.language.response.RESPONSE`, then the length of
    a layer's gradient and its sketch.

    Records are read one after another, each with its pictures before the first thing the user says; a record without
    pictures is read as text. A long one keeps its prompt and pictures whole, and its response up to what is left of
    ``limit`` tokens, at least a quarter of them. The layer is one of the part that reads text; no gradient goes into
    the part that sees.

    Args:
        limit: tokens of a record.
        layer: -1 for the middle one; None makes no gradients.
        alone: look at responses without their prompts and pictures.
    """

    counts_cuts = True

    def __init__(
        self, source: ModelSource, dtype: str, device: str, limit: int, layer: int | None = None,
        projection: Projection | None = None, *, alone: bool = False,
    ) -> None:  # fmt: skip
        self.vision = load_vision(source, source.identity, dtype, device)
        self.model = as_text(source, dtype, device)
        self.limit, self.alone, self.projection = limit, alone, projection
        self.columns = len(RESPONSE) + (0 if layer is None else 1) + (projection.width if projection else 0)
        if layer is not None:
            self.capture = LayerCapture(self.model, self.model.middle(layer))

    def __call__(
        self, records: Sequence[str], texts: Sequence[str], check: Callable[[], None] = lambda: None
    ) -> Floats:
        """float32 [len, columns] of records without pictures; NaN without a response."""
        said = (read_conversation(record, text) for record, text in zip(records, texts, strict=True))
        return np.array([self.of(one, []) for one in said], np.float32).reshape(len(records), self.columns)

    def read_all(self, reader: SampleReader, n: int, outs: Sequence[tuple[Rows, slice]], task: Task) -> None:
        """Write columns of rows ``done .. n - 1`` to each of ``outs``; a cancel keeps what is written."""
        start = min((out.done for out, _ in outs), default=0)
        for row, said, paths in conversations(reader, start, n, task):
            numbers = self._with_pictures(said, paths)[None]
            for out, columns in outs:
                if out.done <= row:
                    out.write(row, numbers[:, columns])

    def _with_pictures(self, said: Conversation, paths: tuple[Path, ...]) -> Floats:
        try:
            return self.of(said, [] if self.alone else [load_rgb(path) for path in paths])
        except CuratorError:  # a picture that cannot be read
            return np.full(self.columns, np.nan, np.float32)

    def of(self, said: Conversation, pictures: list[Any]) -> Floats:
        """float32 [columns] of one record."""
        import torch

        out = np.full(self.columns, np.nan, np.float32)
        inputs, start, cut = self._tokens(said, pictures)
        if start >= inputs["input_ids"].shape[1]:
            return out
        truth, part = inputs["input_ids"][0, start:], slice(start - 1, -1)
        with single_threaded() if self.vision.device == "cpu" else contextlib.nullcontext():
            if not hasattr(self, "capture"):
                with torch.inference_mode():
                    numbers, _ = response_numbers(self._logits(inputs)[0, part], truth)
                    out[:] = [*numbers, len(truth), cut]
                return out
            with self.capture.record() as found, torch.enable_grad():
                logits = self._logits(inputs)
                with torch.no_grad():
                    uphill = torch.zeros_like(logits)
                    numbers, p = response_numbers(logits[0, part], truth)
                    uphill[0, part] = of_logits(p, truth).to(logits.dtype)
                watched = [found[number][1] for number in sorted(found)]
                gradients = torch.autograd.grad(logits, watched, grad_outputs=uphill)
                parts = self.capture.seen(found, gradients, 0, slice(None))
            out[: len(RESPONSE) + 1] = [*numbers, len(truth), cut, length_of(parts)]
            if self.projection is not None:
                out[len(RESPONSE) + 1 :] = self.projection.sketch(parts).cpu().numpy()
        return out

    def _logits(self, inputs: dict[str, Any]) -> Any:
        return self.vision.model(**inputs, use_cache=False).logits

    def _tokens(self, said: Conversation, pictures: list[Any]) -> tuple[dict[str, Any], int, int]:
        """What the model is given, the place of the first response token, and how many were cut."""
        prompt = "" if self.alone else prompt_of(self.vision, said, len(pictures))
        inputs, start = joined(self.vision, prompt, said.response, pictures)
        whole = inputs["input_ids"].shape[1]
        keep = min(whole, max(self.limit, start + self.limit // 4))
        return {k: v[:, :keep] if v.shape == (1, whole) else v for k, v in inputs.items()}, start, whole - keep
