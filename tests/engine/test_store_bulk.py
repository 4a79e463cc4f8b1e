"""Samples by the thousand: the short ways store what the long ones do."""

import gc
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from curator.engine import store_bulk
from curator.engine.behind import Behind, two_at_work
from curator.engine.schema import FILE
from curator.engine.store import Store
from curator.engine.store_bulk import Pouring, insert_columns, insert_rows
from curator.engine.store_imports import Tally
from curator.engine.types import Draft


@pytest.fixture
def store(tmp_path):
    with Store.create(tmp_path / "p.curator") as made:
        yield made


def filled(store, name, items, tally):
    key = store.begin_dataset(name, "image", Path("/p"), "folder", "image-folder").id
    added = store.add_samples(key, items, tally)
    store.finish_import(key, "Import")
    return added, [
        (s.row, s.source, s.digest, s.text, s.record, s.images, s.labels, s.split) for s in store.samples(key)
    ]


AWKWARD = {
    "plain": [Draft(f"{i}", f"d{i}", "t", "r", (f"{i}.png",), 1, 2, ("a", "b"), "train", "1-2") for i in range(9)],
    "twice": [Draft("a", "1"), Draft("b", "2"), Draft("a", "3"), Draft("a", "1")],
    "half a pair": [Draft("a\ud800", "1", "b\ud800", labels=("c\ud800",)), Draft("b", "2")],
    "outside": [Draft("a", "1", images=("../x.png",)), Draft("b", "2", images=("x.png",))],
}


@pytest.mark.parametrize("items", AWKWARD.values(), ids=AWKWARD)
def test_the_short_way_stores_what_the_long_one_does(store, items):
    quick, slow = Tally(0, fresh=True), Tally(0, fresh=False)
    assert filled(store, "quick", items, quick) == filled(store, "slow", items, slow)
    assert quick.fingerprint == slow.fingerprint
    assert (quick.changed, quick.unchanged) == (slow.changed, slow.unchanged)
    a, b = (store.skips(store.dataset(name).id) for name in ("quick", "slow"))
    assert [(s.source, s.reason) for s in a] == [(s.source, s.reason) for s in b]


@pytest.mark.parametrize("count", [0, 1, 6, 7, 15])
def test_rows_go_in_whole_statements_and_a_rest(count, monkeypatch):
    monkeypatch.setattr(store_bulk, "SIZES", (7, 2, 1))
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.execute("create table t (a, b)")
        insert_rows(conn, "t", ("a", "b"), [(i, str(i)) for i in range(count)])
        assert conn.execute("select a, b from t").fetchall() == [(i, str(i)) for i in range(count)]


def test_columns_take_fixed_values_along(monkeypatch):
    monkeypatch.setattr(store_bulk, "SIZES", (3, 1))
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.execute("create table t (a, b, c, d default 'd')")
        insert_columns(conn, "t", {"c": range(5), "a": "abcde"}, {"b": "same"})
        insert_columns(conn, "t", {"a": [], "c": []}, {"b": "none"})
        assert conn.execute("select * from t").fetchall() == [(a, "same", c, "d") for c, a in enumerate("abcde")]


def test_pouring_empties_the_log_and_leaves_the_connection_as_it_was(store, monkeypatch):
    conn, names = store.db.conn, ("cache_size", "wal_autocheckpoint", "foreign_keys")
    before = [conn.execute(f"pragma {name}").fetchone() for name in names]
    key = store.begin_dataset("pile", "image", Path("/p"), "folder", "image-folder").id
    monkeypatch.setattr(store_bulk, "LOG_BYTES", 100_000)
    log = store.folder / f"{FILE}-wal"
    with Pouring(conn, store.folder / FILE) as pouring:
        for first in range(0, 2000, 200):
            store.add_samples(
                key, [Draft(f"{i}", f"d{i}", "x" * 500) for i in range(first, first + 200)], Tally(0, True)
            )
            pouring.ease()
            assert log.stat().st_size < 400_000
    assert [conn.execute(f"pragma {name}").fetchone() for name in names] == before
    store.finish_import(key, "Import")
    assert store.check() == []
    assert store.dataset("pile").size == 2000


def test_the_interpreter_is_left_as_it_was():
    before = gc.get_threshold(), sys.getswitchinterval()
    with pytest.raises(ValueError, match="stop"), two_at_work():
        assert sys.getswitchinterval() < before[1]
        raise ValueError("stop")
    assert (gc.get_threshold(), sys.getswitchinterval()) == before


def test_what_fails_behind_the_back_is_said_at_the_next_word():
    def fail():
        raise ValueError("no")

    with Behind("test") as behind:
        behind.do(fail)
        with pytest.raises(ValueError, match="no"):
            behind.do(fail)
        behind.wait()
