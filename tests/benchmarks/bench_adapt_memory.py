"""Skills, multi-way selection and a prune of wide vectors on disk: how much memory they take beyond the file.

python tests/benchmarks/bench_adapt_memory.py --n 100000 --d 4096
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from curator.engine.registry import registry
from curator.engine.task import Task
from curator.engine.types import Inputs


class Peak:
    """The most anonymous memory (not pages of mapped files) that this process held, in MB, from /proc."""

    def __init__(self) -> None:
        self.most, self._over = 0.0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            self.most = max(self.most, self.now())

    @staticmethod
    def now() -> float:
        """MB held now."""
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


def write_vectors(file: Path, n: int, d: int, seed: int) -> np.ndarray:
    """Unit rows around 50 centres, written block by block and opened read-only."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((50, d), np.float32)
    out = np.lib.format.open_memmap(file, mode="w+", dtype=np.float32, shape=(n, d))
    for first in range(0, n, 2048):
        count = min(2048, n - first)
        block = centres[rng.integers(50, size=count)] + rng.standard_normal((count, d), np.float32)
        out[first : first + count] = block / np.linalg.norm(block, axis=1, keepdims=True)
    out.flush()
    del out
    return np.load(file, mmap_mode="r")


def main() -> None:
    """Print one JSON line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--n", type=int, default=100_000)
    parser.add_argument("--d", type=int, default=4096)
    parser.add_argument("--k", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    registry().discover()
    from curator.engine import vectors

    with tempfile.TemporaryDirectory() as folder:
        x = write_vectors(Path(folder) / "x.npy", asked.n, asked.d, asked.seed)
        base = Peak.now()
        task, seconds, steps = Task(), {}, {}
        rng = np.random.default_rng(asked.seed)
        inputs = Inputs(asked.n, np.arange(asked.n), vectors=x, scores={"s": rng.random(asked.n, np.float32)})

        def run(name: str, work: object) -> object:
            started = time.monotonic()
            with Peak() as peak:
                found = work()  # type: ignore[operator]
            seconds[name], steps[name] = round(time.monotonic() - started, 1), round(peak.most - base)
            return found

        found = run("k-means", lambda: vectors.k_means(x, asked.k, spherical=True, iterations=10, task=task))
        inputs = Inputs(**{**inputs.__dict__, "skills": found.labels})  # type: ignore[attr-defined]
        run("membership", lambda: vectors.soft_membership(x, found.centres, 0.1, task=task))  # type: ignore[attr-defined]
        run("multi-way", lambda: registry().get("selector", "multi-way").make({"budget": 2000}).select(inputs, task))
        run("prune", lambda: registry().get("selector", "prune").make({"budget": asked.n // 2}).select(inputs, task))
        print(
            json.dumps(
                {"what": "adapt memory", "n": asked.n, "d": asked.d, "k": asked.k, "file_mb": round(x.nbytes / 2**20),
                 "seconds": seconds, "peak_mb": steps}
            )
        )  # fmt: skip


if __name__ == "__main__":
    main()
