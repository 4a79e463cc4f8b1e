"""What a picture adds, by a tiny random vision-language model."""

import json
import math
import warnings

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from tiny_model import SENTENCE, made_tokenizer  # noqa: E402

from curator.engine.errors import InputError  # noqa: E402
from curator.engine.registry import registry  # noqa: E402
from curator.engine.task import Task  # noqa: E402
from curator.engine.types import Inputs  # noqa: E402

registry().discover()
TEMPLATE = (
    "{% for m in messages %}<{{ m.role }}> {% for c in m.content %}"
    "{% if c.type == 'image' %}<image> {% else %}{{ c.text }} {% endif %}{% endfor %}<end> {% endfor %}"
    "{% if add_generation_prompt %}<assistant> {% endif %}"
)


@pytest.fixture(scope="module")
def vision_folder(tmp_path_factory):
    from transformers import (
        CLIPImageProcessor,
        CLIPVisionConfig,
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
    )  # fmt: skip

    tokenizer = made_tokenizer(("<image>",))
    count = len(tokenizer)
    vision = CLIPVisionConfig(
        hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2, image_size=16, patch_size=8
    )
    text = LlamaConfig(
        vocab_size=count, hidden_size=16, intermediate_size=24, num_hidden_layers=2,
        num_attention_heads=2, pad_token_id=0,
    )  # fmt: skip
    torch.manual_seed(0)
    model = LlavaForConditionalGeneration(
        LlavaConfig(
            vision_config=vision, text_config=text, image_token_index=tokenizer.convert_tokens_to_ids("<image>")
        )
    )
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.3)
    processor = LlavaProcessor(
        CLIPImageProcessor(size={"height": 16, "width": 16}, crop_size={"height": 16, "width": 16}),
        tokenizer, patch_size=8, vision_feature_select_strategy="default", chat_template=TEMPLATE,
        num_additional_image_tokens=1,
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("vision")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save_pretrained(folder)
        processor.save_pretrained(folder)
    return folder


class Reader:
    kind = "instruction"

    def __init__(self, records, paths):
        self._records, self._paths = records, paths

    def records(self, rows):
        return (self._records[r] for r in rows)

    def texts(self, rows):
        return ("" for _ in rows)

    def image_paths(self, rows):
        return (self._paths[r] for r in rows)


def test_ratio_of_perplexities_with_and_without(vision_folder, tmp_path):
    words = SENTENCE.split()
    noise = np.random.default_rng(0).integers(0, 255, (20, 20, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    records = [json.dumps({"instruction": " ".join(words[:4]), "output": " ".join(words[5 : 6 + i])}) for i in range(4)]
    records.append(json.dumps({"instruction": "the", "output": ""}))
    paths = [(tmp_path / "a.png",)] * 3 + [(), (tmp_path / "a.png",)]
    inputs = Inputs(5, np.arange(5), samples=Reader(records, paths))
    scorer = registry().get("scorer", "image-grounding").make({"model": str(vision_folder)})
    found = scorer.score(inputs, Task())
    assert np.isfinite(found[:3]).all() and (found[:3] > 0).all()
    assert np.isnan(found[3:]).all()
    assert np.array_equal(found, scorer.score(inputs, Task()), equal_nan=True)
    assert np.abs(np.log(found[:3])).max() > 1e-4  # the picture changes something


def test_equal_distributions_give_one(vision_folder, monkeypatch):
    from curator.engine.language import grounding

    monkeypatch.setattr(grounding, "losses", lambda *_: (math.log(2.0), math.log(2.0)))
    monkeypatch.setattr(grounding, "load_vision", lambda *_: None)
    inputs = Inputs(1, np.arange(1), samples=Reader(["{}"], [()]))
    scorer = registry().get("scorer", "image-grounding").make({"model": str(vision_folder)})
    assert scorer.score(inputs, Task())[0] == pytest.approx(1.0)


def test_a_model_of_text_alone_is_refused(tiny_folder):
    inputs = Inputs(1, np.arange(1), samples=Reader(["{}"], [()]))
    scorer = registry().get("scorer", "image-grounding").make({"model": str(tiny_folder)})
    with pytest.raises(InputError, match="no model for pictures"):
        scorer.score(inputs, Task())
