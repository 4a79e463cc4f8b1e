"""What a trainer would do: a list with a choice for each kind of finding, and the samples it is about."""

import json
from types import SimpleNamespace

import pytest

from curator.engine.export_options import ExportOptions
from curator.engine.export_preview import FindingCount
from curator.engine.params import params_of
from curator.engine.project import Project
from curator.ui.views.export_dialog import ExportDialog
from curator.ui.views.export_findings import CLEAN, NO_TRAINER, FindingsList, rules_of
from curator.ui.views.fields import example_of


def found(*findings, mended=None, dropped=0, replaced=0):
    return SimpleNamespace(findings=findings, mended=mended or {}, dropped=dropped, replaced=replaced, checked=9)


LONG = FindingCount("too-long", "cut", "has 90 tokens", 3, 40, (2, 4, 7), True)
ODD = FindingCount("odd-turns", "stop", "has an odd number of turns", 1, 0, (5,), False)


@pytest.fixture
def listed(qtbot):
    made = FindingsList()
    qtbot.addWidget(made)
    return made


def test_each_rule_has_its_count_its_ranks_and_what_can_be_done(listed, qtbot):
    listed.show_found(found(LONG, ODD), trainer=True)
    long, odd = listed.cards["too-long"], listed.cards["odd-turns"]
    assert long.title.text() == "The trainer cuts 3" and odd.title.text() == "The trainer stops at 1"
    assert long.about.text() == "Has 90 tokens. 40 tokens are lost. Ranks 2, 4, 7."
    offered = [long.choice.itemData(i) for i in range(long.choice.count())]
    assert offered == ["", "keep", "fix", "drop", "replace"]
    assert odd.choice.findData("fix") < 0
    with qtbot.waitSignal(listed.show_asked) as asked:
        long.show_them.click()
    assert asked.args == [(2, 4, 7)]


def test_a_choice_is_told_and_can_be_taken_back_when_nothing_is_left_to_mend(listed, qtbot):
    listed.show_found(found(LONG), trainer=True)
    choice = listed.cards["too-long"].choice
    with qtbot.waitSignal(listed.rules_changed) as told:
        choice.setCurrentIndex(choice.findData("fix"))
        choice.activated.emit(choice.currentIndex())
    assert told.args == [{"too-long": "fix"}]
    listed.show_found(found(mended={"too-long": 3}), trainer=True)
    card = listed.cards["too-long"]
    assert card.choice is choice and choice.currentData() == "fix"
    assert card.title.text() == "3 would be mended" and not card.show_them.isEnabled()
    with qtbot.waitSignal(listed.rules_changed) as told:
        choice.setCurrentIndex(0)
        choice.activated.emit(0)
    assert told.args == [{}]


def test_without_a_trainer_and_without_findings_it_says_so(listed):
    assert listed.words.text() == NO_TRAINER
    listed.show_found(found(LONG), trainer=True)
    listed.show_found(found(), trainer=True)
    assert listed.words.text() == CLEAN and not listed.cards
    listed.show_found(found(LONG, dropped=2, replaced=1), trainer=True)
    assert listed.words.text() == "Of 9 samples looked at: 2 left out, 1 next in rank in their place."


def test_rules_are_read_back_from_the_options_and_examples_from_the_help():
    assert rules_of({"rules": ["too-long=replace", "cut=drop"]}) == {"too-long": "replace", "cut": "drop"}
    assert rules_of({}) == {}
    examples = {p.name: example_of(p) for p in params_of(ExportOptions)}
    assert examples["split"] == "train=0.9,test=0.1" and examples["rename"] == "old=new,old=new"
    assert examples["include"] == "a, b, c" and examples["order"] == ""


@pytest.fixture
def talks(tmp_path):
    """Six records, of which the first and the fourth are long; one subset of all."""
    lines = [{"instruction": "Say it. " * (80 if i in (0, 3) else 1) + str(i), "output": "yes"} for i in range(6)]
    (tmp_path / "talks.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    made = Project.create(tmp_path / "talks.curator")
    made.submit_import([tmp_path / "talks.jsonl"], "talks").result()
    made.subsets.by_hand("mine", 1, made.browse.ids(1, range(6)))
    yield made
    made.close()


def test_a_choice_in_the_list_decides_the_export_and_show_highlights(talks, window, qtbot, tmp_path):
    window.state.set_project(talks)
    window.state.show_subset(1)
    window.actions_.by_id["export"].trigger()
    dialog = window.findChild(ExportDialog)
    dialog.format.setCurrentText("alpaca")
    trainer = dialog.trainer_form.fields["trainer"].combo
    trainer.setCurrentText("llama-factory")
    dialog.trainer_form.fields["length"].spin.setValue(50)
    qtbot.waitUntil(lambda: "too-long" in dialog.findings.cards)
    card = dialog.findings.cards["too-long"]
    card.show_them.click()
    assert window.state.highlight.tolist() == [0, 3] and window.state.current == 0
    card.choice.setCurrentIndex(card.choice.findData("drop"))
    card.choice.activated.emit(card.choice.currentIndex())
    qtbot.waitUntil(lambda: dialog.preview.state == "ready" and dialog.preview.found.dropped == 2)
    shown = next(iter(dialog.preview.found.texts.values())).splitlines()
    assert [json.loads(line)["instruction"][-1] for line in shown[:3]] == ["1", "2", "4"]
    assert dialog.options["rules"] == ["too-long=drop"] and dialog.isVisible()
    dialog.target.setText(str(tmp_path / "out.jsonl"))
    dialog.ok.click()
    written = (tmp_path / "out.jsonl").read_text().splitlines()
    assert [json.loads(line)["instruction"][-1] for line in written] == ["1", "2", "4", "5"]
