"""The nouns of the engine as frozen dataclasses of plain values and numpy arrays.

Shared letters: n rows of a Dataset, m rows still alive, b picks, d Embedding width, k Skills. Rows are dense
numbers 0..n-1 inside one Dataset; sample ids live in the Project only and never reach a plugin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Kind = Literal["image", "instruction"]
Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Changes:
    """What a write returns.

    ``tables`` are the names of the tables whose rows changed, ``focus`` one ``(table, id)`` worth showing next,
    ``label`` the words of the undo entry ("" when the write cannot be undone).
    """

    tables: frozenset[str]
    focus: tuple[str, int] | None = None
    label: str = ""
    notes: tuple[str, ...] = ()


class Draft(NamedTuple):
    """A Sample as an Importer reads it, before it has an id.

    ``source`` is unique inside the Dataset: a path relative to the root with forward slashes, or ``file.jsonl#17``
    for the 17th record. ``images`` are paths relative to the root. ``record`` is the original record as JSON text,
    byte for byte where the source allows. ``text`` is what an encoder of text reads. ``split`` is "train",
    "validation", "test" or whatever the source divides itself into; ``stamp`` is "size-time" of a referenced file.
    """

    source: str
    digest: str
    text: str = ""
    record: str = ""
    images: tuple[str, ...] = ()
    width: int = 0
    height: int = 0
    labels: tuple[str, ...] = ()
    split: str = ""
    stamp: str = ""


@dataclass(frozen=True)
class Skip:
    """A sample that an Importer could not read, and why."""

    source: str
    reason: str


@dataclass(frozen=True)
class Source:
    """What an Importer found at the paths given: the kind of samples, the folder that all paths are relative to,
    and the name that the Dataset gets unless the user says otherwise. ``format`` is remembered for export.

    ``facts`` are what holds for the whole source and no single Sample: the Importer adds to them while it reads, and
    Exporters get them as ``ExportInfo.facts``. Known are ``categories`` (as COCO has them: id, name, supercategory),
    ``licenses`` and ``info`` of COCO, and ``class_names`` (the class names of a table, by number). Values of JSON.
    """

    kind: Kind
    root: Path
    name: str
    format: str = ""
    facts: dict[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Clustering:
    """Skills of a Dataset.

    Attributes:
        labels: int32 [n], the Skill of each row, -1 = noise or unreadable.
        membership: float32 [n, k], rows sum to 1 (NaN for unreadable rows), or None.
        names: a short name for each Skill, or empty.
    """

    labels: Ints
    membership: Floats | None = None
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class SkillChoice:
    """What one Score says about one Skill, and whether the Selector went by it there.

    Attributes:
        skill: number of the Skill, -1 for the samples in none.
        scorer: name of the Score.
        chosen: whether it was the one to go by.
        entropy: of the histogram, in bits; 0 for a Score that is constant or lacks a value.
        counts: the histogram, from ``low`` to ``high`` in the unit of the Score.
        cut_low, cut_high: the range that was sampled from (NaN for a Score not gone by).
    """

    skill: int
    scorer: str
    chosen: bool
    entropy: float
    low: float
    high: float
    counts: tuple[int, ...]
    cut_low: float = float("nan")
    cut_high: float = float("nan")


@dataclass(frozen=True)
class Ranking:
    """What a Selector returns: distinct rows in pick order, and why.

    Attributes:
        rows: int64 [b], distinct, in pick order; rows of ``Inputs.keep`` that are alive come first.
        gains: float32 [b], what each pick added, in the Selector's own unit; inf or NaN where there is nothing
            to compare with (the first pick, a pinned row).
        weights: float32 [b] or None: how much each pick stands for.
        nearest: int64 [b], the earlier pick that each pick is closest to, -1 for none.
        reasons: one sentence per pick.
        dropped: int64 [q], rows left out for a stated cause (a duplicate), in no particular order.
        covered_by: int64 [q], the row that stands for each dropped row.
        similarity: float32 [q], cosine between the two.
        stopped: why fewer rows than the budget came out ("" when they did not).
        choices: for a Selector that goes by another Score in each Skill: every Score of every Skill.
    """

    rows: Rows
    gains: Floats
    weights: Floats | None = None
    nearest: Rows | None = None
    reasons: Sequence[str] = ()
    dropped: Rows = field(default_factory=lambda: np.empty(0, np.int64))
    covered_by: Rows = field(default_factory=lambda: np.empty(0, np.int64))
    similarity: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    stopped: str = ""
    choices: Sequence[SkillChoice] = ()


class SampleReader(Protocol):
    """Read-only access to the samples of a Dataset by row, for plugins that look at content."""

    kind: Kind

    def texts(self, rows: Rows) -> Iterator[str]:
        """The text of each row, in order; "" where there is none."""
        ...

    def records(self, rows: Rows) -> Iterator[str]:
        """The original record of each row as JSON text."""
        ...

    def image_paths(self, rows: Rows) -> Iterator[tuple[Path, ...]]:
        """The absolute image paths of each row."""
        ...


@dataclass(frozen=True)
class Inputs:
    """Everything a Clusterer, Projector, Scorer or Selector may read. Arrays are read-only.

    Attributes:
        n: rows in the Dataset.
        rows: int64 [m], ascending: rows still alive in the chain (readable, not pinned out, not dropped earlier).
        keep: int64 [p], ascending: pinned in; always a subset of ``rows``; picked before all others.
        vectors: float32 or float16 [n, d], unit rows, NaN for unreadable rows; None when no encoder ran.
        membership: float32 [n, k], rows sum to 1, or None.
        skills: int32 [n], the Skill of each row, -1 = none; None when no clusterer ran.
        skill_names: a name for each Skill.
        labels: int32 [n], the class of each row, -1 = none.
        label_names: a name for each class.
        scores: name -> float32 [n], NaN = missing.
        groups: int32 [n] or None; with ``caps``: the group that a quota counts a row in, -1 = not limited.
        caps: int64 [g] or None; never pick more than ``caps[g]`` rows of group g, pinned rows included.
        budgets: int64 [k] or None; how many rows of each Skill a Selector that shares over Skills shall pick, -1 = its
            share of the rest.
        seed: the one seed of the Run; use :attr:`rng`.
        device: "cpu", "cuda" or "mps".
        samples: the content, for those that need it.
        encode_texts: texts -> unit vectors in the space of ``vectors``, or None when the encoder knows no text.
        logit_scale: the encoder's inverse temperature for zero-shot classes (NaN when it has none).
        duplicate_threshold: cosine from which two samples count as near-duplicates for this encoder.
        tables: where plugins share what they learn of every sample (:class:`~curator.engine.tables.Tables`), or None.
    """

    n: int
    rows: Rows
    keep: Rows = field(default_factory=lambda: np.empty(0, np.int64))
    vectors: NDArray[Any] | None = None
    membership: Floats | None = None
    skills: Ints | None = None
    skill_names: tuple[str, ...] = ()
    labels: Ints | None = None
    label_names: tuple[str, ...] = ()
    scores: Mapping[str, Floats] = field(default_factory=dict)
    groups: Ints | None = None
    caps: Rows | None = None
    budgets: Rows | None = None
    seed: int = 0
    device: str = "cpu"
    samples: SampleReader | None = None
    encode_texts: Callable[[list[str]], Floats] | None = None
    logit_scale: float = float("nan")
    duplicate_threshold: float = 0.95
    tables: Any = None

    @property
    def rng(self) -> np.random.Generator:
        """A fresh generator seeded by the Run: the same numbers each time it is asked for."""
        return np.random.default_rng(self.seed)


class EncoderSession(Protocol):
    """An Encoder with its weights loaded, in the worker.

    The same content gives the same bits: whatever is computed together is ``micro`` rows, the last group filled up.
    On the CPU several groups are encoded at once, one thread each, so the three methods below must bear that.

    Attributes:
        dims: width d of the vectors; known before :meth:`fit`.
        identity: digest of weights, preprocessing and tokenizer: part of the Embedding's fingerprint.
        reads: which of "image" and "text" it encodes.
        logit_scale: inverse temperature for zero-shot classes, NaN when it has none.
        fits: True when the vectors depend on the whole Dataset (TF-IDF), so nothing is reused after an import.

    A session that reads whole records has ``fill(reader, n, out, tables, task) -> [(row, reason)]`` and fills the
    matrix by itself; ``tables`` are those of ``Inputs``. A session may also have ``micro`` (int, 32 where it has not):
    the rows handed over at a time. It belongs to the encoder and the kind of device, never to the amount of memory or
    the number of cores.
    """

    dims: int
    identity: str
    reads: frozenset[str]
    logit_scale: float
    fits: bool

    def fit(self, texts: Callable[[], Iterator[str]], count: int, task: Any) -> None:
        """Learn from all texts (only called when ``fits``)."""
        ...

    def prepare_image(self, image: Any) -> Any:
        """Turn an RGB ``PIL.Image`` into what :meth:`encode_images` takes (not a str); called from decode threads."""
        ...

    def encode_images(self, prepared: list[Any]) -> Floats:
        """float32 [len, d], unit rows."""
        ...

    def encode_texts(self, texts: list[str]) -> Floats:
        """float32 [len, d], unit rows (a text with nothing in it gives a zero row)."""
        ...


class ExportItem(NamedTuple):
    """One chosen Sample on its way out, in rank order.

    ``images`` are files, or addresses inside an archive or table (see :mod:`curator.engine.packed`): read them with
    :meth:`read_image`, and link or copy one only where :meth:`image_file` gives a path.
    """

    rank: int
    source: str
    digest: str
    text: str
    record: str
    images: tuple[Path, ...]
    image_names: tuple[str, ...]
    labels: tuple[str, ...]
    gain: float | None
    weight: float | None
    reason: str
    skill: str
    split: str = ""
    width: int = 0
    height: int = 0

    def read_image(self, number: int) -> bytes:
        """The bytes of a picture as they are in the source; raises ``InputError`` with a plain reason."""
        from curator.engine.pictures import read_bytes

        return read_bytes(self.images[number])

    def image_file(self, number: int) -> Path | None:
        """The file of a picture, there or not; None when it lies inside an archive or table."""
        from curator.engine import packed

        return self.images[number] if packed.on_disk(self.images[number]) else None

    def image_size(self, number: int) -> int:
        """Bytes of a picture, 0 when it is missing or only reading it would tell."""
        from curator.engine import packed

        return packed.size_of(self.images[number])


@dataclass(frozen=True)
class ExportInfo:
    """What an Exporter may know beside the items.

    Attributes:
        provenance: for :func:`curator.engine.provenance.write_provenance`; complete when all items have been taken.
        splits: names of the splits in the order of the items, ("",) when they are not divided.
        key: digest of all that decides the content, for an export that goes on where it was killed; "" = unknown.
        table: writes the table of weights, None when none is needed; also for ``write_provenance``.
        total: samples of the whole export where only its first ones are written, for a look at it; 0 = ``count``.
        facts: what holds for the whole source, see :class:`Source`.
    """

    kind: Kind
    format: str
    dataset: str
    subset: str
    count: int
    provenance: Mapping[str, Any] = field(default_factory=dict)
    splits: tuple[str, ...] = ("",)
    key: str = ""
    table: Callable[[BinaryIO], None] | None = None
    total: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)
