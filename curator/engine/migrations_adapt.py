"""Tables of skill-wise choices among scores and of lifelong piles."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

SKILL_CHOICE = """
create table skill_choice (
    run_id integer not null references run (id) on delete cascade, skill integer not null, place integer not null,
    scorer text not null, chosen integer not null, entropy real not null, low real, high real, counts text not null,
    cut_low real, cut_high real, primary key (run_id, skill, place)
) strict, without rowid
"""


def add_skill_choice(db: Database) -> None:
    """What every Score says about every Skill of a Run, and which one was gone by."""
    db.execute(SKILL_CHOICE)


LIFELONG = (
    """
create table lifelong_step (
    id integer primary key, dataset_id integer not null references dataset (id), number integer not null,
    created text not null, run_id integer not null references run (id),
    subset_id integer not null references subset (id), pool_subset_id integer references subset (id),
    size integer not null, came_in integer not null, pool_before integer not null, chosen integer not null,
    pruned integer not null, pool_after integer not null, skills integer not null, gained integer not null,
    starved integer not null, hidden integer not null default 0
) strict
""",
    """
create table lifelong_skill (
    step_id integer not null references lifelong_step (id), skill integer not null, name text not null,
    size integer not null, came_in integer not null, chosen integer not null, pruned integer not null,
    gained integer not null, starved integer not null, primary key (step_id, skill)
) strict, without rowid
""",
)


def add_lifelong(db: Database) -> None:
    """The timeline of piles that grow by steps."""
    for statement in LIFELONG:
        db.execute(statement)
