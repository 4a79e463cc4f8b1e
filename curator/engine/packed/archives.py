"""Members of TAR and ZIP archives: listed one by one, and read by their place in the file."""

from __future__ import annotations

import hashlib
import re
import stat
import tarfile
import threading
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from curator.engine.errors import InputError
from curator.engine.packed.streams import RATIO, SLACK, kept_copy, plain_tar

LEAVES = "leaves the folder of the dataset"
IS_LINK = "is a link; links inside archives are not followed"
NO_FILE = "is not a plain file"
TWICE = "occurs twice in the archive; the first one counts"
DAMAGED = "is damaged in its archive"
TAR = -1
"""The method of a member that lies in the archive as it is."""
BLOCK = 2**20
KEPT_ENTRIES = 2_000_000
"""Members whose places are remembered, over all archives: 40 bytes each."""
_DRIVE = re.compile(r"^[A-Za-z]:")
_LOCAL = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive. ``offset`` is where its data start (TAR) or its local header (ZIP); ``reason`` says why
    it cannot be read, "" when it can. A member without a name stands for a fault of the archive itself."""

    name: str
    offset: int = 0
    size: int = 0
    packed: int = 0
    method: int = TAR
    reason: str = ""


def members(path: Path) -> Iterator[Member]:
    """Every file of an archive in the order it lies there; folders are left out. Memory does not grow.

    Raises:
        InputError: the file is not there or no archive.
    """
    try:
        if path.suffix.lower() == ".zip":
            yield from _zip_members(path)
        else:
            yield from _tar_members(plain_tar(path))
    except (tarfile.TarError, zipfile.BadZipFile, NotImplementedError) as error:
        raise InputError(f"is not an archive that can be read: {error}") from error
    except OSError as error:
        raise InputError("is not there" if isinstance(error, FileNotFoundError) else _opening(error)) from error


def _opening(error: OSError) -> str:
    return f"cannot be opened: {error.strerror or error}"


def fault_of_name(name: str) -> str:
    """Why a name cannot be that of a member: "" when it can."""
    if name.startswith(("/", "\\")) or _DRIVE.match(name) or ".." in name.replace("\\", "/").split("/"):
        return LEAVES
    if "\0" in name or (not name.isprintable() and any(ord(c) < 32 for c in name)):
        return "has control characters in its name"
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return "has a name that is not UTF-8"
    return ""


def _tar_members(path: Path) -> Iterator[Member]:
    length = path.stat().st_size
    with path.open("rb") as file, tarfile.open(fileobj=file, mode="r:") as archive:
        last = ""
        while True:
            try:
                info = archive.next()
            except tarfile.TarError:
                yield Member("", reason=_cut(last))
                return
            if info is None:
                break
            archive.members.clear()  # type: ignore[attr-defined]  # tarfile would keep every header
            last = info.name
            if info.isdir():
                continue
            reason = fault_of_name(info.name) or _tar_fault(info)
            if not reason and info.offset_data + info.size > length:
                reason = "is cut off"
            yield Member(_plain(info.name), info.offset_data, info.size, info.size, TAR, reason)
        file.seek(archive.offset)
        if any(file.read(512)):
            yield Member("", reason=_cut(last))


def _cut(last: str) -> str:
    return f"is cut off or damaged after {last or 'its start'}; nothing after it was read"


def _tar_fault(info: tarfile.TarInfo) -> str:
    if info.issym() or info.islnk():
        return IS_LINK
    return NO_FILE if not info.isreg() or info.issparse() else ""


def _plain(name: str) -> str:
    return name.removeprefix("./")


def _zip_members(path: Path) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.filelist:
            if info.is_dir():
                continue
            name = info.filename.replace("\\", "/")
            reason = fault_of_name(name) or _zip_fault(info)
            size, method = info.file_size, info.compress_type
            yield Member(_plain(name), info.header_offset, size, info.compress_size, method, reason)


def _zip_fault(info: zipfile.ZipInfo) -> str:
    mode = info.external_attr >> 16
    if stat.S_ISLNK(mode):
        return IS_LINK
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return NO_FILE
    if info.flag_bits & 1:
        return "is encrypted"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "is compressed by a method that is not supported; pack it again as an ordinary ZIP"
    return ""


# ---- reading by place ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Index:
    """Where members lie: ``keys`` uint64 [m] ascending, ``places`` int64 [m, 4] of offset, size, packed, method."""

    file: Path
    stamp: tuple[int, int]
    keys: NDArray[np.uint64]
    places: NDArray[np.int64]


_kept: OrderedDict[Path, _Index] = OrderedDict()
_lock = threading.Lock()


def find(path: Path, name: str) -> tuple[Path, Member]:
    """The plain archive file, and the place in it of the member called ``name``; raises :class:`InputError`."""
    index = _index(path)
    key = _key(name)
    at = int(np.searchsorted(index.keys, key))
    if at == len(index.keys) or index.keys[at] != key:
        raise InputError(f"is not in the archive {path.name} (any more)")
    offset, size, packed, method = (int(v) for v in index.places[at])
    return index.file, Member(name, offset, size, packed, method)


def read_member(path: Path, name: str, limit: int) -> bytes:
    """All bytes of one member; raises :class:`InputError`."""
    file, member = find(path, name)
    try:
        with file.open("rb") as opened:
            return read_at(opened, member, limit)
    except OSError as error:
        raise InputError(_opening(error)) from error


def read_at(file: BinaryIO, member: Member, limit: int) -> bytes:
    """All bytes of a member of an archive that is open; raises :class:`InputError`."""
    if member.reason:
        raise InputError(member.reason)
    if member.size > limit:
        raise InputError(f"is {member.size / 2**20:,.0f} MB large; the limit is {limit // 2**20} MB")
    if member.method == TAR:
        file.seek(member.offset)
        content = file.read(member.size)
    else:
        content = _unzip(file, member)
    if len(content) != member.size:
        raise InputError("is cut off")
    return content


def lay_out(path: Path, name: str) -> Path:
    """A member as a file of its own in the cache; raises :class:`InputError`."""
    file, member = find(path, name)
    if member.size > RATIO * member.packed + SLACK:
        raise InputError(f"{name} in {path.name} unpacks to more than {RATIO} times its size.")
    return kept_copy(path, name, Path(name).suffix.lower(), _blocks(file, member))


def _blocks(path: Path, member: Member) -> Iterator[bytes]:
    done = 0
    with path.open("rb") as file:
        if member.method == TAR:
            file.seek(member.offset)
        else:
            _seek_data(file, member)
        unpack = zlib.decompressobj(-15) if member.method == zipfile.ZIP_DEFLATED else None
        left, block = member.packed, b""
        while done < member.size and (left or block):
            block += file.read(min(left, BLOCK))
            left -= min(left, BLOCK)
            try:
                content = unpack.decompress(block, BLOCK) if unpack else block
            except zlib.error as error:
                raise InputError(f"{member.name} {DAMAGED}: {error}") from error
            block = unpack.unconsumed_tail if unpack else b""
            if not content and not left:
                break
            done += len(content)
            yield content
    if done != member.size:
        raise InputError(f"{member.name} is cut off")


def _seek_data(file: BinaryIO, member: Member) -> None:
    file.seek(member.offset)
    header = file.read(30)
    if len(header) < 30 or header[:4] != _LOCAL:
        raise InputError(DAMAGED)
    file.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), 1)


def _unzip(file: BinaryIO, member: Member) -> bytes:
    _seek_data(file, member)
    packed = file.read(min(member.packed, member.size + 2**20))
    if member.method == zipfile.ZIP_STORED:
        return packed
    try:
        return zlib.decompressobj(-15).decompress(packed, member.size + 1)  # never more than what was announced
    except zlib.error as error:
        raise InputError(f"{DAMAGED}: {error}") from error


def _key(name: str) -> np.uint64:
    digest = hashlib.blake2b(name.encode("utf-8", "surrogateescape"), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))


def _index(path: Path) -> _Index:
    """The index of an archive, made once for each process and again when the file changes."""
    try:
        about = path.stat()
    except OSError as error:
        raise InputError(f"lies in {path.name}, which is not there") from error
    stamp = (about.st_mtime_ns, about.st_size)
    with _lock:
        if (index := _kept.get(path)) is not None and index.stamp == stamp:
            _kept.move_to_end(path)
            return index
        index = _make_index(path, stamp)
        _kept[path] = index
        while len(_kept) > 1 and sum(len(i.keys) for i in _kept.values()) > KEPT_ENTRIES:
            _kept.popitem(last=False)
        return index


def _make_index(path: Path, stamp: tuple[int, int]) -> _Index:
    keys: list[np.uint64] = []
    places: list[tuple[int, ...]] = []
    try:
        for member in members(path):
            if member.name and not member.reason:
                keys.append(_key(member.name))
                places.append((member.offset, member.size, member.packed, member.method))
    except InputError as error:
        raise InputError(f"lies in {path.name}, which {error.text}") from error
    names = np.array(keys, np.uint64)
    where: NDArray[Any] = np.array(places, np.int64).reshape(-1, 4)
    order = np.argsort(names, kind="stable")  # of two with one name, searchsorted meets the first
    plain = path if path.suffix.lower() == ".zip" else plain_tar(path)
    return _Index(plain, stamp, names[order], where[order])
