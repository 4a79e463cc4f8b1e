"""What imports add to the tables of a Project."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

SPLITS = "alter table sample add column split text not null default ''"
STAMPS = "alter table sample add column stamp text not null default ''"
PLANS = """
create table import_plan (
    dataset_id integer primary key references dataset (id), paths text not null, importer text not null,
    params text not null, created text not null
) strict
"""
REPORTS = """
create table import_report (
    id integer primary key, dataset_id integer not null references dataset (id), created text not null,
    added integer not null, unchanged integer not null, changed integer not null, vanished integer not null,
    aside integer not null, log text not null
) strict
"""


def importing(db: Database) -> None:
    """The split and the file stamp of a Sample; how a Dataset was imported, and what each import found."""
    for statement in (SPLITS, STAMPS, PLANS, REPORTS):
        db.execute(statement)
