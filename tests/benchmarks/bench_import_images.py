"""A folder of picture files: samples registered a second, and memory in their number."""

from __future__ import annotations

import io
import tempfile
import time
from pathlib import Path

import click
import numpy as np
from PIL import Image
from synthetic import Peak, report

from curator.engine.project import Project


@click.command()
@click.option("--n", default=100_000)
@click.option("--edge", default=64)
@click.option("--seed", default=0)
def main(n: int, edge: int, seed: int) -> None:
    """Print one JSON line; the files are JPEG of edge x edge pixels in 100 class folders."""
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "pictures"
        buffers = []
        for _ in range(16):
            buffer = io.BytesIO()
            Image.fromarray(rng.integers(0, 256, (edge, edge, 3), np.uint8)).save(buffer, "JPEG")
            buffers.append(buffer.getvalue())
        for i in range(n):
            place = root / f"{i % 100:03}"
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{i:07}.jpg").write_bytes(buffers[i % 16] + i.to_bytes(4, "big"))
        with Project.create(Path(folder) / "p.curator") as project, Peak() as peak:
            began, cpu = time.perf_counter(), time.process_time()
            changes = project.submit_import([root]).result()
            seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
            assert project.dataset(changes.focus[1]).size == n
        report(
            benchmark="import-images", n=n, edge=edge, bytes=len(buffers[0]), seconds=seconds, cpu_seconds=cpu,
            rate=n / seconds, rate_of_cpu=n / cpu, peak_mb=peak.mb,
        )  # fmt: skip


if __name__ == "__main__":
    main()
