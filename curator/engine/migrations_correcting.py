"""What a corrected Subset shares with the one it began as: what a Run left out is stored once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

VIEW = """
create view left_out as
select subset_id, sample_id, stage, reason, covered_by, similarity from omission where stage != 'back'
union all
select subset.id, one.sample_id, one.stage, one.reason, one.covered_by, one.similarity
from subset join omission as one on one.subset_id = subset.base_id
where not exists (select 1 from omission as own where own.subset_id = subset.id and own.sample_id = one.sample_id)
"""
"""``omission`` for every Subset: of a corrected one its own rows, and below them those of the Subset it began as. An
own row of the stage "back" says that a Sample is not left out any more."""


def share_omissions(db: Database) -> None:
    """For each corrected Subset the one it began as; a view of what each leaves out."""
    db.execute("alter table subset add column base_id integer references subset (id)")
    db.execute(VIEW)
