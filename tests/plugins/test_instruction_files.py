"""The same records, whatever file they come in; splits, mapped columns, encodings and packed files."""

import bz2
import csv
import gzip
import io
import json
import lzma

import pytest

from curator.engine.api import Draft, InputError, Skip, Task
from curator.engine.importing import find_importer
from curator.engine.registry import registry
from curator.plugins.importers.arrow_tables import parts_of, plain
from curator.plugins.importers.instructions import Instructions
from curator.plugins.importers.mapping import View, parse_map
from curator.plugins.importers.shapes import read_dialogue, recognise, text_of
from curator.plugins.importers.splits import split_of_file, split_of_folder

ROWS = [{"instruction": f"Say {i}", "input": "", "output": f"It is {i}: ü, “x”", "task": "say"} for i in range(40)]


def read(importer, path, task=None):
    items = list(importer.read(path, importer.open(path), task or Task()))
    return [i for i in items if isinstance(i, Draft)], {i.source: i.reason for i in items if isinstance(i, Skip)}


def jsonl(rows=ROWS):
    return "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows).encode()


def table(rows, separator):
    file = io.StringIO()
    writer = csv.DictWriter(file, list(rows[0]), delimiter=separator)
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


def parquet(path, rows=ROWS, **more):
    arrow = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(arrow.Table.from_pylist(rows), path, **more)
    return path


def arrow_file(path, rows=ROWS):
    arrow = pytest.importorskip("pyarrow")
    whole = arrow.Table.from_pylist(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    with arrow.ipc.new_stream(path, whole.schema) as out:
        out.write_table(whole, max_chunksize=7)
    return path


def zst(content):
    return pytest.importorskip("zstandard").ZstdCompressor().compress(content)


WRITERS = {
    "a.jsonl": lambda p: p.write_bytes(jsonl()),
    "a.jsonl.gz": lambda p: p.write_bytes(gzip.compress(jsonl())),
    "a.jsonl.bz2": lambda p: p.write_bytes(bz2.compress(jsonl())),
    "a.json.xz": lambda p: p.write_bytes(lzma.compress(json.dumps(ROWS).encode())),
    "a.jsonl.zst": lambda p: p.write_bytes(zst(jsonl())),
    "a.csv": lambda p: p.write_bytes(table(ROWS, ",")),
    "a.csv.gz": lambda p: p.write_bytes(gzip.compress(b"\xef\xbb\xbf" + table(ROWS, ";"))),
    "a.tsv": lambda p: p.write_bytes(table(ROWS, "\t")),
    "a.parquet": lambda p: parquet(p, row_group_size=9),
    "a.arrow": arrow_file,
}


@pytest.mark.parametrize("name", WRITERS)
def test_the_same_records_whatever_they_come_in(tmp_path, name):
    WRITERS[name](tmp_path / name)
    assert Instructions().match(tmp_path / name) == 0.95
    source = Instructions().open(tmp_path / name)
    assert (source.name, source.format) == ("a", "alpaca")
    drafts, skips = read(Instructions(), tmp_path / name)
    assert not skips
    assert [json.loads(d.record) for d in drafts] == ROWS
    assert [(d.text, d.labels) for d in drafts] == [(f"{r['instruction']}\n{r['output']}", ("say",)) for r in ROWS]
    (tmp_path / "plain.jsonl").write_bytes(jsonl())
    assert [d.digest for d in drafts] == [d.digest for d in read(Instructions(), tmp_path / "plain.jsonl")[0]]
    assert len({d.source for d in drafts}) == len(ROWS) and drafts[0].source.startswith(f"{name}#")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-16-le", "cp1252", "shift_jis"])
def test_encodings(tmp_path, encoding):
    row = {"prompt": "q", "completion": "テスト" if encoding == "shift_jis" else "naïve"}
    (tmp_path / "a.jsonl").write_bytes((json.dumps(row, ensure_ascii=False) + "\n").encode(encoding))
    named = encoding if encoding in ("cp1252", "shift_jis") else ""
    drafts, skips = read(Instructions(encoding=named), tmp_path / "a.jsonl")
    assert not skips and json.loads(drafts[0].record) == row
    if named:
        registry().discover(None)
        assert "not UTF-8" in read(Instructions(), tmp_path / "a.jsonl")[1]["a.jsonl#1"]
        with pytest.raises(InputError, match=r"a\.jsonl is not UTF-8.* --set encoding=cp1252"):
            find_importer(tmp_path / "a.jsonl", None, registry())
        assert find_importer(tmp_path / "a.jsonl", None, registry(), {"encoding": named})[2] == 0.85
        with pytest.raises(InputError, match="no encoding called"):
            find_importer(tmp_path / "a.jsonl", None, registry(), {"encoding": "klingon"})
    with pytest.raises(InputError, match="no encoding called"):
        read(Instructions(encoding="klingon"), tmp_path / "a.jsonl")


def test_turns_in_cells_of_a_table_are_parsed(tmp_path):
    turns = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}]
    (tmp_path / "a.csv").write_bytes(table([{"id": "7", "messages": json.dumps(turns)}], ","))
    drafts, _ = read(Instructions(), tmp_path / "a.csv")
    assert drafts[0].text == "hi\nho" and json.loads(drafts[0].record) == {"id": "7", "messages": turns}


def test_rows_of_a_table_that_do_not_fit_are_named(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"prompt,completion\na,b\nc\nd,e,f\n\ng,\xff\xfe\nh,i\n")
    drafts, skips = read(Instructions(), tmp_path / "a.csv")
    assert [d.text for d in drafts] == ["a\nb", "h\ni"]
    assert skips == {
        "a.csv#3": "has 1 fields; the first line has 2",
        "a.csv#4": "has 3 fields; the first line has 2",
        "a.csv#6": "holds bytes that are not UTF-8",
    }
    (tmp_path / "b.csv").write_bytes(b"prompt,prompt\na,b\n")
    with pytest.raises(InputError, match="two columns “prompt”"):
        read(Instructions(), tmp_path / "b.csv")


def test_a_field_of_ten_megabytes(tmp_path):
    row = {"prompt": "x" * 10_000_000, "completion": "y"}
    (tmp_path / "a.jsonl").write_bytes(jsonl([row]))
    (tmp_path / "a.csv").write_bytes(table([row], ","))
    (tmp_path / "a.json").write_text(json.dumps([row, {"prompt": "p", "completion": "c"}]), encoding="utf-8")
    for name in ("a.jsonl", "a.csv", "a.json"):
        assert Instructions().match(tmp_path / name) == 0.85  # also where the first record is longer than a look
        drafts, skips = read(Instructions(), tmp_path / name)
        assert not skips and len(drafts[0].text) == 10_000_002


TURN = [{"role": "user", "content": "q"}]
GOOD, BAD = [{"role": "assistant", "content": "good"}], [{"role": "assistant", "content": "bad"}]
PAIRS = {
    "trl": ({"prompt": "q", "chosen": "good", "rejected": "bad"}, "prompt-completion"),
    "trl-turns": ({"prompt": TURN, "chosen": GOOD, "rejected": BAD}, "prompt-completion"),
    "implicit": ({"chosen": TURN + GOOD, "rejected": TURN + BAD}, "preference"),
    "openai": ({"input": {"messages": TURN}, "preferred_output": GOOD, "non_preferred_output": BAD}, "preference"),
    "llama-factory": (
        {
            "conversations": [{"from": "human", "value": "q"}],
            "chosen": {"from": "gpt", "value": "good"},
            "rejected": {"from": "gpt", "value": "bad"},
        },
        "sharegpt",
    ),
    "argilla": ({"instruction": "q", "chosen_response": "good", "rejected_response": "bad"}, "alpaca"),
    "intel": ({"question": "q", "chosen": "good", "rejected": "bad"}, "prompt-completion"),
    "ms-swift": ({"query": "q", "response": "good"}, "prompt-completion"),
}


@pytest.mark.parametrize("kind", PAIRS)
def test_pairs_of_answers_are_kept_and_read_by_the_chosen_one(tmp_path, kind):
    record, shape = PAIRS[kind]
    assert recognise(record) == shape and text_of(read_dialogue(record, shape)) == "q\ngood"
    (tmp_path / "a.jsonl").write_bytes(jsonl([record]))
    drafts, skips = read(Instructions(), tmp_path / "a.jsonl")
    assert not skips and json.loads(drafts[0].record) == record


def test_mapped_columns_give_the_text_and_the_record_stays(tmp_path):
    row = {"q_text": "Why?", "gold": "Because.", "topic": "why", "input": "noise"}
    (tmp_path / "a.jsonl").write_bytes(jsonl([row]))
    with pytest.raises(InputError, match="with the fields q_text, gold, topic, input"):
        Instructions().match(tmp_path / "a.jsonl")
    mapped = Instructions(map="q_text=prompt, gold=response, topic=label, input=ignore")
    assert mapped.match(tmp_path / "a.jsonl") == 0.95
    drafts, _ = read(mapped, tmp_path / "a.jsonl")
    assert (drafts[0].text, drafts[0].labels, json.loads(drafts[0].record)) == ("Why?\nBecause.", ("why",), row)
    for wrong, words in (("a", "maps nothing"), ("a=wizard", "no role “wizard”"), ("=prompt", "maps nothing")):
        with pytest.raises(InputError, match=words):
            parse_map(wrong)


def test_a_view_renames_turns_and_forgets_unlisted_columns():
    view = View({"talk": "messages"}, only=True, role_key="who", content_key="says")
    record = {"talk": [{"who": "human", "says": "q"}, {"who": "gpt", "says": "a"}], "text": "not listed"}
    seen = view.of(record)
    assert recognise(seen) == "sharegpt" and text_of(read_dialogue(seen, "sharegpt")) == "q\na" and "text" not in seen


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("data/train-00000-of-00012.parquet", "train"),
        ("my_dev.jsonl", "validation"),
        ("test/part.parquet", "test"),
        ("eval/train.parquet", "test"),
        ("contest.jsonl", ""),
        ("a.csv", ""),
    ],
)
def test_splits_are_told_by_folders_then_by_words_of_the_name(name, split):
    assert split_of_file(name) == split


def test_a_picture_called_train_station_is_of_no_split():
    assert split_of_folder("cat/train station.jpg") == ""
    assert split_of_folder("a.zip!val/cat/1.jpg") == "validation"


def test_the_split_is_kept_with_the_record(tmp_path):
    (tmp_path / "train.jsonl").write_bytes(jsonl(ROWS[:1]))
    (tmp_path / "x.jsonl").write_bytes(jsonl([{**ROWS[0], "split": "held out"}, ROWS[1]]))
    assert [d.split for d in read(Instructions(), tmp_path / "train.jsonl")[0]] == ["train"]
    assert [d.split for d in read(Instructions(), tmp_path / "x.jsonl")[0]] == ["held out", ""]


def test_layouts_of_tables(tmp_path):
    parquet(tmp_path / "hub" / "data" / "train-00000-of-00002.parquet")
    parquet(tmp_path / "hub" / "data" / "train-00001-of-00002.parquet")
    parquet(tmp_path / "hub" / "data" / "test-00000-of-00001.parquet")
    assert [(p.name[5:], p.split) for p in parts_of(tmp_path / "hub")] == [
        ("test-00000-of-00001.parquet", "test"),
        ("train-00000-of-00002.parquet", "train"),
        ("train-00001-of-00002.parquet", "train"),
    ]
    saved = tmp_path / "saved"
    arrow_file(saved / "dev" / "data-00000-of-00001.arrow")
    (saved / "dataset_dict.json").write_text('{"splits": ["dev"]}', encoding="utf-8")
    state = {"_data_files": [{"filename": "data-00000-of-00001.arrow"}], "_split": "dev"}
    (saved / "dev" / "state.json").write_text(json.dumps(state), encoding="utf-8")
    assert [(p.name, p.split) for p in parts_of(saved)] == [("dev/data-00000-of-00001.arrow", "dev")]
    assert [p.split for p in parts_of(saved / "dev")] == ["dev"]
    state["_data_files"] = [{"filename": "../../secret.arrow"}]
    (saved / "dev" / "state.json").write_text(json.dumps(state), encoding="utf-8")
    with pytest.raises(InputError, match="outside its folder"):
        parts_of(saved)


def test_cells_as_json_can_hold_them():
    from datetime import date
    from decimal import Decimal

    cell = {"a": float("nan"), "b": date(2024, 1, 2), "c": Decimal("1.50"), "d": b"bytes", "e": [{"x": None, "y": 1}]}
    assert plain(cell) == {"a": None, "b": "2024-01-02", "c": "1.50", "e": [{"y": 1}]}


def test_a_damaged_table_is_named(tmp_path):
    whole = parquet(tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="cannot be read as a table"):
        Instructions().match(tmp_path / "a.parquet")
    with pytest.raises(InputError, match=r"a\.parquet cannot be read as a table"):
        read(Instructions(), tmp_path / "a.parquet")
