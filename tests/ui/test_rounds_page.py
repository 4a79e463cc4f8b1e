"""Labelling in the window, by key, with the curve and the probability space drawn."""

import pytest
from PySide6.QtCore import Qt

from curator.engine.project import Project
from curator.ui.views.rounds.page import RoundsPage
from curator.ui.views.rounds.trials import TrialsPage

QUICK = {"width": 16, "layers": 1, "steps": 30}


@pytest.fixture(scope="module")
def made(tmp_path_factory, digit_pictures):
    """A Project with the digits and one study."""
    folder = tmp_path_factory.mktemp("window") / "p.curator"
    with Project.create(folder) as p:
        p.submit_import([digit_pictures]).result()
        p.rounds.start("digits", QUICK, "first").result()
        plan = {"selectors": "random,pcoreset", "seeds": 2, "rounds": 1, **QUICK}
        p.trials.submit("simulate", "digits", plan, "try").result()
    return folder


@pytest.fixture
def project(made, tmp_path):
    import shutil

    shutil.copytree(made, tmp_path / "p.curator")
    p = Project.open(tmp_path / "p.curator")
    yield p


@pytest.fixture
def shown(window, project):
    window.state.set_project(project)
    return window


def page_of(window, key, kind):
    window.commands.view_asked.emit(key)
    page = window.center.view
    assert isinstance(page, kind)
    assert window.center.stack.currentWidget() is page
    return page


def label_by_key(qtbot, page):
    """Press the key of the true class until the batch is answered."""
    while (pick := page.asking.pick) is not None:
        place = page.study.classes.index(pick.source.split("/")[0])
        qtbot.keyClick(page.asking, "1234567890"[place])
        assert page.asking.pick is None or page.asking.pick.id != pick.id


def test_five_rounds_labelled_by_key_draw_the_curve(qtbot, shown, project):
    page = page_of(shown, "rounds", RoundsPage)
    study = page.study.id
    assert "Round 1" in page.words.text()
    for number in range(1, 6):
        assert len(page.curve.series["accuracy"][0]) == number
        label_by_key(qtbot, page)
        assert page.asking.progress.value() == 10
        page.next.click()
        assert len(project.rounds.curve(study)) == number + 1
        qtbot.waitUntil(lambda: page._job is None, timeout=10_000)
    spent, accuracy = page.curve.series["accuracy"]
    assert spent == [0, 10, 20, 30, 40, 50]
    assert accuracy[-1] > accuracy[0]
    assert len(page.curve.plotItem.listDataItems()) == 3
    assert len(project.rounds.picks(study)) == 60


def test_undo_skip_and_not_in_the_list_by_key(qtbot, shown, project):
    page = page_of(shown, "rounds", RoundsPage)
    first = page.asking.pick
    qtbot.keyClick(page.asking, "1")
    assert project.rounds.batch(page.study.id)[0].answer == page.study.classes[0]
    qtbot.keyClick(page.asking, Qt.Key.Key_Backspace)
    assert page.asking.pick.id == first.id
    for key, state in (("s", "skipped"), ("n", "unlisted")):
        pick = page.asking.pick
        qtbot.keyClick(page.asking, key)
        assert next(p.state for p in project.rounds.batch(page.study.id) if p.id == pick.id) == state
    assert page.asking.progress.value() == 2
    qtbot.keyClick(page.asking, "s", Qt.KeyboardModifier.ControlModifier)
    assert page.asking.progress.value() == 2
    qtbot.mouseClick(page.asking.back, Qt.MouseButton.LeftButton)
    assert page.asking.progress.value() == 1


def test_the_space_shows_picks_between_the_corners_chosen_and_the_leaning_in_words(shown):
    page = page_of(shown, "rounds", RoundsPage)
    assert page.space_plot.places.shape[1] == 2
    assert abs(page.space_plot.places).max() <= 1 + 1e-6
    star = page.space_plot.places.copy()
    for box, place in zip(page.corners, (1, 4, 6), strict=True):
        box.setCurrentIndex(place)
    assert not (page.space_plot.places == star).all()
    page.as_teacher.setChecked(True)
    assert "teacher" in page.leaning.text()
    assert "Confused most" in page.leaning.text() or "never says" in page.leaning.text()


def test_a_study_is_started_from_the_form(qtbot, shown, project):
    page = page_of(shown, "rounds", RoundsPage)
    page.chosen.setCurrentIndex(page.chosen.count() - 1)
    page.chosen.activated.emit(page.chosen.count() - 1)
    assert page.stack.currentIndex() == 0
    page.form.classes.setText("one, two, seven")
    page.form.name.setText("small")
    page.form.start.click()
    qtbot.waitUntil(lambda: page._job is None, timeout=20_000)
    assert page.study.name == "small"
    assert page.study.classes == ("one", "two", "seven")
    assert page.asking.pick.rank == 1
    page.form.classes.setText("one")
    page.chosen.activated.emit(page.chosen.count() - 1)
    page.form.start.click()
    qtbot.waitUntil(lambda: page._job is None, timeout=20_000)
    assert len(project.rounds.studies()) == 2


def test_a_trial_shows_plot_and_table_and_is_saved(qtbot, shown, tmp_path):
    page = page_of(shown, "trials", TrialsPage)
    assert page.plot.drawn == ["pcoreset", "random"]
    assert page.table.rowCount() == 2 * 3
    page.measure.setCurrentIndex(page.measure.findData("calibration"))
    page.measure.activated.emit(page.measure.currentIndex())
    page.save(tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text().startswith("selector,seed")
    page.kind.setCurrentIndex(1)
    page.selectors.setText("random, k-center")
    page.sizes.setText("10")
    page.seeds.setValue(1)
    page.start.click()
    qtbot.waitUntil(lambda: page._job is None, timeout=20_000)
    assert page.trial.kind == "compare"
    assert page.plot.drawn == ["k-center", "random"]


def test_without_a_study_the_form_proposes_the_classes(shown, project):
    project.rounds.remove(project.rounds.study("first").id)
    page = page_of(shown, "rounds", RoundsPage)
    assert page.study is None
    assert page.form.classes.text().startswith("eight, five, four")
    assert page.form.classes.cursorPosition() == 0 and not page.form.wants(1) and page.form.wants(2)


def test_a_comparison_of_records_shows_the_loss_of_a_language_model(window, small, tiny_folder):
    plan = {"selectors": "random,k-center", "budgets": "10", "seeds": 2, "language_model": str(tiny_folder)}
    small.trials.submit("compare", "pile", plan).result()
    window.state.set_project(small)
    page = page_of(window, "trials", TrialsPage)
    assert page.measure.currentData() == "loss"
    losses = {line.selector: line.measures["loss"] for line in small.trials.lines(page.trial.id)}
    assert all(found.count == 2 and 0 < found.mean < 10 for found in losses.values())
    assert page.table.item(0, 2).text() == f"{losses['k-center'].mean:.3f}"
    ahead = float(page.table.item(0, 4).text().split()[0])
    assert ahead == pytest.approx(losses["random"].mean - losses["k-center"].mean, abs=1e-3)  # less is ahead
    assert page.table.horizontalHeaderItem(4).text() == "Loss ahead of random"
    assert page.with_loss.isHidden()
    page.kind.setCurrentIndex(1)
    assert not page.with_loss.isHidden() and "language_model" not in page.plan()
    page.with_loss.setChecked(True)
    assert page.plan()["language_model"] == "default"
