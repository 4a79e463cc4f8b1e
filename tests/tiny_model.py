"""A tiny random language model, made here and saved like any other."""

import json
import warnings

import pytest

SENTENCE = "the a to translate add numbers cat dog runs blue red sky one two three is of and summary page line"
WORDS = SENTENCE.split()
TEMPLATE = (
    "{% for m in messages %}<{{ m.role }}> {{ m.content }} <end> {% endfor %}"
    "{% if add_generation_prompt %}<assistant> {% endif %}"
)
SEEING = (
    "{% for m in messages %}<{{ m.role }}> {% for c in m.content %}"
    "{% if c.type == 'image' %}<image> {% else %}{{ c.text }} {% endif %}{% endfor %}<end> {% endfor %}"
    "{% if add_generation_prompt %}<assistant> {% endif %}"
)


def made_tokenizer(more=()):
    """A tokenizer of whole words, with ``more`` special ones."""
    tokenizers = pytest.importorskip("tokenizers")
    from transformers import PreTrainedTokenizerFast

    special = ["<pad>", "<bos>", "<unk>", "<user>", "<assistant>", "<system>", "<end>", *more]
    vocabulary = {word: i for i, word in enumerate([*special, *WORDS])}
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="<unk>"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="<pad>", bos_token="<bos>", unk_token="<unk>", chat_template=TEMPLATE,
        additional_special_tokens=list(more),
    )  # fmt: skip


def randomise(model):
    """Weights that say something: as initialised, all next tokens are nearly alike."""
    import torch

    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.3)


def saved(folder, *parts):
    """The folder with a model and what belongs to it, as a user would have it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for part in parts:
            part.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory):
    """A folder as transformers saves it: a Llama of two layers with random weights, and a tokenizer of words."""
    pytest.importorskip("transformers")
    pytest.importorskip("accelerate")
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = made_tokenizer()
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=16, intermediate_size=24, num_hidden_layers=3, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=512, attention_bias=True, pad_token_id=0, bos_token_id=1,
    )  # fmt: skip
    torch.manual_seed(0)
    model = LlamaForCausalLM(config)
    randomise(model)
    return saved(tmp_path_factory.mktemp("tiny"), model, tokenizer)


@pytest.fixture(scope="session")
def tiny(tiny_folder):
    """The tiny model in memory."""
    from curator.engine.language.loading import load
    from curator.engine.language.source import ModelSource

    return load(ModelSource(tiny_folder), "tiny", "float32", "cpu")


@pytest.fixture(scope="session")
def records():
    """Twelve alpaca records of different lengths; the fifth has no response."""
    found = []
    for i in range(12):
        asked = " ".join(WORDS[(i * 5 + j) % len(WORDS)] for j in range(2 + 3 * (i % 4)))
        said = "" if i == 4 else " ".join(WORDS[(i * 7 + j * 3) % len(WORDS)] for j in range(1 + i % 5))
        found.append(json.dumps({"instruction": asked, "output": said}))
    return found


@pytest.fixture(scope="session")
def vision_folder(tmp_path_factory):
    """A Llava of two small layers with random weights, as transformers saves it."""
    pytest.importorskip("transformers")
    import torch
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
    randomise(model)
    processor = LlavaProcessor(
        CLIPImageProcessor(size={"height": 16, "width": 16}, crop_size={"height": 16, "width": 16}),
        tokenizer, patch_size=8, vision_feature_select_strategy="default", chat_template=SEEING,
        num_additional_image_tokens=1,
    )  # fmt: skip
    return saved(tmp_path_factory.mktemp("vision"), model, processor)
