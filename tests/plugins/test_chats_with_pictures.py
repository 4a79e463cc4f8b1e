"""Conversations with pictures, drawn at random: out in each format that holds them, and in again."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from curator.engine.api import Draft, InputError, Skip, Source, Task
from curator.engine.importing import find_importer
from curator.engine.pictures import read_bytes
from curator.engine.project import Project
from curator.engine.registry import registry

EXAMPLES = int(os.environ.get("CURATOR_EXAMPLES", "4"))
words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(
    lambda text: text.strip() and "<image>" not in text
)
names = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters='/\\!:<>"|?*'), min_size=1, max_size=8
)


@st.composite
def chats(draw: st.DrawFn, most: int) -> dict[str, Any]:
    """A record of LLaVA (one picture) or LLaMA-Factory (several), or one without any."""
    pictures = [f"{draw(names)}.png" for _ in range(draw(st.integers(0, most)))]
    first = "<image>\n" * len(pictures) + draw(words)
    turns = [{"from": "human", "value": first}, {"from": "gpt", "value": draw(words)}]
    record: dict[str, Any] = {"conversations": turns}
    if most == 1:
        record["id"] = draw(words)
    if pictures:
        record |= {"image": pictures[0]} if most == 1 else {"images": pictures}
    return record


def write(folder: Path, records: list[dict[str, Any]]) -> None:
    """The records, each with pictures of its own in a numbered folder."""
    for number, record in enumerate(records):
        for key in ("image", "images"):
            if key in record:
                named = record[key] if isinstance(record[key], list) else [record[key]]
                placed = [f"{number}/{part}/{name.strip('. ') or '_'}" for part, name in enumerate(named)]
                for part, name in enumerate(placed):
                    (folder / name).parent.mkdir(parents=True, exist_ok=True)
                    Image.new("RGB", (3, 2), (number, part, 7)).save(folder / name, "PNG")
                record[key] = placed if isinstance(record[key], list) else placed[0]
    (folder / "x.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records), encoding="utf-8")


def read_at(path: Path, **params: str) -> tuple[Source, list[Draft | Skip]]:
    spec, importer, _ = find_importer(path, None, registry(), params)
    assert spec.kinds == frozenset({"instruction"}), spec
    importer = spec.make(dict(params)) if params else importer
    source = importer.open(path)
    return source, list(importer.read(path, source, Task()))


def seen_at(path: Path, digests: bool = False, **params: str) -> list[Any]:
    source, found = read_at(path, **params)
    assert all(isinstance(draft, Draft) for draft in found), found
    pictures = [[hashlib.sha256(read_bytes(source.root / n)).hexdigest() for n in d.images] for d in found]
    return [(d.text, shown, d.digest if digests else "") for d, shown in zip(found, pictures, strict=True)]


def exported(
    folder: Path, path: Path, exports: list[tuple[str, dict[str, Any], str]], **params: str
) -> list[tuple[str, Path]]:
    made = []
    with Project.create(folder / "p.curator") as project:
        store = project._store
        dataset = store.dataset(project.submit_import([path], params=dict(params)).result().focus[1])
        store.add_subset("best", dataset.id, [s.id for s in store.samples(dataset.id, 0, 100)], "add")
        for number, (format_, how, name) in enumerate(exports):
            target = folder / f"out{number}" / name
            options = {"allow_loss": True}  # the id of LLaVA has no place elsewhere
            project.submit_export("best", target, format_, how, options=options).result()
            made.append((format_, target))
    return made


COPY = {"images": "copy"}
SEVERAL = [
    ("jsonl", COPY, "out"), ("json", COPY, "out"), ("sharegpt", COPY, "out"), ("messages", COPY, "out"),
    ("llama-factory", COPY, "x.jsonl"), ("llama-factory", {**COPY, "formatting": "messages"}, "x.json"),
]  # fmt: skip


def has_arrow() -> bool:
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        return False
    return True


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.sampled_from([1, 2]).flatmap(lambda most: st.lists(chats(most), min_size=1, max_size=4)), st.booleans())
def test_there_and_back_again(records, packed):
    one = any("id" in record for record in records)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "in").mkdir()
        write(root / "in", records)
        path = zipped(root) if packed else root / "in" / "x.jsonl"
        before = seen_at(path)
        assert [len(shown) for _, shown, _ in before] == [
            len(record.get("images", [])) + ("image" in record) for record in records
        ]
        parquet = [("parquet", {}, "out")] if has_arrow() else []
        for format_, target in exported(root, path, [*SEVERAL, *([("llava", COPY, "out")] if one else []), *parquet]):
            assert seen_at(target) == before, format_


def zipped(root: Path) -> Path:
    with zipfile.ZipFile(root / "a.zip", "w") as archive:
        for file in sorted((root / "in").rglob("*")):
            if file.is_file():
                archive.write(file, f"top/{file.relative_to(root / 'in').as_posix()}")
    return root / "a.zip"


def test_pictures_in_cells_keep_their_digests(tmp_path):
    """Parquet of conversations with pictures inside, as trainers of vision models share them, comes back as it is."""
    pytest.importorskip("pyarrow")
    (tmp_path / "in").mkdir()
    chat = {"conversations": [{"from": "human", "value": "<image>q"}, {"from": "gpt", "value": "a"}]}
    write(tmp_path / "in", [{**chat, "images": ["a.png"]}, dict(chat), {**chat, "images": ["a.png"]}])
    (_, first), *_ = exported(tmp_path, tmp_path / "in" / "x.jsonl", [("parquet", {}, "out")])
    (tmp_path / "again").mkdir()
    (_, second), *_ = exported(tmp_path / "again", first, [("parquet", {}, "out")])
    assert seen_at(first, digests=True) == seen_at(second, digests=True)
    assert len({digest for *_, digest in seen_at(first, digests=True)}) == 3
    buffer = io.BytesIO()
    Image.new("RGB", (3, 2), (0, 0, 7)).save(buffer, "PNG")
    assert seen_at(first)[0][1] == [hashlib.sha256(buffer.getvalue()).hexdigest()]


def talk(image: str, number: int = 0) -> dict[str, Any]:
    turns = [{"from": "human", "value": f"<image>\nq{number}"}, {"from": "gpt", "value": f"a{number}"}]
    return {"id": str(number), "image": image, "conversations": turns}


def lay(folder: Path, *pictures: str, **files: list[str]) -> Path:
    """Pictures, all different, and files of records that name some."""
    for number, name in enumerate(pictures):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (3, 2), (number, 9, 7)).save(folder / name, "PNG")
    for file, names in files.items():
        place = folder / f"{file.replace('__', '/')}.jsonl"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("".join(json.dumps(talk(n, i)) + "\n" for i, n in enumerate(names)), encoding="utf-8")
    return folder


HOLDERS = {"llava": "o.json", "sharegpt": "o.jsonl", "messages": "deep/o.jsonl", "llama-factory": "o.jsonl"}
NAMED = [(kind, {"images": mode}, name) for mode in ("reference", "absolute") for kind, name in HOLDERS.items()]
TAKEN_ALONG = [(kind, COPY, "o.jsonl" if kind == "llama-factory" else "o") for kind in HOLDERS]


def test_pictures_named_where_they_are_come_back_by_the_root_and_copies_without(tmp_path):
    root = lay(tmp_path / "in", "img/a.png", "img/b é#1.png", data__x=["../img/a.png", "../img/b é#1.png"])
    path, above = root / "data" / "x.jsonl", str(root)
    before = seen_at(path, root=above)
    assert [len(shown) for _, shown, _ in before] == [1, 1]
    for (_, how, _), (format_, target) in zip(
        NAMED + TAKEN_ALONG, exported(tmp_path, path, NAMED + TAKEN_ALONG, root=above), strict=True
    ):
        assert seen_at(target, root=str(tmp_path)) == before, (format_, how)
        if how == COPY:
            assert seen_at(target) == before, format_
            continue
        _, skips = read_at(target)
        assert all("--set root=FOLDER" in skip.reason for skip in skips), format_


def test_records_as_they_are_find_the_copies_beside_them_or_the_export_says_why_not(tmp_path):
    """The pictures lie where each record says; one that says what cannot be is no reason to write another picture."""
    one = lay(tmp_path / "one", "pics/a.png", "pics/in/b.png", x=["a.png", "in/b.png"])
    before = seen_at(one / "x.jsonl", images=str(one / "pics"))
    (_, named), (_, copied) = exported(
        one, one / "x.jsonl", [("jsonl", {}, "o.jsonl"), ("jsonl", COPY, "o")], images=str(one / "pics")
    )
    assert seen_at(copied) == before == seen_at(named, images=str(one / "pics"))
    assert (copied / "records.jsonl").read_bytes() == (one / "x.jsonl").read_bytes()
    assert all("(--set images=FOLDER)" in skip.reason for skip in read_at(named)[1])
    two = lay(tmp_path / "two", "a/1.png", "b/1.png", a__x=["1.png"], b__x=["1.png"])
    up = lay(tmp_path / "up", "img/1.png", data__x=["../img/1.png"])
    (_, anew), *_ = exported(tmp_path, two, [("llava", COPY, "o")])
    assert seen_at(anew) == seen_at(two)
    for root, words in ((two, "call different pictures 1.png"), (up, "names the picture ../img/1.png")):
        with pytest.raises(InputError, match=words) as caught:
            exported(root, root, [("json", COPY, "o")])
        assert "names pictures anew" in caught.value.hint and not (root / "out0").exists()


@pytest.fixture(autouse=True, scope="module")
def known_plugins() -> None:
    registry().discover(None)
