"""Instruction records of every format, understood and written in another."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curator.engine.dialogue import TARGETS, Style, losses, read_dialogue, recognise, turns, write_dialogue
from curator.engine.errors import InputError

QA = [("user", "Q", ()), ("assistant", "A", ())]
CALL = {"name": "get", "arguments": {"x": "é"}}
SAME = [
    {"instruction": "Q", "input": "", "output": "A"},
    {"conversations": [{"from": "human", "value": "Q"}, {"from": "gpt", "value": "A"}]},
    {"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]},
    {"messages": [{"role": "user", "content": [{"type": "text", "text": "Q"}]}, {"role": "assistant", "content": "A"}]},
    {"prompt": "Q", "completion": "A"},
    {"prompt": [{"role": "user", "content": "Q"}], "completion": [{"role": "assistant", "content": "A"}]},
    {"question": "Q", "answer": "A"},
    {"query": "Q", "response": "A", "history": []},
    {"message_1": "Q", "message_2": "A"},
    {"article": "Q", "summary": "A"},
    {"INSTRUCTION": "Q", "RESPONSE": "A"},
    {"conversation": [{"human": "Q", "assistant": "A"}]},
    {"segments": [{"label": False, "text": "Q"}, {"label": True, "text": "A"}]},
    {"conversations": [{"from": "human", "value": "Q"}], "chosen": {"from": "gpt", "value": "A"}, "rejected": None},
    {"prompt": "Q", "chosen": "A", "rejected": "B"},
    {"instruction": "Q", "chosen_response": "A", "rejected_response": "B"},
    {
        "chosen": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}],
        "rejected": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "B"}],
    },
    {
        "input": {"messages": [{"role": "user", "content": "Q"}]},
        "preferred_output": [{"role": "assistant", "content": "A"}],
        "non_preferred_output": [{"role": "assistant", "content": "B"}],
    },
]


@pytest.mark.parametrize("record", SAME, ids=range(len(SAME)))
def test_every_format_says_the_same(record):
    assert recognise(record)
    assert turns(json.dumps(record)) == QA


def test_turns_of_what_is_no_record():
    assert turns("no JSON") == turns("3") == turns('{"a": 1}') == turns('{"messages": []}') == []


def test_pictures_stand_where_their_marks_are():
    record = {
        "messages": [{"role": "user", "content": "<image>a<image>"}, {"role": "assistant", "content": "b"}],
        "images": ["1.jpg", "2.jpg"],
    }
    found = read_dialogue(record)
    assert [part if isinstance(part, str) else part.name for part in found.turns[0].parts] == ["1.jpg", "a", "2.jpg"]
    parts = write_dialogue(found, "messages", Style(pictures="image_url"))
    assert parts["messages"][0]["content"][2] == {"type": "image_url", "image_url": {"url": "2.jpg"}}
    assert "images" not in parts
    assert read_dialogue(parts).images == found.images
    placed = write_dialogue(found, "messages", Style(pictures="placeholder"))
    assert placed["messages"][0]["content"][0] == {"type": "image"}
    assert placed["images"] == ["1.jpg", "2.jpg"]
    assert write_dialogue(read_dialogue(placed), "messages", Style(pictures="marks")) == record
    assert [loss.text for loss in losses(record, "llava")] == ["pictures after the first", "places of pictures"]


def test_marks_without_pictures_are_text():
    record = {"conversations": [{"from": "human", "value": "What is <image> in HTML?"}, {"from": "gpt", "value": "x"}]}
    assert read_dialogue(record).turns[0].text == "What is <image> in HTML?"
    assert losses(record, "messages") == ()


CALLS = {
    "conversations": [
        {"from": "human", "value": "Q"},
        {"from": "function_call", "value": json.dumps(CALL, ensure_ascii=False)},
        {"from": "observation", "value": "sunny"},
        {"from": "gpt", "value": "A"},
    ],
    "tools": json.dumps([{"name": "get", "description": "d", "parameters": {}}]),
}


def test_calls_of_tools_go_both_ways():
    messages = write_dialogue(read_dialogue(CALLS), "messages")
    assert messages["messages"][1] == {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "get", "arguments": '{"x": "é"}'}}],
    }
    assert messages["messages"][2] == {"role": "tool", "content": "sunny", "tool_call_id": "call_1"}
    assert messages["tools"][0]["type"] == "function"
    assert losses(CALLS, "messages") == losses(messages, "sharegpt") == ()
    assert write_dialogue(read_dialogue(messages), "sharegpt") == CALLS
    named = json.loads(json.dumps(messages).replace("call_1", "abc"))
    assert [(loss.text, loss.severe) for loss in losses(named, "sharegpt")] == [("ids of calls", True)]


def chat(*turns, **more):
    return {"messages": [{"role": r, "content": c} for r, c in turns], **more}


LOST = [
    (chat(("user", "q"), ("assistant", "a"), ("user", "r"), ("assistant", "b")), "alpaca", []),
    (chat(("system", "s"), ("user", "q"), ("assistant", "a")), "alpaca", []),
    (chat(("user", "q"), ("user", "r"), ("assistant", "b")), "alpaca", ["the whole record"]),
    (chat(("system", "s"), ("user", "q"), ("assistant", "a")), "prompt-completion", ["the system text"]),
    (chat(("system", "s"), ("user", "q"), ("assistant", "a")), "llava", ["the system text"]),
    (chat(("critic", "s"), ("user", "q")), "sharegpt", ["the whole record"]),
    (chat(("developer", "s"), ("user", "q")), "sharegpt", ["the role's name “developer”"]),
    (chat(("developer", "s"), ("user", "q")), "messages", []),
    (chat(("user", "q"), ("assistant", "a")), "preference", ["the whole record"]),
    ({"instruction": "i", "input": "j", "output": "o"}, "messages", ["instruction and input become one text"]),
    ({"instruction": "i", "input": "j", "output": "o", "conversations": 3}, "sharegpt",
     ["instruction and input become one text", "the field “conversations”"]),
    ({"prompt": "p", "chosen": "a", "rejected": "b"}, "prompt-completion", ["the rejected answer"]),
    ({"prompt": "p", "chosen": "a", "rejected": "b"}, "sharegpt", []),
    ({"prompt": "p", "completion": "a", "label": True}, "alpaca", []),
    ({"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a", "weight": 0}]}, "sharegpt",
     ["which turns are trained"]),
    ({"messages": [{"role": "user", "content": "q", "name": "Bo"}, {"role": "assistant", "content": "a"}]}, "sharegpt",
     ["names of speakers"]),
    ({"messages": [{"role": "user", "content": "q", "mood": 1}, {"role": "assistant", "content": "a"}]}, "alpaca",
     ["the field “mood” of turns"]),
    (chat(("user", [{"type": "text", "text": "q"}]), ("assistant", "a")), "sharegpt",
     ["how content is split into parts"]),
    ({"image": "a.png", "conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]}, "messages",
     []),
    ({"text": "t"}, "alpaca", ["the whole record"]),
]  # fmt: skip


@pytest.mark.parametrize(("record", "target", "expected"), LOST, ids=range(len(LOST)))
def test_what_is_lost(record, target, expected):
    assert [loss.text.partition(":")[0] for loss in losses(record, target)] == expected


def test_an_unknown_target_is_refused():
    with pytest.raises(InputError, match="no format “xml”"):
        write_dialogue(read_dialogue(SAME[0]), "xml")


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20).filter(lambda w: "<image>" not in w)
extras = st.dictionaries(st.sampled_from(["task", "id", "score"]), st.integers() | words, max_size=2)


@st.composite
def records(draw):
    """Records of alternating turns, with a system text, tools, pictures or a pair, in one of the chat formats."""
    spoken = [(role, draw(words)) for _ in range(draw(st.integers(1, 3))) for role in ("user", "assistant")]
    system = [("system", draw(words))] if draw(st.booleans()) else []
    record = chat(*system, *spoken, **draw(extras))
    if draw(st.booleans()):
        record["tools"] = [{"type": "function", "function": {"name": "f", "description": draw(words)}}]
    if draw(st.booleans()):
        record["messages"][len(system)]["content"] = "<image>\n" + spoken[0][1]
        record["images"] = ["a.png"]
    if draw(st.booleans()):
        record["chosen"] = record["messages"].pop()
        record["rejected"] = {"role": "assistant", "content": draw(words)}
    shape = draw(st.sampled_from(["messages", "sharegpt", "alpaca"]))
    return write_dialogue(read_dialogue(record), shape)


@settings(max_examples=100, deadline=None)
@given(records(), st.sampled_from(TARGETS), st.booleans())
def test_what_loses_nothing_comes_back_equal(record, target, as_turns):
    style = Style(as_turns=as_turns)
    if losses(record, target, style) == ():
        there = write_dialogue(read_dialogue(record), target, style)
        assert json.loads(json.dumps(there)) == there
        assert write_dialogue(read_dialogue(there), recognise(record)) == record
