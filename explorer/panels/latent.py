"""Walk through a latent space by hand: drag the picture, move coordinates and directions, play a path.

The picture lies on a plane of draws (`engine.Point`), so a drag is always valid; directions and coordinates come on
top. Reference: White 2016 (arXiv 1609.04468) for slerp.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

from PySide6.QtCore import QPoint, Qt, Slot
from PySide6.QtGui import QAction, QHideEvent, QImage, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QMenu, QSplitter, QVBoxLayout, QWidget

import engine
from engine import Event, Frame, Point, Walk
from explorer import recipes
from explorer.directions import Directions
from explorer.edits import new_gesture, push_edit
from explorer.explored import snapshot_title
from explorer.keyframes import KeyFrames
from explorer.motion import Motion
from explorer.panel import Desk, Panel
from explorer.provenance import points_facts, scatter_facts
from explorer.state import Action, ChooseSnapshot, SendToSlot, State, VisitPoint
from explorer.stored import stored_card, stored_samples
from explorer.text import mark, tr
from explorer.theme import GRID, SMALL
from explorer.widgets.elided import ElidedLabel
from explorer.widgets.latent_controls import FARTHEST_MOVE, LatentControls, with_moves
from explorer.widgets.place_view import PlaceView
from explorer.widgets.walk_bar import WalkBar

PICTURE, CLOUD = "latent.picture", "latent.cloud"  # channels
DRAWS_PER_PICTURE = 1.5  # how far a drag over the whole picture goes on the plane
SIGMAS_PER_PICTURE = 3.0  # the same along two directions, where the place is not on the plane
CLOUD_SAMPLES = 256
NARROW = 560  # px
SPLIT = (600, 380)  # px: picture, controls
SEND_TO = ("A", "B", "C", "D")


class LatentPanel(Panel):
    """One large picture that the hand moves, the sliders of its latent, and a path of key frames."""

    key: ClassVar[str] = "latent"
    title: ClassVar[str] = mark("Latent")
    needs: ClassVar[tuple[str, ...]] = ("latent",)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self._point = Point(seed=engine.GRID_SEED)
        self._snapshot = ""
        self._info: engine.SnapshotInfo | None = None
        self._frame: Frame | None = None
        self._newest: dict[str, int] = {}
        self._waits_for = 0  # the number of the newest request for the picture
        self._gesture: int | None = None
        self._on_path = False  # the picture is a moment of the path, not the point
        self._touched = False
        self._motion = Motion(self._has_answer, self)
        self._motion.wandered.connect(self._wander_to)
        self._motion.reached.connect(self._reach)
        self._build()
        self._motion.changed.connect(self._walk.show_playing)
        self._controls.show_point(self._point)
        self._show_stored()

    # ---------------------------------------------------------------------------------------------- layout

    def _build(self) -> None:
        self._view = PlaceView()
        self._view.dragStarted.connect(self._start_gesture)
        self._view.dragged.connect(self._drag_picture)
        self._view.dragEnded.connect(self._end_gesture)
        self._view.menuWanted.connect(self._menu)
        self._caption = ElidedLabel(size=SMALL, muted=True)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(GRID, GRID, 0, GRID)
        column.setSpacing(4)
        column.addWidget(self._view, 1)
        column.addWidget(self._caption)
        column.addWidget(self._build_walk())
        split = self._split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(left)
        split.addWidget(self._build_controls())
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        split.setChildrenCollapsible(False)
        split.setSizes(list(SPLIT))
        split.setMinimumWidth(self._controls.minimumWidth())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(split)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where both do not fit beside each other, the controls lie below the picture."""
        super().resizeEvent(event)
        beside = self.width() >= NARROW or self.height() < self.width()
        self._split.setOrientation(Qt.Orientation.Horizontal if beside else Qt.Orientation.Vertical)

    def _build_walk(self) -> WalkBar:
        self._walk = WalkBar()
        self._walk.played.connect(self.play)
        self._walk.sought.connect(self._seek)
        self._keys = KeyFrames(self.desk, self._walk, self._shown_point)
        self._keys.changed.connect(self._follow_path)
        self._keys.shown.connect(self._show_key)
        return self._walk

    def _build_controls(self) -> LatentControls:
        self._controls = LatentControls()
        self._controls.edited.connect(self._edit)
        self._controls.started.connect(self._start_gesture)
        self._controls.finished.connect(self._end_gesture)
        self._controls.picked.connect(self._choose_snapshot)
        self._directions = Directions(self.desk, self._controls)
        self._directions.changed.connect(self._request_moved)
        return self._controls

    def _show_stored(self) -> None:
        """The picture at the first place as the bundled model made it once, until the engine can draw."""
        first = self.desk.state().ready is None
        card, stored = (stored_card(), stored_samples()) if first else (None, None)
        if card is not None and stored is not None:
            self._controls.show_space(engine.LatentInfo(card["knobs"]["z_size"], "normal"), {})
            self._view.show_sample(stored)
            self._caption.setText(tr("A stored sample; the engine is starting"))

    # ---------------------------------------------------------------------------------------------- what is shown

    def point(self) -> Point:
        """The place that the hand holds."""
        return self._point

    def _shown_point(self) -> Point:
        """The point, or the latent of the moment of the path that is shown."""
        if not self._on_path or self._frame is None:
            return self._point
        frames = self.path().frames
        return Point(z=tuple(self._frame.z_NZ[0].tolist()), condition=frames[0].point.condition if frames else ())

    def path(self) -> Walk:
        """The key frames."""
        return self._keys.path()

    def moving(self) -> bool:
        """Whether the picture walks by itself or along the path."""
        return self._motion.on

    def show_state(self, state: State, changed: frozenset[str]) -> None:
        if changed & {"ready", "snapshots", "opened", "training", "explored", "at_step", "snapshot_steps", "live_step"}:
            self._controls.show_choices(state)
        if changed & {"snapshots", "explored", "at_step", "run", "snapshot_steps"}:
            self._show_snapshot(state)
        self._directions.show_state(state, changed)
        if "jobs" in changed:
            self._keys.show_state(state)
        if "train" in changed:
            running = state.train is not None and state.train.phase == "running"
            self._motion.set_pace(training=running)
        if "live_step" in changed and self._snapshot == engine.LIVE and not self.moving():
            self._request()

    def _show_snapshot(self, state: State) -> None:
        snapshot = self.snapshot(state)
        info = state.snapshots.get(snapshot)
        if snapshot != self._snapshot:
            self._snapshot = snapshot
            self._newest.clear()
            self._waits_for = 0
            if snapshot and info is None and state.ready is not None:
                self.desk.post(engine.OpenSnapshot(snapshot))
        elif info is self._info:
            return
        self._info = info or self._info
        if self._info is not None:
            self._show_space(self._info)
        self._directions.explore(snapshot)
        self._find_later()
        self._request()
        self._keys.explore(snapshot, self._info)
        self._keys.request_thumbnails()
        self._request_cloud()
        if info is not None and not self._touched:
            self._touched = True
            self._start_wander()

    def _show_space(self, info: engine.SnapshotInfo) -> None:
        if info.latent is not None:
            self._controls.show_space(info.latent, info.conditions)
            self._view.show_kind(points=len(info.shape) == 1)

    # ---------------------------------------------------------------------------------------------- edits

    @Slot(str, object)
    def _edit(self, text: str, point: Point) -> None:
        """Every change of the place by a hand. A hand stops what moves by itself."""
        self._stop()
        push_edit(self.desk.undo, text, self._point, point, self._apply, self._gesture)

    def _apply(self, point: Point) -> None:
        self._stop()
        self._point = point
        self._controls.show_point(point)
        self._request()

    def _hold(self) -> Point:
        """The place that is shown, standing still: what an edit starts from."""
        self._stop()
        return self._point

    @Slot()
    def _start_gesture(self) -> None:
        self._stop()
        self._gesture = new_gesture()

    @Slot()
    def _end_gesture(self) -> None:
        self._gesture = None

    @Slot(float, float)
    def _drag_picture(self, dx: float, dy: float) -> None:
        """The picture is pulled along: its left neighbour comes in from the left."""
        point = self._point
        if point.z is not None:
            self._drag_off_plane(dx * SIGMAS_PER_PICTURE, dy * SIGMAS_PER_PICTURE)
            return
        place = dataclasses.replace(point, x=point.x - dx * DRAWS_PER_PICTURE, y=point.y - dy * DRAWS_PER_PICTURE)
        self._edit(tr("Walk on the seed plane"), place)

    def _drag_off_plane(self, dx: float, dy: float) -> None:
        """A place that came from an arithmetic has no plane around it: two principal components stand in."""
        if not {"pca:0", "pca:1"} <= self._directions.names():
            self._caption.setText(tr("This place is not on the seed plane; look for directions to drag along them."))
            return
        amounts = {move.direction: move.amount for move in self._point.moves}
        changes = {}
        for name, change in (("pca:0", dx), ("pca:1", -dy)):
            changes[name] = min(max(amounts.get(name, 0.0) + change, -FARTHEST_MOVE), FARTHEST_MOVE)
        self._edit(tr("Walk along PCA 1 and 2"), with_moves(self._point, changes))

    @Slot()
    def new_latent(self) -> None:
        """The key N: another draw. Directions and condition stay, so the same change is seen on another sample."""
        self._controls.new_latent()

    # ---------------------------------------------------------------------------------------------- motion

    @Slot(bool)
    def play(self, on: bool) -> None:
        """Walk along the key frames where there are two, else over the plane; or stand still."""
        self._touched = True
        if not on:
            self._stop()
        elif len(self.path().frames) > 1:
            self._stop()
            self._motion.follow()
        else:
            self._start_wander()

    def _start_wander(self) -> None:
        if self._info is None or self._info.latent is None:
            return
        self._stop()
        if self._point.z is not None:
            self._point = dataclasses.replace(self._point, z=None)
        self._on_path = False
        self._motion.wander(self._point.x)

    def _stop(self) -> None:
        """Stand still where the picture is: the hand goes on from there."""
        self._motion.stop()
        if self._on_path and self._frame is not None:
            self._point = self._shown_point()
            self._controls.show_point(self._point)
        self._on_path = False

    def _has_answer(self) -> bool:
        """Whether the picture that was asked for last is there."""
        return self._waits_for <= self._newest.get(PICTURE, 0)

    @Slot(float)
    def _wander_to(self, x: float) -> None:
        self._point = dataclasses.replace(self._point, x=x)
        self._controls.show_place(self._point)
        self._request()

    @Slot(float)
    def _reach(self, t: float) -> None:
        self._walk.show_time(t)
        self._request_moment()

    @Slot(float)
    def _seek(self, t: float) -> None:
        """Look at one moment of the path."""
        self._motion.stop()
        self._motion.t = t
        self._request_moment()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._motion.wake()
        self._find_later()
        self._request()
        self._keys.request_thumbnails()
        self._request_cloud()

    def hideEvent(self, event: QHideEvent) -> None:
        self._motion.rest()
        self._directions.rest()
        super().hideEvent(event)

    # ---------------------------------------------------------------------------------------------- key frames

    @Slot(object, object)
    def _follow_path(self, before: Walk, path: Walk) -> None:
        self._motion.set_path(path)
        if len(path.frames) < 2 and (self._motion.follows_path or self._on_path):
            self._stop()
        elif self._on_path and before.interpolation != path.interpolation:
            self._request_moment()

    @Slot(object)
    def _show_key(self, point: Point) -> None:
        self._on_path = False
        self._edit(tr("Show key frame"), point)

    # ---------------------------------------------------------------------------------------------- requests

    def _can_ask(self) -> bool:
        return bool(self._snapshot) and self.isVisible() and self.desk.state().ready is not None

    def _request(self) -> None:
        """Ask for the picture at the point."""
        if self._on_path:
            self._request_moment()
        elif self._can_ask():
            self._waits_for = self.desk.number()
            point = self._directions.known(self._point)
            self.desk.post(engine.DrawPoints(PICTURE, self._waits_for, self._snapshot, (point,)))

    def _request_moment(self) -> None:
        """Ask for the picture at a moment of the path."""
        if len(self.path().frames) > 1 and self._can_ask():
            self._on_path = True
            self._waits_for = self.desk.number()
            self.desk.post(
                engine.DrawWalk(PICTURE, self._waits_for, self._snapshot, self._keys.sendable(), self._motion.t)
            )

    def _request_cloud(self) -> None:
        """Samples of a point model, for the one that is held to be seen among them."""
        if self._info is not None and len(self._info.shape) == 1 and self._can_ask():
            points = tuple(Point(seed=engine.GRID_SEED, x=float(k)) for k in range(CLOUD_SAMPLES))
            self.desk.post(engine.DrawPoints(CLOUD, self.desk.number(), self._snapshot, points))

    def _find_later(self) -> None:
        if self.isVisible():
            self._directions.find_later()

    @Slot()
    def _request_moved(self) -> None:
        """Once more what lies along directions, which have come or gone."""
        if self._point.moves:
            self._request()
        if any(key.point.moves for key in self.path().frames):
            self._keys.request_thumbnails()

    # ---------------------------------------------------------------------------------------------- answers

    def take(self, event: Event | Action) -> None:
        self._keys.take(event)
        self._directions.take(event)
        if isinstance(event, Frame) and event.channel in (PICTURE, CLOUD):
            self._take_frame(event)
        elif isinstance(event, VisitPoint):
            self._touched = True
            self._edit(tr("Visit a sample"), event.point)
        elif isinstance(event, engine.Failed) and event.channel == PICTURE:
            self._take_failure(event)

    def _take_frame(self, frame: Frame) -> None:
        if frame.snapshot != self._snapshot or frame.number < self._newest.get(frame.channel, 0):
            return
        self._newest[frame.channel] = frame.number
        if frame.channel == CLOUD:
            self._view.points.set_points(frame.samples)
        else:
            self._show_frame(frame)

    def _show_frame(self, frame: Frame) -> None:
        self._frame = frame
        self._view.show_sample(frame.samples)
        self._controls.show_z(frame.z_NZ[0].tolist(), {} if self._on_path else dict(self._point.edits))
        title = snapshot_title(self.desk.state(), frame.snapshot)
        self._caption.say(tr("{model} · {time} ms", model=title, time=f"{frame.milliseconds:.1f}"))

    def _take_failure(self, event: engine.Failed) -> None:
        """A picture that could not be drawn: say why; directions that were let go are looked for once more."""
        self._newest[PICTURE] = self._waits_for
        self._caption.setText(event.reason)
        if self._point.moves:
            self._directions.find_again()

    # ---------------------------------------------------------------------------------------------- sending on

    @Slot(str)
    def _choose_snapshot(self, snapshot: str) -> None:
        if snapshot not in self.desk.state().snapshots:
            self.desk.post(engine.OpenSnapshot(snapshot))
        self.desk.act(ChooseSnapshot(snapshot))

    @Slot(object)
    def _menu(self, place: QPoint) -> None:
        self.make_menu().popup(place)

    def make_menu(self) -> QMenu:
        """Where the place can go: a slot of Arithmetic."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for name in SEND_TO:
            send = QAction(tr("Put into slot {name}", name=name), menu)
            send.setData(name)
            menu.addAction(send)
        menu.triggered.connect(self._send)
        return menu

    @Slot(QAction)
    def _send(self, action: QAction) -> None:
        self.desk.act(SendToSlot(self._shown_point(), str(action.data())))

    # ---------------------------------------------------------------------------------------------- sessions

    def remember(self) -> Mapping[str, Any]:
        """What a session keeps of this panel."""
        return {"point": engine.to_plain(self._point), "path": engine.to_plain(self.path())}

    def recall(self, kept: Mapping[str, Any]) -> None:
        """Bring back what `remember` gave, or a point or a walk alone; what is neither gets a sentence."""
        self._touched = True
        try:
            point = engine.point_from_plain(kept["point"]) if "point" in kept else self._hold()
            path = recipes.path_from_plain(kept["path"]) if "path" in kept else self.path()
        except ValueError as error:
            self._caption.setText(str(error))
            return
        self._edit(tr("Open a place"), point)
        self._keys.edit(tr("Open a walk"), path)

    # ---------------------------------------------------------------------------------------------- keys of the window

    def present(self, on: bool) -> None:
        """On a projector only the picture."""
        for widget in (self._controls, self._walk, self._caption):
            widget.setVisible(not on)
        self._keys.request_thumbnails()

    def reset_view(self) -> None:
        self._view.reset_view()

    def _kept_point(self, frame: Frame) -> Point:
        """The point as a picture keeps it. A direction that a person made is known to this home alone, so a point that
        was moved along one is kept as its latent."""
        point = self._directions.known(self._shown_point())
        if self._directions.moves_along_own(point):
            return Point(z=tuple(frame.z_NZ[0].tolist()), condition=point.condition)
        return point

    def save_picture(self) -> tuple[QImage, dict[str, str]] | None:
        """The picture at its own size; a moment of a walk is saved as its latent."""
        if self._frame is None:
            return None
        point = self._kept_point(self._frame)
        if self._view.shows_points():
            cloud = [Point(seed=engine.GRID_SEED, x=float(k)) for k in range(self._view.points.count())]
            facts = scatter_facts(self._frame.snapshot, self._frame.step, cloud, point)
            return self._view.points.grab().toImage(), facts
        image = self._view.canvas.image()
        if image is None:
            return None
        return image, points_facts(self._frame.snapshot, self._frame.step, [point])
