"""Zero-shot class vectors: each class name put into sentences, encoded, and averaged.

Source: Radford et al., Learning Transferable Visual Models From Natural Language Supervision, 2021, section 3.1.4
(prompt ensembling in the embedding space); templates of open_clip's ``zero_shot_metadata``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from curator.engine.errors import InputError
from curator.engine.types import Floats
from curator.engine.unit import unit_rows

TEMPLATES = ("simple", "openai")
_SIMPLE = "a photo of a {}."


def class_prompts(names: Sequence[str], templates: str = "simple") -> list[str]:
    """All prompts of all names, name after name: len(names) * t texts for t templates.

    Args:
        names: class names as a person would write them.
        templates: "simple" ("a photo of a NAME."), "openai" (open_clip's 80 templates for ImageNet), or a text of
            your own with ``{}`` where the name goes.

    Raises:
        InputError: ``templates`` is neither known nor has a place for the name.
    """
    if templates == "openai":
        from curator.engine.device import import_open_clip

        forms: Sequence[Callable[[str], str]] = import_open_clip().OPENAI_IMAGENET_TEMPLATES
        return [form(name) for name in names for form in forms]
    text = _SIMPLE if templates == "simple" else templates
    if text.count("{}") != 1:
        raise InputError(
            f"The template “{text}” has no place for the name.",
            f"Choose one of: {', '.join(TEMPLATES)}, or write {{}} where the name goes.",
        )
    return [text.replace("{}", name) for name in names]


def zero_shot_vectors(
    encode_texts: Callable[[list[str]], Floats], names: Sequence[str], templates: str = "simple"
) -> Floats:
    """One unit vector per class: float32 [k, d] for k names.

    Each prompt is encoded and brought to length one, the prompts of a name are averaged, and the mean is brought to
    length one again.

    Args:
        encode_texts: texts -> float32 [len, d], an encoder's own.
        names: k class names.
        templates: as for :func:`class_prompts`.
    """
    if not names:
        raise InputError("There are no class names.", "Give at least one.")
    vectors = unit_rows(encode_texts(class_prompts(names, templates)))
    return unit_rows(vectors.reshape(len(names), -1, vectors.shape[1]).mean(axis=1, dtype=np.float32))
