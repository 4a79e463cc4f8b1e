"""The two bundled piles, ready to be imported."""

from __future__ import annotations

import hashlib
import shutil
import stat
import zipfile
import zlib
from pathlib import Path

from curator.engine.errors import InputError
from curator.engine.exporting import atomic_file, atomic_folder
from curator.engine.resources import resource

MAX_FILES = 20_000
MAX_BYTES = 200 * 2**20
MARK = ".unpacked"
"""Hidden file that says which archive a folder holds, written last."""


def unpack_demo(folder: Path) -> tuple[Path, Path]:
    """The folder of emoji pictures and the file of instruction records, below ``folder``.

    What is there already and is the same is left as it is.

    Raises:
        InputError: this installation lacks the demo, or the folder cannot be written to.
    """
    images, instructions = folder / "emoji", folder / "instructions.jsonl"
    unpack(resource("demo", "emoji.zip"), images)
    content = resource("demo", "instructions.jsonl").read_bytes()
    if not instructions.is_file() or instructions.read_bytes() != content:
        with atomic_file(instructions, overwrite=True) as file:
            file.write(content)
    return images, instructions


def unpack(archive: Path, target: Path) -> None:
    """Unpack a zip file into a folder, all of it or nothing; does nothing when it was done before.

    Raises:
        InputError: the archive is damaged, leads out of the folder, holds links, or is larger than the limits.
    """
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    mark = target / MARK
    if mark.is_file() and mark.read_text(encoding="ascii", errors="replace").strip() == digest:
        return
    try:
        with zipfile.ZipFile(archive) as packed:
            members = [m for m in packed.infolist() if not m.is_dir()]
            _check(archive, members)
            with atomic_folder(target, overwrite=True, needed=sum(m.file_size for m in members)) as folder:
                for member in members:
                    place = folder / member.filename
                    place.parent.mkdir(parents=True, exist_ok=True)
                    with packed.open(member) as source, place.open("xb") as file:
                        shutil.copyfileobj(source, file)
                (folder / MARK).write_text(digest + "\n", encoding="ascii")
    except (zipfile.BadZipFile, NotImplementedError, EOFError, zlib.error) as error:
        raise InputError(f"{archive.name} is damaged: {error}.", "Install Curator again.") from error


def _check(archive: Path, members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MAX_FILES or sum(m.file_size for m in members) > MAX_BYTES:
        raise InputError(f"{archive.name} is larger than {MAX_FILES} files or {MAX_BYTES // 2**20} MB.")
    for member in members:
        parts = member.filename.split("/")
        if any(part in ("", ".", "..") or "\\" in part or ":" in part for part in parts):
            raise InputError(f"{archive.name} holds “{member.filename}”, which leads out of the folder.")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise InputError(f"{archive.name} holds the link “{member.filename}”.")
