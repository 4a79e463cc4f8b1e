"""Finding samples: filters, words, likeness and columns of a large Dataset, the first time and after."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click
import numpy as np
from synthetic import Peak, classes, report, timed

from curator.engine.arrays import save_array
from curator.engine.browse import Browse, Query
from curator.engine.records import Dataset
from curator.engine.store import Store
from curator.engine.store_browse import BrowseStore
from curator.engine.types import Draft

WORDS = ("python", "bread", "street", "night", "river", "sort", "list", "code", "car", "tree", "blue", "house")
SYLLABLES = ("ka", "lo", "mi", "ren", "sto", "vu", "tan", "que", "bri", "ol")
RARE = 3000
"""Made-up words beside the twelve, so that the index of words has a vocabulary."""
QUERIES = {
    "label": {"where": "label:class_7"},
    "several labels": {"where": "-label:class_7,class_8 label:class_*"},
    "skill": {"where": "skill:skill_3"},
    "flags and pins": {"where": "is:labelled -is:broken -pin:out"},
    "in a subset": {"where": "in:latest rank<5000"},
    "numbers": {"where": "score.sharpness<0.5 length>40 row:1-90000"},
    "copies": {"where": "-is:duplicate"},
    "id": {"where": "id:17"},
    "words": {"where": 'text~"python bread"'},
    "rare word": {"where": "text~kalo"},
    "beginning of a word": {"where": "text~ka*"},
    "words and label": {"where": "-label:class_7 (text~street OR text~river*)"},
    "part of a text": {"where": 'text:"thon bread"'},
    "source": {"where": "source:99"},
    "anywhere": {"where": "street night"},
    "everything": {"where": '(label:class_1,class_2 OR text~"river") -source:99 score.sharpness>0.2 length>40'},
    "sort": {"sort": "name", "descending": True},
    "sort by a score": {"where": "text~street", "sort": "score.sharpness"},
    "group": {"group": "class"},
    "group what words find": {"where": "text~street", "group": "skill"},
    "words by meaning": {"where": 'like:"red car"', "sort": "similarity", "descending": True},
    "picture": {"where": 'picture:"PICTURE"', "sort": "similarity", "descending": True},
    "more like one": {"where": "near:17", "sort": "similarity", "descending": True},
    "more like fifty": {
        "where": f"near:{','.join(str(i) for i in range(7, 507, 10))}", "sort": "similarity", "descending": True,
    },
    "meaning and words": {
        "where": 'like:"red car" text~street similarity>0', "sort": "similarity", "descending": True,
    },
}  # fmt: skip


def fill(store: Store, n: int, width: int, words: int, seed: int) -> Dataset:
    """A Dataset of texts of one class each, with an Embedding, a Clustering, a Score and a Subset."""
    rng = np.random.default_rng(seed)
    rare = ["".join(SYLLABLES[i] for i in rng.integers(0, 10, 2 + k % 3)) for k in range(RARE)]
    vocabulary = np.array([*WORDS, *rare])
    often = 1.0 / np.arange(1, len(vocabulary) + 1)
    found = store.begin_dataset("pile", "instruction", Path("/nowhere"), "alpaca", "instructions")
    for first in range(0, n, 5000):
        rows = range(first, min(n, first + 5000))
        texts = rng.choice(vocabulary, (len(rows), words), p=often / often.sum())
        store.add_samples(
            found.id,
            [
                Draft(f"pile.jsonl#{i}", f"d{i}", " ".join(text), labels=(f"class_{i % 50}",))
                for i, text in zip(rows, texts, strict=True)
            ],
        )
    store.finish_import(found.id, "Import")
    save_array(store.arrays / "embedding-1.npy", classes(n, width, seed))
    store.add_embedding(
        dataset_id=found.id, encoder="lsa", params={}, fingerprint="e", file="embedding-1.npy", rows=n, dims=width,
        device="cpu", seconds=0.0,
    )  # fmt: skip
    found = store.dataset("pile")
    _add_results(store, found, rng)
    return found


def _add_results(store: Store, found: Dataset, rng: np.random.Generator) -> None:
    """Skills, a Score and a Subset of a tenth."""
    n = found.size
    save_array(store.arrays / "skills-1.npy", rng.integers(0, 20, n).astype(np.int32))
    save_array(store.arrays / "score-1.npy", rng.random(n, np.float32))
    store.add_score(dataset_id=found.id, scorer="sharpness", params={}, fingerprint="s", file="score-1.npy")
    clustering = store.add_clustering(
        dataset_id=found.id, clusterer="kmeans", params={}, fingerprint="c", labels_file="skills-1.npy",
        membership_file="", k=20, names=[f"skill_{i}" for i in range(20)], sizes=[n // 20] * 20,
    )  # fmt: skip
    ids = store.sample_ids(found.id)[rng.permutation(n)[: n // 10]].tolist()
    run = store.begin_run(found.id, 'name = "x"', "x", 0, "cpu", {})
    entries = ((rank, key, 0.5, None, "", None, None) for rank, key in enumerate(ids, 1))
    store.finish_run(
        run, fingerprints={}, fingerprint="f", log="", subset_name="chosen", entries=entries, omissions=iter([]),
        summary={}, clustering_id=clustering.id,
    )  # fmt: skip


def know(store: Store, picture: Path, width: int) -> None:
    """What an encoder would have made of the words and the picture that are searched for."""
    about = picture.stat()
    sql, vector = BrowseStore(store), classes(1, width, 7)[0]
    sql.add_query_vector("e", "like", "red car", vector)
    sql.add_query_vector("e", "picture", f"{picture.absolute()}|{about.st_size}|{about.st_mtime_ns}", vector)


@click.command()
@click.option("--n", default=100_000)
@click.option("--width", default=256)
@click.option("--words", default=40, help="Of each text.")
@click.option("--seed", default=0)
@click.option("--only", default="", help="Only queries whose name holds this.")
def main(n: int, width: int, words: int, seed: int, only: str) -> None:
    """Print one JSON line for each query: seconds of the first time, and the median and worst of five after a write."""
    with tempfile.TemporaryDirectory() as folder, Store.create(Path(folder) / "p.curator") as store:
        dataset = fill(store, n, width, words, seed)
        picture = Path(folder) / "picture.png"
        picture.write_bytes(b"known already")
        know(store, picture, width)
        browse = Browse(store)
        _, seconds = timed(browse.read_words)
        report(benchmark="find-index-words", n=n, seconds=seconds)
        for name in (name for name in QUERIES if only in name):
            asked = dict(QUERIES[name])
            asked["where"] = str(asked.get("where", "")).replace("PICTURE", str(picture))
            query = Query(dataset.id, **asked)
            with Peak() as peak:
                found, first = timed(lambda query=query: browse.find(query))
                after = []
                for i in range(5):
                    store.set_pins([i + 1], "in", "Pin")  # so that no answer is remembered
                    after.append(timed(lambda query=query: browse.find(query))[1])
            report(
                benchmark="find", query=name, n=n, found=len(found.rows), first_seconds=first,
                seconds=float(np.median(after)), worst_seconds=max(after), goal_seconds=0.2, peak_mb=peak.mb,
            )  # fmt: skip


if __name__ == "__main__":
    main()
