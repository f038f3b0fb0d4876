"""How curves are looked at, in one row that wraps: smoothing, and menus for runs, plots and the axes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QEvent, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton, QWidget
from superqt.utils import QFlowLayout

from explorer import theme
from explorer.text import mark, tr
from explorer.widgets.curve_view import Axis, PlotView
from explorer.widgets.short_numbers import short_number
from explorer.widgets.slider import ValueSlider
from explorer.widgets.smoothing import Kind

AXES: tuple[tuple[Axis, str], ...] = (("step", mark("Steps")), ("seconds", mark("Time")), ("images", mark("Images")))
NEWEST: tuple[int | None, ...] = (None, 500, 2_000, 10_000, 50_000)
KINDS: tuple[tuple[Kind, str], ...] = (
    ("exponential", mark("Smooth exponentially")),
    ("window", mark("Smooth over a window")),
)
LONGEST_SPAN = 2_000
GROOVE = 56  # width of what is beside the number of the slider, px


class CurveTools(QWidget):
    """`changed` comes when another view is chosen. `runToggled(path)` and `plotToggled(key)` come from the menus, whose
    lines `set_runs` and `set_plots` give; `fitWanted`, `csvWanted` are the last lines of the menu View."""

    changed = Signal()
    runToggled = Signal(str)
    plotToggled = Signal(str)
    fitWanted = Signal()
    csvWanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._span = ValueSlider(1, LONGEST_SPAN, 1, 0, log=True)
        self._span.setAccessibleName(tr("Points to smooth over"))
        self._span.setToolTip(tr("Smooth over so many points; the raw curve stays behind. Double-click: not at all."))
        self._runs = _menu_button(tr("Runs"), tr("Which open runs are drawn over the one that is shown"))
        self._plots = _menu_button(tr("Plots"), tr("Which plots are shown"))
        self._more = _menu_button(tr("View"), tr("x axis, how many steps, smoothing, export"))
        self._fill_more()
        self._span.valueChanged.connect(self._tell)
        self._smooth = theme.label(tr("Smooth"), muted=True)
        self._fit()
        flow = QFlowLayout(self)
        flow.setContentsMargins(theme.GRID, theme.GRID // 2, theme.GRID, 0)
        flow.setHorizontalSpacing(theme.GRID // 2)
        flow.setVerticalSpacing(theme.GRID // 2)
        for tool in (self._smooth, self._span, self._runs, self._plots, self._more):
            flow.addWidget(tool)

    def _fit(self) -> None:
        """One row for the eye, whatever the size of the type."""
        self._span.setFixedWidth(GROOVE + self._span.widest_number())
        for tool in (self._smooth, self._span):
            tool.setMinimumHeight(self._more.sizeHint().height())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_smooth"):
            self._fit()

    def _fill_more(self) -> None:
        menu = self._more.menu()
        self._axis = self._choice(tr("The x axis counts"), [(tr(title), value) for value, title in AXES])
        self._newest = self._choice(tr("Show"), [(_newest_title(n), n) for n in NEWEST])
        menu.addSeparator()
        self._log_x = _check(menu, tr("Logarithmic x axis"), None, on=False)
        self._calm = _check(menu, tr("Leave the wildest 2 % out of the height"), None, on=False)
        self._log_x.toggled.connect(self._tell)
        self._calm.toggled.connect(self._tell)
        menu.addSeparator()
        self._kinds = QActionGroup(menu)
        for kind, title in KINDS:
            self._kinds.addAction(_check(menu, tr(title), kind, on=kind == KINDS[0][0]))
        self._kinds.triggered.connect(self._tell)
        menu.addSeparator()
        menu.addAction(tr("Fit everything (double-click)"), self.fitWanted.emit)
        menu.addAction(tr("Save the points in view (CSV)…"), self.csvWanted.emit)

    def _choice(self, title: str, lines: Sequence[tuple[str, object]]) -> QActionGroup:
        """A menu in the menu View of which one line is chosen, the first to begin with."""
        menu = self._more.menu().addMenu(title)
        group = QActionGroup(menu)
        for text, value in lines:
            group.addAction(_check(menu, text, value, on=value == lines[0][1]))
        group.triggered.connect(self._tell)
        return group

    def view(self) -> PlotView:
        """What is chosen. The logarithmic height is the business of each plot."""
        return PlotView(
            axis=self._axis.checkedAction().data(),
            log_x=self._log_x.isChecked(),
            smoothing=self._kinds.checkedAction().data(),
            span=int(self._span.value()),
            newest=self._newest.checkedAction().data(),
            calm=self._calm.isChecked(),
        )

    def set_view(self, view: PlotView) -> None:
        """Choose another view, as the hands would."""
        self._span.display(view.span)
        for action, on in ((self._log_x, view.log_x), (self._calm, view.calm)):
            action.setChecked(on)
        for group, value in ((self._kinds, view.smoothing), (self._axis, view.axis), (self._newest, view.newest)):
            for action in group.actions():
                action.setChecked(action.data() == value)
        self.changed.emit()

    def set_runs(self, runs: Sequence[tuple[str, str, bool]], shown: str) -> None:
        """The lines of the menu Runs: (path, name, drawn). The run that is `shown` is always drawn."""
        _refill(self._runs.menu(), runs, self._run_toggled, tr("No run is open"))
        for action in self._runs.menu().actions():
            action.setEnabled(bool(runs) and action.data() != shown)

    def set_plots(self, plots: Iterable[tuple[str, str, bool]]) -> None:
        """The lines of the menu Plots: (key, title, shown)."""
        _refill(self._plots.menu(), plots, self._plot_toggled, tr("No curves yet"))

    @Slot()
    def _tell(self) -> None:
        self.changed.emit()

    @Slot()
    def _run_toggled(self) -> None:
        self.runToggled.emit(self.sender().data())

    @Slot()
    def _plot_toggled(self) -> None:
        self.plotToggled.emit(self.sender().data())


def _refill(menu: QMenu, lines: Iterable[tuple[str, str, bool]], slot: object, nothing: str) -> None:
    menu.clear()
    for data, title, on in lines:
        _check(menu, title, data, on=on).toggled.connect(slot)
    if menu.isEmpty():
        menu.addAction(nothing).setEnabled(False)


def _newest_title(count: int | None) -> str:
    return tr("All steps") if count is None else tr("Last {count}", count=short_number(count))


def _menu_button(text: str, hint: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(hint)
    button.setAccessibleName(hint)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    button.setMenu(QMenu(button))
    return button


def _check(menu: QMenu, text: str, data: object, *, on: bool) -> QAction:
    action = menu.addAction(text)
    action.setData(data)
    action.setCheckable(True)
    action.setChecked(on)
    return action
