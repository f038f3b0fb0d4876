"""The path of key frames that a walk goes along: put in order with undo, shown as thumbnails, written as a film."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QFileDialog

import engine
from engine import Event, Frame, KeyFrame, Point, SnapshotInfo, Walk
from explorer import recipes
from explorer.edits import push_edit
from explorer.explored import directions_of
from explorer.motion import FRAMES_PER_S
from explorer.panel import Desk
from explorer.state import Action, State
from explorer.text import tr
from explorer.widgets.walk_bar import WalkBar

KEYS, EXPORT = "latent.keys", "latent.export"  # channel, job
EXPORT_PX = 256


class KeyFrames(QObject):
    """Holds the path behind a `WalkBar`, and asks the engine for its thumbnails and its film.

    `place()` is the point that becomes the next key frame. `changed(before, after)` follows every edit and undo of the
    path, `shown(point)` asks to look at a key frame.
    """

    changed = Signal(object, object)
    shown = Signal(object)

    def __init__(self, desk: Desk, bar: WalkBar, place: Callable[[], Point]) -> None:
        super().__init__(bar)
        self._desk = desk
        self._bar = bar
        self._place = place
        self._path = Walk(())
        self._snapshot = ""
        self._height = EXPORT_PX
        self._newest = 0
        bar.added.connect(self.add)
        bar.edited.connect(self.edit)
        bar.chosen.connect(self._show_key)
        bar.exported.connect(self._ask_file)
        bar.cancelled.connect(self._cancel_export)

    def path(self) -> Walk:
        return self._path

    def sendable(self) -> Walk:
        """The path without moves along directions that the snapshot does not have."""
        known = {each.name for each in directions_of(self._desk.state(), self._snapshot)}
        keys = tuple(dataclasses.replace(k, point=recipes.known_moves(k.point, known)) for k in self._path.frames)
        return dataclasses.replace(self._path, frames=keys)

    # ---------------------------------------------------------------------------------------------- edits

    @Slot(str, object)
    def edit(self, text: str, path: Walk) -> None:
        """Another path, as one step of undo."""
        push_edit(self._desk.undo, text, self._path, path, self._apply)

    def _apply(self, path: Walk) -> None:
        before, self._path = self._path, path
        self._bar.show_path(path)
        if [key.point for key in before.frames] != [key.point for key in path.frames]:
            self.request_thumbnails()
        self.changed.emit(before, path)

    @Slot()
    def add(self) -> None:
        """The place that is shown becomes a stop, behind the chosen one."""
        index = self._bar.index() + 1 if self._bar.index() >= 0 else len(self._path.frames)
        self.edit(tr("Add key frame"), recipes.with_key(self._path, index, KeyFrame(self._place())))
        self._bar.choose(index)

    @Slot(int)
    def _show_key(self, index: int) -> None:
        self.shown.emit(self._path.frames[index].point)

    # ---------------------------------------------------------------------------------------------- what is explored

    def explore(self, snapshot: str, info: SnapshotInfo | None) -> None:
        """The snapshot that draws the path from now on."""
        if snapshot != self._snapshot:
            self._newest = 0
        self._snapshot = snapshot
        if info is not None:
            self._height = info.shape[0]

    def request_thumbnails(self) -> None:
        """Ask for the pictures of the key frames, where anyone sees them."""
        points = tuple(key.point for key in self.sendable().frames)
        if points and self._snapshot and self._bar.isVisible() and self._desk.state().ready is not None:
            self._desk.post(engine.DrawPoints(KEYS, self._desk.number(), self._snapshot, points))

    # ---------------------------------------------------------------------------------------------- film

    @Slot()
    def _ask_file(self) -> None:
        dialog = QFileDialog(self._bar, tr("Write the walk"), "walk.gif", tr("Animations (*.gif *.webp)"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("gif")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.export_to)
        dialog.open()

    @Slot(str)
    def export_to(self, file: str) -> None:
        """Write the walk as GIF or WebP, by the suffix of the name."""
        if Path(file).suffix.lower() not in (".gif", ".webp"):
            self._bar.say(tr("A walk is written as .gif or .webp; choose such a name."))
            return
        scale = max(1, EXPORT_PX // self._height)
        self._desk.post(engine.ExportWalk(EXPORT, self._snapshot, self.sendable(), file, scale, FRAMES_PER_S))

    @Slot()
    def _cancel_export(self) -> None:
        self._desk.post(engine.CancelJob(EXPORT))

    # ---------------------------------------------------------------------------------------------- answers

    def show_state(self, state: State) -> None:
        """The export that runs."""
        self._bar.show_job(state.jobs.get(EXPORT))

    def take(self, event: Event | Action) -> None:
        if isinstance(event, Frame) and event.channel == KEYS:
            self._take_thumbnails(event)
        elif isinstance(event, engine.JobDone) and event.job == EXPORT:
            self._bar.say(event.text)
        elif isinstance(event, engine.JobCancelled) and event.job == EXPORT:
            self._bar.say(tr("Stopped; no file was written."))
        elif isinstance(event, engine.Failed) and event.job == EXPORT:
            self._bar.say(event.reason)

    def _take_thumbnails(self, frame: Frame) -> None:
        if frame.snapshot == self._snapshot and frame.number >= self._newest:
            self._newest = frame.number
            self._bar.show_thumbs(frame.samples if frame.samples.ndim == 4 else None)
