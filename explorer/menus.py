"""What the window offers by name: an action on every key, and the menus that hold them."""

from __future__ import annotations

from PySide6.QtCore import QObject, QSettings, Qt, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup, QUndoStack
from PySide6.QtWidgets import QMainWindow, QMenu

from explorer import docks, theme
from explorer.docks import Docks
from explorer.keys import KEYS, KeyMap
from explorer.keysheet import KeySheet
from explorer.text import tr

REPEATING = ("step_once", "step_d", "step_g", "undo", "redo")  # while the key is held


class Menus(QObject):
    """The actions by name, each the slot of the window that has its name; and the menu bar."""

    about = Signal()

    def __init__(
        self, window: QMainWindow, docks_: Docks, undo: QUndoStack, look: theme.Theme, settings: QSettings
    ) -> None:
        super().__init__(window)
        self._window, self._docks, self._stack, self._look = window, docks_, undo, look
        self._keys = KeyMap(settings)
        self.actions: dict[str, QAction] = {}
        self._closed = False
        self._make_actions()
        self._follow_undo()
        self._fill()

    def _make_actions(self) -> None:
        for key in KEYS:
            action = QAction(tr(key.title), self._window)
            action.setAutoRepeat(key.name in REPEATING)
            if key.icon:
                theme.set_icon(action, key.icon)
            action.triggered.connect(getattr(self._window, key.name))
            self.actions[key.name] = action
            self._window.addAction(action)
        self._take_keys()

    @Slot()
    def _take_keys(self) -> None:
        for name, action in self.actions.items():
            action.setShortcuts(self._keys.sequences(name))

    def show_keys(self) -> None:
        """All keys on a sheet, where they can be changed."""
        sheet = KeySheet(self._keys, self._window)
        sheet.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        sheet.changed.connect(self._take_keys)
        sheet.open()

    # ---------------------------------------------------------------------------------------------- undo

    def _follow_undo(self) -> None:
        stack = self._stack
        for name, able, text in (
            ("undo", stack.canUndoChanged, stack.undoTextChanged),
            ("redo", stack.canRedoChanged, stack.redoTextChanged),
        ):
            self.actions[name].setEnabled(False)
            able.connect(self.actions[name].setEnabled)
            text.connect(self._name_undo)

    @Slot()
    def _name_undo(self) -> None:
        if self._closed:  # the stack speaks once more while it is destroyed
            return
        self.actions["undo"].setText(tr("Undo {edit}", edit=self._stack.undoText()).strip())
        self.actions["redo"].setText(tr("Redo {edit}", edit=self._stack.redoText()).strip())

    def close(self) -> None:
        """The window has closed: hear the stack no more."""
        self._closed = True

    # ---------------------------------------------------------------------------------------------- menus

    def _fill(self) -> None:
        self._menu(tr("File"), ("open_session", "open_folder", "", "save_session", "save_picture", "", "close"))
        self._menu(tr("Edit"), ("undo", "redo", "", "new_latent", "cancel"))
        steps, saving = ("step_once", "step_d", "step_g"), ("save_checkpoint", "roll_back")
        self._menu(tr("Run"), ("toggle_run", "new_run", "", *steps, "", *saving))
        view = self._menu(tr("View"), (*(f"show_{each.name}" for each in docks.WORKSPACES), ""))
        workspaces = QActionGroup(self)
        for workspace in docks.WORKSPACES:
            action = self.actions[f"show_{workspace.name}"]
            action.setCheckable(True)
            workspaces.addAction(action)
        panels = view.addMenu(tr("Panels"))
        panels.addActions(self._docks.toggles())
        view.addMenu(self._theme_menu(view))
        view.addSeparator()
        view.addActions([self.actions["reset_view"], self.actions["present"]])
        again = view.addAction(tr("Layouts as delivered"))
        again.triggered.connect(self._docks.forget)
        help_menu = self._menu(tr("Help"), ("show_keys",))
        help_menu.addAction(tr("About")).triggered.connect(self.about)

    def _menu(self, title: str, names: tuple[str, ...]) -> QMenu:
        menu = self._window.menuBar().addMenu(title)
        for name in names:
            if name:
                menu.addAction(self.actions[name])
            else:
                menu.addSeparator()
        return menu

    def _theme_menu(self, parent: QMenu) -> QMenu:
        menu = QMenu(tr("Theme"), parent)
        group = QActionGroup(menu)
        titles = {"system": tr("As the system"), "light": tr("Light"), "dark": tr("Dark")}
        for choice in theme.CHOICES:
            action = menu.addAction(titles[choice])
            action.setCheckable(True)
            action.setChecked(choice == self._look.choice)
            action.setData(choice)
            group.addAction(action)
        group.triggered.connect(self._choose_theme)
        return menu

    @Slot(QAction)
    def _choose_theme(self, action: QAction) -> None:
        self._look.choose(action.data())
