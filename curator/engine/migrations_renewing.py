"""Where the new content of Samples waits, and which content an Embedding was made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

TABLE = """
create table sample_new (
    sample_id integer primary key references sample (id), dataset_id integer not null references dataset (id),
    digest text not null, text text not null, record text not null, images text not null, width integer not null,
    height integer not null, split text not null, stamp text not null, labels text not null
) strict
"""


def renewing(db: Database) -> None:
    """A table for new content; for each Embedding the fingerprint of what it was made of, "" = not known."""
    db.execute(TABLE)
    db.execute("alter table embedding add column content text not null default ''")
