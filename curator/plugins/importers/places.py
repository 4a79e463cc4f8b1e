"""Names of files as a dataset gives them, and where they lead: never outside the folder of the dataset."""

from __future__ import annotations

import os
import re
from pathlib import Path

from curator.engine.api import InputError

LEAVES = "leaves the folder of the dataset"
_DRIVE = re.compile(r"^[A-Za-z]:")


def storable(name: str) -> bool:
    """False for a file name that is not UTF-8, which no record and no database can hold."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def readable(name: str) -> str:
    """A name that can be shown and stored, whatever bytes it is made of."""
    return name if storable(name) else name.encode("utf-8", "backslashreplace").decode("utf-8")


def find_parts(name: str) -> list[str]:
    """The folders and the file of a relative name; raises :class:`InputError` when it leads out of its folder."""
    if "\0" in name or _DRIVE.match(name) or name.startswith(("/", "\\")):
        raise InputError(LEAVES)
    if not name.strip():
        raise InputError("has no file name")
    if not storable(name):
        raise InputError("has a name that is not UTF-8")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise InputError(LEAVES)
    return parts


class Places:
    """Finds files below ``root`` by the names that a list or a record gives."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._real = os.path.realpath(root)
        self._folders: dict[str, bool] = {}

    def find(self, name: str, folder: str = "") -> str:
        """The path relative to the root, with forward slashes, of the file called ``name`` in ``folder`` below it.

        Raises:
            InputError: the reason, to be put behind the name: it leaves the folder, is not there or not a file.
        """
        parts = find_parts(name)
        if "\\" in name and not os.path.isfile(self.root / folder / name):  # noqa: PTH113 - too long is no error here
            parts = find_parts(name.replace("\\", "/"))
        relative = "/".join([folder, *parts] if folder else parts)
        self.check_file(relative)
        return relative

    def check_file(self, relative: str) -> None:
        """Raise :class:`InputError` unless this is a plain file whose links, if any, stay below the root."""
        path = self.root / relative
        try:
            there = path.is_file()
        except OSError as error:  # a name longer than the file system takes
            raise InputError(f"cannot be opened: {error.strerror}") from error
        if not there:
            raise InputError("is not a plain file" if path.exists() else "is not there")
        folder = relative.rpartition("/")[0]
        if folder not in self._folders:
            self._folders[folder] = self.holds(os.path.realpath(self.root / folder))
        if not self._folders[folder] or (path.is_symlink() and not self.holds(os.path.realpath(path))):
            raise InputError(LEAVES)

    def holds(self, real: str) -> bool:
        """Whether a real path (links followed) is the root or below it."""
        return real == self._real or real.startswith(self._real.rstrip(os.sep) + os.sep)
