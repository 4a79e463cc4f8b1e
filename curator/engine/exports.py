"""Exports: what one would write (:meth:`Exporting.preview`) and the writing itself (:func:`export_subset`)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from curator.engine.dialogue import Style
from curator.engine.errors import InputError
from curator.engine.export_options import ExportOptions, make_options, shares
from curator.engine.export_pictures import Naming
from curator.engine.export_plan import Plan, make_plan
from curator.engine.export_preview import Preview, preview_of
from curator.engine.export_record import Record, describe, write_stanza
from curator.engine.export_tally import Tally, lost_lines
from curator.engine.exporting import check_target, remove_existing
from curator.engine.outgoing import Outgoing
from curator.engine.params import Param, params_of
from curator.engine.provenance import written_count
from curator.engine.registry import PluginSpec, registry
from curator.engine.requests import ExportRequest
from curator.engine.store import Store
from curator.engine.store_exporting import ExportRows
from curator.engine.store_facts import SourceFacts
from curator.engine.task import Task
from curator.engine.trainers import TRAINERS
from curator.engine.types import Changes, ExportInfo


@dataclass(frozen=True)
class Prepared:
    """An export about to be made."""

    spec: PluginSpec
    exporter: Any
    options: ExportOptions
    target: Path
    rows: ExportRows
    plan: Plan
    info: ExportInfo
    record: Record

    def outgoing(self, task: Task, plan: Plan | None = None, *, gate: bool = True) -> Outgoing:
        """The items, as the exporter gets them."""
        shape = getattr(self.exporter, "shape", "")
        style = self.exporter.style() if hasattr(self.exporter, "style") else Style()
        media = self.exporter.media(self.target) if hasattr(self.exporter, "media") else "images"
        naming = Naming(images_mode(self.exporter), base_of(self.exporter, self.target, self.options), media)
        chosen = plan or self.plan
        on_end = self.record.take if gate else (lambda tally: None)
        return Outgoing(
            self.rows, chosen, shape, style, naming, self.options, task, gate=gate, on_end=on_end
        )  # fmt: skip


def images_mode(exporter: Any) -> str:
    """How an exporter names pictures in records; one that says nothing leaves names as they are."""
    if not getattr(exporter, "shape", "") and not getattr(exporter, "names_pictures", False):
        return "told" if getattr(exporter, "images", "") == "copy" else "as-is"
    return str(getattr(exporter, "images", "reference"))


def base_of(exporter: Any, target: Path, options: ExportOptions) -> Path:
    """The folder that relative paths in the export start from: the target when that is a folder, else the one it
    lies in."""
    is_folder = not getattr(exporter, "suffix", "") or getattr(exporter, "images", "") == "copy" or options.split
    return target if is_folder and not getattr(exporter, "beside", False) else target.parent


def prepare(store: Store, request: ExportRequest, task: Task, *, near: bool = True) -> Prepared:
    """Check everything that can be checked before a byte is written.

    Raises:
        InputError: the Subset is empty or of the wrong kind for the format, or a parameter or option does not fit.
    """
    subset = store.subset(request.subset)
    dataset = store.dataset(subset.dataset_id)
    spec = registry().get("exporter", request.format)
    if dataset.kind not in spec.kinds:
        raise InputError(f"The format “{spec.name}” does not hold {dataset.kind} samples.", _formats_for(dataset.kind))
    if subset.size == 0:
        raise InputError(f"The subset “{subset.name}” is empty.", "There is nothing to export.")
    exporter = spec.make(dict(request.params))
    options = make_options(request.options)
    if options.trainer and options.trainer not in TRAINERS:
        raise InputError(f"There is no trainer called “{options.trainer}”.", f"Known: {', '.join(TRAINERS)}.")
    target = Path(request.target).expanduser().absolute()
    rows = ExportRows(store, subset.id)
    divided = bool(shares(options.split)) and options.together == "duplicates"
    pairs = near_pairs(store, dataset.id, spec, task) if near and divided else ()
    plan = make_plan(rows, options, pairs)
    record = Record(rows, plan, options, spec, exporter, target)
    provenance = store.provenance(subset.id) | describe(store, dataset, rows, spec, exporter, options, plan)
    info = ExportInfo(
        dataset.kind, dataset.format, dataset.name, subset.name, len(plan.ranks),
        record.bind(provenance), plan.names, record.key(provenance), record.table,
        facts=SourceFacts(store).of(dataset.id),
    )  # fmt: skip
    return Prepared(spec, exporter, options, target, rows, plan, info, record)


def near_pairs(store: Store, dataset_id: int, spec: PluginSpec, task: Task) -> Iterable[tuple[int, int]]:
    """Rows of a Dataset that are near-duplicates by its newest whole Embedding; () when it has none."""
    size = store.dataset(dataset_id).size
    whole = [e for e in store.embeddings(dataset_id) if e.rows == size]
    if not whole:
        task.log("There is no embedding to find near-duplicates with; only equal samples are kept together.")
        return ()
    from curator.engine.arrays import open_array
    from curator.engine.vectors import near_duplicate_pairs

    record = whole[-1]
    encoder = {s.name: s for s in registry().all() if s.role == "encoder"}.get(record.encoder)
    threshold = float(getattr(encoder.cls, "duplicate_threshold", 0.95)) if encoder else 0.95
    vectors = open_array(store.arrays / record.file, (record.rows, record.dims))
    try:
        found = near_duplicate_pairs(vectors, threshold, task=task)
    except ValueError as error:
        raise InputError(str(error), "Keep only equal samples together: together=exact") from error
    return zip(found.left.tolist(), found.right.tolist(), strict=True)


def export_subset(store: Store, request: ExportRequest, task: Task, *, polite: bool = False) -> Changes:
    """Write one Subset with an exporter, and where it comes from beside it.

    Raises:
        InputError: the target exists and ``overwrite`` is not set, a parameter does not fit, the Subset is empty, or
            content would be lost without a yes.
    """
    check_target(Path(request.target).expanduser().absolute(), request.overwrite)
    ready = prepare(store, request, task)
    items = ready.outgoing(task)
    with remove_existing(ready.target, request.overwrite):
        written = ready.exporter.export(items, ready.target, ready.info, task)
    _tell(items.tally, ready, task)
    stanza = write_stanza(ready.options.trainer, written, ready.info, items.tally, ready.exporter, ready.spec)
    task.log(f"Exported “{ready.info.subset}” to {written}.")
    if stanza is not None:
        task.log(f"What {ready.options.trainer} needs is in {stanza}.")
    count, left_out = written_count(written)
    left = [f"{count} samples were written, {left_out} left out."] if left_out else []
    return Changes(frozenset(), notes=(str(written), *left, *_summary(items.tally, ready)))


def _summary(tally: Tally, ready: Prepared) -> list[str]:
    """Lines worth showing after an export."""
    lines = []
    if ready.plan.names != ("",):
        lines.append("Splits: " + ", ".join(f"{name} {count}" for name, count in ready.plan.counts().items()))
    for (rule, effect), found in tally.findings.items():
        lines.append(f"{ready.options.trainer} would {effect} {found.count} ({rule}: {found.text})")
    return lines


def _tell(tally: Tally, ready: Prepared, task: Task) -> None:
    if tally.losses:
        task.log(f"Written as {getattr(ready.exporter, 'shape', '')}:\n{lost_lines(tally)}")
    for line in _summary(tally, ready):
        task.log(line)
    if tally.mended:
        task.log("Mended: " + ", ".join(f"{count} {rule}" for rule, count in tally.mended.items()))
    if tally.replaced or tally.dropped:
        task.log(f"{tally.dropped} left out by the trainer's rules; {tally.replaced} next in rank took a place.")


def _formats_for(kind: str) -> str:
    fitting = [s.name for s in registry().all() if s.role == "exporter" and kind in s.kinds]
    return f"Choose one of: {', '.join(fitting)}."


class Exporting:
    """What front ends ask about exports: ``project.exporting``. The export itself is ``project.submit_export``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def options(self) -> tuple[Param, ...]:
        """The options that every format shares, for a form or a command line."""
        return params_of(ExportOptions)

    def trainers(self, format: str = "") -> dict[str, str]:
        """Name -> title of the trainers; with a format, of those that read its files."""
        return {name: t.title for name, t in TRAINERS.items() if not format or format in t.formats}

    def formats(self, kind: str) -> list[PluginSpec]:
        """The exporters for a kind of samples."""
        return [s for s in registry().all() if s.role == "exporter" and kind in s.kinds]

    def preview(
        self,
        subset: int | str,
        format: str,
        target: Path | str = "export",
        params: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        *,
        limit: int = 2000,
        show: int = 3,
        task: Task | None = None,
    ) -> Preview:
        """What an export would write, without writing it.

        The first ``show`` samples of each split are exported for real, into a temporary folder, and read back; so the
        texts shown are exactly those of the files. ``limit`` samples (0 = all) are converted and checked by the
        trainer's rules. Near-duplicates are not looked for, so splits may differ a little from the export's.

        Args:
            subset: name or id.
            format: name of the exporter.
            target: where it would go; decides relative paths. Need not exist.
            params: parameters of the exporter.
            options: see :meth:`options`.
            limit: how many samples are converted and checked.
            show: how many are shown.
            task: progress and cancel.

        Raises:
            InputError: as the export itself would, but for losses, which are listed.
        """
        key = self._store.subset(subset).name
        request = ExportRequest(key, str(target), format, dict(params or {}), options=dict(options or {}))
        task = task or Task()
        ready = prepare(self._store, request, task, near=False)
        items = ready.outgoing(task, _part(ready.plan, limit), gate=False)
        bytes_ = sum(item.image_size(n) for item in items for n in range(len(item.images)))
        few = _first_of_each(_sent(ready.plan, items.tally), show)
        return _shown(ready, few, items, bytes_, task)


def _shown(ready: Prepared, few: Plan, items: Outgoing, bytes_: int, task: Task) -> Preview:
    """Export a few samples into a temporary folder, and look at what is there."""
    with tempfile.TemporaryDirectory(prefix="curator-preview-") as folder:
        place = Path(folder) / (ready.target.name or "export")
        info = replace(ready.info, count=len(few.ranks), total=ready.info.count, key="", table=None)
        error = ""
        try:
            place = ready.exporter.export(ready.outgoing(task, few, gate=False), place, info, Task())
        except InputError as problem:
            error = problem.text
        stanza = write_stanza(ready.options.trainer, place, ready.info, items.tally, ready.exporter, ready.spec)
        return preview_of(ready.plan, items.tally, Path(folder), len(items), bytes_, stanza, error)


def _part(plan: Plan, limit: int) -> Plan:
    return plan if not limit else replace(plan, ranks=plan.ranks[:limit], split=plan.split[:limit])


def _sent(plan: Plan, tally: Tally) -> Plan:
    """The part of a plan that is known to go out; all of it when nothing looked at does."""
    there = np.isin(plan.ranks, np.asarray(tally.ranks))
    return replace(plan, ranks=plan.ranks[there], split=plan.split[there]) if there.any() else plan


def _first_of_each(plan: Plan, show: int) -> Plan:
    kept = [i for code in range(len(plan.names)) for i in (plan.split == code).nonzero()[0][:show].tolist()]
    return replace(plan, ranks=plan.ranks[kept], split=plan.split[kept])
