"""Starting and ending the program: first the window with stored pictures, then the engine, last the event loop.

torch takes more than a second to import; the engine's lanes do that after the first paint, so that the window is there
at once. References: Python documentation, faulthandler and sys.excepthook.
"""

from __future__ import annotations

import faulthandler
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, QSettings, Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from explorer.bridge import Bridge, Door
from explorer.text import tr
from explorer.theme import Theme
from explorer.widgets.card import Card
from explorer.window import MainWindow

NAME = "Latent Explorer"


class App(QObject):
    """The application with its one window.

    `make_engine` is called after the first paint. `open_path` is opened when the engine is there. `settings` None uses
    the person's own.
    """

    def __init__(
        self,
        make_engine: Callable[[], Door],
        *,
        open_path: Path | None = None,
        settings: QSettings | None = None,
        argv: Sequence[str] = (),
    ) -> None:
        self.qt = QApplication.instance() or QApplication(list(argv) or [NAME])
        super().__init__()
        assert isinstance(self.qt, QApplication)
        _name(self.qt)
        self._make_engine, self._open_path = make_engine, open_path
        self.settings = QSettings() if settings is None else settings
        self.theme = Theme(self.qt, self.settings)
        self.bridge = Bridge(self)
        self.window = MainWindow(self.bridge, self.theme, self.settings)
        self.window.painted.connect(self._start_engine, Qt.ConnectionType.QueuedConnection)
        self._hook = ExceptionCard(self.window.card)

    def show(self) -> None:
        """Show the window; the engine follows the first paint."""
        self.window.show()
        self.window.docks.fit()

    def run(self) -> int:
        """Show the window and live until it is closed; gives the exit code."""
        faulthandler.enable()
        sys.excepthook = self._hook
        self.show()
        return self.qt.exec()

    @Slot()
    def _start_engine(self) -> None:
        self.bridge.start(self._make_engine())
        if self._open_path is not None:
            self.window.filing.open_path(self._open_path)


class ExceptionCard:
    """An excepthook: a fault of ours is printed as ever, and said on the card; the window lives."""

    def __init__(self, card: Card) -> None:
        self._card = card

    def __call__(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        sys.__excepthook__(kind, error, trace)
        if issubclass(kind, Exception):
            details = "".join(traceback.format_exception(kind, error, trace))
            self._card.fail(tr("A fault of the program"), f"{kind.__name__}: {error}", details)


def _name(app: QApplication) -> None:
    app.setApplicationName(NAME)
    app.setOrganizationName(NAME)
    QGuiApplication.setApplicationDisplayName(NAME)
