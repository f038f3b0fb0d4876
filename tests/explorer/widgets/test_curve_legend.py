"""The legend of a plot: it wraps, hides curves, and points at them."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from explorer.theme import Theme
from explorer.widgets.curve_drawing import ink
from explorer.widgets.curve_legend import CurveLegend, Entry
from explorer.widgets.short_numbers import MINUS


@pytest.fixture
def legend(qtbot: QtBot, theme: Theme) -> CurveLegend:
    made = CurveLegend("Loss")
    qtbot.addWidget(made)
    colors = theme.look.series
    made.set_entries([Entry(f"k{i}", f"curve {i}", ink(colors[i], i), ("0.1234",)) for i in range(4)])
    made.resize(600, made.heightForWidth(600))
    made.show()
    return made


def test_it_takes_more_rows_where_it_is_narrow(legend: CurveLegend) -> None:
    assert legend.heightForWidth(200) > legend.heightForWidth(600)
    assert legend.heightForWidth(40) > legend.heightForWidth(200)


def test_a_click_toggles_and_the_mouse_points(legend: CurveLegend, qtbot: QtBot) -> None:
    middle = legend.place("k2").center().toPoint()
    with qtbot.waitSignal(legend.pointed) as pointed:
        QTest.mouseMove(legend, middle)
    assert pointed.args == ["k2"]
    with qtbot.waitSignal(legend.toggled) as toggled:
        QTest.mouseClick(legend, Qt.MouseButton.LeftButton, pos=middle)
    assert toggled.args == ["k2"]


def test_the_keys_do_what_the_mouse_does(legend: CurveLegend, qtbot: QtBot) -> None:
    QTest.keyClick(legend, Qt.Key.Key_Right)
    with qtbot.waitSignal(legend.toggled) as toggled:
        QTest.keyClick(legend, Qt.Key.Key_Return)
    assert toggled.args == ["k1"]


def test_new_values_do_not_move_anything(legend: CurveLegend) -> None:
    before = [legend.place(entry.key) for entry in legend.entries()]
    legend.set_entries([Entry(e.key, e.title, e.ink, ("-9876.5",)) for e in legend.entries()])
    assert [legend.place(entry.key) for entry in legend.entries()] == before
    noted = [Entry(e.key, e.title, e.ink, ("1",), "3 NaN") for e in legend.entries()]
    legend.set_entries(noted)
    assert legend.place("k1").left() > before[1].left()


def test_long_names_share_lines_as_long_as_they_can_be_read(qtbot: QtBot, theme: Theme) -> None:
    names = CurveLegend(share_lines=True)
    qtbot.addWidget(names)
    entries = [Entry(f"k{i}", f"{i} gan_modern modern portraits", ink(theme.look.series[i], i)) for i in range(4)]
    names.set_entries(entries)
    names.show()  # a widget that is hidden hears of its size only later
    for width, rows in ((1400, 1), (660, 1), (640, 2), (332, 2), (200, 4)):
        names.resize(width, names.heightForWidth(width))
        places = [names.place(entry.key) for entry in entries]
        assert len({place.top() for place in places}) == rows
        assert all(place.width() >= 140 for place in places)
        assert all(place.right() <= width + 0.5 for place in places)


def test_the_numbers_of_several_runs_stand_in_the_colours_of_the_runs(qtbot: QtBot, theme: Theme) -> None:
    colors = (QColor("#ff0000"), QColor("#0000ff"))
    legend = CurveLegend()
    qtbot.addWidget(legend)
    legend.set_entries([Entry("D", "D", ink(QColor("#888888"), 0), ("88888", "88888"), colors=colors)])
    legend.resize(300, legend.heightForWidth(300))
    picture = legend.grab().toImage()
    pixels = [picture.pixelColor(x, y) for x in range(picture.width()) for y in range(picture.height())]
    assert any(each.red() > 150 and each.blue() < 80 for each in pixels)
    assert any(each.blue() > 150 and each.red() < 80 for each in pixels)


@pytest.mark.parametrize("width", [60, 90, 120, 160, 200, 260, 420])
@pytest.mark.parametrize("runs", [1, 3, 5])
def test_a_number_is_whole_or_not_there(qtbot: QtBot, theme: Theme, width: int, runs: int) -> None:
    legend = CurveLegend("D on real and fake")
    qtbot.addWidget(legend)
    values = (f"{MINUS}0.001374", f"{MINUS}1.23e{MINUS}08", "960.9", "1.385", "0.000137")[:runs]
    legend.set_entries([Entry("D", "D(real and fake)", ink(theme.look.series[0], 0), values, "3 NaN, 2 gaps")])
    legend.resize(width, legend.heightForWidth(width))
    legend.grab()
    (place,) = legend._places
    metrics = legend._metrics()
    assert place.box.bottom() <= legend.height() + 1
    begun = 0
    for line, count in place.values:
        assert metrics.horizontalAdvance(" / ".join(values[begun : begun + count])) <= line.width()
        assert 0 <= line.left() < line.right() <= width + 0.5
        assert not (line.top() == place.name.top() and line.left() < place.name.right())
        begun += count
    assert legend.told("D") == values[:begun]
    assert begun == (runs if width > 80 else 0)
