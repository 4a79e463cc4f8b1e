"""One Run: a Recipe on a Dataset, from vectors to rows of a Subset."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from curator.engine.artefacts import Bench
from curator.engine.coverage import summarise
from curator.engine.device import versions
from curator.engine.errors import Cancelled, CuratorError, InputError, NotReadyError, PluginError
from curator.engine.recipe import Constraints, Recipe, Step, fingerprint
from curator.engine.registry import PluginSpec, registry
from curator.engine.requests import RunRequest
from curator.engine.skills import as_edited, edits_of, with_skill_quotas
from curator.engine.store import Store
from curator.engine.store_choices import SkillChoices
from curator.engine.task import Task
from curator.engine.types import Changes, Inputs, Ints, Ranking, Rows, SkillChoice


@dataclass
class _Dropped:
    """Rows that stages of the chain left out, and what stands for them."""

    rows: list[Rows] = field(default_factory=list)
    by: list[Rows] = field(default_factory=list)
    similarity: list[np.ndarray] = field(default_factory=list)
    stage: list[str] = field(default_factory=list)


def run_recipe(store: Store, request: RunRequest, task: Task, *, polite: bool = False) -> Changes:
    """Execute a Recipe and store the Subset it makes.

    The Run becomes visible, done, in the transaction that also makes its Subset visible. The same Recipe on
    unchanged data gives back the Subset that is there.

    Raises:
        InputError, NotReadyError, PluginError, DeviceError: the Run is kept as failed, with the message.
    """
    dataset = store.dataset(request.dataset)
    recipe = Recipe.from_toml(request.recipe).check(registry(), dataset.kind)
    bench = Bench(store, dataset, registry(), task, seed=recipe.seed, device_name=request.device, batch=request.batch)
    recipe = dataclasses.replace(recipe, encoder=bench.choose_encoder(recipe.encoder))
    run_id = store.begin_run(dataset.id, recipe.to_toml(), recipe.name, recipe.seed, bench.device.name, versions())
    try:
        check_expectations(recipe, store, dataset.id)
        return _run(store, request, recipe, bench, run_id, polite)
    except Cancelled:
        store.fail_run(run_id, "cancelled", "")
        raise
    except Exception as error:
        text = str(error) if isinstance(error, CuratorError) else f"{type(error).__name__}: {error}"
        store.fail_run(run_id, "failed", text)
        raise


def _run(store: Store, request: RunRequest, recipe: Recipe, bench: Bench, run_id: int, polite: bool) -> Changes:
    task, dataset = bench.task, bench.dataset
    record = bench.embedding()
    inputs = _first_inputs(store, bench, bench.vectors(record))
    name = _run_fingerprint(recipe, bench, inputs)
    earlier = store.run_by_fingerprint(name)
    if earlier is not None and not request.subset:
        store.discard_run(run_id)
        subset = store.subset_of_run(earlier.id)
        return Changes(
            frozenset(), ("subset", subset.id), notes=(f"Nothing has changed since “{subset.name}” was made.",)
        )
    clustering_id = None
    if recipe.clusterer is not None:
        inputs, clustering_id = _cluster(recipe.clusterer, bench, inputs)
    for step in recipe.scorers:
        check_needs(bench.registry.get("scorer", step.name), inputs)
        inputs = dataclasses.replace(inputs, scores={**inputs.scores, step.name: bench.score(step, inputs)})
    inputs = with_quotas(inputs, recipe.constraints)
    inputs = with_skill_quotas(store, clustering_id, inputs, recipe.constraints.by)
    ranking, dropped = run_chain(recipe, bench, inputs)
    summary = summarise(inputs, ranking.rows, task)
    summary["stopped"] = ranking.stopped
    summary["encoder"] = recipe.encoder.name
    ids = store.sample_ids(dataset.id)
    label = request.subset or store.unique_subset_name(f"{recipe.name} {len(ranking.rows)}")
    task.log(f"{len(ranking.rows)} of {len(inputs.rows)} samples chosen.")
    SkillChoices(store).add(run_id, ranking.choices)
    return store.finish_run(
        run_id,
        fingerprints=bench.fingerprints,
        fingerprint=name,
        log="",
        subset_name=label,
        entries=_entries(_with_names(ranking, store, dataset.id), inputs, ids),
        omissions=_omissions(dropped, ids),
        summary=summary,
        clustering_id=clustering_id,
        polite=polite,
    )


def check_expectations(recipe: Recipe, store: Store, dataset_id: int) -> None:
    """What can be known to be missing before hours are spent on vectors: a clusterer, scores, classes, and what a
    Selector asks for by a method ``expects(pins, classes)``, the number of samples pinned in and the names of classes.

    Raises:
        InputError, NotReadyError: something is missing.
    """
    classes = store.class_codes(dataset_id)[1]
    clustered = recipe.clusterer is not None
    known = {"membership": clustered, "skills": clustered, "scores": bool(recipe.scorers), "labels": bool(classes)}
    steps = [("clusterer", recipe.clusterer)] if recipe.clusterer is not None else []
    steps += [("scorer", step) for step in recipe.scorers] + [("selector", step) for step in recipe.selectors]
    for role, step in steps:
        spec = registry().get(role, step.name)
        _check_needs(spec, {need: known.get(need, True) for need in spec.needs})
        expects = getattr(spec.make(dict(step.params)), "expects", None)
        if expects is not None:
            expects(len(store.pins(dataset_id)[0]), classes)


def _first_inputs(store: Store, bench: Bench, vectors: np.ndarray) -> Inputs:
    dataset = bench.dataset
    pinned_in, pinned_out = store.pins(dataset.id)
    # The matrix itself knows best: a kill may have come before the reason was written down.
    alive = np.isfinite(vectors[:, 0])
    alive[store.problem_rows(dataset.id)] = False
    alive[pinned_out] = False
    rows = np.flatnonzero(alive).astype(np.int64)
    if not len(rows):
        raise InputError(f"“{dataset.name}” has no readable sample that is not pinned out.")
    labels, names = store.class_codes(dataset.id)
    return Inputs(
        dataset.size,
        rows,
        keep=np.intersect1d(pinned_in, rows),
        vectors=vectors,
        labels=labels if names else None,
        label_names=names,
        seed=bench.seed,
        device=bench.device.name,
        samples=bench.reader,
        encode_texts=bench.encode_texts(),
        logit_scale=bench.session.logit_scale,
        duplicate_threshold=bench.duplicate_threshold,
        tables=bench.tables,
    )


def _run_fingerprint(recipe: Recipe, bench: Bench, inputs: Inputs) -> str:
    steps = [("clusterer", recipe.clusterer)] if recipe.clusterer else []
    edits = edits_of(bench.store, bench.dataset.id) if recipe.clusterer else []
    steps += [("scorer", s) for s in recipe.scorers] + [("selector", s) for s in recipe.selectors]
    return fingerprint(
        {
            "recipe": recipe.identity(),
            "versions": [bench.registry.get(role, step.name).version for role, step in steps if step is not None],
            "embedding": bench.fingerprints["embedding"],
            "rows": fingerprint(inputs.rows.tolist()),
            "keep": inputs.keep.tolist(),
            "labels": fingerprint([inputs.label_names, [] if inputs.labels is None else inputs.labels.tolist()]),
            **({"skills": edits} if edits else {}),
        }
    )


def _cluster(step: Step, bench: Bench, inputs: Inputs) -> tuple[Inputs, int]:
    check_needs(bench.registry.get("clusterer", step.name), inputs)
    clustering_id, clustering = bench.clustering(step, inputs)
    clustering_id, clustering, changed_by_hand = as_edited(bench.store, clustering_id, clustering)
    if changed_by_hand:
        bench.fingerprints["clustering"] = changed_by_hand
    names = tuple(name for _, name, _ in bench.store.skills(clustering_id))
    changed = dataclasses.replace(inputs, skills=clustering.labels, membership=clustering.membership, skill_names=names)
    return changed, clustering_id


def with_quotas(inputs: Inputs, constraints: Constraints) -> Inputs:
    """Turn the Recipe's constraints into groups and caps.

    Raises:
        InputError: a named skill or class does not exist, or there is nothing to count by.
    """
    if not constraints.by or (not constraints.at_most and not constraints.named):
        return inputs
    by_skill = constraints.by == "skill"
    groups, names = (inputs.skills, inputs.skill_names) if by_skill else (inputs.labels, inputs.label_names)
    if groups is None:
        what = "skills: choose a clusterer" if by_skill else "classes: give it labels"
        raise InputError(f"The constraints count by {constraints.by}, but there are no {what} first.")
    unknown = sorted(set(constraints.named) - set(names))
    if unknown:
        raise InputError(f"There is no {constraints.by} called “{unknown[0]}”.", f"Known: {', '.join(names[:20])}.")
    caps = np.full(len(names), constraints.at_most or inputs.n, np.int64)
    for name, count in constraints.named.items():
        caps[names.index(name)] = count
    return dataclasses.replace(inputs, groups=groups, caps=caps)


def run_chain(recipe: Recipe, bench: Bench, inputs: Inputs) -> tuple[Ranking, _Dropped]:
    """Run the selectors one after another, each on what the one before left alive."""
    dropped = _Dropped()
    ranking: Ranking | None = None
    choices: list[SkillChoice] = []
    weights: dict[int, float] = {}
    alive = inputs
    for place, step in enumerate(recipe.selectors):
        spec = bench.registry.get("selector", step.name)
        last = place == len(recipe.selectors) - 1
        check_needs(spec, alive)
        # A quota limits the finished Subset, so only the last selector of the chain counts against it.
        given = alive if last else dataclasses.replace(alive, groups=None, caps=None)
        ranking = spec.make(dict(step.params)).select(given, bench.task)
        check_ranking(spec, ranking, given)
        choices += ranking.choices
        if ranking.weights is not None:
            weights = dict(zip(ranking.rows.tolist(), ranking.weights.tolist(), strict=True))
        if len(ranking.dropped):
            dropped.rows.append(ranking.dropped)
            dropped.by.append(ranking.covered_by)
            dropped.similarity.append(ranking.similarity)
            dropped.stage.append(step.name)
        bench.task.log(f"{step.name}: {len(ranking.rows)} of {len(alive.rows)} left. {ranking.stopped}".rstrip())
        alive = dataclasses.replace(alive, rows=np.sort(ranking.rows))
    assert ranking is not None
    if ranking.weights is None and weights:
        carried = np.array([weights.get(r, np.nan) for r in ranking.rows.tolist()], np.float32)
        ranking = dataclasses.replace(ranking, weights=carried)
    return dataclasses.replace(ranking, choices=tuple(choices)), dropped


def check_ranking(spec: PluginSpec, ranking: Ranking, inputs: Inputs) -> None:
    """Hold a selector to its contract before anything is stored.

    Raises:
        PluginError: naming the plugin and the broken rule.
    """
    rows = ranking.rows
    fault = ""
    if len(np.unique(rows)) != len(rows):
        fault = "picked a row twice"
    elif not np.isin(rows, inputs.rows).all():
        fault = "picked a row that was not offered"
    elif len(ranking.gains) != len(rows) or (ranking.reasons and len(ranking.reasons) != len(rows)):
        fault = "returned gains or reasons of another length than its picks"
    elif not np.isin(inputs.keep, rows).all() and inputs.caps is None and len(rows) >= len(inputs.keep):
        fault = "left out a pinned sample"
    if fault:
        raise PluginError(f"The selector “{spec.name}” {fault}.", "This is a fault of the plugin; nothing was stored.")


def check_needs(spec: PluginSpec, inputs: Inputs) -> None:
    """Raises :class:`NotReadyError`, with what to do, when ``inputs`` lack something that the plugin needs."""
    have = {
        "vectors": inputs.vectors is not None,
        "membership": inputs.membership is not None,
        "skills": inputs.skills is not None,
        "labels": inputs.labels is not None,
        "scores": bool(inputs.scores),
        "samples": inputs.samples is not None,
        "encode_texts": inputs.encode_texts is not None,
    }
    _check_needs(spec, have)


def _check_needs(spec: PluginSpec, have: Mapping[str, bool]) -> None:
    cure = {
        "membership": "Add a clusterer such as kmeans or zero-shot to the recipe.",
        "skills": "Add a clusterer such as kmeans to the recipe.",
        "labels": "Import class folders, a metadata file with a label column, or label samples first.",
        "scores": "Add a scorer to the recipe.",
        "encode_texts": "Choose an encoder that reads texts, such as open-clip or tiny-clip.",
    }
    for need in sorted(spec.needs):
        if not have[need]:
            raise NotReadyError(f"“{spec.name}” needs {need.replace('_', ' ')}.", cure.get(need, ""))


def _with_names(ranking: Ranking, store: Store, dataset_id: int) -> Ranking:
    """Reasons that speak of files and records where the selector, which knows only rows, said "row 17"."""
    if ranking.nearest is None or not ranking.reasons:
        return ranking
    rows = np.unique(ranking.nearest[ranking.nearest >= 0])
    source = dict(zip(rows.tolist(), store.iter_sources(dataset_id, rows), strict=True))
    reasons = [
        reason.replace(f"row {near}", source[near]) if near >= 0 else reason
        for reason, near in zip(ranking.reasons, ranking.nearest.tolist(), strict=True)
    ]
    return dataclasses.replace(ranking, reasons=reasons)


def _entries(ranking: Ranking, inputs: Inputs, ids: Rows) -> Iterator[tuple]:
    skills: Ints | None = inputs.skills
    for rank, row in enumerate(ranking.rows.tolist()):
        nearest = -1 if ranking.nearest is None else int(ranking.nearest[rank])
        skill = None if skills is None or skills[row] < 0 else int(skills[row])
        yield (
            rank + 1,
            int(ids[row]),
            float(ranking.gains[rank]),
            None if ranking.weights is None else float(ranking.weights[rank]),
            ranking.reasons[rank] if ranking.reasons else "",
            None if nearest < 0 else int(ids[nearest]),
            skill,
        )


def _omissions(dropped: _Dropped, ids: Rows) -> Iterator[tuple]:
    for rows, by, similarity, stage in zip(dropped.rows, dropped.by, dropped.similarity, dropped.stage, strict=True):
        for row, cover, cosine in zip(rows.tolist(), by.tolist(), similarity.tolist(), strict=True):
            yield int(ids[row]), stage, f"{cosine:.3f} alike", int(ids[cover]), cosine
