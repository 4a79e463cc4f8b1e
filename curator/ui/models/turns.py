"""An instruction record as readable turns. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass

from curator.engine.dialogue import turns as said
from curator.ui.language import noop, tr

MAX_SHOWN = 100_000
"""Characters of one turn that are shown."""
MAX_NAME = 120
"""Characters of the name of a picture that are shown; longer ones are pictures written out."""
SPEAKERS = {"system": noop("System"), "user": noop("User"), "assistant": noop("Assistant"), "tool": noop("Tool")}


@dataclass(frozen=True)
class Turn:
    """Who says what."""

    speaker: str
    text: str


def turns(record: str, text: str = "") -> list[Turn]:
    """The turns of a record (JSON text) of any known format; of a pair of answers the better one.

    Pictures stand before the words of their turn, by name. Anything else is shown as its text.
    """
    found = []
    for role, words, images in said(record) if record else ():
        shown = [f"[{name if len(name) <= MAX_NAME else 'image'}]" for name in images]
        whole = "\n".join(part for part in (*shown, words.strip("\n")) if part)
        if whole:
            found.append(Turn(tr(SPEAKERS.get(role, role)), whole[:MAX_SHOWN]))
    return found or ([Turn(tr("Text"), text[:MAX_SHOWN])] if text else [])
