"""The tables of a Project, and how older Projects are brought up to date.

The version is SQLite's ``user_version``; each entry of :data:`MIGRATIONS` raises it by one in a transaction of its own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from curator.engine.errors import StoreError
from curator.engine.migrations_adapt import add_lifelong, add_skill_choice
from curator.engine.migrations_browse import browse_tables
from curator.engine.migrations_correcting import share_omissions
from curator.engine.migrations_facts import source_facts
from curator.engine.migrations_importing import importing
from curator.engine.migrations_renewing import renewing
from curator.engine.migrations_rounds import add_tables as add_studies
from curator.engine.migrations_skills import skill_budgets, skill_tables
from curator.engine.migrations_trials import add_trials
from curator.engine.sqlite import Connection, with_tools

if TYPE_CHECKING:
    from sqlite_utils import Database

APPLICATION_ID = 0x43555241  # "CURA"
FILE = "project.sqlite"
PAGE_BYTES = 16 * 1024
"""Page of a new database: a row of records is about a kilobyte, of which small pages hold too few. Older Projects keep
theirs."""

FIRST = """
create table meta (key text primary key, value text not null) strict;
create table dataset (
    id integer primary key, name text not null, kind text not null check (kind in ('image', 'instruction')),
    root text not null, format text not null, importer text not null, size integer not null default 0,
    status text not null default 'importing', fingerprint text not null default '', created text not null,
    hidden integer not null default 0
) strict;
create table sample (
    id integer primary key, dataset_id integer not null references dataset (id), row integer not null,
    source text not null, digest text not null, text text not null, record text not null, images text not null,
    width integer not null, height integer not null, hidden integer not null default 0,
    problem text not null default '',
    unique (dataset_id, row), unique (dataset_id, source)
) strict;
create table skipped (
    id integer primary key, dataset_id integer not null references dataset (id), source text not null,
    reason text not null, created text not null, unique (dataset_id, source)
) strict;
create table label (
    id integer primary key, sample_id integer not null references sample (id), name text not null,
    origin text not null check (origin in ('given', 'user')), author text not null, created text not null,
    hidden integer not null default 0
) strict;
create index label_sample on label (sample_id);
create table pin (sample_id integer primary key references sample (id), state text) strict;
create table embedding (
    id integer primary key, dataset_id integer not null references dataset (id), encoder text not null,
    params text not null, fingerprint text not null unique, file text not null, rows integer not null,
    dims integer not null, device text not null, seconds real not null, created text not null
) strict;
create table clustering (
    id integer primary key, dataset_id integer not null references dataset (id), clusterer text not null,
    params text not null, fingerprint text not null unique, labels_file text not null, membership_file text not null,
    k integer not null, created text not null
) strict;
create table skill (
    clustering_id integer not null references clustering (id), number integer not null, name text not null,
    size integer not null, primary key (clustering_id, number)
) strict, without rowid;
create table score (
    id integer primary key, dataset_id integer not null references dataset (id), maker text not null,
    params text not null, fingerprint text not null unique, file text not null, created text not null
) strict;
create table projection (
    id integer primary key, dataset_id integer not null references dataset (id), maker text not null,
    params text not null, fingerprint text not null unique, file text not null, created text not null
) strict;
create table run (
    id integer primary key, dataset_id integer not null references dataset (id), recipe text not null,
    recipe_name text not null, status text not null, started text not null, finished text not null default '',
    seed integer not null, device text not null, versions text not null, fingerprints text not null default '{}',
    fingerprint text not null default '', error text not null default '', log text not null default '',
    clustering_id integer references clustering (id)
) strict;
create table subset (
    id integer primary key, name text not null, dataset_id integer not null references dataset (id),
    run_id integer references run (id), created text not null, size integer not null, note text not null default '',
    locked integer not null default 0, summary text not null default '{}', hidden integer not null default 0,
    clustering_id integer references clustering (id)
) strict;
create table subset_sample (
    subset_id integer not null references subset (id), rank integer not null,
    sample_id integer not null references sample (id), gain real, weight real, reason text not null,
    nearest_id integer references sample (id), skill integer, primary key (subset_id, rank)
) strict, without rowid;
create table omission (
    subset_id integer not null references subset (id), sample_id integer not null references sample (id),
    stage text not null, reason text not null, covered_by integer references sample (id),
    similarity real, primary key (subset_id, sample_id)
) strict, without rowid;
create table history (
    id integer primary key, created text not null, label text not null, undone integer not null default 0
) strict;
create table history_change (
    history_id integer not null references history (id) on delete cascade, tbl text not null, key integer not null,
    col text not null, old any, new any
) strict;
create index history_change_of on history_change (history_id);
create view chosen as
select
    subset.name as subset, subset_sample.rank as rank, sample.id as sample_id, sample.source as source,
    case when dataset.kind = 'image' then dataset.root || '/' || sample.source else sample.source end as path,
    sample.text as text, subset_sample.gain as gain, subset_sample.weight as weight, subset_sample.reason as reason,
    skill.name as skill,
    (select group_concat(name, ', ') from (
        select name from label where label.sample_id = sample.id and not label.hidden order by origin = 'user' desc, id
    )) as labels,
    near.source as nearest_source
from subset_sample
join subset on subset.id = subset_sample.subset_id and not subset.hidden
join sample on sample.id = subset_sample.sample_id
join dataset on dataset.id = sample.dataset_id
left join skill on skill.clustering_id = subset.clustering_id and skill.number = subset_sample.skill
left join sample as near on near.id = subset_sample.nearest_id;
"""


def _first(db: Database) -> None:
    for statement in FIRST.split(";\n"):
        if statement.strip():
            db.execute(statement)


MIGRATIONS: tuple[Callable[[Database], None], ...] = (
    _first,
    importing,
    browse_tables,
    add_skill_choice,
    add_studies,
    add_trials,
    add_lifelong,
    skill_tables,
    skill_budgets,
    renewing,
    source_facts,
    share_omissions,
)


def connect(file: Path, *, new: bool = False) -> Connection:
    """Open the database of a Project, brought up to date.

    Raises:
        StoreError: not a Curator database, damaged, in use, or made by a newer Curator.
    """
    connection: sqlite3.Connection | None = None
    try:
        connection = sqlite3.connect(file, timeout=10, check_same_thread=False, isolation_level=None)
        return _prepare(connection, file, new)
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, sqlite3.Error):
            raise (
                in_words(error, file) or StoreError(f"{file} cannot be read: {error}.", "Restore it from a backup.")
            ) from None
        raise


def in_words(error: sqlite3.Error, file: Path) -> StoreError | None:
    """What SQLite reports about the file ``file``, for the user; None when the fault is the program's."""
    words = str(error)
    if "locked" in words or "busy" in words:
        return StoreError(f"{file.parent.name} is in use by another program.", "Close it there, then try again.")
    if "is full" in words:
        return StoreError(f"There is no room left for {file}.", "Free some space on the disk, then try again.")
    if "malformed" in words or "not a database" in words or "corrupt" in words:
        return StoreError(f"{file} is damaged: {words}.", "Restore it from a backup.")
    if "disk I/O" in words or "readonly" in words or "unable to open" in words:
        return StoreError(f"{file} cannot be used: {words}.", "Check that the disk is connected and may be written.")
    return None


def _prepare(connection: sqlite3.Connection, file: Path, new: bool) -> Connection:
    db = Connection(connection)
    application = db.execute("pragma application_id").fetchone()[0]
    if not new and application != APPLICATION_ID:
        raise StoreError(f"{file} is not a Curator project.")
    version = _version(db)
    if version > len(MIGRATIONS):
        raise StoreError(f"{file.parent.name} was made by a newer Curator.", "Update Curator, then open it again.")
    if new:
        db.execute(f"pragma page_size = {PAGE_BYTES}")
    db.execute("pragma journal_mode = wal")
    db.execute("pragma synchronous = normal")
    db.execute("pragma busy_timeout = 10000")
    db.execute("pragma foreign_keys = on")
    db.execute("pragma trusted_schema = off")
    if 0 < version < len(MIGRATIONS):
        _back_up(connection, file, version)
    while (number := _version(db)) < len(MIGRATIONS):
        _migrate(db, number)
    return db


def _version(db: Connection) -> int:
    return int(db.execute("pragma user_version").fetchone()[0])


def _migrate(db: Connection, number: int) -> None:
    """One step, unless another process took it while this one waited for its turn."""
    db.execute("begin immediate")
    try:
        if _version(db) == number:
            MIGRATIONS[number](with_tools(db.conn))
            db.execute(f"pragma user_version = {number + 1}")
            db.execute(f"pragma application_id = {APPLICATION_ID}")
        db.execute("commit")
    except BaseException:
        if db.conn.in_transaction:
            db.execute("rollback")
        raise


def _back_up(connection: sqlite3.Connection, file: Path, version: int) -> None:
    """A whole copy of the database before its tables change."""
    with closing(sqlite3.connect(file.with_name(f"{file.stem}-before-{version + 1}.sqlite"))) as copy:
        connection.backup(copy)
