"""Short names for Skills, from the words that set them apart."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from curator.engine.task import Task
from curator.engine.types import Inputs, Ints

PER_SKILL = 200
"""Texts read for each skill; enough for its words, and bounded however large the pile is."""
WORDS = 3
MAX_CHARS = 2000
TOKEN = r"(?u)\b[^\W\d_][\w'’-]{2,}\b"


def skill_names(labels: Ints, k: int, inputs: Inputs, task: Task) -> tuple[str, ...]:
    """Up to three words for each skill, most telling first; empty when the samples have no text.

    A word counts by how much larger a share of a skill's texts than of the others' holds it, weighted by how rare it
    is (a contrastive form of class-based TF-IDF). ``labels``: int32 [n], -1 = none.
    """
    if inputs.samples is None or k == 0:
        return ()
    chosen = [_spread(np.flatnonzero(labels == skill)) for skill in range(k)]
    rows = np.sort(np.concatenate(chosen)) if chosen else np.empty(0, np.int64)
    texts: dict[int, str] = {}
    for row, text in zip(rows.tolist(), inputs.samples.texts(rows), strict=True):
        task.check()
        texts[row] = text[:MAX_CHARS]
    if not any(texts.values()):
        return ()
    return _names([[texts[r] for r in part.tolist()] for part in chosen])


def _spread(rows: np.ndarray) -> np.ndarray:
    """Up to PER_SKILL rows, evenly spaced."""
    if len(rows) <= PER_SKILL:
        return rows
    return rows[np.linspace(0, len(rows) - 1, PER_SKILL).astype(np.int64)]


def _names(groups: list[list[str]]) -> tuple[str, ...]:
    from sklearn.feature_extraction.text import CountVectorizer

    flat = [text for group in groups for text in group]
    counter = CountVectorizer(binary=True, stop_words="english", token_pattern=TOKEN, max_features=50_000)
    try:
        found = counter.fit_transform(flat)
    except ValueError:  # not one word in all of it
        return ()
    words = counter.get_feature_names_out()
    bounds = np.cumsum([0, *map(len, groups)])
    share = np.stack(
        [np.asarray(found[a:b].mean(axis=0)).ravel() if b > a else np.zeros(len(words)) for a, b in pairwise(bounds)]
    )
    # A word that is as common in the other skills sets nothing apart, however common it is here.
    others = (share.sum(axis=0) - share) / max(1, len(groups) - 1)
    weight = np.maximum(share - others, 0) * np.log1p(1 / np.maximum(share.mean(axis=0), 1e-9))
    names: list[str] = []
    for skill in range(len(groups)):
        order = np.lexsort((np.arange(len(words)), -weight[skill]))
        best: list[str] = []
        for place in order[: 6 * WORDS].tolist():
            stem = words[place].rstrip("s")
            if weight[skill, place] > 0 and not any(stem.startswith(w.rstrip("s")) or w.startswith(stem) for w in best):
                best.append(words[place])
            if len(best) == WORDS:
                break
        names.append(", ".join(best) or f"skill {skill + 1}")
    return tuple(_distinct(names))


def _distinct(names: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    out = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return out
