"""A language model in memory, with its tokenizer. Loads torch and transformers."""

from __future__ import annotations

import contextlib
import importlib
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from curator.engine.device import mend_torchvision
from curator.engine.hub import no_network
from curator.engine.language.gguf_files import read_once
from curator.engine.language.source import ModelSource


@dataclass(frozen=True)
class LanguageModel:
    """A causal language model, ready to compute; no parameter asks for a gradient.

    Attributes:
        layers: the list of its transformer blocks.
        lock: to be held while the tokenizer is used, which threads cannot share.
    """

    model: Any
    tokenizer: Any
    device: str
    layers: Any
    lock: Any = field(default_factory=threading.Lock)

    def middle(self, layer: int = -1) -> int:
        """A layer by number; -1 is the middle one. Numbers beyond the last are the last."""
        return min(layer, len(self.layers) - 1) if layer >= 0 else len(self.layers) // 2


@lru_cache(maxsize=1)
def load(source: ModelSource, identity: str, dtype: str, device: str) -> LanguageModel:
    """The model behind ``source``; the latest one stays in memory, because encoder and scorers of a Run share it.

    ``identity`` is not used to load, but makes a changed file a new model.
    """
    import torch

    mend_torchvision()  # transformers imports it where it is installed
    from transformers import AutoModelForCausalLM, AutoTokenizer

    options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    if source.gguf:
        options["gguf_file"] = source.gguf
    with quiet(), no_network(True), read_once() if source.gguf else contextlib.nullcontext():
        tokenizer = AutoTokenizer.from_pretrained(str(source.folder), **options)
        model = AutoModelForCausalLM.from_pretrained(str(source.folder), dtype=getattr(torch, dtype), **options)
    return wrap(model, tokenizer, device)


def wrap(model: Any, tokenizer: Any, device: str = "cpu") -> LanguageModel:
    """A model that is in memory already, in evaluation mode on ``device``."""
    model = model.eval().requires_grad_(False).to(device)
    return LanguageModel(model, tokenizer, device, blocks_of(model))


def blocks_of(model: Any) -> Any:
    """The list of transformer blocks: the longest list of modules (an image tower stands outside the decoder)."""
    import torch

    decoder = model.get_decoder() if hasattr(model, "get_decoder") else model
    lists = [m for m in (decoder or model).modules() if isinstance(m, torch.nn.ModuleList)]
    return max(lists, key=len)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Inside, transformers draws no bars and its remarks about file formats stay unsaid."""
    from transformers.utils import logging

    gguf: Any = importlib.import_module("transformers.modeling_gguf_pytorch_utils")
    bar, gguf.tqdm = gguf.tqdm, lambda items, **_: items  # this one knows no switch
    bars = logging.is_progress_bar_enabled()
    level = logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        gguf.tqdm = bar
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
