"""Correct a Subset by hand, and let the pins that say so count for later Runs: both in one step of the history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from curator.engine.errors import InputError
from curator.engine.store import Store
from curator.engine.store_correcting import Corrections
from curator.engine.types import Changes

if TYPE_CHECKING:
    from curator.engine.records import Subset

MOST = 100_000
"""Samples that a version may copy while a person waits."""
KEPT = ("encoder", "preview")
"""What a version keeps of the figures of the one before; the others were measured on other samples."""
LATER = "The pins count from the next run on."


def why_fixed(store: Store, subset: Subset) -> str:
    """Why a Subset cannot be corrected where it stands, "" when it can."""
    corrections = Corrections(store)
    if subset.locked:
        return f"“{subset.name}” is locked and stays as it is."
    if corrections.in_timeline(subset.id):
        return f"“{subset.name}” belongs to a step of the timeline and stays as it was chosen."
    if subset.size > MOST:
        return f"“{subset.name}” is too large to be corrected sample by sample."
    return ""


def pin_in_subset(store: Store, subset: Subset, sample_ids: Sequence[int], state: str, skills: Any) -> Changes:
    """Pin Samples "in" or "out"; those that are in ``subset`` against the wish leave it, those missing join its end.

    Args:
        skills: rows of the Dataset -> the Skill of each, in the Clustering of the Subset.

    Returns:
        Changes whose ``notes`` say what became of the Subset.
    """
    if state not in ("in", "out"):
        raise InputError(f"A pin is “in” or “out”, not {state!r}.")
    ids = list(dict.fromkeys(int(i) for i in sample_ids))
    rows = store.rows_of(subset.dataset_id, ids)
    members = set(store.subset_sample_ids(subset.id).tolist())
    moved = [i for i in ids if (i in members) == (state == "out")]
    words = f"Pin {state} {_count(len(ids))}"
    note = why_fixed(store, subset) if moved else ""
    if not note and state == "out" and len(moved) == len(members) and moved:
        note = f"Nothing would be left of “{subset.name}”; it stays as it is."
    if note or not moved:
        return replace(store.set_pins(ids, state, words), notes=(f"{note} {LATER}",) if note else ())
    verb = "taken out of" if state == "out" else "added to"
    added = []
    if state == "in":
        where = dict(zip(ids, rows.tolist(), strict=True))
        found = skills([where[i] for i in moved])
        added = list(zip(moved, found, strict=True))
    before = subset.summary
    summary = {key: before[key] for key in KEPT if key in before} | {
        "pile": store.dataset(subset.dataset_id).size,
        "first_made": before.get("first_made") or before.get("made") or "chosen by the recipe",
        "from_run": subset.run_id if subset.run_id is not None else before.get("from_run"),
    }
    label = f"{words}, {len(moved):,} {verb} “{subset.name}”"
    changes = Corrections(store).correct(subset, moved if state == "out" else [], added, ids, state, summary, label)
    return replace(changes, notes=(f"{_count(len(moved))} {verb} “{subset.name}”, and pinned {state} for later runs.",))


def _count(n: int) -> str:
    return f"{n:,} sample{'' if n == 1 else 's'}"
