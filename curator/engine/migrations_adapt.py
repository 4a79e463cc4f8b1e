"""Tables of skill-wise choices among scores and of lifelong piles."""

from __future__ import annotations

from curator.engine.sqlite import Database

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
