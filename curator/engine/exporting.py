"""Writing an export whole or not at all, wherever it is interrupted.

Everything is written to a hidden sibling ``.NAME.partial-PID-TOKEN`` and takes its final name in one rename at the end.
What a killed process left is removed by the next export to the same target.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import BinaryIO

from curator.engine.errors import InputError
from curator.engine.processes import is_running

NAME_LIMIT = 200
RESERVE = 16 * 2**20
"""Free space that is always left on the disk."""
MANY_FILES = 64
_SESSION = secrets.token_hex(4)
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\ud800-\udfff]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|$)", re.I)
_replacing: ContextVar[Path | None] = ContextVar("replacing", default=None)


@contextmanager
def remove_existing(target: Path, overwrite: bool) -> Iterator[None]:
    """Inside, an export to ``target`` may replace what is there; it goes only when the new one is complete."""
    token = _replacing.set(target.absolute() if overwrite else None)
    try:
        yield
    finally:
        _replacing.reset(token)


@contextmanager
def atomic_file(target: Path, *, overwrite: bool = False, needed: int = 0) -> Iterator[BinaryIO]:
    """A binary file to write to, which becomes ``target`` when the block ends without an error.

    Args:
        target: the final name; missing parent folders are made.
        overwrite: replace an existing file; also granted by :func:`remove_existing`.
        needed: bytes that will be written, if known.

    Raises:
        InputError: the target exists, the disk is too full, or the place cannot be written to.
    """
    target = target.absolute()
    with _plain_errors(target):
        partial = _prepare(target, overwrite, needed)
        try:
            with partial.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            _check_free(target, overwrite)
            if target.is_dir():
                raise InputError(f"{target} is a folder.", "Choose another name for the file.")
            partial.replace(target)
            _sync_folder(target.parent)
        finally:
            partial.unlink(missing_ok=True)


@contextmanager
def atomic_folder(target: Path, *, overwrite: bool = False, needed: int = 0) -> Iterator[Path]:
    """A new folder to fill, which becomes ``target`` when the block ends without an error.

    Takes and raises what :func:`atomic_file` does. What was at the target before is moved aside, and removed when the
    new folder has its name.
    """
    target = target.absolute()
    with _plain_errors(target):
        partial = _prepare(target, overwrite, needed)
        aside = _sibling(target, "replaced")
        try:
            partial.mkdir()
            yield partial
            _sync_tree(partial)
            _check_free(target, overwrite)
            if target.exists() or target.is_symlink():
                target.rename(aside)
            partial.rename(target)
            _sync_folder(target.parent)
        finally:
            _settle(aside, target)
            _remove(partial)


def safe_name(name: str, taken: dict[str, int]) -> str:
    """A file name for any system, different from every name in ``taken`` (which it joins), case apart.

    Separators, control and reserved characters become "_", leading dots and Windows' device names get a "_", and it
    is at most 200 bytes long with its ending kept. A name that is taken gets -2, -3 and so on.
    """
    name = unicodedata.normalize("NFC", _FORBIDDEN.sub("_", name)).rstrip(". ").lstrip()
    if name.startswith(".") or not name:
        name = "_" + name.lstrip(".")
    if _RESERVED.match(name):
        name = "_" + name
    stem, dot, suffix = name.rpartition(".")
    if not dot or len(suffix) > 16:
        stem, suffix = name, ""
    suffix = f".{suffix}" if suffix else ""
    name = _cut(stem, NAME_LIMIT - len(suffix.encode())) + suffix
    key = name.casefold()
    while name.casefold() in taken:
        taken[key] = number = taken.get(key, 1) + 1
        ending = f"-{number}{suffix}"
        name = _cut(stem, NAME_LIMIT - len(ending.encode())) + ending
    taken.setdefault(name.casefold(), 1)
    return name


def _cut(text: str, limit: int) -> str:
    return text.encode("utf-8")[:limit].decode("utf-8", "ignore")


def check_space(folder: Path, needed: int) -> None:
    """Raise :class:`InputError` when the disk of ``folder`` has no room for ``needed`` bytes and a reserve."""
    free = shutil.disk_usage(folder).free
    if free < needed + RESERVE:
        raise InputError(
            f"The export needs {megabytes(needed + RESERVE)}, but only {megabytes(free)} are free at {folder}.",
            "Make room, or choose a place on another disk.",
        )


def megabytes(count: int) -> str:
    """A size for people."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"


def _prepare(target: Path, overwrite: bool, needed: int) -> Path:
    """Sweep, check, and name the partial."""
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep(target)
    _check_free(target, overwrite)
    check_space(target.parent, needed)
    return _sibling(target, "partial")


def _check_free(target: Path, overwrite: bool) -> None:
    if (target.exists() or target.is_symlink()) and not overwrite and _replacing.get() != target:
        raise InputError(f"{target} exists already.", "Choose another name, or say that it may be replaced.")


def _stem(target: Path, sort: str) -> str:
    return f".{_cut(target.name, NAME_LIMIT)}.{sort}-"


def _sibling(target: Path, sort: str) -> Path:
    return target.parent / f"{_stem(target, sort)}{os.getpid()}-{_SESSION}{secrets.token_hex(2)}"


def _sweep(target: Path) -> None:
    """Remove what dead processes left; what they had moved aside comes back when nothing took its place."""
    for sort in ("replaced", "partial"):
        stem = _stem(target, sort)
        for entry in list(os.scandir(target.parent)):
            owner = re.fullmatch(r"(\d{1,9})-([0-9a-f]{12})", entry.name.removeprefix(stem))
            if not entry.name.startswith(stem) or owner is None or _is_live(int(owner[1]), owner[2]):
                continue
            if sort == "replaced":
                _settle(Path(entry.path), target)
            else:
                _remove(Path(entry.path))


def _is_live(pid: int, token: str) -> bool:
    return token.startswith(_SESSION) if pid == os.getpid() else is_running(pid)


def _settle(aside: Path, target: Path) -> None:
    if not aside.exists() and not aside.is_symlink():
        return
    if target.exists():
        _remove(aside)
    else:
        aside.rename(target)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _sync_tree(folder: Path) -> None:
    files = [Path(base) / name for base, _, names in os.walk(folder) for name in names]
    if len(files) > MANY_FILES and hasattr(os, "sync"):
        os.sync()
        return
    for path in files:
        if not path.is_symlink():
            _sync(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    for base, _, _ in os.walk(folder):
        _sync_folder(Path(base))


def _sync_folder(folder: Path) -> None:
    if os.name != "nt":  # Windows cannot open a folder, and needs no such call
        _sync(folder, os.O_RDONLY)


def _sync(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _plain_errors(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", None)):
            raise InputError(f"The disk of {target.parent} is full.", "Nothing was left behind; make room.") from error
        raise InputError(
            f"{target} cannot be written: {error.strerror or error}.", "Choose a place that you may write to."
        ) from error
