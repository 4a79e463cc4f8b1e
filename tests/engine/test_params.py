from dataclasses import dataclass

import pytest

from curator.engine.errors import InputError
from curator.engine.params import build, param, params_of, values_of


@dataclass(frozen=True)
class Example:
    budget: int = param(10, low=1, high=100, help="How many")
    share: float = param(0.5, low=0.0, high=1.0, help="How much", unit="share")
    mode: str = param("fast", choices=("fast", "exact"), help="How")
    sure: bool = param(False, help="Whether")
    names: tuple[str, ...] = param((), help="Which")


def test_params_are_described_in_order():
    assert [(p.name, p.type) for p in params_of(Example)] == [
        ("budget", int),
        ("share", float),
        ("mode", str),
        ("sure", bool),
        ("names", tuple),
    ]
    assert params_of(Example)[1].unit == "share"


def test_words_from_a_command_line_become_values():
    made = build(Example, {"budget": "50", "share": "0.25", "sure": "yes", "names": "cat, dog"})
    assert made == Example(50, 0.25, "fast", True, ("cat", "dog"))


def test_values_round_trip():
    made = Example(names=("a", "b"))
    assert values_of(made) == {"budget": 10, "share": 0.5, "mode": "fast", "sure": False, "names": ["a", "b"]}
    assert build(Example, values_of(made)) == made


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"budget": 0}, "between 1 and 100"),
        ({"budget": "many"}, "a whole number"),
        ({"budget": 2.5}, "a whole number"),
        ({"budget": True}, "a whole number"),
        ({"share": float("nan")}, "between 0 and 1"),
        ({"mode": "slow"}, "fast, exact"),
        ({"mode": 3}, "text"),
        ({"sure": "perhaps"}, "true or false"),
        ({"size": 1}, "budget, share"),
    ],
)
def test_what_does_not_fit_is_named(values, words):
    with pytest.raises(InputError) as error:
        build(Example, values, owner="selector “x”")
    assert words in str(error.value)
    assert "selector “x”" in str(error.value)
