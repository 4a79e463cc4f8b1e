"""Opening a database: what is ours, older, newer, foreign or broken; migrations are whole or did not happen."""

import sqlite3
from contextlib import closing

import pytest

from curator.engine import schema
from curator.engine.errors import StoreError
from curator.engine.schema import APPLICATION_ID, FILE
from curator.engine.store import Store


@pytest.fixture
def folder(tmp_path):
    """A Project with one entry in its history, closed."""
    with Store.create(tmp_path / "p.curator") as store, store.write():
        store.change("before", ())
    return tmp_path / "p.curator"


def pragma(folder, name):
    with closing(sqlite3.connect(folder / FILE)) as db:
        return db.execute(f"pragma {name}").fetchone()[0]


def add_column(db):
    db.execute("alter table meta add column extra text")


def test_a_new_project_says_what_it_is(folder):
    assert pragma(folder, "application_id") == APPLICATION_ID
    assert pragma(folder, "user_version") == len(schema.MIGRATIONS)
    assert pragma(folder, "page_size") == schema.PAGE_BYTES
    assert pragma(folder, "journal_mode") == "wal"
    with Store.open(folder) as store:
        settings = {n: store.one(f"pragma {n}") for n in ("synchronous", "foreign_keys", "busy_timeout")}
    assert settings == {"synchronous": 1, "foreign_keys": 1, "busy_timeout": 10_000}


def test_an_older_project_is_copied_and_brought_up_to_date(folder, monkeypatch):
    before = len(schema.MIGRATIONS)
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, add_column))
    with Store.open(folder) as store:
        assert store.rows("select extra from meta") == []
        assert [h.label for h in store.history()] == ["before"]
    assert pragma(folder, "user_version") == before + 1
    with closing(sqlite3.connect(folder / f"project-before-{before + 1}.sqlite")) as copy:
        assert copy.execute("pragma user_version").fetchone() == (before,)
        assert copy.execute("select label from history").fetchall() == [("before",)]


def test_a_migration_that_fails_leaves_the_project_as_it_was(folder, monkeypatch):
    def broken(db):
        add_column(db)
        raise RuntimeError("half way")

    before = pragma(folder, "user_version")
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, broken))
        with pytest.raises(RuntimeError, match="half way"):
            Store.open(folder)
    assert pragma(folder, "user_version") == before
    with Store.open(folder) as store:
        assert "extra" not in [r[1] for r in store.rows("pragma table_info(meta)")]


def test_a_migration_taken_by_another_process_is_not_taken_twice(folder, monkeypatch):
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, add_column))
    with Store.open(folder) as store:
        schema._migrate(store.db, len(schema.MIGRATIONS) - 1)
        assert store.one("pragma user_version") == len(schema.MIGRATIONS)


def test_a_newer_project_is_left_alone(folder):
    with closing(sqlite3.connect(folder / FILE)) as db:
        db.execute("pragma user_version = 999")
    with pytest.raises(StoreError, match="newer Curator") as caught:
        Store.open(folder)
    assert "Update Curator" in caught.value.hint


def test_a_database_of_another_program_is_refused_and_not_touched(tmp_path):
    file = tmp_path / FILE
    with closing(sqlite3.connect(file)) as db:
        db.execute("create table theirs (x)")
    before = file.read_bytes()
    with pytest.raises(StoreError, match="not a Curator project"):
        Store.open(tmp_path)
    assert file.read_bytes() == before


def test_a_damaged_page_is_a_message(tmp_path, folder):
    file = folder / FILE
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    file.write_bytes(content)
    with pytest.raises(StoreError, match=r"damaged|cannot be read"), Store.open(folder) as store:
        store.datasets()


def test_a_project_in_use_is_a_message(folder):
    with closing(sqlite3.connect(folder / FILE, isolation_level=None)) as other, Store.open(folder) as store:
        store.db.execute("pragma busy_timeout = 20")
        other.execute("begin immediate")
        with pytest.raises(StoreError, match="in use by another program"), store.write():
            pass
        other.execute("rollback")
        with store.write():
            store.change("after", ())
