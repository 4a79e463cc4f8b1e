"""Folders, lists and records: what comes in, what is set aside and why."""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys

import pytest
from PIL import Image

from curator.engine.api import Cancelled, Draft, InputError, Skip, Task
from curator.plugins.importers.image_folder import ImageFolder
from curator.plugins.importers.image_list import ImageList
from curator.plugins.importers.image_table import ImageTable
from curator.plugins.importers.instructions import Instructions
from curator.plugins.importers.json_records import read_records
from curator.plugins.importers.llama_factory import LlamaFactory
from curator.plugins.importers.places import FOLLOW, NAME_IMAGES, NAME_ROOT
from curator.plugins.importers.shapes import read_dialogue, recognise, text_of

LEAVES = "leaves the folder of the dataset"
posix = pytest.mark.skipif(sys.platform == "win32", reason="needs links and names of POSIX")


class Log(Task):
    """A Task that keeps what is logged."""

    def __init__(self):
        self.lines = []
        super().__init__(on_log=self.lines.append)


def read(importer, path, task=None):
    items = list(importer.read(path, importer.open(path), task or Task()))
    return [i for i in items if isinstance(i, Draft)], {i.source: i.reason for i in items if isinstance(i, Skip)}


def png(size=(6, 4)):
    file = io.BytesIO()
    Image.new("RGB", size, "green").save(file, "PNG")
    return file.getvalue()


# Folders


def test_class_folders_give_labels_sorted_by_path(image_folder):
    root = image_folder("dog/2.png", "cat/1.jpg", "dog/1.webp", "cat/3.gif", "cat/4.bmp", "cat/5.tiff", "cat/A.JPEG")
    drafts, skips = read(ImageFolder(), root)
    assert [d.source for d in drafts] == sorted(d.source for d in drafts)
    assert [d.labels for d in drafts] == [("cat",)] * 5 + [("dog",)] * 2
    assert not skips
    first = drafts[0]
    assert (first.width, first.height, first.images) == (12, 8, (first.source,))
    assert first.digest == hashlib.sha256((root / first.source).read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        (("a.png", "b.png"), {()}),
        (("only/a.png", "only/b.png"), {()}),
        (("a.png", "x/b.png", "y/c.png"), {()}),
        (("train/cat/a.png", "train/dog/b.png", "test/cat/c.png"), {("cat",), ("dog",)}),
        (("train/a.png", "test/b.png"), {()}),
    ],
)
def test_when_folders_are_classes(image_folder, names, labels):
    drafts, _ = read(ImageFolder(), image_folder(*names))
    assert {d.labels for d in drafts} == labels


def test_unknown_endings_are_counted_once_and_hidden_files_passed_over(image_folder):
    root = image_folder("a.png", ".hidden.png", "__MACOSX/a.png", ".git/b.png")
    for name in ("notes.txt", "more.txt", "film.mp4", "Thumbs.db", "curation.json"):
        (root / name).write_text("x", encoding="utf-8")
    task = Log()
    drafts, skips = read(ImageFolder(), root, task)
    assert [d.source for d in drafts] == ["a.png"]
    assert not skips
    assert task.lines == ["3 files passed over that are no pictures: 2 .txt, 1 .mp4."]


def test_metadata_rows_are_the_records(image_folder):
    root = image_folder("a.png", "sub/b.png", "unlisted.png")
    lines = [
        '{"file_name": "sub/b.png",  "category": "x", "name": "bee", "n": [1]}',
        '{"file_name": "a.png", "label": 3}',
    ]
    (root / "metadata.jsonl").write_text("\n".join(lines), encoding="utf-8")
    task = Log()
    drafts, _ = read(ImageFolder(), root, task)
    assert [(d.source, d.labels, d.text, d.record) for d in drafts] == [
        ("sub/b.png", ("x",), "bee", lines[0]),
        ("a.png", ("3",), "", lines[1]),
    ]
    assert task.lines == ["1 pictures are not named in metadata.jsonl and were left out."]


def test_metadata_csv_in_a_sub_folder(image_folder):
    root = image_folder("train/a.png", "train/b.png")
    (root / "train" / "metadata.csv").write_text(
        '\ufefffile_name,label,caption\na.png,cat,"one, two"\nb.png,dog,\na.png,cat,again\n', encoding="utf-8"
    )
    task = Log()
    drafts, _ = read(ImageFolder(), root, task)
    assert [(d.source, d.labels, d.text) for d in drafts] == [
        ("train/a.png", ("cat",), "one, two"),
        ("train/b.png", ("dog",), ""),
    ]
    assert json.loads(drafts[0].record) == {"file_name": "a.png", "label": "cat", "caption": "one, two"}
    assert task.lines == ["1 rows name a picture that an earlier row names; the first row counts."]


BAD_PICTURES = {
    "empty.png": (b"", "is empty (0 bytes)"),
    "cut.png": (png()[:-5], "is cut off"),
    "text.jpg": (b"I am no picture", "is not a picture that can be read"),
    "html.webp": (b"<html>404</html>", "is not a picture that can be read"),
    "head.gif": (b"GIF89a", "is not a picture that can be read: it is cut off or damaged at its beginning"),
    "zeros.bmp": (bytes(5000), "is not a picture that can be read"),
}


def test_broken_pictures_are_set_aside_with_a_reason(image_folder):
    root = image_folder("fine.png")
    for name, (content, _) in BAD_PICTURES.items():
        (root / name).write_bytes(content)
    drafts, skips = read(ImageFolder(), root)
    assert [d.source for d in drafts] == ["fine.png"]
    assert set(skips) == set(BAD_PICTURES)
    for name, (_, reason) in BAD_PICTURES.items():
        assert skips[name].startswith(reason)


BAD_NAMES = {
    "../outside.png": LEAVES,
    "sub/../../outside.png": LEAVES,
    "/etc/passwd": LEAVES,
    "C:\\secret.png": LEAVES,
    "\\\\server\\share.png": LEAVES,
    "a\0.png": LEAVES,
    "gone.png": "is not there",
    "sub": "is not a plain file",
    "x" * 5000 + ".png": "",
}


@pytest.mark.parametrize(("name", "reason"), BAD_NAMES.items(), ids=range(len(BAD_NAMES)))
def test_names_in_metadata_do_not_lead_astray(image_folder, name, reason):
    root = image_folder("a.png", "sub/b.png")
    Image.new("RGB", (2, 2)).save(root.parent / "outside.png")
    rows = [{"file_name": "a.png"}, {"file_name": name}, {"other": 1}, {"file_name": 7}]
    (root / "metadata.jsonl").write_text(
        "".join(json.dumps(r) + "\n" for r in rows) + "{broken\n[1]\n", encoding="utf-8"
    )
    drafts, skips = read(ImageFolder(), root)
    assert [d.source for d in drafts] == ["a.png"]
    assert len(skips) == 5
    shown = name.replace("\0", "\\0")
    assert reason in skips[f"metadata.jsonl#2: {shown}"]
    assert skips["metadata.jsonl#3"] == skips["metadata.jsonl#4"] == "has no file_name"
    assert skips["metadata.jsonl#5"].startswith("is not valid JSON")


@posix
def test_links_out_of_the_folder_pipes_and_strange_names(image_folder, tmp_path):
    root = image_folder("a.png")
    Image.new("RGB", (2, 2)).save(tmp_path / "outside.png")
    (root / "out.png").symlink_to(tmp_path / "outside.png")
    (root / "up").symlink_to(tmp_path)
    (root / "in.png").symlink_to(root / "a.png")
    (root / "dead.png").symlink_to(root / "nowhere.png")
    os.mkfifo(root / "pipe.png")
    (root / os.fsdecode(b"b\xff.png")).write_bytes(png())
    drafts, skips = read(ImageFolder(), root)
    assert [d.source for d in drafts] == ["a.png", "in.png"]
    assert {k: v for k, v in skips.items() if "xff" not in k and "dcff" not in k} == {
        "out.png": f"{LEAVES}{FOLLOW}",
        "up": f"{LEAVES}{FOLLOW}",
        "dead.png": "is not there",
        "pipe.png": "is not a plain file",
    }
    assert "has a name that is not UTF-8" in skips.values()


def test_an_import_can_be_cancelled(image_folder):
    root = image_folder(*(f"{i}.png" for i in range(30)))
    calls = []
    task = Task(cancelled=lambda: len(calls) > 10 or calls.append(1))
    with pytest.raises(Cancelled):
        read(ImageFolder(), root, task)


# Lists


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.csv", "filepath,title\na.png,one\nsub/b.png,two\n"),
        ("list.tsv", "filepath\ttitle\na.png\tone\nsub/b.png\ttwo\n"),
        ("list.csv", "title;image\r\none;a.png\r\ntwo;./sub/b.png\r\n"),
        ("list.csv", "\ufeffTitle,Path\none,a.png\n\ntwo,sub\\b.png\n"),
        ("list.txt", "a.png\nsub/b.png\n"),
        ("list.txt", "a.png\rsub/b.png\r"),
        ("list.csv", "path,title\ra.png,one\rsub/b.png,two\r"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_lists_of_every_kind(image_folder, name, text, encoding):
    root = image_folder("a.png", "sub/b.png")
    (root / name).write_bytes((text.lstrip("\ufeff") if encoding == "utf-16" else text).encode(encoding))
    assert ImageList().match(root / name) >= 0.8
    drafts, skips = read(ImageList(), root / name)
    assert [d.source for d in drafts] == ["a.png", "sub/b.png"]
    assert not skips
    if "one" in text:
        assert (
            json.loads(drafts[1].record)[next(k for k in json.loads(drafts[1].record) if k.lower() == "title")] == "two"
        )


def test_absolute_paths_share_a_root(image_folder, tmp_path):
    one, two = image_folder("a.png", folder="one"), image_folder("b.png", folder="two")
    file = tmp_path / "lists" / "list.csv"
    file.parent.mkdir()
    file.write_text(f"path,class\n{one / 'a.png'},x\n{two / 'b.png'},y\n{one / 'a.png'},x\n", encoding="utf-8")
    task = Log()
    assert ImageList().open(file).root == tmp_path
    drafts, _ = read(ImageList(), file, task)
    assert [(d.source, d.labels) for d in drafts] == [("one/a.png", ("x",)), ("two/b.png", ("y",))]
    assert "1 rows name a picture that an earlier row names" in task.lines[0]


def test_broken_rows_of_a_list_are_named(image_folder):
    root = image_folder("a.png")
    rows = [b"image,label", b"a.png,\xff", b"../a.png,x", b",x", b"a.png,x,too many", b"a.png,ok", b"b.png,x"]
    (root / "list.csv").write_bytes(b"\n".join(rows))
    drafts, skips = read(ImageList(), root / "list.csv")
    assert [d.labels for d in drafts] == [("ok",)]
    assert skips == {
        "list.csv#2": "holds bytes that are not UTF-8",
        "list.csv#3: ../a.png": f"{LEAVES}{NAME_ROOT}",
        "list.csv#4": "names no file",
        "list.csv#5": "has 3 fields; the first line has 2",
        "list.csv#7: b.png": f"is not there{NAME_IMAGES}",
    }


def digest_of_file(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def metadata_beside(folder, name, rows):
    if name.endswith(".parquet"):
        arrow = pytest.importorskip("pyarrow")
        import pyarrow.parquet as parquet

        parquet.write_table(arrow.Table.from_pylist(rows), folder / name)
    elif name.endswith(".csv"):
        lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
        (folder / name).write_text("\n".join(lines), encoding="utf-8")
    else:
        (folder / name).write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return folder if name.startswith("metadata") else folder / name


@posix
@pytest.mark.parametrize("name", ["metadata.csv", "metadata.jsonl", "metadata.parquet", "x.parquet"])
def test_metadata_and_tables_name_pictures_in_the_root_and_no_further(image_folder, tmp_path, name):
    image_folder("images/test/a.png", "near/b.png", "train/in/c.png", folder="data")
    image_folder("out.png", folder="other")
    data, train = tmp_path / "data", tmp_path / "data" / "train"
    (train / "link.png").symlink_to(tmp_path / "other" / "out.png")
    names = ["../images/test/a.png", "near/b.png", "in/c.png", "../../other/out.png", "link.png"]
    names += ["../../data/near/b.png", str(data / "near" / "b.png")]
    path = metadata_beside(train, name, [{"file_name": n, "label": str(i)} for i, n in enumerate(names)])
    plugin = ImageTable if name == "x.parquet" else ImageFolder
    drafts, skips = read(plugin(), path)
    assert [d.images for d in drafts] == [("in/c.png",)]
    assert sum("(--set root=FOLDER)" in reason for reason in skips.values()) == 4
    drafts, skips = read(plugin(root=str(data)), path)
    found = ["images/test/a.png", "near/b.png", "train/in/c.png", *["near/b.png"] * (plugin is ImageTable)]
    assert [d.images[0] for d in drafts] == found and drafts[0].digest == digest_of_file(data / found[0])
    assert [d.split for d in drafts[:3]] == (["test", "", ""] if plugin is ImageFolder else ["", "", ""])
    assert len([r for r in skips.values() if LEAVES in r]) == (4 if plugin is ImageFolder else 3)
    for wrong, words in ((tmp_path / "none", "does not exist"), (tmp_path / "other", "does not hold")):
        with pytest.raises(InputError, match=words):
            plugin(root=str(wrong)).open(path)


def test_a_root_above_leaves_classes_and_splits_to_the_folder(image_folder, tmp_path):
    image_folder("in/cat/a.png", "in/dog/b.png", "in/test/cat/c.png", folder="train")
    here, _ = read(ImageFolder(), tmp_path / "train" / "in")
    above, _ = read(ImageFolder(root=str(tmp_path)), tmp_path / "train" / "in")
    assert [(d.labels, d.split, d.digest) for d in above] == [(d.labels, d.split, d.digest) for d in here]
    assert [d.source for d in above] == [f"train/in/{d.source}" for d in here]


def test_names_that_go_up_lead_into_the_root_and_no_further(image_folder, tmp_path):
    """Records in one folder, pictures in another: nothing is read beside the file unless that is said."""
    image_folder("images/a.png", folder="data")
    image_folder("out.png", folder="other")
    files = {"train/x.csv": "image,label\n../images/a.png,x\n../../other/out.png,y\n"}
    chat = {"messages": [{"role": "user", "content": "<image>q"}, {"role": "assistant", "content": "a"}]}
    names = ("../images/a.png", "../../other/out.png", str(tmp_path / "data/images/a.png"))
    files["train/x.jsonl"] = "".join(json.dumps(chat | {"images": [name]}) + "\n" for name in names)
    files["train/dataset_info.json"] = json.dumps({"x": {"file_name": "x.jsonl", "formatting": "sharegpt",
        "columns": {"messages": "messages", "images": "images"}, "tags": {"role_tag": "role", "content_tag": "content",
        "user_tag": "user", "assistant_tag": "assistant"}}})  # fmt: skip
    (tmp_path / "data" / "train").mkdir()
    for name, text in files.items():
        (tmp_path / "data" / name).write_text(text, encoding="utf-8")
    data = tmp_path / "data"
    for plugin, file in ((ImageList, "x.csv"), (Instructions, "x.jsonl"), (LlamaFactory, "dataset_info.json")):
        drafts, skips = read(plugin(), data / "train" / file)
        assert not drafts and all("(--set root=FOLDER)" in reason for reason in skips.values())
        drafts, skips = read(plugin(root=str(data)), data / "train" / file)
        assert drafts and {d.images for d in drafts} == {("images/a.png",)} and len(skips) == 1
        assert all(d.source.startswith(("train/x.jsonl#", "images/a.png")) for d in drafts)
        ((source, reason),) = skips.items()
        assert source.startswith(("x.csv#3", "train/x.jsonl#2")) and LEAVES in reason
    drafts, skips = read(Instructions(), data)  # the folder above: no parameter is needed
    assert [d.source for d in drafts] == ["train/x.jsonl#1", "train/x.jsonl#3"] and len(skips) == 1
    with pytest.raises(InputError, match="does not hold"):
        Instructions(root=str(tmp_path / "other")).open(data / "train" / "x.jsonl")
    with pytest.raises(InputError, match="does not exist"):
        ImageList(root=str(tmp_path / "none")).open(data / "train" / "x.csv")


# Records

ALPACA = {"instruction": "Say hi", "input": "in German", "output": "Hallo", "task": "greet", "history": [["a", "b"]]}
SHAREGPT = {
    "conversations": [
        {"from": "system", "value": "Be kind"},
        {"from": "human", "value": "Q"},
        {"from": "gpt", "value": "A"},
    ]
}
MESSAGES = {
    "messages": [
        {"role": "developer", "content": "rules"},
        {"role": "user", "content": [{"type": "text", "text": "Weather?"}]},
        {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "get", "arguments": '{"x":1}'}}]},
        {"role": "tool", "content": "sunny", "tool_call_id": "1"},
    ],
    "tools": [{"type": "function"}],
}
LLAVA = {
    "id": "1",
    "image": "a.png",
    "conversations": [{"from": "human", "value": "<image>\nWhat?"}, {"from": "gpt", "value": "Green"}],
}
SHAPES = [
    (ALPACA, "alpaca", "a\nb\nSay hi\nin German\nHallo"),
    (SHAREGPT, "sharegpt", "Q\nA"),
    (MESSAGES, "messages", 'Weather?\nget {"x":1}\nsunny'),
    (LLAVA, "llava", "What?\nGreen"),
    ({"prompt": "P", "completion": "C"}, "prompt-completion", "P\nC"),
    (
        {"prompt": [{"role": "user", "content": "P"}], "chosen": [{"role": "a", "content": "C"}], "rejected": []},
        None,
        "P\nC",
    ),
    ({"question": "Q", "answer": "A"}, "prompt-completion", "Q\nA"),
    ({"instruction": "I", "chosen": "good", "rejected": "bad"}, "alpaca", "I\ngood"),
    ({"instruction": "I", "context": "C", "response": "R", "category": "x"}, "alpaca", "I\nC\nR"),
    ({"instruction": "I", "context": "", "response": "R"}, "alpaca", "I\nR"),
    ({"instruction": "I", "context": None, "response": "R"}, "alpaca", "I\nR"),
    ({"instruction": "I", "context": ["C"], "response": "R"}, "alpaca", "I\nR"),
    ({"instruction": "I", "input": "C", "context": "D", "response": "R"}, "alpaca", "I\nC\nR"),
    ({"text": "just text"}, "text", "just text"),
]


@pytest.mark.parametrize(("record", "shape", "text"), SHAPES)
def test_shapes_and_their_texts(record, shape, text):
    found = recognise(record)
    assert found == (shape or "prompt-completion")
    assert text_of(read_dialogue(record, found)) == text


@pytest.mark.parametrize(
    "record", [None, 3, [], {}, {"a": 1}, {"messages": "x"}, {"instruction": "x"}, {"text": 3}, {"features": {}}]
)
def test_what_is_no_record(record):
    assert recognise(record) == ""


def written(tmp_path, text, name="x.jsonl", encoding="utf-8"):
    file = tmp_path / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return file


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.jsonl", '{"text": "a"}\n\n{"text":  "b"}\r\n'),
        ("x.jsonl", '\ufeff{"text": "a"}\n{"text":  "b"}'),
        ("x.json", '[{"text": "a"}, {"text":  "b"}]'),
        ("x.json", '\n [\n{"text": "a"}\n,\n{"text":  "b"}\n]\n'),
        ("x.json", '{"version": "1", "data": [{"text": "a"}, {"text":  "b"}]}'),
        ("x.json", '{\n "data": [\n{"text": "a"},\n{"text":  "b"}\n]}'),
        ("x.json", '{"text":\n "a"}\n{"text":\n  "b"}'),
        ("x.json", '{"train": [{"text": "a"}], "about": {"n": [1]}, "test" : [ {"text":  "b"} ], "x": [{}]}'),
        ("x.jsonl", '{"text": "a"}\r\r{"text":  "b"}\r'),
        ("x.json", '[\r{"text": "a"},\r{"text":  "b"}\r]\r'),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_every_layout_of_a_file(tmp_path, name, text, encoding):
    file = written(tmp_path, text.lstrip("\ufeff") if encoding == "utf-16" else text, name, encoding)
    drafts, skips = read(Instructions(), file)
    assert [d.text for d in drafts] == ["a", "b"]
    assert not skips
    assert drafts[0].source == f"{name}#1"
    assert all(d.record in text for d in drafts)
    assert len({d.digest for d in drafts}) == 2


def test_lines_that_end_in_a_carriage_return_keep_their_numbers(tmp_path):
    """As old programs for the Mac write them; a broken line costs no more than itself."""
    lines = [json.dumps({"data": [1], "text": f"t{i}"}) for i in range(3_000)]
    lines[70] = "{broken"
    file = written(tmp_path, "\r".join(lines))
    drafts, skips = read(Instructions(), file)
    assert len(drafts) == 2_999 and [s.removeprefix("x.jsonl") for s in skips] == ["#71"]
    assert drafts[70].source == "x.jsonl#72" and drafts[70].record == lines[71]
    table = written(tmp_path, "prompt,completion\rq,a\r", "x.csv")
    assert [d.record for d in read(Instructions(), table)[0]] == ['{"prompt": "q", "completion": "a"}']


def test_lists_of_splits_in_one_object(tmp_path, monkeypatch):
    lists = {
        "version": 2,
        "train": [{"text": f"t{i}"} for i in range(5)],
        "about": {"train": [1, 2], "why": 'a "}" and ]'},
        "note": "[",
        "dev": [],
        "test": [{"text": "x" * 90}, {"text": "last", "split": "mine"}],
        "data": [{"text": "d"}],
    }
    file = written(tmp_path, json.dumps(lists), "x.json")
    for size in (2**22, 60, 7):
        monkeypatch.setattr("curator.plugins.importers.json_records.HEAD", max(size, 60))
        monkeypatch.setattr("curator.plugins.importers.json_records.FIRST_READ", size)
        drafts, skips = read(Instructions(), file)
        assert [(d.source, d.split) for d in drafts] == [
            *((f"x.json#{i}", "train") for i in range(1, 6)),
            *((f"x.json#{i}", "test") for i in (6, 7)),
            ("x.json#8", ""),
        ]
        assert drafts[6].text == "last" and not skips
    for end in (json.dumps(lists).index(key) for key in ('"about"', '"note"', ': "["')):
        cut = written(tmp_path, json.dumps(lists)[:end], "cut.json")
        assert list(read(Instructions(), cut)[1].values()) == [
            "is missing: the file is cut off or broken after this list"
        ]


DEEP = '{"text": ' + "[" * 200_000 + "]" * 200_000 + "}"
BAD_LINES = [
    ("{not json", "is not valid JSON"),
    ('{"text": "x"', "is not valid JSON"),
    ('{"text": NaN}', "NaN is not a JSON value"),
    (DEEP, "is nested too deeply"),
    ("[1, 2]", "is not a JSON object"),
    ("3", "is not a JSON object"),
    ('{"a": 1, "b": 2}', "its fields are: a, b"),
    ('{"instruction": "", "output": ""}', "has no text"),
    ('{"instruction": ["x"], "output": "y"}', "has a field “instruction” that is not text"),
    ('{"messages": []}', "has no turns"),
    ('{"messages": [{"content": "x"}]}', "has no role in turn 1"),
    ('{"messages": [{"role": "user"}]}', "has no text in turn 1"),
    ('{"conversations": [{"from": "human", "value": 3}]}', "has no text in turn 1"),
    ('{"conversations": ["x"]}', "has no role in turn 1"),
    ('{"instruction": "x", "output": "y", "history": [["a", 1]]}', "history"),
    ('{"messages": [{"role": "user", "content": "x"}], "images": ["../a.png"]}', LEAVES),
    (
        '{"image": "gone.png", "conversations": [{"from": "human", "value": "x"}]}',
        "names the image gone.png, which is not",
    ),
    (
        '{"image": "cut.png", "conversations": [{"from": "human", "value": "x"}]}',
        "names the image cut.png, which is cut",
    ),
    ('{"text": "' + "9" * 10 + '", "n": ' + "9" * 5000 + "}", "is not valid JSON"),
]


@pytest.mark.parametrize(("line", "reason"), BAD_LINES, ids=range(len(BAD_LINES)))
@pytest.mark.parametrize("array", [False, True], ids=["jsonl", "json"])
def test_a_broken_record_is_set_aside_and_the_rest_read(tmp_path, line, reason, array):
    (tmp_path / "cut.png").write_bytes(png()[:-3])
    lines = ['{"text": "before"}', line, '{"text": "after"}']
    text = "[" + ",\n".join(lines) + "]" if array else "\n".join(lines)
    drafts, skips = read(Instructions(), written(tmp_path, text, "x.json"))
    assert [d.text for d in drafts][:1] == ["before"]
    assert reason in skips["x.json#2"] or "nothing after it was read" in skips["x.json#2"]
    if line.count("{") == line.count("}"):
        assert [d.text for d in drafts] == ["before", "after"]


def test_bad_bytes_name_their_line(tmp_path):
    file = written(tmp_path, b'{"text": "a"}\n{"text": "\xff"}\n{"text": "\xc3\xa9"}\n')
    drafts, skips = read(Instructions(), file)
    assert [d.text for d in drafts] == ["a", "é"]
    assert skips == {"x.jsonl#2": "holds bytes that are not UTF-8"}


def test_a_line_over_the_limit_is_passed_over(tmp_path, monkeypatch):
    monkeypatch.setattr("curator.plugins.importers.json_records.RECORD_LIMIT", 100)
    monkeypatch.setattr("curator.plugins.importers.json_records.BLOCK", 50)
    file = written(tmp_path, '{"text": "a"}\n{"text": "' + "x" * 350 + '"}\n{"text": "b"}\n')
    drafts, skips = read(Instructions(), file)
    assert [d.text for d in drafts] == ["a", "b"]
    assert "is longer than" in skips["x.jsonl#2"]


def test_an_array_that_is_cut_off(tmp_path):
    drafts, skips = read(Instructions(), written(tmp_path, '[{"text": "a"}, {"text": "b', "x.json"))
    assert [d.text for d in drafts] == ["a"]
    assert "nothing after it was read" in skips["x.json#2"]
    _, skips = read(Instructions(), written(tmp_path, '[{"text": "a"},', "x.json"))
    assert "cut off" in skips["x.json#2"]


def test_small_windows_read_the_same(tmp_path, monkeypatch):
    text = json.dumps([{"text": f'{i} “ü” \\ " [' * (i % 7)} for i in range(1, 60)], ensure_ascii=False, indent=1)
    whole = [r.value for r in read_records(io.BytesIO(text.encode()))]
    monkeypatch.setattr("curator.plugins.importers.json_records.HEAD", 5)
    monkeypatch.setattr("curator.plugins.importers.json_records.FIRST_READ", 3)
    assert [r.value for r in read_records(io.BytesIO(text.encode()))] == whole == json.loads(text)


def test_a_pair_half_is_stored_as_a_mark(tmp_path):
    drafts, _ = read(Instructions(), written(tmp_path, '{"text": "a\\ud800b\\u0000c", "label": "\\udfff"}'))
    drafts[0].text.encode("utf-8")
    assert "\0" not in drafts[0].text
    assert drafts[0].labels == ("?",)
    assert drafts[0].record == '{"text": "a\\ud800b\\u0000c", "label": "\\udfff"}'


def test_labels_come_from_a_text_field(tmp_path):
    lines = [{"text": "x", k: v} for k, v in [("task", "t"), ("category", "c"), ("label", 3), ("class", " ")]]
    drafts, _ = read(Instructions(), written(tmp_path, "\n".join(map(json.dumps, lines))))
    assert [d.labels for d in drafts] == [("t",), ("c",), (), ()]


def test_pictures_are_part_of_a_record(tmp_path, image_folder):
    root = image_folder("a.png", "b.png")
    lines = [LLAVA, {**MESSAGES, "images": ["b.png", "a.png"]}, {**LLAVA, "image": "https://x.org/a.png"}]
    file = written(tmp_path, "\n".join(map(json.dumps, lines)))
    importer, task = Instructions(images=str(root)), Log()
    source = importer.open(file)
    assert (source.root, source.format) == (tmp_path, "llava")
    drafts, skips = read(importer, file, task)
    assert not skips
    assert [d.images for d in drafts] == [("pictures/a.png",), ("pictures/b.png", "pictures/a.png"), ()]
    assert (drafts[0].width, drafts[0].height) == (12, 8)
    assert "1 pictures are not files on this computer" in task.lines[0]
    before = drafts[0].digest
    (root / "a.png").write_bytes(png())
    assert read(importer, file)[0][0].digest != before


def test_pictures_in_content_parts():
    parts = [
        {"type": "text", "text": "x"},
        {"type": "image_url", "image_url": {"url": "a.png"}},
        {"type": "image", "path": "b.png"},
        {"type": "image_url", "value": "c.png"},
    ]
    record = {"messages": [{"role": "user", "content": parts}]}
    assert read_dialogue(record).images == ("a.png", "b.png", "c.png")
    assert text_of(read_dialogue(record, "messages")) == "x"


def test_a_chosen_format_is_held_to(tmp_path):
    file = written(tmp_path, json.dumps(ALPACA) + "\n" + json.dumps(SHAREGPT))
    drafts, skips = read(Instructions(format="sharegpt"), file)
    assert [d.source for d in drafts] == ["x.jsonl#2"]
    assert "is not a record of the kind “sharegpt”" in skips["x.jsonl#1"]


def test_open_refuses_what_it_cannot_read(tmp_path):
    for importer, path in ((Instructions(), tmp_path), (ImageList(), tmp_path), (ImageFolder(), tmp_path / "no")):
        with pytest.raises(InputError):
            importer.open(path)
    (tmp_path / "empty.csv").write_bytes(b"")
    with pytest.raises(InputError, match="lists nothing"):
        ImageList().open(tmp_path / "empty.csv")
    with pytest.raises(InputError, match="does not exist"):
        Instructions(images=str(tmp_path / "no")).open(written(tmp_path, "{}"))


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "format_", "count"),
    [
        ("t0-dev.jsonl", "alpaca", 8000),
        ("llamafactory/alpaca_en_demo.json", "alpaca", 999),
        ("llamafactory/dpo_en_demo.json", "sharegpt", 300),
        ("llamafactory/glaive_toolcall_en_demo.json", "sharegpt", 300),
        ("llamafactory/identity.json", "alpaca", 91),
        ("llamafactory/mllm_demo.json", "messages", 6),
        ("llamafactory/v1_sft_demo.jsonl", "messages", 500),
    ],
)
def test_real_records(shared_data, name, format_, count):
    file = shared_data / "instruct" / name
    assert Instructions().match(file) == 0.95
    assert Instructions().open(file).format == format_
    drafts, skips = read(Instructions(), file)
    assert (len(drafts), skips) == (count, {})
    content = file.read_text(encoding="utf-8")
    assert all(d.text for d in drafts)
    assert all(d.record in content for d in drafts[:50])


@posix
def test_links_to_pictures_elsewhere_are_followed_when_that_is_said(image_folder):
    """A folder of links, as the folder export makes with mode = symlink."""
    pictures, farm = image_folder("a.png", folder="pictures"), image_folder(folder="farm")
    (farm / "x.png").symlink_to(pictures / "a.png")
    (farm / "up").symlink_to(pictures)
    drafts, skips = read(ImageFolder(), farm)
    assert not drafts and "--set links=true" in skips["x.png"]
    drafts, skips = read(ImageFolder(links=True), farm)
    assert [d.source for d in drafts] == ["x.png"] and not skips
