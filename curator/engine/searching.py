"""Search by likeness: words or a picture become a vector in the space of an Embedding; every row is compared with it.

The worker encodes, because that needs the encoder's weights. Comparing needs only the matrix on disk, so whoever looks
at the answer does that: a product of blocks, without torch.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from curator.engine.arrays import open_array
from curator.engine.errors import InputError, NotReadyError
from curator.engine.filter_language import Term, parse_filter
from curator.engine.filter_terms import SIMILAR, similar_terms, uses_words
from curator.engine.records import Dataset, EmbeddingRecord
from curator.engine.store import Store
from curator.engine.store_browse import BrowseStore
from curator.engine.task import Task
from curator.engine.types import Changes, Floats

BLOCK = 16_384
DIGITS = 6
"""Of a cosine; so that exact copies tie and stay in row order."""
MAX_NEAR = 200
FEW_WORDS = 2000
"""Samples whose words are taken in at once, without a Job."""


@dataclass(frozen=True)
class SearchRequest:
    """Make ready what the filter ``where`` needs on a Dataset: the index of words, and vectors of what it is like."""

    handler: ClassVar[str] = "curator.engine.searching:prepare"

    dataset: str
    where: str
    device: str = "auto"

    @property
    def title(self) -> str:
        """Words for the Job."""
        return f"Search {self.dataset}"


def prepare(store: Store, request: SearchRequest, task: Task, *, polite: bool = False) -> Changes:
    """Carry out a :class:`SearchRequest`. A Dataset without an Embedding gets one.

    Raises:
        InputError: a picture cannot be read, or the encoder does not read what was asked for.
    """
    dataset = store.dataset(request.dataset)
    where = parse_filter(request.where)
    if uses_words(where):
        take_in_words(BrowseStore(store), task)
    made = len(store.embeddings(dataset.id))
    for term in similar_terms(where):
        _encode(store, dataset, term, request.device, task)
    changed = len(store.embeddings(dataset.id)) != made
    return Changes(frozenset({"embedding"}) if changed else frozenset())


def take_in_words(sql: BrowseStore, task: Task) -> None:
    """Bring the index of words up to date; what is done stays done when this is stopped."""
    behind = total = sql.words_behind()
    while behind > 0:
        task.step("Reading words", total - behind, total)
        taken = sql.take_in_words()
        if not taken:
            break
        behind -= taken
    task.step("Reading words", total, total)


def missing(store: Store, dataset: Dataset, where: str) -> str:
    """What must be made before a filter can be answered in a moment: "vectors", which only an encoder makes, "words",
    the index of them, or "" for nothing; raises :class:`FilterError` when it is no filter."""
    parsed = parse_filter(where)
    if any(_found(store, dataset, term) is None for term in similar_terms(parsed)):
        return "vectors"
    return "words" if uses_words(parsed) and BrowseStore(store).words_behind() > FEW_WORDS else ""


def sought(store: Store, dataset: Dataset, term: Term) -> tuple[EmbeddingRecord, Floats]:
    """The vector of what ``term`` names, float32 [d], and the Embedding that it belongs to.

    Raises:
        NotReadyError: nobody has encoded the words or the picture yet, or there is no Embedding.
    """
    found = _found(store, dataset, term)
    if found is None:
        raise NotReadyError(f"Nothing is known yet about what is {term.field} {', '.join(term.values)}.", _READY)
    return found


def cosines(matrix: NDArray[Any], vector: Floats) -> NDArray[np.float64]:
    """Cosine of each unit row of ``matrix``, float [n, d], with ``vector``: float64 [n]."""
    norm = float(np.linalg.norm(vector))
    unit = np.asarray(vector / norm if norm > 0 else vector, np.float32)
    values = np.empty(len(matrix))
    for first in range(0, len(matrix), BLOCK):
        part = np.asarray(matrix[first : first + BLOCK], np.float32)
        values[first : first + len(part)] = part @ unit
    return np.round(values, DIGITS)


def newest_embedding(store: Store, dataset: Dataset) -> EmbeddingRecord | None:
    """The newest Embedding of all rows that is on disk."""
    return next(iter(_embeddings(store, dataset)), None)


def _embeddings(store: Store, dataset: Dataset) -> list[EmbeddingRecord]:
    found = reversed(store.embeddings(dataset.id))
    return [e for e in found if e.rows == dataset.size and (store.arrays / e.file).is_file()]


def _found(store: Store, dataset: Dataset, term: Term) -> tuple[EmbeddingRecord, Floats] | None:
    """The newest Embedding in which the vector of ``term`` is known, and that vector."""
    if term.field == "near":
        record = newest_embedding(store, dataset)
        return None if record is None else (record, _mean(store, dataset, record, term.values))
    sql, words = BrowseStore(store), _words(term)
    for record in _embeddings(store, dataset):
        vector = sql.query_vector(record.fingerprint, term.field, words)
        if vector is not None and len(vector) == record.dims:
            return record, vector
    return None


def _mean(store: Store, dataset: Dataset, record: EmbeddingRecord, values: Sequence[str]) -> Floats:
    """The mean of the vectors of some Samples, by id."""
    if len(values) > MAX_NEAR or not all(v.isdecimal() for v in values):
        raise InputError(f"“near” takes the numbers of at most {MAX_NEAR} samples.", "For example: near:17,25")
    rows = store.rows_of(dataset.id, [int(v) for v in values])
    vectors = open_array(store.arrays / record.file, (record.rows, record.dims))[np.sort(rows)]
    vectors = vectors[np.isfinite(vectors[:, 0])]
    if not len(vectors):
        raise InputError("These samples cannot be read, so nothing is like them.")
    return np.asarray(vectors.mean(axis=0), np.float32)


def _words(term: Term) -> str:
    """What a vector is known by: the words, or the picture as it is now."""
    text = ", ".join(term.values)
    if term.field != "picture":
        return text
    path = Path(text).expanduser()
    try:
        about = path.stat()
    except OSError:
        raise InputError(f"There is no picture at {text}.") from None
    return f"{path.absolute()}|{about.st_size}|{about.st_mtime_ns}"


def _encode(store: Store, dataset: Dataset, term: Term, device: str, task: Task) -> None:
    if _found(store, dataset, term) is not None:
        return
    bench, encode, keep = _bench(store, dataset, device, task)
    session = bench.session
    kind = "image" if term.field == "picture" else "text"
    if term.field != "near" and kind not in session.reads:
        raise InputError(
            f"The encoder “{bench.encoder.name}” does not read {'pictures' if kind == 'image' else 'words'}.",
            "Run a recipe with open-clip or tiny-clip, then search again.",
        )
    record = bench.embedding()
    if term.field == "near":
        return
    task.step("Encoding", 0, 1)
    if term.field == "picture":
        from curator.engine.pictures import load_rgb

        picture = session.prepare_image(load_rgb(Path(", ".join(term.values)).expanduser()))
        vector = session.encode_images([picture])[0]
    else:
        vector = encode([", ".join(term.values)])[0]
    keep()
    if not np.any(vector) or not np.isfinite(vector).all():
        raise InputError(f"The encoder “{bench.encoder.name}” knows none of these words.", "Try others.")
    BrowseStore(store).add_query_vector(record.fingerprint, term.field, _words(term), vector)
    task.step("Encoding", 1, 1)


def _bench(store: Store, dataset: Dataset, device: str, task: Task) -> tuple[Any, Any, Callable[[], None]]:
    """A workbench with the encoder of the newest Embedding, how it encodes texts, and a way to keep it loaded."""
    from curator.engine.artefacts import Bench
    from curator.engine.recipe import AUTO, Step
    from curator.engine.registry import registry

    bench = Bench(store, dataset, registry(), task, device_name=device)
    record = newest_embedding(store, dataset)
    step = Step(AUTO)
    if record is not None and record.encoder in registry().names("encoder"):
        step = Step(record.encoder, {k: v for k, v in record.params.items() if k != "core"})
    step = bench.choose_encoder(step)
    kept = _kept(json.dumps([step.name, dict(step.params), bench.device.name, dataset.fingerprint], sort_keys=True))
    if kept:
        bench.__dict__["session"], encode = kept[0]  # in the place of the cached property
    else:
        encode = bench.encode_texts()
    return bench, encode, lambda: None if kept else kept.append((bench.session, encode))


@lru_cache(maxsize=1)
def _kept(_key: str) -> list[tuple[Any, Any]]:
    """A place for one loaded encoder, so that a second search need not wait for the weights."""
    return []


_READY = "Search for it in the window, or with: curator search"
assert set(SIMILAR) == {"like", "near", "picture"}
