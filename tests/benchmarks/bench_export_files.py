"""A folder of very many files, linked or copied: rate and memory, and what an export does after a kill -9 half way."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
from synthetic import Peak, report

from curator.engine.project import Project
from curator.engine.types import Draft

PAGE = 5000


def files(folder: Path, n: int) -> Iterator[Draft]:
    """n tiny files in folders of a thousand, made where they are not there yet."""
    for number in range(n):
        name = f"{number // 1000:04}/{number:07}.jpg"
        if number % 1000 == 0:
            (folder / name).parent.mkdir(exist_ok=True)
            there = len(list((folder / name).parent.iterdir()))
        if number % 1000 >= there:
            (folder / name).write_bytes(number.to_bytes(4, "big"))
        yield Draft(name, f"{number:064x}", images=(name,), width=32, height=32, labels=(f"c{number % 10}",))


def make(place: Path, n: int) -> None:
    """A Project with one Dataset of n pictures and the Subset “all”."""
    root = place / "pictures"
    root.mkdir(parents=True)
    with Project.create(place / "bench.curator") as project:
        store = project._store
        dataset = store.begin_dataset("bench", "image", root, "image-folder", "bench")
        page: list[Draft] = []
        for draft in files(root, n):
            page.append(draft)
            if len(page) == PAGE:
                store.add_samples(dataset.id, page)
                page = []
        store.add_samples(dataset.id, page)
        store.finish_import(dataset.id, "import")
        ids = [i for (i,) in store.rows("select id from sample order by row")]
        store.add_subset("all", dataset.id, ids, "all")


def export(place: Path, mode: str, name: str) -> None:
    """One export in this process; prints seconds and megabytes."""
    with Project.open(place / "bench.curator") as project, Peak() as peak:
        began = time.perf_counter()
        project.submit_export("all", place / name, "folder", {"mode": mode}).result()
        seconds = time.perf_counter() - began
    print(json.dumps([seconds, peak.mb]))


def started(place: Path, mode: str, name: str) -> subprocess.Popen[bytes]:
    """The same in a process of its own."""
    command = [sys.executable, __file__, "--place", str(place), "--mode", mode, "--export", name]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def outcome(process: subprocess.Popen[bytes]) -> list[float]:
    """Seconds and megabytes."""
    found: list[float] = json.loads(process.communicate()[0])
    return found


def killed(place: Path, mode: str, n: int) -> int:
    """An export killed when half of the files were noted; returns how many were."""
    process = started(place, mode, "resumed")
    while process.poll() is None:
        time.sleep(0.5)
        for journal in place.glob(".resumed.partial-*/.journal"):
            done = max((json.loads(line)[1] for line in journal.read_text().splitlines()), default=0)
            if done >= n // 2:
                process.send_signal(signal.SIGKILL)
                process.communicate()
                return int(done)
    raise click.ClickException("It ended before half of it was noted: take more files.")


@click.command()
@click.option("--n", default=100_000)
@click.option("--mode", default="hardlink")
@click.option("--place", type=click.Path(path_type=Path), required=True, help="An empty folder; it is not removed.")
@click.option("--whole/--no-whole", default=True, help="Also one export without a kill.")
@click.option("--kill/--no-kill", default=True, help="Also one that is killed half way and goes on.")
@click.option("--export", "name", default="", hidden=True)
def main(n: int, mode: str, place: Path, whole: bool, kill: bool, name: str) -> None:
    """Print one JSON line for an export, and one for what is left of an export after a kill half way."""
    if name:
        export(place, mode, name)
        return
    if not (place / "bench.curator").is_dir():
        began = time.perf_counter()
        make(place, n)
        report(benchmark="export-files-made", n=n, seconds=time.perf_counter() - began)
    if whole:
        seconds, mb = outcome(started(place, mode, "whole"))
        report(benchmark="export-files", n=n, mode=mode, seconds=seconds, rate=n / seconds, peak_mb=mb)
    if kill:
        done = killed(place, mode, n)
        seconds, mb = outcome(started(place, mode, "resumed"))
        report(benchmark="export-files-resumed", n=n, mode=mode, noted=done, seconds=seconds, peak_mb=mb)


if __name__ == "__main__":
    main()
