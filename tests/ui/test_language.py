"""Every text a person reads goes through the translation, and a language can be added with Qt's tools alone."""

import ast
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale, Qt, QTranslator
from PySide6.QtWidgets import QApplication

import curator.ui
from curator.ui import language
from curator.ui.actions import ACTIONS
from curator.ui.language import noop, speak, tr, tr_n

FOLDER = Path(curator.ui.__file__).parent
SPOKEN = ("tr", "tr_n", "noop")
SILENT = {
    "setObjectName", "setStyleSheet", "setProperty", "mark", "setHtml", "attrgetter", "getattr", "hasattr", "setattr",
    "startswith", "endswith", "removeprefix", "removesuffix", "partition", "rpartition", "split", "compile", "TypeVar",
    "QColor", "QKeySequence", "findText", "setCurrentText", "get", "get_all", "setApplicationName",
    "setOrganizationName", "setDesktopFileName", "ValueError",
}  # fmt: skip
"""Calls whose texts nobody reads."""
NAMES = {
    "Curator", "{} – Curator", "Space", "Device: ", "pcoreset, random, entropy, margin, k-center",
    "pcoreset, random, k-center, skill-quota", "Row", "Rank", "Gain", "Turns", "Pictures", "Length", "Tokens", "System",
    "Source", "Similarity", "Sample", "Why", "Instruction", "Input", "Output",
}  # fmt: skip
"""The program's name, a key, a mark in a log, names of selectors, and keys of columns, whose titles are translated."""
TAG = re.compile(r"<[^>]*>|&[a-z]+;")
WORDS = re.compile(r"^&?[A-Z].*[a-z]|[A-Za-z]{2,} | [a-z]{2,}|[a-z]…")
FILE = re.compile(r"\.(toml|png|svg|csv|new|curator)$|^(Ctrl|Shift|Alt)[^ ]*$")


def text_of(node):
    """What a string says, with {} for values; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


def is_read(text):
    """Whether a text has words for people."""
    bare = TAG.sub(" ", text).replace("{}", "0").strip()
    return bool(re.search("[A-Za-z]{2}", bare) and WORDS.search(bare) and not FILE.search(text.strip()))


def names_something(above, child):
    """Whether a text stands where a program reads it: compared, a key, a type, an error for programmers."""
    for node in reversed(above):
        if isinstance(node, ast.Compare | ast.MatchValue | ast.Raise | ast.arg):
            return True
        if isinstance(node, ast.Subscript) and child is node.slice:
            return True
        if isinstance(node, ast.Dict) and child in node.keys:
            return True
        if isinstance(node, ast.AnnAssign) and child is node.annotation:
            return True
        if isinstance(node, ast.FunctionDef) and child is node.returns:
            return True
        if isinstance(node, ast.stmt):
            return False
        child = node
    return False


def called(above):
    """The name of the innermost call around a text."""
    for node in reversed(above):
        if isinstance(node, ast.Call):
            return getattr(node.func, "id", getattr(node.func, "attr", ""))
        if isinstance(node, ast.stmt):
            return ""
    return ""


def bare(node, above=()):
    """Texts of a module that no call of the translation holds."""
    text = text_of(node)
    if text is not None:
        read = is_read(text) and text not in NAMES and not isinstance(above[-1], ast.Expr)
        if read and called(above) not in SILENT | set(SPOKEN) and not names_something(above, node):
            yield node.lineno, text
        return
    for child in ast.iter_child_nodes(node):
        yield from bare(child, (*above, node))


@pytest.fixture(scope="module")
def trees():
    """The syntax of every module of the window that has words for people, by its place."""
    files = [f for f in sorted(FOLDER.rglob("*.py")) if f.name not in ("language.py", "theme.py")]
    return {str(file.relative_to(FOLDER)): ast.parse(file.read_text()) for file in files}


def test_every_text_of_the_window_can_be_translated(trees):
    found = [f"{place}:{line}: {text!r}" for place, tree in trees.items() for line, text in bare(tree)]
    assert not found, "\n".join(["These are not in tr(), tr_n() or noop():", *found])


def test_what_is_translated_is_written_out(trees):
    """lupdate reads the source: a text that is put together at run time would never reach a translator."""
    for place, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in SPOKEN and node.args:
                assert not isinstance(node.args[0], ast.JoinedStr | ast.BinOp), f"{place}:{node.lineno}"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('label.setText("Open it")', ["Open it"]), ('label.setText(tr("Open it"))', []), ('QLabel(f"{n} samples")', [
            "{} samples"]), ('x = "Nothing here"', ["Nothing here"]), ('if x == "Nothing here": pass', []),
        ('label.setObjectName("Main page")', []), ('menu.addAction("&Files…")', ["&Files…"]), ('X = noop("A b")', []),
    ],
)  # fmt: skip
def test_the_search_for_bare_texts_finds_them(source, found):
    assert [text for _, text in bare(ast.parse(source))] == found


def test_without_a_language_english_counts():
    assert tr("Open {folder}", folder="a") == "Open a"
    assert tr("100 {sure}") == "100 {sure}"
    assert [tr_n("{n:,} sample", "{n:,} samples", n) for n in (0, 1, 1234)] == [
        "0 samples",
        "1 sample",
        "1,234 samples",
    ]
    assert noop("Later") == "Later"


class Marked(QTranslator):
    """A language in which every text says that it was translated."""

    def translate(self, _context, text, _other=None, _n=-1):
        return f"⟦{text}⟧"

    def isEmpty(self):
        return False


@pytest.fixture
def marked(qapp):
    own = Marked(qapp)
    qapp.installTranslator(own)
    yield
    qapp.removeTranslator(own)


def test_menus_pages_panels_and_titles_speak_the_language(marked, window, small):
    window.state.set_project(small)
    window.state.show_subset(1)
    for action in ACTIONS:
        if action.id not in ("undo", "redo"):
            assert window.actions_.by_id[action.id].text() == f"⟦{action.text}⟧"
    for dock in window.docks.values():
        assert dock.windowTitle().startswith("⟦")
    for model in (window.samples, window.tree):
        assert all(str(model.headerData(i, Qt.Orientation.Horizontal, 0)).startswith("⟦") for i in range(2))
    assert window.center.about.text().startswith("⟦") and window.run_panel.go.text() == "⟦&Run⟧"
    assert window.detail.title.text() == "⟦Highlight a sample to see it here.⟧"


@pytest.mark.skipif(shutil.which("pyside6-lupdate") is None, reason="Qt's language tools are not installed")
def test_a_language_is_added_with_qts_tools(tmp_path, qapp, monkeypatch):
    source, work = tmp_path / "a.py", tmp_path / "curator_de.ts"
    source.write_text('tr("Open {folder}")\nX = noop("Later")\ntr_n("{n:,} sample", "{n:,} samples", 3)\n')
    alias = ("-tr-function-alias", "tr+=tr_n,QT_TR_NOOP+=noop", "-target-language", "de")
    subprocess.run(["pyside6-lupdate", source, *alias, "-ts", work], check=True, capture_output=True)
    words = work.read_text()
    for text, german in (("Open {folder}", "{folder} öffnen"), ("Later", "Später")):
        words = re.sub(rf"(<source>{re.escape(text)}</source>\s*)<translation.*?/translation>",
                       rf"\1<translation>{german}</translation>", words, flags=re.S)  # fmt: skip
    forms = iter(("{n:,} Bild", "{n:,} Bilder"))
    words = re.sub("<numerusform></numerusform>", lambda _: f"<numerusform>{next(forms)}</numerusform>", words)
    work.write_text(words.replace('<translation type="unfinished">', "<translation>"))
    subprocess.run(["pyside6-lrelease", work], check=True, capture_output=True)
    monkeypatch.setattr(language, "_folder", lambda: tmp_path)
    before = set(qapp.findChildren(QTranslator))
    assert not speak(qapp, QLocale("fr"))
    try:
        assert speak(qapp, QLocale("de_CH"))
        assert tr("Open {folder}", folder="a") == "a öffnen" and tr("Later") == "Später"
        assert [tr_n("{n:,} sample", "{n:,} samples", n) for n in (1, 2)] == ["1 Bild", "2 Bilder"]
    finally:
        for made in set(qapp.findChildren(QTranslator)) - before:
            QApplication.removeTranslator(made)
            made.deleteLater()
