import zipfile

import pytest
from PySide6.QtGui import QColor, QImage

from curator.ui.thumbnails import Thumbnails, edge_for, read_cached, read_small
from curator.ui.thumbnails_disk import ThumbnailFolder


@pytest.fixture
def large(tmp_path):
    folder = tmp_path / "large"
    folder.mkdir()
    for i in range(12):
        image = QImage(600, 300, QImage.Format.Format_RGB32)
        image.fill(QColor.fromHsv(i * 30, 255, 200))
        image.save(str(folder / f"{i}.png"))
    return sorted(folder.iterdir())


def test_pictures_are_decoded_small_and_never_enlarged(large, pictures):
    small = read_small(str(large[0]), 128)
    assert (small.width(), small.height()) == (128, 64)
    assert read_small(str(pictures / "00.png"), 128).width() == 40
    assert [edge_for(x) for x in (1, 64, 65, 130, 9999)] == [64, 64, 128, 256, 2048]


def test_other_files_are_not_decoded(tmp_path):
    for name, text in (("a.svg", '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'), ("b.png", "no")):
        (tmp_path / name).write_text(text)
        assert read_small(str(tmp_path / name), 64).isNull()
    assert read_small(str(tmp_path / "missing.png"), 64).isNull()


def test_a_picture_inside_an_archive_is_decoded_small(tmp_path, large):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(large[0], "in/0.png")
    assert read_small(str(tmp_path / "a.zip!in/0.png"), 128).width() == 128
    assert read_small(str(tmp_path / "a.zip!in/1.png"), 128).isNull()


def test_a_picture_comes_later_and_stays(qtbot, thumbs, large):
    with qtbot.waitSignal(thumbs.ready) as came:
        assert thumbs.get(large[0], 100) is None
    assert came.args == [str(large[0])]
    assert thumbs.get(large[0], 100).width() == 128


def test_a_broken_file_is_tried_once(qtbot, thumbs, pictures):
    broken = pictures / "11.png"
    with qtbot.waitSignal(thumbs.ready):
        thumbs.get(broken, 64)
    assert thumbs.is_broken(broken, 64)
    assert thumbs.get(broken, 64).isNull()


def test_the_cache_is_bounded_and_forgets_the_oldest(qtbot, large):
    one = 128 * 64 * 4
    thumbs = Thumbnails(max_bytes=5 * one)
    for path in large:
        with qtbot.waitSignal(thumbs.ready):
            assert thumbs.get(path, 128) is None
        assert thumbs.bytes <= 5 * one
    assert thumbs.get(large[-1], 128) is not None
    assert thumbs.get(large[0], 128) is None
    thumbs.close()
    assert thumbs.bytes == 0


def test_what_is_out_of_sight_is_not_decoded(qtbot, thumbs, large):
    for path in large:
        thumbs.get(path, 128, passing=True)
    thumbs.keep_only(large[:1], 128)
    assert len(thumbs._waiting) <= 1


def test_what_another_view_waits_for_comes_though_the_gallery_scrolls_on(qtbot, thumbs, large):
    for path in large:
        thumbs.get(path, 128, passing=True)
    kept = large[0]
    thumbs.get(kept, 128)
    thumbs.get(kept, 128, passing=True)
    thumbs.keep_only([], 128)
    assert set(thumbs._waiting) <= {(str(kept), 128)}
    qtbot.waitUntil(lambda: thumbs.get(kept, 128, passing=True) is not None)


def test_small_pictures_are_kept_on_disk_by_content_and_bounded(qtbot, large, tmp_path):
    folder = tmp_path / "cache" / "thumbnails"
    disk = ThumbnailFolder(folder, 10_000_000)
    first = read_cached(str(large[0]), 100, "digest", disk)
    assert (first.width(), first.height()) == (100, 50)
    assert len(list(folder.rglob("*.jpg"))) == 1 and not list(folder.rglob("*.new"))
    again = read_cached(str(tmp_path / "gone.png"), 128, "digest", disk)
    assert again.width() == 128
    small = ThumbnailFolder(folder, 3000)
    for i, path in enumerate(large):
        read_cached(str(path), 128, f"digest {i}", small)
    assert sum(f.stat().st_size for f in folder.rglob("*.jpg")) <= 3000


def test_little_pictures_and_unwritable_folders_need_no_disk(qtbot, pictures, large, tmp_path):
    disk = ThumbnailFolder(tmp_path / "cache", 10_000_000)
    assert read_cached(str(pictures / "00.png"), 128, "digest", disk).width() == 40
    assert not (tmp_path / "cache").exists()
    (tmp_path / "file").write_text("")
    assert not read_cached(str(large[0]), 128, "digest", ThumbnailFolder(tmp_path / "file", 9)).isNull()


def test_another_size_stands_in_until_the_right_one_comes(qtbot, thumbs, large):
    assert thumbs.other(large[0]) is None
    with qtbot.waitSignal(thumbs.ready):
        thumbs.get(large[0], 64)
    assert thumbs.get(large[0], 128) is None
    assert thumbs.other(large[0]).width() == 64
