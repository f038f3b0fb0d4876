"""A walk through a latent space as a strip of key frames: play it, look at a moment, put stops in order, export it."""

from __future__ import annotations

import dataclasses
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

import engine
from explorer import recipes
from explorer.text import mark, tr
from explorer.theme import SMALL, label, set_icon
from explorer.widgets.image_grid import ImageGrid
from explorer.widgets.slider import ValueSlider
from explorer.widgets.text_field import TextField
from explorer.widgets.tool_button import ToolButton

STRIP = 66  # a 64 px thumbnail
MOST_FRAMES = 480
INTERPOLATIONS = {"slerp": mark("slerp"), "lerp": mark("lerp")}


class WalkBar(QWidget):
    """Shows a `Walk` and makes new ones of it.

    `edited(text, path)` is a change by the hands, `added` asks for the place that is shown as one more key frame,
    `chosen(k)` for the picture of key frame k, `sought(t)` for a moment 0..1, `played(on)` to walk or to stand still;
    `exported` and `cancelled` are about the film.
    """

    played = Signal(bool)
    sought = Signal(float)
    edited = Signal(str, object)
    added = Signal()
    chosen = Signal(int)
    exported = Signal()
    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._path = engine.Walk(())
        self._index = -1
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(self._build_transport())
        layout.addLayout(self._build_keys())
        layout.addLayout(self._build_job())
        self.show_path(self._path)

    # ---------------------------------------------------------------------------------------------- layout

    def _build_transport(self) -> QHBoxLayout:
        self._play = ToolButton("play", tr("Walk by itself; with two key frames or more, along them"))
        self._play.setCheckable(True)
        self._play.clicked.connect(self.played)
        self._time = ValueSlider(0.0, 1.0, 0.0, 2)
        self._time.setAccessibleName(tr("Moment of the walk"))
        self._time.setToolTip(self._time.accessibleName())
        self._time.valueChanged.connect(self.sought)
        self._loop = ToolButton("repeat", tr("From the last key frame back to the first"))
        self._loop.setCheckable(True)
        self._loop.clicked.connect(self.set_loop)
        self._kind = QComboBox()
        self._kind.setAccessibleName(tr("Interpolation"))
        self._kind.setToolTip(tr("slerp goes along the shell where draws lie, lerp straight through"))
        for name, text in INTERPOLATIONS.items():
            self._kind.addItem(tr(text), name)
        self._kind.activated.connect(self._interpolate)
        self._export = QPushButton(tr("Export…"))
        self._export.setToolTip(tr("Write the walk as GIF or WebP"))
        self._export.clicked.connect(self.exported)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self._play)
        row.addWidget(self._time, 1)
        for widget in (self._loop, self._kind, self._export):
            row.addWidget(widget)
        return row

    def _build_keys(self) -> QHBoxLayout:
        self._keys = ImageGrid(centred=False, text=tr("Add key frames to walk between them."))
        self._keys.setFixedHeight(STRIP)
        self._keys.setAccessibleName(tr("Key frames"))
        self._keys.set_hint(tr("Key frame {index}: a click shows it, Delete takes it out"))
        self._keys.chosen.connect(self._choose)
        self._keys.opened.connect(self._choose)
        self._keys.hovered.connect(self._follow_key)
        add = ToolButton("plus", tr("Add the place that is shown as a key frame"))
        add.clicked.connect(self.added)
        self._remove = ToolButton("minus", tr("Take the chosen key frame out"))
        self._remove.clicked.connect(self._remove_chosen)
        self._left = ToolButton("arrow-left", tr("Chosen key frame earlier"))
        self._left.clicked.connect(self._move_left)
        self._right = ToolButton("arrow-right", tr("Chosen key frame later"))
        self._right.clicked.connect(self._move_right)
        self._frames = QSpinBox()
        self._frames.setLineEdit(TextField())
        self._frames.setRange(1, MOST_FRAMES)
        self._frames.setAccessibleName(tr("Frames to the next key frame"))
        self._frames.setToolTip(self._frames.accessibleName())
        self._frames.setKeyboardTracking(False)
        self._frames.valueChanged.connect(self._pace)
        top, bottom = QHBoxLayout(), QHBoxLayout()
        for line, widgets in ((top, (add, self._remove, self._left, self._right)), (bottom, (self._frames,))):
            line.setSpacing(0)
            for widget in widgets:
                line.addWidget(widget)
        bottom.addWidget(label(tr(" frames"), SMALL, muted=True))
        tools = QVBoxLayout()
        tools.addLayout(top)
        tools.addLayout(bottom)
        tools.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._keys, 1)
        row.addLayout(tools)
        return row

    def _build_job(self) -> QHBoxLayout:
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.setFixedHeight(4)
        self._cancel = ToolButton("close", tr("Stop writing"))
        self._cancel.clicked.connect(self.cancelled)
        self._said = label("", SMALL, muted=True)
        self._said.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout()
        row.addWidget(self._said, 1)
        row.addWidget(self._progress, 1)
        row.addWidget(self._cancel)
        for widget in (self._progress, self._cancel, self._said):
            widget.hide()
        return row

    # ---------------------------------------------------------------------------------------------- what is shown

    def show_path(self, path: engine.Walk) -> None:
        self._path = path
        if not path.frames:
            self._keys.set_samples(None)
        self._loop.setChecked(path.loop)
        self._kind.setCurrentIndex(max(self._kind.findData(path.interpolation), 0))
        many = len(path.frames) > 1
        self._time.setEnabled(many)
        self._export.setEnabled(many)
        total = tr("Moment of the walk, {count} frames", count=recipes.frames_of(path))
        self._time.setToolTip(total if many else tr("Needs two key frames"))

        self._show_choice()

    def show_thumbs(self, samples_NHWC: NDArray[np.uint8] | None) -> None:
        """The pictures of the key frames, in order."""
        self._keys.set_samples(samples_NHWC)
        self._show_choice()

    def show_time(self, t: float) -> None:
        self._time.display(t)

    def show_playing(self, playing: bool) -> None:
        self._play.setChecked(playing)
        icon = "pause" if playing else "play"
        if self._play.property("iconName") != icon:
            set_icon(self._play, icon)

    def show_job(self, progress: engine.JobProgress | None) -> None:
        """The export that runs; None hides the bar."""
        self._progress.setVisible(progress is not None)
        self._cancel.setVisible(progress is not None)
        self._export.setVisible(progress is None)
        if progress is not None:
            self._progress.setRange(0, progress.total)
            self._progress.setValue(progress.done)
            left = "" if progress.seconds_left is None else tr(", {s} s left", s=round(progress.seconds_left))
            self.say(progress.doing + left)

    def say(self, text: str) -> None:
        """One line about the export."""
        self._said.setText(text)
        self._said.setVisible(bool(text))

    def said(self) -> str:
        return self._said.text()

    def key_grid(self) -> ImageGrid:
        return self._keys

    def time_slider(self) -> ValueSlider:
        return self._time

    def index(self) -> int:
        """The chosen key frame, -1 where there is none."""
        return self._index if self._index < len(self._path.frames) else -1

    def choose(self, index: int) -> None:
        """Choose a key frame without a signal."""
        self._index = index
        self._show_choice()

    def _show_choice(self) -> None:
        index, count = self.index(), len(self._path.frames)
        self._keys.set_index(index)
        self._remove.setEnabled(index >= 0)
        self._left.setEnabled(index > 0)
        self._right.setEnabled(0 <= index < count - 1)
        self._frames.setEnabled(index >= 0)
        if index >= 0:
            self._frames.blockSignals(True)
            self._frames.setValue(self._path.frames[index].frames)
            self._frames.blockSignals(False)

    # ---------------------------------------------------------------------------------------------- hands

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.index() >= 0:
            self._remove_chosen()
            return
        super().keyPressEvent(event)

    @Slot(int)
    def _choose(self, index: int) -> None:
        self.choose(index)
        self.chosen.emit(index)

    @Slot(int)
    def _follow_key(self, _index: int) -> None:
        """An arrow key moves the choice; the mouse only hovers."""
        self.choose(self._keys.index())

    @Slot()
    def _remove_chosen(self) -> None:
        self.edited.emit(tr("Take key frame out"), recipes.without_key(self._path, self.index()))

    @Slot()
    def _move_left(self) -> None:
        self.move_key(self.index(), self.index() - 1)

    @Slot()
    def _move_right(self) -> None:
        self.move_key(self.index(), self.index() + 1)

    def move_key(self, index: int, to: int) -> None:
        """Another place in the order; the choice goes along."""
        self._index = to
        self.edited.emit(tr("Move key frame"), recipes.with_key_moved(self._path, index, to))

    @Slot(int)
    def _pace(self, frames: int) -> None:
        if self.index() >= 0:
            text = tr("Frames of a key frame")
            self.edited.emit(text, recipes.with_key_frames(self._path, self.index(), frames))

    @Slot(bool)
    def set_loop(self, loop: bool) -> None:
        """Whether the last key frame leads back to the first."""
        self.edited.emit(tr("Loop"), dataclasses.replace(self._path, loop=loop))

    @Slot(int)
    def _interpolate(self, index: int) -> None:
        kind: Literal["slerp", "lerp"] = "lerp" if self._kind.itemData(index) == "lerp" else "slerp"
        self.edited.emit(tr("Interpolation"), dataclasses.replace(self._path, interpolation=kind))
