"""A Recipe tried on a sample of a Dataset: minutes become seconds, and the result says that it is a preview."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from curator.engine.artefacts import Bench, StoreReader
from curator.engine.coverage import summarise
from curator.engine.device import versions
from curator.engine.embedding import embed
from curator.engine.errors import Cancelled, CuratorError, InputError
from curator.engine.recipe import Constraints, Recipe, Step
from curator.engine.registry import registry
from curator.engine.requests import recipe_name
from curator.engine.running import check_expectations, check_needs, run_chain, with_quotas
from curator.engine.types import Changes, Inputs, Rows

if TYPE_CHECKING:
    from curator.engine.registry import PluginSpec
    from curator.engine.store import Store
    from curator.engine.task import Task

SAMPLE = 5_000


@dataclass(frozen=True)
class PreviewRequest:
    """Execute a Recipe (TOML text) on ``sample`` rows of a Dataset, drawn with the Recipe's seed."""

    handler: ClassVar[str] = "curator.engine.previewing:preview"

    dataset: str
    recipe: str
    sample: int = SAMPLE
    device: str = "auto"

    @property
    def title(self) -> str:
        """Words for the Job."""
        name = recipe_name(self.recipe)
        return f"Preview{f' of “{name}”' if name else ''} on {self.sample:,} of {self.dataset}"


class SampledReader:
    """:class:`~curator.engine.types.SampleReader` of some rows, as if there were no others."""

    def __init__(self, reader: StoreReader, rows: Rows) -> None:
        self._reader, self._rows = reader, rows
        self.kind = reader.kind

    def texts(self, rows: Rows) -> Iterator[str]:
        """The text of each row."""
        return self._reader.texts(self._rows[rows])

    def records(self, rows: Rows) -> Iterator[str]:
        """The original record of each row."""
        return self._reader.records(self._rows[rows])

    def image_paths(self, rows: Rows) -> Iterator[tuple[Path, ...]]:
        """Absolute image paths of each row."""
        return self._reader.image_paths(self._rows[rows])


def preview(store: Store, request: PreviewRequest, task: Task, *, polite: bool = False) -> Changes:
    """Run a Recipe on a sample and store the Subset, marked as a preview; budgets and quotas shrink in proportion.

    Only the sampled rows are embedded. Nothing of it is reused by a Run on the whole Dataset.

    Raises:
        InputError, NotReadyError, PluginError, DeviceError: the Run is kept as failed, with the message.
    """
    dataset = store.dataset(request.dataset)
    recipe = Recipe.from_toml(request.recipe).check(registry(), dataset.kind)
    bench = Bench(store, dataset, registry(), task, seed=recipe.seed, device_name=request.device)
    recipe = dataclasses.replace(recipe, encoder=bench.choose_encoder(recipe.encoder))
    rows = sampled_rows(store, dataset.id, dataset.size, request.sample, recipe.seed)
    smaller = scaled(recipe, len(rows) / max(dataset.size, 1))
    title = f"{recipe.name} preview"
    run_id = store.begin_run(dataset.id, smaller.to_toml(), title, recipe.seed, bench.device.name, versions())
    try:
        check_expectations(smaller, store, dataset.id)
        return _preview(store, smaller, bench, rows, run_id, title, polite)
    except Cancelled:
        store.fail_run(run_id, "cancelled", "")
        raise
    except Exception as error:
        text = str(error) if isinstance(error, CuratorError) else f"{type(error).__name__}: {error}"
        store.fail_run(run_id, "failed", text)
        raise


def sampled_rows(store: Store, dataset_id: int, size: int, count: int, seed: int) -> Rows:
    """int64, ascending: ``count`` usable rows drawn with ``seed``, those pinned in among them."""
    pinned_in, pinned_out = store.pins(dataset_id)
    alive = np.setdiff1d(np.arange(size), np.union1d(store.problem_rows(dataset_id), pinned_out))
    if len(alive) <= count:
        return alive.astype(np.int64)
    drawn = np.random.default_rng(seed).choice(alive, count, replace=False)
    wanted = np.intersect1d(pinned_in, alive)
    return np.union1d(wanted, drawn[: max(0, count - len(wanted))]).astype(np.int64)


def scaled(recipe: Recipe, share: float) -> Recipe:
    """The Recipe for a share of the pile: each budget and quota times that share, never less than one."""

    def less(count: int) -> int:
        return max(1, round(count * share)) if count else 0

    def step(one: Step) -> Step:
        budget = one.params.get("budget")
        return one if not isinstance(budget, int) else Step(one.name, {**one.params, "budget": less(budget)})

    limits = recipe.constraints
    constraints = Constraints(limits.by, less(limits.at_most), {k: less(v) for k, v in limits.named.items()})
    return dataclasses.replace(recipe, selectors=tuple(map(step, recipe.selectors)), constraints=constraints)


def _preview(store: Store, recipe: Recipe, bench: Bench, rows: Rows, run_id: int, title: str, polite: bool) -> Changes:
    task, dataset = bench.task, bench.dataset
    inputs = _inputs(store, bench, rows)
    if recipe.clusterer is not None:
        spec = bench.registry.get("clusterer", recipe.clusterer.name)
        check_needs(spec, inputs)
        found = _make(spec, recipe.clusterer).cluster(inputs, task)
        inputs = dataclasses.replace(
            inputs, skills=found.labels, membership=found.membership, skill_names=tuple(found.names)
        )
    for one in recipe.scorers:
        spec = bench.registry.get("scorer", one.name)
        check_needs(spec, inputs)
        values = np.ascontiguousarray(_make(spec, one).score(inputs, task), np.float32)
        inputs = dataclasses.replace(inputs, scores={**inputs.scores, one.name: values})
    ranking, _ = run_chain(recipe, bench, with_quotas(inputs, recipe.constraints))
    summary = summarise(inputs, ranking.rows, task)
    summary |= {"stopped": ranking.stopped, "encoder": recipe.encoder.name, "preview": [len(rows), dataset.size]}
    ids = store.sample_ids(dataset.id)[rows]
    sources = list(store.iter_sources(dataset.id, rows))
    entries = []
    for rank, row in enumerate(ranking.rows.tolist()):
        near = -1 if ranking.nearest is None else int(ranking.nearest[rank])
        reason = ranking.reasons[rank] if ranking.reasons else ""
        if near >= 0:
            reason = reason.replace(f"row {near}", sources[near])
        weight = None if ranking.weights is None else float(ranking.weights[rank])
        gain = float(ranking.gains[rank])
        entries.append((rank + 1, int(ids[row]), gain, weight, reason, None if near < 0 else int(ids[near]), None))
    task.log(f"{len(entries)} of {len(rows)} sampled rows chosen.")
    changes = store.finish_run(
        run_id,
        fingerprints={},
        fingerprint="",
        log="",
        subset_name=f"{title} {len(entries)}",
        entries=entries,
        omissions=[],
        summary=summary,
        clustering_id=None,
        polite=polite,
    )
    words = f"A preview on {len(rows):,} of {dataset.size:,} samples; budgets were scaled to match."
    return dataclasses.replace(changes, notes=(words,))


def _inputs(store: Store, bench: Bench, rows: Rows) -> Inputs:
    reader = SampledReader(bench.reader, rows)
    vectors = np.full((len(rows), bench.session.dims), np.nan, np.float32)
    for row, reason in embed(bench.session, reader, len(rows), vectors, bench.task, device=bench.device.name):
        store.set_problem(bench.dataset.id, rows[[row]], reason)
    alive = np.flatnonzero(np.isfinite(vectors[:, 0])).astype(np.int64)
    if not len(alive):
        raise InputError(f"“{bench.dataset.name}” has no readable sample that is not pinned out.")
    codes, names = store.class_codes(bench.dataset.id)
    keep = np.flatnonzero(np.isin(rows, store.pins(bench.dataset.id)[0]))
    vectors.flags.writeable = False
    return Inputs(
        len(rows),
        alive,
        keep=np.intersect1d(keep, alive),
        vectors=vectors,
        labels=codes[rows] if names else None,
        label_names=names,
        seed=bench.seed,
        device=bench.device.name,
        samples=reader,
        encode_texts=bench.session.encode_texts if "text" in bench.session.reads else None,
        logit_scale=bench.session.logit_scale,
        duplicate_threshold=bench.duplicate_threshold,
    )


def _make(spec: PluginSpec, step: Step) -> Any:
    return spec.make(dict(step.params))
