"""Images a second of embed() against a plain loop over the same files with the same weights.

The plain loop is what the README of open_clip shows: decode with Pillow, transform, stack 64, encode, with torch
splitting each operation over its threads. Prints one JSON line.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from curator.engine.device import choose_device, import_open_clip, versions
from curator.engine.embedding import embed
from curator.engine.task import Task
from curator.plugins.encoders.open_clip_encoder import OpenClip
from curator.plugins.encoders.tiny_clip import TinyClip


class Folder:
    """The pictures of one folder as a SampleReader."""

    kind = "image"

    def __init__(self, paths: list[Path]) -> None:
        self._paths = paths

    def texts(self, rows: np.ndarray) -> Iterator[str]:
        return ("" for _ in rows)

    def records(self, rows: np.ndarray) -> Iterator[str]:
        return ("{}" for _ in rows)

    def image_paths(self, rows: np.ndarray) -> Iterator[tuple[Path, ...]]:
        return ((self._paths[row],) for row in rows)


def make_pictures(folder: Path, n: int, seed: int) -> list[Path]:
    """n JPEGs of 320 x 240 with coarse structure, as a camera's thumbnails would have."""
    rng = np.random.default_rng(seed)
    paths = [folder / f"{i:06}.jpg" for i in range(n)]
    for path in paths:
        coarse = Image.fromarray(rng.integers(0, 255, (12, 16, 3), dtype=np.uint8))
        coarse.resize((320, 240), Image.Resampling.BICUBIC).save(path, quality=88)
    return paths


def plain_loop(paths: list[Path], name: str, device: str) -> np.ndarray:
    """Decode, then encode, one after the other."""
    model, _, transform = import_open_clip().create_model_and_transforms(name, device=device)
    model.eval()
    found = []
    with torch.inference_mode():
        for first in range(0, len(paths), 64):
            images = []
            for path in paths[first : first + 64]:
                with Image.open(path) as image:
                    images.append(transform(image.convert("RGB")))
            found.append(model.encode_image(torch.stack(images).to(device), normalize=True).float().cpu().numpy())
    return np.concatenate(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", default="", help="a checkpoint folder of your own in the place of tiny-clip")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each, in turns; the best counts")
    options = parser.parse_args()
    device = choose_device(options.device)
    if options.folder:
        folder = Path(options.folder).absolute()
    else:
        from curator.engine.resources import resource

        folder = resource("encoders", "tiny-clip")
    session = (OpenClip(folder=str(folder)) if options.folder else TinyClip()).open(device.name, options.seed, Task())
    with tempfile.TemporaryDirectory() as scratch:
        paths = make_pictures(Path(scratch), options.n, options.seed)
        out = np.zeros((options.n, session.dims), np.float32)
        embed_s, plain_s = [], []
        for _ in range(options.repeat):
            started = time.perf_counter()
            embed(session, Folder(paths), options.n, out, Task(), device=device.name)
            embed_s.append(time.perf_counter() - started)
            started = time.perf_counter()
            plain = plain_loop(paths, f"local-dir:{folder}", device.name)
            plain_s.append(time.perf_counter() - started)
    result = {
        "bench": "embed",
        "n": options.n,
        "seed": options.seed,
        "encoder": folder.name,
        "seconds": round(min(embed_s), 3),
        "images_per_s": round(options.n / min(embed_s), 1),
        "plain_images_per_s": round(options.n / min(plain_s), 1),
        "ratio": round(min(plain_s) / min(embed_s), 2),
        "largest_difference": float(np.abs(out - plain).max()),
        "device": device.words,
        "versions": versions(),
        **memory(device.name),
    }
    print(json.dumps(result))


def memory(device: str) -> dict[str, float]:
    """Peak memory of the process, and of the GPU where there is one, in MB."""
    try:
        import resource as limits
    except ImportError:  # Windows
        return {}
    found = {"peak_mb": round(limits.getrusage(limits.RUSAGE_SELF).ru_maxrss / 1024, 1)}
    if device == "cuda":
        found["peak_gpu_mb"] = round(torch.cuda.max_memory_allocated() / 2**20, 1)
    return found


if __name__ == "__main__":
    main()
