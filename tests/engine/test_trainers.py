"""What each trainer would do to a record, by its own rules."""

from __future__ import annotations

import json

import pytest

from curator.engine.dialogue import Style, read_dialogue, recognise, write_dialogue
from curator.engine.errors import InputError, NotReadyError
from curator.engine.trainers import TRAINERS, Checking, Data, trainer
from curator.engine.trainers.counting import estimated, token_counter
from curator.engine.trainers.mending import FIXABLE, SHORTENED, mended


def chat(*turns, **more):
    return {"messages": [{"role": r, "content": c} for r, c in turns], **more}


def sharegpt(*turns, **more):
    return {"conversations": [{"from": r, "value": c} for r, c in turns], **more}


U, A = ("user", "q"), ("assistant", "a")
H, G = ("human", "q"), ("gpt", "a")
PARTS = [{"type": "text", "text": "q"}, {"type": "image_url", "image_url": {"url": "a.png"}}]
CALL = {"id": "x", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CASES = [
    ("llama-factory", sharegpt(H, G), []),
    ("llama-factory", sharegpt(("system", "s"), H, G), []),
    ("llama-factory", sharegpt(H, ("function_call", "{}"), ("observation", "o"), G), []),
    ("llama-factory", sharegpt(H, G, H), ["odd-turns"]),
    ("llama-factory", sharegpt(G, H), ["role-order"]),
    ("llama-factory", sharegpt(H, H, G, G), ["role-order"]),
    ("llama-factory", sharegpt(H, chosen={"from": "gpt", "value": "a"}, rejected={"from": "gpt", "value": "b"}), []),
    ("llama-factory", sharegpt(H, G, chosen={"from": "gpt", "value": "a"}, rejected={"from": "gpt", "value": "b"}),
     ["odd-turns"]),
    ("llama-factory", chat(("user", "<image>q"), A, images=["a.png"]), []),
    ("llama-factory", chat(("user", "<image><image>q"), A, images=["a.png"]), ["image-count"]),
    ("llama-factory", chat(("user", "q"), A, images=["a.png"]), ["image-count"]),
    ("llama-factory", chat(("user", "<image>q"), A, images=["gone.png"]), ["missing-picture"]),
    ("llama-factory", {"image": "a.png", **sharegpt(("human", "<image>q"), G)}, ["llava-image"]),
    ("llama-factory", {"instruction": "i", "input": "", "output": ""}, ["empty-answer"]),
    ("llama-factory", {"instruction": "w " * 50, "input": "", "output": "w " * 60}, ["too-long"]),
    ("llama-factory", {"messages": [{"role": "user", "content": "q"},
                                    {"role": "assistant", "content": None, "tool_calls": [CALL]}]}, ["tool-calls"]),
    ("llama-factory", sharegpt(("user", "q"), ("assistant", "a")), ["role-order"]),
    ("llama-factory", sharegpt(("human", "What is <image> in HTML?"), G), ["bare-mark"]),
    ("llama-factory", chat(("developer", "s"), U, A), ["role-order", "odd-turns"]),
    ("llama-factory", chat(U, A, tools=[{"type": "function", "function": {"name": "f"}}]), ["tools-list"]),
    ("axolotl", chat(U, A), []),
    ("axolotl", chat(U), ["nothing-to-learn", "no-answer"]),
    ("axolotl", {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a", "train": False}]},
     ["nothing-to-learn"]),
    ("axolotl", {"prompt": "p", "completion": "c"}, ["format"]),
    ("axolotl", chat(U, ("assistant", "w " * 200)), ["too-long"]),
    ("trl", chat(U, A), []),
    ("trl", {"prompt": "p", "completion": "c"}, []),
    ("trl", {"instruction": "p", "input": "", "output": "c"}, ["format"]),
    ("trl", chat(U, A, U), ["no-answer"]),
    ("trl", chat(("user", "<image>q"), A, images=["a.png"]), ["image-marks"]),
    ("llava", {"image": "a.png", **sharegpt(("human", "<image>\nq"), G)}, []),
    ("llava", {"image": "a.png", **sharegpt(H, G)}, ["no-mark"]),
    ("llava", {"image": ["a.png"], **sharegpt(("human", "<image>\nq"), G)}, ["image-list"]),
    ("llava", {"image": "a.png", **sharegpt(("human", "q <image>"), G)}, ["mark-moves"]),
    ("llava", {"image": "a.png", **sharegpt(("human", "<image>q"), ("human", "r"), G)}, ["role-order"]),
    ("llava", chat(U, A), ["format"]),
    ("openai", chat(U, A), []),
    ("openai", chat(U, A, id=3), ["unknown-field"]),
    ("openai", chat(U), ["no-answer"]),
    ("openai", chat(("user", PARTS), A), ["local-picture"]),
    ("openai", {"messages": [{"role": "user", "content": "q"}, {"role": "tool", "content": "t", "tool_call_id": "y"},
                             {"role": "assistant", "content": "a"}]}, ["call-id"]),
    ("openai", {"prompt": "p", "completion": "c"}, ["format"]),
    ("open-clip", {"image": "a.png", "text": "a cat"}, []),
    ("open-clip", {"image": "a.png", "text": " "}, ["no-caption"]),
    ("open-clip", {"image": "a.png", "text": "w " * 90}, ["too-long"]),
]  # fmt: skip


def findings(name: str, record: dict, size: tuple[int, int] = (0, 0)) -> list[str]:
    shape = recognise(record) if name != "open-clip" else "image"
    dialogue = read_dialogue(record) if shape != "image" else None
    length = 77 if name == "open-clip" else 100
    about = Checking(dialogue, shape, length, lambda text: len(text.split()), lambda n: n != "gone.png", size)
    return [finding.rule for finding in trainer(name).check(record, about)]


@pytest.mark.parametrize(("name", "record", "rules"), CASES, ids=[f"{c[0]}-{n}" for n, c in enumerate(CASES)])
def test_rules(name, record, rules):
    assert findings(name, record) == rules


def test_open_clip_drops_pictures_that_are_too_large():
    assert findings("open-clip", {"image": "a.png", "text": "x"}, (5001, 5000)) == ["too-large"]


@pytest.mark.parametrize(
    ("name", "record"), [(c[0], c[1]) for c in CASES if c[2] and set(c[2]) <= FIXABLE - {SHORTENED}]
)
def test_what_is_fixable_is_fixed(name, record):
    rules = findings(name, record)
    better = write_dialogue(mended(read_dialogue(record), rules), recognise(record), Style())
    if better == record:  # there is no question with an answer after it
        assert [turn.role for turn in read_dialogue(record).turns] in (["user"], ["assistant", "user"])
        return
    assert not set(findings(name, better)) & set(rules)


def test_mending_adds_no_word():
    record = sharegpt(G, H, ("human", "more"), G, ("gpt", "and"), H)
    better = mended(read_dialogue(record), ["role-order"])
    assert [(turn.role, turn.text) for turn in better.turns] == [("user", "q\n\nmore"), ("assistant", "a\n\nand")]


def test_what_is_too_long_loses_its_last_question_and_never_its_first():
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    record = chat(U, A, ("user", "r"))
    record["messages"] += [{"role": "assistant", "tool_calls": [call]}, {"role": "tool", "content": "t"}]
    record["messages"] += [{"role": "assistant", "content": "b"}]
    once = mended(read_dialogue(record), [SHORTENED])
    assert [turn.text for turn in once.turns] == ["q", "a"] and mended(once, [SHORTENED]) == once
    pair = {"prompt": "p", "chosen": "c", "rejected": "r"}
    assert mended(read_dialogue(pair), [SHORTENED]) == read_dialogue(pair)
    seen = chat(U, A, ("user", "<image>r"), A, images=["a.png"])
    assert mended(read_dialogue(seen), [SHORTENED]) == read_dialogue(seen)


@pytest.mark.parametrize("name", TRAINERS)
def test_every_trainer_writes_what_it_needs(name):
    data = Data("mine", "messages", "messages", {"train": "train.jsonl", "test": "test.jsonl"}, 12)
    file, text = trainer(name).stanza(data)
    assert file and "train.jsonl" in text and text.endswith("\n")


def test_stanzas_say_what_is_there():
    keys = frozenset({"messages", "images", "tools"})
    data = Data("mine", "messages", "messages", {"": "x.jsonl"}, 12, keys)
    text = trainer("llama-factory").stanza(data)[1]
    entry = json.loads(text[text.index("{") : text.rindex("}") + 1])["mine"]
    assert entry["columns"] == {"messages": "messages", "tools": "tools", "images": "images"}
    assert entry["tags"]["role_tag"] == "role" and entry["formatting"] == "sharegpt"
    pair = Data(
        "p",
        "alpaca",
        "alpaca",
        {"": "p.json"},
        3,
        frozenset({"instruction", "input", "chosen", "rejected"}),
        pairs=True,
    )
    text = trainer("llama-factory").stanza(pair)[1]
    entry = json.loads(text[text.index("{") : text.rindex("}") + 1])["p"]
    assert entry["ranking"] is True and "response" not in entry["columns"] and "--stage dpo" in text
    yaml = trainer("axolotl").stanza(data)[1]
    assert "field_messages: messages" in yaml and "field_tools: tools" in yaml
    assert (
        "--train-num-samples 12"
        in trainer("open-clip").stanza(Data("s", "webdataset", "image", {"": "train-{000000..000003}.tar"}, 12))[1]
    )


def test_an_unknown_trainer_is_refused():
    with pytest.raises(InputError, match="no trainer called “x”"):
        trainer("x")


def test_tokens_are_estimated_or_counted(tmp_path):
    assert estimated("Hello, wonderful world!") == 1 + 1 + 2 + 1 + 1
    with pytest.raises(InputError, match="no tokenizer at"):
        token_counter(str(tmp_path))
    tokenizers = pytest.importorskip("tokenizers")
    model = tokenizers.models.WordLevel({"a": 0, "b": 1, "?": 2}, unk_token="?")
    made = tokenizers.Tokenizer(model)
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    made.save(str(tmp_path / "tokenizer.json"))
    assert token_counter(str(tmp_path))("a b c") == 3
    (tmp_path / "tokenizer.json").write_text("{", encoding="utf-8")
    with pytest.raises((InputError, NotReadyError), match="is not a tokenizer"):
        token_counter(str(tmp_path / "tokenizer.json"))
