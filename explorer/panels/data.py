"""Which data is looked at and trained on next: the built-in sets, own files and folders, and what is in them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Slot
from PySide6.QtGui import QHelpEvent, QImage, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QToolButton,
    QToolTip,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

import engine
from engine import DataRef, Event
from explorer import theme
from explorer.launch import data_of, start_command
from explorer.panel import Desk, Panel
from explorer.panels.transport import data_title
from explorer.state import Action, ChooseData, State, load_job
from explorer.text import mark, tr
from explorer.widgets.calm_combo import CalmComboBox
from explorer.widgets.data_shelf import DataShelf, built_in_ref
from explorer.widgets.image_grid import ImageGrid
from explorer.widgets.point_pad import DrawDialog, Rows
from explorer.widgets.thumbnail import thumbnail

PAGE = 48  # samples on a page
CLOUD = 1000  # points on a page
SIZES = (None, 16, 28, 32, 48, 64, 128)
CHANNELS: tuple[tuple[str, int | None], ...] = ((mark("As is"), None), (mark("Grey"), 1), (mark("Colour"), 3))
FITS: tuple[tuple[str, str | None], ...] = (
    (mark("Best fit"), None),
    (mark("Crop"), "crop"),
    (mark("Pad"), "pad"),
    (mark("Stretch"), "stretch"),
)
PAGE_CHANNEL = "data.page"
COLUMNS_HEIGHT = 104  # px: five columns and the head
DETAIL_LINES = 3  # of what is said of a sample: always as many, or the pictures would move under the mouse


class DataPanel(Panel):
    """Choose data, see its pictures with labels, captions and attributes, its counts and its problems."""

    key = "data"
    title = mark("Data")

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self._sets = DataShelf(desk)
        self._sets.picked.connect(self._choose_built_in)
        self._file = _small_button("file-outline", tr("File…"), tr("Open an IDX, CIFAR, NPZ, CSV or ZIP file"))
        self._folder = _small_button("folder-outline", tr("Folder…"), tr("Open a folder of pictures, or one per class"))
        self._file.clicked.connect(self.ask_for_file)
        self._folder.clicked.connect(self.ask_for_folder)
        self._draw = _small_button("draw", tr("Draw…"), tr("Draw your own points in the plane"))
        self._draw.clicked.connect(self.draw_points)
        self._size = _choices([tr("Own size"), *(f"{size} px" for size in SIZES if size)], tr("Size"))
        self._channels = _choices([tr(title) for title, _ in CHANNELS], tr("Colours"))
        self._fit = _choices([tr(title) for title, _ in FITS], tr("How pictures come to one size"))
        for combo in (self._size, self._channels, self._fit):
            combo.activated.connect(self._take_options)
        self._options = QWidget()
        self._facts = theme.label(size=theme.BODY)
        self._facts.setWordWrap(True)
        self._columns = _tree([tr("Column"), tr("Count"), tr("Sample")])
        self._columns.setMinimumHeight(COLUMNS_HEIGHT)
        self._columns.itemSelectionChanged.connect(self._choose_value)
        self._problems = _tree([tr("File"), tr("Reason")])
        self._grid = _Samples()
        self._grid.hovered.connect(self._show_detail)
        self._grid.chosen.connect(self._show_detail)
        self._detail = theme.label(size=theme.SMALL, muted=True)
        self._detail.setWordWrap(True)
        self._detail.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._detail.setFixedHeight(DETAIL_LINES * self._detail.fontMetrics().lineSpacing())
        self._detail.setAccessibleName(tr("What is known of the sample"))
        self._cloud = QLabel()
        self._cloud.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty = theme.label(muted=True)
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._load = QPushButton(tr("Load"))
        self._load.setToolTip(tr("Read the data; what is not on this machine is fetched"))
        self._load.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._load.clicked.connect(self.load)
        self._train = QPushButton(tr("Start new run"))
        self._train.setToolTip(tr("Train on this data; the run that trains ends with a checkpoint"))
        self._train.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._train.clicked.connect(self.start)
        self._view = QStackedWidget()
        self._back = _small_button("chevron-left", "", tr("Previous page"))
        self._on = _small_button("chevron-right", "", tr("Next page"))
        self._back.clicked.connect(self._go_back)
        self._on.clicked.connect(self._go_on)
        self._place = theme.label(size=theme.SMALL, muted=True)
        self._data: DataRef | None = None  # what is looked at
        self._opened: engine.DataOpened | None = None
        self._page: engine.DataPage | None = None
        self._start = 0
        self._lay_out()
        self.show_state(desk.state(), frozenset(State.__dataclass_fields__))

    def _lay_out(self) -> None:
        opening = QHBoxLayout()
        opening.addWidget(self._file)
        opening.addWidget(self._folder)
        opening.addWidget(self._draw)
        opening.addStretch(1)
        options = QHBoxLayout(self._options)
        options.setContentsMargins(0, 0, 0, 0)
        options.setSpacing(theme.GRID // 2)
        for combo in (self._size, self._channels, self._fit):
            options.addWidget(combo, 1)
        waiting = QWidget()
        asking = QVBoxLayout(waiting)
        asking.addStretch(1)
        asking.addWidget(self._empty)
        asking.addWidget(self._load, 0, Qt.AlignmentFlag.AlignCenter)
        asking.addStretch(1)
        for widget in (waiting, self._grid, self._cloud):
            self._view.addWidget(widget)
        pager = QHBoxLayout()
        pager.setContentsMargins(0, 0, 0, 0)
        pager.addWidget(self._back)
        pager.addWidget(self._place, 1, Qt.AlignmentFlag.AlignCenter)
        pager.addWidget(self._on)
        pictures = QWidget()
        below = QVBoxLayout(pictures)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(theme.GRID // 2)
        below.addWidget(self._view, 1)
        below.addWidget(self._detail)
        below.addLayout(pager)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        for widget, stretch in ((self._sets, 0), (pictures, 4), (self._columns, 1), (self._problems, 0)):
            split.addWidget(widget)
            split.setStretchFactor(split.count() - 1, stretch)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.GRID, theme.GRID, theme.GRID, theme.GRID)
        layout.setSpacing(theme.GRID)
        layout.addLayout(opening)
        layout.addWidget(self._options)
        layout.addWidget(self._facts)
        layout.addWidget(split, 1)
        layout.addWidget(self._train)

    def sizeHint(self) -> QSize:
        return QSize(320, 480)

    # ---------------------------------------------------------------------------------------------- hands

    def choose(self, data: DataRef) -> None:
        """Look at a data set and train on it next."""
        self._start = 0
        self.desk.act(ChooseData(data))

    @Slot()
    def load(self) -> None:
        """Load the chosen data; what is not on this machine is fetched."""
        data = data_of(self.desk.state())
        self.desk.post(engine.LoadData(load_job(data), data))
        self._load.setEnabled(False)

    @Slot()
    def start(self) -> None:
        """Begin a new run on this data by the plan."""
        self.desk.post(start_command(self.desk.state()))

    @Slot()
    def ask_for_file(self) -> None:
        file, _ = QFileDialog.getOpenFileName(self, tr("Open data"))
        if file:
            self.choose(DataRef(file))

    @Slot()
    def ask_for_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, tr("Open a folder of pictures"))
        if folder:
            self.choose(DataRef(folder))

    @Slot()
    def draw_points(self) -> None:
        """Open a pad to draw on."""
        dialog = DrawDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.drawn.connect(self._take_drawn)
        dialog.open()

    @Slot(object)
    def _take_drawn(self, points: Rows) -> None:
        self.choose(DataRef(tr("Drawn points"), points=points))

    @Slot(str)
    def _choose_built_in(self, name: str) -> None:
        if name != self._looked_at(self.desk.state()).name:
            self.choose(built_in_ref(name))

    @Slot()
    def _take_options(self) -> None:
        self.choose(
            dataclasses.replace(
                self._looked_at(self.desk.state()),
                size=SIZES[self._size.currentIndex()],
                channels=CHANNELS[self._channels.currentIndex()][1],  # type: ignore[arg-type]
                fit=FITS[self._fit.currentIndex()][1],  # type: ignore[arg-type]
            )
        )

    @Slot()
    def _choose_value(self) -> None:
        self._start = 0
        self._ask_page()

    @Slot()
    def _go_back(self) -> None:
        self._start = max(0, self._start - PAGE)
        self._ask_page()

    @Slot()
    def _go_on(self) -> None:
        self._start += PAGE
        self._ask_page()

    def _ask_page(self) -> None:
        if self._opened is None:
            return
        data, number = self._opened.data, self.desk.number()
        count = PAGE if len(self._opened.shape) == 3 else CLOUD
        self.desk.post(engine.ReadDataPage(PAGE_CHANNEL, number, data, self._start, count, self._where()))

    def _where(self) -> dict[str, str]:
        """The column value that is chosen in the table."""
        chosen = self._columns.selectedItems()
        parent = chosen[0].parent() if chosen else None
        return {parent.text(0): chosen[0].text(0)} if parent is not None else {}

    # ---------------------------------------------------------------------------------------------- what is shown

    def show_state(self, state: State, changed: frozenset[str]) -> None:
        if "ready" in changed:
            self._sets.show_sets(state)
        before, self._data = self._data, self._looked_at(state)
        if changed & {"data", "wanted_data", "ready"}:
            self._show_choice(state)
        if changed & {"data", "wanted_data", "ready", "opened_data"}:
            self._show_opened(state)
        job = load_job(self._data)
        if changed & {"failure", "jobs", "data", "opened_data"}:
            self._load.setEnabled(job not in state.jobs)
        if "failure" in changed and state.failure is not None and state.failure.job == job and self._data == before:
            self._show_failure(state.failure.reason)

    def _looked_at(self, state: State) -> DataRef:
        """What was chosen last, be it still to be read."""
        return state.wanted_data or data_of(state)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.desk.state().ready is not None:
            self._load_what_is_here(self.desk.state())

    def take(self, event: Event | Action) -> None:
        self._sets.take(event)
        if isinstance(event, engine.DataPage) and event.channel == PAGE_CHANNEL:
            self._show_page(event)

    def _show_choice(self, state: State) -> None:
        data = self._looked_at(state)
        self._sets.choose(data.name)
        self._options.setVisible(_kind(state, data.name) != "points" and data.points is None)
        self._size.setCurrentIndex(SIZES.index(data.size) if data.size in SIZES else 0)
        self._channels.setCurrentIndex([value for _, value in CHANNELS].index(data.channels))
        self._fit.setCurrentIndex([value for _, value in FITS].index(data.fit))
        if self.isVisible():
            self._load_what_is_here(state)

    def _load_what_is_here(self, state: State) -> None:
        """Load at once what needs no download."""
        data = data_of(state)
        if state.wanted_data is not None:
            return  # it is being read
        if state.ready is not None and data not in state.opened_data and _kind(state, data.name) != "pictures":
            self.load()

    def _show_opened(self, state: State) -> None:
        data = self._looked_at(state)
        self._train.setEnabled(state.wanted_data is None)
        opened = state.opened_data.get(data)
        if opened is self._opened and opened is not None:
            return
        self._opened, self._page = opened, None
        self._columns.clear()
        self._problems.clear()
        self._columns.setVisible(bool(opened and opened.columns))
        self._problems.setVisible(bool(opened and opened.problems))
        if opened is None:
            self._show_waiting(state, data)
            return
        self._facts.setText(_facts(opened))
        for name, counts in opened.columns.items():
            column = QTreeWidgetItem([name, str(len(counts))])
            column.addChildren([QTreeWidgetItem([value, _spaced(count)]) for value, count in counts])
            self._columns.addTopLevelItem(column)
        self._problems.addTopLevelItems([_problem(*each) for each in opened.problems])
        self._ask_page()

    def _show_waiting(self, state: State, data: DataRef) -> None:
        fetched = _kind(state, data.name) == "pictures"
        title = data_title(state, data)
        self._facts.setText(title)
        self._load.setVisible(fetched)
        self._empty.setText(
            tr("{title} is fetched once and kept on this machine.", title=title)
            if fetched
            else tr("{title} is being read.", title=title)
        )
        self._view.setCurrentIndex(0)
        self._detail.hide()
        self._place.setText("")
        self._back.setEnabled(False)
        self._on.setEnabled(False)

    def _show_failure(self, reason: str) -> None:
        """Why the chosen data cannot be trained on."""
        if self._opened is None:
            self._empty.setText(reason)
            self._train.setEnabled(False)

    def _show_page(self, page: engine.DataPage) -> None:
        if self._opened is None or page.data != self._opened.data:
            return
        self._page, self._start = page, page.start
        if page.samples.ndim == 4:
            self._grid.show_page(page)
            self._view.setCurrentIndex(1)
            self._detail.setVisible(any(page.rows))
            self._show_detail(-1)
        else:
            self._show_cloud(page)
        last = page.start + len(page.samples)
        self._place.setText(tr("{first}-{last} of {total}", first=page.start + 1, last=last, total=_spaced(page.total)))
        self._back.setEnabled(page.start > 0)
        self._on.setEnabled(last < page.total)

    @Slot(int)
    def _show_detail(self, index: int) -> None:
        """What is known of the sample under the cursor, else of the chosen one."""
        index = index if index >= 0 else self._grid.index()
        facts = dict(self._grid.facts(index))
        for k in range(self._columns.topLevelItemCount()):
            item = self._columns.topLevelItem(k)
            item.setText(2, facts.pop(item.text(0), ""))
        if self._page is None or not 0 <= index < self._grid.count():
            self._detail.setText(tr("Point at a sample, or choose one, to read its labels and caption."))
            return
        number = tr("Sample {index}", index=_spaced(self._page.start + index + 1))
        self._detail.setText(" · ".join([number, *_lines(facts)]))

    def _show_cloud(self, page: engine.DataPage) -> None:
        side = max(min(self._view.width(), self._view.height()), 64)
        self._cloud.setPixmap(thumbnail(page.samples, side, theme.colours(self.palette()), self.devicePixelRatioF()))
        self._view.setCurrentIndex(2)
        self._detail.hide()

    def save_picture(self) -> tuple[QImage, dict[str, str]] | None:
        image = self._grid.image() if self._page is not None and self._page.samples.ndim == 4 else None
        if image is None or self._page is None:
            return None
        return image, {"data": self._page.data.name, "first": str(self._page.start)}


class _Samples(ImageGrid):
    """The pictures of a page, and what is known of each."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[Mapping[str, str], ...] = ()
        self.setMinimumHeight(96)

    def show_page(self, page: engine.DataPage) -> None:
        self._rows = page.rows
        self.set_samples(page.samples)
        self.set_index(-1)

    def facts(self, index: int) -> Mapping[str, str]:
        """Label, attributes and caption of a sample."""
        return self._rows[index] if 0 <= index < len(self._rows) else {}

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            index = self.index_at(QPointF(event.pos()))
            facts = "\n".join(_lines(self.facts(index)))
            QToolTip.showText(event.globalPos(), facts, self, self.cell(max(index, 0)).toAlignedRect())
            return True
        return super().event(event)


def _lines(facts: Mapping[str, str]) -> list[str]:
    return [f"{name}: {value}" for name, value in facts.items()]


def _kind(state: State, name: str) -> str:
    """The kind of a built-in set; "own" for a file or folder."""
    sets = state.ready.data if state.ready else engine.BUILT_IN
    return next((each.kind for each in sets if each.name == name), "own")


def _facts(opened: engine.DataOpened) -> str:
    parts = [opened.title, tr("{count} samples", count=_spaced(opened.count))]
    if len(opened.shape) == 3:
        height, width, channels = opened.shape
        parts.append(f"{width}x{height} " + (tr("colour") if channels == 3 else tr("grey")))
    else:
        parts.append(tr("{size}-D points", size=opened.shape[0]))
    if opened.has_captions:
        parts.append(tr("with captions"))
    if opened.problems:
        parts.append(tr("{count} left out", count=len(opened.problems)))
    return " · ".join(parts)


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ")


class _Tree(QTreeWidget):
    """A list that leaves the room to the pictures."""

    def sizeHint(self) -> QSize:
        return QSize(256, 120)


def _problem(file: str, reason: str) -> QTreeWidgetItem:
    item = QTreeWidgetItem([file, reason])
    for column in (0, 1):
        item.setToolTip(column, f"{file}: {reason}")
    return item


def _tree(heads: list[str]) -> QTreeWidget:
    tree = _Tree()
    tree.setHeaderLabels(heads)
    tree.setRootIsDecorated(True)
    tree.setUniformRowHeights(True)
    tree.setFrameShape(QTreeWidget.Shape.NoFrame)
    tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    tree.setMinimumHeight(48)
    tree.setColumnWidth(0, 120)
    tree.setColumnWidth(1, 56)
    return tree


def _choices(texts: list[str], name: str) -> CalmComboBox:
    combo = CalmComboBox()
    combo.addItems(texts)
    combo.setToolTip(name)
    combo.setAccessibleName(name)
    combo.setMinimumWidth(72)  # three side by side must not make the panel wider
    return combo


def _small_button(icon: str, text: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tip)
    button.setAccessibleName(text or tip)
    button.setAutoRaise(True)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if text:
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    theme.set_icon(button, icon)
    return button
