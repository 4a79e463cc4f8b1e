"""What LLaMA-Factory's ``dataset_info.json`` describes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curator.engine import packed
from curator.engine.api import Draft, InputError, Skip, Source, Task, importer, param
from curator.plugins.importers.arrow_tables import Part
from curator.plugins.importers.mapping import ROLES, View, roles_of
from curator.plugins.importers.piles import Pile, notable_names
from curator.plugins.importers.places import NAME_ROOT, ROOT_HELP, root_of
from curator.plugins.importers.raw_files import is_record_file, look
from curator.plugins.importers.record_drafts import Pictures, Shaping, read_drafts

FILE = "dataset_info.json"
LOOK_ENTRIES = 8
MAX_BYTES = 64 * 2**20
ELSEWHERE = ("hf_hub_url", "ms_hub_url", "om_hub_url", "script_url", "cloud_file_name")
OTHER_ROLES = frozenset({"videos", "audios"})


@importer("llama-factory", version=1, kinds={"instruction"})
@dataclass(frozen=True)
class LlamaFactory:
    """LLaMA-Factory's dataset_info.json: reads the files that it describes, by the columns and tags that it gives.

    Name the file, its folder, or a ZIP or TAR of that; and with “entries” those wanted. Otherwise every entry is read
    whose file is there.
    Entries that lie on a hub are listed, not fetched. Pictures are looked for below the folder. As in LLaMA-Factory,
    columns that an entry does not list mean nothing to it; the record is kept whole all the same.
    """

    entries: str = param("", help="Names of the entries to read, with commas between; default: all that are here")
    root: str = param("", help=ROOT_HELP)

    def match(self, path: Path) -> float:
        """1.0 for a description with files that are here, 0.5 for one without, else 0."""
        place = _place(path)
        if place is None:
            return 0.0
        try:
            described = _described(place[1])
        except InputError:
            return 0.0
        if not described:
            return 0.0
        return 1.0 if _here(place[1], described) else 0.5

    def open(self, path: Path) -> Source:
        """Raises :class:`InputError` when there is no description, or an entry wanted is not in it or not here."""
        pile, file = self._found(path)
        chosen = self._chosen(file)
        name = next(iter(chosen)) if len(chosen) == 1 else path.name.split(".")[0] if pile.prefix else file.parent.name
        formats = {str(entry.get("formatting", "alpaca")) for entry in chosen.values()}
        return Source("instruction", pile.root, name, next(iter(formats)) if len(formats) == 1 else "")

    def read(self, path: Path, source: Source, task: Task) -> Iterator[Draft | Skip]:
        """Records by entry, in the order of the description."""
        pile, file = self._found(path)
        folder = _inner(pile, file).rpartition("/")[0]
        seen = dict[str, str]()
        described = _described(file)
        here = _here(file, described)
        away = [name for name in described if name not in here]
        if away and not self.entries:
            task.log(f"{len(away)} entries are not on this computer and were left out, such as “{away[0]}”.")
        for name, entry in self._chosen(file).items():
            try:
                relative = pile.address(pile.find(str(entry.get("file_name")), folder))
                target = source.root / relative
                if relative in seen:
                    raise InputError(f"describes the file {relative} again, after “{seen[relative]}”")
                if not is_record_file(target):
                    raise InputError(f"names {relative}, which is no file of records")
                seen[relative] = name
                shaping = Shaping(Pictures(pile, folder), view=view_of(entry))
                yield from read_drafts(shaping, Part(target, relative, ""), f"{relative}#", task)
                shaping.tell(task)
            except InputError as error:
                yield Skip(f"{FILE}#{name}", error.text)

    def columns(self, path: Path) -> dict[str, str]:
        """Column -> role in the first records of the entries, "" for what is kept in the record only."""
        _, file = _found(path.absolute())
        roles: dict[str, str] = {}
        for entry in list(self._chosen(file).values())[:LOOK_ENTRIES]:
            raws = look(_beside(file, str(entry["file_name"])))
            found = roles_of([raw.value for raw in raws if isinstance(raw.value, dict)], view_of(entry))
            roles |= {name: roles.get(name) or role for name, role in found.items()}
        return roles

    def _found(self, path: Path) -> tuple[Pile, Path]:
        pile, file = _found(path.absolute())
        if pile.prefix:
            return pile, file
        return Pile(root_of(self.root, pile.root), advice=NAME_ROOT, rooted=bool(self.root)), file

    def _chosen(self, file: Path) -> dict[str, dict[str, Any]]:
        described = _described(file)
        here = _here(file, described)
        wanted = [name.strip() for name in self.entries.split(",") if name.strip()]
        for name in wanted:
            if name not in described:
                raise InputError(
                    f"{file.name} has no entry “{name}”.", f"Here: {', '.join(list(here)[:20]) or 'none'}."
                )
            if name not in here:
                raise InputError(f"The entry “{name}” lies elsewhere.", "Fetch its file first, and name it there.")
        chosen = {name: described[name] for name in wanted} if wanted else here
        if not chosen:
            raise InputError(f"None of the files that {file} describes is here.", "Fetch them, then import again.")
        return chosen


def _place(path: Path) -> tuple[Pile, Path] | None:
    """The pile that a description lies in, a folder or an archive, and the path or address of the description."""
    if packed.is_archive(path) and path.is_file():
        names = [name for name in notable_names(path) if name.rpartition("/")[2] == FILE and name.count("/") < 2]
        pile = Pile.at(path)
        return (pile, pile.file(min(names, key=lambda name: name.count("/")))) if names else None
    file = path / FILE if path.is_dir() else path
    return (Pile(file.parent), file) if file.name == FILE and file.is_file() else None


def _found(path: Path) -> tuple[Pile, Path]:
    place = _place(path)
    if place is None:
        raise InputError(f"There is no {FILE} at {path}.", "Name the file, or the folder or archive that it is in.")
    return place


def _inner(pile: Pile, file: Path) -> str:
    return file.relative_to(pile.root).as_posix().removeprefix(pile.prefix)


def _here(file: Path, described: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The entries whose file is there, beside the description."""
    return {n: e for n, e in described.items() if e.get("file_name") and _is_there(_beside(file, str(e["file_name"])))}


def _beside(file: Path, name: str) -> Path:
    return Path(str(file).removesuffix(FILE) + name)


def _is_there(path: Path) -> bool:
    return packed.exists(path) or path.exists()


def _described(file: Path) -> dict[str, dict[str, Any]]:
    """The entries; {} when the file is another program's."""
    try:
        if packed.size_of(file) > MAX_BYTES:
            raise InputError(f"{file} is larger than {MAX_BYTES // 2**20} MB.")
        with packed.open_stream(file) as opened:
            value = json.loads(opened.read().decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{file} cannot be read: {error}.", "Mend it, then try again.") from None
    if not isinstance(value, dict):
        return {}
    keys = ("file_name", *ELSEWHERE)
    return {n: e for n, e in value.items() if isinstance(e, dict) and any(isinstance(e.get(k), str) for k in keys)}


def view_of(entry: dict[str, Any]) -> View:
    """How an entry looks at its records: by its columns alone when it gives any, as LLaMA-Factory does."""
    columns = entry.get("columns")
    tags = entry.get("tags")
    tags = tags if isinstance(tags, dict) else {}
    named = {}
    for role, column in columns.items() if isinstance(columns, dict) else ():
        if isinstance(column, str) and role in ROLES and role not in OTHER_ROLES:
            named[column] = role
    return View(named, bool(named), str(tags.get("role_tag") or ""), str(tags.get("content_tag") or ""))
