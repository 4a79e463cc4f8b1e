"""Going back, or forward again, to any step of the history at once."""

from __future__ import annotations

from curator.engine.errors import InputError
from curator.engine.store import Store
from curator.engine.types import Changes

ALL = 2**31


def go_to(store: Store, entry_id: int) -> Changes:
    """Make ``entry_id`` the latest step that is done (0 = before everything), all of the way or not at all.

    Raises:
        InputError: there is no such step, or samples of a dataset on the way are being imported now.
    """
    tables: set[str] = set()
    with store.write():
        steps = {e.id: e for e in store.history(ALL)}
        if entry_id and entry_id not in steps:
            raise InputError("That step is no longer in the history.")
        later = sum(1 for e in steps.values() if e.id > entry_id and not e.undone)
        earlier = sum(1 for e in steps.values() if e.id <= entry_id and e.undone)
        for _ in range(later):
            tables |= store.undo().tables
        for _ in range(earlier):
            tables |= store.redo().tables
    return Changes(frozenset(tables), None, steps[entry_id].label if entry_id else "")
