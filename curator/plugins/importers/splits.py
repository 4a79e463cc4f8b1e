"""The parts that a dataset divides itself into, told by the names of its folders and files."""

from __future__ import annotations

import re

WORDS = {
    "train": "train",
    "training": "train",
    "valid": "validation",
    "validation": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
    "eval": "test",
    "evaluation": "test",
}
"""Words for a split, as the ImageFolder of Hugging Face knows them, and what each is called here."""
_BETWEEN = re.compile(r"[-._ 0-9]+")


def split_of_folder(name: str) -> str:
    """The split that a file belongs to by the folders above it, "" for none: ``train/cat/1.jpg`` is of "train"."""
    folders = name.replace("!", "/").split("/")[:-1]
    return next((WORDS[folder.lower()] for folder in folders if folder.lower() in WORDS), "")


def split_of_file(name: str) -> str:
    """The same, then by the words of the name itself: ``data/train-00000-of-00012.parquet``. Not for pictures, which
    may be called ``train station.jpg``."""
    words = _BETWEEN.split(name.replace("!", "/").rpartition("/")[2].lower())
    return split_of_folder(name) or next((WORDS[word] for word in words if word in WORDS), "")
