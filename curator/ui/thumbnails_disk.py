"""Small pictures on disk, by the digest of what they show: a second visit does not decode the originals again."""

from __future__ import annotations

import hashlib
import os
import threading
import time
import uuid
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QByteArray
from PySide6.QtGui import QImage, QImageWriter

EDGES = (128, 256, 512)
"""What is stored; other sizes are made from the next larger one."""
QUALITY = 88
KEPT_SHARE = 0.85
FRESH_S = 86_400.0
"""A file's time is renewed at most once a day when it is used, so that what is used stays longest."""


class ThumbnailFolder:
    """Files ``ab/abcdef...-256.jpg`` below a folder that anyone may delete at any time. Safe in many threads.

    Args:
        folder: where; made when first written to.
        max_bytes: the oldest files go when there is more.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder, self._max_bytes = folder, max_bytes
        self._lock = threading.Lock()
        self._bytes: int | None = None

    @staticmethod
    def edge(edge: int) -> int | None:
        """The stored size that serves ``edge``, None for larger ones, which are not stored."""
        return next((e for e in EDGES if e >= edge), None)

    def read(self, digest: str, edge: int) -> QImage:
        """The picture, null when it is not here or damaged."""
        for ending in ("jpg", "png"):
            file = self._file(digest, edge, ending)
            if file.is_file():
                image = QImage(str(file))
                with suppress(OSError):
                    if time.time() - file.stat().st_mtime > FRESH_S:
                        os.utime(file)
                return image
        return QImage()

    def write(self, digest: str, edge: int, image: QImage) -> None:
        """Keep a picture; a full or read-only disk is no fault of the picture's."""
        ending = "png" if image.hasAlphaChannel() else "jpg"
        file = self._file(digest, edge, ending)
        temporary = file.with_name(f"{file.name}.{uuid.uuid4().hex}.new")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            writer = QImageWriter(str(temporary), QByteArray(ending.encode()))
            writer.setQuality(QUALITY)
            if not writer.write(image):
                raise OSError
            del writer  # closes the file
            size = temporary.stat().st_size
            temporary.replace(file)
        except OSError:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            return
        with self._lock:
            self._bytes = self._measure() if self._bytes is None else self._bytes + size
            if self._bytes > self._max_bytes:
                self._bytes = self._make_room()

    def _file(self, digest: str, edge: int, ending: str) -> Path:
        name = hashlib.sha256(digest.encode()).hexdigest()[:40]
        return self._folder / name[:2] / f"{name}-{edge}.{ending}"

    def _files(self) -> list[tuple[float, int, str]]:
        found: list[tuple[float, int, str]] = []
        with suppress(OSError):
            for folder in [f.path for f in os.scandir(self._folder) if f.is_dir(follow_symlinks=False)]:
                with suppress(OSError), os.scandir(folder) as entries:
                    for entry in entries:
                        about = entry.stat(follow_symlinks=False)
                        found.append((about.st_mtime, about.st_size, entry.path))
        return found

    def _measure(self) -> int:
        return sum(size for _, size, _ in self._files())

    def _make_room(self) -> int:
        files = sorted(self._files())
        total = sum(size for _, size, _ in files)
        for _, size, path in files:
            if total <= self._max_bytes * KEPT_SHARE:
                break
            with suppress(OSError):
                Path(path).unlink()
                total -= size
        return total
