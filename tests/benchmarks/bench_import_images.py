"""A folder of picture files: samples registered a second, and memory in their number, beside two peers in the same run:
a scan with PIL's header of each file, and ``datasets`` going through its ImageFolder without decoding."""

from __future__ import annotations

import io
import os
import tempfile
import time
from pathlib import Path

import click
import numpy as np
from PIL import Image
from synthetic import Peak, report, timed

from curator.engine.project import Project


def headers(root: Path) -> int:
    """How many pictures have a size, by scandir and PIL."""
    count = 0
    for folder in os.scandir(root):
        for file in os.scandir(folder):
            with Image.open(file.path) as picture:
                count += picture.size[0] > 0
    return count


def listed(root: Path, cache: Path) -> int:
    """Rows of the ImageFolder of ``datasets``, written to its Arrow cache as it does."""
    try:
        import datasets
    except ImportError:
        raise click.ClickException("This benchmark needs the peer: pip install datasets") from None
    datasets.disable_progress_bars()
    return len(datasets.load_dataset("imagefolder", data_dir=str(root), split="train", cache_dir=str(cache)))


@click.command()
@click.option("--n", default=100_000)
@click.option("--edge", default=64)
@click.option("--seed", default=0)
@click.option("--datasets/--no-datasets", "peer", default=True, help="Also the package datasets, which takes minutes.")
def main(n: int, edge: int, seed: int, peer: bool) -> None:
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
        count, scanned = timed(lambda: headers(root))
        rows, cached = timed(lambda: listed(root, Path(folder) / "cache")) if peer else (n, float("nan"))
        assert count == rows == n
        report(
            benchmark="import-images", n=n, edge=edge, bytes=len(buffers[0]), seconds=seconds, cpu_seconds=cpu,
            rate=n / seconds, rate_of_cpu=n / cpu, peak_mb=peak.mb, scandir_and_pil_rate=n / scanned,
            datasets_rate=n / cached,
        )  # fmt: skip


if __name__ == "__main__":
    main()
