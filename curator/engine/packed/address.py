"""Addresses of files inside containers; see the package."""

from __future__ import annotations

import os
import re
from pathlib import Path

from curator.engine.errors import InputError

ARCHIVE_SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".tzst")
TABLE_SUFFIXES = (".parquet", ".arrow")
MARK = "!"
_ENDINGS = "|".join(re.escape(suffix) for suffix in (*ARCHIVE_SUFFIXES, *TABLE_SUFFIXES))
_ADDRESS = re.compile(rf"(.*?(?:{_ENDINGS}))!(.+)", re.I | re.S)


def is_archive(path: Path) -> bool:
    """Whether the name is that of an archive that can be read in place."""
    return path.name.lower().endswith(ARCHIVE_SUFFIXES)


def join(container: str, member: str) -> str:
    """The address of a member."""
    return f"{container}{MARK}{member}"


def split(path: Path) -> tuple[Path, str] | None:
    """Container and member of an address; None for a plain file, also for one that is not there."""
    name = str(path)
    if MARK not in name or os.path.isfile(name):  # noqa: PTH113 - a name that is too long is no error here
        return None
    found = _ADDRESS.fullmatch(name)
    return (Path(found[1]), found[2].replace(os.sep, "/")) if found else None


def on_disk(path: Path) -> bool:
    """True when the path is that of a file of its own, there or not; False for an address in a container."""
    return split(path) is None


def read(path: Path, limit: int) -> bytes:
    """The bytes at an address in a container.

    Raises:
        InputError: the container or the member is missing or damaged, or larger than ``limit`` bytes.
    """
    place = split(path)
    if place is None:
        raise InputError("is not there")
    container, member = place
    if (inner := _container_in(container, member)) is not None:
        container, member = laid_out(container.parent / join(container.name, inner[0])), inner[1]
    if container.suffix.lower() in TABLE_SUFFIXES:
        from curator.engine.packed.cells import read_cell

        return read_cell(container, member, limit)
    from curator.engine.packed.archives import read_member

    return read_member(container, member, limit)


def size_of(path: Path) -> int:
    """Bytes of a file or of what is at an address; 0 when that cannot be told without reading it."""
    place = split(path)
    try:
        if place is None:
            return path.stat().st_size
        if place[0].suffix.lower() in TABLE_SUFFIXES:
            return 0
        if (inner := _container_in(*place)) is not None:
            if inner[0].lower().endswith(TABLE_SUFFIXES):
                return 0
            place = laid_out(place[0].parent / join(place[0].name, inner[0])), inner[1]
        from curator.engine.packed.archives import find

        return find(*place)[1].size
    except (OSError, InputError):
        return 0


def exists(path: Path) -> bool:
    """Whether the file, or the container and the member in it, is there."""
    place = split(path)
    if place is None:
        return path.is_file()
    if place[0].suffix.lower() in TABLE_SUFFIXES:
        return place[0].is_file()
    from curator.engine.packed.archives import find

    container, member = place
    inner = _container_in(container, member)
    try:
        find(container, inner[0] if inner else member)
    except InputError:
        return False
    return True


def laid_out(path: Path) -> Path:
    """A file that can be read with leaps: the path itself, or for a member of an archive its copy in the cache.

    Raises:
        InputError: the archive or the member is missing or damaged, or there is no room.
    """
    place = split(path)
    if place is None:
        return path
    from curator.engine.packed.archives import lay_out

    return lay_out(*place)


def _container_in(container: Path, member: str) -> tuple[str, str] | None:
    """Container and member, when the member of an archive is again one of a table or a TAR that lies in it."""
    found = _ADDRESS.fullmatch(member) if is_archive(container) and MARK in member else None
    return (found[1], found[2]) if found and found[1].lower().endswith((*TABLE_SUFFIXES, ".tar")) else None
