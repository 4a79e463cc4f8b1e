"""About: version, licence, and the licences of what Curator is built on, as installed here."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from importlib import metadata

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QTextBrowser, QVBoxLayout, QWidget

from curator import __version__
from curator.ui import theme
from curator.ui.language import tr

DISTRIBUTION = "curator-desk"
KNOWN = (
    "click", "hdbscan", "numpy", "open-clip-torch", "pillow", "platformdirs", "pyqtgraph", "pyside6", "safetensors",
    "scikit-learn", "sqlite-utils", "tomli-w", "torch", "tqdm", "umap-learn",
)  # fmt: skip
"""What Curator needs, for a checkout that was not installed."""
LONGEST = 60
NOT_BUILT_ON = r"extra\s*==\s*['\"](test|bench)['\"]"
"""What only checks Curator, or makes its pages."""


@dataclass(frozen=True)
class Built:
    """One package that Curator is built on."""

    name: str
    version: str
    licence: str
    home: str


def built_on() -> list[Built]:
    """The packages Curator needs that are installed here, by name."""
    try:
        stated = [need for need in metadata.requires(DISTRIBUTION) or () if not re.search(NOT_BUILT_ON, need)]
        needs = [re.split(r"[\s<>=!~;\[(]", need, maxsplit=1)[0] for need in stated]
    except metadata.PackageNotFoundError:
        needs = list(KNOWN)
    found = []
    for name in sorted(set(needs) or set(KNOWN), key=str.casefold):
        try:
            about = metadata.metadata(name)
        except metadata.PackageNotFoundError:
            continue
        links = [link.partition(",")[2].strip() for link in about.get_all("Project-URL") or ()]
        home = (about.get_all("Home-page") or links or [""])[0]
        found.append(Built(about["Name"], about["Version"], licence_of(about), home))
    return found


def licence_of(about: metadata.PackageMetadata) -> str:
    """The licence that a package states: its expression, else its classifier, else the first line of its text."""
    if expression := about.get_all("License-Expression"):
        return str(expression[0])
    classifiers = [c for c in about.get_all("Classifier") or () if c.startswith("License ::")]
    if classifiers:
        return str(classifiers[-1].rpartition("::")[2].strip())
    first = next((line.strip() for line in "\n".join(about.get_all("License") or ()).splitlines() if line.strip()), "")
    return first[:LONGEST] or tr("see the package")


class AboutDialog(QDialog):
    """Not modal."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("About Curator"))
        title = QLabel(tr("Curator {version}", version=__version__))
        title.setFont(theme.scaled(self.font(), 1.5, bold=True))
        words = QLabel(tr("Choose the training data worth keeping.\nApache License 2.0."))
        words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.licences = QTextBrowser()
        self.licences.setAccessibleName(tr("Licences"))
        self.licences.setOpenExternalLinks(True)
        self.licences.setHtml(self._table())
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        column = QVBoxLayout(self)
        for part in (title, words, QLabel(tr("Built on")), self.licences, buttons):
            column.addWidget(part)
        letter = self.fontMetrics().averageCharWidth()
        self.resize(letter * 85, letter * 75)

    @staticmethod
    def _table() -> str:
        rows = "".join(
            f'<tr><td style="padding:3px 16px 3px 0"><b>{html.escape(b.name)}</b></td>'
            f'<td style="padding:3px 16px 3px 0">{html.escape(b.version)}</td>'
            f'<td style="padding:3px 0">{html.escape(b.licence)}</td></tr>'
            for b in built_on()
        )
        return f"<table>{rows}</table>"
