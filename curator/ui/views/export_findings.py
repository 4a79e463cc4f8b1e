"""What a trainer would do to the records of an export, as a list with a choice for each kind of finding."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from curator.engine.export_options import FINDINGS
from curator.ui import theme
from curator.ui.language import noop, tr, tr_n
from curator.ui.views.fitting import ScrolledColumn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from curator.engine.export_preview import FindingCount, Preview

NO_TRAINER = noop("Choose a trainer: it is then told here what it would stop at, skip, cut or change.")
CLEAN = noop("The trainer takes all records looked at as they are.")
EFFECTS = {
    "stop": noop("The trainer stops at {count}"),
    "skip": noop("The trainer skips {count}"),
    "cut": noop("The trainer cuts {count}"),
    "change": noop("The trainer reads {count} otherwise"),
}
WORDS = {
    "": noop("As for all findings"),
    "keep": noop("Keep them as they are"),
    "fix": noop("Fix what can be fixed"),
    "drop": noop("Leave them out"),
    "replace": noop("Replace by the next in rank"),
}
RANKS_SHOWN = 5


class FindingsList(ScrolledColumn):
    """Emits ``rules_changed({rule: choice})`` and ``show_asked(ranks)``.

    States: no trainer, nothing found, a card for each rule. A rule that was mended stays, so that its choice can be
    taken back.
    """

    rules_changed = Signal(dict)
    show_asked = Signal(tuple)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("What the trainer would do"))
        self.rules: dict[str, str] = {}
        self.cards: dict[str, FindingCard] = {}
        self.words = QLabel()
        self.words.setWordWrap(True)
        theme.mark(self.words, "faint")
        body = QWidget()
        self._column = QVBoxLayout(body)
        self._column.addWidget(self.words)
        self._column.addStretch(1)
        self.setWidget(body)
        self.show_found(None, trainer=False)

    @property
    def count(self) -> int:
        """Kinds of findings listed."""
        return len(self.cards)

    def show_found(self, found: Preview | None, *, trainer: bool) -> None:
        """What a look at the first records found; None for nothing known."""
        by_rule: dict[str, list[FindingCount]] = {}
        for finding in found.findings if found is not None and trainer else ():
            by_rule.setdefault(finding.rule, []).append(finding)
        mended = found.mended if found is not None and trainer else {}
        rules = list(dict.fromkeys((*by_rule, *mended)))
        for rule in [r for r in self.cards if r not in rules]:
            card = self.cards.pop(rule)
            card.hide()
            card.deleteLater()
        for place, rule in enumerate(rules, 1):
            if rule not in self.cards:
                self.cards[rule] = card = FindingCard(rule)
                card.choice.activated.connect(partial(self._chosen, rule))
                card.show_asked.connect(self.show_asked)
                self._column.insertWidget(place, card)
            self.cards[rule].tell(by_rule.get(rule, ()), mended.get(rule, 0), self.rules.get(rule, ""))
        if not trainer:
            self.words.setText(tr(NO_TRAINER))
        elif found is not None:
            self.words.setText(outcome(found) if rules else tr(CLEAN))

    def _chosen(self, rule: str, _place: int) -> None:
        choice = self.cards[rule].choice.currentData()
        self.rules = {k: v for k, v in self.rules.items() if k != rule} | ({rule: choice} if choice else {})
        self.rules_changed.emit(dict(self.rules))


class FindingCard(QFrame):
    """One rule: how many records break it, what the trainer does with them, what to do about it."""

    show_asked = Signal(tuple)

    def __init__(self, rule: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.ranks: tuple[int, ...] = ()
        self.title, self.about = QLabel(), QLabel()
        self.title.setFont(theme.scaled(self.font(), 1.0, bold=True))
        for label in (self.title, self.about):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self.title.setToolTip(tr("Rule {rule}", rule=rule))
        theme.mark(self.about, "faint")
        self.choice = QComboBox()
        self.choice.setAccessibleName(tr("What to do about {rule}", rule=rule))
        self.choice.setToolTip(tr("What to do about these records"))
        self.choice.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.show_them = QToolButton()
        self.show_them.setText(tr("Show"))
        self.show_them.setToolTip(tr("Highlight these samples in the window, the first of them at the cursor"))
        self.show_them.setAccessibleName(tr("Show the samples of {rule}", rule=rule))
        self.show_them.clicked.connect(lambda: self.show_asked.emit(self.ranks))
        grid = QGridLayout(self)
        grid.addWidget(self.title, 0, 0, 1, 2)
        grid.addWidget(self.about, 1, 0, 1, 2)
        grid.addWidget(self.choice, 2, 0)
        grid.addWidget(self.show_them, 2, 1)
        grid.setColumnStretch(0, 1)

    def tell(self, findings: Sequence[FindingCount], mended: int, choice: str) -> None:
        """What was found now; ``mended`` records break the rule no more."""
        self.ranks = tuple(dict.fromkeys(rank for f in findings for rank in f.ranks))
        said = [tr(EFFECTS.get(f.effect, f.effect), count=f"{f.count:,}") for f in findings]
        said += [tr("{count:,} would be mended", count=mended)] if mended else []
        self.title.setText("; ".join(said))
        words = [findings[0].text[:1].upper() + findings[0].text[1:] + "."] if findings else []
        tokens = sum(f.tokens for f in findings)
        words += [tr_n("{n:,} token is lost.", "{n:,} tokens are lost.", tokens)] if tokens else []
        if self.ranks:
            first = ", ".join(f"{rank:,}" for rank in self.ranks[:RANKS_SHOWN])
            words.append(tr("Ranks {ranks}", ranks=first + ("…" if len(self.ranks) > RANKS_SHOWN else ".")))
        self.about.setText(" ".join(words))
        self.about.setVisible(bool(words))
        self.show_them.setEnabled(bool(self.ranks))
        fixable = bool(mended) or any(f.fixable for f in findings)
        with QSignalBlocker(self.choice):
            self.choice.clear()
            for value in ("", *FINDINGS):
                if value != "fix" or fixable or choice == "fix":
                    self.choice.addItem(tr(WORDS[value]), value)
            self.choice.setCurrentIndex(max(0, self.choice.findData(choice)))


def outcome(found: Preview) -> str:
    """ "Of 200 samples looked at: 3 left out, 2 next in rank in their place." """
    head = tr_n("Of {n:,} sample looked at", "Of {n:,} samples looked at", found.checked)
    if not (found.dropped or found.replaced):
        return head + tr("; nothing is left out.")
    return head + tr(
        ": {dropped:,} left out, {replaced:,} next in rank in their place.",
        dropped=found.dropped,
        replaced=found.replaced,
    )


def rules_of(options: Mapping[str, object]) -> dict[str, str]:
    """Rule -> choice, from the option of that name."""
    given = options.get("rules", ())
    pairs = [str(text).partition("=") for text in given] if isinstance(given, list | tuple) else []
    return {rule.strip(): choice.strip() for rule, _, choice in pairs}
