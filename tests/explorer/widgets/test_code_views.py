"""The views of a codebook: what lies where, what is marked, what the numbers are."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from explorer.theme import DARK, LIGHT, Theme
from explorer.widgets.code_book import ShownBook, nice_top, numbers_of, ordered, perplexity, plain_book
from explorer.widgets.code_map import CodeMap, cells_in, redraw_ms
from explorer.widgets.code_numbers import CodeNumbers
from explorer.widgets.code_pictures import CodePictures
from explorer.widgets.code_plane import CodePlane
from explorer.widgets.code_row import CodeRow
from explorer.widgets.code_scale import FIRST, GROUND, levels_of, scale_colors
from explorer.widgets.code_times import CodeTimes
from explorer.widgets.code_view import CodeView

K = 64


def book(counts: np.ndarray | None = None, sort: str = "index", **held: tuple[int, ...]) -> ShownBook:
    counts = np.arange(K) * 3 if counts is None else counts
    flags = {name: np.isin(np.arange(len(counts)), held.get(name, ())) for name in ("frozen", "barred")}
    angles = np.linspace(0, 2 * np.pi, len(counts), endpoint=False)
    patches = np.repeat(np.arange(len(counts), dtype=np.uint8) * 3, 48).reshape(-1, 4, 4, 3)
    places = np.stack((np.cos(angles), np.sin(angles)), axis=1).astype(np.float32)
    order = ordered(sort, counts, None)  # type: ignore[arg-type]
    return ShownBook(counts, order, flags["frozen"], flags["barred"], patches, places, (0.5, 0.25))


@pytest.fixture(params=[CodeMap, CodePlane, CodeTimes])
def view(request: pytest.FixtureRequest, qtbot: QtBot, theme: Theme) -> CodeView:
    made = request.param()
    qtbot.addWidget(made)
    made.resize(420, 300)
    made.show()
    made.set_book(book(), "times")
    if isinstance(made, CodeTimes):
        made.set_history(np.array([0, 50, 100]), np.stack([np.arange(K) * k for k in (1, 2, 3)]).astype(np.float32))
    return made


def middle(view: CodeView, code: int) -> QPoint:
    return view.place_of(code).center().toPoint()


def test_numbers_of_a_book() -> None:
    counts = np.array([10, 10, 10, 10, 0, 0, 0, 0])
    held = ShownBook(counts, np.arange(8), np.zeros(8, bool), np.arange(8) == 7)
    numbers = numbers_of(held)
    assert numbers.perplexity == pytest.approx(4.0)
    assert (numbers.used, numbers.dead, numbers.barred, numbers.counted, numbers.codes) == (4, 4, 1, 40, 8)
    assert perplexity(np.zeros(8, np.int64)) == 0.0


def test_orders() -> None:
    counts, chain = np.array([1, 5, 3]), np.array([2, 0, 1])
    assert ordered("index", counts, chain).tolist() == [0, 1, 2]
    assert ordered("usage", counts, chain).tolist() == [1, 2, 0]
    assert ordered("likeness", counts, chain).tolist() == [2, 0, 1]
    assert ordered("likeness", counts, None).tolist() == [0, 1, 2]


def test_the_scale_is_logarithmic_and_its_end_seldom_changes() -> None:
    assert [nice_top(most) for most in (0, 11, 90, 130, 4000, 10**6)] == [10, 20, 100, 200, 5000, 10**6]
    levels = levels_of(np.array([0, 1, 10, 100, 1000]), 1000).astype(int)
    assert levels[0] == GROUND
    assert levels[1] == FIRST
    assert levels[4] == 255
    assert np.ptp(np.diff(levels[1:])) <= 1


@pytest.mark.parametrize("dark", [True, False])
def test_more_is_always_farther_from_the_ground(dark: bool) -> None:
    light = scale_colors(dark).astype(float) @ (0.2126, 0.7152, 0.0722)
    steps = np.diff(light[::16])
    assert (steps > 0).all() if dark else (steps < 0).all()


@pytest.mark.parametrize("size", [(420, 90), (340, 270), (2400, 1200)])
@pytest.mark.parametrize("count", [2, 64, 512, 8192])
def test_all_codes_find_room(size: tuple[int, int], count: int) -> None:
    columns, rows, side = cells_in(count, *size)
    assert columns * rows >= count
    assert columns * side <= size[0]
    assert rows * side <= size[1]


def test_a_code_is_found_where_it_is_drawn(view: CodeView) -> None:
    for code in (0, 17, K - 1):
        assert view.code_at(view.place_of(code).center()) == code


def test_hover_and_click_say_which_code(view: CodeView, qtbot: QtBot) -> None:
    with qtbot.waitSignal(view.hovered) as hovered:
        QTest.mouseMove(view, middle(view, 40))
    assert hovered.args == [40]
    with qtbot.waitSignal(view.chosen) as chosen:
        QTest.mouseClick(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, middle(view, 40))
    assert chosen.args == [40, False]
    with qtbot.waitSignal(view.chosen) as chosen:
        QTest.mouseClick(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, middle(view, 12))
    assert chosen.args == [12, True]


def test_keys_move_and_lock(view: CodeView, qtbot: QtBot) -> None:
    view.set_hover(20)
    QTest.keyClick(view, Qt.Key.Key_Down)
    assert view.hover() not in (-1, 20)
    with qtbot.waitSignal(view.chosen) as chosen:
        QTest.keyClick(view, Qt.Key.Key_Return)
    assert chosen.args == [view.hover(), False]


def test_locked_codes_are_marked(view: CodeView) -> None:
    before = view.grab().toImage()
    view.set_locked((5,))
    assert view.grab().toImage() != before


def test_dead_frozen_and_merged_codes_have_signs_of_their_own(qtbot: QtBot, theme: Theme) -> None:
    """Told apart without colour: the shapes in their cells differ."""
    shown = CodeMap()
    qtbot.addWidget(shown)
    shown.resize(420, 330)
    counts = np.full(K, 7)
    counts[[1, 2]] = 0
    shown.set_book(book(counts, frozen=(3,), barred=(2,)), "times")
    image = shown.grab().toImage()
    cells = [image.copy(shown.place_of(code).toRect()) for code in (0, 1, 2, 3)]
    assert len({_shape(cell) for cell in cells}) == 4


def _shape(cell: QImage) -> tuple[tuple[bool, ...], ...]:
    """Which pixels differ from one beside the middle."""
    ground = cell.pixel(cell.width() // 4, cell.height() // 2)
    return tuple(tuple(cell.pixel(x, y) != ground for x in range(cell.width())) for y in range(cell.height()))


def test_cells_show_what_codes_decode_to(qtbot: QtBot, theme: Theme) -> None:
    shown = CodeMap()
    qtbot.addWidget(shown)
    shown.resize(420, 330)
    shown.set_book(book(np.full(K, 7), "usage"), "times")
    shown.show_patches(True)
    image = shown.grab().toImage()
    for code in (0, 30, 63):
        assert image.pixelColor(middle(shown, code)).red() == 3 * code


def test_a_new_theme_redraws_the_map(qtbot: QtBot, theme: Theme) -> None:
    shown = CodeMap()
    qtbot.addWidget(shown)
    shown.resize(420, 330)
    shown.show()
    shown.set_book(book(np.zeros(K, np.int64)), "times")
    for choice, look in (("dark", DARK), ("light", LIGHT)):
        theme.choose(choice)
        QApplication.processEvents()
        corner = shown.place_of(9).topLeft().toPoint() + QPoint(3, 3)
        assert shown.grab().toImage().pixelColor(corner) == look.base


def test_a_book_of_8192_codes_is_redrawn(qtbot: QtBot, theme: Theme) -> None:
    """The tour times it; here it only has to come to an end, with every code in its place."""
    shown = CodeMap()
    qtbot.addWidget(shown)
    shown.resize(600, 400)
    shown.show()
    assert len(redraw_ms(shown, 8192, 3)) == 3
    assert shown.code_at(shown.place_of(8191).center()) == 8191


def test_time_reads_step_and_code(qtbot: QtBot, theme: Theme) -> None:
    times = CodeTimes()
    qtbot.addWidget(times)
    times.resize(420, 300)
    times.show()
    times.set_book(book())
    times.set_history(np.array([0, 100]), np.stack((np.zeros(K), np.full(K, 9))).astype(np.float32))
    times.add(200, np.full(K, 5))
    with qtbot.waitSignal(times.pointed) as pointed:
        QTest.mouseMove(times, QPoint(round(times.x_of(150)), middle(times, 8).y()))
    assert pointed.args == [8, 100, 9]
    assert times.last_step() == 200


def test_time_begins_anew_where_the_run_went_back(qtbot: QtBot, theme: Theme) -> None:
    times = CodeTimes()
    qtbot.addWidget(times)
    times.set_book(book())
    times.add(200, np.full(K, 5))
    times.set_history(np.array([0, 100]), np.zeros((2, K), np.float32))
    assert [column.step for column in times.columns()] == [0, 100, 200]
    times.add(50, np.full(K, 5))
    assert [column.step for column in times.columns()] == [50]


def test_more_codes_than_pixels_show_the_most_used(qtbot: QtBot, theme: Theme) -> None:
    times = CodeTimes()
    qtbot.addWidget(times)
    times.resize(300, 120)
    counts = np.zeros(8192, np.int64)
    counts[4001] = 1000
    times.set_book(plain_book(counts))
    times.add(0, counts)
    times.add(100, counts)
    image, place = times.grab().toImage(), middle(times, 4001)
    column = [image.pixelColor(100, y) for y in range(place.y() - 3, place.y() + 4)]
    assert any(color != column[0] for color in column)


def test_numbers_explain_themselves(qtbot: QtBot, theme: Theme) -> None:
    shown = CodeNumbers()
    qtbot.addWidget(shown)
    shown.set_numbers(numbers_of(plain_book(np.array([10, 10, 0, 0]))))
    assert shown.texts() == ("2.0 of 4", "2 / 4 (50 %)", "2", "20 codes")
    assert "perplexity" in shown.accessibleDescription()


def test_a_neighbour_can_be_gone_to(qtbot: QtBot, theme: Theme) -> None:
    row = CodeRow()
    qtbot.addWidget(row)
    row.resize(220, row.sizeHint().height())
    row.set_codes(((7, 0.5), (9, 0.75)))
    with qtbot.waitSignal(row.chosen) as chosen:
        QTest.keyClick(row, Qt.Key.Key_Right)
        QTest.keyClick(row, Qt.Key.Key_Right)
        QTest.keyClick(row, Qt.Key.Key_Return)
    assert chosen.args == [9]


def test_a_click_into_the_picture_says_where(qtbot: QtBot, theme: Theme) -> None:
    shown = CodePictures()
    qtbot.addWidget(shown)
    shown.resize(220, shown.sizeHint().height())
    picture = np.zeros((32, 32, 3), np.uint8)
    shown.set_pictures(picture[:4, :4], picture, picture, (8, 8), (4, 4))
    cell = shown.cells()[1]
    with qtbot.waitSignal(shown.placed) as placed:
        place = (cell.topLeft() + QPoint(int(cell.width() / 8 * 2.5), int(cell.height() / 8 * 5.5))).toPoint()
        QTest.mouseClick(shown, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    assert placed.args == [5, 2]
