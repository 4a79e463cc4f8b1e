"""A CLIP model of open_clip at work: pictures and texts in, unit rows out, the same bits whatever the batch.

Source: Ilharco et al., OpenCLIP, 2021, doi:10.5281/zenodo.5143773.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from curator.engine.api import Task
from curator.engine.types import Floats
from curator.engine.unit import unit_rows

LARGE = 30_000_000
"""Parameters from which a smaller micro-batch is taken on the CPU, so that one is done in well under a second."""

_PROBE = ["A photo of a Cat, 12.5 % off!", "naïve café - 北京 🎉", "x" * 400]


class ClipSession:
    """An open_clip model with its weights loaded.

    Work is done in micro-batches of a fixed size, the last one filled up, and on the CPU no operation is split over
    threads: a row's bits depend on its content and its place in the micro-batch alone.

    Attributes:
        micro: rows of one micro-batch. The rest is :class:`curator.engine.types.EncoderSession`.
    """

    fits = False
    reads = frozenset({"image", "text"})

    def __init__(self, model: Any, tokenizer: Any, config: dict[str, Any], device: str) -> None:
        import torch

        from curator.engine.device import choose_device, single_threaded

        self._device = choose_device(device)
        self._model = model.eval().requires_grad_(False)
        self._tokenizer = tokenizer
        self._tokenizer_lock = threading.Lock()  # fast tokenizers cannot be shared between threads
        self._shape, self._finish = _preprocessing(model)
        with single_threaded():
            self.identity = _identity(model, tokenizer, config)
            scale = getattr(model, "logit_scale", None)
            self.logit_scale = float("nan") if scale is None else float(scale.detach().float().exp())
        size = sum(p.numel() for p in model.parameters())
        self.micro = 256 if self._device.name != "cpu" else 8 if size >= LARGE else 32
        self._slice = self.micro
        self._model.to(torch.device(self._device.name))
        self.dims = self._run(self._encode_texts, self._tokens(["size"])).shape[1]

    def fit(self, texts: Callable[[], Iterator[str]], count: int, task: Task) -> None:
        """Nothing to learn."""

    def prepare_image(self, image: Any) -> Any:
        """Resize and crop an RGB ``PIL.Image``: uint8 [h, w, 3], or float32 [3, h, w] for unusual preprocessing."""
        import torch

        shaped = self._shape(image)
        return shaped if isinstance(shaped, torch.Tensor) else torch.from_numpy(np.array(shaped))

    def encode_images(self, prepared: list[Any]) -> Floats:
        """float32 [len, d], unit rows."""
        import torch

        if not prepared:
            return np.empty((0, self.dims), np.float32)
        return unit_rows(self._batches(torch.stack, self._encode_images, prepared))

    def encode_texts(self, texts: list[str]) -> Floats:
        """float32 [len, d], unit rows; a blank text gives a zero row. Texts are cut at the model's context length."""
        full = [i for i, text in enumerate(texts) if text.strip()]
        out = np.zeros((len(texts), self.dims), np.float32)
        if full:
            out[full] = unit_rows(self._batches(self._tokens, self._encode_texts, [texts[i] for i in full]))
        return out

    def _batches(
        self, stack: Callable[[list[Any]], Any], run: Callable[[Any], Any], items: Sequence[Any]
    ) -> np.ndarray[Any, Any]:
        """``run`` on micro-batches of exactly ``micro`` rows, the last one filled up with its first row."""
        from curator.engine.device import shrinking

        parts = []
        for first in range(0, len(items), self.micro):
            part = list(items[first : first + self.micro])
            batch = stack(part)
            if len(part) < self.micro:
                batch = batch[[*range(len(part)), *[0] * (self.micro - len(part))]]
            results, self._slice = shrinking(lambda rows: self._run(run, rows), batch, self._slice)
            parts.append(np.concatenate(results)[: len(part)])
        return np.concatenate(parts)

    def _run(self, encode: Callable[[Any], Any], batch: Any) -> np.ndarray[Any, Any]:
        import torch

        from curator.engine.device import single_threaded

        device = self._device
        half: Any = contextlib.nullcontext()
        if device.dtype != "float32":
            half = torch.autocast(device.name, dtype=getattr(torch, device.dtype))
        with torch.inference_mode(), half, single_threaded() if device.name == "cpu" else contextlib.nullcontext():
            if device.name == "cuda":
                batch = batch.pin_memory()
            found: np.ndarray[Any, Any] = encode(batch.to(device.name, non_blocking=True)).float().cpu().numpy()
        return found

    def _encode_images(self, batch: Any) -> Any:
        return self._model.encode_image(self._finish(batch))

    def _encode_texts(self, tokens: Any) -> Any:
        return self._model.encode_text(tokens)

    def _tokens(self, texts: list[str]) -> Any:
        with self._tokenizer_lock:
            return self._tokenizer(texts)


def _preprocessing(model: Any) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """open_clip's own transform in two parts: per image in PIL, and per batch on the device.

    The second part computes what ``ToTensor`` and ``Normalize`` compute, bit for bit, but on a quarter of the
    memory moved and once per batch.
    """
    import torch
    from open_clip.transform import PreprocessCfg, image_transform_v2
    from torchvision import transforms

    whole = image_transform_v2(PreprocessCfg(**model.visual.preprocess_cfg), is_train=False)
    steps = list(getattr(whole, "transforms", []))
    usual = len(steps) > 2 and isinstance(steps[-2], transforms.ToTensor) and type(steps[-1]) is transforms.Normalize
    if not usual:
        return whole, lambda batch: batch
    mean = torch.tensor(steps[-1].mean, dtype=torch.float32).view(1, -1, 1, 1)
    std = torch.tensor(steps[-1].std, dtype=torch.float32).view(1, -1, 1, 1)

    def finish(batch: Any) -> Any:
        scaled = batch.permute(0, 3, 1, 2).contiguous().float().div_(255)
        return scaled.sub_(mean.to(batch.device)).div_(std.to(batch.device))

    return transforms.Compose(steps[:-2]), finish


def _identity(model: Any, tokenizer: Any, config: dict[str, Any]) -> str:
    """sha256 over every weight, the architecture, the preprocessing, and how the tokenizer reads a few texts."""
    import torch

    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        plain = tensor.detach().cpu().contiguous()
        digest.update(f"{name} {plain.dtype} {tuple(plain.shape)}\n".encode())
        digest.update(memoryview(plain.reshape(-1).view(torch.uint8).numpy()))
    described = {
        "model": config,
        "preprocessing": model.visual.preprocess_cfg,
        "tokens": [type(tokenizer).__name__, tokenizer(_PROBE).tolist()],
    }
    digest.update(json.dumps(described, sort_keys=True, default=str).encode())
    return digest.hexdigest()
