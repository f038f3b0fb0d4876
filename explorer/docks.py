"""All docking in one place: panels in dock widgets, workspaces as layouts of them, and what is remembered of both.

A workspace is a saved layout. Its default is a row of columns, each a pile of docks; a person's own layout takes its
place and is kept per workspace. References: Qt documentation, QMainWindow.saveState and splitDockWidget.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from PySide6.QtCore import QByteArray, QEvent, QObject, QSettings, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QMainWindow, QTabBar, QTabWidget, QToolButton, QWidget

from explorer import theme
from explorer.panel import Panel
from explorer.roster import ROSTER, Entry
from explorer.text import mark, tr

LAYOUT_VERSION = 2
TITLE_ICON = 14  # px
Shares = dict[str, tuple[float, float]]  # by key of a dock: parts of the window's width and height


@dataclass(frozen=True)
class Column:
    """A column of docks: its share of the width, its rows from top to bottom (the docks of a row are tabs, the first in
    front), and the rows' shares of the height."""

    width: int
    rows: tuple[tuple[str, ...], ...]
    heights: tuple[int, ...]


@dataclass(frozen=True)
class Workspace:
    """A named layout."""

    name: str
    title: str
    columns: tuple[Column, ...]


WORKSPACES: tuple[Workspace, ...] = (
    Workspace(
        "train",
        mark("Train"),
        (
            Column(300, (("settings", "data"),), (1,)),
            Column(540, (("samples",),), (1,)),
            Column(440, (("curves",), ("runs", "codebook")), (2, 1)),
        ),
    ),
    Workspace(
        "explore",
        mark("Explore"),
        (
            Column(640, (("latent",),), (1,)),
            Column(640, (("arithmetic",), ("samples",)), (25, 7)),
        ),
    ),
    Workspace(
        "codes",
        mark("Codes"),
        (
            Column(680, (("codes", "compare", "data"),), (1,)),
            Column(600, (("codebook",), ("samples",)), (5, 3)),
        ),
    ),
    Workspace(
        "theory",
        mark("Theory"),
        (
            Column(296, (("settings", "data"),), (1,)),
            Column(628, (("decision",),), (1,)),
            Column(356, (("curves",), ("samples",)), (2, 1)),
        ),
    ),
)
BY_NAME = {workspace.name: workspace for workspace in WORKSPACES}
FIRST = "explore"
PICTURES = ("samples", "arithmetic", "latent", "decision", "codebook", "codes", "compare")  # for presentation mode


class DockTitle(QWidget):
    """The line over a panel: its name, float, close. Qt drags the dock by it; one among tabs is dragged by its tab."""

    closed = Signal()

    def __init__(self, dock: QDockWidget) -> None:
        super().__init__(dock)
        self._dock = dock
        self._shown = True
        self._name = theme.label(dock.windowTitle(), theme.SMALL, bold=True, muted=True)
        self._float = _title_button("dock-window", tr("Float or dock {panel}", panel=dock.windowTitle()))
        self._close = _title_button(
            "close", tr("Close {panel}; the View menu brings it back", panel=dock.windowTitle())
        )
        self._float.clicked.connect(self._toggle_floating)
        self._close.clicked.connect(dock.close)
        self._close.clicked.connect(self.closed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.GRID, 2, 2, 2)
        layout.setSpacing(0)
        layout.addWidget(self._name, 1)
        layout.addWidget(self._float)
        layout.addWidget(self._close)

    def show_line(self, shown: bool) -> None:
        """Show the line, or take no room: Qt asks a title for its size even where it is hidden."""
        self._shown = shown
        self.setVisible(shown)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        return super().sizeHint() if self._shown else QSize(0, 0)

    def minimumSizeHint(self) -> QSize:
        return super().minimumSizeHint() if self._shown else QSize(0, 0)

    @Slot()
    def _toggle_floating(self) -> None:
        self._dock.setFloating(not self._dock.isFloating())


class Docks(QObject):
    """The docks of a window and its workspaces. `switched(name)` follows a change of workspace.

    A dock gets its panel from `panels` when it is first shown; until then it is an empty frame with a title."""

    switched = Signal(str)

    def __init__(self, window: QMainWindow, panels: Mapping[str, Panel], settings: QSettings) -> None:
        super().__init__(window)
        self._window, self._panels, self._settings = window, panels, settings
        self.workspace = ""
        self._docks: dict[str, QDockWidget] = {}
        self._before_presenting: tuple[QByteArray, Shares] | None = None
        self._shares: Shares = {}  # of the window that the docks are to have once it has its size
        self._changed = False  # a person changed the layout: it is kept
        self._moved = False  # a person moved an edge or a dock: a window of another size gives no shares anew
        self._arranging = False  # what changes now is not done by a person
        self._again = QTimer(self, singleShot=True, interval=0)
        self._again.timeout.connect(self._share_out)
        window.installEventFilter(self)
        options = QMainWindow.DockOption
        window.setDockOptions(options.AllowNestedDocks | options.AllowTabbedDocks | options.GroupedDragging)
        window.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        window.setDocumentMode(True)
        for entry in ROSTER:
            self._docks[entry.key] = self._make(entry)

    def _make(self, entry: Entry) -> QDockWidget:
        dock = QDockWidget(tr(entry.title), self._window)
        dock.setObjectName(f"dock.{entry.key}")
        title = DockTitle(dock)
        title.closed.connect(self._follow_dock)
        dock.setTitleBarWidget(title)
        dock.visibilityChanged.connect(self._follow_visibility)
        dock.topLevelChanged.connect(self._name_docks)
        dock.topLevelChanged.connect(self._follow_dock)
        dock.toggleViewAction().triggered.connect(self._follow_hands)
        self._window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
        dock.hide()
        return dock

    def take_in(self, key: str, panel: QWidget) -> None:
        """Put a panel that was made into its dock."""
        self._docks[key].setWidget(panel)

    def _fill_shown(self) -> None:
        """Make the panels of all docks that are shown, or would be with a click on their tab."""
        for key, dock in self._docks.items():
            if not dock.isHidden():
                self._panels[key]

    @Slot()
    def _follow_dock(self) -> None:
        """A dock was closed by its button, floats, or came back."""
        self._follow_hands(False)

    @Slot(bool)
    def _follow_visibility(self, visible: bool) -> None:
        if visible:
            self._fill_shown()
        self._name_docks()

    # ---------------------------------------------------------------------------------------------- workspaces

    def show_workspace(self, name: str) -> None:
        """Bring a workspace up as it was left; the first time as it was delivered."""
        presenting = self.presenting
        self.present(False)
        self.keep()
        self.workspace = name
        stored = self._settings.value(f"layout/{name}")
        self._shares = {}
        self._arranging = True
        self._changed = self._moved = isinstance(stored, QByteArray) and self._window.restoreState(
            stored, LAYOUT_VERSION
        )
        self._arranging = False
        if self._moved:
            self._shares = _shares_from(self._settings.value(f"layout/{name}.shares"))
            self._again.start()
        else:
            self.reset_layout()
        self._fill_shown()
        self._name_docks()
        self.present(presenting)
        self.switched.emit(name)

    @Slot()
    def reset_layout(self) -> None:
        """The workspace as it was delivered."""
        self._arranging = True
        workspace = BY_NAME[self.workspace]
        for dock in self._docks.values():
            dock.setFloating(False)
            self._window.removeDockWidget(dock)
        heads = [[self._docks[row[0]] for row in column.rows] for column in workspace.columns]
        self._window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, heads[0][0])
        for left, right in itertools.pairwise(heads):
            self._window.splitDockWidget(left[0], right[0], Qt.Orientation.Horizontal)
        for column in heads:
            for above, below in itertools.pairwise(column):
                self._window.splitDockWidget(above, below, Qt.Orientation.Vertical)
        # tabs last: what is split off a tab would become a tab as well
        for row in (row for column in workspace.columns for row in column.rows):
            self._pile([self._docks[key] for key in row])
        used = {key for column in workspace.columns for row in column.rows for key in row}
        last = heads[-1][-1]
        for dock in (dock for key, dock in self._docks.items() if key not in used):
            # shown from the View menu it is one more tab in the corner: a row of its own would squeeze the others
            self._window.tabifyDockWidget(last, dock)
            dock.hide()
        last.raise_()
        self._window.restoreState(self._window.saveState(LAYOUT_VERSION), LAYOUT_VERSION)  # takes old tab bars away
        self._fill_shown()
        self._arranging = self._changed = self._moved = False
        self.proportion()
        self._name_docks()

    def _pile(self, docks: list[QDockWidget]) -> None:
        """Show docks as tabs, the first in front."""
        docks[0].show()
        for tab in docks[1:]:
            self._window.tabifyDockWidget(docks[0], tab)
            tab.show()
        docks[0].raise_()

    def proportion(self) -> None:
        """Give the columns and rows of the delivered layout their shares of the window as it is now."""
        if not self.workspace:
            return
        columns = BY_NAME[self.workspace].columns
        total = sum(column.width for column in columns)
        docks, widths = [], []
        for column in columns:
            rows = [self._docks[row[0]] for row in column.rows]
            docks.append(rows[0])
            widths.append(round(column.width * self._window.width() / total))
            heights = [round(share * self._window.height() / sum(column.heights)) for share in column.heights]
            self._window.resizeDocks(rows, heights, Qt.Orientation.Vertical)
        self._window.resizeDocks(docks, widths, Qt.Orientation.Horizontal)

    def _shares_now(self, size: QSize) -> Shares:
        """What part of a window of `size` each dock has that is before the eyes in it."""
        return {
            key: (dock.width() / size.width(), dock.height() / size.height())
            for key, dock in self._docks.items()
            if not dock.isFloating() and not dock.visibleRegion().isEmpty()
        }

    @Slot()
    def _share_out(self) -> None:
        """Give the docks their shares of the window as it is now: a person's own, else as delivered."""
        if not self._moved:
            self.proportion()
        elif self._window.isVisible() and not self.presenting:
            shares, self._shares = self._shares, {}
            shown = [(dock, shares[key]) for key, dock in self._docks.items() if key in shares and not dock.isHidden()]
            docks, size = [dock for dock, _ in shown], self._window.size()
            heights = [round(height * size.height()) for _, (_, height) in shown]
            widths = [round(width * size.width()) for _, (width, _) in shown]
            self._window.resizeDocks(docks, heights, Qt.Orientation.Vertical)
            self._window.resizeDocks(docks, widths, Qt.Orientation.Horizontal)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """In a window of another size every dock keeps its share of it."""
        if event.type() == QEvent.Type.Resize and not self.presenting:
            before = cast(QResizeEvent, event).oldSize()
            if self._moved and not self._shares and not before.isEmpty():
                self._shares = self._shares_now(before)
            self._again.start()
        elif event.type() == QEvent.Type.MouseButtonPress:  # only edges between docks are the window's own
            self._changed = self._moved = True
        return False

    @Slot(bool)
    def _follow_hands(self, shown: bool) -> None:
        """A dock was hidden, or brought back as a tab, which moves nothing."""
        if not self._arranging and not self.presenting:
            self._changed = True
            self._moved = self._moved or not shown

    def fit(self) -> None:
        """Share the window out once it has its size."""
        self._share_out()

    def keep(self) -> None:
        """Remember the layout of the workspace, where a person changed it."""
        if self.workspace and not self.presenting and self._changed:
            self._settings.setValue(f"layout/{self.workspace}", self._window.saveState(LAYOUT_VERSION))
            shares = self._shares or self._shares_now(self._window.size())
            self._settings.setValue(f"layout/{self.workspace}.shares", json.dumps(shares))

    def forget(self) -> None:
        """Forget all layouts of the person, and bring this workspace up as it was delivered."""
        self._settings.remove("layout")
        self.reset_layout()

    # ---------------------------------------------------------------------------------------------- panels

    def dock(self, key: str) -> QDockWidget:
        return self._docks[key]

    def toggles(self) -> list[QAction]:
        """An action per panel that shows or hides it."""
        return [dock.toggleViewAction() for dock in self._docks.values()]

    def show_panel(self, key: str) -> None:
        """Bring a panel to the front."""
        self._changed = self._changed or self._docks[key].isHidden()
        self._docks[key].show()
        self._docks[key].raise_()

    @property
    def presenting(self) -> bool:
        return self._before_presenting is not None

    def present(self, on: bool) -> None:
        """Show only the panels with pictures that are before the eyes, or all that were there before."""
        if on == self.presenting:
            return
        self._arranging = True
        if on:
            seen = self._shares_now(self._window.size())
            self._before_presenting = (self._window.saveState(LAYOUT_VERSION), seen)
            for key, dock in self._docks.items():
                dock.setVisible(key in PICTURES and key in seen)
        else:
            before, self._before_presenting = self._before_presenting, None
            if before is not None:
                state, self._shares = before
                self._window.restoreState(state, LAYOUT_VERSION)
                self._again.start()
        self._arranging = False
        self._name_docks()

    @Slot()
    def _name_docks(self) -> None:
        """A title over each dock that has no tab, and no bar without tabs."""
        for dock in self._docks.values():
            title = dock.titleBarWidget()
            if isinstance(title, DockTitle):
                among_tabs = any(not other.isHidden() for other in self._window.tabifiedDockWidgets(dock))
                title.show_line(not self.presenting and (dock.isFloating() or not among_tabs))
        shown = {dock.windowTitle() for dock in self._docks.values() if not dock.isHidden() and not dock.isFloating()}
        for bar in self._window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
            if len(shown & {bar.tabText(k) for k in range(bar.count())}) < 2:
                bar.hide()  # Qt leaves the bar of docks that a layout has hidden
            bar.setDrawBase(False)
            bar.setExpanding(False)
            bar.setFocusPolicy(Qt.FocusPolicy.TabFocus)


def _shares_from(kept: object) -> Shares:
    """The inverse of how shares are kept; none where nothing was kept that can be read."""
    try:
        return {key: (float(width), float(height)) for key, (width, height) in json.loads(str(kept)).items()}
    except (ValueError, TypeError, AttributeError):
        return {}


def _title_button(icon: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setAutoRaise(True)
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    theme.set_icon(button, icon, TITLE_ICON)
    return button
