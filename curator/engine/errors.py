"""What can go wrong, in the user's words.

A :class:`CuratorError` is a message for a person: what happened (``text``) and what to do about it (``hint``).
Anything else that escapes is a bug and is shown with its traceback.
"""

from __future__ import annotations


class CuratorError(Exception):
    """Base of every message for the user.

    ``kind`` is the plain name that crosses the process boundary; see :func:`from_kind`.
    """

    kind = "error"

    def __init__(self, text: str, hint: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.text}\n{self.hint}" if self.hint else self.text


class InputError(CuratorError):
    """Something the user gave (a file, a value, a name) cannot be used."""

    kind = "input"


class NotReadyError(CuratorError):
    """The request is sound, but something it needs has not been made or installed yet."""

    kind = "not-ready"


class PluginError(CuratorError):
    """A plugin failed or broke its contract; the text names the plugin."""

    kind = "plugin"


class DeviceError(CuratorError):
    """The chosen device is missing, too small or failed."""

    kind = "device"


class StoreError(CuratorError):
    """The Project on disk cannot be opened, read or written."""

    kind = "store"


class Cancelled(BaseException):
    """The user asked a Job to stop. Not an :class:`Exception`, so that no ``except Exception`` swallows it."""


def from_kind(kind: str, text: str, hint: str) -> CuratorError:
    """Rebuild an error that crossed the process boundary as plain values."""
    for family in (InputError, NotReadyError, PluginError, DeviceError, StoreError):
        if family.kind == kind:
            return family(text, hint)
    return CuratorError(text, hint)
