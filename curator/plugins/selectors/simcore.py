"""More of what you have: the samples most like a set of examples (SimCore)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curator.engine.api import (
    PINNED,
    InputError,
    Inputs,
    NotReadyError,
    Quota,
    Ranking,
    Rows,
    Task,
    param,
    pinned_first,
    selector,
    stopped,
)

FIRST_LIST = 64
"""Candidates of a group of examples that are looked up at first; four times as many whenever they are used up."""


@selector("simcore", version=1, needs={"vectors"}, uses={"labels", "encode_texts"})
@dataclass(frozen=True)
class SimCore:
    """Pull from the pile what is like your examples, until nothing like them is left.

    The examples are the samples pinned in, or those of a class (`like`), or a description in words for encoders that
    read pictures and texts in one space (`words`). They are put into groups, and in each round every group takes the
    sample most like it, so that the picks cover all kinds of examples and not only the commonest. With examples it
    stops by itself once a round is much less alike than the first ones; with words it fills the budget. Copies of the
    examples are the first it finds: remove near-duplicates before it.

    Source: SimCore, arXiv 2303.11101.
    """

    budget: int = param(1000, low=1, help="How many samples to keep at most", unit="samples")
    like: str = param("", help="Name of the class that the examples have; empty for the samples pinned in")
    words: tuple[str, ...] = param((), help="Descriptions of what you look for, in place of examples")
    groups: int = param(100, low=1, high=1000, help="How many groups to put the examples into", advanced=True)
    stop: float = param(
        0.95, low=0.0, high=0.999, help="End when a round is less alike than this share of the first; 0 = never"
    )
    warm_up: int = param(
        0, low=0, high=1000, help="Round that counts as the first; 0 = 20, or 1 where few are needed", advanced=True
    )

    def expects(self, pins: int, classes: tuple[str, ...]) -> None:
        """Whether there are examples; asked before anything is embedded.

        Raises:
            InputError: there are none.
        """
        if self.words:
            return
        if self.like and self.like not in classes:
            known = ", ".join(classes[:10]) or "none"
            raise InputError(f"There is no class “{self.like}”.", f"The classes are: {known}.")
        if not self.like and not pins:
            raise InputError(
                "“simcore” has no examples.", "Pin some samples in, or name a class (like) or describe it (words)."
            )

    def select(self, inputs: Inputs, task: Task) -> Ranking:
        """Rounds of one pick a group; gains are cosines to the group that took the pick.

        Raises:
            InputError: nothing is pinned in, the class is unknown or has no readable sample.
            NotReadyError: there are no vectors, or the encoder reads no texts.
        """
        if inputs.vectors is None:
            raise NotReadyError("“simcore” needs vectors.", "Choose an encoder first.")
        task.check()
        examples, out = self._examples(inputs)
        quota = Quota.of(inputs)
        keep = pinned_first(inputs, self.budget, quota)
        free = np.setdiff1d(inputs.rows, np.concatenate([inputs.keep, out]))
        picks, alike, why = self._rounds(self._centres(examples, inputs, task), free, len(keep), quota, inputs, task)
        rows = np.concatenate([keep, np.array(picks, np.int64)]).astype(np.int64)
        what = "what you described" if self.words else f"“{self.like}”" if self.like else "the pinned samples"
        return Ranking(
            rows,
            gains=np.concatenate([np.full(len(keep), np.nan), alike]).astype(np.float32),
            nearest=np.full(len(rows), -1, np.int64),
            reasons=[PINNED] * len(keep) + [f"like {what}: cosine {value:.3f} to a group of them" for value in alike],
            stopped=why or stopped(len(rows), self.budget, inputs),
        )

    def _examples(self, inputs: Inputs) -> tuple[NDArray[Any], Rows]:
        """Unit vectors [t, d] of what to look for, and rows that are examples only and not to be picked."""
        if self.words:
            if inputs.encode_texts is None:
                raise NotReadyError("This encoder reads no texts.", "Take open-clip or tiny-clip, or give examples.")
            return np.asarray(inputs.encode_texts(list(self.words)), np.float32), np.empty(0, np.int64)
        if len(inputs.rows):
            self.expects(len(inputs.keep), inputs.label_names)
        rows = inputs.keep
        if self.like and inputs.labels is not None:
            rows = np.flatnonzero(np.asarray(inputs.labels) == inputs.label_names.index(self.like))
        assert inputs.vectors is not None
        found = np.asarray(inputs.vectors[rows], np.float32)
        found = found[np.isfinite(found).all(axis=1)]
        if not len(found) and len(inputs.rows):
            raise InputError(f"No sample of “{self.like}” can be read.", "Name another class.")
        return found, rows

    def _centres(self, examples: NDArray[Any], inputs: Inputs, task: Task) -> NDArray[Any]:
        from curator.engine import vectors

        x = vectors.unit_rows(examples)
        if len(x) <= self.groups:
            return x
        return vectors.k_means(
            x, self.groups, spherical=True, seed=inputs.seed, task=task, device=inputs.device
        ).centres

    def _rounds(
        self, centres: NDArray[Any], free: Rows, kept: int, quota: Quota, inputs: Inputs, task: Task
    ) -> tuple[list[int], list[float], str]:
        """Picks, their similarities, and why it ended early ("" when it did not)."""
        lists = _Lists(centres, free, quota, inputs, task)
        picks: list[int] = []
        alike: list[float] = []
        first, level = self.warm_up or (20 if self.budget >= 40 * len(centres) else 1), np.nan
        for turn in range(1, len(free) + 1):
            if kept + len(picks) >= self.budget:
                break
            task.step("Choosing", len(picks), self.budget - kept)
            best = lists.best()
            if not best:
                break
            mean = float(np.mean([value for value, _ in best]))
            level = mean if turn == first else level
            if self.stop and not self.words and mean < self.stop * level:
                return picks, alike, f"Stopped: what is left is less alike ({mean:.3f}, at first {level:.3f})."
            for value, row in sorted(set(best), key=lambda pair: (-pair[0], pair[1])):
                if kept + len(picks) < self.budget and not lists.taken[row] and quota.take(row):
                    lists.taken[row] = True
                    picks.append(row)
                    alike.append(value)
        return picks, alike, ""


class _Lists:
    """For each group the free rows by falling similarity, looked up as far as they are needed."""

    def __init__(self, centres: NDArray[Any], free: Rows, quota: Quota, inputs: Inputs, task: Task) -> None:
        self._centres, self._free, self._quota, self._inputs, self._task = centres, free, quota, inputs, task
        self._keys: NDArray[Any] | None = None
        self.taken = np.zeros(inputs.n, bool)
        self._at = np.zeros(len(centres), np.int64)
        self._rows = np.empty((len(centres), 0), np.int64)
        self._values = np.empty((len(centres), 0), np.float32)

    def best(self) -> list[tuple[float, int]]:
        """(similarity, row) of the best row that each group may still take; nothing where none is left."""
        found = []
        for group in range(len(self._centres)):
            while self._at[group] < len(self._free):
                if self._at[group] >= self._rows.shape[1]:
                    self._look()
                row = int(self._rows[group, self._at[group]])
                if not self.taken[row] and self._quota.open(np.array([row]))[0]:
                    found.append((float(self._values[group, self._at[group]]), row))
                    break
                self._at[group] += 1
        return found

    def _look(self) -> None:
        from curator.engine import vectors

        assert self._inputs.vectors is not None
        if self._keys is None:
            self._keys = vectors.unit_rows(self._inputs.vectors[self._free])
        size = min(max(FIRST_LIST, 4 * self._rows.shape[1]), len(self._free))
        place, self._values = vectors.nearest(
            self._centres, self._keys, size, task=self._task, device=self._inputs.device
        )
        self._rows = self._free[np.maximum(place, 0)]
