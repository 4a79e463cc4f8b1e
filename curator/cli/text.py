"""How results look in a terminal, and as JSON."""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

MAX_CELL = 60


def plain(value: Any) -> Any:
    """Plain values for JSON: records to dictionaries, paths to text, NaN and infinity to null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(plain(v) for v in value)
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value


def echo_json(value: Any) -> None:
    """Write one JSON document to stdout."""
    click.echo(json.dumps(plain(value), ensure_ascii=False, indent=2))


def table(head: Sequence[str], rows: Iterable[Sequence[Any]], *, whole: bool = False) -> str:
    """Rows under a head, in columns; numbers to the right, long cells cut.

    With ``whole`` the last column is never cut: it goes on below, as wide as the terminal leaves it.
    """
    if whole:
        return _whole(head, [list(row) for row in rows])
    cells = [[_cell(v) for v in row] for row in rows]
    if not cells:
        return "  (none)"
    numeric = [all(isinstance(v, str) and _is_number(v) for v in column) for column in zip(*cells, strict=True)]
    widths = [
        max(len(str(h)), *(len(c) for c in column)) for h, column in zip(head, zip(*cells, strict=True), strict=True)
    ]
    lines = ["  ".join(h.ljust(w) for h, w in zip(head, widths, strict=True)).rstrip()]
    for row in cells:
        parts = [c.rjust(w) if right else c.ljust(w) for c, w, right in zip(row, widths, numeric, strict=True)]
        lines.append("  ".join(parts).rstrip())
    return "\n".join("  " + line for line in lines)


def _whole(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    first = table([*head[:-1], ""], [[*row[:-1], ""] for row in rows]).splitlines()
    if not rows:
        return first[0]
    margin = max(map(len, first)) + 2
    width = max(30, shutil.get_terminal_size((120, 24)).columns - margin)
    lines = [first[0].ljust(margin) + head[-1]]
    for start, row in zip(first[1:], rows, strict=True):
        # a path or an address stays in one piece, so that it can be copied
        words = textwrap.wrap(_words(row[-1]), width, break_long_words=False, break_on_hyphens=False) or [""]
        lines += [(start.ljust(margin) + words[0]).rstrip(), *(" " * margin + more for more in words[1:])]
    return "\n".join(lines)


def bars(counts: Sequence[tuple[str, int, int]], most: int = 12) -> str:
    """A small chart of subset against pile: (name, in the subset, in the pile), the largest ``most`` of them."""
    shown = sorted(counts, key=lambda c: (-c[2], c[0]))[:most]
    if not shown:
        return "  (none)"
    width = max(len(_cell(name)) for name, _, _ in shown)
    lines = []
    for name, chosen, pile in shown:
        filled = round(20 * chosen / pile) if pile else 0
        lines.append(f"  {_cell(name).ljust(width)}  {'█' * filled}{'·' * (20 - filled)}  {chosen} of {pile}")
    if len(counts) > len(shown):
        lines.append(f"  ... and {len(counts) - len(shown)} more")
    return "\n".join(lines)


def coverage_lines(summary: dict[str, Any]) -> list[str]:
    """The Subset's summary in words, beside random."""
    lines = []
    for key, word in (("skills", "skills"), ("classes", "classes")):
        if key in summary:
            covered, pile = summary[key]
            rival = summary.get(f"random_{key}", [0, 0])[0]
            lines.append(f"{covered} of {pile} {word} (random: {rival})")
    if "mean_similarity" in summary:
        mean, rival = summary["mean_similarity"], summary["random_mean_similarity"]
        lines.append(f"mean similarity of the pile to its closest pick {mean:.3f} (random: {rival:.3f})")
        radius, rival = summary["radius"], summary["random_radius"]
        lines.append(f"coverage radius {radius:.3f}, smaller is better (random: {rival:.3f})")
    if summary.get("stopped"):
        lines.append(summary["stopped"])
    return lines


def _cell(value: Any) -> str:
    text = _words(value)
    return text if len(text) <= MAX_CELL else text[: MAX_CELL - 1] + "…"


def _words(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, tuple | list):
        value = ", ".join(map(str, value))
    return " ".join(str(value).split())


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return text == "–"
    return True
