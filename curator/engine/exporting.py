"""Writing an export whole or not at all, wherever it is interrupted.

Everything is written to a hidden sibling ``.NAME.partial-PID-TOKEN`` and takes its final name in one rename at the end.
What a killed process left is removed by the next export to the same target.
"""

from __future__ import annotations

import errno
import itertools
import json
import os
import re
import secrets
import shutil
import time
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, BinaryIO

from curator.engine.errors import InputError
from curator.engine.processes import is_running

NAME_LIMIT = 200
RESERVE = 16 * 2**20
"""Free space that is always left on the disk."""
MANY_FILES = 64
JOURNAL, CONTENT = ".journal", "content"
NOTE_EVERY_S = 10.0
BUFFER = 2**18
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


def may_replace(target: Path) -> bool:
    """Whether :func:`remove_existing` said that ``target`` may be replaced."""
    return _replacing.get() == target.absolute()


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
def atomic_folder(target: Path, *, overwrite: bool = False, needed: int = 0, key: str = "") -> Iterator[Path]:
    """A new folder to fill, which becomes ``target`` when the block ends without an error.

    Takes and raises what :func:`atomic_file` does. What was at the target before is moved aside, and removed when the
    new folder has its name. With ``key`` (a digest of all that decides the content), a folder that a killed process
    left half filled for the same key is gone on with: see :class:`Journal`.
    """
    target = target.absolute()
    with _plain_errors(target):
        partial = _adopt(target, key) if key else None
        partial = _prepare(target, overwrite, needed, partial)
        aside = _sibling(target, "replaced")
        try:
            partial.mkdir(exist_ok=True)
            yield partial
            _sync_tree(partial)
            _check_free(target, overwrite)
            (partial / JOURNAL).unlink(missing_ok=True)
            if target.exists() or target.is_symlink():
                target.rename(aside)
            partial.rename(target)
            _sync_folder(target.parent)
        finally:
            _settle(aside, target)
            _remove(partial)


@contextmanager
def resumable_file(target: Path, key: str) -> Iterator[tuple[BinaryIO, Journal]]:
    """Like :func:`atomic_file`, and with ``key`` gone on with after a kill: the file holds the bytes that the Journal
    notes as ``bytes`` in its state, and takes the next ones behind them."""
    with (
        resumable_files({CONTENT: target}, key) as (partial, journal),
        (partial / CONTENT).open("ab", buffering=BUFFER) as file,  # one that is also read takes twice as long to write
    ):
        file.truncate(int(journal.state.get("bytes", 0)))
        file.seek(0, os.SEEK_END)
        yield file, journal


@contextmanager
def resumable_files(
    targets: Mapping[str, Path], key: str, *, overwrite: bool = False
) -> Iterator[tuple[Path, Journal]]:
    """A hidden folder to fill with several files, and its Journal.

    When the block ends without an error, each takes its final place: ``targets`` are those by the names in the folder,
    all on one disk. Otherwise like :func:`atomic_file`, and with ``key`` gone on with after a kill.
    """
    places = {name: target.absolute() for name, target in targets.items()}
    first = next(iter(places.values()))
    with _plain_errors(first):
        partial = _prepare(first, overwrite, 0, _adopt(first, key) if key else None)
        try:
            for target in places.values():
                _check_free(target, overwrite)
            partial.mkdir(exist_ok=True)
            yield partial, Journal(partial, key)
            for name, target in places.items():
                _sync(partial / name, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
                _check_free(target, overwrite)
                if target.is_dir():
                    raise InputError(f"{target} is a folder.", "Choose another name for the file.")
            for name, target in places.items():
                (partial / name).replace(target)
            _sync_folder(first.parent)
        finally:
            _remove(partial)


@contextmanager
def renaming(target: Path, key: str) -> Iterator[None]:
    """Around the renames of an export of several files: one that is killed between two of them is known by
    :func:`is_half_renamed`, so that the same export may replace what it had already renamed."""
    mark = _mark(target)
    with _plain_errors(target):
        if key:
            mark.write_text(key, encoding="utf-8")
            _sync_folder(target.parent)
    yield
    with _plain_errors(target):
        mark.unlink(missing_ok=True)


def is_half_renamed(target: Path, key: str = "") -> bool:
    """Whether an export to ``target`` (that of ``key``, if given) was killed while its files took their names."""
    try:
        said = _mark(target).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False
    return not key or said == key


def _mark(target: Path) -> Path:
    return target.parent / f".{_cut(target.name, NAME_LIMIT)}.half-renamed"


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


def check_target(target: Path, overwrite: bool) -> None:
    """Raise :class:`InputError` when something is there that must not be replaced."""
    if (target.exists() or target.is_symlink()) and not overwrite and not is_half_renamed(target):
        raise InputError(f"{target} exists already.", "Choose another name, or say --overwrite to replace it.")


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


def _prepare(target: Path, overwrite: bool, needed: int, adopted: Path | None = None) -> Path:
    """Sweep, check, and name the partial."""
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep(target)
    _check_free(target, overwrite)
    check_space(target.parent, needed if adopted is None else max(0, needed - _size(adopted)))
    return adopted or _sibling(target, "partial")


def _size(folder: Path) -> int:
    return sum(os.lstat(file).st_size for file in _files(folder))


def _adopt(target: Path, key: str) -> Path | None:
    """Take over what a dead process had written for the same key, if anything."""
    if not target.parent.is_dir():
        return None
    stem = _stem(target, "partial")
    for entry in list(os.scandir(target.parent)):
        owner = re.fullmatch(r"(\d{1,9})-([0-9a-f]{12})", entry.name.removeprefix(stem))
        if not entry.name.startswith(stem) or owner is None or _is_live(int(owner[1]), owner[2]):
            continue
        if Journal(Path(entry.path), key).done:
            mine = _sibling(target, "partial")
            try:
                Path(entry.path).rename(mine)
            except OSError:  # another process was quicker
                continue
            return mine
    return None


class Journal:
    """How far the filling of a folder has come, so that it can be gone on with after a kill.

    ``done`` items are finished, on the disk, and not written again; ``state`` is what the exporter noted with them.
    Items must come in the same order each time, which the ``key`` stands for.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self._file, self._key, self._noted = folder / JOURNAL, key, time.monotonic()
        self.done, self.state = 0, dict[str, Any]()
        try:
            lines = self._file.read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError):
            lines = []
        for line in lines:
            try:
                key, done, state = json.loads(line)
            except (ValueError, TypeError):
                break  # the line that the kill cut off
            if key != self._key:
                break
            self.done, self.state = int(done), dict(state)

    @property
    def is_due(self) -> bool:
        """Whether it is time for another note."""
        return bool(self._key) and time.monotonic() - self._noted >= NOTE_EVERY_S

    def note(self, done: int, state: Mapping[str, Any] | None = None, *, now: bool = False) -> None:
        """Say that ``done`` items are finished: every :data:`NOTE_EVERY_S` seconds, or ``now``."""
        if not self._key or not (now or self.is_due):
            return
        if hasattr(os, "sync"):
            os.sync()  # what is noted must be on the disk even when the power goes
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps([self._key, done, dict(state or {})]) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self._noted = time.monotonic()


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
    if hasattr(os, "sync") and next(itertools.islice(_files(folder), MANY_FILES, None), ""):
        os.sync()
        return
    for file in _files(folder):  # one at a time: there may be a million
        if not (path := Path(file)).is_symlink():
            _sync(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    for base, _, _ in os.walk(folder):
        _sync_folder(Path(base))


def _files(folder: Path | str) -> Iterator[str]:
    """The files below a folder, one at a time."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files(entry.path)
            else:
                yield entry.path


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
