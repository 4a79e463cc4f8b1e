"""Where the facts of a whole source are kept, which belong to no single Sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

TABLE = """
create table source_facts (
    dataset_id integer not null references dataset (id), path text not null, facts text not null,
    primary key (dataset_id, path)
) strict
"""


def source_facts(db: Database) -> None:
    """Facts of each source of a Dataset, as a JSON object."""
    db.execute(TABLE)
