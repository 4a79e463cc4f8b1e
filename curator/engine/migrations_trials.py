"""The tables of Trials: simulations and comparisons."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

TABLES = """
create table trial (
    id integer primary key, dataset_id integer not null references dataset (id), name text not null,
    kind text not null check (kind in ('simulate', 'compare')), plan text not null, fingerprint text not null,
    status text not null default 'running', created text not null, hidden integer not null default 0
) strict;
create table trial_point (
    trial_id integer not null references trial (id), selector text not null, seed integer not null,
    step integer not null, spent integer not null, measures text not null,
    primary key (trial_id, selector, seed, step)
) strict, without rowid;
"""


def add_trials(db: Database) -> None:
    """The migration that brings Trials."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            db.execute(statement)
