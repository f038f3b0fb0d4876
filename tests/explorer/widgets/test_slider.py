"""The slider under the hands: drag, finer, default, typing, keys, wheel."""

from __future__ import annotations

from functools import partial

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from explorer.widgets.slider import ValueSlider

LEFT = Qt.MouseButton.LeftButton
SHIFT, CONTROL, NONE = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.NoModifier,
)


@pytest.fixture
def slider(qtbot) -> ValueSlider:
    made = ValueSlider(-3, 3, 0, 2)
    qtbot.addWidget(made)
    made.resize(300, 24)
    made.show()
    made.setFocus()
    made.said = []
    made.valueChanged.connect(made.said.append)
    made.editStarted.connect(partial(made.said.append, "start"))
    made.editFinished.connect(partial(made.said.append, "end"))
    return made


def drag(slider: ValueSlider, pixels: int, modifier: Qt.KeyboardModifier = NONE) -> None:
    x, y = round(slider._handle_x()), slider.height() // 2
    QTest.mousePress(slider, LEFT, modifier, QPoint(x, y))
    for _ in range(2):
        x += pixels // 2
        _move(slider, QPoint(x, y), modifier)
    QTest.mouseRelease(slider, LEFT, modifier, QPoint(x, y))


def _move(slider: ValueSlider, place: QPoint, modifier: Qt.KeyboardModifier) -> None:
    at = QPointF(place)
    event = QMouseEvent(QEvent.Type.MouseMove, at, slider.mapToGlobal(at), Qt.MouseButton.NoButton, LEFT, modifier)
    QApplication.sendEvent(slider, event)


def wheel(slider: ValueSlider, notches: int) -> None:
    at = QPointF(20, 10)
    turn = QWheelEvent(
        at, slider.mapToGlobal(at), QPoint(), QPoint(0, 120 * notches), Qt.MouseButton.NoButton, NONE,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(slider, turn)


def test_a_drag_is_one_edit(slider: ValueSlider) -> None:
    drag(slider, 40)
    assert slider.value() > 0.5
    assert slider.said[0] == "start"
    assert slider.said[-1] == "end"
    assert slider.said.count("start") == slider.said.count("end") == 1


def test_shift_is_ten_times_finer(slider: ValueSlider) -> None:
    drag(slider, 40)
    coarse = slider.value()
    slider.setValue(0)
    drag(slider, 40, SHIFT)
    assert slider.value() == pytest.approx(coarse / 10, abs=0.03)


def test_a_click_beside_the_handle_goes_there(slider: ValueSlider) -> None:
    groove = slider._groove()
    QTest.mouseClick(slider, LEFT, NONE, QPoint(round(groove.right()) - 1, 12))
    assert slider.value() > 2.9


def test_a_double_click_is_the_default(slider: ValueSlider) -> None:
    slider.setValue(2)
    QTest.mouseDClick(slider, LEFT, NONE, QPoint(round(slider._handle_x()), 12))
    assert slider.value() == 0


@pytest.mark.parametrize("how", ["F2", "Ctrl+click", "click on the number"])
def test_typing(slider: ValueSlider, how: str) -> None:
    if how == "F2":
        QTest.keyClick(slider, Qt.Key.Key_F2)
    elif how == "Ctrl+click":
        QTest.mouseClick(slider, LEFT, CONTROL, QPoint(20, 12))
    else:
        QTest.mouseClick(slider, LEFT, NONE, QPoint(slider.width() - 5, 12))
    editor = slider.findChild(QLineEdit)
    QTest.keyClicks(editor, "1,25")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    assert slider.value() == 1.25
    assert slider.said == ["start", 1.25, "end"]


def test_a_number_out_of_range_is_not_taken(slider: ValueSlider) -> None:
    slider.type_number()
    editor = slider.findChild(QLineEdit)
    QTest.keyClicks(editor, "7")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    assert slider.value() == 0
    assert editor.isVisible()
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    assert not editor.isVisible()
    assert slider.said == []


def test_keys(slider: ValueSlider) -> None:
    QTest.keyClick(slider, Qt.Key.Key_Right)
    assert slider.value() == pytest.approx(0.06)
    QTest.keyClick(slider, Qt.Key.Key_PageUp)
    assert slider.value() == pytest.approx(0.66)
    QTest.keyClick(slider, Qt.Key.Key_Left, SHIFT)
    assert slider.value() == pytest.approx(0.65)
    QTest.keyClick(slider, Qt.Key.Key_Home)
    assert slider.value() == -3
    QTest.keyClick(slider, Qt.Key.Key_End)
    assert slider.value() == 3
    assert slider.said.count("start") == slider.said.count("end") == 5


def test_the_wheel_only_where_it_has_the_focus(slider: ValueSlider, qtbot) -> None:
    wheel(slider, 1)
    assert slider.value() > 0
    other = QLineEdit()
    qtbot.addWidget(other)
    slider.clearFocus()
    before = slider.value()
    wheel(slider, 1)
    assert slider.value() == before


def test_display_says_nothing(slider: ValueSlider) -> None:
    assert slider.display(1.5)
    assert slider.said == []
    slider.setValue(9)
    assert slider.value() == 3


def test_whole_numbers_and_logarithms(qtbot) -> None:
    whole = ValueSlider(0, 10, 3, 0)
    rate = ValueSlider(1e-6, 1e-2, 2e-4, None, log=True)
    for each in (whole, rate):
        qtbot.addWidget(each)
        each.resize(300, 24)
    whole.setValue(4.4)
    assert whole.value() == 4
    assert rate.text() == "0.0002"
    assert rate._at(0.5) == pytest.approx(1e-4)
    with pytest.raises(ValueError, match="no range"):
        ValueSlider(1, 1)
    with pytest.raises(ValueError, match="above 0"):
        ValueSlider(0, 1, 0, log=True)


def test_a_number_over_the_groove(slider: ValueSlider) -> None:
    slider.set_stacked(True)
    slider.resize(200, slider.sizeHint().height())
    assert slider._groove().width() > 180
    drag_y = round(slider._groove().center().y())
    QTest.mouseClick(slider, LEFT, NONE, QPoint(5, 3))  # the line over the groove belongs to a name
    assert slider.value() == 0
    QTest.mouseClick(slider, LEFT, NONE, QPoint(round(slider._groove().right()) - 1, drag_y))
    assert slider.value() > 2.9
    QTest.mouseClick(slider, LEFT, NONE, QPoint(slider.width() - 5, 5))
    assert slider.findChild(QLineEdit).isVisible()


def test_the_unit_stands_behind_the_number(qtbot) -> None:
    slider = ValueSlider(0, 1e9, 1_000_000, 0, unit="samples")
    qtbot.addWidget(slider)
    assert slider.shown() == "1\u2009000\u2009000 samples"
    assert slider.text() == "1000000"
    bare = ValueSlider(0, 1, 0.5, 2)
    qtbot.addWidget(bare)
    assert bare.shown() == "0.50"
