"""Make instructions.jsonl: about 2,000 instruction records of 18 skills with planted near-duplicates.

    python make_instructions.py [FILE]

Every record has the fields of alpaca, ``id`` and ``task`` (the true skill); a near-duplicate has ``duplicate_of``, the
id of the earlier record that it says again in slightly other words. Within a skill no theme comes twice, so two records
that are not planted differ in most of what they say. The same seed gives the same bytes.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random

import click
from demo_skills import SKILLS, Parts, read_theme

SEED = 20
DUPLICATES = 265
HERE = Path(__file__).resolve().parent
SYNONYMS = (
    ("Write", "Draft"),
    ("short", "brief"),
    ("How many", "What number of"),
    ("altogether", "in total"),
    ("Give numbered steps", "List numbered steps"),
    ("teach", "show"),
    ("Plan", "Design"),
    ("Begin", "Start"),
    ("What should", "What ought"),
    ("Compare", "Contrast"),
    ("Suggest", "Propose"),
    ("Compose", "Write"),
    ("Invent", "Come up with"),
    ("Is this", "Would you call this"),
    ("Extract", "Pull out"),
    ("Answer", "Reply to"),
    ("Which of these", "Which one of these"),
    ("Summarise", "Sum up"),
    ("Shorten", "Cut"),
    ("Rewrite", "Rephrase"),
    ("Turn", "Change"),
    ("Put the events", "Arrange the events"),
    ("because", "since"),
    ("will be", "is going to be"),
    ("Wonderful", "Lovely"),
    ("Never again", "Not again"),
)
BEFORE = ("Please do this: ", "Task: ", "Here is a request. ", "I need your help. ")
AFTER = (" Thank you!", " Thanks in advance.", " Please be careful.", " Take your time.")


def reorder(text: str) -> str:
    """The first of several sentences at the end."""
    sentences = re.split(r"(?<=[.!?]) ", text)
    return " ".join([*sentences[1:], sentences[0]]) if len(sentences) > 2 and "Question" not in text else text


def paraphrase(parts: Parts, rng: Random) -> Parts:
    """Say the same again with small edits: politeness, synonyms, punctuation, the order of sentences."""
    instruction, given, output = parts
    for old, new in SYNONYMS:
        if rng.random() < 0.7:
            instruction, given = instruction.replace(old, new), given.replace(old, new)
    if rng.random() < 0.4:
        instruction = reorder(instruction)
    if rng.random() < 0.5:
        instruction = rng.choice(BEFORE) + instruction
    else:
        instruction += rng.choice(AFTER)
    if rng.random() < 0.5:
        given = given.replace(";", ",").replace(", and", " and")
    if rng.random() < 0.3:
        output = output.removesuffix(".") + "!"
    return instruction, given, output


def originals(rng: Random) -> list[tuple[str, Parts]]:
    """Skill and parts of every record that is not a duplicate, in random order."""
    themes = [read_theme(line) for line in (HERE / "themes.txt").read_text(encoding="utf-8").splitlines()]
    made = [(name, make(theme, rng)) for name, (count, make) in SKILLS.items() for theme in rng.sample(themes, count)]
    rng.shuffle(made)
    return made


def records(seed: int) -> list[dict[str, str]]:
    """All records in the order of the file; a duplicate comes anywhere after its original."""
    rng = Random(seed)
    made = originals(rng)
    places = [(float(i), skill, parts, -1) for i, (skill, parts) in enumerate(made)]
    for _ in range(DUPLICATES):
        base = rng.randrange(len(made))
        skill, parts = made[base]
        places.append((rng.uniform(base + 0.01, len(made)), skill, paraphrase(parts, rng), base))
    places.sort(key=lambda place: place[0])
    ids = {place: f"demo-{number:04}" for number, (place, *_) in enumerate(places, 1)}
    found = []
    for place, skill, (instruction, given, output), base in places:
        record = {"id": ids[place], "instruction": instruction, "input": given, "output": output, "task": skill}
        found.append(record | ({"duplicate_of": ids[float(base)]} if base >= 0 else {}))
    return found


@click.command()
@click.argument("file", type=click.Path(path_type=Path), default=HERE / "instructions.jsonl")
@click.option("--seed", default=SEED, show_default=True, help="Another seed, other records.")
def main(file: Path, seed: int) -> None:
    """Write the records to FILE (default: beside this script)."""
    made = records(seed)
    file.write_bytes("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in made).encode("utf-8"))
    click.echo(
        f"{len(made)} records, {sum('duplicate_of' in record for record in made)} of them near-duplicates: {file}"
    )


if __name__ == "__main__":
    main()
