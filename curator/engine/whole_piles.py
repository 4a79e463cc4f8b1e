"""What encoder sessions that read whole records share: no vector for a picture or a text that is not in the pile."""

from __future__ import annotations

from typing import Any, NoReturn

from curator.engine.errors import InputError


class NoSinglePictures:
    """The part of an EncoderSession about pictures, for one that reads none."""

    def prepare_image(self, image: Any) -> NoReturn:
        """Raises InputError."""
        _refuse("a picture")

    def encode_images(self, prepared: list[Any]) -> NoReturn:
        """Raises InputError."""
        _refuse("a picture")


class NoSingles(NoSinglePictures):
    """The part of an EncoderSession about single pictures and texts, for one that reads neither."""

    def encode_texts(self, texts: list[str]) -> NoReturn:
        """Raises InputError."""
        _refuse("a text")


def _refuse(what: str) -> NoReturn:
    raise InputError(
        f"This encoder makes vectors of whole records; {what} by itself has none.",
        "Make an embedding with another encoder, such as sentence or tiny-clip, and look by that.",
    )
