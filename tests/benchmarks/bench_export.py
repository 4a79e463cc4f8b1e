"""Exports of instruction records and pictures, beside the JSON writer of the package datasets."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import click
from synthetic import Peak, report, timed

from curator.engine.project import Project
from curator.engine.types import Draft


def project_of(folder: Path, drafts: list[Draft], kind: str, format_: str) -> Project:
    """A Project with one Dataset and the Subset “all”."""
    project = Project.create(folder / "bench.curator")
    store = project._store
    dataset = store.begin_dataset("bench", kind, folder, format_, "bench")  # type: ignore[arg-type]
    for first in range(0, len(drafts), 5000):
        store.add_samples(dataset.id, drafts[first : first + 5000])
    store.finish_import(dataset.id, "import")
    ids = [i for (i,) in store.rows("select id from sample order by row")]
    store.add_subset("all", dataset.id, ids, "all")
    return project


def records(n: int) -> list[Draft]:
    """n alpaca records of about 400 bytes."""
    made = []
    for number in range(n):
        record = {"instruction": f"Question {number} " + "why " * 30, "input": "", "output": f"Answer {number} " * 16}
        made.append(Draft(f"x.jsonl#{number}", f"{number:064x}", record["instruction"], json.dumps(record)))
    return made


def pictures(folder: Path, n: int) -> list[Draft]:
    """n files of 2 kB that stand for pictures, in 10 classes."""
    made = []
    for number in range(n):
        name = f"{number % 10}/{number}.jpg"
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(number.to_bytes(4, "big") * 512)
        made.append(Draft(name, f"{number:064x}", images=(name,), width=32, height=32, labels=(f"c{number % 10}",)))
    return made


def run(project: Project, target: Path, format_: str, **options: object) -> float:
    """Seconds of one export."""
    _, seconds = timed(lambda: project.submit_export("all", target, format_, overwrite=True, options=options).result())
    return float(seconds)


def to_json(file: Path, target: Path) -> float:
    """Seconds of ``Dataset.to_json`` on the same records, loaded before."""
    try:
        import datasets
    except ImportError:
        raise click.ClickException("This benchmark needs the peer: pip install datasets") from None
    datasets.disable_progress_bars()
    with file.open(encoding="utf-8") as lines:
        loaded = datasets.Dataset.from_list([json.loads(line) for line in lines])
    _, seconds = timed(lambda: loaded.to_json(str(target)))
    return float(seconds)


@click.command()
@click.option("--n", default=100_000, help="Instruction records.")
@click.option("--images", default=10_000, help="Pictures.")
def main(n: int, images: int) -> None:
    """Print one JSON line for each way of writing."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with project_of(folder, records(n), "instruction", "alpaca") as project:
            run(project, folder / "first.jsonl", "jsonl", first=1)  # the plugins are loaded, as the peer is
            with Peak() as peak:
                seconds = run(project, folder / "out.jsonl", "jsonl")
            peer = to_json(folder / "out.jsonl", folder / "peer.jsonl")
            report(
                benchmark="export-jsonl", n=n, seconds=seconds, rate=n / seconds, peer="Dataset.to_json",
                peer_seconds=peer, ratio=peer / seconds, peak_mb=peak.mb,
            )  # fmt: skip
            for format_, options in (
                ("sharegpt", {}),
                ("messages", {"trainer": "axolotl", "split": ("train=0.9", "test=0.1"), "together": "exact"}),
            ):
                with Peak() as peak:
                    seconds = run(project, folder / f"out-{format_}", format_, **options)
                report(
                    benchmark=f"export-{format_}", n=n, seconds=seconds, rate=n / seconds, options=sorted(options),
                    peak_mb=peak.mb,
                )  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with project_of(folder, pictures(folder, images), "image", "image-folder") as project:
            for format_ in ("folder", "webdataset"):
                with Peak() as peak:
                    seconds = run(project, folder / f"out-{format_}", format_)
                report(
                    benchmark=f"export-{format_}", n=images, seconds=seconds, rate=images / seconds, peak_mb=peak.mb
                )  # fmt: skip


if __name__ == "__main__":
    main()
