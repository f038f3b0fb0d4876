"""A form made of knobs, used as a person uses it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QUndoStack
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QToolButton

from engine import Knob
from explorer.forms import Form, KnobRow, shown
from explorer.widgets.section import Section
from explorer.widgets.slider import ValueSlider
from tests.explorer.conftest import KNOBS


@pytest.fixture
def form(qtbot, theme) -> Form:
    stack = QUndoStack()
    made = Form(stack)
    made.stack = stack
    made.said = []
    made.edited.connect(lambda name, value: made.said.append((name, value)))
    qtbot.addWidget(made)
    made.show_knobs(KNOBS, {"width": 48}, {"beta1": 0.9})
    made.resize(320, 600)
    made.show()
    return made


def test_every_knob_has_its_row_in_its_group(form: Form) -> None:
    assert [row.knob.name for row in form.rows()] == [knob.name for knob in KNOBS]
    assert len(form.findChildren(Section)) == 3
    assert form.row("width").value() == 48
    assert form.changes() == {"beta1": 0.9}


def test_each_kind_has_its_editor(form: Form) -> None:
    kinds = {"lr": ValueSlider, "loss": QComboBox, "ema": QCheckBox, "width": QLineEdit}
    for name, kind in kinds.items():
        assert isinstance(form.row(name)._editor, kind)


def test_a_changed_value_is_marked_and_goes_back(form: Form) -> None:
    row = form.row("beta1")
    assert row._name.font().bold()
    reset = row.findChild(QToolButton)
    assert reset.isVisible()
    QTest.mouseClick(reset, Qt.MouseButton.LeftButton)
    assert row.value() == 0.5
    assert not row._name.font().bold()
    assert not reset.isVisible()
    assert form.said == [("beta1", 0.5)]


def test_nothing_is_cut_in_a_narrow_form(form: Form) -> None:
    long = Knob("momentum_steps", "int", 250_000, "Steps.", "optimizer", low=0, high=1_000_000, unit="steps")
    choice = Knob("loss", "choice", "a", "Loss.", "training", choices=("a", "non-saturating"))
    for width in (252, 900):
        form.resize(width, 600)
        form.show_knobs((long, choice), {}, {"momentum_steps": 300_000, "loss": "non-saturating"})
        for row in form.rows():
            row.grab()
            assert row._name.shown() == row._name.text()
            assert row._reset.isVisible()
        slider = form.row("momentum_steps")._editor
        assert slider.shown() == "300\u2009000 steps"
        assert slider._groove().width() > (200 if width == 252 else 250)
        combo = form.row("loss")._editor
        assert combo.width() >= combo.sizeHint().width()
        assert combo.geometry().right() <= form.row("loss").width()


def test_the_grooves_of_a_wide_form_line_up(form: Form) -> None:
    form.resize(800, 600)
    form.grab()
    grooves = {round(row._editor._groove().width()) for row in form.rows() if isinstance(row._editor, ValueSlider)}
    assert len(grooves) == 1


def test_one_gesture_is_one_undo(form: Form) -> None:
    form.row("ema")._editor.setChecked(False)
    form.row("loss")._editor.setCurrentText("relativistic")
    assert form.changes() == {"beta1": 0.9, "ema": False, "loss": "relativistic"}
    form.stack.undo()
    form.stack.undo()
    assert form.changes() == {"beta1": 0.9}
    assert form.row("ema")._editor.isChecked()
    form.stack.redo()
    assert form.changes()["ema"] is False


def test_a_slider_says_its_value_once_at_the_end(form: Form) -> None:
    slider = form.row("lr")._editor
    slider.editStarted.emit()
    for value in (3e-4, 4e-4, 5e-4):
        slider.setValue(value)
    assert form.said == []
    slider.editFinished.emit()
    assert form.said == [("lr", 5e-4)]
    assert form.stack.count() == 1


def test_a_value_that_is_not_taken_says_why(form: Form) -> None:
    row = form.row("width")
    row._editor.setText("two")
    row._editor.editingFinished.emit()
    assert "at least 4" in row._problem.text()
    assert row._problem.isVisible()
    assert row.value() == 48
    row._editor.setText("64")
    row._editor.editingFinished.emit()
    assert row.value() == 64
    assert not row._problem.isVisible()


def test_search_finds_names_help_and_sources(form: Form) -> None:
    form._search.setText("radford")
    assert [row.knob.name for row in form.rows() if row.isVisible()] == ["lr"]
    form._search.setText("channels widest")
    assert [row.knob.name for row in form.rows() if row.isVisible()] == ["width"]
    form._search.setText("nothing like this")
    assert form._nothing.isVisible()
    form._search.setText("")
    assert all(row.isVisible() for row in form.rows())


def test_groups_fold(form: Form) -> None:
    section = form.findChildren(Section)[0]
    QTest.mouseClick(section._button, Qt.MouseButton.LeftButton)
    assert not section.is_open()
    assert not form.row("lr").isVisible()
    form._search.setText("lr")
    assert form.row("lr").isVisible()


def test_the_tooltip_says_help_source_and_limits(form: Form) -> None:
    tip = form.row("lr").toolTip()
    for part in ("How far a step goes.", "Radford et al. 2015, 4", "1e-06", "0.01", "Applies at once"):
        assert part in tip
    assert "Needs a new run" in form.row("width").toolTip()


def test_values_of_a_run_are_shown_without_a_word(form: Form) -> None:
    form.show_values({"lr": 1e-3, "ema": False})
    assert form.row("lr").value() == 1e-3
    assert form.row("beta1").value() == 0.5
    assert form.said == []


def test_many_digits_are_kept(qtbot, theme) -> None:
    knob = Knob("decay", "float", 0.9995, "Half life.", "ema", low=0.0, high=1.0)
    row = KnobRow(knob, 0.9995, 0.9995)
    qtbot.addWidget(row)
    assert row._editor.text() == "0.9995"
    assert shown(knob, 0.9995) == "0.9995"


def test_only_what_matters_for_the_data_is_shown(form: Form) -> None:
    own = Knob("units", "int", 64, "Units of a layer.", "Architecture", low=1, high=9, samples=("points",))
    form.show_knobs((*KNOBS, own), {}, {})
    assert form.row("units").isVisibleTo(form)
    form.show_for("pictures")
    assert not form.row("units").isVisibleTo(form)
    assert form.row("width").isVisibleTo(form)
    form.show_for("points")
    assert form.row("units").isVisibleTo(form)


def test_search_finds_the_names_that_are_shown(form: Form) -> None:
    form._search.setText("learning rate")
    assert form.row("lr").isVisibleTo(form)
