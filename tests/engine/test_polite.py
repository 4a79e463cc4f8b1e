"""A cancel is heard soon at any moment of an import and a run: the engine listens often enough."""

import json
import time

import pytest

from curator.engine.errors import Cancelled
from curator.engine.pipeline import handle
from curator.engine.recipe import load_recipe
from curator.engine.registry import registry
from curator.engine.requests import ImportRequest, RunRequest
from curator.engine.store import Store
from curator.engine.task import Task

PROMISE_S = 0.5


class Ear:
    """Notes how much processor time lies between two questions whether to stop."""

    def __init__(self, stop_after=None):
        self.stop_after, self.asked, self.longest, self.last = stop_after, 0, 0.0, time.process_time()

    def __call__(self):
        now = time.process_time()
        self.longest, self.last = max(self.longest, now - self.last), now
        self.asked += 1
        return self.stop_after is not None and self.asked > self.stop_after


@pytest.fixture
def work(tmp_path):
    """Import and run on a pile of records, each with an ear; the heavy packages are loaded before."""
    registry().discover()
    pile = tmp_path / "pile.jsonl"
    record = {"instruction": "Add {} and {}.", "output": "{}"}
    rows = [{k: v.format(i, i % 37, i + i % 37) for k, v in record.items()} for i in range(1500)]
    pile.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    store = Store.create(tmp_path / "p.curator")
    handle(store, ImportRequest((str(pile),), "warm"), Task())
    recipe = load_recipe("balanced").override("encoder", "lsa", registry())
    run = RunRequest("pile", recipe.override("selector.budget", "60", registry()).to_toml())
    handle(store, RunRequest("warm", run.recipe), Task())
    with store:
        yield store, ImportRequest((str(pile),), "pile"), run


def test_no_half_second_passes_without_listening(work):
    store, bring, run = work
    for request in (bring, run):
        ear = Ear()
        ear.last = time.process_time()
        handle(store, request, Task(cancelled=ear))
        assert ear.longest < PROMISE_S, f"{request.title}: {ear.longest:.2f} s of work without listening"


def test_a_cancel_at_any_question_stops_and_leaves_nothing_half_done(work):
    store, bring, run = work
    handle(store, bring, Task())
    whole = Ear()
    handle(store, run, Task(cancelled=whole))
    made = len(store.subsets())
    for part in (0.0, 0.3, 0.7, 0.95):
        ear = Ear(stop_after=int(part * whole.asked))
        with pytest.raises(Cancelled):
            handle(
                store,
                RunRequest("pile", run.recipe.replace("seed = 0", f"seed = {ear.stop_after + 1}")),
                Task(cancelled=ear),
            )
        assert len(store.subsets()) == made and store.check() == []
