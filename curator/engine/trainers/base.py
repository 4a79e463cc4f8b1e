"""What a trainer does with a record before it trains: skips it, stops at it, or cuts it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from curator.engine.dialogue import Dialogue

Record = Mapping[str, Any]
EFFECTS = ("stop", "skip", "cut", "change")


@dataclass(frozen=True)
class Finding:
    """One thing that a trainer would do to one record.

    Attributes:
        rule: its short name, the same for every record ("odd-turns").
        effect: "stop" (training ends with an error), "skip" (the record is left out), "cut" (its end is lost) or
            "change" (it is read otherwise than it is written).
        text: words to put behind the record: "has an odd number of turns".
        tokens: tokens that are cut, 0 where nothing is.
    """

    rule: str
    effect: str
    text: str
    tokens: int = 0


@dataclass(frozen=True)
class Checking:
    """What a check may know beside the record.

    Attributes:
        dialogue: the record understood, None when it cannot be.
        shape: the format the record is written in: "alpaca", "sharegpt", "messages" and so on, "image" for a picture
            with its caption or class.
        length: tokens after which the trainer cuts.
        count: tokens of a text.
        is_file: whether a picture named in the record is there, as the trainer would look for it.
        size: pixels of the picture, (0, 0) when unknown.
    """

    dialogue: Dialogue | None
    shape: str
    length: int
    count: Callable[[str], int]
    is_file: Callable[[str], bool] = lambda name: True
    size: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Data:
    """What was written, for the stanza: paths relative to the export, in the order of the splits."""

    name: str
    format: str
    shape: str
    files: Mapping[str, str]
    count: int
    keys: frozenset[str] = frozenset()
    params: Mapping[str, Any] = field(default_factory=dict)
    pairs: bool = False
    tags: Sequence[str] = ()


class Trainer(Protocol):
    """One trainer's rules.

    Attributes:
        name: as given on the command line.
        title: as it is called by people.
        formats: exporters whose files it reads, the best first.
        length: tokens after which it cuts by default; 0 = it does not.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    formats: ClassVar[tuple[str, ...]]
    length: ClassVar[int]

    def check(self, record: Record, about: Checking) -> Iterator[Finding]:
        """What it would do to a record as it is written."""
        ...

    def stanza(self, data: Data) -> tuple[str, str]:
        """Name and text of the file to write beside the data: settings and the command that needs them."""
        ...
