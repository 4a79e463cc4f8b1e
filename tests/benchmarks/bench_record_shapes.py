"""Processor time of reading one record, by its shape: from lines of JSON to Drafts, nothing stored."""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from synthetic import report

from curator.engine.importing import find_importer
from curator.engine.registry import registry
from curator.engine.task import Task

Words = Callable[[int], str]


def chat(asked: str, said: str) -> list[dict[str, str]]:
    """Two turns in OpenAI's spelling."""
    return [{"role": "user", "content": asked}, {"role": "assistant", "content": said}]


def pair(t: Words) -> dict[str, Any]:
    """Two whole conversations that begin with the same question."""
    asked = t(12)
    return {"chosen": chat(asked, t(45)), "rejected": chat(asked, t(45))}


SHAPES: dict[str, Callable[[Words], dict[str, Any]]] = {
    "text": lambda t: {"text": t(57)},
    "alpaca": lambda t: {"instruction": t(12), "input": "", "output": t(45)},
    "alpaca with a system text": lambda t: {"instruction": t(12), "output": t(45), "system": t(5)},
    "alpaca with a decimal number": lambda t: {"instruction": t(12), "output": t(45), "score": 0.125},
    "prompt and completion": lambda t: {"prompt": t(12), "completion": t(45)},
    "pair of answers": lambda t: {"prompt": t(12), "chosen": t(45), "rejected": t(45)},
    "messages": lambda t: {"messages": chat(t(12), t(45))},
    "pair of conversations": pair,
}


@click.command()
@click.option("--n", default=30_000)
@click.option("--seed", default=0)
def main(n: int, seed: int) -> None:
    """Print one JSON line: microseconds of one thread for a record of each shape."""
    registry().discover()
    rng = random.Random(seed)
    words = ["".join(rng.choices("abcdefghij", k=5)) for _ in range(5000)]
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, shape) in enumerate(SHAPES.items()):
            path = Path(folder) / f"{number}.jsonl"
            made = (json.dumps(shape(lambda k: " ".join(rng.choices(words, k=k)))) for _ in range(n))
            path.write_text("\n".join(made) + "\n", encoding="utf-8")
            _, importer, _ = find_importer(path, None, registry())
            source = importer.open(path)
            began = time.process_time()
            assert sum(1 for _ in importer.read(path, source, Task())) == n
            found[name] = round((time.process_time() - began) / n * 1e6, 1)
    report(benchmark="record-shapes", n=n, microseconds=found)


if __name__ == "__main__":
    main()
