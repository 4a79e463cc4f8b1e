"""The small CLIP that comes with Curator: images and texts without any download."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from curator.engine.api import InputError, NotReadyError, Task, encoder
from curator.engine.resources import resource
from curator.plugins.encoders.clip_session import ClipSession
from curator.plugins.encoders.open_clip_encoder import check_folder, open_folder


@encoder("tiny-clip", version=1)
@dataclass(frozen=True)
class TinyClip:
    """A small CLIP bundled with Curator, for images and short texts; works offline.

    Much weaker than a downloaded CLIP: good enough to try things out and to find near-duplicates, not to tell fine
    classes apart. Loaded through the same code as every other checkpoint of open_clip.
    """

    duplicate_threshold: ClassVar[float] = 0.88

    def available(self) -> tuple[bool, str]:
        """Whether the bundled weights are there."""
        try:
            check_folder(resource("encoders", "tiny-clip"))
        except InputError as error:
            return False, error.text
        return True, "bundled"

    def open(self, device: str, seed: int, task: Task) -> ClipSession:
        """Load the bundled weights; raises :class:`NotReadyError` when this installation lacks them."""
        ready, reason = self.available()
        if not ready:
            raise NotReadyError("The bundled encoder is missing from this installation.", reason)
        return open_folder(resource("encoders", "tiny-clip"), device)
