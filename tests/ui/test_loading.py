"""What is seen before the first rows of an import: pictures straight from the files."""

from curator.engine.errors import InputError
from curator.ui.reading import Reading
from curator.ui.state import AppState
from curator.ui.views.loading import LoadingPage


def test_the_loading_page_shows_pictures_of_files_and_passes_over_broken_ones(qtbot, thumbs, pictures):
    page = LoadingPage(thumbs, 100)
    qtbot.addWidget(page)
    page.resize(420, 500)
    page.show()
    assert page.pictures.painted == 0
    page.pictures.show_paths(sorted(pictures.iterdir()))
    qtbot.waitUntil(lambda: page.pictures.painted == 11)
    page.pictures.show_paths(())
    qtbot.waitUntil(lambda: page.pictures.painted == 0)


def test_a_drop_shows_its_first_pictures_before_anything_is_imported(window, answers, pictures, tmp_path, qtbot):
    answers.project = tmp_path / "new.curator"
    with qtbot.waitSignal(window.opening.pictures_found) as found:
        window.opening.bring([pictures])
    assert [p.name for p in found.args[0]] == [f"{i:02}.png" for i in range(12)]
    qtbot.waitUntil(lambda: window.state.ready, timeout=20_000)
    assert window.center.stack.currentWidget() is window.center.gallery


class Later:
    """A bridge whose work is done when the test says so."""

    def __init__(self):
        self.asked = []

    def in_background(self, work, then):
        self.asked.append((work, then))


def test_only_the_newest_question_of_the_project_shown_is_answered(qapp, qtbot):
    state, bridge, got = AppState(), Later(), []
    reading = Reading(state, bridge)
    for answer in ("old", InputError("new")):
        reading.ask(lambda: None, got.append)
        bridge.asked[-1] += (answer,)
    for _, then, answer in bridge.asked:
        then(answer)
    assert [str(g) for g in got] == [str(InputError("new"))]
    reading.ask(lambda: None, got.append)
    reading.drop()
    bridge.asked[-1][1]("dropped")
    reading.ask(lambda: None, got.append)
    state.project = object()
    bridge.asked[-1][1]("of another project")
    assert len(got) == 1
