"""Trials as tables, files and plots."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from curator.engine.errors import InputError, NotReadyError
from curator.engine.spread import Paired, Summary, paired, summary
from curator.engine.trial import Trial, TrialPoint

BASE = "random"
LOWER = frozenset({"loss"})
"""Measures of which less is better: ahead of random is below it."""
ENDINGS = (".csv", ".json", ".png", ".svg")


@dataclass(frozen=True)
class Line:
    """One selector at one size, over all seeds.

    Attributes:
        selector: its name.
        size: labels spent or budget; 0 = the mean over all rounds after the first labels.
        measures: name -> mean and spread.
        ahead: of random on the main measure, seed by seed; None for random itself or when it was not tried.
    """

    selector: str
    size: int
    measures: dict[str, Summary]
    ahead: Paired | None


def main_measure(points: Sequence[TrialPoint]) -> str:
    """ "loss" where a language model measured it, else "accuracy" where it could be, else "mean_similarity"."""
    measured = {m for p in points for m, value in p.measures.items() if math.isfinite(value)}
    if "loss" in measured:
        return "loss"
    compared = any("mean_similarity" in p.measures for p in points)
    return "accuracy" if "accuracy" in measured or not compared else "mean_similarity"


def lines_of(kind: str, points: Sequence[TrialPoint]) -> list[Line]:
    """The table of a Trial: every selector at every size, and for simulations the mean over rounds (size 0) first."""
    main = main_measure(points)
    selectors = sorted({p.selector for p in points})
    steps = sorted({p.step for p in points})
    found = []
    for selector in selectors:
        mine = [p for p in points if p.selector == selector]
        if kind == "simulate":
            found.append(_line(selector, 0, _averaged(points, selector), _averaged(points, BASE), main))
        for step in steps:
            at = {p.seed: p.measures for p in mine if p.step == step}
            base = {p.seed: p.measures for p in points if p.selector == BASE and p.step == step}
            sizes = [p.spent for p in mine if p.step == step]
            if at:
                found.append(_line(selector, round(float(np.mean(sizes))), at, base, main))
    return found


def _averaged(points: Sequence[TrialPoint], selector: str) -> dict[int, dict[str, float]]:
    """Seed -> the mean of each measure over the rounds after round 0."""
    by_seed: dict[int, list[dict[str, float]]] = {}
    for p in points:
        if p.selector == selector and p.step > 0:
            by_seed.setdefault(p.seed, []).append(p.measures)
    return {seed: {m: summary(v[m] for v in values).mean for m in values[0]} for seed, values in by_seed.items()}


def _line(selector: str, size: int, at: dict[int, dict[str, float]], base: dict[int, Any], main: str) -> Line:
    names = list(next(iter(at.values()))) if at else []
    measures = {m: summary(v[m] for v in at.values()) for m in names}
    both = sorted(set(at) & set(base)) if selector != BASE else []
    sign = -1 if main in LOWER else 1
    ahead = paired([sign * at[s][main] for s in both], [sign * base[s][main] for s in both]) if both else None
    return Line(selector, size, measures, ahead)


def write_trial(trial: Trial, points: Sequence[TrialPoint], target: Path, overwrite: bool = False) -> Path:
    """Write a Trial, all of it or nothing; raises :class:`InputError` and :class:`NotReadyError`."""
    if target.suffix not in ENDINGS:
        raise InputError(f"{target.name} has none of the endings {', '.join(ENDINGS)}.", "Choose one of these.")
    if target.exists() and not overwrite:
        raise InputError(f"{target} exists already.", "Choose another name, or say --overwrite to replace it.")
    draft = target.with_name(f".{target.stem}.new{target.suffix}")
    try:
        if target.suffix == ".csv":
            _write_csv(points, draft)
        elif target.suffix == ".json":
            draft.write_text(json.dumps(as_json(trial, points), ensure_ascii=False, indent=1), encoding="utf-8")
        else:
            plot(trial, points, draft)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return target


def _write_csv(points: Sequence[TrialPoint], target: Path) -> None:
    names = list(dict.fromkeys(m for p in points for m in p.measures))
    with target.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["selector", "seed", "step", "spent", *names])
        for p in points:
            values = ["" if math.isnan(p.measures.get(m, math.nan)) else p.measures[m] for m in names]
            writer.writerow([p.selector, p.seed, p.step, p.spent, *values])


def as_json(trial: Trial, points: Sequence[TrialPoint]) -> dict[str, Any]:
    """The whole Trial as plain values; None for what could not be measured."""
    lines = [asdict(line) for line in lines_of(trial.kind, points)]
    return _finite({"trial": asdict(trial), "lines": lines, "points": [asdict(p) for p in points]})


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def plot(trial: Trial, points: Sequence[TrialPoint], target: Path) -> None:
    """Mean of the main measure over size, a band of one standard error around it; PNG or SVG by the ending.

    Raises:
        NotReadyError: matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        hint = 'Install it with: pip install "curator-desk[plot]", or write .csv or .json.'
        raise NotReadyError("Plots need matplotlib.", hint) from None
    main = main_measure(points)
    figure = Figure(figsize=(7, 4.4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for selector in sorted({p.selector for p in points}):
        found = [line for line in lines_of(trial.kind, points) if line.selector == selector and line.size]
        x = [line.size for line in found]
        mean = np.array([line.measures[main].mean for line in found])
        error = np.nan_to_num([line.measures[main].error for line in found])
        axes.plot(x, mean, marker="o", markersize=3, label=selector)
        axes.fill_between(x, mean - error, mean + error, alpha=0.15)
    axes.set_xlabel("labels spent" if trial.kind == "simulate" else "samples chosen")
    axes.set_ylabel(main.replace("_", " "))
    axes.set_title(trial.name)
    axes.grid(alpha=0.25)
    axes.legend(frameon=False)
    figure.savefig(target, dpi=150)
