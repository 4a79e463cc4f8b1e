"""The files and entries for LLaMA-Factory, read as its documentation says it reads them.

The reader below is written from that documentation: columns that an entry does not list are null, roles are compared
with the tags of the entry, another order or an odd number of turns makes a record be skipped, and there must be as many
marks as pictures.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curator.engine.dialogue import read_dialogue, write_dialogue
from curator.engine.trainers import Checking, Data, trainer
from curator.engine.trainers.llama_factory import entry

TAGS = {
    "role_tag": "from", "content_tag": "value", "user_tag": "human", "assistant_tag": "gpt",
    "observation_tag": "observation", "function_tag": "function_call", "system_tag": "system",
}  # fmt: skip


class Stops(Exception):
    """Training would end here."""


def loaded(described: dict[str, Any], record: dict[str, Any]) -> dict[str, Any] | None:
    """What is trained on, None when the record is skipped."""
    columns = described.get("columns", {})

    def column(name: str) -> Any:
        return record.get(columns[name]) if name in columns else None

    if described.get("formatting", "alpaca") == "alpaca":
        turns = [text for pair in column("history") or [] for text in pair]
        turns.append("\n".join(part for part in (column("prompt"), column("query")) if part))
        answers = [column(name) for name in (("chosen", "rejected") if described.get("ranking") else ("response",))]
        system = column("system") or ""
    else:
        tags = described.get("tags", TAGS)
        messages = list(record[columns["messages"]])
        system = column("system") or ""
        if messages and messages[0][tags["role_tag"]] == tags["system_tag"]:
            system = messages.pop(0)[tags["content_tag"]]
        asks = {tags["user_tag"], tags["observation_tag"]}
        answers_by = {tags["assistant_tag"], tags["function_tag"]}
        for number, message in enumerate(messages):
            if message[tags["role_tag"]] not in (answers_by if number % 2 else asks):
                return None
        if len(messages) % 2 != (1 if described.get("ranking") else 0) or not messages:
            return None
        turns = [message[tags["content_tag"]] for message in messages]
        if described.get("ranking"):
            answers = [column(side)[tags["content_tag"]] for side in ("chosen", "rejected")]
        else:
            answers = [turns.pop()]
    marks = sum(text.count("<image>") for text in (*turns, *answers))
    if marks != len(column("images") or []):
        raise Stops
    if column("tools") is not None and not isinstance(column("tools"), str):
        raise Stops
    return {"turns": turns, "answers": answers, "system": system, "images": column("images") or []}


def described(record: dict[str, Any], shape: str) -> dict[str, Any]:
    pairs = "rejected" in record
    return entry(Data("x", "llama-factory", shape, {}, 1, frozenset(record), pairs=pairs), "x.jsonl")


SOURCE = {
    "messages": [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "<image>q"},
        {"role": "assistant", "content": "a"},
        {"role": "user", "content": "r"},
        {"role": "assistant", "content": "b"},
    ],
    "images": ["a.png"],
}
PAIR = {
    "prompt": "p", "chosen": "good", "rejected": "bad",
}  # fmt: skip


@pytest.mark.parametrize("shape", ["sharegpt", "alpaca", "messages"])
def test_every_format_is_read_with_its_entry(shape):
    record = write_dialogue(read_dialogue(SOURCE), shape)
    assert loaded(described(record, shape), record) == {
        "turns": ["<image>q", "a", "r"], "answers": ["b"], "system": "s", "images": ["a.png"]
    }  # fmt: skip
    record = write_dialogue(read_dialogue(PAIR), shape)
    found = loaded(described(record, shape), record)
    assert found is not None and (found["turns"], found["answers"]) == (["p"], ["good", "bad"])


roles = st.sampled_from(["human", "gpt", "system", "observation", "function_call", "user", "tool"])
conversation = st.lists(st.tuples(roles, st.sampled_from(["x", "<image>x"])), min_size=1, max_size=5)


@settings(max_examples=200, deadline=None)
@given(conversation, st.integers(0, 2), st.booleans())
def test_what_is_said_to_be_skipped_is_skipped_and_no_other(turns, pictures, pair):
    record: dict[str, Any] = {"conversations": [{"from": role, "value": text} for role, text in turns]}
    record |= {"images": ["a.png"] * pictures} if pictures else {}
    if pair:
        record |= {"chosen": {"from": "gpt", "value": "y"}, "rejected": {"from": "gpt", "value": "z"}}
    about = Checking(read_dialogue(record), "sharegpt", 0, len)
    effects = {finding.effect for finding in trainer("llama-factory").check(json.loads(json.dumps(record)), about)}
    if pictures == 0 and any("<image>" in text for _, text in turns):
        return  # a mark without any picture is a word for us; the check of marks needs a list of pictures
    try:
        found = loaded(described(record, "sharegpt"), record)
    except Stops:
        assert "stop" in effects and "skip" not in effects
        return
    assert ("skip" in effects) == (found is None)
    assert found is None or "stop" not in effects
