"""Curves as CSV: every point in view, whole files only."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from engine import Series
from explorer import theme
from explorer.widgets import curve_export
from explorer.widgets.curve_drawing import ink
from explorer.widgets.curve_export import CsvWriter, write_csv
from explorer.widgets.curve_view import Curve


def curve(title: str = "loss, D") -> Curve:
    series = Series(title)
    series.extend([1, 2, 3, 4], [0.5, 1.0, 1.5, 2.0], [64, 128, 192, 256], [0.1, np.nan, 1 / 3, np.inf])
    return Curve(f"/runs/one\n{title}", "1 D", series, ink(theme.LIGHT.series[0], 0))


def test_every_point_in_view_is_written_exactly(tmp_path: Path) -> None:
    file = tmp_path / "curves.csv"
    assert list(write_csv(file, [curve()], "seconds", 1.0, 2.0))[-1] == 1.0
    rows = list(csv.reader(file.read_text(encoding="utf-8").splitlines()))
    assert rows[0] == ["run", "metric", "step", "seconds", "images", "value"]
    assert [row[:3] for row in rows[1:]] == [["/runs/one", "loss, D", step] for step in "234"]
    assert rows[1][5] == "nan"
    assert float(rows[2][5]) == 1 / 3
    assert rows[3][5] == "inf"


def test_an_unfinished_file_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curve_export, "SLICE", 2)
    file = tmp_path / "curves.csv"
    file.write_text("before")
    work = write_csv(file, [curve()], "step", 0, 9)
    next(work)
    work.close()
    assert file.read_text() == "before"
    assert list(tmp_path.iterdir()) == [file]


def test_the_writer_says_how_it_ended(qtbot: QtBot, tmp_path: Path) -> None:
    writer = CsvWriter()
    said: list[str] = []
    writer.said.connect(said.append)
    writer.write(tmp_path / "a.csv", [curve()], "step", 0, 9)
    writer.write(tmp_path / "b.csv", [curve()], "step", 0, 9)
    assert "try again" in said[-1]
    qtbot.waitUntil(lambda: said[-1].startswith("Saved"))
    writer.write(tmp_path / "missing" / "c.csv", [curve()], "step", 0, 9)
    qtbot.waitUntil(lambda: "could not be written" in said[-1])
