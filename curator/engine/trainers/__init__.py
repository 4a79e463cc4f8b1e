"""Trainers: what each would skip, stop at or cut, by its own rules, and the stanza or command it needs."""

from __future__ import annotations

from curator.engine.errors import InputError
from curator.engine.trainers.axolotl import Axolotl
from curator.engine.trainers.base import Checking, Data, Finding, Trainer
from curator.engine.trainers.llama_factory import LlamaFactory
from curator.engine.trainers.llava import Llava
from curator.engine.trainers.open_clip import OpenClip
from curator.engine.trainers.openai import OpenAI
from curator.engine.trainers.trl import Trl

__all__ = ["TRAINERS", "Checking", "Data", "Finding", "Trainer", "trainer"]

TRAINERS: dict[str, Trainer] = {
    found.name: found for found in (LlamaFactory(), Axolotl(), Trl(), Llava(), OpenClip(), OpenAI())
}
"""By name."""


def trainer(name: str) -> Trainer:
    """One trainer; raises :class:`InputError` naming those there are."""
    if name not in TRAINERS:
        raise InputError(f"There is no trainer called “{name}”.", f"Known: {', '.join(TRAINERS)}.")
    return TRAINERS[name]
