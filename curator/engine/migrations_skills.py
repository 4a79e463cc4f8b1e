"""What a user makes of Skills: names, quotas, Clusterings made by hand from others."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

STATEMENTS = (
    "alter table clustering add column hidden integer not null default 0",
    "alter table clustering add column made_from integer references clustering (id)",
    "create table skill_edit (id integer primary key, clustering_id integer not null references clustering (id),"
    " number integer not null, found text not null, name text, quota integer, hidden integer not null default 0,"
    " unique (clustering_id, number)) strict",
    "create trigger skill_renamed after update of name on skill_edit"
    " begin update skill set name = coalesce(new.name, new.found)"
    " where clustering_id = new.clustering_id and number = new.number; end",
)
"""``found`` is the name that a clusterer gave; a trigger keeps ``skill.name`` in step, also through undo."""


def skill_tables(db: Database) -> None:
    """Edits of Skills, and Clusterings that come from others."""
    for statement in STATEMENTS:
        db.execute(statement)


def skill_budgets(db: Database) -> None:
    """How many samples of a Skill a Run shall pick."""
    db.execute("alter table skill_edit add column budget integer")
