"""What an export would write, to look at before it is written."""

from __future__ import annotations

import json
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curator.engine.export_plan import Plan
from curator.engine.export_tally import Tally
from curator.engine.trainers.mending import FIXABLE

TEXT_SUFFIXES = frozenset({".jsonl", ".json", ".csv", ".tsv", ".txt", ".md", ".yaml", ".yml", ".py"})
MOST_SHOWN = 20_000


@dataclass(frozen=True)
class LossCount:
    """What the conversion would lose: in how many of the samples looked at, and the first of their ranks."""

    text: str
    severe: bool
    count: int
    ranks: tuple[int, ...]


@dataclass(frozen=True)
class FindingCount:
    """What a trainer would do: ``effect`` is "stop", "skip", "cut" or "change"; ``text`` tells of the first one.

    ``tokens`` are cut in all; ``fixable`` says that the option findings=fix knows how to mend it.
    """

    rule: str
    effect: str
    text: str
    count: int
    tokens: int
    ranks: tuple[int, ...]
    fixable: bool


@dataclass(frozen=True)
class Preview:
    """What an export would write.

    Attributes:
        samples: how many it would hold.
        checked: how many were converted and checked for the counts below.
        splits: samples in each split, {"": n} without any.
        files: the files that the first samples gave, relative to the folder of the target.
        texts: file -> its text: exactly as it will be written for a text file, a description for a binary one.
        losses: what the conversion would lose; any severe one needs ``allow_loss``.
        findings: what the trainer would skip, stop at, cut or change.
        mended: rule -> records that findings=fix would mend.
        dropped, replaced, left_out: by the trainer's rules left out, stood in for, not fitting the format at all.
        bytes: of the pictures of the samples checked.
        stanza: name and text of what the trainer needs, None without a trainer.
        error: why the first samples could not be written, "" when they could.
    """

    samples: int
    checked: int
    splits: dict[str, int]
    files: tuple[str, ...]
    texts: dict[str, str]
    losses: tuple[LossCount, ...]
    findings: tuple[FindingCount, ...]
    mended: dict[str, int]
    dropped: int
    replaced: int
    left_out: int
    bytes: int
    stanza: tuple[str, str] | None
    error: str = ""


def preview_of(
    plan: Plan, tally: Tally, folder: Path, checked: int, bytes_: int, stanza: Path | None, error: str
) -> Preview:
    """A Preview from a pass over the items and a folder with the first of them exported."""
    said = (stanza.name, stanza.read_text(encoding="utf-8")) if stanza is not None else None
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p != stanza)
    losses = [LossCount(loss.text, loss.severe, c.count, tuple(c.ranks)) for loss, c in tally.losses.items()]
    findings = [
        FindingCount(rule, effect, c.text, c.count, c.tokens, tuple(c.ranks), rule in FIXABLE)
        for (rule, effect), c in tally.findings.items()
    ]
    return Preview(
        samples=len(plan.ranks),
        checked=checked,
        splits=plan.counts(),
        files=tuple(p.relative_to(folder).as_posix() for p in files),
        texts={p.relative_to(folder).as_posix(): text for p in files if (text := shown(p))},
        losses=tuple(sorted(losses, key=lambda found: (not found.severe, -found.count))),
        findings=tuple(sorted(findings, key=lambda found: -found.count)),
        mended=dict(tally.mended),
        dropped=tally.dropped,
        replaced=tally.replaced,
        left_out=tally.left_out,
        bytes=bytes_,
        stanza=said,
        error=error,
    )


def shown(path: Path) -> str:
    """The beginning of a text file, what is in an archive or a table, "" for pictures."""
    suffix = path.suffix.lower()
    if suffix in TEXT_SUFFIXES:
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            return file.read(MOST_SHOWN)
    if suffix == ".tar":
        with tarfile.open(path) as archive:
            return "".join(f"{member.name}  {member.size:,} bytes\n" for member in archive)[:MOST_SHOWN]
    if suffix == ".parquet":
        import pyarrow.parquet

        rows = pyarrow.parquet.read_table(path).to_pylist()
        return "".join(json.dumps(_short(row), ensure_ascii=False) + "\n" for row in rows)[:MOST_SHOWN]
    return ""


def _short(value: Any) -> Any:
    """The value with bytes told by their number."""
    if isinstance(value, bytes):
        return f"<{len(value):,} bytes>"
    if isinstance(value, dict):
        return {key: _short(part) for key, part in value.items()}
    return [_short(part) for part in value] if isinstance(value, list) else value
