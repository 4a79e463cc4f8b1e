"""Import, export in another format, import, export back, import: equal digest by digest wherever nothing is lost."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curator.engine.api import Draft, ExportInfo, ExportItem, Task
from curator.engine.dialogue import TARGETS, Style, losses, read_dialogue, recognise, write_dialogue
from curator.plugins.exporters.conversions import Alpaca, Llava, Messages, Preference, PromptCompletion, Sharegpt
from curator.plugins.exporters.records import Json, Jsonl
from curator.plugins.importers.instructions import Instructions

EXPORTERS = {e.shape: e for e in (Alpaca(), Llava(), Messages(), Preference(), PromptCompletion(), Sharegpt())}
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
spoken = words.filter(lambda w: w.strip() and "<image>" not in w)
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc0000003010100"
    "c9fe92ef0000000049454e44ae426082"
)


@st.composite
def records(draw):
    """Records of one format: turns, perhaps with a system text, a picture, calls of a tool, or a pair of answers."""
    turns = [
        {"role": role, "content": draw(spoken)}
        for _ in range(draw(st.integers(1, 2)))
        for role in ("user", "assistant")
    ]
    sort = draw(st.sampled_from(["plain", "picture", "tools", "pair"]))
    record = {"messages": turns}
    if sort == "picture":
        turns[0]["content"] = "<image>\n" + turns[0]["content"]
        record["images"] = ["a.png"]
    if sort == "tools":
        arguments = json.dumps({"x": draw(words)}, ensure_ascii=False)
        call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": arguments}}
        turns[1:1] = [
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "content": draw(spoken), "tool_call_id": "call_1"},
        ]
        record["tools"] = [{"type": "function", "function": {"name": "f", "parameters": {}}}]
    if sort == "pair":
        record["chosen"], record["rejected"] = turns.pop(), {"role": "assistant", "content": draw(spoken)}
    if draw(st.booleans()):
        turns.insert(0, {"role": "system", "content": draw(spoken)})
    if draw(st.booleans()):
        record["task"] = draw(spoken)
    return record


def read(file: Path) -> list[ExportItem]:
    importer = Instructions()
    source = importer.open(file)
    drafts = [d for d in importer.read(file, source, Task()) if isinstance(d, Draft)]
    return [
        ExportItem(
            n, d.source, d.digest, d.text, d.record, tuple(source.root / i for i in d.images), d.images, d.labels, None,
            None, "", "",
        )
        for n, d in enumerate(drafts)
    ]  # fmt: skip


def converted(items: list[ExportItem], target: str, style: Style, file: Path) -> Path:
    made = []
    for item in items:
        record = write_dialogue(read_dialogue(json.loads(item.record)), target, style)
        made.append(item._replace(record=json.dumps(record)))
    info = ExportInfo("instruction", target, "pile", "best", len(made))
    return EXPORTERS[target].export(made, file, info, Task())


@settings(max_examples=40, deadline=None)
@given(st.lists(records(), min_size=1, max_size=5), st.sampled_from(TARGETS), st.sampled_from(TARGETS), st.booleans())
def test_there_and_back_again(generated, start, target, as_turns):
    style = Style(as_turns=as_turns)
    there = [r for r in generated if not losses(r, start, style)]
    there = [write_dialogue(read_dialogue(r), start, style) for r in there]
    there = [r for r in there if recognise(r) and not losses(r, target, style)]
    if not there:
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "a.png").write_bytes(PICTURE)
        (folder / "x.jsonl").write_text("".join(json.dumps(r) + "\n" for r in there), encoding="utf-8")
        first = read(folder / "x.jsonl")
        second = read(converted(first, target, style, folder / f"y{EXPORTERS[target].suffix}"))
        third = read(converted(second, start, style, folder / f"z{EXPORTERS[start].suffix}"))
        assert [item.digest for item in third] == [item.digest for item in first]
        assert [item.text for item in second] == [item.text for item in first]
        assert len(first) == len(there)


REAL = ["alpaca_en_demo.json", "glaive_toolcall_en_demo.json", "dpo_en_demo.json", "mllm_demo.json", "identity.json"]


@pytest.mark.real_data
@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("target", ["messages", "sharegpt", "alpaca"])
def test_real_records_come_back(shared_data, tmp_path, name, target):
    folder = shared_data / "instruct" / "llamafactory"
    items = read(folder / name)[:200]
    shape = recognise(json.loads(items[0].record))
    kept = [item for item in items if not losses(json.loads(item.record), target)]
    assert kept
    texts = "".join(item.record.replace("\n", " ") + "\n" for item in kept)
    (tmp_path / "x.jsonl").write_text(texts, encoding="utf-8")
    for picture in {name for item in kept for name in item.image_names}:
        (tmp_path / picture).parent.mkdir(exist_ok=True)
        (tmp_path / picture).write_bytes((folder / picture).read_bytes())
    first = read(tmp_path / "x.jsonl")
    second = read(converted(first, target, Style(), tmp_path / "y.jsonl"))
    third = read(converted(second, shape, Style(), tmp_path / "z.jsonl"))
    assert [item.digest for item in third] == [item.digest for item in first]


@pytest.mark.parametrize("exporter", [Jsonl(), Json()], ids=["jsonl", "json"])
def test_the_format_as_it_came_is_byte_exact(tmp_path, exporter):
    lines = ['{"messages": [ {"role":"user","content":"q"} ], "x": 1.0}', '{"prompt":"p","completion":"c"}']
    (tmp_path / "x.jsonl").write_text("\n".join(lines), encoding="utf-8")
    items = read(tmp_path / "x.jsonl")
    out = exporter.export(items, tmp_path / f"y{exporter.suffix}", ExportInfo("instruction", "", "", "", 2), Task())
    assert all(line in out.read_text(encoding="utf-8") for line in lines)
