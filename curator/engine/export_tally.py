"""What is met while samples go out: losses, findings of a trainer, what was mended or left out."""

from __future__ import annotations

import base64
import zlib
from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from curator.engine.dialogue import Loss

ROWS_KEPT = 200
"""Ranks that are remembered for each loss and finding."""


@dataclass
class Count:
    """How often something was met: ``ranks`` are the first of them, ``text`` the words of the first."""

    text: str
    count: int = 0
    tokens: int = 0
    ranks: list[int] = field(default_factory=list)

    def add(self, rank: int, tokens: int = 0) -> None:
        """One more."""
        self.count += 1
        self.tokens += tokens
        if len(self.ranks) < ROWS_KEPT:
            self.ranks.append(rank)


@dataclass
class Tally:
    """What was met in one pass.

    Attributes:
        losses: what the conversion loses.
        findings: (rule, effect) -> how often; those that were mended are not among them.
        mended, dropped, replaced: records that were changed to fit, left out, or stood in for.
        left_out: records that do not fit the format at all.
        ranks: of the samples that went out, in order; ``splits`` goes with them.
        fields: names of fields met, ``tags`` names of fields of turns that matter to a trainer.
        pairs: whether there are preference pairs.
    """

    losses: dict[Loss, Count] = field(default_factory=dict)
    findings: dict[tuple[str, str], Count] = field(default_factory=dict)
    mended: Counter[str] = field(default_factory=Counter)
    dropped: int = 0
    replaced: int = 0
    left_out: int = 0
    ranks: array[int] = field(default_factory=lambda: array("q"))
    splits: array[int] = field(default_factory=lambda: array("h"))
    fields: set[str] = field(default_factory=set)
    tags: set[str] = field(default_factory=set)
    pairs: bool = False

    @property
    def severe(self) -> bool:
        """Whether content would be lost."""
        return any(loss.severe for loss in self.losses)

    def state(self) -> dict[str, Any]:
        """All of it as values of JSON."""
        return {
            "losses": [(loss.text, loss.severe, asdict(count)) for loss, count in self.losses.items()],
            "findings": [(*key, asdict(count)) for key, count in self.findings.items()],
            "mended": dict(self.mended),
            "dropped": self.dropped,
            "replaced": self.replaced,
            "left_out": self.left_out,
            "ranks": _packed(self.ranks),
            "splits": _packed(self.splits),
            "fields": sorted(self.fields),
            "tags": sorted(self.tags),
            "pairs": self.pairs,
        }

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Tally:
        """The Tally that :meth:`state` gave."""
        return cls(
            {Loss(text, severe): Count(**count) for text, severe, count in state["losses"]},
            {(rule, effect): Count(**count) for rule, effect, count in state["findings"]},
            Counter(state["mended"]),
            state["dropped"],
            state["replaced"],
            left_out=state["left_out"],
            ranks=_unpacked("q", state["ranks"]),
            splits=_unpacked("h", state["splits"]),
            fields=set(state["fields"]),
            tags=set(state["tags"]),
            pairs=state["pairs"],
        )


def _packed(values: array[int]) -> str:
    return base64.b64encode(zlib.compress(values.tobytes(), 1)).decode("ascii")


def _unpacked(kind: str, text: str) -> array[int]:
    values: array[int] = array(kind)
    values.frombytes(zlib.decompress(base64.b64decode(text)))
    return values


def lost_lines(tally: Tally) -> str:
    """One line for each loss, the most frequent first."""
    ordered = sorted(tally.losses.items(), key=lambda pair: (not pair[0].severe, -pair[1].count, pair[0].text))
    return "\n".join(
        f"  {count.count} record{'s' if count.count > 1 else ''}: {loss.text}"
        + ("" if loss.severe else " (no word lost)")
        for loss, count in ordered
    )
