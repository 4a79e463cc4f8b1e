"""Rows of the Project as frozen dataclasses of plain values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curator.engine.types import Kind


@dataclass(frozen=True)
class Dataset:
    """An imported pile. ``size`` counts visible samples, ``skipped`` what an import set aside."""

    id: int
    name: str
    kind: Kind
    root: Path
    format: str
    importer: str
    size: int
    created: str
    status: str
    skipped: int
    fingerprint: str


@dataclass(frozen=True)
class Sample:
    """One item of a Dataset. ``pin`` is "in", "out" or ""; ``problem`` says why it cannot be used ("" = it can)."""

    id: int
    dataset_id: int
    row: int
    source: str
    digest: str
    text: str
    record: str
    images: tuple[str, ...]
    width: int
    height: int
    labels: tuple[str, ...]
    pin: str
    hidden: bool
    problem: str
    split: str = ""


@dataclass(frozen=True)
class EmbeddingRecord:
    """An Embedding on disk: ``file`` in the arrays folder holds float32 [rows, dims]; ``content`` is the fingerprint
    of the rows that it was made of, "" = not known."""

    id: int
    dataset_id: int
    encoder: str
    params: dict[str, Any]
    fingerprint: str
    file: str
    rows: int
    dims: int
    device: str
    created: str
    seconds: float
    content: str = ""


@dataclass(frozen=True)
class ClusteringRecord:
    """A Clustering on disk; ``membership_file`` is "" when there is none."""

    id: int
    dataset_id: int
    clusterer: str
    params: dict[str, Any]
    fingerprint: str
    labels_file: str
    membership_file: str
    k: int
    created: str


@dataclass(frozen=True)
class ArtefactRecord:
    """A Score or a Projection on disk; ``maker`` is the plugin's name."""

    id: int
    dataset_id: int
    maker: str
    params: dict[str, Any]
    fingerprint: str
    file: str
    created: str


@dataclass(frozen=True)
class Run:
    """One execution of a Recipe. ``status``: running, done, failed, cancelled or interrupted."""

    id: int
    dataset_id: int
    recipe: str
    recipe_name: str
    status: str
    started: str
    finished: str
    seed: int
    device: str
    versions: dict[str, Any]
    fingerprints: dict[str, Any]
    fingerprint: str
    error: str
    log: str


@dataclass(frozen=True)
class Subset:
    """A saved Ranking. ``run_id`` is None for one made by hand."""

    id: int
    name: str
    dataset_id: int
    run_id: int | None
    created: str
    size: int
    note: str
    locked: bool
    summary: dict[str, Any]


@dataclass(frozen=True)
class SubsetRow:
    """One chosen Sample. ``gain`` is None where there was nothing to compare with."""

    rank: int
    sample_id: int
    row: int
    source: str
    text: str
    gain: float | None
    weight: float | None
    reason: str
    nearest_id: int | None
    skill: str
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Omission:
    """A Sample left out for a stated cause, and the one that stands for it."""

    sample_id: int
    source: str
    stage: str
    reason: str
    covered_by: int | None
    covered_by_source: str
    similarity: float | None


@dataclass(frozen=True)
class SkippedSource:
    """What an import set aside, and why."""

    source: str
    reason: str
    created: str


@dataclass(frozen=True)
class HistoryEntry:
    """One undoable write."""

    id: int
    created: str
    label: str
    undone: bool


@dataclass(frozen=True)
class SkillScores:
    """What one Score says about one Skill of a Run.

    ``chosen`` marks the one that the Run went by; ``counts`` is its histogram from ``low`` to ``high``, ``cut_low``
    to ``cut_high`` the range that was sampled from. None where there is no such number.
    """

    skill: int
    name: str
    size: int
    scorer: str
    chosen: bool
    entropy: float
    low: float | None
    high: float | None
    counts: tuple[int, ...]
    cut_low: float | None
    cut_high: float | None


@dataclass(frozen=True)
class LifelongStep:
    """One step of a lifelong pile.

    ``size`` counts all Samples of the Dataset then, ``pool_before`` those in use before the prune and ``pool_after``
    those after it. ``gained`` and ``starved`` count Skills. ``pool_subset_id`` is None where nothing was to be pruned.
    """

    id: int
    dataset_id: int
    number: int
    created: str
    run_id: int
    subset_id: int
    pool_subset_id: int | None
    size: int
    came_in: int
    pool_before: int
    chosen: int
    pruned: int
    pool_after: int
    skills: int
    gained: int
    starved: int


@dataclass(frozen=True)
class LifelongSkill:
    """How one Skill fared in a step: most of a ``gained`` one is new, a ``starved`` one gave all it has."""

    skill: int
    name: str
    size: int
    came_in: int
    chosen: int
    pruned: int
    gained: bool
    starved: bool
