"""Colours and spacing. Everything is derived from the system's palette, so light and dark follow the desktop."""

from __future__ import annotations

from dataclasses import dataclass
from string import Template
from typing import TypeVar

from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QAbstractSpinBox, QLineEdit, QWidget

from curator.engine.resources import resource

Spin = TypeVar("Spin", bound=QAbstractSpinBox)
INSET = 4
"""Pixels left of a number; the style sheet's padding does not reach the field inside its box."""


@dataclass(frozen=True)
class Colors:
    """The colours that custom painting uses."""

    ground: QColor
    cell: QColor
    text: QColor
    faint: QColor
    line: QColor
    accent: QColor
    on_accent: QColor
    good: QColor
    bad: QColor
    dark: bool


def colors(palette: QPalette) -> Colors:
    """Colours that go with a palette."""
    base, text = palette.color(QPalette.ColorRole.Base), palette.color(QPalette.ColorRole.Text)
    dark = base.lightness() < 128
    return Colors(
        ground=base,
        cell=mix(base, text, 0.06),
        text=text,
        faint=mix(base, text, 0.62),
        line=mix(base, text, 0.18),
        accent=palette.color(QPalette.ColorRole.Highlight),
        on_accent=palette.color(QPalette.ColorRole.HighlightedText),
        good=QColor("#3fb56b") if dark else QColor("#1f8a4c"),
        bad=QColor("#f0716a") if dark else QColor("#c43c35"),
        dark=dark,
    )


def mix(a: QColor, b: QColor, share: float) -> QColor:
    """``share`` of ``b`` in ``a``."""
    parts = ((a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue()))
    return QColor(*(round(x + (y - x) * share) for x, y in parts))


def style_sheet(palette: QPalette) -> str:
    """How widgets look: flat, with one colour that leads. Sizes are in em: they follow the font."""
    c = colors(palette)
    window = palette.color(QPalette.ColorRole.Window)
    names = {
        "window": window,
        "bar": mix(window, QColor("#e0a800"), 0.16),
        "ground": c.ground,
        "line": c.line,
        "accent": c.accent,
        "on_accent": c.on_accent,
        "over_accent": mix(c.accent, c.text, 0.18),
        "faint": c.faint,
        "text": c.text,
        "bad": c.bad,
        "good": c.good,
        "button": mix(c.ground, c.text, 0.09) if c.dark else c.ground,
        "title": mix(window, c.text, 0.04),
        "over": mix(window, c.text, 0.07),
        "pressed": mix(window, c.text, 0.14),
        "edge": mix(window, c.text, 0.2),
        "handle": mix(window, c.text, 0.25),
        "handle_over": mix(window, c.text, 0.42),
        "off": mix(c.text, window, 0.6),
        "lit": mix(c.ground, c.accent, 0.16),
    }
    values = {name: colour.name() for name, colour in names.items()}
    pictures = {name: resource("themes", f"{name}.svg").as_posix() for name in ("down", "up", "check", "more")}
    return Template(resource("themes", "window.qss").read_text(encoding="utf-8")).substitute(values, **pictures)


def scaled(font: QFont, factor: float, *, bold: bool = False) -> QFont:
    """A font relative to the user's."""
    changed = QFont(font)
    if font.pointSizeF() > 0:
        changed.setPointSizeF(font.pointSizeF() * factor)
    else:
        changed.setPixelSize(max(1, round(font.pixelSize() * factor)))
    changed.setBold(bold)
    return changed


def mark(widget: QWidget, role: str, on: bool = True) -> None:
    """Set a property that the style sheet looks at ("faint", "bad", "good", "over") and restyle."""
    widget.setProperty(role, on)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def inset(box: Spin) -> Spin:
    """The same box, its number as far from the edge as other fields have their text."""
    field = box.findChild(QLineEdit)
    if field is not None:
        field.setTextMargins(INSET, 0, 0, 0)
    return box
