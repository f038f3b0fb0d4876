"""Files and folders at the window: dialogs, what is saved where, and what a person is told of it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSettings, QStandardPaths
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from engine import LIVE, KeepWeights, run_snapshot
from explorer import docks
from explorer.bridge import Bridge
from explorer.docks import Docks
from explorer.drops import DropError, Found, what_is
from explorer.opening import Opening, RecallError
from explorer.panel import Panel
from explorer.pictures import PictureError, write_png
from explorer.provenance import SNAPSHOT, STEP, of_run, panel_of
from explorer.roster import BY_KEY
from explorer.session import SUFFIX, SessionError, read_session, session_of, write_session
from explorer.text import tr
from explorer.widgets.card import Card

Picture = tuple[QImage, dict[str, str]]
HOMES = {"decision": "theory", "curves": "train", "codes": "codes", "codebook": "codes", "compare": "codes"}
"""The workspace in which a panel is shown where the present one has no place for it."""


class Filing:
    """Saves pictures and sessions, and opens whatever lies at a path; what fails is said on the card."""

    def __init__(
        self, parent: QWidget, bridge: Bridge, docks_: Docks, opening: Opening, card: Card, settings: QSettings
    ) -> None:
        self._parent, self._bridge, self._docks = parent, bridge, docks_
        self._opening, self._card, self._settings = opening, card, settings

    # ---------------------------------------------------------------------------------------------- saving

    def ask_and_save_picture(self, panel: Panel) -> None:
        saved = self._kept_picture(panel)  # before the dialog: training goes on behind it
        if saved is None:
            self._card.say(tr("There is no picture in {panel} to save.", panel=tr(panel.title)))
            return
        start = str(self._folder() / f"{panel.key}.png")
        file, _ = QFileDialog.getSaveFileName(self._parent, tr("Save the picture"), start, tr("PNG picture (*.png)"))
        if file:
            self._write(saved, Path(file))

    def save_picture(self, panel: Panel, file: Path) -> None:
        """Write a panel's picture with its metadata."""
        saved = self._kept_picture(panel)
        if saved is not None:
            self._write(saved, file)

    def _kept_picture(self, panel: Panel) -> Picture | None:
        """A panel's picture; the run keeps the weights behind one that the live model drew."""
        saved = panel.save_picture()
        if saved is None or saved[1].get(SNAPSHOT) != LIVE:
            return saved
        image, facts = saved
        path, step = self._bridge.state.live_run, int(facts[STEP])
        self._bridge.post(KeepWeights(path, step))
        return image, of_run(facts, run_snapshot(path, step))

    def _write(self, saved: Picture, file: Path) -> None:
        file = file.with_suffix(".png")
        try:
            write_png(*saved, file)
        except PictureError as error:
            self._card.fail("", str(error))
            return
        self._settings.setValue("folder", str(file.parent))
        self._card.say(tr("Saved {name}.", name=file.name))

    def ask_and_save_session(self) -> None:
        start = str(self._folder() / f"latent{SUFFIX}")
        kinds = tr("Session (*.session.json)")
        file, _ = QFileDialog.getSaveFileName(self._parent, tr("Save the session"), start, kinds)
        if file:
            self.save_session(Path(file))

    def save_session(self, file: Path) -> None:
        """Write what is on the desk now."""
        if not file.name.endswith(SUFFIX):
            file = file.with_name(file.name.removesuffix(".json") + SUFFIX)
        try:
            write_session(session_of(self._bridge.state, self._docks.workspace, self._opening.panels), file)
        except OSError as error:
            self._card.fail("", tr("{name} could not be written: {why}.", name=file.name, why=error.strerror))
            return
        self._settings.setValue("folder", str(file.parent))
        self._card.say(tr("Saved {name}.", name=file.name))

    # ---------------------------------------------------------------------------------------------- opening

    def ask_and_open_file(self) -> None:
        file, _ = QFileDialog.getOpenFileName(self._parent, tr("Open"), str(self._folder()))
        if file:
            self.open_path(Path(file))

    def ask_and_open_folder(self) -> None:
        title = tr("Open a run or a folder of pictures")
        folder = QFileDialog.getExistingDirectory(self._parent, title, str(self._folder()))
        if folder:
            self.open_path(Path(folder))

    def open_path(self, path: Path) -> None:
        """Open a run, data, a model, a session or a saved picture."""
        try:
            found = what_is(path)
            if found.kind == "session":
                self._open_session(path)
            else:
                self._opening.open_found(found)
                self._show_found(found)
        except (DropError, SessionError, RecallError) as error:
            self._card.fail("", str(error))

    def _open_session(self, file: Path) -> None:
        session = read_session(file)
        if session.workspace in docks.BY_NAME:
            self._docks.show_workspace(session.workspace)
        self._opening.open_session(session)

    def _show_found(self, found: Found) -> None:
        """Bring what was opened before the eyes."""
        if found.kind in ("run", "data") and self._docks.workspace == "explore":
            self._docks.show_workspace("train")
        if found.kind == "data":
            self._docks.show_panel("data")
        if found.kind == "picture":
            key = panel_of(found.facts)
            if not self._docks.dock(key).isVisible():
                self._docks.show_workspace(HOMES.get(key, "explore"))
            self._docks.show_panel(key)
            self._card.say(tr("{name} is open in {panel}.", name=found.path.name, panel=tr(BY_KEY[key].title)))

    def _folder(self) -> Path:
        """Where files were saved last, else the person's pictures."""
        pictures = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
        return Path(str(self._settings.value("folder", pictures)))
