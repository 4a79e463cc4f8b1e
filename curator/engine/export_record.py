"""Where an export comes from and what was met on the way: for ``curation.json``, the table of weights, the stanza."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from curator import __version__
from curator.engine.export_options import ExportOptions
from curator.engine.export_plan import Plan
from curator.engine.export_tally import Tally
from curator.engine.exporting import atomic_file
from curator.engine.params import values_of
from curator.engine.records import Dataset
from curator.engine.registry import PluginSpec
from curator.engine.store import Store
from curator.engine.store_exporting import ExportRows
from curator.engine.trainers import Data, trainer
from curator.engine.types import ExportInfo

TABLE_HEADER = ("rank", "split", "source", "digest", "label", "weight", "gain", "skill")


def describe(
    store: Store,
    dataset: Dataset,
    rows: ExportRows,
    spec: PluginSpec,
    exporter: Any,
    options: ExportOptions,
    plan: Plan,
) -> dict[str, Any]:
    """What ``curation.json`` says of the export itself, beside the Subset's provenance."""
    return {
        "source": {"root": str(dataset.root), "importer": dataset.importer, "format": dataset.format},
        "export": {
            "format": spec.name,
            "version": spec.version,
            "params": values_of(exporter),
            "options": values_of(options),
            "splits": plan.counts() if plan.names != ("",) else {},
            "curator": __version__,
            "python": platform.python_version(),
        },
        "samples_digest": rows.digest(),
    }


class Record:
    """Collects what is known only when the items have gone out."""

    def __init__(
        self,
        rows: ExportRows,
        plan: Plan,
        options: ExportOptions,
        spec: PluginSpec,
        exporter: Any,
        target: Path,
    ) -> None:
        self._rows, self._plan, self._tally = rows, plan, Tally()
        self._identity = (spec.name, spec.version, values_of(exporter), values_of(options), str(target))
        column = options.weights == "column" and getattr(exporter, "keeps_fields", True)
        self._wants_table = not (column or getattr(exporter, "has_weights", False)) and rows.has_weights()
        self._provenance: dict[str, Any] = {}

    def bind(self, provenance: dict[str, Any]) -> Mapping[str, Any]:
        """The provenance that will be written; it grows when the items have gone out."""
        self._provenance = provenance
        return provenance

    def key(self, provenance: Mapping[str, Any]) -> str:
        """A digest of all that decides what is written: the same export has the same."""
        content = [provenance.get("samples_digest"), self._rows.labels_digest()]
        text = json.dumps([self._identity, *content, self._plan.ranks.tolist()], default=str)
        return hashlib.sha256(text.encode("utf-8") + self._plan.split.tobytes()).hexdigest()

    def take(self, tally: Tally) -> None:
        """Note what a pass over the items met."""
        self._tally = tally
        export = self._provenance["export"]
        export["losses"] = {loss.text: count.count for loss, count in tally.losses.items()}
        export["trainer_findings"] = {
            rule: {"effect": effect, "count": count.count} for (rule, effect), count in tally.findings.items()
        }
        export |= {"mended": dict(tally.mended), "dropped": tally.dropped, "replaced": tally.replaced}
        if self._wants_table:
            export["weights"] = "in the table curation.csv beside this file"

    @property
    def table(self) -> Any:
        """A function that writes the table of weights to a file, None when no table is needed."""
        return self._write_table if self._wants_table else None

    def _write_table(self, file: BinaryIO) -> None:
        text = io.TextIOWrapper(file, encoding="utf-8", errors="replace", newline="", write_through=True)
        table = csv.writer(text, lineterminator="\n")
        table.writerow(TABLE_HEADER)
        import numpy as np

        ranks = np.array(self._tally.ranks, np.int64)
        for item, code in zip(self._rows.items(ranks), self._tally.splits, strict=True):
            label = item.labels[0] if item.labels else ""
            numbers = ["" if value is None else repr(value) for value in (item.weight, item.gain)]
            table.writerow(
                (item.rank, self._plan.names[code], item.source, item.digest, label, *numbers, item.skill)
            )  # fmt: skip
        text.detach()


def write_stanza(
    name: str, written: Path, info: ExportInfo, tally: Tally, exporter: Any, spec: PluginSpec
) -> Path | None:
    """Write the stanza or command that a trainer needs beside the data; returns its path, None without a trainer."""
    if not name:
        return None
    base = written if written.is_dir() else written.parent
    files = {split: _file_of(base, written, split, exporter) for split in info.splits}
    data = Data(
        name=written.stem,
        format=spec.name,
        shape=getattr(exporter, "shape", "") or info.format,
        files=files,
        count=len(tally.ranks),
        keys=frozenset(tally.fields),
        pairs=tally.pairs,
        tags=tuple(tally.tags),
    )
    file_name, text = trainer(name).stanza(data)
    place = base / (file_name if written.is_dir() else f"{written.name}.{file_name}")
    with atomic_file(place, overwrite=True) as file:
        file.write(text.encode("utf-8"))
    return place


def _file_of(base: Path, written: Path, split: str, exporter: Any) -> str:
    """The data file of a split, or the pattern that its files fit."""
    if hasattr(exporter, "file_of"):
        return str(exporter.file_of(written, split))
    if not written.is_dir():
        return written.name
    return f"{split or 'records'}{getattr(exporter, 'suffix', '')}"
