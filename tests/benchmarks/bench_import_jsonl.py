"""JSONL beside datasets.load_dataset("json"): time, and memory in the number of records."""

from __future__ import annotations

import json
import random
import tempfile
import time
from pathlib import Path

import click
from synthetic import Peak, report

from curator.engine.project import Project


def write(path: Path, n: int, seed: int) -> int:
    """Records in the shape of alpaca, about 430 bytes each; returns the bytes of the file."""
    rng = random.Random(seed)
    words = ["".join(rng.choices("abcdefghij", k=rng.randint(2, 9))) for _ in range(5000)]
    with path.open("w", encoding="utf-8") as file:
        for i in range(n):
            asked, said = " ".join(rng.choices(words, k=12)), " ".join(rng.choices(words, k=45))
            record = {"instruction": asked, "input": "", "output": said, "task": words[i % 50]}
            file.write(json.dumps(record) + "\n")
    return path.stat().st_size


@click.command()
@click.option("--n", default=1_000_000)
@click.option("--seed", default=0)
@click.option("--peer/--no-peer", default=True)
def main(n: int, seed: int, peer: bool) -> None:
    """Print one JSON line; seconds are wall, cpu_seconds those of the process, both sides start with an empty cache."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "records.jsonl"
        size = write(path, n, seed)
        with Project.create(Path(folder) / "p.curator") as project, Peak(every=0.05) as peak:
            began, cpu = time.perf_counter(), time.process_time()
            changes = project.submit_import([path]).result()
            seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
            assert project.dataset(changes.focus[1]).size == n
        about = {"benchmark": "import-jsonl", "n": n, "bytes": size, "seconds": seconds, "cpu_seconds": cpu}
        about |= {"rate": n / seconds, "peak_mb": peak.mb}
        if peer:
            import datasets

            datasets.disable_progress_bars()
            began, cpu = time.perf_counter(), time.process_time()
            found = datasets.load_dataset("json", data_files=str(path), cache_dir=str(Path(folder) / "cache"))
            theirs, cpu = time.perf_counter() - began, time.process_time() - cpu
            assert found["train"].num_rows == n
            about |= {"peer": f"datasets {datasets.__version__}", "peer_seconds": theirs, "peer_cpu_seconds": cpu}
            about["ratio"] = seconds / theirs
        report(**about)


if __name__ == "__main__":
    main()
