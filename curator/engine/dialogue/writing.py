"""From a :class:`Dialogue` to a record of one format."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from curator.engine.dialogue.model import MARK, Call, Dialogue, Picture, Turn
from curator.engine.errors import InputError

PICTURES = ("auto", "marks", "image_url", "path", "placeholder")
MASKS = ("weight", "train")


@dataclass(frozen=True)
class Style:
    """What a format leaves open.

    Attributes:
        pictures: how ``messages`` names pictures: "marks" = ``<image>`` in the text and a list ``images`` beside the
            turns; content parts otherwise, {"type": "image_url", "image_url": {"url"}} (OpenAI), {"type": "image",
            "path"} (Axolotl) or {"type": "image"} with the list beside (TRL); "auto" = parts where the source has
            parts.
        mask: how ``messages`` says which turns are trained: "weight" 0 or 1 (OpenAI), or "train" (Axolotl).
        as_turns: prompts and answers of ``prompt-completion`` and ``preference`` are lists of messages, not texts.
        openai: ``preference`` as OpenAI has it: input, preferred_output, non_preferred_output.
    """

    pictures: str = "auto"
    mask: str = "weight"
    as_turns: bool = False
    openai: bool = False


def write_dialogue(dialogue: Dialogue, target: str, style: Style | None = None) -> dict[str, Any]:
    """The record in the format ``target``, one of :data:`TARGETS`; other fields of the record come after its own.

    What the format cannot hold is left out: :func:`curator.engine.dialogue.losses` tells what.

    Raises:
        InputError: the record does not fit at all, with the reason to be put behind its place.
    """
    if target not in WRITERS:
        raise InputError(f"There is no format “{target}”.", f"Known: {', '.join(TARGETS)}.")
    record = WRITERS[target](dialogue, style or Style())
    return record | {key: value for key, value in dialogue.extra.items() if key not in record}


def _alpaca(dialogue: Dialogue, style: Style) -> dict[str, Any]:
    system, pairs, last = _exchanges(dialogue)
    text = last.marked
    border = last.border if last.border and text[last.border : last.border + 1] == "\n" else len(text)
    record: dict[str, Any] = {"instruction": text[:border], "input": text[border + 1 :]}
    if dialogue.is_pair:
        record |= {"chosen": _one_text(dialogue.chosen), "rejected": _one_text(dialogue.rejected)}
        earlier = pairs
    else:
        record["output"] = pairs[-1][1].marked
        earlier = pairs[:-1]
    if system is not None:
        record["system"] = system.marked
    if dialogue.tools or dialogue.tools_text:
        record["tools"] = dialogue.tools_text or json.dumps(dialogue.tools, ensure_ascii=False)
    if earlier:
        record["history"] = [[a.marked, b.marked] for a, b in earlier]
    if dialogue.desirable is not None:
        record["kto_tag"] = dialogue.desirable
    return record | _pictures_beside(dialogue)


def _exchanges(dialogue: Dialogue) -> tuple[Turn | None, list[tuple[Turn, Turn]], Turn]:
    """The system turn, the pairs of user and assistant, and the last question (whose answer is in the last pair,
    unless the record is a pair of answers). Raises :class:`InputError` when turns do not take turns."""
    turns = list(dialogue.turns)
    system = turns.pop(0) if turns and turns[0].role == "system" else None
    if any(turn.calls or turn.role not in ("user", "assistant") for turn in turns):
        raise InputError("has turns of tools, or system text in between, which the format cannot hold")
    last = turns.pop() if dialogue.is_pair and turns and turns[-1].role == "user" else None
    pairs = list(zip(turns[::2], turns[1::2], strict=False))
    if len(turns) % 2 or any(a.role != "user" or b.role != "assistant" for a, b in pairs) or not (pairs or last):
        raise InputError("has turns of user and assistant that do not alternate")
    if dialogue.is_pair and last is None:
        raise InputError("has a pair of answers to no question")
    return system, pairs, last or pairs[-1][0]


def _one_text(turns: Sequence[Turn]) -> str:
    if len(turns) > 1 or any(turn.calls for turn in turns):
        raise InputError("has an answer of several turns, which the format cannot hold")
    return turns[0].marked if turns else ""


def _sharegpt(dialogue: Dialogue, style: Style) -> dict[str, Any]:
    record: dict[str, Any] = {"conversations": [_said(turn) for turn in dialogue.turns]}
    if dialogue.is_pair:
        if len(dialogue.chosen) > 1 or len(dialogue.rejected) > 1:
            raise InputError("has an answer of several turns, which the format cannot hold")
        record["chosen"] = _said(dialogue.chosen[0]) if dialogue.chosen else None
        record["rejected"] = _said(dialogue.rejected[0]) if dialogue.rejected else None
    if dialogue.tools or dialogue.tools_text:
        record["tools"] = dialogue.tools_text or json.dumps(dialogue.tools, ensure_ascii=False)
    if dialogue.desirable is not None:
        record["kto_tag"] = dialogue.desirable
    return record | _pictures_beside(dialogue)


FROM = {"system": "system", "user": "human", "assistant": "gpt", "tool": "observation"}


def _said(turn: Turn) -> dict[str, Any]:
    if turn.role not in FROM:
        raise InputError(f"has an unknown role “{turn.role[:40]}”")
    if turn.calls:
        calls = [{"name": call.name, "arguments": _arguments(call)} for call in turn.calls]
        text = json.dumps(calls if len(calls) > 1 else calls[0], ensure_ascii=False)
        return {"from": "function_call", "value": text}
    return {"from": FROM[turn.role], "value": turn.marked}


def _arguments(call: Call) -> Any:
    try:
        value = json.loads(call.arguments)
    except (ValueError, RecursionError):
        return call.arguments
    return value if isinstance(value, dict) else call.arguments


def _messages(dialogue: Dialogue, style: Style) -> dict[str, Any]:
    spoken = (*dialogue.turns, *dialogue.chosen, *dialogue.rejected)
    form = style.pictures
    if form == "auto":
        in_parts = any(isinstance(part, Picture) and part.form for turn in spoken for part in turn.parts)
        form = "image_url" if in_parts else "marks"
    record: dict[str, Any] = {"messages": _all_messages(dialogue.turns, form, style.mask)}
    if dialogue.is_pair:
        sides = [_all_messages(side, form, style.mask) for side in (dialogue.chosen, dialogue.rejected)]
        record["chosen"], record["rejected"] = (side[0] if len(side) == 1 else side for side in sides)
    if dialogue.tools:
        record["tools"] = [{"type": "function", "function": tool} for tool in dialogue.tools]
    if dialogue.desirable is not None:
        record["kto_tag"] = dialogue.desirable
    beside = form in ("marks", "placeholder") or dialogue.unplaced
    return record | (_pictures_beside(dialogue) if beside else {})


def _all_messages(turns: Sequence[Turn], form: str, mask: str) -> list[dict[str, Any]]:
    """Messages; calls without an id are numbered, because a tool's answer must name the call it answers."""
    made, open_calls, messages = 0, list[str](), []
    for turn in turns:
        if turn.role not in FROM:
            raise InputError(f"has an unknown role “{turn.role[:40]}”")
        message: dict[str, Any] = {"role": "developer" if turn.alias == "developer" else turn.role}
        message["content"] = _content(turn, form)
        if turn.name:
            message["name"] = turn.name
        if turn.calls:
            ids = []
            for call in turn.calls:
                made += 1
                ids.append(call.id or f"call_{made}")
            functions = [{"name": call.name, "arguments": call.arguments} for call in turn.calls]
            message["tool_calls"] = [
                {"id": id_, "type": "function", "function": function}
                for id_, function in zip(ids, functions, strict=True)
            ]
            open_calls = ids
        if turn.role == "tool" and (id_ := turn.call_id or (open_calls.pop(0) if open_calls else "")):
            message["tool_call_id"] = id_
        if turn.train is not None:
            message[mask] = int(turn.train) if mask == "weight" else turn.train
        messages.append(message | dict(turn.extra))
    return messages


def _content(turn: Turn, form: str) -> Any:
    if not turn.parts and turn.calls:
        return None
    pictured = any(isinstance(part, Picture) for part in turn.parts)
    if form == "marks" or not (pictured or turn.listed):
        return turn.marked
    return [
        {"type": "text", "text": part} if isinstance(part, str) else _picture_part(part, form) for part in turn.parts
    ]


def _picture_part(picture: Picture, form: str) -> dict[str, Any]:
    if form == "image_url":
        return {"type": "image_url", "image_url": {"url": picture.name}}
    return {"type": "image", "path": picture.name} if form == "path" else {"type": "image"}


def _pictures_beside(dialogue: Dialogue) -> dict[str, Any]:
    return {"images": list(dialogue.images)} if dialogue.images else {}


def _llava(dialogue: Dialogue, style: Style) -> dict[str, Any]:
    turns = [turn for turn in dialogue.turns if turn.role != "system"]
    if any(turn.calls or turn.role not in ("user", "assistant") for turn in turns) or dialogue.is_pair:
        raise InputError("has turns of tools or a pair of answers, which LLaVA cannot hold")
    kept, conversations = dialogue.images[:1], []
    marks = 1 if any(turn.images for turn in turns) else 0
    for turn in turns:
        text = ""
        for part in turn.parts:
            if isinstance(part, str):
                text += part
            elif marks:
                text, marks = text + MARK, marks - 1
        conversations.append({"from": FROM[turn.role], "value": text})
    record: dict[str, Any] = {"image": kept[0]} if kept else {}
    return record | {"conversations": conversations}


def _prompt_completion(dialogue: Dialogue, style: Style) -> dict[str, Any]:
    answer = dialogue.chosen or dialogue.turns[-1:]
    before = dialogue.turns if dialogue.chosen else dialogue.turns[:-1]
    if not answer or answer[0].role != "assistant":
        raise InputError("does not end with an answer")
    record = {"prompt": _side(before, style), "completion": _side(answer, style)}
    if dialogue.desirable is not None:
        record["label"] = dialogue.desirable
    return record | _tools_and_pictures(dialogue)


def _preference(dialogue: Dialogue, style: Style) -> dict[str, Any]:
    if not (dialogue.chosen and dialogue.rejected):
        raise InputError("has no pair of answers")
    if style.openai:
        form = "image_url"
        given: dict[str, Any] = {"messages": _all_messages(dialogue.turns, form, style.mask)}
        if dialogue.tools:
            given["tools"] = [{"type": "function", "function": tool} for tool in dialogue.tools]
        return {
            "input": given,
            "preferred_output": _all_messages(dialogue.chosen, form, style.mask),
            "non_preferred_output": _all_messages(dialogue.rejected, form, style.mask),
        }
    record = {
        "prompt": _side(dialogue.turns, style),
        "chosen": _side(dialogue.chosen, style),
        "rejected": _side(dialogue.rejected, style),
    }
    return record | _tools_and_pictures(dialogue)


def _tools_and_pictures(dialogue: Dialogue) -> dict[str, Any]:
    tools = [{"type": "function", "function": tool} for tool in dialogue.tools]
    return ({"tools": tools} if tools else {}) | _pictures_beside(dialogue)


def _side(turns: Sequence[Turn], style: Style) -> Any:
    """A list of messages, or the one text that the turns are."""
    if style.as_turns:
        return _all_messages(turns, "placeholder", style.mask)
    spoken = [turn for turn in turns if turn.role != "system"]
    if len(spoken) > 1 or any(turn.calls or turn.role == "tool" for turn in spoken):
        raise InputError("has several turns, which do not fit into one text; write them as messages")
    return spoken[0].marked if spoken else ""


WRITERS: dict[str, Callable[[Dialogue, Style], dict[str, Any]]] = {
    "alpaca": _alpaca,
    "sharegpt": _sharegpt,
    "messages": _messages,
    "llava": _llava,
    "prompt-completion": _prompt_completion,
    "preference": _preference,
}
TARGETS = tuple(WRITERS)
"""The formats that can be written."""
