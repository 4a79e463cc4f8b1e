"""Influence on reverse sets against the simulations that IDEAL publishes; then selectors on a big pile."""

from __future__ import annotations

import time

import click
import numpy as np
from synthetic import Peak, classes, report, timed

from curator.engine.registry import registry
from curator.engine.task import Progress, Task
from curator.engine.types import Inputs
from curator.engine.vectors import Centred, ReverseSets, neighbour_lists, passing_chances, share_reached


def cascade(lists: list, chances: list, begin: set, rng: np.random.Generator) -> int:
    """Rows that one simulated cascade reaches."""
    reached, active = set(begin), list(begin)
    while active:
        row = active.pop()
        for end, chance in zip(lists[row], chances[row], strict=True):
            if end not in reached and rng.random() < chance:
                reached.add(end)
                active.append(end)
    return len(reached)


def simulated(lists: np.ndarray, chances: np.ndarray, picks: int, runs: int, seed: int) -> list[int]:
    """Greedy as published: for each pick, every candidate is simulated ``runs`` times."""
    rng = np.random.default_rng(seed)
    ends, ps, chosen = lists.tolist(), chances.tolist(), []
    for _ in range(picks):
        mean = [
            -1.0 if row in chosen else sum(cascade(ends, ps, {*chosen, row}, rng) for _ in range(runs)) / runs
            for row in range(len(ends))
        ]
        chosen.append(int(np.argmax(mean)))
    return chosen


def small(n: int, width: int, picks: int, runs: int, seed: int) -> None:
    """The same aim both ways on the same graph; what is reached is measured on fresh sets."""
    x = classes(n, width, seed)
    made = registry().get("selector", "ideal").make({"budget": picks})
    inputs = Inputs(n, np.arange(n), vectors=x, seed=seed)
    made.select(inputs, Task())  # so that nothing is loaded while it is timed
    found, seconds = timed(lambda: made.select(inputs, Task()), 3)
    view = Centred(x, inputs.rows)
    lists = neighbour_lists(view, made.neighbours)
    chances = passing_chances(view, lists)
    fresh = ReverseSets(lists, chances, np.random.default_rng(seed + 1))
    drawing = timed(lambda: fresh.draw(200_000))[1]
    sets = fresh.part(0, fresh.drawn)
    figures = {
        "reached": n * share_reached(sets, found.rows, n),
        "random_reached": n * share_reached(sets, np.arange(picks), n),
        "said": float(np.nansum(found.gains)), "mean_set": fresh.held / fresh.drawn, "sets_200k_seconds": drawing,
    }  # fmt: skip
    if runs:
        theirs, peer = timed(lambda: simulated(lists, chances, picks, runs, seed))
        figures |= {"peer_seconds": peer, "ratio": peer / seconds}
        figures["peer_reached"] = n * share_reached(sets, np.array(theirs), n)
    report(benchmark="influence, small", n=n, width=width, picks=picks, seconds=seconds, runs=runs, **figures)


def large(name: str, n: int, width: int, picks: int, seed: int) -> None:
    """One selector on a big pile, and how long it spent under each label."""
    scores = {"made up": np.random.default_rng(seed).exponential(size=n).astype(np.float32)}
    inputs = Inputs(n, np.arange(n), vectors=classes(n, width, seed), scores=scores, seed=seed)
    spent: dict[str, float] = {}
    last = [time.perf_counter(), "start"]
    said: list[str] = []

    def heard(progress: Progress) -> None:
        now = time.perf_counter()
        spent[last[1]] = spent.get(last[1], 0.0) + now - last[0]
        last[:] = [now, progress.label]

    made = registry().get("selector", name).make({"budget": picks})
    with Peak() as peak:
        found, seconds = timed(lambda: made.select(inputs, Task(on_progress=heard, on_log=said.append)))
    spent[last[1]] = spent.get(last[1], 0.0) + time.perf_counter() - last[0]
    report(
        benchmark=name, n=n, width=width, picks=picks, seconds=seconds, peak_mb=peak.mb, said=said,
        spent={k: round(v, 2) for k, v in spent.items()}, gains=[float(g) for g in found.gains[[0, -1]]],
    )  # fmt: skip


@click.command()
@click.option("--few", default=1000, help="Samples of the comparison; 0 = no comparison.")
@click.option("--n", default=100_000, help="Samples of the big pile; 0 = none.")
@click.option("--width", default=256)
@click.option("--picks", default=18)
@click.option("--many", default=1000, help="Picks from the big pile.")
@click.option("--runs", default=10, help="Simulations of each candidate; 0 = no peer.")
@click.option("--seed", default=0)
@click.option("--selectors", default="ideal,d2,vote-k")
def main(few: int, n: int, width: int, picks: int, many: int, runs: int, seed: int, selectors: str) -> None:
    """Print one JSON line for the comparison and one for each selector."""
    registry().discover()
    if few:
        small(few, width, picks, runs, seed)
    for name in selectors.split(",") if n else []:
        large(name, n, width, many, seed)


if __name__ == "__main__":
    main()
