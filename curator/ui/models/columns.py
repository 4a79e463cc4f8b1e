"""One value for each row, also of what only a search can say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from curator.engine.browse import Column, Query
from curator.engine.errors import InputError
from curator.ui.language import tr

if TYPE_CHECKING:
    from curator.engine.project import Project

SIMILARITY = "similarity"


def column_of(project: Project, query: Query, name: str) -> Column:
    """A column of the Dataset that a Query is of, by its name; "similarity" is to what the Query searches for.

    Raises:
        InputError: there is no such column, or nothing is searched for by likeness.
    """
    if name != SIMILARITY:
        return project.browse.column(query.dataset_id, name)
    if (values := project.browse.find(query).similarity) is None:
        raise InputError(tr("Search by meaning, or for more like these, to see how alike all is."))
    return Column(values, "number")
