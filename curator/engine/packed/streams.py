"""Compressed files: read as a stream, or (a whole TAR, a table in an archive) unpacked once into the cache, because
they can only be read with leaps."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

import platformdirs

from curator.engine.errors import InputError, NotReadyError

COMPRESSED = frozenset({".gz", ".tgz", ".bz2", ".tbz2", ".xz", ".txz", ".zst", ".tzst"})
RATIO = 300
"""Text and pictures never shrink to a three-hundredth; what grows by more is made to fill a disk."""
SLACK = 256 * 2**20
MEMBER_LIMIT = 2**30
"""A file of records that lies in an archive is held in memory."""
RESERVE = 2**30
KEPT_BYTES = 20 * 2**30
_BLOCK = 2**20
_SIP = 2**11
"""Bytes of zstandard at a time: at most 64 MB unpacked, whatever is in them."""


def plain_suffix(path: Path) -> str:
    """The ending in lower case without that of a compression: ".jsonl" for ``a.jsonl.gz``."""
    suffixes = [s.lower() for s in path.suffixes[-2:]]
    if suffixes and suffixes[-1] in COMPRESSED:
        return suffixes[0] if len(suffixes) == 2 else ""
    return suffixes[-1] if suffixes else ""


def open_stream(path: Path) -> BinaryIO:
    """A file, or a member of an archive, to read from its start; unpacked on the way when it is compressed, and
    ``seek(0)`` begins again.

    Raises:
        NotReadyError: ``.zst`` and the package zstandard is not installed.
        InputError: while reading: damaged, cut off, or grows like a bomb.
    """
    if not path.is_file():
        from curator.engine.packed.address import read

        path, content = Path(path.name), read(path, MEMBER_LIMIT)
        opener = _opener(path)
        file = io.BytesIO(content)
        return file if opener is None else cast(BinaryIO, io.BufferedReader(_Unpacking(path, opener, file), _BLOCK))
    opener = _opener(path)
    if opener is None:
        return path.open("rb")
    return cast(BinaryIO, io.BufferedReader(_Unpacking(path, opener), _BLOCK))


def _opener(path: Path) -> Callable[[Any], IO[bytes]] | None:
    match path.suffix.lower():
        case ".gz" | ".tgz":
            return lambda file: cast(IO[bytes], gzip.GzipFile(fileobj=file))
        case ".bz2" | ".tbz2":
            return lambda file: cast(IO[bytes], bz2.BZ2File(file))
        case ".xz" | ".txz":
            return lambda file: cast(IO[bytes], lzma.LZMAFile(file))
        case ".zst" | ".tzst":
            return _zstandard()
    return None


def _zstandard() -> Callable[[Any], IO[bytes]]:
    try:
        import zstandard
    except ImportError:
        raise NotReadyError(
            "Files that end in .zst need the package zstandard.", 'Install it: pip install "curator-desk[zst]"'
        ) from None
    engine = zstandard.ZstdDecompressor(max_window_size=2**27)
    return lambda file: cast(IO[bytes], _Frames(file, engine.decompressobj))


class _Frames:
    """Unpacks the frames of zstandard one after the other, and tells when the last one is not whole: the reader of the
    package takes a file that is cut off for one that ends."""

    def __init__(self, file: BinaryIO, begin: Callable[[], Any]) -> None:
        self._file, self._begin, self._frame = file, begin, None
        self._packed, self._ready = b"", memoryview(b"")

    def read(self, size: int) -> bytes:
        """At most ``size`` bytes, b"" at the end; raises EOFError when the file is cut off."""
        while not self._ready:
            self._packed = self._packed or self._file.read(_SIP)
            if not self._packed:
                if self._frame is not None:
                    raise EOFError("the file is cut off")
                return b""
            frame = self._frame or self._begin()
            self._ready = memoryview(frame.decompress(self._packed))
            self._packed, self._frame = (frame.unused_data, None) if frame.eof else (b"", frame)
        found, self._ready = self._ready[:size], self._ready[size:]
        return bytes(found)

    def close(self) -> None:
        """Nothing is held."""


class _Unpacking(io.RawIOBase):
    """Unpacks one file; begins again on ``seek(0)``, stops what grows out of proportion."""

    def __init__(self, path: Path, opener: Callable[[Any], IO[bytes]], held: io.BytesIO | None = None) -> None:
        self._path, self._opener, self._held = path, opener, held
        self._file: BinaryIO | None = None
        size = len(held.getbuffer()) if held is not None else path.stat().st_size
        self._limit = size * RATIO + SLACK
        self._open()

    def _open(self) -> None:
        self.close_inner()
        self._file = io.BytesIO(self._held.getbuffer()) if self._held is not None else self._path.open("rb")
        self._stream = self._opener(self._file)
        self._at = 0

    def close_inner(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._stream.close()
            self._file.close()
            self._file = None

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """To the start only."""
        return True

    def tell(self) -> int:
        """Bytes unpacked so far."""
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        """To the start, or nowhere."""
        if whence == 0 and offset == 0:
            if self._at:
                self._open()
        elif (whence, offset) not in ((1, 0), (0, self._at)):
            raise io.UnsupportedOperation("a compressed file is read from its start")
        return self._at

    def readinto(self, buffer: Any) -> int:
        """The next bytes; raises :class:`InputError`."""
        try:
            content = self._stream.read(len(buffer))
        except (EOFError, gzip.BadGzipFile, lzma.LZMAError, OSError) as error:
            raise InputError(f"{self._path.name} cannot be unpacked: {error}.", "Fetch or make it again.") from error
        except Exception as error:  # zstandard has an error of its own, and zlib another
            if type(error).__name__ not in ("ZstdError", "error"):
                raise
            raise InputError(f"{self._path.name} cannot be unpacked: {error}.", "Fetch or make it again.") from error
        self._at += len(content)
        if self._at > self._limit:
            raise InputError(
                f"{self._path.name} unpacks to more than {RATIO} times its size.",
                "It looks like a file made to fill a disk. If it is sound, unpack it yourself.",
            )
        buffer[: len(content)] = content
        return len(content)

    def close(self) -> None:
        """Let go of the file."""
        self.close_inner()
        super().close()


def cache_folder() -> Path:
    """Where what can be made again is kept: ``CURATOR_CACHE_DIR``, or the place that the system has for it."""
    named = os.environ.get("CURATOR_CACHE_DIR")
    return Path(named).expanduser() if named else Path(platformdirs.user_cache_dir("curator"))


def plain_tar(path: Path) -> Path:
    """The archive itself, or when it is compressed as a whole, its unpacked copy in the cache.

    Raises:
        InputError: damaged, cut off, a bomb, or the disk of the cache has no room.
    """
    return kept_copy(path, "", ".tar", _all_of(path)) if path.suffix.lower() in COMPRESSED else path


def _all_of(path: Path) -> Iterator[bytes]:
    with open_stream(path) as packed:
        while block := packed.read(_BLOCK):
            yield block


def kept_copy(path: Path, member: str, ending: str, blocks: Iterator[bytes]) -> Path:
    """A copy in the cache of what lies packed in a file; made from ``blocks`` unless it is there.

    Args:
        path: the file; when it changes, the copy is made again.
        member: which part of it, "" for all.
        ending: of the name of the copy.
        blocks: the content, taken only when it is needed.

    Raises:
        InputError: what ``blocks`` raises, or the disk of the cache has no room.
    """
    about = path.stat()
    identity = f"{path.absolute()}|{about.st_mtime_ns}|{about.st_size}" + (f"|{member}" if member else "")
    name = hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()[:32]
    folder = cache_folder() / "archives"
    kept = folder / f"{name}{ending}"
    if kept.is_file():
        os.utime(kept)
        return kept
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{name}.{os.getpid()}-{secrets.token_hex(4)}"
    try:
        with partial.open("xb") as file:
            for block in blocks:
                if shutil.disk_usage(folder).free < RESERVE:
                    raise InputError(
                        f"There is no room at {folder} to unpack {path.name}.",
                        "Free some space, or set CURATOR_CACHE_DIR to a larger disk.",
                    )
                file.write(block)
        partial.replace(kept)
    finally:
        partial.unlink(missing_ok=True)
    _make_room(folder, kept)
    return kept


def _make_room(folder: Path, keep: Path) -> None:
    """Remove the copies not used for longest, until the rest is within :data:`KEPT_BYTES`."""
    files = [f for f in folder.iterdir() if f != keep and not f.name.startswith(".")]
    files.sort(key=lambda f: f.stat().st_mtime, reverse=True)
    total = keep.stat().st_size
    for file in files:
        total += file.stat().st_size
        if total > KEPT_BYTES:
            file.unlink(missing_ok=True)
