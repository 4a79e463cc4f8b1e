"""The samples of an export on their way out: converted, checked by a trainer's rules, with the fields that are wanted.

An exporter gets an :class:`Outgoing` as its items and writes what it is given. It may go through it twice; both times
it sees the same. After a kill it may go on in the middle (:meth:`Outgoing.resume`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from curator.engine.dialogue import (
    Dialogue,
    Loss,
    Picture,
    Style,
    Turn,
    converted,
    read_dialogue,
    recognise,
    write_dialogue,
)
from curator.engine.dialogue.chat import USUAL
from curator.engine.errors import InputError
from curator.engine.export_fields import FieldRules
from curator.engine.export_options import ExportOptions
from curator.engine.export_pictures import Naming
from curator.engine.export_plan import Plan
from curator.engine.export_spares import Spares
from curator.engine.export_tally import Count, Tally, lost_lines
from curator.engine.json_text import json_text
from curator.engine.store_exporting import ExportRows
from curator.engine.task import Task
from curator.engine.trainers import Checking, Finding, trainer
from curator.engine.trainers.counting import token_counter
from curator.engine.trainers.mending import FIXABLE, SHORTENED, mended
from curator.engine.types import ExportItem


class Outgoing:
    """Items for an exporter; :attr:`tally` tells of the latest pass.

    Args:
        rows: the Subset.
        plan: which samples, in which order.
        shape: the format of records to convert to, "" = as they came.
        style: what that format leaves open.
        naming: what pictures are called in the export.
        options: what was asked.
        gate: refuse, at the end of a pass, when content would be lost without a yes.
    """

    def __init__(
        self,
        rows: ExportRows,
        plan: Plan,
        shape: str,
        style: Style,
        naming: Naming,
        options: ExportOptions,
        task: Task,
        *,
        gate: bool = True,
        on_end: Callable[[Tally], None] = lambda tally: None,
    ) -> None:
        self._rows, self._plan, self._shape, self._style = rows, plan, shape, style
        self._naming, self._options, self._task, self._gate, self._on_end = naming, options, task, gate, on_end
        self._fields = FieldRules(options, shape)
        self._trainer = trainer(options.trainer) if options.trainer else None
        self._count = token_counter(options.tokenizer) if self._trainer else None
        self._passes, self._replace = 0, False
        self._begin = self._at = 0
        self.tally, self._met = Tally(), Tally()
        self._spares, self._stood = Spares(rows, plan.spare), None

    def __len__(self) -> int:
        return len(self._plan.ranks)

    def state(self) -> dict[str, Any]:
        """Where the pass that is going on stands, for :meth:`resume`, as values of JSON."""
        return {"at": self._at, "met": self.tally.state(), "spares": self._spares.state()}

    def resume(self, state: Mapping[str, Any]) -> None:
        """Let the next pass begin where another one stood."""
        self._begin, self._met, self._stood = int(state["at"]), Tally.of(state["met"]), state["spares"]

    def __iter__(self) -> Iterator[ExportItem]:
        begin, self.tally, self._passes = self._begin, self._met, self._passes + 1
        self._spares = spares = Spares(self._rows, self._plan.spare, self._stood)
        self._begin, self._at, self._met, self._stood = 0, begin, Tally(), None
        ranks, codes = self._plan.ranks[begin:], self._plan.split[begin:].tolist()
        for item, code in zip(self._rows.items(ranks), codes, strict=True):
            self._at += 1
            self._replace = self._options.findings == "replace"
            made = self._made(item)
            while made is None and self._replace and (other := spares.take(code)) is not None:
                made = self._made(other)
                self.tally.replaced += made is not None
            if made is not None:
                self.tally.ranks.append(made.rank)
                self.tally.splits.append(code)
                split = self._plan.names[code]
                yield made if made.split == split else made._replace(split=split)
        self._end()

    def _end(self) -> None:
        if self._gate and self.tally.severe and not self._options.allow_loss:
            raise InputError(
                f"Writing these records as {self._shape} would lose content:\n{lost_lines(self.tally)}",
                "Choose another format, or allow it: --allow-loss",
            )
        self._on_end(self.tally)

    def _made(self, item: ExportItem) -> ExportItem | None:
        """The item as it goes out, None when it is left out."""
        names = self._naming.names(item)
        if names != item.image_names:
            item = item._replace(image_names=names)
        if not (self._shape or self._fields.any or self._trainer):
            return item
        try:
            value = json.loads(item.record) if item.record else {}
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            if self._shape:
                self._leave_out(item, "has no record that can be read")
            return None if self._shape else item
        record = value
        if self._shape:
            made = self._converted(value, item)
            if made is None:
                return None
            record = made
        if self._fields.any:
            record = self._fields.apply(record, item.weight)
        if self._trainer is not None:
            checked = self._checked(record, item)
            if checked is None:
                return None
            record = checked
        self._learn(record)
        return item if record is value else item._replace(record=json_text(record))

    def _learn(self, record: dict[str, Any]) -> None:
        self.tally.fields |= record.keys()
        self.tally.pairs = self.tally.pairs or "rejected" in record or "non_preferred_output" in record
        turns = record.get("messages")
        if isinstance(turns, list) and any(isinstance(turn, dict) and "train" in turn for turn in turns):
            self.tally.tags.add("train")

    def _converted(self, value: dict[str, Any], item: ExportItem) -> dict[str, Any] | None:
        """The record in the wanted format; the very same object when it is in it already."""
        rename = self._naming.renaming(item)
        if fits(value, self._shape, self._style) and rename is None:
            return value
        written, lost = converted(value, self._shape, self._style)
        for loss in lost:
            self.tally.losses.setdefault(loss, Count(loss.text)).add(item.rank)
        if written is None:
            self._leave_out(item, lost[0].text.partition(": ")[2], counted=True)
            return None
        if rename is not None:
            named = with_names(read_dialogue(written), rename)
            written = write_dialogue(named, self._shape, self._style)
        return value if written == value else written

    def _leave_out(self, item: ExportItem, reason: str, counted: bool = False) -> None:
        loss = Loss(f"the whole record: {reason}")
        if not counted:
            self.tally.losses.setdefault(loss, Count(loss.text)).add(item.rank)
        self.tally.left_out += 1
        if self._passes == 1:
            self._task.problem(item.source, f"{reason}; left out")

    def _checked(self, record: dict[str, Any], item: ExportItem) -> dict[str, Any] | None:
        """The record after the trainer's rules and what is to be done about them; None = left out."""
        choice = self._options.choice
        found = self._findings(record, item)
        record, found = self._fixed(record, found, item)
        for finding in found:
            count = self.tally.findings.setdefault((finding.rule, finding.effect), Count(finding.text))
            count.add(item.rank, finding.tokens)
        gone = [f for f in found if choice(f.rule, f.effect) in ("drop", "replace")]
        if gone:
            self._replace = self._replace or any(choice(f.rule, f.effect) == "replace" for f in gone)
            self.tally.dropped += 1
            if self._passes == 1:
                self._task.problem(item.source, f"{gone[0].text}; left out")
            return None
        return record

    def _fixed(
        self, record: dict[str, Any], found: list[Finding], item: ExportItem
    ) -> tuple[dict[str, Any], list[Finding]]:
        """The record with what is to be fixed and can be, and what remains to be said of it."""
        rules = [f.rule for f in found if f.rule in FIXABLE and self._options.choice(f.rule, f.effect) == "fix"]
        before = found
        if set(rules) - {SHORTENED}:
            better = self._mend(record, [rule for rule in rules if rule != SHORTENED])
            remaining = self._findings(better, item)
            if len(remaining) < len(found):
                record, found = better, remaining
        shorter = record
        while SHORTENED in rules and shorter != (better := self._mend(shorter, [SHORTENED])):
            shorter, remaining = better, self._findings(better, item)
            if len(remaining) < len(found):
                record, found = shorter, remaining
                break
        self.tally.mended.update({f.rule for f in before} - {f.rule for f in found})
        return record, found

    def _mend(self, record: dict[str, Any], rules: list[str]) -> dict[str, Any]:
        try:
            shape = self._shape or recognise(record)
            return write_dialogue(mended(read_dialogue(record), rules), shape, self._style)
        except InputError:
            return record

    def _findings(self, record: dict[str, Any], item: ExportItem) -> list[Finding]:
        assert self._trainer is not None and self._count is not None
        dialogue = None
        shape = self._shape or recognise(record)
        is_file = self._naming.finder(item)
        if item.images and not shape:
            caption = item.text or (item.labels[0] if item.labels else "")
            shape, record = "image", {"image": item.image_names[0], "text": caption}
            picture = item.image_file(0)
            is_file = lambda name: picture is None or picture.is_file()  # noqa: E731
        elif shape:
            try:
                dialogue = read_dialogue(record)
            except InputError:
                dialogue = None
        length = self._options.length or self._trainer.length
        about = Checking(dialogue, shape, length, self._count, is_file, (item.width, item.height))
        return list(self._trainer.check(record, about))


def fits(record: dict[str, Any], shape: str, style: Style) -> bool:
    """Whether a record has the fields of a format itself, under their usual names, so that it can stay as it is."""
    if shape == "alpaca":
        return {"instruction", "input"} <= record.keys() and bool({"output", "chosen"} & record.keys())
    if shape == "sharegpt":
        turns = record.get("conversations")
        usual = isinstance(turns, list) and all(isinstance(t, dict) and t.get("from") in USUAL["from"] for t in turns)
        return usual and "image" not in record
    if shape == "messages":
        return isinstance(record.get("messages"), list) and style == Style()
    if shape in ("prompt-completion", "preference"):
        sides = ("prompt", "completion") if shape == "prompt-completion" else ("prompt", "chosen", "rejected")
        kind = list if style.as_turns else str
        return not style.openai and all(isinstance(record.get(side), kind) for side in sides)
    return False


def with_names(dialogue: Dialogue, names: dict[str, str]) -> Dialogue:
    """The record with its pictures called otherwise."""

    def part(old: str | Picture) -> str | Picture:
        return old if isinstance(old, str) else replace(old, name=names.get(old.name, old.name))

    def renamed(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
        return tuple(replace(turn, parts=tuple(part(old) for old in turn.parts)) for turn in turns)

    return replace(
        dialogue,
        turns=renamed(dialogue.turns),
        chosen=renamed(dialogue.chosen),
        rejected=renamed(dialogue.rejected),
        unplaced=tuple(names.get(name, name) for name in dialogue.unplaced),
    )


def relative(path: Path, base: Path) -> str:
    """A path as seen from a folder, with forward slashes."""
    return Path(os.path.relpath(path, base)).as_posix()
