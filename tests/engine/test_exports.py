"""Exports as a whole: what is asked for, converted, divided, checked, and written or refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from curator.engine.errors import InputError
from curator.engine.export_options import make_options, shares
from curator.engine.export_plan import divide, groups_of
from curator.engine.exports import near_pairs
from curator.engine.jobs import Log
from curator.engine.project import Project
from curator.engine.recipe import load_recipe
from curator.engine.registry import registry
from curator.engine.store import Store
from curator.engine.task import Task

Opened = tuple[Project, Store]


@pytest.fixture
def opened(tmp_path: Path):
    """A new Project and its Store."""
    with Project.create(tmp_path / "p.curator") as project:
        yield project, project._store


def subset_of(opened: Opened, path: Path, name: str = "best", weights: list[float] | None = None) -> str:
    """Import a source and make a Subset of all of it, in its order."""
    project, store = opened
    job = project.submit_import([path], name=path.stem)
    dataset = store.dataset(job.result().focus[1])
    ids = [sample.id for sample in store.samples(dataset.id, 0, 10_000)]
    subset = store.add_subset(name, dataset.id, ids, "add").focus[1]
    for rank, weight in enumerate(weights or [], 1):
        store.db.execute("update subset_sample set weight = ? where subset_id = ? and rank = ?", (weight, subset, rank))
    return name


def export(opened: Opened, target: Path, format_: str, params: dict | None = None, **options: Any) -> list[str]:
    """Export the Subset “best”; returns the Job's log."""
    lines: list[str] = []

    def listen(job: Any, message: Any) -> None:
        if isinstance(message, Log):
            lines.append(message.text)

    opened[0].submit_export("best", target, format_, params, options=options, listener=listen).result()
    return lines


def written(path: Path, records: list[dict]) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records), encoding="utf-8")
    return path


def lines_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def chat(*texts: str, **more: Any) -> dict:
    roles = ("user", "assistant")
    return {"messages": [{"role": roles[n % 2], "content": text} for n, text in enumerate(texts)], **more}


# Conversion


def test_what_loses_nothing_is_converted_and_what_does_is_refused_until_allowed(opened, tmp_path):
    records = [
        {"instruction": "a", "input": "", "output": "b", "task": "x"},
        {"instruction": "c", "input": "d", "output": "é"},
        {"prompt": "p", "chosen": "q", "rejected": "r"},
    ]
    subset_of(opened, written(tmp_path / "in" / "x.jsonl", records))
    said = export(opened, tmp_path / "out.jsonl", "messages")
    assert lines_of(tmp_path / "out.jsonl") == [
        chat("a", "b", task="x"),
        chat("c\nd", "é"),
        {
            "messages": [{"role": "user", "content": "p"}],
            "chosen": {"role": "assistant", "content": "q"},
            "rejected": {"role": "assistant", "content": "r"},
        },
    ]
    assert any("1 record: instruction and input become one text (no word lost)" in line for line in said)
    with pytest.raises(InputError, match="1 record: the rejected answer"):
        export(opened, tmp_path / "lost.jsonl", "prompt-completion")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in", "out.jsonl", "out.jsonl.curation.json", "p.curator"]
    export(opened, tmp_path / "lost.json", "prompt-completion", allow_loss=True)
    assert json.loads((tmp_path / "lost.json").read_text(encoding="utf-8"))[2] == {"prompt": "p", "completion": "q"}
    about = json.loads((tmp_path / "lost.json.curation.json").read_text(encoding="utf-8"))["provenance"]
    assert about["export"]["losses"]["the rejected answer"] == 1
    assert about["source"]["importer"] == "instructions"
    assert len(about["samples_digest"]) == 64


def test_records_in_the_format_already_stay_byte_for_byte(opened, tmp_path):
    text = '{"conversations": [ {"from":"human","value":"a"},{"from":"gpt","value":"b"} ],  "n": 1.50}\n'
    (tmp_path / "x.jsonl").write_text(text, encoding="utf-8")
    subset_of(opened, tmp_path / "x.jsonl")
    export(opened, tmp_path / "out.jsonl", "sharegpt")
    assert (tmp_path / "out.jsonl").read_text(encoding="utf-8") == text


def pictured(tmp_path: Path) -> Path:
    for name in ("a", "b"):
        (tmp_path / "in" / name).mkdir(parents=True)
        Image.new("RGB", (4, 3), "red" if name == "a" else "blue").save(tmp_path / "in" / name / "0.png")
    turns = [{"from": "human", "value": "<image>\nWhat?"}, {"from": "gpt", "value": "x"}]
    records = [{"id": n, "image": f"{n}/0.png", "conversations": turns} for n in ("a", "b")]
    return written(tmp_path / "in" / "x.jsonl", records)


def test_pictures_are_named_relative_absolute_or_copied(opened, tmp_path):
    subset_of(opened, pictured(tmp_path))
    (tmp_path / "deep").mkdir()
    export(opened, tmp_path / "deep" / "out.jsonl", "sharegpt")
    assert [r["images"] for r in lines_of(tmp_path / "deep" / "out.jsonl")] == [["../in/a/0.png"], ["../in/b/0.png"]]
    export(opened, tmp_path / "abs.json", "llava", {"images": "absolute"})
    records = json.loads((tmp_path / "abs.json").read_text(encoding="utf-8"))
    assert [r["image"] for r in records] == [str(tmp_path / "in" / n / "0.png") for n in ("a", "b")]
    export(opened, tmp_path / "copy", "messages", {"images": "copy"}, split=("train=0.5", "test=0.5"))
    made = {p.relative_to(tmp_path / "copy").as_posix() for p in (tmp_path / "copy").rglob("*") if p.is_file()}
    assert made == {"README.md", "curation.json", "images/a/0.png", "images/b/0.png", "test.jsonl", "train.jsonl"}
    both = lines_of(tmp_path / "copy" / "train.jsonl") + lines_of(tmp_path / "copy" / "test.jsonl")
    assert sorted(r["images"][0] for r in both) == ["images/a/0.png", "images/b/0.png"]


def test_llama_factory_gets_a_file_and_an_entry(opened, tmp_path):
    subset_of(opened, pictured(tmp_path))
    data = tmp_path / "data"
    data.mkdir()
    (data / "dataset_info.json").write_text('{"zeta": {"file_name": "z.json"}, "alpha": {}}', encoding="utf-8")
    export(opened, data / "mine.jsonl", "llama-factory", {"images": "copy"}, trainer="llama-factory")
    info = json.loads((data / "dataset_info.json").read_text(encoding="utf-8"))
    assert list(info) == ["zeta", "alpha", "mine"]
    assert info["mine"] == {
        "file_name": "mine.jsonl",
        "formatting": "sharegpt",
        "columns": {"messages": "conversations", "images": "images"},
    }
    record = lines_of(data / "mine.jsonl")[0]
    assert record["images"] == ["mine_images/a/0.png"] and (data / "mine_images" / "a" / "0.png").is_file()
    assert "--dataset mine " in (data / "mine.jsonl.llama-factory.txt").read_text(encoding="utf-8")
    with pytest.raises(InputError, match="exists already"):
        export(opened, data / "mine.jsonl", "llama-factory")
    with pytest.raises(InputError, match="“zeta” is taken"):
        export(opened, data / "zeta.jsonl", "llama-factory")
    (data / "dataset_info.json").write_text("[", encoding="utf-8")
    with pytest.raises(InputError, match="cannot be read"):
        export(opened, data / "new.jsonl", "llama-factory")


# Splits, order, fields, weights


def test_duplicates_never_straddle_splits(opened, tmp_path):
    records = [{"text": f"t{n % 20}"} for n in range(60)]
    subset_of(opened, written(tmp_path / "x.jsonl", records))
    export(opened, tmp_path / "out", "jsonl", split=("train=0.8", "test=0.2"), seed=3)
    train, test = (lines_of(tmp_path / "out" / f"{name}.jsonl") for name in ("train", "test"))
    assert (len(train), len(test)) == (48, 12)
    assert not {r["text"] for r in train} & {r["text"] for r in test}
    export(opened, tmp_path / "again", "jsonl", split=("train=0.8", "test=0.2"), seed=3)
    assert (tmp_path / "again" / "test.jsonl").read_bytes() == (tmp_path / "out" / "test.jsonl").read_bytes()
    export(opened, tmp_path / "other", "jsonl", split=("train=0.8", "test=0.2"), seed=4)
    assert (tmp_path / "other" / "test.jsonl").read_bytes() != (tmp_path / "out" / "test.jsonl").read_bytes()


def test_groups_hang_together_through_pictures_and_near_duplicates():
    keys = [
        (1, 0, "a", ("p",), ""),
        (2, 1, "b", ("p",), ""),
        (3, 2, "b", (), ""),
        (4, 3, "c", (), ""),
        (5, 4, "d", (), ""),
    ]
    assert groups_of(keys, "duplicates", [(3, 4)]).tolist() == [0, 0, 0, 3, 3]
    assert groups_of(keys, "exact", [(3, 4)]).tolist() == [0, 0, 0, 3, 4]
    assert groups_of(keys, "nothing").tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("n", "parts"), [(10, (0.9, 0.1)), (1000, (0.7, 0.2, 0.1)), (7, (0.5, 0.5))])
def test_shares_are_met(n, parts):
    counts = np.bincount(divide(np.arange(n), parts, 0), minlength=len(parts))
    assert np.abs(counts - np.array(parts) * n).max() <= 1


def test_kinds_are_divided_alike_and_groups_stay_whole():
    rng = np.random.default_rng(0)
    groups = np.sort(rng.integers(0, 400, 1000))
    groups = np.array([int(np.flatnonzero(groups == group)[0]) for group in groups])
    kinds = [str(group % 7) for group in groups]
    code = divide(groups, (0.7, 0.2, 0.1), 3, kinds)
    assert all(len(set(code[groups == group])) == 1 for group in set(groups))
    for kind in set(kinds):
        counts = np.bincount(code[np.array(kinds) == kind], minlength=3)
        assert np.abs(counts - np.array((0.7, 0.2, 0.1)) * counts.sum()).max() <= 7  # the largest group
    assert np.abs(np.bincount(code) - (700, 200, 100)).max() <= 7


@pytest.mark.parametrize("split", ["train", "train=x", "train=0", "a/b=1", "a=1,a=2", "=1"])
def test_bad_shares_are_refused(split):
    with pytest.raises(InputError, match="is not a share"):
        make_options({"split": split})


def test_shares_add_up():
    assert shares(("a=3", "b=1")) == {"a": 0.75, "b": 0.25}


def test_an_empty_split_is_refused(opened, tmp_path):
    subset_of(opened, written(tmp_path / "x.jsonl", [{"text": "a"}, {"text": "b"}]))
    with pytest.raises(InputError, match="split “test” would be empty"):
        export(opened, tmp_path / "out", "jsonl", split=("train=0.9", "test=0.1"))


def test_order_first_and_fields(opened, tmp_path):
    records = [{"text": f"t{n}", "id": n, "note": "x"} for n in range(10)]
    subset_of(opened, written(tmp_path / "x.jsonl", records))
    export(opened, tmp_path / "a.jsonl", "jsonl", first=3, rename=("id=number",), drop=("note",))
    assert lines_of(tmp_path / "a.jsonl") == [{"text": f"t{n}", "number": n} for n in range(3)]
    export(opened, tmp_path / "b.jsonl", "jsonl", order="shuffle", seed=1, include=("id",))
    ids = [r["id"] for r in lines_of(tmp_path / "b.jsonl")]
    assert sorted(ids) == list(range(10)) != ids
    with pytest.raises(InputError, match="Two fields would be called “id”"):
        export(opened, tmp_path / "d.jsonl", "jsonl", rename=("note=id",))


def test_weights_are_never_dropped(opened, tmp_path):
    records = [{"text": f"t{n}"} for n in range(3)]
    subset_of(opened, written(tmp_path / "x.jsonl", records), weights=[1.5, 2.0, 0.1])
    export(opened, tmp_path / "a.jsonl", "jsonl")
    with (tmp_path / "a.jsonl.curation.csv").open(encoding="utf-8", newline="") as file:
        assert [row["weight"] for row in csv.DictReader(file)] == ["1.5", "2.0", "0.1"]
    export(opened, tmp_path / "b.jsonl", "jsonl", weights="column")
    assert [r["weight"] for r in lines_of(tmp_path / "b.jsonl")] == [1.5, 2.0, 0.1]
    assert not (tmp_path / "b.jsonl.curation.csv").exists()
    export(opened, tmp_path / "c.csv", "csv")
    assert not (tmp_path / "c.csv.curation.csv").exists()


# Trainers


BAD = [
    chat("q", "a"),
    chat("q", "a", "q2"),
    {"messages": [{"role": "assistant", "content": "a"}, {"role": "user", "content": "q"}]},
    chat("q", ""),
    chat("word " * 3000, "a"),
]


def test_findings_are_counted_fixed_dropped_and_replaced(opened, tmp_path):
    records = [*BAD, chat("spare", "s")]
    subset_of(opened, written(tmp_path / "x.jsonl", records))
    preview = opened[0].exporting.preview(
        "best", "sharegpt", tmp_path / "o.jsonl", options={"first": 5, "trainer": "llama-factory"}
    )
    found = {(f.rule, f.effect): (f.count, f.ranks, f.fixable) for f in preview.findings}
    assert found == {
        ("odd-turns", "skip"): (1, (2,), True),
        ("role-order", "skip"): (1, (3,), True),
        ("empty-answer", "change"): (1, (4,), False),
        ("too-long", "cut"): (1, (5,), True),
    }
    assert preview.stanza is not None and preview.samples == 5 and preview.splits == {"": 5}
    assert preview.files == ("o.jsonl", "o.jsonl.curation.json")
    export(opened, tmp_path / "fix.jsonl", "sharegpt", first=5, trainer="llama-factory", findings="fix")
    assert [len(r["conversations"]) for r in lines_of(tmp_path / "fix.jsonl")] == [2, 2, 2, 2, 2]
    export(opened, tmp_path / "drop.jsonl", "sharegpt", first=5, trainer="llama-factory", findings="drop")
    assert len(lines_of(tmp_path / "drop.jsonl")) == 3
    said = export(opened, tmp_path / "next.jsonl", "sharegpt", first=5, trainer="llama-factory", findings="replace")
    texts = [r["conversations"][0]["value"] for r in lines_of(tmp_path / "next.jsonl")]
    assert texts[:3] == ["q", "spare", "q"] and len(texts) == 4
    assert any("2 left out by the trainer's rules; 1 next in rank took a place" in line for line in said)


def test_each_finding_has_its_own_choice(opened, tmp_path):
    subset_of(opened, written(tmp_path / "x.jsonl", [*BAD, chat("s1", "s"), chat("s2", "s"), chat("s3", "s")]))
    rules = ("cut=replace", "empty-answer=replace", "odd-turns=replace", "role-order=fix")
    options = {"first": 5, "trainer": "llama-factory"}
    export(opened, tmp_path / "out.jsonl", "sharegpt", **options, rules=rules)
    texts = [r["conversations"][0]["value"] for r in lines_of(tmp_path / "out.jsonl")]
    assert texts == ["q", "s1", "a", "s2", "s3"]  # the third has no question with an answer after it: it stays
    found = opened[0].exporting.preview(
        "best", "sharegpt", tmp_path / "o.jsonl", options={**options, "rules": rules, "first": 0}
    )
    assert (found.dropped, found.replaced, found.mended) == (3, 0, {})
    for wrong in ("too-long", "too-long=mend", "=fix"):
        with pytest.raises(InputError, match="does not say what to do"):
            make_options({"rules": (wrong,)})


def test_a_record_that_is_cut_can_be_shortened(opened, tmp_path):
    long = "w " * 60
    subset_of(opened, written(tmp_path / "x.jsonl", [chat("q", "a", "r", long, "s", long), chat("q", long * 3)]))
    said = export(opened, tmp_path / "out.jsonl", "messages", trainer="llama-factory", length=100, findings="fix")
    assert [len(r["messages"]) for r in lines_of(tmp_path / "out.jsonl")] == [6, 2]
    options = {"trainer": "llama-factory", "length": 100, "rules": ("too-long=fix",)}
    said = export(opened, tmp_path / "short.jsonl", "messages", **options)
    assert [len(r["messages"]) for r in lines_of(tmp_path / "short.jsonl")] == [4, 2]
    assert "Mended: 1 too-long" in said


def test_what_stands_in_carries_no_duplicate_across_splits(opened, tmp_path):
    """The first spare is an equal of a sample in one split, so it may only stand in there."""
    bad = chat("a question without an answer")
    good = [chat(f"q{n}", "a") for n in range(6)]
    subset_of(opened, written(tmp_path / "x.jsonl", [*good, bad, bad | {"n": 1}, good[0], chat("n", "a")]))
    options = {"first": 8, "trainer": "llama-factory", "findings": "replace", "seed": 3}
    export(opened, tmp_path / "out", "sharegpt", split=("a=0.5", "b=0.5"), together="exact", **options)
    splits = [lines_of(tmp_path / "out" / f"{name}.jsonl") for name in "ab"]
    asked = [{r["conversations"][0]["value"] for r in split} for split in splits]
    assert not asked[0] & asked[1] and len(asked[0] | asked[1]) >= 7


def test_preview_shows_exactly_what_is_written(opened, tmp_path):
    subset_of(opened, written(tmp_path / "x.jsonl", [chat(f"q{n}", f"a{n}") for n in range(9)]))
    options = {"split": ("train=0.6", "test=0.4"), "together": "nothing"}
    preview = opened[0].exporting.preview("best", "alpaca", tmp_path / "out", options=options, show=2)
    assert preview.splits == {"train": 5, "test": 4} and preview.checked == 9
    export(opened, tmp_path / "out", "alpaca", **options)
    for name in ("train.jsonl", "test.jsonl"):
        whole = (tmp_path / "out" / name).read_text(encoding="utf-8")
        assert whole.startswith(preview.texts[f"out/{name}"]) and preview.texts[f"out/{name}"].count("\n") == 2
    assert preview.texts["out/README.md"] == (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert not preview.losses and not preview.error


def test_preview_lists_losses_without_refusing(opened, tmp_path):
    subset_of(opened, written(tmp_path / "x.jsonl", [chat("q", "a"), chat("q", "a", "r", "b")]))
    preview = opened[0].exporting.preview("best", "prompt-completion", tmp_path / "out.jsonl")
    assert [(x.severe, x.count, x.ranks) for x in preview.losses] == [(True, 1, (2,))]
    assert preview.left_out == 1 and '"prompt": "q"' in preview.texts["out.jsonl"]


def test_a_trainer_of_pictures_is_told_apart(opened, tmp_path):
    for name, size in (("cat/a", (6000, 5000)), ("dog/b", (4, 3)), ("dog/c", (4, 3))):
        place = tmp_path / "in" / f"{name}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.new("1" if size[0] > 99 else "RGB", size).save(place)
    subset_of(opened, tmp_path / "in")
    export(opened, tmp_path / "out", "webdataset", trainer="open-clip", findings="drop")
    text = (tmp_path / "out" / "open_clip.txt").read_text(encoding="utf-8")
    assert "--train-data 'train-000000.tar' --train-num-samples 2" in text
    about = json.loads((tmp_path / "out" / "curation.json").read_text(encoding="utf-8"))
    assert about["provenance"]["export"]["trainer_findings"] == {"too-large": {"effect": "skip", "count": 1}}


def test_near_duplicates_are_found_by_the_newest_embedding(opened, tmp_path):
    project, store = opened
    kinds = ("red apples on a table", "a train leaves the old station", "prime numbers and proofs", "rain over the sea")
    records = [{"text": f"{kinds[n % 4]} {'!' * (n // 4)} number {n // 8}"} for n in range(32)]
    path = written(tmp_path / "x.jsonl", records)
    subset_of(opened, path)
    project.submit_run("x", load_recipe("dedupe")).result()
    spec = registry().get("exporter", "jsonl")
    pairs = list(near_pairs(store, store.dataset("x").id, spec, Task()))
    assert pairs
    export(opened, tmp_path / "out", "jsonl", split=("train=0.7", "test=0.3"))
    place = {r["text"]: name for name in ("train", "test") for r in lines_of(tmp_path / "out" / f"{name}.jsonl")}
    assert all(place[records[a]["text"]] == place[records[b]["text"]] for a, b in pairs)
    assert set(place.values()) == {"train", "test"}
