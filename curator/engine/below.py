"""Where a folder lies as seen from one above it, in the form in which sources of Samples are written."""

from __future__ import annotations

from pathlib import Path


def below(path: Path, root: Path) -> str:
    """The path as seen from ``root``, with forward slashes; "" for the root itself, and where that does not hold it."""
    return "" if path == root or root not in path.parents else path.relative_to(root).as_posix()


def prefix_below(folder: Path, root: Path) -> str:
    """What names in the folder begin with when they are seen from ``root``: "" or :func:`below` and a slash."""
    place = below(folder, root)
    return f"{place}/" if place else ""
