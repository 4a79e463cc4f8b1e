"""Questions that only the user can answer. A class of its own, so that tests can answer instead."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox, QWidget

from curator.ui.language import tr


class Dialogs:
    """The system's file dialogs; None or [] when the user thinks better of it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self.parent = parent

    def images_folder(self) -> Path | None:
        """A folder of pictures."""
        return _path(QFileDialog.getExistingDirectory(self.parent, tr("Folder of pictures"), str(Path.home())))

    def instruction_files(self) -> list[Path]:
        """Files of instruction records."""
        kinds = tr("Instruction records (*.jsonl *.json *.jsonl.gz *.parquet);;All files (*)")
        names, _ = QFileDialog.getOpenFileNames(self.parent, tr("Instruction records"), str(Path.home()), kinds)
        return [Path(n) for n in names]

    def project_folder(self) -> Path | None:
        """An existing Project."""
        return _path(QFileDialog.getExistingDirectory(self.parent, tr("Project (a .curator folder)"), str(Path.home())))

    def new_project(self, proposed: Path) -> Path | None:
        """Where a new Project shall be."""
        name, _ = QFileDialog.getSaveFileName(
            self.parent, tr("Where to keep the new project"), str(proposed), tr("Curator project (*.curator)")
        )
        return _path(name)

    def export_target(self, proposed: Path) -> Path | None:
        """Where an export shall go."""
        name, _ = QFileDialog.getSaveFileName(
            self.parent, tr("Export to"), str(proposed), options=QFileDialog.Option.DontConfirmOverwrite
        )
        return _path(name)

    def recipe_file(self) -> Path | None:
        """A Recipe."""
        name, _ = QFileDialog.getOpenFileName(self.parent, tr("Recipe"), str(Path.home()), tr("Recipes (*.toml)"))
        return _path(name)

    def class_name(self, known: Sequence[str]) -> str | None:
        """A class, one of those known or a new one."""
        name, yes = QInputDialog.getItem(
            self.parent, tr("Label"), tr("Class of the highlighted samples:"), list(known), 0, True
        )
        return name if yes else None

    def save_recipe(self, proposed: Path) -> Path | None:
        """Where to keep a Recipe."""
        name, _ = QFileDialog.getSaveFileName(self.parent, tr("Save the recipe"), str(proposed), tr("Recipes (*.toml)"))
        return _path(name)

    def folder(self, title: str, now: Path) -> Path | None:
        """Any folder."""
        return _path(QFileDialog.getExistingDirectory(self.parent, title, str(now)))

    def ask_text(self, title: str, label: str, text: str) -> str | None:
        """A line of text."""
        found, yes = QInputDialog.getText(self.parent, title, f"{label}:", text=text)
        return found if yes else None

    def confirm(self, question: str, details: str) -> bool:
        """Yes or no."""
        box = QMessageBox(QMessageBox.Icon.Question, "Curator", question, parent=self.parent)
        box.setInformativeText(details)
        box.setStandardButtons(QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.No)
        return box.exec() == QMessageBox.StandardButton.Yes


def _path(name: str) -> Path | None:
    return Path(name) if name else None
