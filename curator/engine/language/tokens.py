"""Conversations as tokens, and tokens as batches of fixed shape."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from curator.engine.language.conversation import Conversation
from curator.engine.language.loading import LanguageModel


@dataclass(frozen=True)
class Encoded:
    """Token ids of one record.

    Attributes:
        ids: prompt and response.
        start: place of the first response token; at least 1, since a first token follows from nothing.
        cut: tokens left out because the record is too long.
    """

    ids: tuple[int, ...]
    start: int
    cut: int

    @property
    def answer(self) -> int:
        """Response tokens that have something before them."""
        return len(self.ids) - self.start


@dataclass(frozen=True)
class Batch:
    """Records padded to one shape.

    Attributes:
        places: position of each record among those given.
        items: the records.
        length: tokens of a slot. keep: positions at the end whose successors may be response tokens.
        slots: rows of the batch; those without a record hold padding.
    """

    places: tuple[int, ...]
    items: tuple[Encoded, ...]
    length: int
    keep: int
    slots: int


def encode(model: LanguageModel, said: Conversation, limit: int, *, alone: bool = False) -> Encoded | None:
    """Tokens by the chat template of the tokenizer (turns one below the other where it has none).

    A record longer than ``limit`` keeps its response, up to three quarters of the room, and of its prompt the
    beginning and the end. ``alone`` leaves the prompt out: the response follows only the token that begins a text.

    Returns:
        None when there is no response.
    """
    if not said.response.strip():
        return None
    with model.lock:
        prompt = [] if alone else _ids(model.tokenizer, _prompt(model.tokenizer, said))
        response = _ids(model.tokenizer, said.response)
    if not prompt:
        begin = next((t for t in (model.tokenizer.bos_token_id, model.tokenizer.eos_token_id) if t is not None), None)
        prompt = [] if begin is None else [begin]
    whole = len(prompt) + len(response)
    if whole > limit:
        response = response[: max(limit * 3 // 4, limit - len(prompt))]
        room = limit - len(response)
        prompt = prompt[: room - room // 2] + prompt[len(prompt) - room // 2 :] if len(prompt) > room else prompt
    ids = tuple(prompt + response)
    start = max(1, len(prompt))
    return Encoded(ids, start, whole - len(ids)) if len(ids) > start else None


def _ids(tokenizer: Any, text: str) -> list[int]:
    found: list[int] = tokenizer(text, add_special_tokens=False, truncation=False, verbose=False)["input_ids"]
    return found


def _prompt(tokenizer: Any, said: Conversation) -> str:
    if not said.turns:
        return ""
    if getattr(tokenizer, "chat_template", None):
        turns = [{"role": role, "content": text} for role, text in said.turns]
        text: str = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
        return text
    return "".join(f"{text}\n" for _, text in said.turns)


def batches(items: Sequence[Encoded | None], room: int, bucket: int) -> Iterator[Batch]:
    """Records of like length together; the shape of a batch depends on their lengths only, not on their number.

    ``room`` is how many tokens a batch may hold; a longer record has one of its own. Lengths are rounded up to
    multiples of ``bucket``.
    """
    groups: dict[tuple[int, int], list[int]] = {}
    for place, item in enumerate(items):
        if item is not None:
            length = _up(len(item.ids), bucket)
            groups.setdefault((length, min(length, _up(item.answer + 1, bucket))), []).append(place)
    for (length, keep), places in sorted(groups.items()):
        slots = max(1, room // length)
        for first in range(0, len(places), slots):
            part = tuple(places[first : first + slots])
            yield Batch(part, tuple(i for i in (items[p] for p in part) if i is not None), length, keep, slots)


def close_batches(items: Sequence[Encoded | None], room: int) -> Iterator[Batch]:
    """Records in order of length, as many together as ``room`` tokens hold and as long as little of it is padding.

    Without empty slots: the shape of a batch depends on the records that are there.
    """
    known = sorted((len(item.ids), place) for place, item in enumerate(items) if item is not None)
    group: list[int] = []
    for length, place in known:
        shortest = len(items[group[0]].ids) if group else length  # type: ignore[union-attr]
        if group and ((len(group) + 1) * length > room or length > shortest * 5 // 4 + 2):
            yield _close(items, group)
            group = []
        group.append(place)
    if group:
        yield _close(items, group)


def _close(items: Sequence[Encoded | None], group: list[int]) -> Batch:
    found = tuple(item for item in (items[place] for place in group) if item is not None)
    length = max(len(item.ids) for item in found)
    keep = min(length, max(item.answer for item in found) + 1)
    return Batch(tuple(group), found, length, keep, len(group))


def _up(count: int, bucket: int) -> int:
    return -(-count // bucket) * bucket


def tensors(batch: Batch, model: LanguageModel, slots: range, side: str = "left") -> dict[str, Any]:
    """Ids, mask and positions of some slots, int64 [slots, length]; padding stands on ``side``."""
    import torch

    pad = model.tokenizer.pad_token_id
    shape = (len(slots), batch.length)
    ids = torch.full(shape, int(pad if pad is not None else 0), dtype=torch.long)
    mask = torch.zeros(shape, dtype=torch.long)
    mask[:, -1 if side == "left" else 0] = 1  # a slot of padding attends to one token, so nothing is divided by zero
    for row, slot in enumerate(slots):
        if slot < len(batch.items):
            tokens = torch.tensor(batch.items[slot].ids)
            part = span(batch, slot, side)
            ids[row, part], mask[row, part] = tokens, 1
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    found = {"input_ids": ids, "attention_mask": mask, "position_ids": positions}
    return {name: value.to(model.device) for name, value in found.items()}


def span(batch: Batch, slot: int, side: str = "left") -> slice:
    """Where the tokens of a record stand in its slot."""
    count = len(batch.items[slot].ids)
    return slice(batch.length - count, batch.length) if side == "left" else slice(0, count)
