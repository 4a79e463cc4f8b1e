"""Projects opened lately, kept with the window's other habits."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSettings

KEY = "recent"
KEPT = 8


class Recent:
    """A short list of folders, newest first."""

    def __init__(self, memory: QSettings) -> None:
        self._memory = memory

    def folders(self) -> list[Path]:
        """Those that are still there."""
        found = self._memory.value(KEY) or []
        names = [found] if isinstance(found, str) else [str(f) for f in found]
        return [Path(n) for n in names if Path(n).is_dir()]

    def add(self, folder: Path) -> None:
        """Put a folder first."""
        names = [str(folder), *(str(f) for f in self.folders() if f != folder)]
        self._memory.setValue(KEY, names[:KEPT])
