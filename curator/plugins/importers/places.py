"""Names of files as a dataset gives them, and where they lead: never outside the folder of the dataset."""

from __future__ import annotations

import os
import re
from pathlib import Path

from curator.engine.api import InputError

LEAVES = "leaves the folder of the dataset"
OPEN_ABOVE = ": import the folder above, which holds both"
NAME_ROOT = f"{OPEN_ABOVE}, or name it as the parameter “root” (--set root=FOLDER)"
"""What to do about a name that leads out of the folder, where an Importer has such a parameter."""
LOST = "is not there"
NAME_IMAGES = ": if names are relative to another folder, say which one (--set images=FOLDER)"
FOLLOW = ": a link; the importer image-folder follows it if told to (--set links=true)"
ROOT_HELP = (
    "Folder that names such as ../images/x.jpg may lead into, and that names may be relative to; "
    "default: the one that is imported"
)
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
    name = name.replace("\0", "\\0")
    return name if storable(name) else name.encode("utf-8", "backslashreplace").decode("utf-8")


def root_of(wanted: str, folder: Path) -> Path:
    """The folder that names may lead into: ``wanted``, which must hold ``folder``, or that folder itself.

    Raises:
        InputError: the one that is wanted is not there or does not hold the other.
    """
    if not wanted:
        return folder
    root = Path(os.path.normpath(Path(wanted).expanduser().absolute()))
    if not root.is_dir():
        raise InputError(f"The folder {root} does not exist.", "Check the parameter “root”.")
    if root != folder and root not in folder.parents:
        raise InputError(f"{root} does not hold {folder}.", "Name a folder above it as “root”.")
    return root


def resolved(name: str, folder: str = "") -> str:
    """Where a relative name leads from ``folder`` below the root; raises :class:`InputError` when it leads out."""
    if "\0" in name or _DRIVE.match(name) or name.startswith(("/", "\\")):
        raise InputError(LEAVES)
    if not name.strip():
        raise InputError("has no file name")
    if not storable(name):
        raise InputError("has a name that is not UTF-8")
    parts = folder.split("/") if folder else []
    for part in name.split("/"):
        if part == "..":
            if not parts:
                raise InputError(LEAVES)
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


class Places:
    """Finds files below ``root`` by the names that a list or a record gives.

    ``advice`` is what the reason says of a name that leads out of the root; with ``links`` a link may lead anywhere.
    """

    def __init__(self, root: Path, advice: str = OPEN_ABOVE, *, links: bool = False) -> None:
        self.root, self._advice, self._links = root, advice, links
        self._real = os.path.realpath(root)
        self._folders: dict[str, bool] = {}

    def find(self, name: str, folder: str = "") -> str:
        """The path relative to the root, with forward slashes, of the file called ``name`` in ``folder`` below it.

        A name may be absolute or go up as long as it stays below the root.

        Raises:
            InputError: the reason, to be put behind the name: it leaves the folder, is not there or not a file.
        """
        below = self._below(name)
        try:
            relative = resolved(name, folder) if below is None else below
            if "\\" in name and not os.path.isfile(self.root / relative):  # noqa: PTH113 - too long is no error here
                relative = resolved(name.replace("\\", "/"), folder)
        except InputError as error:
            raise InputError(LEAVES + self._advice) if error.text == LEAVES and "\0" not in name else error from None
        self.check_file(relative)
        return relative

    def _below(self, name: str) -> str | None:
        """An absolute name that lies below the root, as seen from there; None for any other."""
        if "\0" in name or not storable(name) or not os.path.isabs(name):  # noqa: PTH117 - a Path of each name is slow
            return None
        full, base = os.path.normpath(name), str(self.root).rstrip(os.sep) + os.sep
        return full[len(base) :].replace(os.sep, "/") if full.startswith(base) else None

    def check_file(self, relative: str) -> None:
        """Raise :class:`InputError` unless this is a plain file whose links, if any, stay below the root."""
        path = self.root / relative
        try:
            there = path.is_file()
        except OSError as error:  # a name longer than the file system takes
            raise InputError(f"cannot be opened: {error.strerror}") from error
        if not there:
            raise InputError("is not a plain file" if path.exists() else LOST)
        folder = relative.rpartition("/")[0]
        if folder not in self._folders:
            self._folders[folder] = self.holds(os.path.realpath(self.root / folder))
        if not self._folders[folder] or (path.is_symlink() and not self.holds(os.path.realpath(path))):
            raise InputError(f"{LEAVES}{FOLLOW}")

    def holds(self, real: str) -> bool:
        """Whether a real path (links followed) is the root or below it, or may be elsewhere."""
        return self._links or real == self._real or real.startswith(self._real.rstrip(os.sep) + os.sep)
