"""A record as a conversation: turns, roles, system prompt, pictures, tools, and how long it is."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtWidgets import QTextBrowser, QWidget

from curator.engine.dialogue import Dialogue, Turn, parse
from curator.engine.errors import InputError
from curator.engine.trainers.counting import estimated
from curator.ui import theme
from curator.ui.language import noop, tr, tr_n

if TYPE_CHECKING:
    from PySide6.QtGui import QPixmap

    from curator.ui.models.samples import Item
    from curator.ui.thumbnails import Thumbnails

MAX_SHOWN = 100_000
PICTURE = 256
MARGIN = 12
EMPTY = noop("Highlight a record to read it here.")
WORDS = {"system": noop("System"), "user": noop("User"), "assistant": noop("Assistant"), "tool": noop("Tool")}


class Conversation(QTextBrowser):
    """Shows text that may come from strangers: no links are followed, and only the Sample's own pictures are loaded."""

    def __init__(self, thumbs: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._thumbs = thumbs
        self._pictures: tuple[Path, ...] = ()
        self._item: Item | None = None
        self._loaded: dict[str, QPixmap] = {}
        self.setOpenLinks(False)
        self.setAccessibleName(tr("Conversation"))
        self.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.document().setDocumentMargin(MARGIN)
        thumbs.ready.connect(self._came)
        self.show_item(None, None)

    def show_item(self, item: Item | None, root: Path | None) -> None:
        """Another record, or none; ``root`` is where its pictures are."""
        self._item = item
        self._loaded.clear()
        self._pictures = tuple(root / name for name in item.sample.images) if item is not None and root else ()
        self._write()

    def _write(self) -> None:
        if self._item is None:
            self.setHtml(f'<p style="color:{self._faint()}">{tr(EMPTY)}</p>')
            return
        sample = self._item.sample
        try:
            found = parse(sample.record)
        except InputError as error:
            words = tr("This record is shown as it is: it {fault}", fault=error.text) if sample.record else ""
            parts = [f'<p style="color:{self._faint()}">{html.escape(words)}</p>' if words else ""]
            parts.append(_paragraph(sample.text or sample.record))
        else:
            parts = self._parts(found)
        bar = self.verticalScrollBar().value()
        self.setHtml("".join(parts))
        self.verticalScrollBar().setValue(bar)

    def _parts(self, found: Dialogue) -> list[str]:
        spoken = (*found.turns, *found.chosen)
        tokens = sum(estimated(_said(turn)) for turn in spoken)
        turns = sum(1 for turn in spoken if turn.role != "system")
        head = tr_n(
            "{n} turn · about {tokens:,} tokens (estimated)",
            "{n} turns · about {tokens:,} tokens (estimated)",
            turns,
            tokens=tokens,
        )
        parts = [f'<p style="margin:0 0 10px 0; color:{self._faint()}">{head}</p>']
        if found.tools:
            names = ", ".join(str(t.get("name", "?")) if isinstance(t, dict) else "?" for t in found.tools)
            parts.append(self._head(tr("Tools: {names}", names=names)))
            parts.append(_code(json.dumps(found.tools, ensure_ascii=False, indent=1)))
        place = 0
        for turn in found.turns:
            place = self._turn(turn, tr(WORDS.get(turn.role, turn.role)), parts, place)
        for side, words in ((found.chosen, tr("Chosen answer")), (found.rejected, tr("Rejected answer"))):
            for turn in side:
                place = self._turn(turn, words, parts, place)
        if found.unplaced:
            parts.append(self._head(tr("Pictures")))
            parts += [self._picture(place + i) for i in range(len(found.unplaced))]
        return parts

    def _turn(self, turn: Turn, speaker: str, parts: list[str], place: int) -> int:
        """Append one turn; ``place`` counts the pictures before it."""
        facts = [tr_n("≈{n:,} token", "≈{n:,} tokens", estimated(_said(turn)))]
        facts += [turn.name] if turn.name else []
        facts += [tr("not trained on")] if turn.train is False else []
        parts.append(self._head(speaker, " · ".join(facts)))
        for part in turn.parts:
            if isinstance(part, str):
                parts.append(_paragraph(part))
            else:
                parts.append(self._picture(place))
                place += 1
        parts += [_code(f"{call.name}({call.arguments})") for call in turn.calls]
        return place

    def _head(self, speaker: str, facts: str = "") -> str:
        color = theme.colors(self.palette()).accent.name()
        faint = f' <span style="color:{self._faint()}">{html.escape(facts)}</span>' if facts else ""
        return f'<p style="margin:10px 0 2px 0"><b style="color:{color}">{html.escape(speaker)}</b>{faint}</p>'

    def _picture(self, place: int) -> str:
        if place >= len(self._pictures):
            return f'<p style="color:{self._faint()}">[{tr("a picture that is not there")}]</p>'
        name, path = f"picture:{place}", self._pictures[place]
        pixmap = self._thumbs.get(path, PICTURE)
        if pixmap is None or pixmap.isNull():
            return f'<p style="color:{self._faint()}">[{html.escape(path.name)}]</p>'
        self._loaded[name] = pixmap
        return f'<p style="margin:2px 0 6px 0"><img src="{name}"></p>'

    def _came(self, path: str) -> None:
        if any(path == str(p) for p in self._pictures):
            self._write()

    def _faint(self) -> str:
        return theme.colors(self.palette()).faint.name()

    def loadResource(self, _type: int, name: QUrl | str) -> object:
        """A picture of the Sample, and nothing else whatever is asked for."""
        return self._loaded.get(name if isinstance(name, str) else name.toString())


def _said(turn: Turn) -> str:
    return turn.text + "".join(f"{call.name}{call.arguments}" for call in turn.calls)


def _paragraph(text: str) -> str:
    return f'<p style="margin:0 0 8px 0; white-space:pre-wrap">{html.escape(text[:MAX_SHOWN])}</p>'


def _code(text: str) -> str:
    return f'<pre style="margin:0 0 8px 0; white-space:pre-wrap">{html.escape(text[:MAX_SHOWN])}</pre>'
