"""Made-up piles, and how a benchmark measures and reports."""

from __future__ import annotations

import json
import platform
import threading
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np


def classes(n: int, d: int, seed: int, k: int = 100, families: int = 10, copies: float = 0.0) -> np.ndarray:
    """float32 [n, d] unit rows: ``k`` Gaussian classes in families on a cone, sizes falling like rank^-0.5.

    ``copies``: share of rows that are near-copies (a fifth of them exact) of earlier ones.
    """
    return labelled(n, d, seed, k, families, copies)[0]


def labelled(n: int, d: int, seed: int, k: int = 100, families: int = 10, copies: float = 0.0) -> tuple[Any, Any]:
    """The same, and the class of each row, int64 [n]."""
    rng = np.random.default_rng(seed)
    axis = rng.normal(size=d)
    family = 0.6 * rng.normal(size=(families, d))
    centre = axis + family[np.arange(k) % families] + 0.45 * rng.normal(size=(k, d))
    share = (1 + np.arange(k)) ** -0.5
    of = rng.choice(k, n, p=share / share.sum())
    directions = rng.normal(size=(k, 24, d)).astype(np.float32) / 5
    x = np.empty((n, d), np.float32)
    for c in range(k):
        rows = np.flatnonzero(of == c)
        noise = rng.normal(size=(len(rows), 24)).astype(np.float32) @ directions[c]
        x[rows] = centre[c] + 0.5 * noise + 0.15 * rng.normal(size=(len(rows), d))
    planted = int(n * copies)
    if planted:
        to, source = np.split(rng.choice(n, 2 * planted, replace=False), 2)
        x[to] = x[source]
        near = to[planted // 5 :]
        x[near] += 0.02 * np.linalg.norm(x[near[:1]]) / d**0.5 * rng.normal(size=(len(near), d)).astype(np.float32)
        of[to] = of[source]
    return x / np.linalg.norm(x, axis=1, keepdims=True), of


def timed(work: Callable[[], Any], runs: int = 1) -> tuple[Any, float]:
    """The last answer and the median wall time of ``runs`` calls."""
    seconds = []
    for _ in range(runs):
        started = time.perf_counter()
        answer = work()
        seconds.append(time.perf_counter() - started)
    return answer, float(np.median(seconds))


class Peak:
    """Highest resident memory above the level at entry, in MB, sampled every 5 ms, or less often beside Python code,
    which each look holds up."""

    def __init__(self, every: float = 0.005) -> None:
        self._every = every

    def __enter__(self) -> Peak:
        self._base, self.mb, self._stop = _resident(), 0.0, threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._stop.wait(self._every):
            self.mb = max(self.mb, _resident() - self._base)

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def report(**figures: Any) -> None:
    """One JSON line."""
    import torch

    figures |= {
        "device": figures.get("device", "cpu"),
        "threads": torch.get_num_threads(),
        "machine": platform.machine(),
        "torch": torch.__version__,
        "numpy": version("numpy"),
    }
    rounded = {k: round(v, 4) if isinstance(v, float) else v for k, v in figures.items()}
    print(json.dumps(rounded))
