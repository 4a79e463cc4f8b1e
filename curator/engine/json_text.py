"""JSON that any reader takes, of values that Python's own writer would not write so."""

from __future__ import annotations

import json
import math
from typing import Any

_HUGE, _TINY = "\x00a number beyond\x00", "\x00a number below\x00"
_WRITTEN = {json.dumps(_HUGE): "1e999", json.dumps(_TINY): "-1e999"}


def json_text(value: Any, *, ascii_only: bool = False) -> str:
    """A value as JSON, which is always valid and can always be stored as UTF-8; with ``ascii_only`` in any encoding.

    A number too large for a float (1e400) is written as one, NaN is null, and half of a surrogate pair stays the escape
    that it came as; Python would write the words Infinity and NaN, and a text that no file can hold.
    """
    try:
        text = json.dumps(value, ensure_ascii=ascii_only, allow_nan=False)
    except ValueError:
        text = json.dumps(_marked(value), ensure_ascii=ascii_only)
        for mark, number in _WRITTEN.items():
            text = text.replace(mark, number)
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return "".join(sign if not "\ud800" <= sign <= "\udfff" else f"\\u{ord(sign):04x}" for sign in text)
    return text


def _marked(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else _HUGE if value > 0 else _TINY
    if isinstance(value, dict):
        return {key: _marked(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_marked(one) for one in value]
    return value


def without_halves(value: Any) -> Any:
    """The same without halves of surrogate pairs, each a question mark instead."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {without_halves(key): without_halves(one) for key, one in value.items()}
    return [without_halves(one) for one in value] if isinstance(value, list) else value
