"""Colours and spacing. Everything is derived from the system's palette, so light and dark follow the desktop."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QWidget


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
    """What the platform's style leaves too plain. Sizes are in em: they follow the font."""
    c = colors(palette)
    window = palette.color(QPalette.ColorRole.Window)
    bar = mix(window, QColor("#e0a800"), 0.16)
    return f"""
        QFrame#messageBar {{ background: {bar.name()}; border: 0; border-bottom: 1px solid {c.line.name()}; }}
        QFrame#card {{ background: {c.ground.name()}; border: 1px solid {c.line.name()}; border-radius: 6px; }}
        QFrame#drop {{ border: 2px dashed {c.line.name()}; border-radius: 10px; }}
        QFrame#drop[over="true"] {{ border-color: {c.accent.name()}; }}
        QLabel[faint="true"] {{ color: {c.faint.name()}; }}
        QLabel[bad="true"] {{ color: {c.bad.name()}; }}
        QLabel[good="true"] {{ color: {c.good.name()}; }}
        QDockWidget::title {{ padding: 5px 8px; background: {mix(window, c.text, 0.05).name()}; }}
        QToolBar {{ border: 0; spacing: 2px; padding: 0; }}
        QPushButton {{ padding: 0.35em 0.9em; }}
        QPushButton#primary {{ background: {c.accent.name()}; color: {c.on_accent.name()}; border: 0;
            border-radius: 4px; padding: 0.5em 1.2em; font-weight: 600; }}
        QPushButton#primary:hover, QPushButton#primary:focus {{ background: {mix(c.accent, c.text, 0.18).name()}; }}
        QPushButton#primary:disabled {{ background: {c.line.name()}; color: {c.faint.name()}; }}
        QTreeView, QTableView, QTextBrowser, QScrollArea {{ border: 0; }}
        QTreeView::item, QListView::item {{ padding: 3px 2px; }}
        QHeaderView::section {{ padding: 3px 6px; }}
        QToolTip {{ padding: 3px; }}
    """


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
