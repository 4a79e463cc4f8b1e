"""Which samples of a Subset go out, in which order, and into which split, so that duplicates never straddle two."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from curator.engine.errors import InputError
from curator.engine.export_options import KEEP, ExportOptions, shares
from curator.engine.export_spares import ANY, NONE, Reserve
from curator.engine.store_exporting import ExportRows
from curator.engine.types import Rows

Key = tuple[int, int, str, tuple[str, ...], str]


@dataclass(frozen=True)
class Plan:
    """The order of an export.

    Attributes:
        ranks: int64 [m], in the order of writing; split after split when there are any.
        split: int16 [m], index into ``names``.
        names: names of the splits; ("",) when there are none.
        spare: what lies beyond the first N, for replacing.
    """

    ranks: Rows
    split: np.ndarray
    names: tuple[str, ...]
    spare: Reserve

    def counts(self) -> dict[str, int]:
        """Samples in each split."""
        found = np.bincount(self.split, minlength=len(self.names))
        return {name: int(n) for name, n in zip(self.names, found, strict=True)}


def make_plan(rows: ExportRows, options: ExportOptions, near: Iterable[tuple[int, int]] = ()) -> Plan:
    """The Plan of an export.

    Args:
        rows: the Subset.
        options: what was asked.
        near: pairs of rows of the Dataset that count as near-duplicates.

    Raises:
        InputError: there is nothing to export, or a split would stay empty.
    """
    size = rows.count()
    if not size:
        raise InputError("The subset is empty.", "There is nothing to export.")
    count = min(options.first, size) if options.first else size
    beyond = np.arange(count + 1, size + 1, dtype=np.int64)
    if options.split:
        kinds = list(rows.kinds(options.stratify)) if options.stratify != "nothing" and shares(options.split) else []
        names, code, spare = _splits(list(rows.keys()), count, options, near, kinds)
    else:
        names, code = ("",), np.zeros(count, np.int16)
        spare = Reserve(beyond, beyond, np.zeros(len(beyond), np.int16))
    order = _order(rows, options, count)
    order = order[np.argsort(code[order - 1], kind="stable")]
    return Plan(order, code[order - 1], names, spare)


def _order(rows: ExportRows, options: ExportOptions, count: int) -> Rows:
    if options.order == "source":
        order = rows.by_source()
        return order[order <= count]
    order = np.arange(1, count + 1, dtype=np.int64)
    return np.random.default_rng(options.seed).permutation(order) if options.order == "shuffle" else order


def _splits(
    keys: list[Key], count: int, options: ExportOptions, near: Iterable[tuple[int, int]], kinds: list[str]
) -> tuple[tuple[str, ...], np.ndarray, Reserve]:
    """Names, the split of each of the first ``count``, and where the others may stand in."""
    if not options.replaces:
        keys = keys[:count]
    beyond = np.arange(count + 1, len(keys) + 1, dtype=np.int64)
    if options.split == (KEEP,):
        came = [key[4] or "train" for key in keys]
        names = tuple(dict.fromkeys(came[:count]))
        place = {name: number for number, name in enumerate(names)}
        code = np.array([place.get(name, NONE) for name in came], np.int16)
        return names, code[:count], Reserve(beyond, beyond, code[count:])
    wanted = shares(options.split)
    groups = groups_of(keys, options.together, near)
    code = divide(groups[:count], tuple(wanted.values()), options.seed, kinds[:count])
    names = tuple(wanted)
    for number, name in enumerate(names):
        if not (code == number).any():
            raise InputError(
                f"The split “{name}” would be empty: {count} samples are too few, or too many are duplicates.",
                "Give it a larger share, or leave it out.",
            )
    heads = groups[count:]  # a group is named by its first member: one that is written comes before all that are not
    known = heads < count
    split = np.where(known, code[np.where(known, heads, 0)], ANY).astype(np.int16)
    return names, code, Reserve(beyond, heads, split)


def groups_of(keys: list[Key], together: str, near: Iterable[tuple[int, int]] = ()) -> Rows:
    """int64 [n]: the group of each sample, named by its first member. Samples of equal content, samples that show the
    same picture, and near-duplicates are in one group, and so is what hangs together through others."""
    parent = np.arange(len(keys))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = int(parent[i])
        return i

    def join(a: int, b: int) -> None:
        a, b = sorted((root(a), root(b)))
        parent[b] = a

    if together != "nothing":
        seen: dict[str, int] = {}
        for i, (_, _, digest, images, _) in enumerate(keys):
            for name in (digest, *(f"picture {image}" for image in images)):
                join(seen.setdefault(name, i), i)
    if together == "duplicates":
        place = {key[1]: i for i, key in enumerate(keys)}
        for left, right in near:
            if left in place and right in place:
                join(place[left], place[right])
    return np.array([root(i) for i in range(len(keys))], np.int64)


def divide(groups: Rows, parts: tuple[float, ...], seed: int, kinds: Sequence[str] = ()) -> np.ndarray:
    """int16 [n]: the split of each sample, whole groups together, as near to ``parts`` (adding up to 1) as they allow.

    Groups go from the largest to the smallest, equal ones in an order drawn by the seed, each to the split that is
    furthest behind its share (the first of equals). With ``kinds`` (that of each sample) the groups of one kind, which
    is that of its first member, are divided by the same shares; what one kind leaves behind is made up for by the next.
    """
    heads, first, sizes = np.unique(groups, return_index=True, return_counts=True)
    drawn = np.random.default_rng(seed).permutation(len(heads))
    order = drawn[np.argsort(-sizes[drawn], kind="stable")]
    of_kind = np.unique(np.array(kinds), return_inverse=True)[1][first] if kinds else np.zeros(len(heads), np.int64)
    missing = np.zeros(len(parts), np.float64)
    chosen = np.empty(len(heads), np.int16)
    for kind in range(int(of_kind.max()) + 1 if len(heads) else 0):
        mine = order[of_kind[order] == kind]
        missing += np.array(parts, np.float64) * sizes[mine].sum()
        for group in mine:
            best = int(np.argmax(missing))
            chosen[group] = best
            missing[best] -= sizes[group]
    return chosen[np.searchsorted(heads, groups)]
