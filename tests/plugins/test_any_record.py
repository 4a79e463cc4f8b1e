"""Whatever stands in the fields of a record, it is read or set aside with a reason, and no trainer's rules stumble."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from curator.engine.dialogue import TARGETS, converted, read_dialogue, recognise, turns
from curator.engine.errors import InputError
from curator.engine.trainers import TRAINERS, Checking
from curator.engine.trainers.mending import mended
from curator.plugins.importers.json_records import Raw
from curator.plugins.importers.piles import Pile
from curator.plugins.importers.record_drafts import Pictures, Shaping

FIELDS = "instruction input output system history prompt completion question answer messages conversations conversation"
FIELDS += " segments chosen rejected chosen_response preferred_output tools image images text label kto_tag"
PARTS = "role from content value tool_calls name weight function_call text human assistant type image_url function"
words = st.sampled_from(["user", "assistant", "system", "gpt", "tool", "function_call", "image", "<image> hi", ""])
leaf = words | st.sampled_from(['{"name": "f"}', "\ud800", "a\0b"]) | st.integers(-1, 2) | st.booleans() | st.none()
parts = st.sampled_from(PARTS.split())
value = st.recursive(leaf, lambda v: st.lists(v, max_size=3) | st.dictionaries(parts, v, max_size=4), max_leaves=8)
turn = st.dictionaries(parts, value, max_size=4) | st.fixed_dictionaries({"role": words, "content": value})
records = st.dictionaries(st.sampled_from(FIELDS.split()), st.lists(turn | value, max_size=4) | value, max_size=5)


def understood(record):
    try:
        return read_dialogue(record)
    except InputError:
        return None


@settings(max_examples=60, deadline=None)
@given(records)
@example({"instruction": "a", "output": "b", "history": [0]})
@example({"messages": ["a"], "prompt": "a", "completion": "b"})
def test_a_record_of_anything_is_read_or_set_aside(record):
    text = json.dumps(record)
    item = Shaping(Pictures(Pile(Path("/nowhere")))).item("a#1", Raw(1, text, record))
    assert item.source == "a#1" and isinstance(turns(text), list)
    for target in TARGETS:
        written, lost = converted(record, target)
        if written is not None and not lost:
            assert read_dialogue(written) == read_dialogue(record)
        for form, shape in ((written, target), (record, recognise(record))):
            if form is None:
                continue
            dialogue = understood(form)
            for trainer in TRAINERS.values():
                found = list(trainer.check(form, Checking(dialogue, shape, 3, len)))
                assert all(finding.text for finding in found)
                assert dialogue is None or mended(dialogue, [finding.rule for finding in found]) is not None
