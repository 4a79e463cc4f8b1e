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

from curator.engine.api import Draft, Task
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


def seen_at(path: Path, digests: bool = False) -> list[Any]:
    spec, importer, _ = find_importer(path, None, registry())
    assert spec.kinds == frozenset({"instruction"}), spec
    source = importer.open(path)
    found = list(importer.read(path, source, Task()))
    assert all(isinstance(draft, Draft) for draft in found), found
    pictures = [[hashlib.sha256(read_bytes(source.root / n)).hexdigest() for n in d.images] for d in found]
    return [(d.text, shown, d.digest if digests else "") for d, shown in zip(found, pictures, strict=True)]


def exported(root: Path, path: Path, exports: list[tuple[str, dict[str, Any], str]]) -> list[tuple[str, Path]]:
    made = []
    with Project.create(root / "p.curator") as project:
        store = project._store
        dataset = store.dataset(project.submit_import([path]).result().focus[1])
        store.add_subset("best", dataset.id, [s.id for s in store.samples(dataset.id, 0, 100)], "add")
        for number, (format_, params, name) in enumerate(exports):
            target = root / f"out{number}" / name
            options = {"allow_loss": True}  # the id of LLaVA has no place elsewhere
            project.submit_export("best", target, format_, params, options=options).result()
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


@pytest.fixture(autouse=True, scope="module")
def known_plugins() -> None:
    registry().discover(None)
