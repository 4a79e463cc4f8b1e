"""What a picture adds to a response: a vision-language model reads each record with its pictures and without."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from curator.engine.device import mend_torchvision, single_threaded
from curator.engine.errors import CuratorError, InputError
from curator.engine.hub import no_network
from curator.engine.language.conversation import Conversation, read_conversation
from curator.engine.language.loading import quiet
from curator.engine.language.reading import LABEL, Memory
from curator.engine.language.settings import LanguageModelParams
from curator.engine.language.source import ModelSource, find_model
from curator.engine.pictures import load_rgb
from curator.engine.task import Task
from curator.engine.types import Inputs, SampleReader

COLUMNS = 2
"""Mean of -ln p over the response tokens, with the pictures and with blank ones."""


@dataclass(frozen=True)
class VisionModel:
    """A model that reads pictures and text, with its processor."""

    model: Any
    processor: Any
    device: str


@lru_cache(maxsize=1)
def load_vision(source: ModelSource, identity: str, dtype: str, device: str) -> VisionModel:
    """The model and processor behind ``source``; the latest stays in memory.

    Raises:
        InputError: transformers knows no such vision-language model.
    """
    import torch

    mend_torchvision()
    from transformers import AutoModelForImageTextToText, AutoProcessor

    options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        with quiet(), no_network(True):
            processor = AutoProcessor.from_pretrained(str(source.folder), **options)
            model = AutoModelForImageTextToText.from_pretrained(
                str(source.folder), dtype=getattr(torch, dtype), use_safetensors=True, **options
            )
    except (ValueError, OSError, KeyError) as error:
        reason = (str(error).strip().splitlines() or ["unknown"])[0]
        raise InputError(f"{source.folder} holds no model for pictures and text: {reason}") from error
    return VisionModel(model.eval().requires_grad_(False).to(device), processor, device)


def grounding_table(params: LanguageModelParams, inputs: Inputs, task: Task) -> Any:
    """float32 [n, 2]; NaN for records without a response or without a readable picture. Kept like other tables."""
    about = {"pass": "grounding", "version": 2, **params.about(inputs.device)}

    def fill(out: Any) -> None:
        task.step("Loading the language model", 0, 1)
        source = find_model(params.model, task)
        model = load_vision(source, source.identity, params.number_format(inputs.device), inputs.device)
        _read(model, inputs, out, task)

    if inputs.tables is not None:
        return inputs.tables.make(about, COLUMNS, fill)
    memory = Memory(inputs.n, COLUMNS)
    fill(memory)
    return memory.rows


def _read(model: VisionModel, inputs: Inputs, out: Any, task: Task) -> None:
    reader = inputs.samples
    assert reader is not None
    if hasattr(out, "flush"):
        out.flush()
    for row, said, paths in conversations(reader, out.done, inputs.n, task):
        out.write(row, np.array([losses(model, said, paths)], np.float32))


def conversations(
    reader: SampleReader, first: int, n: int, task: Task
) -> Iterator[tuple[int, Conversation, tuple[Path, ...]]]:
    """Rows ``first .. n - 1`` with what is said in them and the paths of their pictures."""
    rows = np.arange(first, n, dtype=np.int64)
    found = zip(reader.records(rows), reader.texts(rows), reader.image_paths(rows), strict=True)
    for row in task.track(rows.tolist(), LABEL, len(rows)):
        record, text, paths = next(found)
        yield row, read_conversation(record, text), paths


def losses(model: VisionModel, said: Conversation, paths: tuple[Path, ...]) -> tuple[float, float]:
    """The two numbers of one record."""
    if not paths or not said.response.strip():
        return float("nan"), float("nan")
    try:
        pictures = [load_rgb(path) for path in paths]
    except CuratorError:
        return float("nan"), float("nan")
    return response_losses(model, said, pictures)


def response_losses(model: VisionModel, said: Conversation, pictures: list[Any]) -> tuple[float, float]:
    """With the pictures, and with every pixel value zero after normalisation: the same tokens, and nothing to see."""
    import torch

    inputs, start = joined(model, prompt_of(model, said, len(pictures)), said.response, pictures)
    truth = inputs["input_ids"][0, start:]
    if not len(truth):
        return float("nan"), float("nan")
    found = []
    for blank in (False, True):
        seen = dict(inputs)
        if blank:
            seen["pixel_values"] = torch.zeros_like(seen["pixel_values"])
        with torch.inference_mode(), single_threaded() if model.device == "cpu" else contextlib.nullcontext():
            logits = model.model(**seen, use_cache=False).logits[0, start - 1 : -1].float()
        found.append(float(torch.nn.functional.cross_entropy(logits, truth)))
    return found[0], found[1]


def joined(model: VisionModel, prompt: str, response: str, pictures: list[Any]) -> tuple[dict[str, Any], int]:
    """What the model is given for a prompt and its response, and the place of the first response token.

    The response becomes tokens by itself, as where there are no pictures; without a prompt it follows the token that
    begins a text.
    """
    import torch

    tokenizer = model.processor.tokenizer
    begin = next((t for t in (tokenizer.bos_token_id, tokenizer.eos_token_id) if t is not None), None)
    if prompt:
        twice = bool(tokenizer.bos_token) and prompt.startswith(tokenizer.bos_token)
        asked = model.processor(
            text=[prompt], images=pictures or None, return_tensors="pt", add_special_tokens=not twice
        )
        found = {k: v for k, v in asked.items() if isinstance(v, torch.Tensor)}
    else:
        ids = torch.tensor([[] if begin is None else [begin]], dtype=torch.long)
        found = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    answer = tokenizer(response, add_special_tokens=False)["input_ids"] if response.strip() else []
    count = found["input_ids"].shape[1]
    for name, value in found.items():
        if value.shape == (1, count):  # ids, mask, kinds of tokens
            more = answer if name == "input_ids" else [int(name == "attention_mask")] * len(answer)
            found[name] = torch.cat([value, torch.tensor([more], dtype=value.dtype)], 1)
    if "pixel_values" in found:
        found["pixel_values"] = found["pixel_values"].to(model.model.dtype)
    return {name: value.to(model.device) for name, value in found.items()}, max(1, count)


def prompt_of(model: VisionModel, said: Conversation, pictures: int) -> str:
    """The turns by the processor's chat template, the pictures before the first thing the user says."""
    turns: list[dict[str, Any]] = []
    waiting = pictures
    for role, text in said.turns or (("user", ""),):
        parts: list[dict[str, str]] = [{"type": "image"}] * waiting if role == "user" else []
        waiting = 0 if role == "user" else waiting
        turns.append({"role": role, "content": [*parts, {"type": "text", "text": text}]})
    prompt: str = model.processor.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
    return prompt
