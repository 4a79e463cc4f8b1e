"""The part of ``docs/results.py`` about Adapt-∞: a pile that grows, on digits; and instruction records with SmolLM2."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from curator.engine.forgetting import forgetting, relative_gain
from curator.engine.project import Project
from curator.engine.recipe import Recipe, Step, load_recipe
from curator.engine.registry import registry
from curator.engine.spread import paired, summary
from curator.engine.task import Task
from curator.engine.types import Inputs

RECORDS = Path(__file__).parents[2] / "shared" / "data" / "instruct" / "t0-dev.jsonl"
Curves = dict[str, list[list[list[float]]]]
"""By method, seed and step: accuracy on each of the eight skills, NaN for those not met yet."""


def percent(values: list[float]) -> str:
    """Mean and standard error of shares, in percent."""
    found = summary(values)
    return f"{100 * found.mean:.1f}" + (f" ({100 * found.error:.1f})" if found.count > 1 else "")


# ---- a pile of digits that grows: eight skills are eight orders of the pixels ----------------------------------------

STEPS, BUDGET, POOL, CLUSTERS = 4, 240, 2000, 40
METHODS = {
    "whole": "train on the whole pool",
    "sequential": "only what is new, all of it",
    "sequential-b": "only what is new, B of it",
    "random": "random B of the pool",
    "top": "top B by EL2N",
    "ccs": "EL2N covered evenly (`ccs`), no skills",
    "inside": "skills, random inside",
    "single": "skills, EL2N covered evenly",
    "adapt": "skills, the score of highest entropy (`multi-way`)",
    "pruned": "the same, pool pruned to 2,000 (`prune`)",
}


class Stream:
    """Step t brings a common skill (300 pictures in 5 noisy copies) and a rare one (60 pictures)."""

    def __init__(self, seed: int) -> None:
        from sklearn.datasets import load_digits

        data = load_digits()
        rng = np.random.default_rng(seed)
        x, y = (data.data / 16).astype(np.float32), data.target.astype(np.int64)
        order = rng.permutation(len(x))
        self.test, train = order[:500], order[500:]
        self.orders = [rng.permutation(64) for _ in range(2 * STEPS)]
        self.x, self.y = x, y
        parts: list[tuple[Any, Any, int]] = []
        for step in range(STEPS):
            common, rare = rng.choice(train, 300, replace=False), rng.choice(train, 60, replace=False)
            noisy = np.repeat(x[common], 5, axis=0) + 0.03 * rng.standard_normal((1500, 64)).astype(np.float32)
            parts.append((noisy[:, self.orders[2 * step]], np.repeat(y[common], 5), step))
            parts.append((x[rare][:, self.orders[2 * step + 1]], y[rare], step))
        self.pool_x = np.concatenate([p[0] for p in parts])
        self.pool_y = np.concatenate([p[1] for p in parts])
        self.arrived = np.concatenate([np.full(len(p[0]), p[2]) for p in parts])


def grow(stream: Stream, method: str, seed: int) -> list[list[float]]:
    """Train step after step on what ``method`` chooses; accuracies on the skills met so far."""
    import torch

    torch.manual_seed(seed)
    layers = [torch.nn.Linear(64, 128), torch.nn.ReLU(), torch.nn.Linear(128, 128), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers, torch.nn.Linear(128, 10))
    rng = np.random.default_rng((seed, 1))
    alive = np.zeros(0, np.int64)
    found = []
    for step in range(STEPS):
        new = np.flatnonzero(stream.arrived == step)
        alive = np.concatenate([alive, new])
        chosen = choose(stream, method, model, alive, new, seed * 10 + step, rng)
        _train(model, stream.pool_x[chosen], stream.pool_y[chosen], rng)
        if method == "pruned" and len(alive) > POOL:
            inputs, labels = _piles(stream, alive, seed)
            prune = registry().get("selector", "prune").make({"budget": POOL})
            alive = np.sort(alive[prune.select(dataclasses.replace(inputs, skills=labels), Task()).rows])
        found.append([_accuracy(model, stream, s) if s < 2 * step + 2 else float("nan") for s in range(2 * STEPS)])
    return found


def choose(stream: Stream, method: str, model: Any, alive: Any, new: Any, seed: int, rng: Any) -> Any:
    """Rows of the pool to train on in this step."""
    if method == "whole":
        return alive
    if method == "sequential":
        return new
    if method in ("random", "sequential-b"):
        return rng.choice(alive if method == "random" else new, BUDGET, replace=False)
    scores = _scores(model, stream.pool_x[alive], stream.pool_y[alive])
    inputs, labels = _piles(stream, alive, seed)
    inputs = dataclasses.replace(inputs, scores=scores, skills=labels)
    name, values = {
        "top": ("top-score", {"score": "el2n"}),
        "ccs": ("ccs", {"score": "el2n"}),
        "inside": ("skill-quota", {"inside": "random", "split": "equal"}),
        "single": ("multi-way", {"scores": ("el2n",)}),
    }.get(method, ("multi-way", {}))
    return alive[registry().get("selector", name).make({"budget": BUDGET, **values}).select(inputs, Task()).rows]


def _piles(stream: Stream, alive: Any, seed: int) -> tuple[Inputs, Any]:
    """Centred unit pixels, and their k-means skills."""
    from curator.engine.vectors import k_means, unit_rows

    x = stream.pool_x[alive]
    x = unit_rows(x - x.mean(axis=0))
    inputs = Inputs(len(x), np.arange(len(x)), vectors=x, seed=seed)
    return inputs, k_means(x, CLUSTERS, spherical=True, seed=seed).labels


def _scores(model: Any, x: Any, y: Any) -> dict[str, Any]:
    import torch

    with torch.no_grad():
        logp = torch.log_softmax(model(torch.from_numpy(x)), 1)
    p, truth = logp.exp(), torch.from_numpy(y)
    hot = torch.nn.functional.one_hot(truth, 10)
    found = {"nll": -logp.gather(1, truth[:, None])[:, 0], "entropy": -(p * logp).sum(1), "el2n": (p - hot).norm(dim=1)}
    return {name: value.numpy() for name, value in found.items()}


def _train(model: Any, x: Any, y: Any, rng: Any, steps: int = 400) -> None:
    import torch

    adam = torch.optim.Adam(model.parameters(), lr=1e-3)
    inputs, truth = torch.from_numpy(x), torch.from_numpy(y)
    for _ in range(steps):
        rows = torch.from_numpy(rng.integers(len(x), size=32))
        adam.zero_grad()
        torch.nn.functional.cross_entropy(model(inputs[rows]), truth[rows]).backward()
        adam.step()


def _accuracy(model: Any, stream: Stream, skill: int) -> float:
    import torch

    with torch.no_grad():
        said = model(torch.from_numpy(stream.x[stream.test][:, stream.orders[skill]])).argmax(1).numpy()
    return float((said == stream.y[stream.test]).mean())


def measure_growth(work: Path, seeds: int, once: Callable[..., None]) -> None:
    """Every method and seed that WORK does not hold yet."""
    for seed in range(seeds):
        stream = Stream(seed)
        for method in METHODS:
            once(work, f"grow-{method}", seed, lambda s=stream, m=method, n=seed: grow(s, m, n))


def growth_section(curves: Curves) -> list[str]:
    """The table, and R1 to R4."""
    if not curves.get("adapt") or not curves.get("random"):
        return ["Not measured."]
    count = len(curves["adapt"])
    whole = curves["whole"]
    lines = [
        f"{count} seeds, B = {BUDGET}, {CLUSTERS} skills.",
        "",
        "| trained on | last accuracy | forgetting | rare skills | relative gain |",
        "|---|---|---|---|---|",
    ]
    for method, words in METHODS.items():
        runs = curves.get(method, [])
        if runs:
            gain = [relative_gain(run, whole[i][-1]) for i, run in enumerate(runs)]
            shown = [percent(v) for v in (_last(runs), [forgetting(r) for r in runs], _rare(runs))]
            lines.append(f"| {words} | {' | '.join(shown)} | {summary(gain).mean:.1f} |")
    forgot = {m: [forgetting(r) for r in runs] for m, runs in curves.items()}
    replayed = [m for m in METHODS if m in curves and m not in ("whole", "sequential", "sequential-b")]
    least = min(np.mean(forgot["sequential"]) - np.mean(forgot[m]) for m in replayed)
    rows = [
        ("R1", "forgetting of “only what is new” above that of every replay from the pool, points", 100 * least, 15.0),
        ("R2", "even coverage ahead of the top of the same score, points", _lead(curves, "ccs", "top", _last), 15.0),
        ("R3", "skills, random inside, ahead of random on rare skills", _lead(curves, "inside", "random", _rare), 2.0),
        ("R3", "`multi-way` ahead of random on rare skills", _lead(curves, "adapt", "random", _rare), 2.0),
        ("R4", "pruning to a third changes the last accuracy by", _lead(curves, "pruned", "adapt", _last), -2.0),
    ]
    lines += ["", "| | criterion | measured | needed | met |", "|---|---|---|---|---|"]
    lines += [
        f"| {key} | {words} | {value:+.1f} | at least {low:+.0f} | {'yes' if value >= low else 'no'} |"
        for key, words, value, low in rows
    ]
    best = _paired(curves, "adapt", "single", _last)
    return [*lines, "", f"The choice among scores against EL2N alone, last accuracy: {best}."]


def _last(runs: list[list[list[float]]]) -> list[float]:
    return [float(np.mean(run[-1])) for run in runs]


def _rare(runs: list[list[list[float]]]) -> list[float]:
    return [float(np.mean(run[-1][1::2])) for run in runs]


def _lead(curves: Curves, one: str, other: str, value: Any) -> float:
    return 100 * float(np.mean(np.subtract(value(curves[one]), value(curves[other]))))


def _paired(curves: Curves, one: str, other: str, value: Any) -> str:
    found = paired(value(curves[one]), value(curves[other]))
    return f"{100 * found.difference:+.1f} [{100 * found.low:+.1f}, {100 * found.high:+.1f}], p {found.p:.2g}"


# ---- instruction records, with a language model ----------------------------------------------------------------------

NUMBERS = ("perplexity", "token-entropy", "el2n", "grand", "ifd")
CHAINS: dict[str, tuple[str, dict[str, Any]]] = {
    "random": ("random", {}),
    **{f"top {name}": ("top-score", {"score": name}) for name in NUMBERS},
    **{f"ccs {name}": ("ccs", {"score": name}) for name in NUMBERS},
    **{f"skills + {name}": ("multi-way", {"scores": (name,)}) for name in NUMBERS},
    "multi-way": ("multi-way", {}),
}


def _pile(part: Path, records: int, params: dict[str, str]) -> Project:
    """A Project beside ``part``, with the first ``records`` records of the file; made where it is not there yet."""
    place = part.with_suffix(".curator")
    project = Project.open(place) if place.is_dir() else Project.create(place)
    if not project.contents().datasets:
        with RECORDS.open(encoding="utf-8") as lines:
            part.write_text("".join(line for line, _ in zip(lines, range(records), strict=False)), encoding="utf-8")
        project.submit_import([part], part.stem, params=params).result()
    return project


def measure_records(work: Path, records: int, seeds: int, budgets: tuple[int, ...]) -> None:
    """Run the recipe once (one pass of the language model), then every chain and seed on what it left."""
    target = work / "records.json"
    if target.is_file() or not RECORDS.is_file():
        return
    with _pile(work / "t0.jsonl", records, {"map": "task=label"}) as project:
        started = time.process_time()
        recipe = load_recipe("adapt-infinity")
        first = project.submit_run("t0", recipe, "first", device="cpu").result().focus
        assert first is not None
        found = _agreement(project, first[1])  # before other seeds make other skills
        found["points"] = _chains(project, recipe, seeds, budgets)
    target.write_text(json.dumps(found))
    print(f"records: {time.process_time() - started:.0f} s of CPU", flush=True)


def _chains(project: Project, recipe: Recipe, seeds: int, budgets: tuple[int, ...]) -> list[dict[str, Any]]:
    points = []
    for name, (selector, values) in CHAINS.items():
        for budget in budgets:
            for seed in range(1 if selector == "top-score" else seeds):
                step = Step(selector, {"budget": budget, **values})
                asked = dataclasses.replace(recipe, seed=seed, selectors=(step,))
                focus = project.submit_run("t0", asked, f"{name} {budget} {seed}", device="cpu").result().focus
                assert focus is not None
                tasks = [r.labels[0] for r in project.subset_rows(focus[1], 1, budget)]
                points.append({"name": name, "budget": budget, "seed": seed, "tasks": tasks})
    return points


def _agreement(project: Project, subset: int) -> dict[str, Any]:
    """Skills of the run of a subset beside the true tasks: pairs of all records, and what each skill was gone by."""
    run = project.subset(subset).run_id
    data = project.dataset("t0")
    skills = project.browse.column(data.id, "skill")
    tasks = project.browse.column(data.id, "class")
    gone_by = [c.scorer for c in project.score_choices.of_run(run) if c.chosen]
    names = [tasks.names[code] if code >= 0 else "" for code in tasks.values.tolist()]
    return {"skills": skills.values.tolist(), "tasks": names, "gone_by": gone_by}


LEARNT = ("random", "k-center", "skill-quota")
LEARNT_WORDS = (
    "",
    "What is learnt, in the cheap form of `curator compare --set language_model=default`: SmolLM2 stays as it is, its",
    "last layer is fitted to each subset of the first 240 records and judged on 30 % held out, in nats a token, 5",
    "seeds. Skills are k-means of sentence vectors here.",
    "",
    "| selector | records | held-out loss | ahead of random (lower loss) |",
    "|---|---|---|---|",
)


def measure_loss(work: Path, records: int, seeds: int) -> None:
    """Held-out loss of SmolLM2's last layer, fitted to subsets: `curator compare` on a few records."""
    target = work / "loss.json"
    if target.is_file() or not RECORDS.is_file():
        return
    with _pile(work / "few.jsonl", records, {}) as project:
        plan = {"selectors": LEARNT, "budgets": ("20", "60"), "seeds": seeds, "language_model": "default"}
        trial = project.trials.submit("compare", "few", plan, "few", device="cpu").result().focus
        assert trial is not None
        project.trials.export(trial[1], target)


def loss_section(work: Path) -> list[str]:
    """What a last layer learns from a few records, in nats a token."""
    file = work / "loss.json"
    if not file.is_file():
        return []
    found = json.loads(file.read_text())
    lines = [*LEARNT_WORDS]
    for line in found["lines"]:
        loss, ahead = line["measures"]["loss"], line["ahead"]
        words = ""
        if ahead:
            words = f"{ahead['difference']:+.3f} [{ahead['low']:+.3f}, {ahead['high']:+.3f}], p {ahead['p']:.2g}"
        lines.append(f"| {line['selector']} | {line['size']} | {loss['mean']:.3f} ({loss['error']:.3f}) | {words} |")
    return lines


def records_section(work: Path) -> list[str]:
    """Agreement with the tasks, then coverage of rare ones."""
    file = work / "records.json"
    if not file.is_file():
        return ["Not measured."]
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    found = json.loads(file.read_text())
    skills, tasks = np.array(found["skills"]), np.array(found["tasks"])
    fine = (skills >= 0) & (tasks != "")
    mixed = np.random.default_rng(0).permutation(skills[fine])
    scores = (normalized_mutual_info_score, adjusted_rand_score)
    nmi, ari = (f(tasks[fine], skills[fine]) for f in scores)
    by_chance = normalized_mutual_info_score(tasks[fine], mixed)
    counts = {name: found["gone_by"].count(name) for name in NUMBERS}
    lines = [
        f"{int(fine.sum()):,} records of {len(np.unique(tasks[fine]))} tasks in {len(np.unique(skills[fine]))} skills."
        f" Skills beside tasks: NMI {nmi:.3f} (skills dealt out at random: {by_chance:.3f}), ARI {ari:.3f}. The score"
        f" of highest entropy was {', '.join(f'{name} in {n}' for name, n in counts.items() if n)} skills.",
        "",
        *_records_table(found["points"], [str(t) for t in tasks[fine]]),
    ]
    return lines


def _records_table(points: list[dict[str, Any]], pile: list[str]) -> list[str]:
    budgets = sorted({p["budget"] for p in points})
    every = sorted(set(pile))
    rare = sorted(every, key=lambda t: (pile.count(t), t))[:4]
    held = sum(t in rare for t in pile)
    lines = [
        f"“Rare” are {', '.join(rare)}: {held} of {len(pile):,} records, so chance gives"
        f" {' and '.join(f'{b * held / len(pile):.1f} of {b}' for b in budgets)}. Balance is the entropy of the tasks"
        f" over its greatest value ({_balance(pile, len(every)):.3f} for the pile).",
        "",
        f"| selector | {' | '.join(f'rare of {b}, balance' for b in budgets)} |",
        f"|---|{'---|' * len(budgets)}",
    ]
    for name in CHAINS:
        cells = []
        for budget in budgets:
            mine = [p["tasks"] for p in points if p["name"] == name and p["budget"] == budget]
            share = summary([sum(t in rare for t in tasks) for tasks in mine])
            even = summary([_balance(tasks, len(every)) for tasks in mine])
            spread = f" ({share.error:.1f})" if share.count > 1 else ""
            cells.append(f"{share.mean:.1f}{spread}, {even.mean:.3f}")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def _balance(tasks: list[str], groups: int) -> float:
    p = np.array([tasks.count(t) for t in set(tasks)]) / len(tasks)
    return float(-(p * np.log(p)).sum() / np.log(groups))
