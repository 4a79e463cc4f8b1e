"""Scorers and encoders of a language model: shared passes, resumed after a kill, grown with the pile."""

import json

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

from curator.engine.errors import Cancelled, NotReadyError
from curator.engine.language import passes
from curator.engine.project import Project
from curator.engine.recipe import Recipe
from curator.engine.registry import registry
from curator.engine.task import Task
from curator.engine.types import Inputs

registry().discover()
SCORERS = ("grand", "perplexity", "token-entropy", "el2n", "ifd")


class Reader:
    kind = "instruction"

    def __init__(self, records):
        self._records = records

    def records(self, rows):
        return (self._records[r] for r in rows)

    def texts(self, rows):
        return ("" for _ in rows)

    def image_paths(self, rows):
        return (() for _ in rows)


def inputs(records):
    return Inputs(len(records), np.arange(len(records)), samples=Reader(records))


def scorer(name, folder, **more):
    return registry().get("scorer", name).make({"model": str(folder), **more})


@pytest.mark.parametrize("name", SCORERS)
def test_one_value_a_record_and_none_without_a_response(name, tiny_folder, records):
    found = scorer(name, tiny_folder).score(inputs(records), Task())
    assert found.dtype == np.float32 and found.shape == (12,)
    assert np.flatnonzero(~np.isfinite(found)).tolist() == [4]
    assert np.array_equal(found, scorer(name, tiny_folder).score(inputs(records), Task()), equal_nan=True)
    assert not len(scorer(name, tiny_folder).score(inputs([]), Task()))


def test_definitions(tiny_folder, records):
    values = {name: scorer(name, tiny_folder).score(inputs(records), Task()) for name in SCORERS}
    kept = np.arange(12) != 4
    assert (values["perplexity"][kept] >= 1).all()
    assert (values["el2n"][kept] <= 2**0.5).all()
    assert (values["grand"][kept] > 0).all()
    assert (values["token-entropy"][kept] <= np.log(28)).all()


@pytest.mark.parametrize("name", SCORERS)
def test_cancel_is_heard(name, tiny_folder, records):
    with pytest.raises(Cancelled):
        scorer(name, tiny_folder).score(inputs(records), Task(cancelled=lambda: True))


def test_what_is_missing_is_said(tmp_path):
    with pytest.raises(NotReadyError, match=r"nowhere|cannot be reached|not on this machine"):
        scorer("perplexity", "org/nowhere-at-all").score(inputs(["{}"]), Task())
    ready, reason = registry().get("encoder", "gradient").make({"model": "org/nowhere-at-all"}).available()
    assert not ready and "org/nowhere-at-all" in reason


RECIPE = """
name = "language"
[encoder]
name = "{encoder}"
{width}
model = '{model}'
[clusterer]
name = "kmeans"
k = 2
[[scorers]]
name = "perplexity"
model = '{model}'
[[scorers]]
name = "grand"
model = '{model}'
[[scorers]]
name = "ifd"
model = '{model}'
[[selectors]]
name = "multi-way"
budget = 6
"""


def recipe(folder, encoder="gradient", width=32):
    width = f"width = {width}" if encoder == "gradient" else ""
    return Recipe.from_toml(RECIPE.format(model=folder.as_posix(), encoder=encoder, width=width))


@pytest.fixture
def project(tmp_path, records):
    (tmp_path / "a.jsonl").write_text("\n".join(records[:8]), encoding="utf-8")
    (tmp_path / "b.jsonl").write_text("\n".join(records[8:]), encoding="utf-8")
    with Project.create(tmp_path / "p.curator") as made:
        made.submit_import([tmp_path / "a.jsonl"], "pile").result()
        yield made


@pytest.fixture
def counted(monkeypatch):
    """How many records each kind of pass has computed."""
    seen = {}

    def counting(kind):
        of = kind.of

        def count(self, batch, slots):
            seen[kind.__name__] = seen.get(kind.__name__, 0) + len(batch.items)
            return of(self, batch, slots)

        monkeypatch.setattr(kind, "of", count)

    for kind in (passes.ResponsePass, passes.GradientPass, passes.HiddenPass):
        counting(kind)
    return seen


def test_one_pass_for_vectors_and_scores_and_only_new_records_later(project, tiny_folder, tmp_path, counted):
    project.submit_run("pile", recipe(tiny_folder)).result()
    assert counted == {"GradientPass": 7, "ResponsePass": 7}  # seven have a response; the second reads them alone
    project.submit_run("pile", recipe(tiny_folder), "again").result()
    assert counted == {"GradientPass": 7, "ResponsePass": 7}
    project.submit_import([tmp_path / "b.jsonl"], "pile").result()
    changes = project.submit_run("pile", recipe(tiny_folder), "more").result()
    assert counted == {"GradientPass": 11, "ResponsePass": 11}
    subset = project.subset(changes.focus[1])
    assert {c.scorer for c in project.score_choices.of_run(subset.run_id)} == {"perplexity", "grand", "ifd"}
    assert subset.size == 6


def test_a_stop_in_the_middle_loses_nothing_finished(project, tiny_folder, monkeypatch, counted):
    whole = project.submit_run("pile", recipe(tiny_folder, width=16), "whole").result()
    monkeypatch.setattr("curator.engine.language.reading.CPU_ROWS", 1)
    monkeypatch.setattr("curator.engine.arrays.FLUSH_EVERY_S", 0.0)
    compute = passes.GradientPass.compute
    calls = []

    def stopping(self, items, check=lambda: None):
        calls.append(1)
        if len(calls) == 6:
            raise Cancelled
        return compute(self, items, check)

    monkeypatch.setattr(passes.GradientPass, "compute", stopping)
    with pytest.raises(Cancelled):
        project.submit_run("pile", recipe(tiny_folder, width=48), "stopped").result()
    monkeypatch.setattr(passes.GradientPass, "compute", compute)
    before = counted["GradientPass"]
    project.submit_run("pile", recipe(tiny_folder, width=48), "resumed").result()
    assert counted["GradientPass"] - before <= 5
    assert project.subset(whole.focus[1]).size == project.subset("resumed").size == 6


def test_hidden_states_are_an_encoder_too(project, tiny_folder, counted):
    found = project.submit_run("pile", recipe(tiny_folder, "hidden-states")).result()
    assert project.subset(found.focus[1]).size == 6
    assert counted["HiddenPass"] == 8
    assert project.contents().embeddings[0].dims == 16


def test_a_record_without_a_response_has_no_gradient_and_is_said(project, tiny_folder):
    project.submit_run("pile", recipe(tiny_folder)).result()
    problems = [s.problem for s in project.samples(1)]
    assert [bool(p) for p in problems] == [i == 4 for i in range(8)]
    assert "no response" in problems[4]


def test_conversations():
    from curator.engine.language import read_conversation

    def read(**record):
        return read_conversation(json.dumps(record))

    assert read(system="be", instruction="add", input="1 2", output="3").turns == (
        ("system", "be"),
        ("user", "add\n1 2"),
    )
    assert read(text="plain").turns == () and read(text="plain").response == "plain"
    turns = [{"from": "human", "value": "what"}, {"from": "gpt", "value": "cat"}, {"from": "human", "value": "x"}]
    assert read(conversations=turns).turns == (("user", "what"),)
    assert read(conversations=turns).response == "cat"
    assert read(messages=[{"role": "user", "content": "hi"}]).response == ""
    assert read(instruction="a", history=[["q", "r"]], output="b").turns[1] == ("assistant", "r")
    assert read_conversation("not json", "some text").response == "some text"
