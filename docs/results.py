"""Measure the two methods against their rivals and write ``docs/results.md``.

Run from the root of a checkout: ``python docs/results.py WORK`` measures what WORK does not hold yet, then writes the
page; ``--only digits`` measures one pile. WORK keeps every figure as JSON, so a stopped run goes on. The piles beside
scikit-learn's digits come from ``../shared/data`` and are left out where that is absent.
"""

from __future__ import annotations

import argparse
import json
import os
import tarfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import results_adapt

from curator.engine.project import Project
from curator.engine.registry import registry
from curator.engine.simulating import Loop, Pile, run_loop
from curator.engine.spread import paired, summary

HERE = Path(__file__).parent
SHARED = HERE.parents[1] / "shared" / "data" / "images"
SELECTORS = ("pcoreset", "random", "entropy", "margin", "badge", "class-balanced", "k-center")
ROUNDS = 8


# ---- digits: the protocol of the pilot ----------------------------------------------------------------------------


def digits_pile(seed: int, tailed: bool) -> Pile:
    """8 x 8 digits over 16; the teacher has seen 15 images of six classes and one of each other, at 4 x 4 pixels."""
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import train_test_split

    data = load_digits()
    x, y = (data.data / 16).astype(np.float32), data.target.astype(np.int32)
    pool, test = train_test_split(np.arange(len(y)), test_size=0.4, random_state=seed, stratify=y)
    rng = np.random.default_rng(seed)
    small = data.images.reshape(-1, 4, 2, 4, 2).mean(axis=(2, 4)).reshape(-1, 16) / 16
    known = rng.permutation(10)[:6]
    taught = np.concatenate([rng.permutation(pool[y[pool] == c])[: 15 if c in known else 1] for c in range(10)])
    teacher = LogisticRegression(C=10, max_iter=5000).fit(small[taught], y[taught])
    logits = teacher.decision_function(small).astype(np.float32)
    if tailed:
        order = rng.permutation(pool)
        keep = [order[y[order] == c] for c in range(10)]
        pool = np.concatenate([rows[: max(6, round(len(rows) * 0.04 ** (c / 9)))] for c, rows in enumerate(keep)])
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    return Pile(x, unit, y, np.sort(pool).astype(np.int64), np.sort(test), logits, tuple("0123456789"))


def measure_digits(work: Path, seeds: int, rounds: int) -> None:
    """Both variants, every selector and seed; and round 0 without distillation."""
    for tailed in (False, True):
        name = f"digits-{'tail' if tailed else 'even'}"
        for seed in range(seeds):
            pile = digits_pile(seed, tailed)
            once(work, f"{name}-teacher", seed, lambda p=pile: teacher_points(p))
            alone = Loop(rounds=0, batch=10, distil=0.0)
            once(work, f"{name}-alone", seed, lambda p=pile, n=seed, o=alone: curve(p, o, "pcoreset", n))
            for selector in SELECTORS:
                loop = Loop(rounds=rounds, batch=10)
                once(work, f"{name}-{selector}", seed, lambda p=pile, s=selector, n=seed, o=loop: curve(p, o, s, n))


def teacher_points(pile: Pile) -> list[dict[str, float]]:
    """The teacher's own accuracy, and how many classes it ever says."""
    assert pile.teacher is not None
    said = pile.teacher[pile.test].argmax(axis=1)
    return [{"accuracy": float((said == pile.y[pile.test]).mean()), "classes": len(np.unique(said))}]


def curve(pile: Pile, loop: Loop, selector: str, seed: int) -> list[dict[str, float]]:
    """One run of the loop as plain values."""
    found = []
    for point in run_loop(pile, loop, selector, seed):
        m = point.measures
        found.append(
            {"spent": m.spent, "accuracy": m.accuracy, "balanced": m.balanced, "error": m.error, "spread": m.spread}
        )
    return found


def once(work: Path, name: str, seed: int, make: Any) -> None:
    """Measure and keep, unless it is kept already."""
    file = work / f"{name}-{seed}.json"
    if not file.is_file():
        started = time.process_time()
        value = {"points": make(), "seconds": time.process_time() - started}
        file.with_suffix(".new").write_text(json.dumps(value))
        file.with_suffix(".new").replace(file)
        print(f"{name} seed {seed}: {value['seconds']:.1f} s of CPU", flush=True)


# ---- piles of pictures, through `curator simulate` -----------------------------------------------------------------

PILES: dict[str, dict[str, Any]] = {
    "cifar10": {"archive": "cifar10-dev.tar", "each": 100, "plan": {"teacher": "zero-shot", "encoder": "tiny-clip"}},
    "emoji": {
        "archive": "emoji-noto-64.tar",
        "each": 120,
        "plan": {
            "teacher": "probe",
            "encoder": "tiny-clip",
            "known": ("Animals & Nature", "Food & Drink", "Smileys & Emotion"),
            "templates": "an emoji of {}.",
        },
    },
}
PICTURE_SELECTORS = ("pcoreset", "random", "entropy", "margin")


def unpack(name: str, folder: Path) -> None:
    """Up to so many pictures of each class, in class folders, in the order of their names."""
    counts: dict[str, int] = {}
    with tarfile.open(SHARED / PILES[name]["archive"]) as archive:
        members = sorted((m for m in archive.getmembers() if m.isfile()), key=lambda m: m.name)
        classes = _emoji_classes(archive) if name == "emoji" else {}
        for member in members:
            path = Path(member.name)
            label = classes.get(path.name, "") if name == "emoji" else path.parent.name
            if not label or path.suffix == ".jsonl" or counts.get(label, 0) >= PILES[name]["each"]:
                continue
            counts[label] = counts.get(label, 0) + 1
            target = folder / label / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            content = archive.extractfile(member)
            assert content is not None
            target.write_bytes(content.read())


def _emoji_classes(archive: tarfile.TarFile) -> dict[str, str]:
    """File name -> category, without the variants of skin."""
    table = archive.extractfile("emoji-noto-64/metadata.jsonl")
    assert table is not None
    rows = [json.loads(line) for line in table.read().decode().splitlines()]
    return {r["file_name"]: r["category"] for r in rows if not r.get("skin")}


def measure_pile(work: Path, name: str, seeds: int, rounds: int) -> None:
    """Simulate on one pile and keep every point."""
    target = work / f"{name}.json"
    if target.is_file() or not (SHARED / PILES[name]["archive"]).is_file():
        return
    started = time.process_time()
    place = work / f"{name}.curator"
    with Project.open(place) if place.is_dir() else Project.create(place) as project:
        if not project.contents().datasets:
            unpack(name, work / name)
            project.submit_import([work / name], name).result()
        plan = {
            **PILES[name]["plan"], "selectors": PICTURE_SELECTORS, "seeds": seeds, "rounds": rounds, "holdout": 0.4,
        }  # fmt: skip
        trial = project.trials.submit("simulate", name, plan, name, device="cpu").result().focus
        assert trial is not None
        project.trials.export(trial[1], target)
    print(f"{name}: {time.process_time() - started:.0f} s of CPU", flush=True)


# ---- the page ------------------------------------------------------------------------------------------------------


def series(work: Path, name: str) -> list[list[dict[str, float]]]:
    """Curves by seed."""
    files = sorted(work.glob(f"{name}-[0-9]*.json"), key=lambda f: int(f.stem.rsplit("-", 1)[1]))
    return [json.loads(f.read_text())["points"] for f in files]


def mean_rounds(curves: list[list[dict[str, float]]], key: str = "accuracy") -> list[float]:
    """Mean over rounds 1 to the last, by seed."""
    return [float(np.mean([p[key] for p in c[1:]])) for c in curves]


def percent(values: list[float]) -> str:
    """Mean and standard error in percent."""
    found = summary(values)
    return f"{100 * found.mean:.1f}" + (f" ({100 * found.error:.1f})" if found.count > 1 else "")


def digits_section(work: Path) -> list[str]:
    """Tables of both variants."""
    lines = []
    for name, title in (("digits-even", "Balanced pool"), ("digits-tail", "Long tail")):
        teacher = series(work, f"{name}-teacher")
        seeds = len(series(work, f"{name}-random"))
        measured = [s for s in SELECTORS if seeds and len(series(work, f"{name}-{s}")) >= seeds]
        if not teacher or "random" not in measured:
            continue
        last = len(series(work, f"{name}-random")[0]) - 1
        shown = [2, 5, last]
        said = summary([t[0]["classes"] for t in teacher]).mean
        lines += [
            f"### {title}, {seeds} seeds",
            "",
            f"Teacher: {percent([t[0]['accuracy'] for t in teacher])} % right, says {said:.1f} of 10 classes.",
            "",
            f"| selector | {' | '.join(f'round {r}' for r in shown)} | mean | ahead of random | spread of labels |",
            "|---|---|---|---|---|---|---|",
        ]
        base = mean_rounds(series(work, f"{name}-random"))
        for selector in measured:
            curves = series(work, f"{name}-{selector}")[:seeds]
            at = [percent([c[r]["accuracy"] for c in curves]) for r in shown]
            mean = mean_rounds(curves)
            ahead = "" if selector == "random" else _ahead(mean, base)
            spread = summary([c[-1]["spread"] for c in curves]).mean
            lines.append(f"| {selector} | {' | '.join(at)} | {percent(mean)} | {ahead} | {spread:.1f} |")
        lines.append("")
    return lines


def _ahead(one: list[float], other: list[float]) -> str:
    found = paired(one, other)
    return f"{100 * found.difference:+.1f} [{100 * found.low:+.1f}, {100 * found.high:+.1f}], p {found.p:.2g}"


VARIANTS = ("digits-even", "digits-tail")


def criteria(work: Path) -> list[str]:
    """R1 to R5 with what came out."""
    lines = ["| | criterion | balanced | long tail | met |", "|---|---|---|---|---|"]
    lines.append(_row("R1", "PCoreSet ahead of random by 2 points", _leads(work, "random"), 2.0))
    lines.append(_row("R2", "PCoreSet ahead of entropy by 1.5 points", _leads(work, "entropy"), 1.5))
    lines.append(_row("R3", "labels a class less uneven than entropy's (standard deviation)", _spreads(work), 1e-9))
    for rival in ("badge", "class-balanced"):
        lines.append(_row("R4", f"PCoreSet at least level with {rival}", _leads(work, rival), 0.0))
    gains = [_difference(work, name, "pcoreset", "alone", lambda c: c[0]["accuracy"]) for name in VARIANTS]
    lines.append(_row("R5", "distillation gains 5 points at round 0", gains, 5.0))
    shown = {rival: _leads(work, rival) for rival in ("margin", "k-center")}
    words = [f"{rival} {_points(v[0])} (balanced), {_points(v[1])} (long tail)" for rival, v in shown.items()]
    lines += ["", f"For the record, PCoreSet minus {'; minus '.join(words)}."]
    for name, title, pilot in zip(
        VARIANTS, ("balanced", "long tail"), ("72.7 against 60.8", "71.7 against 63.5"), strict=True
    ):
        both = [[c[0]["accuracy"] for c in series(work, f"{name}-{s}")] for s in ("pcoreset", "alone")]
        if all(both):
            text = f"Round 0, {title}, with and without distillation: {percent(both[0])} against {percent(both[1])}"
            lines += ["", f"{text} (the pilot: {pilot})."]
    return lines


def _leads(work: Path, rival: str) -> list[float]:
    """How far PCoreSet is ahead of ``rival``, in points, for both variants; NaN where it was not measured."""
    return [
        _difference(work, n, "pcoreset", rival, lambda c: np.mean([p["accuracy"] for p in c[1:]])) for n in VARIANTS
    ]


def _difference(work: Path, name: str, one: str, other: str, value: Any) -> float:
    """Mean difference over the seeds that both have, in points."""
    pairs = list(zip(series(work, f"{name}-{one}"), series(work, f"{name}-{other}"), strict=False))
    return 100 * float(np.mean([value(a) - value(b) for a, b in pairs])) if pairs else float("nan")


def _spreads(work: Path) -> list[float]:
    return [_difference(work, n, "entropy", "pcoreset", lambda c: c[-1]["spread"]) / 100 for n in VARIANTS]


def _row(key: str, words: str, values: list[float], low: float) -> str:
    met = ["not measured" if np.isnan(v) else "yes" if v >= low else "no" for v in values]
    return f"| {key} | {words} | {_points(values[0])} | {_points(values[1])} | {' / '.join(met)} |"


def _points(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:+.1f}"


def pile_section(work: Path, name: str) -> list[str]:
    """One table of a pile of pictures."""
    file = work / f"{name}.json"
    if not file.is_file():
        return []
    found = json.loads(file.read_text())
    by = {(line["selector"], line["size"]): line for line in found["lines"]}
    sizes = sorted({size for _, size in by if size})
    shown = [sizes[0], sizes[len(sizes) // 2], sizes[-1]]
    seeds = len({p["seed"] for p in found["points"]})
    lines = [
        f"### {name}, {seeds} seeds",
        "",
        f"| selector | {' | '.join(f'{s} labels' for s in shown)} | mean of rounds | ahead of random | calibration |",
        "|---|---|---|---|---|---|---|",
    ]
    for selector in (s for s in PICTURE_SELECTORS if (s, 0) in by):
        at = [_mean_and_error(by[selector, s]["measures"]["accuracy"]) for s in shown if (selector, s) in by]
        whole = by[selector, 0]
        ahead = whole["ahead"]
        words = ""
        if ahead:
            low, high = 100 * ahead["low"], 100 * ahead["high"]
            words = f"{100 * ahead['difference']:+.1f} [{low:+.1f}, {high:+.1f}], p {ahead['p']:.2g}"
        error = whole["measures"]["calibration"]["mean"]
        mean = _mean_and_error(whole["measures"]["accuracy"])
        lines.append(f"| {selector} | {' | '.join(at)} | {mean} | {words} | {error:.3f} |")
    return [*lines, ""]


def _mean_and_error(found: dict[str, Any]) -> str:
    return f"{100 * found['mean']:.1f} ({100 * (found['error'] or 0):.1f})"


def write(work: Path) -> None:
    """The page, from what WORK holds."""
    template = (HERE / "results.template.md").read_text(encoding="utf-8")
    pictures = [line for name in PILES for line in pile_section(work, name)]
    text = template.replace("{digits}", "\n".join(digits_section(work))).replace(
        "{criteria}", "\n".join(criteria(work))
    )
    text = text.replace("{pictures}", "\n".join(pictures).rstrip() or "Not measured.")
    growth = {m: series(work, f"grow-{m}") for m in results_adapt.METHODS}
    text = text.replace("{growth}", "\n".join(results_adapt.growth_section({m: c for m, c in growth.items() if c})))
    text = text.replace("{records}", "\n".join(results_adapt.records_section(work)))
    text = text.replace("{loss}", "\n".join(results_adapt.loss_section(work)))
    (HERE / "results.md").write_text(text, encoding="utf-8")


def main() -> None:
    """Measure what is missing, then write."""
    parser = argparse.ArgumentParser(description="Measure the methods against their rivals and write docs/results.md.")
    parser.add_argument("work", type=Path, help="folder that keeps the figures")
    parser.add_argument(
        "--only", choices=("digits", *PILES, "growth", "records", "loss", "page"), help="measure one pile only"
    )
    parser.add_argument("--seeds", type=int, default=3, help="for the digits")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="for the digits; 15 in the pilot")
    parser.add_argument("--picture-seeds", type=int, default=3)
    parser.add_argument("--picture-rounds", type=int, default=5)
    parser.add_argument("--growth-seeds", type=int, default=8, help="for the pile of digits that grows")
    parser.add_argument("--records", type=int, default=2000, help="instruction records that the language model reads")
    parser.add_argument("--record-seeds", type=int, default=3)
    args = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    os.nice(10)
    registry().discover()
    args.work.mkdir(parents=True, exist_ok=True)
    if args.only in (None, "digits"):
        measure_digits(args.work, args.seeds, args.rounds)
    for name in PILES:
        if args.only in (None, name):
            measure_pile(args.work, name, args.picture_seeds, args.picture_rounds)
    if args.only in (None, "growth"):
        results_adapt.measure_growth(args.work, args.growth_seeds, once)
    if args.only in (None, "records"):
        results_adapt.measure_records(args.work, args.records, args.record_seeds, (100, 400))
    if args.only in (None, "loss"):
        results_adapt.measure_loss(args.work, 240, 5)
    write(args.work)


if __name__ == "__main__":
    main()
