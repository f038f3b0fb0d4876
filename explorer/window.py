"""The window: panels in docks, the bar on top, the scrubber below, menus and keys; it draws nothing itself."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, runtime_checkable

from PySide6.QtCore import QEvent, QSettings, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import (
    QCloseEvent,
    QCursor,
    QDragEnterEvent,
    QDropEvent,
    QKeyEvent,
    QPaintEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLineEdit,
    QMainWindow,
    QVBoxLayout,
    QWidget,
)

import engine
from engine import __version__
from explorer import docks, theme
from explorer.bridge import Bridge
from explorer.docks import Docks
from explorer.filing import Filing
from explorer.launch import start_command
from explorer.menus import Menus
from explorer.needs import HeldPanel
from explorer.opening import Opening
from explorer.panel import Panel
from explorer.panels.transport import TransportPanel
from explorer.roster import FirstPicture, Panels
from explorer.session import Session, SessionError, session_from, session_of, session_text
from explorer.state import Scrub
from explorer.statusline import StatusLine
from explorer.text import tr
from explorer.widgets.card import Card
from explorer.widgets.hairline import hairline
from explorer.widgets.scrubber import Scrubber

SIZE = QSize(1280, 800)
SMALLEST = QSize(800, 480)
CLOSING_S = 10.0
BEFORE_PANELS_MS, BETWEEN_PANELS_MS = 400, 60  # what is moved first must not wait for them


@runtime_checkable
class Selects(Protocol):
    """A panel with a selection that Esc clears; it says whether there was one."""

    def clear_selection(self) -> bool: ...


@runtime_checkable
class DrawsAnew(Protocol):
    """A panel that shows one place in latent space and can take another draw."""

    def new_latent(self) -> None: ...


class MainWindow(QMainWindow):
    """Everything a person sees. `painted` comes once, with the first paint: only then is the engine begun."""

    painted = Signal()

    def __init__(self, bridge: Bridge, look: theme.Theme, settings: QSettings) -> None:
        super().__init__()
        self.bridge, self.look, self._settings = bridge, look, settings
        self.setWindowTitle(tr("Latent Explorer"))
        self.setObjectName("window")
        self.setAcceptDrops(True)
        self.panels = Panels(bridge.desk, self._take_in)
        self.transport = TransportPanel(bridge.desk)
        self.scrubber = Scrubber(bridge.desk)
        self.status = StatusLine(self)
        self.setStatusBar(self.status)
        self._ground = QMainWindow(self, Qt.WindowType.Widget)  # what the panels dock in
        self._ground.setMinimumSize(SMALLEST)  # so that no change of layout makes the window grow
        self.docks = Docks(self._ground, self.panels, settings)
        self.setCentralWidget(self._lay_out())
        self.card = Card(self, above=self.status)
        self.opening = Opening(bridge.desk, self.panels.values(), self._last_desk())
        self.filing = Filing(self, bridge, self.docks, self.opening, self.card, settings)
        self.menus = Menus(self, self.docks, bridge.undo, look, settings)
        self._was_painted = False
        self._by_keys = False  # the focus came by keys, not by the mouse or with the window
        self._was_maximized = False
        self._focused: Panel | None = None
        self._connect()
        self._place_window()

    def _last_desk(self) -> Session | None:
        """What was on the desk when the window was closed; None at the first launch."""
        kept = self._settings.value("desk")
        if not kept:
            return None
        try:
            return session_from(str(kept), tr("The desk of last time"))
        except SessionError as error:
            self.card.say(str(error))
            return None

    def _take_in(self, panel: Panel) -> None:
        """A panel was made: into its dock, and let it hear of everything from now on."""
        held = HeldPanel(panel)
        self.docks.take_in(panel.key, held)
        self.bridge.listen(held)
        if self.docks.presenting:
            panel.present(True)

    def _make_later(self) -> None:
        QTimer.singleShot(BEFORE_PANELS_MS, self, self.make_panels)

    @Slot()
    def make_panels(self) -> None:
        """Make the panels that nobody has looked at yet, one in each turn of the event loop."""
        if self.panels.make_next():
            QTimer.singleShot(BETWEEN_PANELS_MS, self, self.make_panels)

    def _lay_out(self) -> QWidget:
        """The bar on top, the panels, the scrubber."""
        whole = QWidget()
        layout = QVBoxLayout(whole)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(hairline())
        layout.addWidget(self.transport)
        layout.addWidget(hairline())
        layout.addWidget(self._ground, 1)
        layout.addWidget(hairline())
        layout.addWidget(self.scrubber)
        return whole

    def _connect(self) -> None:
        for listener in (self.transport, self.scrubber, self.status, self.opening, FirstPicture(self._make_later)):
            self.bridge.listen(listener)
        self.bridge.failed.connect(self._show_failure)
        self.bridge.noticed.connect(self.card.say)
        self.status.cancelled.connect(self.cancel)
        self.card.kept.connect(self._offer_history)
        self.status.asked.connect(self.card.repeat)
        self.menus.about.connect(self._about)
        self.docks.switched.connect(self._show_switched)
        QApplication.instance().focusChanged.connect(self._follow_focus)  # type: ignore[union-attr]

    def _place_window(self) -> None:
        """As the window was left; the first time as large as the screen allows up to 1280x800."""
        geometry = self._settings.value("geometry")
        if geometry is None or not self.restoreGeometry(geometry):
            self.resize(SIZE.boundedTo(self.screen().availableSize()))
        workspace = str(self._settings.value("workspace", docks.FIRST))
        self.docks.show_workspace(workspace if workspace in docks.BY_NAME else docks.FIRST)

    # ---------------------------------------------------------------------------------------------- what the keys do

    @Slot()
    def toggle_run(self) -> None:
        self.transport.toggle()

    @Slot()
    def new_run(self) -> None:
        self.bridge.post(start_command(self.bridge.state))

    @Slot()
    def step_once(self) -> None:
        self.transport.step_both()

    @Slot()
    def step_d(self) -> None:
        self.transport.step_phase("D")

    @Slot()
    def step_g(self) -> None:
        self.transport.step_phase("G")

    @Slot()
    def roll_back(self) -> None:
        """Lose what the training did since its last checkpoint; it stands there, paused."""
        self._post_to_training(engine.RollBack())

    @Slot()
    def save_checkpoint(self) -> None:
        self._post_to_training(engine.SaveCheckpoint())

    def _post_to_training(self, command: engine.RollBack | engine.SaveCheckpoint) -> None:
        if self.bridge.state.training:
            self.bridge.post(command)
        else:
            self.card.say(tr("No run is open for training; start one, or resume one in Runs."))

    @Slot()
    def show_train(self) -> None:
        self.docks.show_workspace("train")

    @Slot()
    def show_explore(self) -> None:
        self.docks.show_workspace("explore")

    @Slot()
    def show_codes(self) -> None:
        self.docks.show_workspace("codes")

    @Slot()
    def show_theory(self) -> None:
        self.docks.show_workspace("theory")

    @Slot()
    def reset_view(self) -> None:
        """The view under the cursor, never a run or a latent."""
        self._panel_at_hand().reset_view()

    @Slot()
    def new_latent(self) -> None:
        latent = self.panels["latent"]
        assert isinstance(latent, DrawsAnew)
        latent.new_latent()

    @Slot()
    def undo(self) -> None:
        self.bridge.undo.undo()

    @Slot()
    def redo(self) -> None:
        self.bridge.undo.redo()

    @Slot()
    def cancel(self) -> None:
        """Leave a text field; else cancel the jobs; where there is none, close the card, clear a selection, leave
        presentation. Never quits."""
        jobs = self.bridge.state.jobs
        if _is_text_field(QApplication.focusWidget()):
            self._ground.setFocus(Qt.FocusReason.OtherFocusReason)
        elif jobs:
            for job in jobs:
                self.bridge.post(engine.CancelJob(job))
        elif self.card.isVisible():
            self.card.hide()
        elif not self._clear_selection() and self.docks.presenting:
            self.present()

    def _clear_selection(self) -> bool:
        cleared = [panel.clear_selection() for panel in self.panels.made() if isinstance(panel, Selects)]
        if not any(cleared) and self.bridge.state.at_step is not None:
            self.bridge.act(Scrub(None))
            return True
        return any(cleared)

    @Slot()
    def present(self) -> None:
        """Full screen, big type, only the pictures and the bar on top; the same key brings everything back."""
        on = not self.docks.presenting
        self.docks.present(on)
        for panel in (self.transport, *self.panels.made()):
            panel.present(on)
        for widget in (self.menuBar(), self.status, self.scrubber):
            widget.setVisible(not on)
        self.look.set_scale(theme.presentation_scale(self.screen().size().height()) if on else 1.0)
        if on:
            self._was_maximized = self.isMaximized()
            self.showFullScreen()
        elif self._was_maximized:
            self.showMaximized()
        else:
            self.showNormal()

    @Slot()
    def show_keys(self) -> None:
        self.menus.show_keys()

    @Slot()
    def _about(self) -> None:
        self.card.say(tr("Latent Explorer {version}. MIT licence.", version=__version__))

    # ---------------------------------------------------------------------------------------------- files

    @Slot()
    def save_picture(self) -> None:
        """The focused panel's picture as a PNG that says how to make it again."""
        self.filing.ask_and_save_picture(self._panel_at_hand())

    @Slot()
    def save_session(self) -> None:
        self.filing.ask_and_save_session()

    @Slot()
    def open_session(self) -> None:
        self.filing.ask_and_open_file()

    @Slot()
    def open_folder(self) -> None:
        self.filing.ask_and_open_folder()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        for url in event.mimeData().urls():
            if url.isLocalFile():
                self.filing.open_path(Path(url.toLocalFile()))
        event.acceptProposedAction()

    # ---------------------------------------------------------------------------------------------- the window itself

    def _panel_at_hand(self) -> Panel:
        """The panel under the cursor, else the one that had the focus last."""
        under = QApplication.widgetAt(QCursor.pos())
        return _panel_of(under) or self._focused or self.panels["samples"]

    @Slot(QWidget, QWidget)
    def _follow_focus(self, _before: QWidget | None, now: QWidget | None) -> None:
        # A button that was clicked must not take the next Space; one that was reached with Tab must.
        self._by_keys = QApplication.mouseButtons() == Qt.MouseButton.NoButton
        panel = _panel_of(now)
        if panel is not None and panel in self.panels.made():
            self._focused = panel

    @Slot(str)
    def _show_switched(self, name: str) -> None:
        self.menus.actions[f"show_{name}"].setChecked(True)
        self._ground.setFocus(Qt.FocusReason.OtherFocusReason)  # else a button gets it from the panel that went
        for panel in self.panels.made():
            panel.present(self.docks.presenting)

    @Slot()
    def _offer_history(self) -> None:
        self.status.show_history(self.card.history)

    @Slot(object)
    def _show_failure(self, failure: engine.Failed) -> None:
        state = self.bridge.state
        trains = bool(state.training) or (state.train is not None and state.train.phase == "failed")
        passing = bool(failure.channel or failure.job) or not trains  # what may be of training or saving must be read
        self.card.fail(failure.doing, failure.reason, failure.details, passing=passing)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and self._by_keys and _presses_button(event):
            event.accept()  # Space presses the button that was reached with Tab
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._was_painted:
            self._was_painted = True
            self.painted.emit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._ground.setFocus(
            Qt.FocusReason.OtherFocusReason
        )  # else Qt gives the focus, and Space, to the first button

    def _desk_text(self) -> str:
        return session_text(session_of(self.bridge.state, self.docks.workspace, self.panels.made()))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Keep the layout, hide, and let the engine end: training with a checkpoint."""
        if self.docks.presenting:
            self.present()
        self.docks.keep()
        self._settings.setValue("geometry", self.saveGeometry())
        self._settings.setValue("workspace", self.docks.workspace)
        if self.bridge.state.ready is not None:
            self._settings.setValue("desk", self._desk_text())
        self._settings.sync()
        self.hide()
        self.bridge.stop(CLOSING_S)
        self.menus.close()
        event.accept()


def _panel_of(widget: QWidget | None) -> Panel | None:
    while widget is not None and not isinstance(widget, Panel):
        widget = widget.parentWidget()
    return widget


def _is_text_field(widget: QWidget | None) -> bool:
    return isinstance(widget, QLineEdit) or (isinstance(widget, QComboBox) and widget.isEditable())


def _presses_button(event: QEvent) -> bool:
    return (
        isinstance(event, QKeyEvent)
        and event.key() == Qt.Key.Key_Space
        and isinstance(QApplication.focusWidget(), QAbstractButton)
    )
