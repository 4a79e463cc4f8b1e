"""What can be asked of every export, whatever its format: one declaration for form, command line and docs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from curator.engine.errors import InputError
from curator.engine.params import build, param

ORDERS = ("rank", "source", "shuffle")
TOGETHER = ("duplicates", "exact", "nothing")
STRATA = ("nothing", "class", "skill")
WEIGHTS = ("table", "column")
FINDINGS = ("keep", "fix", "drop", "replace")
ACTED_ON = ("stop", "skip")
"""Effects that the one choice for all findings is about."""
KEEP = "keep"


@dataclass(frozen=True)
class ExportOptions:
    """How a Subset goes out: which of it, in which order, divided how, with which fields, checked for which trainer."""

    first: int = param(0, low=0, help="Only so many of the first in rank; 0 = all", unit="samples")
    order: str = param("rank", choices=ORDERS, help="By rank, as in the source, or shuffled by the seed")
    seed: int = param(0, low=0, help="Seed of the shuffle and of the split")
    split: tuple[str, ...] = param(
        (), help="Shares by name: train=0.9,test=0.1; the word keep = the split that each sample came with"
    )
    together: str = param(
        "duplicates",
        choices=TOGETHER,
        help="What never lies in two splits: near-duplicates (by the newest embedding) and equal content or pictures, "
        "only the equal ones, or nothing",
    )
    stratify: str = param(
        "nothing",
        choices=STRATA,
        help="What every split holds in the same shares: classes, or skills (as near as what lies together allows)",
    )
    weights: str = param(
        "table", choices=WEIGHTS, help="Weights go to the table curation.csv beside the data, or into a field weight"
    )
    rename: tuple[str, ...] = param((), help="Fields to rename: old=new,old=new")
    include: tuple[str, ...] = param((), help="Only these fields beside those of the format itself")
    drop: tuple[str, ...] = param((), help="Fields to leave out")
    allow_loss: bool = param(False, help="Convert even where content is lost (the losses are listed first)")
    trainer: str = param("", help="Check by the rules of this trainer, and write the stanza or command it needs")
    length: int = param(0, low=0, help="Tokens after which the trainer cuts; 0 = its own default", unit="tokens")
    tokenizer: str = param("", help="Folder or file tokenizer.json to count tokens with; default: estimated")
    findings: str = param(
        "keep",
        choices=FINDINGS,
        help="What a trainer would skip or stop at: keep it, fix what can be fixed, drop it, or put the next in rank "
        "(beyond the first N) in its place",
    )
    rules: tuple[str, ...] = param(
        (),
        help="Another choice for single findings, by rule or effect: too-long=replace,no-mark=fix,cut=drop,change=keep",
    )

    def choice(self, rule: str, effect: str) -> str:
        """What to do about a finding of a trainer: one of :data:`FINDINGS`."""
        chosen = choices(self.rules)
        if rule in chosen or effect in chosen:
            return chosen.get(rule) or chosen[effect]
        if effect in ACTED_ON or (effect == "change" and self.findings == "fix"):
            return self.findings
        return "keep"

    @property
    def replaces(self) -> bool:
        """Whether the next in rank may be needed."""
        return self.findings == "replace" or "replace" in choices(self.rules).values()


def make_options(values: Mapping[str, Any] | None = None) -> ExportOptions:
    """Options from plain values; raises :class:`InputError` for an unknown name or a value that does not fit."""
    options: ExportOptions = build(ExportOptions, dict(values or {}), owner="export")
    shares(options.split)
    renames(options.rename)
    choices(options.rules)
    return options


@lru_cache(maxsize=8)
def choices(rules: tuple[str, ...]) -> dict[str, str]:
    """Rule or effect -> what to do about it; raises :class:`InputError` for what is not a pair of them."""
    found: dict[str, str] = {}
    for text in rules:
        name, _, choice = (part.strip() for part in text.partition("="))
        if not name or choice not in FINDINGS:
            raise InputError(
                f"“{text}” does not say what to do about a finding.",
                f"Write for example: too-long=replace. Choices: {', '.join(FINDINGS)}.",
            )
        found[name] = choice
    return found


def shares(split: tuple[str, ...]) -> dict[str, float]:
    """Name -> share of each split, the shares adding up to 1; {} for no split, or for those that samples came with.

    Raises:
        InputError: a share is not a positive number, or a name is there twice or cannot be the name of a file.
    """
    if not split or split == (KEEP,):
        return {}
    found: dict[str, float] = {}
    for text in split:
        name, equals, value = text.partition("=")
        name = name.strip()
        try:
            share = float(value)
        except ValueError:
            share = -1.0
        if not equals or not 0 < share < 1e9 or name in found or not name.replace("_", "").replace("-", "").isalnum():
            raise InputError(f"“{text}” is not a share of a split.", "Write for example: train=0.9,test=0.1; or: keep")
        found[name] = share
    total = sum(found.values())
    return {name: share / total for name, share in found.items()}


def renames(rename: tuple[str, ...]) -> dict[str, str]:
    """Old name -> new name; raises :class:`InputError` for what is not a pair."""
    pairs = [text.partition("=") for text in rename]
    for old, equals, new in pairs:
        if not (old and equals and new):
            raise InputError(f"“{old}” is not a pair of names.", "Write for example: --option rename=category=label")
    return {old: new for old, _, new in pairs}
