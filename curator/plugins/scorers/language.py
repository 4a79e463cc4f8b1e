"""How surely a text is in one language."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from curator.engine.api import Floats, Inputs, Task, param, scorer

WORD = re.compile(r"[^\W\d_]+")
COMMON = {
    "english": "the of and to in is that it for was on are with as be this by have from or an not you at but they he",
    "german": "der die das und ist nicht ein eine zu den mit sich auf für von dem des im auch als es an werden sind",
    "french": "le la les de des et est un une du en que qui dans pour pas sur au avec ce il ne se plus par sont",
    "spanish": "el la los las de que y en un una es por con para no se del al lo como más su pero sus le ha son",
    "italian": "il lo la gli le di che e un una per non con del della si è nel sono da come più ma al dei delle ha",
    "portuguese": "o a os as de que e em um uma do da não para com por se no na mais dos como mas ao das são foi",
    "dutch": "de het een en van is dat niet op te zijn voor met die aan er om ook als maar bij dan uit naar heeft",
}
"""The commonest words: a third of most running text."""
SCRIPTS = {
    "russian": "\u0400-\u04ff", "chinese": "\u4e00-\u9fff", "japanese": "\u3040-\u30ff", "korean": "\uac00-\ud7af",
    "arabic": "\u0600-\u06ff", "greek": "\u0370-\u03ff", "hebrew": "\u0590-\u05ff", "hindi": "\u0900-\u097f",
    "thai": "\u0e00-\u0e7f",
}  # fmt: skip
LANGUAGES = (*COMMON, *SCRIPTS)
_WORDS = {name: frozenset(words.split()) for name, words in COMMON.items()}
_LETTERS = {name: re.compile(f"[{letters}]") for name, letters in SCRIPTS.items()}


@scorer("language", version=1, needs={"samples"})
@dataclass(frozen=True)
class Language:
    """How surely a text is in the language you name: 1 surely, 0 surely not.

    Languages in Latin letters are told apart by their commonest words, others by their letters. Texts too short to
    tell (no common word of any of them) have no value. A rough sieve for mixed piles, not a language identifier: Slavic
    languages count as russian, and Japanese text of Chinese signs alone as chinese.
    """

    good: ClassVar[str] = "higher"
    unit: ClassVar[str] = "0 to 1"
    language: str = param("english", choices=LANGUAGES, help="The language that is wanted")

    def score(self, inputs: Inputs, task: Task) -> Floats:
        """float32 [n], NaN where it cannot be told."""
        assert inputs.samples is not None
        values = np.full(inputs.n, np.nan, np.float32)
        texts = inputs.samples.texts(inputs.rows)
        for row, text in zip(
            inputs.rows.tolist(), task.track(texts, "Telling languages", len(inputs.rows)), strict=True
        ):
            values[row] = evidence(text, self.language)
        return values


def evidence(text: str, language: str) -> float:
    """Share of the evidence in a text that speaks for a language, NaN when there is none."""
    letters = sum(map(str.isalpha, text))
    if not letters:
        return float("nan")
    foreign = {name: len(found.findall(text)) / letters for name, found in _LETTERS.items()}
    if foreign["japanese"] > 0.1:  # Japanese writes with Chinese signs too
        foreign["japanese"] += foreign.pop("chinese")
    latin = max(0.0, 1 - sum(foreign.values()))
    words = Counter(word.lower() for word in WORD.findall(text))
    hits = {name: sum(words[word] for word in common) for name, common in _WORDS.items()}
    if language in SCRIPTS:
        return foreign.get(language, 0.0)
    if not any(hits.values()):
        return 0.0 if latin < 0.5 else float("nan")
    return latin * hits[language] / max(hits.values())
