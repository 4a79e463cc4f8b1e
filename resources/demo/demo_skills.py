"""The skills of the demo records: for a theme, an instruction, its input and the right output."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

Parts = tuple[str, str, str]


def _words(text: str) -> list[str]:
    return text.split(",")


PEOPLE = _words(
    "Amara,Bjorn,Chiara,Dmitri,Elena,Farid,Greta,Hiroshi,Ines,Jamal,Katya,Leon,Mei,Nadia,Omar,Priya,Quentin,Rosa,"
    "Stefan,Tariq,Uma,Viktor,Wanda,Ximena,Yusuf,Zoe"
)
CITIES = _words(
    "Aberdeen,Bergen,Cordoba,Dakar,Esbjerg,Fukuoka,Geneva,Halifax,Izmir,Jaipur,Kampala,Lyon,Montevideo,Nagoya,Oulu,"
    "Porto,Quito,Riga,Salzburg,Tallinn,Utrecht,Valencia,Winnipeg,Yerevan,Zagreb"
)
MONTHS = _words("January,February,March,April,May,June,July,August,September,October,November,December")
STRANGERS = ("a tax form", "a bowling ball", "an umbrella", "a toaster", "a lawn chair", "a stapler", "a snorkel")


@dataclass(frozen=True)
class Theme:
    """A small world: where it is, who works there, four things, a task, a mishap, two adjectives."""

    name: str
    place: str
    person: str
    things: tuple[str, str, str, str]
    task: str
    trouble: str
    looks: tuple[str, str]


def read_theme(line: str) -> Theme:
    """One line of themes.txt."""
    name, place, person, things, task, trouble, looks = line.rstrip("\n").split("|")
    a, b, c, d = things.split(",")
    first, second = looks.split(",")
    return Theme(name, place, person, (a, b, c, d), task, trouble, (first, second))


def _a(word: str) -> str:
    return f"{'an' if word[0].lower() in 'aeiou' else 'a'} {word}"


def _mixed(t: Theme, r: Random) -> list[str]:
    return r.sample(t.things, 4)


def word_problem(t: Theme, r: Random) -> Parts:
    a, b, c, _ = _mixed(t, r)
    n, m, k = r.randint(31, 90), r.randint(12, 60), r.randint(3, 29)
    who = r.choice(PEOPLE)
    ask = f"{who} the {t.person} counts {n} {a}, {m} {b} and no {c} at the {t.place}. {k} {a} are sold. "
    left = n - k
    return (
        ask + f"How many {a} and {b} remain altogether?",
        "",
        f"{n} - {k} = {left} {a}. Together with {m} {b} that makes {left} + {m} = {left + m}.",
    )


def summarise(t: Theme, r: Random) -> Parts:
    a, b, c, d = _mixed(t, r)
    city = r.choice(CITIES)
    text = (
        f"The {t.place} in {city} will be shut until {r.choice(MONTHS)}, because {t.trouble}. The {t.looks[0]} {a} and "
        f"{t.looks[1]} {b} are stored safely. Anyone who lent {c} or {d} may ask the {t.person}, who must {t.task}."
    )
    return (
        r.choice(["Summarise this notice in one sentence.", "Shorten the announcement below to a single sentence."]),
        text,
        f"In {city} {t.trouble}, so the {t.place} is shut, while {a}, {b}, {c} and {d} stay with the {t.person}.",
    )


def sentiment(t: Theme, r: Random) -> Parts:
    a, b, c, d = _mixed(t, r)
    if r.random() < 0.5:
        said = (
            f"Wonderful {t.place}! The {t.person} knew how to {t.task}; {t.looks[0]} {a}, {t.looks[1]} {b}, fine {c}."
        )
        return (
            "Is this review positive or negative?",
            said,
            f"Positive: the {t.person}, the {a} and the {b} are praised.",
        )
    said = f"Never again this {t.place}: {t.trouble}, the {a} and {b} looked shabby and the {t.person} blamed the {d}."
    return "Is this review positive or negative?", said, f"Negative: {t.trouble} and the {a} and {b} disappointed."


def email(t: Theme, r: Random) -> Parts:
    a, b, c, _ = _mixed(t, r)
    who, other = r.sample(PEOPLE, 2)
    return (
        f"Write a short email in which {_a(t.person)} named {who} apologises to {other} because {t.trouble}.",
        "",
        f"Dear {other},\nI am sorry that {t.trouble}. Your {a} and {b} from the {t.place} will be replaced, and I will "
        f"{t.task} myself. The {t.looks[0]} {c} are a gift.\nKind regards, {who}",
    )


def extract(t: Theme, r: Random) -> Parts:
    a, b, c, d = _mixed(t, r)
    who, city, n, month = r.choice(PEOPLE), r.choice(CITIES), r.randint(3, 80), r.choice(MONTHS)
    text = (
        f"Last {month} {who}, {_a(t.person)} from {city}, ordered {n} {t.looks[0]} {a} for the {t.place}, to {t.task}."
    )
    found = {"name": who, "job": t.person, "city": city, "ordered": f"{n} {a}", "place": t.place}
    return (
        "Extract name, job, city, order and place as JSON.",
        f"{text} The {b} and {t.looks[1]} {c} came later; the {d} never did.",
        json.dumps(found),
    )


def steps(t: Theme, r: Random) -> Parts:
    a, b, c, d = _mixed(t, r)
    return (
        f"Give numbered steps that teach a beginner to {t.task}.",
        "",
        f"1. Go to the {t.place} and lay out the {a}.\n2. Let the {t.person} check the {t.looks[0]} {b}.\n"
        f"3. With {c} at hand, {t.task}.\n4. Put away the {t.looks[1]} {d}. If {t.trouble}, begin again.",
    )


def itinerary(t: Theme, r: Random) -> Parts:
    a, b, c, d = _mixed(t, r)
    city = r.choice(CITIES)
    return (
        f"Plan a day in {city} for a family that loves {t.name}.",
        "",
        f"Morning: visit the {t.place} and see {t.looks[0]} {a}. Noon: lunch among the {b}. Afternoon: a "
        f"{t.person} shows how to {t.task} with {c}. Evening: buy {t.looks[1]} {d} as souvenirs.",
    )


def python_function(t: Theme, r: Random) -> Parts:
    a, b, _, _ = (word.split()[0] for word in _mixed(t, r))
    n = r.randint(2, 99)
    return (
        f"Write a Python function that counts the {t.looks[0]} {a} heavier than {n} among the {a} of the {t.place}.",
        f"{a} = [(weight, '{t.looks[0]}'), (weight, '{t.looks[1]}')]; {b} are ignored by the {t.person}",
        f"def count_{a}({a}):\n    return sum(weight > {n} for weight, look in {a} if look == '{t.looks[0]}')",
    )


def formal(t: Theme, r: Random) -> Parts:
    a, b, c, _ = _mixed(t, r)
    text = f"hey, {t.trouble} lol, so no {a} or {b} from the {t.place} today, gotta {t.task} first, the {c} are a mess"
    return (
        r.choice(["Rewrite this message in a formal tone.", "Turn the chat message into formal English."]),
        text,
        f"Dear customer, regrettably {t.trouble}. The {t.place} is unable to supply {a} or {b} today, since our "
        f"{t.person} must {t.task} and restore the {t.looks[0]} {c}.",
    )


def story(t: Theme, r: Random) -> Parts:
    a, b, c, d = _mixed(t, r)
    who = r.choice(PEOPLE)
    return (
        f"Begin a mystery story set in {_a(t.place)} with {t.looks[0]} {a}.",
        "",
        f"On the night that {t.trouble}, {who} heard the {a} whisper. Behind the {t.looks[1]} {b} the old "
        f"{t.person} lay still, clutching {c}; someone had tried to {t.task} and had stolen the {d}.",
    )


def troubleshoot(t: Theme, r: Random) -> Parts:
    a, b, c, d = _mixed(t, r)
    return (
        f"What should {_a(t.person)} do when {t.trouble}?",
        "",
        f"First secure the {a}. Then examine the {t.looks[0]} {b} for the cause, borrow {c}, and only "
        f"afterwards {t.task}. Report it to the {t.place} and replace worn {t.looks[1]} {d}.",
    )


def odd_one_out(t: Theme, r: Random) -> Parts:
    stranger = r.choice(STRANGERS)
    words = [*t.things, stranger]
    r.shuffle(words)
    return (
        "Which of these does not belong with the others?",
        "; ".join(words),
        f"{stranger.capitalize()} does not belong: {', '.join(t.things)} are found in a {t.place}, where "
        f"{t.looks[0]} and {t.looks[1]} things help the {t.person} to {t.task}.",
    )


def reading(t: Theme, r: Random) -> Parts:
    a, b, c, d = _mixed(t, r)
    who, city = r.choice(PEOPLE), r.choice(CITIES)
    text = (
        f"{who} came to {city} as a {t.person}. The {t.place} had {t.looks[0]} {a} but few {b}. When "
        f"{t.trouble}, {who} traded {c} for {t.looks[1]} {d} and learned to {t.task}."
    )
    return (
        "Answer the question using the passage.",
        f"{text} Question: what were the {c} traded for?",
        f"{who} traded the {c} for {t.looks[1]} {d}.",
    )


def slogan(t: Theme, r: Random) -> Parts:
    a, b, c, _ = _mixed(t, r)
    return (
        f"Invent an advertising slogan for {_a(t.place)} selling {t.looks[0]} {a} and {b}.",
        "",
        f"{a.capitalize()} so {t.looks[0]}, {b} so {t.looks[1]}: even our {t.person} dreams of {c}. "
        f"We {t.task}, you smile!",
    )


def ordering(t: Theme, r: Random) -> Parts:
    a, b, c, d = _mixed(t, r)
    return (
        "Put the events in the order in which they happened.",
        f"The {t.person} found the {a} after {t.trouble}. Before that, {b} reached the {t.place}. Last of all "
        f"they had to {t.task} beside the {t.looks[0]} {c} and {d}.",
        f"1. {b.capitalize()} reach the {t.place}. 2. {t.trouble.capitalize()}. 3. The {a} are found. "
        f"4. They {t.task} beside {c} and {d}.",
    )


def compare(t: Theme, r: Random) -> Parts:
    a, b, c, d = _mixed(t, r)
    return (
        f"Compare {a} with {b} in the daily work of {_a(t.person)}.",
        "",
        f"Both belong to the {t.place}. {a.capitalize()} are {t.looks[0]} and needed to {t.task}; {b} are rather "
        f"{t.looks[1]}, help with {c} and {d}, and matter most when {t.trouble}.",
    )


def interview(t: Theme, r: Random) -> Parts:
    a, b, c, d = _mixed(t, r)
    return (
        f"Suggest three interview questions for hiring {_a(t.person)}.",
        "",
        f"1. How do you {t.task}?\n2. What did you do the last time {t.trouble}?\n3. At our {t.place} there are "
        f"{t.looks[0]} {a} and {t.looks[1]} {b}: which {c} or {d} would you improve?",
    )


def poem(t: Theme, r: Random) -> Parts:
    a, b, c, d = _mixed(t, r)
    return (
        f"Compose a four-line poem about {t.name}.",
        "",
        f"O {t.looks[0]} {a}, O {b} in the night,\nthe {t.person} rises to {t.task} right;\n"
        f"though {t.trouble}, the {t.looks[1]} {c} still gleam,\nand {d} at the {t.place} drift into a dream.",
    )


SKILLS: dict[str, tuple[int, Callable[[Theme, Random], Parts]]] = {
    "email": (120, email),
    "story": (119, story),
    "steps": (118, steps),
    "word_problem": (117, word_problem),
    "summarise": (116, summarise),
    "troubleshoot": (115, troubleshoot),
    "sentiment": (114, sentiment),
    "compare": (112, compare),
    "reading": (110, reading),
    "formal": (108, formal),
    "itinerary": (105, itinerary),
    "extract": (100, extract),
    "interview": (95, interview),
    "poem": (88, poem),
    "slogan": (75, slogan),
    "ordering": (60, ordering),
    "python_function": (45, python_function),
    "odd_one_out": (30, odd_one_out),
}
"""Each skill, how many records it has before duplicates (at most one a theme), and what makes one."""
