"""The short way through lines of JSON makes the very Drafts that the long one makes."""

from __future__ import annotations

import io
import json
from operator import add
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curator.plugins.importers.json_records import Lines, names_once, read_lines
from curator.plugins.importers.piles import Pile
from curator.plugins.importers.quick import MOST_WAYS, Ways, quick
from curator.plugins.importers.record_drafts import Pictures, Shaping
from curator.plugins.importers.shapes import read_dialogue, text_of

PLAIN = ["Name a fruit", " an apple\n", "", "naïve 漢字", "x\0y", "<image>", "a < b", "\ud800"]
PLAIN += ['He said: "no"', "a\\", '\\" \\\\']
texts = st.sampled_from(PLAIN) | st.text(max_size=12)
turns = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant", "system", "tool"]), "content": texts})
    | st.fixed_dictionaries({"from": st.sampled_from(["human", "gpt", "system"]), "value": texts})
    | st.fixed_dictionaries({"role": st.just(["user"]), "content": st.integers()}),
    max_size=3,
)
nested = st.recursive(
    texts | st.integers() | st.floats(allow_nan=False) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
field = (
    st.tuples(st.sampled_from(["instruction", "input", "output", "task", "label", "split"]), texts | nested)
    | st.tuples(st.sampled_from(["messages", "conversations"]), turns | nested)
    | st.tuples(st.sampled_from(["system", "text", "prompt", "history", "note"]) | texts, nested)
    | st.tuples(st.sampled_from(["prompt", "completion", "response", "question", "answer", "text"]), texts | turns)
    | st.tuples(st.sampled_from(["chosen", "rejected", "chosen_response", "rejected_response"]), texts | turns | nested)
)
ALPACA, TURNS = [("instruction", "Say hi"), ("output", "hi")], [("messages", [{"role": "user", "content": "hi"}])]
ASKED, TOLD = {"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}
PAIR, SIDES = [("chosen", "a"), ("rejected", "b")], [("chosen", [ASKED, TOLD]), ("rejected", [ASKED, ASKED])]
ORDINARY = [ALPACA, TURNS, [("prompt", "hi"), ("completion", "ho")], [("question", "a"), ("answer", "b")]]
ORDINARY += [[("text", "hi")], PAIR, SIDES, [("prompt", "hi"), *PAIR], [("prompt", "hi"), *SIDES], [*ALPACA, *PAIR]]
ORDINARY += [[("messages", [ASKED, TOLD]), *SIDES], [("messages", [ASKED]), *SIDES], [("prompt", [ASKED]), *SIDES]]
ordinary = st.sampled_from(ORDINARY)
ODD = [b"", b"  ", b"{", b"[1, 2]", b'["instruction", "output"]', b'"a"', b'{"instruction": "\xff", "output": "a"}']


def written(pairs: list, gap: str, ascii_only: bool) -> bytes:
    """An object with these fields, one named twice written twice."""
    dump = json.JSONEncoder(ensure_ascii=ascii_only).encode
    parts = (f"{dump(key)}{gap}:{gap}{dump(value)}" for key, value in pairs)
    return ("{" + f"{gap},{gap}".join(parts) + "}").encode("utf-8", "replace")


some = st.builds(add, ordinary | st.just([]), st.lists(field, max_size=4))
lines = st.builds(written, some, st.sampled_from(["", " "]), st.booleans()) | st.sampled_from(ODD)


@settings(max_examples=100, deadline=None)
@given(st.lists(lines, min_size=1, max_size=4))
@example([b'{"instruction": "a", "output": "b", "output" : "c"}'])
@example([b'{"instruction": "a", "output": "b", "note": 0.30000000000000004}'])
@example([b'{"instruction": "a", "output": "b", "note": 123456789012345678901234567890}'])
@example([b'{"instruction": "a", "output": "b", "history": [0, "ab"]}'])
@example([b'{"prompt": "a", "completion": "b", "": "c"}'])
@example([b'{"instruction": "a", "output": "b", "note": [1e400, -0.0, 1E5, 2.2250738585072011e-308, 0.1e-400]}'])
@example([b'{"instruction": "\\\\", "output": "\\\\\\"", "note": "\\\\", "note": "\\\\"}'])
def test_the_short_way_makes_what_the_long_one_makes(found):
    quick, slow = (Shaping(Pictures(Pile(Path("/nowhere")))) for _ in range(2))
    slow.__dict__["is_plain"] = False
    text = io.TextIOWrapper(io.BytesIO(b"\n".join(found)), "utf-8", errors="curator-bad-byte", newline="\n")
    expected = [slow.item(f"a#{raw.place}", raw, "") for raw in read_lines(text)]
    assert quick.lines("a#", Lines(0, found)) == expected
    assert quick.doubled == slow.doubled


@pytest.mark.parametrize("depth", [100, 300, 900])
def test_fields_however_deep_do_not_stop_the_short_way(depth):
    line = b'{"instruction": "a", "output": "b", "note": ' + b"[" * depth + b"]" * depth + b"}"
    (item,) = Shaping(Pictures(Pile(Path("/nowhere")))).lines("a#", Lines(4, [line]))
    assert item.source == "a#5" and item.record == line.decode()


@pytest.mark.parametrize(
    ("line", "once"),
    [
        (b'{"a": 1, "b": [{"c": "d"}, "e"], "f": null}', True),
        (b'{"a" : 1, "a": 2}', False),
        (b'{"a": {"b": 1, "b": 1}}', False),
        (b'{"a": "\\"b\\": c \\\\"}', True),
        (b'{"a": "\\\\", "a": "\\""}', False),
        (b'{"a": 1.5}', True),
        (b'{"a": 1.5, "a": 1e400}', False),
    ],
)
def test_a_field_named_twice_shows_in_the_quotation_marks(line, once):
    assert names_once(line, json.loads(line)) is once


def test_records_that_all_differ_in_their_fields_do_not_fill_the_memory():
    ways = Ways()
    assert all(ways["instruction", "output", str(i)] for i in range(MOST_WAYS + 5))
    assert len(ways) == MOST_WAYS


@pytest.mark.parametrize("pairs", ORDINARY)
def test_what_is_ordinary_goes_the_short_way(pairs):
    record = dict(pairs)
    assert quick(record, Ways()) is not None and quick(record | {"note": 1, "system": "s", "tools": "[]"}, Ways())


@pytest.mark.parametrize(("before", "text"), [([ASKED, TOLD], "hi\nho"), ([ASKED], "hi\nho"), ([TOLD], "ho\nhi\nho")])
def test_turns_before_a_pair_that_the_pair_repeats_are_read_once(before, text):
    record = {"messages": before, "chosen": [ASKED, TOLD], "rejected": [ASKED, ASKED]}
    assert text_of(read_dialogue(record)) == text and quick(record, Ways()) == (text, (), "")
