"""Pictures inside archives and tables: the same bytes as the files, and a plain reason for whatever is wrong."""

import gzip
import io
import tarfile
import zipfile

import pytest
from PIL import Image

from curator.engine import packed
from curator.engine.errors import InputError
from curator.engine.packed import address, archives, streams
from curator.engine.packed.cells import cell_address
from curator.engine.pictures import load_rgb, read_bytes, read_header
from curator.engine.task import Task
from curator.engine.types import ExportItem
from curator.plugins.exporters.placing import Placer


def png(shade=0, size=(6, 4)):
    file = io.BytesIO()
    Image.new("RGB", size, (shade, 90, 60)).save(file, "PNG")
    return file.getvalue()


def tar(path, files, mode="w"):
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CURATOR_CACHE_DIR", str(tmp_path / "cache"))


FILES = {f"part/{i:03}.png": png(i) for i in range(5)} | {"part/notes.txt": b"words"}
MODES = {"a.tar": "w", "a.tar.gz": "w:gz", "a.tgz": "w:gz", "a.tar.bz2": "w:bz2", "a.tar.xz": "w:xz"}


@pytest.mark.parametrize("name", [*MODES, "a.zip", "stored.zip"])
def test_members_are_listed_and_read_back(tmp_path, name):
    path = tmp_path / name
    if name in MODES:
        tar(path, FILES, MODES[name])
    else:
        kind = zipfile.ZIP_STORED if name == "stored.zip" else zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(path, "w", kind) as archive:
            for member, content in FILES.items():
                archive.writestr(member, content)
    found = list(packed.members(path))
    assert [(m.name, m.size, m.reason) for m in found] == [(n, len(c), "") for n, c in FILES.items()]
    for member, content in FILES.items():
        place = tmp_path / packed.join(name, member)
        assert read_bytes(place) == content
        assert packed.size_of(place) == len(content)
        assert packed.exists(place) and not packed.on_disk(place)
    assert read_header(tmp_path / f"{name}!part/000.png") == (6, 4, "PNG")
    assert load_rgb(tmp_path / f"{name}!part/003.png").getpixel((0, 0)) == (3, 90, 60)


def test_a_file_that_is_really_called_so_comes_first(tmp_path):
    tar(tmp_path / "a.tar", {"b.png": png(1)})
    (tmp_path / "a.tar!b.png").write_bytes(b"myself")
    assert read_bytes(tmp_path / "a.tar!b.png") == b"myself"
    (tmp_path / "what!.png").write_bytes(b"loud")
    assert read_bytes(tmp_path / "what!.png") == b"loud"
    with pytest.raises(InputError, match="is not there"):
        read_bytes(tmp_path / "what!now.png")


def test_reasons_for_what_is_not_there(tmp_path):
    tar(tmp_path / "a.tar", FILES)
    for name, reason in {
        "a.tar!part/zzz.png": "is not in the archive a.tar",
        "b.tar!part/000.png": "lies in b.tar, which is not there",
    }.items():
        with pytest.raises(InputError, match=reason):
            read_bytes(tmp_path / name)
    (tmp_path / "c.tar").write_bytes(b"no archive" * 200)
    with pytest.raises(InputError, match=r"lies in c.tar, which is not an archive"):
        read_bytes(tmp_path / "c.tar!x.png")


def test_an_archive_that_changed_is_looked_at_again(tmp_path):
    tar(tmp_path / "a.tar", {"x.png": png(1)})
    assert read_bytes(tmp_path / "a.tar!x.png") == png(1)
    tar(tmp_path / "a.tar", {"y.png": png(1), "x.png": png(2, (9, 9))})
    assert read_bytes(tmp_path / "a.tar!x.png") == png(2, (9, 9))


def test_the_first_of_two_members_of_one_name_counts(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for content in (b"first", b"second"):
            info = tarfile.TarInfo("x")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    assert archives.read_member(tmp_path / "a.tar", "x", 100) == b"first"


def test_what_does_not_belong_is_named_and_never_read(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for name, kind in (
            ("../up.png", tarfile.REGTYPE),
            ("/abs.png", tarfile.REGTYPE),
            ("C:\\x.png", tarfile.REGTYPE),
            ("link.png", tarfile.SYMTYPE),
            ("hard.png", tarfile.LNKTYPE),
            ("dev.png", tarfile.CHRTYPE),
            ("pipe.png", tarfile.FIFOTYPE),
            ("fine.png", tarfile.REGTYPE),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    reasons = {m.name: m.reason for m in packed.members(tmp_path / "a.tar")}
    assert reasons == {
        "../up.png": archives.LEAVES,
        "/abs.png": archives.LEAVES,
        "C:\\x.png": archives.LEAVES,
        "link.png": archives.IS_LINK,
        "hard.png": archives.IS_LINK,
        "dev.png": archives.NO_FILE,
        "pipe.png": archives.NO_FILE,
        "fine.png": "",
    }
    with pytest.raises(InputError, match="is not in the archive"):
        read_bytes(tmp_path / "a.tar!link.png")


@pytest.mark.parametrize("cut", [700, 1024 + 200, 2048 + 100])
def test_a_tar_that_is_cut_off_keeps_what_came_before(tmp_path, cut):
    whole = tar(tmp_path / "a.tar", {"a.png": png(1), "b.png": png(2), "c.png": png(3)}).read_bytes()
    (tmp_path / "a.tar").write_bytes(whole[:cut])
    found = list(packed.members(tmp_path / "a.tar"))
    assert any("cut off" in m.reason for m in found)
    good = [m.name for m in found if not m.reason]
    assert good == ["a.png", "b.png"][: (cut + 424) // 1024]
    for name in good:
        assert read_bytes(tmp_path / f"a.tar!{name}") == png({"a.png": 1, "b.png": 2}[name])


def test_a_damaged_header_in_the_middle_is_no_silent_end(tmp_path):
    whole = bytearray(tar(tmp_path / "a.tar", {"a.png": png(1), "b.png": png(2)}).read_bytes())
    whole[1024 + 150] ^= 0xFF
    (tmp_path / "a.tar").write_bytes(whole)
    assert [m.reason for m in packed.members(tmp_path / "a.tar")] == [
        "",
        "is cut off or damaged after a.png; nothing after it was read",
    ]


def test_a_member_that_lies_about_its_size_gives_no_more_than_it_said(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.png", bytes(50 * 2**20))
    content = bytearray((tmp_path / "a.zip").read_bytes())
    for mark, at in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        place = content.find(mark) + at
        content[place : place + 4] = (1000).to_bytes(4, "little")
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(InputError, match="is cut off"):
        read_bytes(tmp_path / "a.zip!bomb.png")
    with pytest.raises(InputError, match="MB large; the limit is"):
        archives.read_member(tar(tmp_path / "b.tar", {"x": bytes(3 * 2**20)}), "x", 2**20)


def test_encrypted_and_odd_members_of_a_zip(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("odd.png", png())
        link = zipfile.ZipInfo("link.png")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    reasons = {m.name: m.reason for m in packed.members(tmp_path / "a.zip")}
    assert "not supported" in reasons["odd.png"] and reasons["link.png"] == archives.IS_LINK


def test_a_compressed_file_that_grows_out_of_proportion_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(streams, "SLACK", 2**20)
    (tmp_path / "bomb.tar.gz").write_bytes(gzip.compress(bytes(20 * 2**20)))
    with pytest.raises(InputError, match="unpacks to more than 300 times its size"):
        list(packed.members(tmp_path / "bomb.tar.gz"))
    assert not list((tmp_path / "cache" / "archives").iterdir())


def test_a_stream_begins_again_and_says_when_it_is_cut_off(tmp_path):
    text = b"".join(b"line %d\n" % i for i in range(50_000))
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(text))
    with packed.open_stream(tmp_path / "a.jsonl.gz") as file:
        assert file.read(6) == b"line 0"
        file.seek(0)
        assert file.read() == text
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(text)[:-2000])
    with pytest.raises(InputError, match="cannot be unpacked"), packed.open_stream(tmp_path / "b.jsonl.gz") as file:
        file.read()
    assert (
        packed.plain_suffix(tmp_path / "a.jsonl.gz") == ".jsonl" and packed.plain_suffix(tmp_path / "x.JSON") == ".json"
    )


def test_zstandard_is_read_across_frames(tmp_path):
    zstandard = pytest.importorskip("zstandard")
    pack = zstandard.ZstdCompressor().compress
    (tmp_path / "a.jsonl.zst").write_bytes(pack(b"one\n") + pack(b"two\n"))
    with packed.open_stream(tmp_path / "a.jsonl.zst") as file:
        assert file.read() == b"one\ntwo\n"
    (tmp_path / "b.jsonl.zst").write_bytes(b"not packed at all")
    with pytest.raises(InputError, match="cannot be unpacked"), packed.open_stream(tmp_path / "b.jsonl.zst") as file:
        file.read()


def test_cells_of_tables(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    import pyarrow.parquet as parquet

    cells = [{"bytes": png(i), "path": f"{i}.png"} for i in range(7)]
    table = arrow.table({"im.age": cells, "many": [[c, c] for c in cells], "raw": [c["bytes"] for c in cells]})
    parquet.write_table(table, tmp_path / "t.parquet", row_group_size=3)
    with arrow.ipc.new_stream(tmp_path / "t.arrow", table.schema) as out:
        out.write_table(table, max_chunksize=2)
    for name in ("t.parquet", "t.arrow"):
        for i in range(7):
            assert read_bytes(tmp_path / f"{name}!{cell_address(i + 1, 'im.age', 'x.png')}") == png(i)
        assert read_bytes(tmp_path / f"{name}!{cell_address(5, 'many', 'x.png', 1)}") == png(4)
        assert read_bytes(tmp_path / f"{name}!{cell_address(7, 'raw', 'x.png')}") == png(6)
        for place in ("9/im.age/x", "0/im.age/x", "1/none/x", "junk", "2/many.7/x"):
            with pytest.raises(InputError):
                read_bytes(tmp_path / f"{name}!{place}")
    with pytest.raises(InputError, match="cannot be read from"):
        read_bytes(tmp_path / "gone.parquet!1/x/y")


def test_an_item_on_its_way_out_gives_its_bytes(tmp_path):
    tar(tmp_path / "a.tar", {"x.png": png(5)})
    (tmp_path / "y.png").write_bytes(png(6))
    images = (tmp_path / "a.tar!x.png", tmp_path / "y.png")
    item = ExportItem(1, "s", "d", "", "", images, ("a.tar!x.png", "y.png"), (), None, None, "", "")
    assert [item.read_image(i) for i in (0, 1)] == [png(5), png(6)]
    assert [item.image_size(i) for i in (0, 1)] == [len(png(5)), len(png(6))]
    assert item.image_file(0) is None and item.image_file(1) == images[1]
    placer = Placer("hardlink", Task())
    assert placer.place(images[0], tmp_path / "out" / "x.png") == ""
    assert (tmp_path / "out" / "x.png").read_bytes() == png(5)
    assert "is not in the archive" in placer.place(tmp_path / "a.tar!z.png", tmp_path / "out" / "z.png")


def test_addresses_are_split_at_the_container():
    from pathlib import Path

    assert address.split(Path("/d/a!b/s.tar!k/e!y.jpg")) == (Path("/d/a!b/s.tar"), "k/e!y.jpg")
    assert address.split(Path("/d/a!b/c.jpg")) is None
