"""The first pictures of what shall be imported, straight from the files: something to see before anything is read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from curator.engine.pictures import IMAGE_SUFFIXES

FOLDERS = 500
"""Folders looked into, so that a tree without pictures does not keep one waiting."""


def first_pictures(paths: Sequence[Path], count: int) -> tuple[Path, ...]:
    """Up to ``count`` picture files of folders and files, absolute, in the order in which an import reads them.

    Hidden files and links are passed over, and so is what cannot be opened. No file is read.
    """
    return tuple(islice(_pictures(paths), count))


def _pictures(paths: Sequence[Path]) -> Iterator[Path]:
    pending = [f"{path.absolute()}{os.sep if path.is_dir() else ''}" for path in reversed(paths)]
    folders = 0
    while pending:
        path = pending.pop()
        if not path.endswith(os.sep):
            if Path(path).suffix.lower() in IMAGE_SUFFIXES:
                yield Path(path)
        elif folders < FOLDERS:
            folders += 1
            pending += sorted(_inside(path), reverse=True)


def _inside(folder: str) -> list[str]:
    """What lies in a folder; those that are folders themselves end in a separator, which gives them their place."""
    try:
        with os.scandir(folder) as entries:
            return [
                f"{folder}{entry.name}{os.sep if entry.is_dir(follow_symlinks=False) else ''}"
                for entry in entries
                if not entry.name.startswith(".") and not entry.is_symlink()
            ]
    except OSError:
        return []
