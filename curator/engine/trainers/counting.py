"""Tokens of a text: by the user's tokenizer, else estimated."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from curator.engine.errors import InputError, NotReadyError

_PIECE = re.compile(r"\w+|[^\w\s]")
LETTERS_PER_TOKEN = 5


def token_counter(tokenizer: str) -> Callable[[str], int]:
    """A function that counts tokens.

    Args:
        tokenizer: a file tokenizer.json, or the folder that holds one; "" = estimate: every word counts one token for
            each 5 letters begun, every other sign that is no space one.

    Raises:
        InputError: the file is not there or not a tokenizer.
        NotReadyError: the package tokenizers is not installed.
    """
    if not tokenizer:
        return estimated
    path = Path(tokenizer).expanduser()
    path = path / "tokenizer.json" if path.is_dir() else path
    if not path.is_file():
        raise InputError(f"There is no tokenizer at {path}.", "Name a file tokenizer.json or the folder that holds it.")
    try:
        from tokenizers import Tokenizer
    except ImportError:
        raise NotReadyError(
            "Counting by a tokenizer needs the package tokenizers.", 'pip install "curator-desk[text]"'
        ) from None
    try:
        loaded = Tokenizer.from_file(str(path))
    except Exception as error:
        raise InputError(f"{path} is not a tokenizer: {error}.") from error
    loaded.no_truncation()
    return lambda text: len(loaded.encode(text, add_special_tokens=False).ids)


def estimated(text: str) -> int:
    """Tokens of a text, roughly: see :func:`token_counter`."""
    return sum(-(-len(piece) // LETTERS_PER_TOKEN) for piece in _PIECE.findall(text))
