"""Correct a Subset by hand, and let the pins that say so count for later Runs: both in one step of the history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

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
Skills = Callable[[Sequence[int]], Sequence[int | None]]


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


def pin_in_subset(store: Store, subset: Subset, sample_ids: Sequence[int], state: str, skills: Skills) -> Changes:
    """Pin Samples "in" or "out"; those that are in ``subset`` against the wish leave it, those missing join its end.

    Args:
        skills: rows of the Dataset -> the Skill of each, in the Clustering of the Subset.

    Returns:
        Changes whose ``notes`` say what became of the Subset.
    """
    if state not in ("in", "out"):
        raise InputError(f"A pin is “in” or “out”, not {state!r}.")
    wish = _Wish(store, subset, dict.fromkeys((int(i) for i in sample_ids), state))
    note = wish.why_not()
    if note or not (wish.out or wish.added):
        words = wish.words()
        return replace(store.set_pins(list(wish.pins), state, words), notes=(f"{note} {LATER}",) if note else ())
    verb, moved = ("taken out of", wish.out) if state == "out" else ("added to", wish.added)
    changes = wish.write(skills, f"{wish.words()}, {len(moved):,} {verb} “{subset.name}”")
    return replace(changes, notes=(f"{_count(len(moved))} {verb} “{subset.name}”, and pinned {state} for later runs.",))


def correct(store: Store, subset: Subset, add: Sequence[str], remove: Sequence[str], skills: Skills) -> Changes:
    """Add Samples to ``subset`` and take others out of it, each named by source or id, and pin them so: one step.

    Raises:
        InputError: a name says no Sample of the Dataset, or is on both sides; all are where they shall be already; the
            Subset is fixed; nothing would be left of it.
    """
    into, out = (Corrections(store).named(subset, names) for names in (add, remove))
    leaving = set(out.values())
    for name, key in into.items():
        if key in leaving:
            raise InputError(f"“{name}” shall both be added and be taken out.")
    wish = _Wish(store, subset, dict.fromkeys(into.values(), "in") | dict.fromkeys(out.values(), "out"))
    if why := wish.why_not():
        raise InputError(why, "Unlock it with: curator subset lock PROJECT SUBSET --off" if subset.locked else "")
    if not (wish.out or wish.added):
        raise InputError(f"“{subset.name}” is so already: nothing to add, and nothing to take out.")
    said = [f"{n:,} {what}" for n, what in ((len(wish.added), "added"), (len(wish.out), "taken out")) if n]
    changes = wish.write(skills, f"Correct “{subset.name}”: {' and '.join(said)}")
    return replace(changes, notes=(f"{' and '.join(said)}, and pinned so for later runs.",))


class _Wish:
    """Which Samples are pinned how, and what that does to a Subset."""

    def __init__(self, store: Store, subset: Subset, pins: dict[int, str]) -> None:
        self._store, self._subset, self.pins = store, subset, pins
        self._rows = dict(zip(pins, store.rows_of(subset.dataset_id, list(pins)).tolist(), strict=True))
        members = set(store.subset_sample_ids(subset.id).tolist())
        self.out = [i for i, state in pins.items() if state == "out" and i in members]
        self.added = [i for i, state in pins.items() if state == "in" and i not in members]
        self._left = len(members) - len(self.out) + len(self.added)

    def words(self) -> str:
        """What is pinned, when all is pinned alike."""
        return f"Pin {next(iter(self.pins.values()), 'in')} {_count(len(self.pins))}"

    def why_not(self) -> str:
        """Why the Subset stays as it is, "" when it does not, or need not change."""
        if not (self.out or self.added):
            return ""
        nothing = f"Nothing would be left of “{self._subset.name}”; it stays as it is."
        return why_fixed(self._store, self._subset) or ("" if self._left else nothing)

    def write(self, skills: Skills, label: str) -> Changes:
        """The version that comes of it, and the pins."""
        subset, before = self._subset, self._subset.summary
        summary = {key: before[key] for key in KEPT if key in before} | {
            "pile": self._store.dataset(subset.dataset_id).size,
            "first_made": before.get("first_made") or before.get("made") or "chosen by the recipe",
            "from_run": subset.run_id if subset.run_id is not None else before.get("from_run"),
        }
        found = skills([self._rows[i] for i in self.added]) if self.added else []
        added = list(zip(self.added, found, strict=True))
        return Corrections(self._store).correct(subset, self.out, added, self.pins, summary, label)


def _count(n: int) -> str:
    return f"{n:,} sample{'' if n == 1 else 's'}"
