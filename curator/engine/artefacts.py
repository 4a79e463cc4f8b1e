"""Embeddings, Clusterings, Scores and Projections: made once, named by fingerprint, reused ever after.

A fingerprint lists every input that can change the answer: the samples' digests, the plugin with its version and
parameters, the digest of weights and preprocessing, the seed where there is chance.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from curator.engine.arrays import ArrayWriter, open_array, save_array
from curator.engine.device import Device, choose_device
from curator.engine.embedding import default_encoder, embed, learn
from curator.engine.errors import PluginError
from curator.engine.recipe import AUTO, Step, complete_step, fingerprint
from curator.engine.records import Dataset, EmbeddingRecord
from curator.engine.registry import PluginSpec, Registry
from curator.engine.store import Store
from curator.engine.tables import Tables
from curator.engine.task import Task
from curator.engine.types import Clustering, EncoderSession, Floats, Inputs, Ints, Kind, Rows

COPY_ROWS = 8192
"""Rows copied at a time when an Embedding grows."""


class StoreReader:
    """:class:`~curator.engine.types.SampleReader` over the Store."""

    def __init__(self, store: Store, dataset: Dataset) -> None:
        self._store, self._dataset = store, dataset
        self.kind: Kind = dataset.kind

    def texts(self, rows: Rows) -> Iterator[str]:
        """The text of each row."""
        return self._store.iter_texts(self._dataset.id, rows)

    def records(self, rows: Rows) -> Iterator[str]:
        """The original record of each row."""
        return self._store.iter_records(self._dataset.id, rows)

    def classes(self) -> Ints:
        """int32 [n]: the class of each row, -1 = none."""
        return self._store.class_codes(self._dataset.id)[0]

    def image_paths(self, rows: Rows) -> Iterator[tuple[Path, ...]]:
        """Absolute image paths of each row."""
        for names in self._store.iter_images(self._dataset.id, rows):
            yield tuple(self._dataset.root / name for name in names)


@dataclass
class Bench:
    """The workbench of one Run: what is at hand, and how the missing is made.

    ``fingerprints`` collects the name of everything that was used, for the Run's provenance.
    """

    store: Store
    dataset: Dataset
    registry: Registry
    task: Task
    seed: int = 0
    device_name: str = AUTO
    batch: int = 0
    fingerprints: dict[str, str] = field(default_factory=dict)
    encoder: Step | None = None

    @cached_property
    def device(self) -> Device:
        """Where the heavy work runs."""
        device = choose_device(self.device_name)
        self.task.log(f"Device: {device.words}.")
        return device

    @cached_property
    def reader(self) -> StoreReader:
        """Content of the Dataset by row."""
        return StoreReader(self.store, self.dataset)

    @cached_property
    def tables(self) -> Tables:
        """Numbers of the Dataset's Samples that plugins share."""
        return Tables(self.store, self.dataset)

    @cached_property
    def session(self) -> EncoderSession:
        """The chosen encoder with its weights loaded."""
        assert self.encoder is not None
        self.task.step("Loading the encoder", 0, 1)
        plugin = self.registry.get("encoder", self.encoder.name).make(dict(self.encoder.params))
        session = plugin.open(self.device.name, self.seed, self.task)
        if hasattr(session, "begin"):  # what it is depends on the pile
            session.begin(self.reader)
        self.task.step("Loading the encoder", 1, 1)
        return session

    @property
    def encoder_spec(self) -> PluginSpec:
        """The plugin behind :attr:`session`."""
        assert self.encoder is not None
        return self.registry.get("encoder", self.encoder.name)

    def choose_encoder(self, step: Step) -> Step:
        """Settle "auto", and say in the log what it became and why."""
        if step.name == AUTO:
            name, reason = default_encoder(self.dataset.kind, self.registry)
            self.task.log(f"Encoder: {name} ({reason}).")
            step = Step(name, step.params)
        self.encoder = complete_step(step, self.registry, "encoder", self.dataset.kind)
        return self.encoder

    @cached_property
    def duplicate_threshold(self) -> float:
        """Cosine from which two samples count as near-duplicates for this encoder."""
        return float(getattr(self.encoder_spec.cls, "duplicate_threshold", 0.95))

    def embedding(self) -> EmbeddingRecord:
        """The Embedding of the whole Dataset: found, resumed, grown from a shorter one, or made."""
        assert self.encoder is not None
        core = {
            "encoder": self.encoder.name,
            "version": self.encoder_spec.version,
            "params": dict(self.encoder.params),
            "identity": self.session.identity,
            "seed": self.seed if self.session.fits else 0,
        }
        name = fingerprint({"embedding": core, "dataset": self.dataset.fingerprint})
        self.fingerprints["embedding"] = name
        found = self.store.embedding(name)
        if found is not None and self._here(found.file):
            self.task.log(f"Embedding of {found.rows} rows reused.")
            return found
        return self._make_embedding(name, fingerprint(core))

    def _here(self, *files: str) -> bool:
        """Whether all these array files are on disk; someone may have tidied up."""
        return all((self.store.arrays / f).is_file() for f in files if f)

    def _make_embedding(self, name: str, core: str) -> EmbeddingRecord:
        started = time.monotonic()
        n, session = self.dataset.size, self.session
        file = f"embedding-{name[:32]}.npy"
        if not (self.store.arrays / file).is_file():  # it is there when a kill fell between the file and its row
            self._fill(file, name, core)
        return self.store.add_embedding(
            dataset_id=self.dataset.id,
            encoder=self.encoder.name if self.encoder else "",
            params={**(self.encoder.params if self.encoder else {}), "core": core},
            fingerprint=name,
            file=file,
            rows=n,
            dims=session.dims,
            device=self.device.name,
            seconds=time.monotonic() - started,
            content=self.dataset.fingerprint,
        )

    def _fill(self, file: str, name: str, core: str) -> None:
        n, session = self.dataset.size, self.session
        writer = ArrayWriter(self.store.arrays / file, (n, session.dims), np.float32, name)
        if writer.done:
            self.task.log(f"Embedding resumed at row {writer.done} of {n}.")
        elif not session.fits:
            self._copy_prefix(writer, core)
        try:
            if hasattr(session, "fill"):  # it reads whole records, and keeps what else it learns of them
                problems = session.fill(self.reader, n, writer, self.tables, self.task)
            else:
                problems = embed(session, self.reader, n, writer, self.task, device=self.device.name, batch=self.batch)
        except BaseException:
            writer.close()
            raise
        for row, reason in problems:
            self.store.set_problem(self.dataset.id, np.array([row], np.int64), reason)
        file_path = writer.finish()
        self._explain_unreadable(file_path)

    def _explain_unreadable(self, path: Path) -> None:
        """Give every unreadable row a reason, also those met before a kill that took theirs along."""
        unreadable = np.flatnonzero(~np.isfinite(open_array(path)[:, 0]))
        without = np.setdiff1d(unreadable, self.store.problem_rows(self.dataset.id))
        self.store.set_problem(self.dataset.id, without, "could not be decoded")
        if len(unreadable):
            self.task.log(f"{len(unreadable)} samples could not be read and are left out.")

    def _copy_prefix(self, writer: ArrayWriter, core: str) -> None:
        """A Dataset grows at its end, so a shorter Embedding of the same content and encoder is a valid beginning."""
        shorter = [
            e
            for e in self.store.embeddings(self.dataset.id)
            if e.params.get("core") == core and e.rows < self.dataset.size and (self.store.arrays / e.file).is_file()
        ]
        if not shorter:
            return
        best = max(shorter, key=lambda e: e.rows)
        if best.content not in ("", self.store.fingerprint_of(self.dataset.id, best.rows)):
            return  # content was renewed since
        old = open_array(self.store.arrays / best.file)
        for first in self.task.track(range(0, best.rows, COPY_ROWS), "Reusing vectors"):
            writer.write(first, old[first : first + COPY_ROWS])
        self.task.log(f"{best.rows} vectors reused, {self.dataset.size - best.rows} to make.")

    def vectors(self, record: EmbeddingRecord) -> np.memmap[Any, Any]:
        """The Embedding's matrix, memory-mapped read-only: float32 [n, d]."""
        return open_array(self.store.arrays / record.file, (record.rows, record.dims))

    def encode_texts(self) -> Callable[[list[str]], Floats] | None:
        """Texts into the space of the vectors, None for an encoder that reads no texts."""
        if "text" not in self.session.reads:
            return None
        learnt = False

        def encode(texts: list[str]) -> Floats:
            nonlocal learnt
            if self.session.fits and not learnt:  # a reused Embedding says nothing of the words it was made with
                learn(self.session, self.reader, self.dataset.size, self.task)
            learnt = True
            return self.session.encode_texts(texts)

        return encode

    def clustering(self, step: Step, inputs: Inputs) -> tuple[int, Clustering]:
        """The Clustering that ``step`` makes of ``inputs``, and its id."""
        spec = self.registry.get("clusterer", step.name)
        name = fingerprint(
            {
                "clusterer": step.name,
                "version": spec.version,
                "params": dict(step.params),
                "embedding": self.fingerprints["embedding"],
                "classes": inputs.label_names if "labels" in spec.reads else [],
                "problems": fingerprint(np.flatnonzero(~_alive(inputs)).tolist()),
                "seed": self.seed,
            }
        )
        self.fingerprints["clustering"] = name
        found = self.store.clustering(name)
        if found is not None and self._here(found.labels_file, found.membership_file):
            self.task.log(f"{found.k} skills reused.")
            return found.id, self._load_clustering(found)
        clustering = spec.make(dict(step.params)).cluster(inputs, self.task)
        _check_clustering(spec, clustering, inputs.n)
        return self._store_clustering(step, name, clustering), clustering

    def _load_clustering(self, found: Any) -> Clustering:
        labels = open_array(self.store.arrays / found.labels_file)
        membership = open_array(self.store.arrays / found.membership_file) if found.membership_file else None
        names = tuple(name for _, name, _ in self.store.skills(found.id))
        return Clustering(labels, membership, names)

    def _store_clustering(self, step: Step, name: str, clustering: Clustering) -> int:
        labels_file = f"skills-{name[:32]}.npy"
        membership_file = f"membership-{name[:32]}.npy" if clustering.membership is not None else ""
        save_array(self.store.arrays / labels_file, clustering.labels)
        if clustering.membership is not None:
            save_array(self.store.arrays / membership_file, clustering.membership)
        k = int(clustering.labels.max(initial=-1)) + 1
        if clustering.membership is not None:
            k = max(k, clustering.membership.shape[1])
        sizes = np.bincount(clustering.labels[clustering.labels >= 0], minlength=k)
        names = [clustering.names[i] if i < len(clustering.names) else f"skill {i + 1}" for i in range(k)]
        return self.store.add_clustering(
            dataset_id=self.dataset.id,
            clusterer=step.name,
            params=dict(step.params),
            fingerprint=name,
            labels_file=labels_file,
            membership_file=membership_file,
            k=k,
            names=names,
            sizes=sizes.tolist(),
        ).id

    def score(self, step: Step, inputs: Inputs) -> Floats:
        """The Score of every row by one scorer: float32 [n]."""
        spec = self.registry.get("scorer", step.name)
        plugin = spec.make(dict(step.params))
        name = fingerprint(
            {
                "scorer": step.name,
                "about": plugin.about(self.device.name) if hasattr(plugin, "about") else {},
                "version": spec.version,
                "params": dict(step.params),
                "dataset": self.dataset.fingerprint,
                "embedding": self.fingerprints.get("embedding", ""),
                "clustering": self.fingerprints.get("clustering", ""),
                "seed": self.seed,
            }
        )
        self.fingerprints[f"score.{step.name}"] = name
        found = self.store.score(name)
        if found is None or not self._here(found.file):
            file = self._keep(spec, f"score-{name[:32]}.npy", plugin.score(inputs, self.task), (inputs.n,))
            about = {"dataset_id": self.dataset.id, "fingerprint": name, "file": file}
            found = self.store.add_score(scorer=step.name, params=dict(step.params), **about)
        return open_array(self.store.arrays / found.file)

    def projection(self, step: Step, inputs: Inputs) -> int:
        """Id of the Projection that ``step`` makes of the Embedding."""
        spec = self.registry.get("projector", step.name)
        name = fingerprint(
            {
                "projector": step.name,
                "version": spec.version,
                "params": dict(step.params),
                "embedding": self.fingerprints["embedding"],
                "seed": self.seed,
            }
        )
        found = self.store.projection(name)
        if found is None or not self._here(found.file):
            layout = spec.make(dict(step.params)).project(inputs, self.task)
            file = self._keep(spec, f"projection-{name[:32]}.npy", layout, (inputs.n, 2))
            about = {"dataset_id": self.dataset.id, "fingerprint": name, "file": file}
            found = self.store.add_projection(projector=step.name, params=dict(step.params), **about)
        return found.id

    def _keep(self, spec: PluginSpec, file: str, values: Any, shape: tuple[int, ...]) -> str:
        """Save what a plugin made as float32, and give the name of the file; raises :class:`PluginError`."""
        ready = np.ascontiguousarray(values, np.float32)
        if ready.shape != shape:
            raise PluginError(f"The {spec.role} “{spec.name}” returned {ready.shape} instead of {shape}.")
        save_array(self.store.arrays / file, ready)
        return file


def _alive(inputs: Inputs) -> np.ndarray[Any, np.dtype[np.bool_]]:
    alive = np.zeros(inputs.n, bool)
    alive[inputs.rows] = True
    return alive


def _check_clustering(spec: PluginSpec, clustering: Clustering, n: int) -> None:
    membership = clustering.membership
    wrong_labels = clustering.labels.shape != (n,)
    if wrong_labels or (membership is not None and (membership.ndim != 2 or len(membership) != n)):
        raise PluginError(f"The clusterer “{spec.name}” did not return one label for each of the {n} rows.")
