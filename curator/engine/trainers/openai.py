"""OpenAI's fine-tuning service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import ClassVar

from curator.engine.trainers.base import Checking, Data, Finding, Record
from curator.engine.trainers.chats import answer_tokens, empty_answer, pictures

ALLOWED = frozenset({"messages", "tools", "parallel_tool_calls", "functions"})
PAIR = frozenset({"input", "preferred_output", "non_preferred_output"})
FEWEST = 10


class OpenAI:
    """A line with a field that it does not know, or without an answer, makes it refuse the whole file."""

    name: ClassVar[str] = "openai"
    title: ClassVar[str] = "OpenAI"
    formats: ClassVar[tuple[str, ...]] = ("messages", "preference")
    length: ClassVar[int] = 65_536

    def check(self, record: Record, about: Checking) -> Iterator[Finding]:
        """Fields, roles, ids of calls, an answer, pictures as parts, length."""
        pair = set(record) >= PAIR
        if about.shape != "messages" and not pair:
            yield Finding("format", "stop", f"is in the format “{about.shape}”; OpenAI reads messages only")
            return
        strange = sorted(set(record) - (PAIR if pair else ALLOWED))
        if strange:
            yield Finding("unknown-field", "stop", f"has the field “{strange[0]}”, which is refused")
        found = about.dialogue
        if found is None:
            yield Finding("format", "stop", "cannot be understood")
            return
        if not pair and not any(turn.role == "assistant" for turn in found.turns):
            yield Finding("no-answer", "stop", "has no turn of the assistant")
        if any(turn.role not in ("system", "user", "assistant", "tool") for turn in found.turns):
            yield Finding("role", "stop", "has a role that is not known")
        open_calls = {call.id for turn in found.turns for call in turn.calls}
        if any(turn.role == "tool" and turn.call_id not in open_calls for turn in found.turns):
            yield Finding("call-id", "stop", "has an answer of a tool to no call")
        if pictures(record):
            yield Finding("image-column", "stop", "names pictures beside its turns; they must be parts of the content")
        local = [name for name in found.images if not name.startswith(("http://", "https://", "data:"))]
        if local:
            yield Finding("local-picture", "stop", f"names the picture {local[0][:80]}, which is no web address")
        yield from empty_answer(about, "stop")
        whole, _ = answer_tokens(about)
        if about.length and whole > about.length:
            text = f"has {whole} tokens; the service cuts at {about.length}"
            yield Finding("too-long", "cut", text, whole - about.length)

    def stanza(self, data: Data) -> tuple[str, str]:
        """The two calls of its API."""
        files = list(data.files.values()) or ["data.jsonl"]
        job = {"model": "MODEL", "training_file": "FILE_ID"} | ({"validation_file": "FILE_ID"} if files[1:] else {})
        if data.pairs:
            job["method"] = {"type": "dpo"}  # type: ignore[assignment]
        uploads = "".join(f'curl {_URL}/files {_KEY} -F purpose=fine-tune -F file="@{file}"\n' for file in files[:2])
        start = f"curl {_URL}/fine_tuning/jobs {_KEY} -H 'Content-Type: application/json' -d '{json.dumps(job)}'\n"
        few = f"# At least {FEWEST} records are wanted; this file has {data.count}.\n" if data.count < FEWEST else ""
        return "openai.txt", few + uploads + start


_URL = "https://api.openai.com/v1"
_KEY = '-H "Authorization: Bearer $OPENAI_API_KEY"'
