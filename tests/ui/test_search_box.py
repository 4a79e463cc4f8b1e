"""The search box on a real small Project."""

import json
from dataclasses import replace

import pytest
from fakes import FakeProject
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication, QImage

from curator.engine.project import Project
from curator.engine.searching import SearchRequest
from curator.engine.task import Progress
from curator.engine.types import Changes
from curator.ui.finding import EMPTY, ERROR, NOTHING, READY, SEARCHING

TEXTS = ("python code", "bread and flour", "the capital of France", "python again")


@pytest.fixture
def project(tmp_path):
    file = tmp_path / "records.jsonl"
    file.write_text("".join(json.dumps({"instruction": t, "output": "yes"}) + "\n" for t in TEXTS))
    made = Project.create(tmp_path / "p.curator")
    made.submit_import([file], "records").result()
    ids = made.browse.ids(1, range(4))
    made.set_label([ids[1]], "food")
    return made


@pytest.fixture
def box(window, project, monkeypatch):
    monkeypatch.setattr("curator.engine.artefacts.default_encoder", lambda kind, registry: ("lsa", "for the test"))
    window.state.set_project(project)
    return window.center.search


def settle(qtbot, window, status):
    qtbot.waitUntil(lambda: window.commands.finding.status == status, timeout=20_000)


def shown(window):
    return window.samples.rows.tolist()


def test_empty_then_a_filter_then_everything_again(qtbot, window, box):
    assert window.commands.finding.status == EMPTY
    window.actions_.by_id["search"].trigger()
    box.line.setText("label:food")
    qtbot.keyClick(box.line, Qt.Key.Key_Return)
    settle(qtbot, window, READY)
    assert shown(window) == [1] and box.words.text() == "1 found"
    qtbot.keyClick(box.line, Qt.Key.Key_Escape)
    settle(qtbot, window, EMPTY)
    assert shown(window) == [0, 1, 2, 3] and box.line.text() == ""


def test_nothing_and_error_are_said(qtbot, window, box):
    window.commands.finding.show("is:broken")
    settle(qtbot, window, NOTHING)
    assert shown(window) == [] and box.words.text() == "Nothing found"
    window.commands.finding.show("label:fod")
    settle(qtbot, window, ERROR)
    assert "Did you mean “food”" in box.words.text()
    assert window.commands.finding.fault == (0, 9)
    window.commands.finding.show("label:food (")
    settle(qtbot, window, ERROR)
    assert window.commands.finding.fault == (11, 12)


def test_words_are_encoded_and_rank(qtbot, window, box):
    seen = []
    window.commands.finding.changed.connect(lambda: seen.append(window.commands.finding.status))
    window.commands.finding.show("python")
    settle(qtbot, window, READY)
    assert SEARCHING in seen
    assert window.state.query.sort == "similarity" and set(shown(window)[:2]) == {0, 3}
    box.exact.setChecked(True)
    qtbot.waitUntil(lambda: window.state.query.where == "python", timeout=20_000)
    assert shown(window) == [0, 3] and window.state.query.sort == "row"
    window.state.set_highlight([1])
    window.actions_.by_id["more-like"].trigger()
    qtbot.waitUntil(lambda: window.state.query.where.startswith("near:"), timeout=20_000)
    assert shown(window)[0] == 1
    assert box.line.text().startswith("near:")


def test_how_alike_all_is_is_seen_in_the_gallery_the_records_and_the_colours(qtbot, window, box):
    state, marks, hues = window.state, window.center.gallery._marks, window.hues
    assert marks.value_of(0) == ""
    window.commands.view_asked.emit("instructions")
    table = window.center.view.model
    assert "Similarity" not in table.columns
    window.commands.finding.show("python")
    qtbot.waitUntil(lambda: state.query.sort == "similarity", timeout=20_000)
    assert box.words.text() == "4, the most alike first"
    qtbot.waitUntil(lambda: marks.value_of(0) != "")
    first, last = (int(row) for row in window.samples.rows[[0, -1]])
    assert float(marks.value_of(first)) > float(marks.value_of(last))
    assert table.index(0, table.columns.index("Similarity")).data() == marks.value_of(first)
    window.commands.view_asked.emit("gallery")
    assert not window.center.gallery.grab().isNull()
    assert ("similarity", "How like it is to what was searched for") in window.center.arrange.colours()
    window.center.arrange._paint("similarity")
    qtbot.waitUntil(lambda: state.colour == "similarity")
    assert hues.column.values[first] > hues.column.values[last] and not hues.problem
    window.commands.finding.clear()
    qtbot.waitUntil(lambda: "Search by meaning" in hues.problem)
    assert marks.value_of(first) == ""


def test_a_search_that_fails_says_why(qtbot, window, box):
    window.commands.finding.show("xylophone")
    settle(qtbot, window, ERROR)
    assert "knows none of these words" in box.words.text()


def test_pictures_are_dropped_and_pasted(qtbot, window, box, tmp_path):
    file = tmp_path / "x.png"
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    image.save(str(file))
    content = QMimeData()
    content.setUrls([QUrl.fromLocalFile(str(file))])
    button, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    box.line.dropEvent(QDropEvent(QPointF(1, 1), Qt.DropAction.CopyAction, content, button, keys))
    assert box.line.text() == f"picture:{file}"
    settle(qtbot, window, ERROR)
    assert "does not read pictures" in box.words.text()
    QGuiApplication.clipboard().setImage(image)
    qtbot.keyClick(box.line, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert "pasted" in box.line.text()
    settle(qtbot, window, ERROR)


def test_completion_proposes_and_writes(qtbot, window, box):
    qtbot.keyClicks(box.line, "lab")
    assert box.line.proposals.isVisible() and box.line.proposals.words()[0].startswith("label:")
    qtbot.keyClick(box.line, Qt.Key.Key_Tab)
    qtbot.waitUntil(lambda: box.line.proposals.words() == ["food"])
    qtbot.keyClick(box.line, Qt.Key.Key_Down)
    qtbot.keyClick(box.line, Qt.Key.Key_Return)
    assert not box.line.proposals.isVisible()
    assert box.line.text() == "label:food "
    qtbot.waitUntil(lambda: shown(window) == [1])


def test_a_query_set_elsewhere_shows_in_the_box(window, box):
    window.state.set_query(replace(window.state.query, where="label:food"))
    assert box.line.text() == "label:food"
    assert window.commands.finding.status == READY


class Behind:
    """A pile of which something must be made before it can be searched."""

    def __init__(self, browse, missing):
        self.browse, self.what, self.indexed = browse, missing, 0

    def __getattr__(self, name):
        return getattr(self.browse, name)

    def missing(self, query):
        return self.what if query.where.startswith(("like:", "text~")) else ""

    def read_words(self):
        self.indexed += 1

    def find(self, query):
        return self.browse.find(replace(query, where="row<4", sort="row"))

    def submit(self, query, device, listener):
        return self.browse._project._submit(SearchRequest("pile 1", query.where), listener)


def test_what_needs_no_worker_is_answered_while_a_job_runs(qtbot, window, tmp_path):
    project, finding = FakeProject(tmp_path), window.commands.finding
    project.browse = behind = Behind(project.browse, "words")
    window.state.set_project(project)
    busy = project.submit_projection("pile 1")
    for text in ("row<4", "text~python"):
        finding.show(text)
        qtbot.waitUntil(lambda: finding.status == READY, timeout=5000)
        assert shown(window) == [0, 1, 2, 3]
    assert behind.indexed == 1 and len(project.submitted) == 1
    behind.what = "vectors"
    finding.show("a red car")
    assert finding.status == SEARCHING and f"Waiting for “{busy.title}”" in finding.words
    project.running_job.gives_way = True  # a map that nobody asked for
    finding.show("a blue car")
    assert finding.status == SEARCHING and "Waiting" not in finding.words
    job = project.submitted[-1]
    job.take(Progress("Encoding", 0, 1))
    qtbot.waitUntil(lambda: finding.words == "Searching…")
    behind.what = ""
    project.finish(job, Changes(frozenset()))
    qtbot.waitUntil(lambda: finding.status == READY)
