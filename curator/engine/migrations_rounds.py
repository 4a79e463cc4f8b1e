"""The tables of Studies."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

TABLES = """
create table study (
    id integer primary key, dataset_id integer not null references dataset (id), name text not null,
    classes text not null, plan text not null, created text not null, hidden integer not null default 0
) strict;
create table study_round (
    id integer primary key, study_id integer not null references study (id), number integer not null,
    measured text not null, measures text not null, file text not null, teacher_file text not null,
    embedding text not null, stopped text not null, seconds real not null, created text not null,
    hidden integer not null default 0
) strict;
create index study_round_of on study_round (study_id);
create table study_pick (
    id integer primary key, round_id integer not null references study_round (id), rank integer not null,
    sample_id integer not null references sample (id), gain real, reason text not null,
    nearest_id integer references sample (id), state text not null default ''
    check (state in ('', 'labelled', 'skipped', 'unlisted')), answer text not null default '',
    hidden integer not null default 0
) strict;
create index study_pick_of on study_pick (round_id);
"""


def add_tables(db: Database) -> None:
    """The migration that brings Studies."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            db.execute(statement)
