"""The same pictures by several models: which are shown, what is asked and dropped, numbers, the wipe, the offers."""

from __future__ import annotations

import dataclasses
import json
import shlex
from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

import engine
from engine import CodesInfo, DataPage, DataRef, ReadDataPage, Reconstruct, Reconstructed
from explorer.panel import Panel
from explorer.panels.compare import ComparePanel
from explorer.state import ChooseData, PlanRun
from tests.explorer.conftest import FAMILIES
from tests.explorer.panels.stage import Stage, info, pictures, run_facts

LEFT = Qt.MouseButton.LeftButton
VQ, VAE = "runs/vq", "runs/vae"


def families() -> tuple[engine.FamilyCard, ...]:
    gan, vae = FAMILIES
    vae = dataclasses.replace(vae, name="vae", title="VAE (2013)", capabilities=("latent", "reconstructor"))
    vq = dataclasses.replace(vae, name="vqvae", title="VQ-VAE", capabilities=("reconstructor", "codec"))
    return gan, vae, vq


def ready() -> engine.Ready:
    return engine.Ready(families(), engine.BUILT_IN, (), "cpu", 2, "home")


def opened(path: str, family: str, step: int = 300, training: bool = False, side: int = 8) -> list[engine.Event]:
    """A run of 8 x 8 pictures with its newest snapshot."""
    run = run_facts(path, name=path.rpartition("/")[2], family=family, step=step, shape=(side, side, 3))
    return [
        engine.RunOpened(run, training, {}, (), (), (step,), grid_kinds=("reconstructions",)),
        engine.SnapshotOpened(snapshot(engine.LIVE if training else engine.run_snapshot(path, step), family, side)),
    ]


def snapshot(name: str, family: str, side: int = 8) -> engine.SnapshotInfo:
    codes = CodesInfo((2, 2), 64, 8, 4, 12) if family == "vqvae" else None
    card = next(each for each in families() if each.name == family)
    return info(
        name,
        title=name,
        family=family,
        shape=(side, side, 3),
        latent=None,
        codes=codes,
        step=300,
        capabilities=card.capabilities,
    )


def page(request: ReadDataPage, side: int = 8, total: int = 100) -> DataPage:
    of = [("data", request.start + k) for k in range(request.count)]
    samples = pictures(of, side)
    rows = tuple({"caption": f"face {request.start + k}"} for k in range(request.count))
    return DataPage(request.channel, request.number, request.data, request.start, total, samples, rows)


def made(request: Reconstruct, psnr: float, *, ms: float = 8.0, bits: float = 3.0, step: int = 300) -> Reconstructed:
    count = len(request.samples)
    each = [np.full(count, value, np.float32) for value in (psnr, psnr / 40, 1 / psnr, bits)]
    samples = pictures([(request.snapshot, psnr, k) for k in range(count)])
    return Reconstructed(request.channel, request.number, request.snapshot, step, request.samples, samples, None,
                         *each, ms)  # fmt: skip


@pytest.fixture
def panel(put: Callable[[type[Panel]], Panel]) -> ComparePanel:
    found = put(ComparePanel)
    assert isinstance(found, ComparePanel)
    return found


@pytest.fixture
def two(panel: ComparePanel, stage: Stage) -> ComparePanel:
    """A VQ-VAE and a VAE that have answered."""
    stage.tell(ready(), *opened(VQ, "vqvae"), *opened(VAE, "vae"))
    stage.tell(page(stage.of(ReadDataPage)[-1]))
    for request in stage.of(Reconstruct):
        stage.tell(made(request, 24.0 if VQ in request.snapshot else 20.0))
    stage.posted.clear()
    return panel


def titles(panel: ComparePanel) -> list[str]:
    return [column.title for column in panel._table.columns()]


def test_without_a_model_it_says_so_and_offers_to_train_one(panel: ComparePanel, stage: Stage) -> None:
    assert "starting" in panel._offer.text()
    stage.tell(ready())
    assert "VQ-VAE" in panel._offer.text()
    QTest.mouseClick(panel._offer.button(), LEFT)
    assert stage.acted == [PlanRun("vqvae", "modern", {})]
    (start,) = stage.of(engine.StartRun)
    assert start.family == "vqvae"


def test_models_at_hand_stand_beside_the_originals(panel: ComparePanel, stage: Stage) -> None:
    stage.tell(ready(), *opened(VQ, "vqvae"), *opened(VAE, "vae"), *opened("runs/gan", "gan_modern"))
    (asked,) = stage.of(ReadDataPage)
    assert (asked.start, asked.count) == (0, 4)
    stage.tell(page(asked))
    requests = stage.of(Reconstruct)
    assert {request.snapshot for request in requests} == {f"run:{VQ}@300", f"run:{VAE}@300"}
    assert len({request.channel for request in requests}) == 2
    assert titles(panel)[0] == "Original"
    assert "gan" not in " ".join(titles(panel))
    assert panel._table.columns()[1].pictures is None
    stage.tell(made(requests[0], 24.0))
    assert panel._table.columns()[1].pictures is not None


def test_numbers_stand_under_each_column_and_the_best_is_marked(two: ComparePanel) -> None:
    original, *rest = two._table.columns()
    by_family = {column.note.split(" ")[0]: column for column in rest}
    vq, vae = by_family["VQ-VAE"], by_family["VAE"]
    assert vq.values[:5] == ("24.0", "0.600", "0.042", "3.00", "24")
    assert vae.values[0] == "20.0"
    assert vae.values[4] == "continuous"
    assert original.values[4] == "1\u2009536"
    assert vq.best == {0, 1, 2, 3, 5}  # bits/dim and time are the same for both
    assert vae.best == {3, 5}
    assert "best" in two._table.accessibleDescription()
    assert "300" in vq.note


def test_late_answers_are_dropped(two: ComparePanel, stage: Stage) -> None:
    QTest.mouseClick(two._on, LEFT)
    (asked,) = stage.of(ReadDataPage)
    assert asked.start == 4
    stage.tell(page(asked))
    request = next(each for each in stage.of(Reconstruct) if VQ in each.snapshot)
    stage.tell(made(dataclasses.replace(request, number=request.number - 100), 30.0))
    assert all(column.pictures is None for column in two._table.columns()[1:])
    stage.tell(made(request, 31.0))
    assert "31.0" in two._table.accessibleDescription()
    QTest.mouseClick(two._back, LEFT)
    assert stage.of(ReadDataPage)[-1].start == 0


def test_columns_are_taken_away_and_added(two: ComparePanel, stage: Stage) -> None:
    assert not two._more.isEnabled()
    two._heads[0].close_button.click()
    assert len(titles(two)) == 2
    assert two._more.isEnabled()
    two._heads[0].close_button.click()
    assert "four models" in two._offer.text()
    QTest.mouseClick(two._offer.button(), LEFT)
    assert len(titles(two)) == 2
    assert len(stage.of(Reconstruct)) == 1
    assert not two._table.isHidden()


def test_a_model_of_other_pictures_is_offered_greyed_with_the_reason(two: ComparePanel, stage: Stage) -> None:
    stage.tell(*opened("runs/large", "vqvae", side=16))
    combo = two._heads[0].combo
    row = next(k for k in range(combo.count()) if "large" in str(combo.itemData(k)))
    assert not combo.model().item(row).isEnabled()  # type: ignore[attr-defined]
    assert "16 x 16 x 3" in combo.itemData(row, Qt.ItemDataRole.ToolTipRole)
    assert len(titles(two)) == 3


def test_pictures_that_no_model_takes_give_way_to_those_of_a_model(panel: ComparePanel, stage: Stage) -> None:
    stage.tell(ready(), *opened(VQ, "vqvae"), ChooseData(DataRef("portraits", size=16)))
    stage.tell(page(stage.of(ReadDataPage)[-1], side=16))
    request = stage.of(ReadDataPage)[-1]
    assert request.data == DataRef("portraits")  # of the run
    stage.tell(page(request))
    assert len(stage.of(Reconstruct)) == 1
    stage.tell(ChooseData(DataRef("portraits", size=8)))
    assert stage.of(ReadDataPage)[-1].data == DataRef("portraits", size=8)


def test_another_model_is_picked_from_the_head(two: ComparePanel, stage: Stage) -> None:
    two._heads[1].close_button.click()
    combo = two._heads[0].combo
    other = next(k for k in range(combo.count()) if combo.itemData(k) != two._shown[0].snapshot)
    combo.setCurrentIndex(other)
    combo.activated.emit(other)
    (request,) = stage.of(Reconstruct)
    assert request.snapshot == combo.itemData(other)


def test_the_model_that_trains_is_looked_at_twice_a_second_at_most(panel: ComparePanel, stage: Stage) -> None:
    stage.tell(ready(), *opened(VQ, "vqvae", training=True), engine.LiveChanged(VQ, 300))
    stage.tell(page(stage.of(ReadDataPage)[-1]))
    (request,) = stage.of(Reconstruct)
    assert request.snapshot == engine.LIVE
    stage.tell(made(request, 20.0))
    panel._live_pace.setInterval(60_000)
    for step in range(301, 320):
        stage.tell(engine.LiveChanged(VQ, step))
    assert len(stage.of(Reconstruct)) <= 2
    before = len(stage.of(Reconstruct))
    panel._live_pace.stop()
    panel._look_at_live()
    assert len(stage.of(Reconstruct)) == before + 1
    assert panel._table.columns()[1].pictures is not None  # the last answer stays
    panel._live_pace.stop()


def test_the_run_that_trains_stands_there_once(panel: ComparePanel, stage: Stage) -> None:
    stage.tell(ready(), *opened(VQ, "vqvae", training=True), engine.LiveChanged(VQ, 300))
    stage.tell(engine.SnapshotSaved(VQ, (300, 310)))
    assert [each.snapshot for each in panel._shown] == [engine.LIVE]
    panel._live_pace.stop()


def test_a_click_wipes_between_the_original_and_that_column(two: ComparePanel, stage: Stage) -> None:
    place = two._table.cell(2, 1).center().toPoint()
    QTest.mouseClick(two._table, LEFT, pos=place)
    line = two._line
    assert line.isVisible()
    assert "Picture 3" in two._numbers.text()
    assert [side.currentIndex() for side in two._sides] == [0, 1]
    target = line.target().toRect()
    QTest.mousePress(line, LEFT, pos=target.center())
    QTest.mouseMove(line, QPoint(target.left() + target.width() // 4, target.center().y()))
    QTest.mouseRelease(line, LEFT, pos=QPoint(target.left() + target.width() // 4, target.center().y()))
    assert line.part() == pytest.approx(0.25, abs=0.02)
    shown = line.grab().toImage()
    middle = target.center().y() - 30
    left = shown.pixelColor(target.left() + 4, middle)
    right = shown.pixelColor(target.right() - 4, middle)
    columns = two._table.columns()
    assert (left.red(), left.green(), left.blue()) == tuple(columns[0].pictures[2, 0, 0])  # type: ignore[index]
    assert (right.red(), right.green(), right.blue()) == tuple(columns[1].pictures[2, 0, 0])  # type: ignore[index]
    QTest.keyClick(line, Qt.Key.Key_Right)
    assert line.part() == pytest.approx(0.30, abs=0.02)
    QTest.keyClick(line, Qt.Key.Key_Down)
    assert "Picture 4" in two._numbers.text()
    two._sides[0].setCurrentIndex(2)
    two._sides[0].activated.emit(2)
    assert two._numbers.text().count("PSNR") == 2
    QTest.keyClick(line, Qt.Key.Key_Escape)
    assert two._table.isVisible()


def test_the_table_is_reached_by_keys(two: ComparePanel) -> None:
    two._table.setFocus(Qt.FocusReason.TabFocusReason)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Right):
        QTest.keyClick(two._table, key)
    assert two._table.place() == (1, 1)
    QTest.keyClick(two._table, Qt.Key.Key_Return)
    assert two._line.isVisible()


def test_a_saved_table_says_how_to_make_it_again(two: ComparePanel) -> None:
    saved = two.save_picture()
    assert saved is not None
    image, facts = saved
    commands = facts["latent-explorer:command"].split(" && ")
    words = shlex.split(commands[0])
    assert words[2:5] == ["engine", "reconstruct", two._shown[0].snapshot]
    assert words[words.index("--count") + 1] == "4"
    assert len(commands) == 2
    assert json.loads(facts["latent-explorer:recipe"])["shows"] == "compare"
    assert image.width() > 300


def test_data_without_pictures_and_data_to_fetch_get_an_offer(two: ComparePanel, stage: Stage) -> None:
    stage.tell(ChooseData(DataRef("ring")))
    assert "Points" in two._offer.text()
    QTest.mouseClick(two._offer.button(), LEFT)
    assert two._table.isVisible()
    two._source = None
    stage.tell(ChooseData(DataRef("mnist")))
    assert "fetched" in two._offer.text()
    QTest.mouseClick(two._offer.button(), LEFT)
    (load,) = stage.of(engine.LoadData)
    assert load.data == DataRef("mnist")


def test_a_model_that_fails_says_why_in_its_column(two: ComparePanel, stage: Stage) -> None:
    QTest.mouseClick(two._on, LEFT)
    stage.tell(page(stage.of(ReadDataPage)[-1]))
    request = stage.of(Reconstruct)[0]
    stage.tell(engine.Failed("Drawing", "Its weights are gone.", channel=request.channel))
    assert any(column.lack == "Its weights are gone." for column in two._table.columns())


def test_on_a_projector_only_names_are_left(two: ComparePanel) -> None:
    two.present(True)
    assert not two._tools.isVisible()
    assert not two._heads[0].combo.isVisible()
    assert two._heads[0]._name.text() in ("VQ-VAE", "VAE")
    two.present(False)
    assert two._heads[0].combo.isVisible()
