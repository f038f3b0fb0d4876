"""A form made from knobs: one row for each, in groups that fold, with a search, help, source and a way back.

A knob says its kind, limits, help and source itself (`engine.Knob`), so a new family needs no new form. A value that
differs from the preset is bold and has a button that resets it; a value that the knob does not take is not taken, and
the knob's own sentence says why.
"""

from __future__ import annotations

import html
import math
from collections.abc import Mapping

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QPalette, QResizeEvent, QUndoCommand, QUndoStack
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine import Knob, KnobError, KnobValue
from explorer import theme
from explorer.text import tr
from explorer.widgets.calm_combo import CalmComboBox
from explorer.widgets.elided import ElidedLabel
from explorer.widgets.section import Section
from explorer.widgets.slider import ValueSlider
from explorer.widgets.text_field import TextField

RESET = 18  # side of the button back to the preset, px
WIDE = 400  # from here on a row has its name beside its editor, px
WORDS = {"lr": "learning rate", "ema": "EMA", "g": "G", "d": "D"}  # in names of knobs


class KnobRow(QWidget):
    """One knob: its name, its editor, and a button back to the preset. `edited(row, before, after)` is one gesture.

    The name stands beside the editor; in a narrow row a slider has the whole width, its name and number above it.
    """

    edited = Signal(object, object, object)

    def __init__(self, knob: Knob, value: KnobValue, base: KnobValue, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.knob, self.base = knob, base
        self._value = value
        self._before = value
        named = f"{title_of(knob)} ({knob.unit})" if knob.unit and not _has_slider(knob) else title_of(knob)
        self._name = ElidedLabel(named, theme.SMALL)
        self._name.setToolTip(_tip(knob))
        self._editor = self._make_editor()
        self._editor.setAccessibleName(self._name.text())
        theme.set_type(self._editor, theme.SMALL)
        self._problem = theme.label(size=theme.SMALL)
        self._problem.setForegroundRole(QPalette.ColorRole.BrightText)
        self._problem.setWordWrap(True)
        self._problem.hide()
        self._reset = QToolButton()
        self._reset.setAutoRaise(True)
        self._reset.setToolTip(tr("Back to {value}", value=shown(knob, base)))
        self._reset.setAccessibleName(tr("Reset {knob}", knob=title_of(knob)))
        theme.set_icon(self._reset, "restore", RESET - 4)
        self._reset.clicked.connect(self.reset)
        self._wide: bool | None = None  # not laid out yet
        self._fit_reset()
        self._lay_out()
        self.setToolTip(_tip(knob))
        self._mark()

    def _lay_out(self) -> None:
        self._head = QWidget()
        self._head.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        head = QHBoxLayout(self._head)
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(2)
        head.addWidget(self._name)
        head.addWidget(self._reset)
        head.addStretch(1)
        self._grid = QGridLayout(self)
        self._grid.setVerticalSpacing(0)
        self._arrange(wide=False)

    def _arrange(self, *, wide: bool) -> None:
        if wide == self._wide:
            return
        self._wide, grid = wide, self._grid
        for widget in (self._head, self._editor, self._problem):
            grid.removeWidget(widget)
        stacked = isinstance(self._editor, ValueSlider) and not wide
        if isinstance(self._editor, ValueSlider):
            self._editor.set_stacked(stacked)
        if stacked:  # the slider lies under the name, which covers the left of its first line
            grid.addWidget(self._editor, 0, 0, 2, 2)
            grid.addWidget(self._head, 0, 0)
            self._head.raise_()
        else:
            right = Qt.AlignmentFlag.AlignRight
            at = right if isinstance(self._editor, QCheckBox) and not wide else Qt.AlignmentFlag(0)
            grid.addWidget(self._head, 0, 0)
            grid.addWidget(self._editor, 0, 1, at)
        grid.addWidget(self._problem, 2, 0, 1, 2)
        grid.setContentsMargins(0, 0, 0, theme.GRID // 2 if stacked else 0)
        grid.setHorizontalSpacing(0 if stacked else theme.GRID)
        grid.setColumnStretch(0, 9)
        grid.setColumnStretch(1, 0 if stacked or (isinstance(self._editor, QCheckBox) and not wide) else 10)
        self._make_room()

    def _make_room(self) -> None:
        """Keep the name off a number that stands on its line."""
        stacked = isinstance(self._editor, ValueSlider) and not self._wide
        room = self._editor.number_width() if stacked else 0
        if room != self._grid.columnMinimumWidth(1):
            self._grid.setColumnMinimumWidth(1, room)

    def widest_number(self) -> int:
        """Room that the number of a slider takes at most, px; 0 for another editor."""
        return self._editor.widest_number() if isinstance(self._editor, ValueSlider) else 0

    def leave_room(self, width: int) -> None:
        """Leave so much room for a number beside a slider, so that all sliders of a form line up."""
        if isinstance(self._editor, ValueSlider):
            self._editor.leave_room(width)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_wide"):
            self._fit_reset()

    def _fit_reset(self) -> None:
        side = round(RESET * theme.scale())
        self._reset.setFixedSize(side, side)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange(wide=self.width() >= WIDE * theme.scale())

    def _make_editor(self) -> QWidget:
        knob = self.knob
        if knob.kind == "bool":
            box = QCheckBox()
            box.setChecked(bool(self._value))
            box.toggled.connect(self._toggled)
            return box
        if knob.kind == "choice":
            combo = CalmComboBox()
            combo.addItems(knob.choices)
            combo.setSizeAdjustPolicy(CalmComboBox.SizeAdjustPolicy.AdjustToContents)
            combo.setCurrentText(str(self._value))
            combo.currentTextChanged.connect(self._chosen)
            return combo
        if _has_slider(knob) and knob.low is not None and knob.high is not None:
            return self._make_slider(knob.low, knob.high)
        line = TextField(shown(knob, self._value))
        line.setAlignment(Qt.AlignmentFlag.AlignRight)
        line.editingFinished.connect(self._typed)
        return line

    def _make_slider(self, low: float, high: float) -> ValueSlider:
        log = self.knob.log and low > 0
        decimals = _decimals(self.knob, log)
        slider = ValueSlider(low, high, float(self.base), decimals, log=log, origin=low, unit=self.knob.unit)
        slider.display(float(self._value))
        slider.editStarted.connect(self._remember)
        slider.valueChanged.connect(self._slid)
        slider.editFinished.connect(self._finish)
        return slider

    # ---------------------------------------------------------------------------------------------- values

    def value(self) -> KnobValue:
        return self._value

    def is_changed(self) -> bool:
        return self._value != self.base

    def show_value(self, value: KnobValue) -> None:
        """Show a value without a signal."""
        self._value = value
        with QSignalBlocker(self._editor):
            if isinstance(self._editor, ValueSlider):
                self._editor.display(float(value))
            elif isinstance(self._editor, QCheckBox):
                self._editor.setChecked(bool(value))
            elif isinstance(self._editor, CalmComboBox):
                self._editor.setCurrentText(str(value))
            elif isinstance(self._editor, QLineEdit):
                self._editor.setText(shown(self.knob, value))
        self._mark()

    @Slot()
    def reset(self) -> None:
        self._remember()
        self.show_value(self.base)
        self._finish()

    def matches(self, words: str) -> bool:
        """Whether every word is in the name, help, group or source."""
        knob = self.knob
        text = f"{knob.name} {title_of(knob)} {knob.help} {knob.group} {knob.source}".lower()
        return all(word in text for word in words.lower().split())

    def matters_for(self, kind: str) -> bool:
        """Whether the knob does anything for data of this kind; yes where that is not known."""
        return not kind or not self.knob.samples or kind in self.knob.samples

    # ---------------------------------------------------------------------------------------------- hands

    @Slot()
    def _remember(self) -> None:
        self._before = self._value

    @Slot(float)
    def _slid(self, number: float) -> None:
        self._value = self.knob.check(number)
        self._mark()

    @Slot(bool)
    def _toggled(self, on: bool) -> None:
        self._remember()
        self._value = on
        self._finish()

    @Slot(str)
    def _chosen(self, text: str) -> None:
        self._remember()
        self._value = self.knob.check(text)
        self._finish()

    @Slot()
    def _typed(self) -> None:
        line = self._editor
        if not isinstance(line, QLineEdit) or line.text() == shown(self.knob, self._value):
            return
        try:
            value = self.knob.check(line.text())
        except KnobError as error:
            self._problem.setText(str(error))
            self._problem.show()
            return
        self._remember()
        self._value = value
        self._finish()

    @Slot()
    def _finish(self) -> None:
        self._problem.hide()
        self._mark()
        if self._value != self._before:
            self.edited.emit(self, self._before, self._value)

    def _mark(self) -> None:
        theme.set_type(self._name, theme.SMALL, bold=self.is_changed())
        self._reset.setVisible(self.is_changed())
        self._make_room()


class Form(QWidget):
    """Rows for knobs, in groups, with a search. `edited(name, value)` follows every gesture, also undone ones."""

    edited = Signal(str, object)

    def __init__(self, undo: QUndoStack, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._undo = undo
        self._rows: dict[str, KnobRow] = {}
        self._sections: dict[str, Section] = {}
        self._search = QLineEdit()
        self._search.setPlaceholderText(tr("Search the settings"))
        self._search.setAccessibleName(self._search.placeholderText())
        self._search.setClearButtonEnabled(True)
        self._search.textChanged.connect(self._filter)
        self._nothing = theme.label(tr("No setting has these words."), muted=True)
        self._nothing.hide()
        self._kind = ""
        self._groups = QVBoxLayout()
        self._groups.setSpacing(theme.GRID)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GRID)
        layout.addWidget(self._search)
        layout.addWidget(self._nothing)
        layout.addLayout(self._groups)
        layout.addStretch(1)

    def show_knobs(
        self, knobs: tuple[Knob, ...], base: Mapping[str, KnobValue], values: Mapping[str, KnobValue]
    ) -> None:
        """Make the form anew: `base` are the preset's values, `values` what was changed in it."""
        self._clear()
        for knob in knobs:
            start = base.get(knob.name, knob.default)
            row = KnobRow(knob, values.get(knob.name, start), start)
            row.edited.connect(self._take_edit)
            self._section(knob.group).add(row)
            self._rows[knob.name] = row
        self._line_up()
        self._filter(self._search.text())

    def _line_up(self) -> None:
        """All sliders leave as much room for their number as the widest needs."""
        widest = max((row.widest_number() for row in self._rows.values()), default=0)
        for row in self._rows.values():
            row.leave_room(widest)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_rows"):
            self._line_up()

    def show_for(self, kind: str) -> None:
        """Show only what matters for data of a kind ("pictures", "points"); everything where it is not known: ""."""
        if kind != self._kind:
            self._kind = kind
            self._filter(self._search.text())

    def changes(self) -> dict[str, KnobValue]:
        """What differs from the preset."""
        return {name: row.value() for name, row in self._rows.items() if row.is_changed()}

    def row(self, name: str) -> KnobRow:
        return self._rows[name]

    def rows(self) -> tuple[KnobRow, ...]:
        return tuple(self._rows.values())

    def take(self, name: str, value: KnobValue) -> None:
        """Show a value and say so: how undo puts one back."""
        if name in self._rows:
            self._rows[name].show_value(value)
            self.edited.emit(name, value)

    def show_values(self, values: Mapping[str, KnobValue]) -> None:
        """Show values (of a run that was opened) without saying so."""
        for name, row in self._rows.items():
            row.show_value(values.get(name, row.base))

    def _section(self, group: str) -> Section:
        if group not in self._sections:
            self._sections[group] = Section(group[:1].upper() + group[1:])
            self._groups.addWidget(self._sections[group])
        return self._sections[group]

    def _clear(self) -> None:
        for section in self._sections.values():
            self._groups.removeWidget(section)
            section.hide()
            section.deleteLater()
        self._rows, self._sections = {}, {}

    @Slot(object, object, object)
    def _take_edit(self, row: KnobRow, before: KnobValue, after: KnobValue) -> None:
        self._undo.push(KnobEdit(self, row.knob, before, after))

    @Slot(str)
    def _filter(self, words: str) -> None:
        found = {name for name, row in self._rows.items() if row.matches(words) and row.matters_for(self._kind)}
        for name, row in self._rows.items():
            row.setVisible(name in found)
        for group, section in self._sections.items():
            section.setVisible(any(self._rows[n].knob.group == group for n in found))
            if words:
                section.set_open(True)
        self._nothing.setVisible(bool(self._rows) and not found)


class KnobEdit(QUndoCommand):
    """One change of a knob, to undo."""

    def __init__(self, form: Form, knob: Knob, before: KnobValue, after: KnobValue) -> None:
        super().__init__(tr("{knob} {value}", knob=title_of(knob), value=shown(knob, after)))
        self._form, self._name, self._before, self._after = form, knob.name, before, after

    def undo(self) -> None:
        self._form.take(self._name, self._before)

    def redo(self) -> None:
        self._form.take(self._name, self._after)


def shown(knob: Knob, value: KnobValue) -> str:
    """A value as a person reads it."""
    if knob.kind == "bool":
        return tr("on") if value else tr("off")
    if knob.kind == "float":
        return f"{value:.6g}"
    return str(value)


def title_of(knob: Knob) -> str:
    """The name in words: "lr_g" is "Learning rate G"."""
    words = " ".join(WORDS.get(word, word) for word in knob.name.split("_"))
    return words[:1].upper() + words[1:]


def _has_slider(knob: Knob) -> bool:
    """Whether its limits are known; then its unit stands behind its number."""
    ranged = knob.low is not None and knob.high is not None and knob.low < knob.high
    return knob.kind in ("int", "float") and ranged


def _tip(knob: Knob) -> str:
    when = tr("Applies at once while training.") if knob.live else tr("Needs a new run.")
    parts = [
        knob.help,
        tr("Source: {source}.", source=knob.source),
        tr("Default: {value}.", value=shown(knob, knob.default)),
    ]
    if knob.low is not None and knob.high is not None:
        parts.append(tr("From {low} to {high}.", low=f"{knob.low:g}", high=f"{knob.high:g}"))
    return "<p>" + "<br>".join(html.escape(part) for part in (*parts, when)) + "</p>"


def _decimals(knob: Knob, log: bool) -> int | None:
    """So many digits that the default and a hundredth of the range can be shown."""
    if knob.kind == "int":
        return 0
    if log or knob.low is None or knob.high is None:
        return None
    by_range = 2 - math.floor(math.log10(knob.high - knob.low))
    digits = f"{float(knob.default):.6f}".rstrip("0").partition(".")[2]
    return max(by_range, len(digits), 0)
