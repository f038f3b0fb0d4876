"""The Codes panel: painting codes, seeing their decode at once, and losing nothing on the way."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

import engine
from engine import CodesInfo, DataRef
from explorer.drops import DropError, what_is
from explorer.panel import Panel
from explorer.panels.codes import CodesPanel
from explorer.pictures import write_png
from explorer.provenance import COMMAND, RECIPE, SNAPSHOT, of_run, panel_of
from explorer.state import ChooseSnapshot
from tests.explorer.panels.stage import Stage, info, pictures, run_opened

VQ, OTHER = "bundled:vq", "bundled:other"
CODES = CodesInfo(grid=(4, 4), book=16, vector=8, cell=2, field=6)


def codec(snapshot: str = VQ, **changes: Any) -> engine.SnapshotOpened:
    values = {"family": "vqvae", "title": "VQ", "capabilities": ("codec",), "latent": None, "codes": CODES}
    return engine.SnapshotOpened(info(snapshot, **{**values, **changes}))


def encoded(pixels: np.ndarray, book: int = 16) -> np.ndarray:
    """Codes that a picture has here: the sum of each cell."""
    cells = pixels.astype(np.int64).reshape(4, 2, 4, 2, 3).sum(axis=(1, 3, 4))
    return cells % book


def decoded(codes: np.ndarray) -> np.ndarray:
    """Pictures that codes have here: each cell as bright as its code."""
    return np.repeat(np.repeat(codes, 2, 1), 2, 2)[..., None].repeat(3, 3).astype(np.uint8)


class Play:
    """A panel on its stage, with an engine that encodes and decodes in the simplest way."""

    def __init__(self, panel: CodesPanel, stage: Stage) -> None:
        self.panel, self.stage = panel, stage

    def answer(self, step: int = 800) -> None:
        """Answer everything that waits, the newest of each channel."""
        while self.stage.posted:
            waiting = {c.channel: c for c in self.stage.posted if hasattr(c, "channel")}
            self.stage.posted.clear()
            for request in waiting.values():
                self.stage.tell(*self._answers(request, step))

    def _answers(self, request: Any, step: int) -> list[engine.Event]:
        head = (request.channel, request.number)
        if isinstance(request, engine.ReadDataPage):
            samples = pictures(range(request.start, request.start + request.count))
            return [engine.DataPage(*head, request.data, request.start, 100, samples, ({},) * len(samples))]
        if isinstance(request, engine.Reconstruct):
            codes = np.stack([encoded(each) for each in request.samples])
            zero = np.zeros(len(codes), np.float32)
            rest = (codes, zero, zero, zero, zero, 1.0)
            return [
                engine.Reconstructed(*head, request.snapshot, step, request.samples, decoded(codes), *rest),
            ]
        if isinstance(request, engine.DecodeCodes):
            return [engine.CodesDecoded(*head, request.snapshot, step, request.codes, decoded(request.codes), 1.0)]
        if isinstance(request, engine.ReadBook):
            map_K2 = np.random.default_rng(0).normal(size=(16, 2)).astype(np.float32)
            order, patches = np.arange(16)[::-1].copy(), decoded(np.arange(16)[:, None, None])
            return [engine.BookRead(*head, request.snapshot, step, map_K2, (0.5, 0.2), order, np.arange(16), patches)]
        return []

    def at(self, cell: tuple[int, int]) -> QPoint:
        return self.panel._squares.codes.cell_rect(cell).center().toPoint()

    def drag(self, *cells: tuple[int, int]) -> None:
        square = self.panel._squares.codes
        QTest.mousePress(square, Qt.MouseButton.LeftButton, pos=self.at(cells[0]))
        for cell in cells[1:]:
            QTest.mouseMove(square, self.at(cell))
        QTest.mouseRelease(square, Qt.MouseButton.LeftButton, pos=self.at(cells[-1]))

    def key(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(self.panel._squares.codes, key, modifier)

    def codes(self) -> np.ndarray:
        found = self.panel.shown_codes()
        assert found is not None
        return found

    def choose(self, index: int) -> None:
        self.panel._strip._choose(index)
        self.answer()

    def take(self, code: int) -> None:
        """Take a code in the hand by its number."""
        self.panel._palette._number.setValue(code)

    def result(self) -> int:
        """The brightness of the first pixel of the decode."""
        saved = self.panel.save_picture()
        assert saved is not None
        return saved[0].pixelColor(0, 0).red()


@pytest.fixture
def play(put: Callable[[type[Panel]], Panel], stage: Stage) -> Play:
    panel = put(CodesPanel)
    assert isinstance(panel, CodesPanel)
    made = Play(panel, stage)
    stage.tell(codec(), ChooseSnapshot(VQ))
    made.answer()
    QApplication.processEvents()
    return made


def test_the_first_picture_of_the_data_shows_itself_with_its_codes(play: Play):
    expected = encoded(pictures([0])[0])
    assert play.codes().tolist() == expected.tolist()
    assert play.panel._squares.captions()[0] == "portraits 0"
    assert play.result() == expected[0, 0]


def test_the_decode_follows_the_brush_and_a_stroke_is_one_step_of_undo(play: Play):
    before = play.codes()
    play.take(9)
    QTest.mousePress(play.panel._squares.codes, Qt.MouseButton.LeftButton, pos=play.at((0, 0)))
    asked = play.stage.of(engine.DecodeCodes)
    assert asked[-1].codes[0, 0, 0] == 9
    QTest.mouseMove(play.panel._squares.codes, play.at((0, 3)))
    QTest.mouseRelease(play.panel._squares.codes, Qt.MouseButton.LeftButton, pos=play.at((0, 3)))
    play.answer()
    assert play.codes()[0].tolist() == [9, 9, 9, 9]
    assert play.result() == 9
    assert play.stage.undo.count() == 1
    play.stage.undo.undo()
    play.answer()
    assert play.codes().tolist() == before.tolist()
    assert play.result() == before[0, 0]


def test_nothing_is_asked_while_the_hand_stays_in_a_cell(play: Play):
    play.take(9)
    QTest.mousePress(play.panel._squares.codes, Qt.MouseButton.LeftButton, pos=play.at((0, 0)))
    play.stage.posted.clear()
    QTest.mouseMove(play.panel._squares.codes, play.at((0, 0)) + QPoint(2, 1))
    assert not play.stage.of(engine.DecodeCodes)
    QTest.mouseRelease(play.panel._squares.codes, Qt.MouseButton.LeftButton, pos=play.at((0, 0)))


def test_an_answer_to_another_picture_comes_too_late(play: Play):
    play.take(9)
    play.drag((0, 0), (0, 0))
    late = play.stage.of(engine.DecodeCodes)[-1]
    play.stage.posted.clear()
    play.choose(1)
    shown = play.result()
    play.stage.tell(engine.CodesDecoded(late.channel, late.number, VQ, 800, late.codes, decoded(late.codes + 50), 1.0))
    assert play.result() == shown


def test_the_right_button_takes_a_code_and_the_restore_brush_paints_it_back(play: Play):
    before = play.codes()
    QTest.mouseClick(play.panel._squares.codes, Qt.MouseButton.RightButton, pos=play.at((2, 2)))
    assert play.panel._palette.code() == before[2, 2]
    play.take((int(before[0, 0]) + 1) % 16)
    play.drag((0, 0), (1, 0))
    play.key(Qt.Key.Key_E)
    play.drag((0, 0), (0, 0))
    assert play.codes()[0, 0] == before[0, 0]
    assert play.codes()[1, 0] != before[1, 0]


def test_fill_and_replace_everywhere(play: Play):
    flat = play.codes()
    assert len(np.unique(flat)) == 1  # the pictures here are of one colour
    play.take(9)
    play.drag((1, 0), (1, 3))
    play.key(Qt.Key.Key_L)
    play.take(5)
    play.drag((0, 0), (0, 3))
    assert play.codes()[0].tolist() == [5] * 4
    assert play.codes()[2].tolist() == flat[2].tolist()
    assert play.stage.undo.count() == 2


def test_a_region_goes_into_another_picture_at_the_same_place(play: Play):
    source = play.codes()
    play.key(Qt.Key.Key_M)
    play.drag((1, 1), (2, 2))
    play.key(Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    play.choose(3)
    target = play.codes()
    play.key(Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert play.codes()[1:3, 1:3].tolist() == source[1:3, 1:3].tolist()
    assert play.codes()[0].tolist() == target[0].tolist()
    assert play.panel.clear_selection()
    assert not play.panel.clear_selection()


def test_undo_of_another_picture_shows_that_picture(play: Play):
    play.take(9)
    play.drag((0, 0), (0, 0))
    play.choose(2)
    play.stage.undo.undo()
    play.answer()
    assert play.panel._squares.captions()[0] == "portraits 0"
    assert play.codes().tolist() == encoded(pictures([0])[0]).tolist()


def test_what_was_painted_is_there_when_the_picture_comes_back(play: Play):
    play.take(9)
    play.drag((0, 0), (0, 3))
    play.answer()
    play.panel._strip._go_on()
    play.answer()
    play.choose(1)
    play.panel._strip._go_back()
    play.answer()
    play.choose(0)
    assert play.codes()[0].tolist() == [9] * 4
    assert play.result() == 9


def test_keys_paint_pick_and_clear(play: Play):
    before = play.codes()
    play.take(9)
    play.key(Qt.Key.Key_Return)
    assert play.codes()[0, 0] == 9
    play.key(Qt.Key.Key_Right)
    play.key(Qt.Key.Key_I)
    assert play.panel._palette.code() == before[0, 1]
    play.key(Qt.Key.Key_BracketRight)
    assert play.panel._tools.brush() == 2
    play.key(Qt.Key.Key_Left)
    play.key(Qt.Key.Key_Delete)
    assert play.codes().tolist() == before.tolist()


def test_other_weights_keep_the_paint(play: Play, stage: Stage):
    """Live: the picture is encoded anew, painted cells stay."""
    stage.tell(run_opened(training=True), codec(engine.LIVE), engine.LiveChanged("runs/one", 10))
    stage.tell(ChooseSnapshot(engine.LIVE))
    play.answer(10)
    play.take(9)
    play.drag((0, 0), (0, 0))
    play.answer(10)
    stage.tell(engine.LiveChanged("runs/one", 20))
    play.panel._look_again()
    request = stage.of(engine.Reconstruct)[-1]
    codes = np.full((1, 4, 4), 3)
    zero = np.zeros(1, np.float32)
    rest = (zero, zero, zero, zero, 1.0)
    stage.posted.clear()
    stage.tell(
        engine.Reconstructed(
            request.channel, request.number, engine.LIVE, 20, request.samples, decoded(codes), codes, *rest
        )
    )
    assert play.codes()[0].tolist() == [9, 3, 3, 3]
    assert stage.of(engine.DecodeCodes)[-1].codes[0, 0].tolist() == [9, 3, 3, 3]
    play.panel._pace.stop()


def test_weights_that_change_under_the_brush_wait(play: Play, stage: Stage):
    QTest.mousePress(play.panel._squares.codes, Qt.MouseButton.LeftButton, pos=play.at((0, 0)))
    stage.posted.clear()
    play.panel._look_again()
    assert not stage.of(engine.Reconstruct)
    QTest.mouseRelease(play.panel._squares.codes, Qt.MouseButton.LeftButton, pos=play.at((0, 0)))
    play.panel._pace.stop()


def test_another_model_takes_the_picture_and_its_paint_waits(play: Play, stage: Stage):
    play.take(9)
    play.drag((0, 0), (0, 0))
    stage.tell(codec(OTHER, title="Small", codes=CodesInfo((4, 4), 8, 8, 2, 6)), ChooseSnapshot(OTHER))
    play.answer()
    assert play.codes().tolist() == encoded(pictures([0])[0]).tolist()
    stage.undo.undo()
    assert "changed for another model" in play.panel.note()
    stage.undo.redo()
    stage.tell(ChooseSnapshot(VQ))
    play.answer()
    assert play.codes()[0, 0] == 9


def test_copied_codes_of_another_book_are_refused(play: Play, stage: Stage):
    play.key(Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    stage.tell(codec(OTHER, codes=CodesInfo((4, 4), 8, 8, 2, 6)), ChooseSnapshot(OTHER))
    play.answer()
    before = play.codes()
    play.key(Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert "of a book of 16, this one has 8" in play.panel.note()
    assert play.codes().tolist() == before.tolist()


def test_the_difference_has_a_scale(play: Play):
    assert play.panel._squares.scale_ends() is None
    play.key(Qt.Key.Key_X)
    assert play.panel._squares.scale_ends() == ("\u22128", "+8")
    play.panel.reset_view()
    assert play.panel._squares.scale_ends() is None


# ------------------------------------------------------------------------------------------------------------- files


def test_a_saved_picture_brings_its_codes_back(play: Play, tmp_path: Path):
    play.take(9)
    play.drag((0, 0), (0, 3))
    play.answer()
    saved = play.panel.save_picture()
    assert saved is not None
    words = shlex.split(saved[1][COMMAND])
    assert words[3:5] == ["decode", VQ]
    assert json.loads(words[5])["codes"] == [play.codes().tolist()]
    assert panel_of(saved[1]) == "codes"
    wanted = play.codes().tolist()
    write_png(*saved, tmp_path / "face.png")
    play.choose(4)
    play.panel.open_file(tmp_path / "face.png")
    play.answer()
    assert play.codes().tolist() == wanted
    assert play.panel._squares.captions()[0] == "face.png"


def test_the_command_of_a_live_picture_names_a_snapshot_that_lasts(play: Play, stage: Stage):
    stage.tell(run_opened(training=True), codec(engine.LIVE), engine.LiveChanged("runs/one", 10))
    stage.tell(ChooseSnapshot(engine.LIVE))
    play.answer(10)
    saved = play.panel.save_picture()
    assert saved is not None
    assert saved[1][SNAPSHOT] == engine.LIVE
    assert json.loads(saved[1][RECIPE])["model"]["snapshot"] == "run:runs/one@10"
    assert shlex.split(of_run(saved[1], "run:runs/one@10")[COMMAND])[4] == "run:runs/one@10"
    play.panel._pace.stop()


def test_codes_are_saved_and_loaded(play: Play, tmp_path: Path):
    play.take(9)
    play.drag((0, 0), (0, 3))
    play.panel.save_codes(str(tmp_path / "face"))
    assert play.panel.note() == "Saved face.codes.json."
    play.choose(4)
    play.panel.open_file(str(tmp_path / "face.codes.json"))
    play.answer()
    assert play.codes()[0].tolist() == [9] * 4
    assert play.result() == 9


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"codes": [[[99] * 4] * 4]}, "has the code 99, its book only 0 to 15"),
        ({"grid": [2, 2], "codes": [[[1, 1], [1, 1]]]}, "a grid of 2 x 2, VQ decodes 4 x 4"),
        ({"book": 512}, "of a book of 512, VQ has 16"),
        ({"format": "else"}, "is no file of codes"),
    ],
)
def test_codes_that_do_not_fit_are_told_and_nothing_is_lost(play: Play, tmp_path: Path, changes: dict, sentence: str):
    play.take(9)
    play.drag((0, 0), (0, 3))
    play.panel.save_codes(str(tmp_path / "face"))
    file = tmp_path / "face.codes.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))
    before = play.codes()
    play.panel.open_file(file)
    assert sentence in play.panel.note()
    assert play.codes().tolist() == before.tolist()


def test_a_picture_of_another_size_is_made_to_fit_and_said(play: Play, tmp_path: Path):
    image = QImage(40, 20, QImage.Format.Format_RGB32)
    image.fill(0xFF102030)
    image.save(str(tmp_path / "photo.png"))
    play.panel.open_file(tmp_path / "photo.png")
    play.answer()
    assert play.panel.note() == "photo.png: the middle of 40 x 20 pixels, scaled to 8 x 8."
    assert play.codes().tolist() == encoded(np.full((8, 8, 3), (16, 32, 48), np.uint8)).tolist()


def test_pictures_and_codes_are_dropped_here_and_folders_on_the_window(play: Play, tmp_path: Path):
    def enters(file: Path) -> bool:
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(file))])
        event = QDragEnterEvent(
            QPointF(5, 5).toPoint(),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        play.panel.dragEnterEvent(event)
        return event.isAccepted()

    assert enters(tmp_path / "a.png")
    assert enters(tmp_path / "a.codes.json")
    assert not enters(tmp_path)


def test_codes_that_are_dropped_on_the_window_belong_to_this_panel(play: Play, tmp_path: Path):
    play.panel.save_codes(str(tmp_path / "face"))
    found = what_is(tmp_path / "face.codes.json")
    assert (found.kind, panel_of(found.facts), found.facts[SNAPSHOT]) == ("picture", "codes", VQ)
    (tmp_path / "bad.codes.json").write_text("{")
    with pytest.raises(DropError, match="save the codes again"):
        what_is(tmp_path / "bad.codes.json")


def test_a_session_keeps_what_is_painted_until_its_model_is_there(play: Play, put, stage: Stage):
    assert play.panel.remember() == {}
    play.take(9)
    play.drag((0, 0), (0, 3))
    kept = play.panel.remember()
    other = put(CodesPanel)
    stage.tell(codec(OTHER, codes=CodesInfo((2, 2), 8, 8, 4, 6)), ChooseSnapshot(OTHER))
    other.recall(json.loads(json.dumps(kept)))
    assert "decodes 2 x 2" in other.note()
    stage.tell(ChooseSnapshot(VQ))
    Play(other, stage).answer()
    assert other.shown_codes()[0].tolist() == [9] * 4


def test_samples_of_a_gan_are_at_hand(play: Play, stage: Stage):
    stage.tell(run_opened("runs/gan"))
    stage.tell(engine.GridDrawn("runs/gan", 100, pictures("ab")))
    play.panel._strip._source.setCurrentIndex(1)
    play.choose(1)
    assert play.panel._squares.captions()[0] == "one, step 100, sample 1"
    assert play.codes().tolist() == encoded(pictures("ab")[1]).tolist()


def test_what_was_generated_last_is_at_hand(play: Play, stage: Stage):
    frame = engine.Frame("latent.centre", 1, "bundled:gan", 0, "points", pictures("c"), np.zeros((1, 4), np.float32), 1)
    stage.tell(frame)
    play.panel._strip._source.setCurrentIndex(2)
    play.choose(0)
    assert play.codes().tolist() == encoded(pictures("c")[0]).tolist()


def test_a_failure_is_told_and_the_picture_stays(play: Play, stage: Stage):
    before = play.result()
    stage.tell(engine.Failed("Decoding", "The snapshot is gone; open another one.", channel="codes.decode"))
    assert play.panel.note() == "The snapshot is gone; open another one."
    assert play.result() == before


def test_on_a_projector_only_the_squares_are_left(play: Play):
    play.panel.present(True)
    assert not play.panel._palette.isVisible()
    assert not play.panel._tools.isVisible()
    assert play.panel._squares.isVisible()
    play.panel.present(False)
    assert play.panel._palette.isVisible()


def test_the_data_of_the_model_is_asked_for(play: Play, stage: Stage):
    play.panel._strip._go_on()
    asked = stage.of(engine.ReadDataPage)[-1]
    assert (asked.data, asked.start) == (DataRef("portraits"), 12)
