import gc
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from curator.engine.arrays import ArrayWriter, open_array, save_array, sweep_parts
from curator.engine.errors import StoreError


def matrix(n=10, d=3):
    return np.arange(n * d, dtype=np.float32).reshape(n, d)


def test_written_in_blocks_it_reads_back_whole(tmp_path):
    path = tmp_path / "embedding-1.npy"
    writer = ArrayWriter(path, (10, 3), np.float32, "f")
    writer.write(0, matrix()[:4])
    writer.write(4, matrix()[4:])
    assert not path.exists()
    assert writer.finish() == path
    assert np.array_equal(open_array(path, (10, 3)), matrix())
    assert [p.name for p in tmp_path.iterdir()] == ["embedding-1.npy"]


def test_it_goes_on_where_it_was_closed(tmp_path):
    path = tmp_path / "embedding-1.npy"
    writer = ArrayWriter(path, (10, 3), np.float32, "f")
    writer.write(0, matrix()[:4])
    writer.close()
    again = ArrayWriter(path, (10, 3), np.float32, "f")
    assert again.done == 4
    again.write(4, matrix()[4:])
    again.finish()
    assert np.array_equal(open_array(path), matrix())


@pytest.mark.parametrize(
    ("shape", "dtype", "fingerprint"),
    [((10, 3), np.float32, "g"), ((9, 3), np.float32, "f"), ((10, 3), np.float16, "f")],
)
def test_a_part_of_something_else_is_begun_anew(tmp_path, shape, dtype, fingerprint):
    path = tmp_path / "embedding-1.npy"
    writer = ArrayWriter(path, (10, 3), np.float32, "f")
    writer.write(0, matrix()[:4])
    writer.close()
    assert ArrayWriter(path, shape, dtype, fingerprint).done == 0


def test_gaps_and_missing_rows_are_refused(tmp_path):
    writer = ArrayWriter(tmp_path / "embedding-1.npy", (10, 3), np.float32, "f")
    with pytest.raises(ValueError, match="do not follow"):
        writer.write(2, matrix()[:4])
    with pytest.raises(ValueError, match="missing"):
        writer.finish()
    writer.abandon()
    assert list(tmp_path.iterdir()) == []


def test_a_kill_leaves_a_part_that_resumes_at_flushed_rows(tmp_path):
    path = tmp_path / "embedding-1.npy"
    code = f"""
        import os, signal, numpy as np
        from pathlib import Path
        from curator.engine.arrays import ArrayWriter
        w = ArrayWriter(Path({str(path)!r}), (1000, 3), np.float32, "f")
        for i in range(0, 1000, 10):
            w.write(i, np.full((10, 3), i, np.float32))
            if i == 300: w.flush()
            if i == 500: os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False)
    assert done.returncode == -signal.SIGKILL
    writer = ArrayWriter(path, (1000, 3), np.float32, "f")
    assert writer.done == 310
    for i in range(310, 1000, 10):
        writer.write(i, np.full((10, 3), i, np.float32))
    writer.finish()
    assert np.array_equal(open_array(path)[:, 0], np.arange(1000) // 10 * 10)


def test_damaged_and_missing_files_are_named(tmp_path):
    path = save_array(tmp_path / "score-1.npy", matrix())
    with pytest.raises(StoreError, match="holds"):
        open_array(path, (3, 10))
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(StoreError, match="damaged"):
        open_array(path)
    with pytest.raises(StoreError, match="missing"):
        open_array(tmp_path / "score-2.npy")


def test_pickles_and_odd_names_are_refused(tmp_path):
    np.save(tmp_path / "score-1.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(StoreError):
        open_array(tmp_path / "score-1.npy")
    for name in ("../x.npy", "a/../b.npy", "x.pkl", ".npy"):
        with pytest.raises(StoreError, match=r"not a name|missing"):
            open_array(tmp_path / name)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((0, 4), np.float32),
        np.arange(3.0),
        np.array(7, np.int64),
        np.asfortranarray(np.arange(6, dtype=np.uint8).reshape(2, 3)),
        np.array([True, False]),
        np.arange(24, dtype=">i2").reshape(2, 3, 4),
    ],
)
def test_what_numpy_wrote_is_read_back(tmp_path, array):
    np.save(tmp_path / "score-1.npy", array)
    found = open_array(tmp_path / "score-1.npy")
    assert found.dtype == array.dtype and found.shape == array.shape and np.array_equal(found, array)
    assert not found.flags.writeable


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 99999999999), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 4), }",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '<f3', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (" + "1" * 60_000 + "), }",
        "__import__('os').abort()",
    ],
)
def test_headers_of_strangers_are_damage(tmp_path, header):
    text = header.encode() + b"\n"
    (tmp_path / "score-1.npy").write_bytes(b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + b"\0" * 64)
    with pytest.raises(StoreError, match="damaged"):
        open_array(tmp_path / "score-1.npy")


def test_many_threads_may_open_arrays_at_once(tmp_path):
    path = save_array(tmp_path / "score-1.npy", matrix())
    often, threads = sys.getswitchinterval(), 4

    class Garbage:
        def __init__(self):
            self.me = self

        def __del__(self):  # run by the collector inside NumPy's own reader: there threads change places
            for _ in range(100):
                pass

    def work(_):
        shapes = []
        for _ in range(500):
            Garbage()
            shapes.append(open_array(path).shape)
        return shapes

    sys.setswitchinterval(1e-6)
    collected = gc.get_threshold()
    gc.set_threshold(20)
    try:
        with ThreadPoolExecutor(threads) as pool:
            found = [shape for shapes in pool.map(work, range(threads)) for shape in shapes]
    finally:
        sys.setswitchinterval(often)
        gc.set_threshold(*collected)
    assert found == [(10, 3)] * 500 * threads


def test_sweep_keeps_what_can_be_resumed(tmp_path):
    writer = ArrayWriter(tmp_path / "embedding-1.npy", (10, 3), np.float32, "f")
    writer.write(0, matrix()[:4])
    writer.close()
    for name, hours in (("score-1.npy.new", 2), ("score-2.npy.new", 0)):
        (tmp_path / name).write_bytes(b"half")
        os.utime(tmp_path / name, (time.time() - hours * 3600,) * 2)
    sweep_parts(tmp_path)
    assert (tmp_path / "score-2.npy.new").exists()  # somebody may be writing it now
    (tmp_path / "score-2.npy.new").unlink()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["embedding-1.npy.json", "embedding-1.npy.part"]
    sweep_parts(tmp_path, keep_days=-1)
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_leaves_its_folder_is_refused(tmp_path):
    (tmp_path / "arrays").mkdir()
    save_array(tmp_path / "score-1.npy", matrix())
    with pytest.raises(StoreError, match="not a name"):
        open_array(tmp_path / "arrays" / ".." / "score-1.npy")


def test_two_processes_that_make_the_same_matrix_do_not_disturb_each_other(tmp_path):
    path = tmp_path / "embedding-1.npy"
    one, two = (ArrayWriter(path, (10, 3), np.float32, "f") for _ in range(2))
    for writer in (one, two):
        writer.write(0, matrix())
    one.finish()
    two.finish()
    assert np.array_equal(open_array(path), matrix())


def test_a_full_disk_is_a_message_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100, 100, 0))
    with pytest.raises(StoreError, match="no room"):
        ArrayWriter(tmp_path / "embedding-1.npy", (10, 3), np.float32, "f")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="this system reserves no space")
def test_space_is_reserved_so_that_a_disk_filling_up_cannot_end_the_process(tmp_path):
    writer = ArrayWriter(tmp_path / "embedding-1.npy", (1000, 300), np.float32, "f")
    assert (tmp_path / "embedding-1.npy.part").stat().st_blocks * 512 >= 1000 * 300 * 4
    writer.abandon()
