"""Claims: who is at work on what, so that tidying up never touches the work of the living.

A claim is an exclusive lock on a small file in the Project's ``locks`` folder. The system lets go of it when its
holder ends, however that comes about. Take, ask and release inside a write transaction of the database: that is what
keeps two processes from doing so at once.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import IO


class Claims:
    """The claims of one Store.

    Args:
        folder: the Project's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "locks"
        self._held: dict[str, IO[bytes]] = {}

    def take(self, name: str) -> bool:
        """Claim ``name`` (letters, digits and dashes); False when another Store holds it."""
        if name in self._held:
            return True
        try:
            self._folder.mkdir(exist_ok=True)
            file = self._file(name).open("a+b")
        except OSError:  # a folder that cannot be written: there is nobody to keep out
            return True
        if not _lock(file):
            file.close()
            return False
        self._held[name] = file
        return True

    def elsewhere(self, name: str) -> bool:
        """Whether another Store, in this process or another one, holds ``name`` now."""
        if name in self._held:
            return False
        try:
            with self._file(name).open("r+b") as file:
                return not _lock(file)
        except OSError:
            return False

    def busy(self, name: str) -> bool:
        """Whether anybody holds ``name`` now, this Store included."""
        return name in self._held or self.elsewhere(name)

    def release(self, name: str) -> None:
        """Let go of ``name``; nothing happens when it is not held."""
        if (file := self._held.pop(name, None)) is not None:
            file.close()
            with suppress(OSError):
                self._file(name).unlink()

    def sweep(self) -> None:
        """Remove the files of holders that have ended."""
        for file in self._folder.glob("*.lock"):
            if not self.busy(file.stem):
                with suppress(OSError):
                    file.unlink()

    def close(self) -> None:
        """Let go of everything."""
        for file in self._held.values():
            file.close()
        self._held.clear()

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.lock"


def _lock(file: IO[bytes]) -> bool:
    """Lock an open file until it is closed; False when it is locked. A disk that knows no locks keeps nobody out."""
    if sys.platform == "win32":
        import msvcrt

        try:
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
    else:
        import fcntl

        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True
    return True
