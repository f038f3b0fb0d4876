"""One plot with its heading: title, a switch for a logarithmic height, and the legend with the values of now."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from explorer import theme
from explorer.text import tr
from explorer.widgets.curve_legend import CurveLegend, Entry
from explorer.widgets.curve_plot import CurvePlot
from explorer.widgets.curve_view import Curve, PlotView
from explorer.widgets.short_numbers import MINUS, short_number

SWITCH = 20  # height of the switch for a logarithmic height, px


class CurveBox(QWidget):
    """A `CurvePlot` whose curves can be hidden one by one.

    `hiddenChanged` comes when a curve was hidden or shown by hand.
    """

    hiddenChanged = Signal()

    def __init__(self, title: str, *, log: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plot = CurvePlot()
        self.plot.setAccessibleName(title)
        self.title = title
        self.legend = CurveLegend(title)
        self._log = QToolButton()
        self._log.setText(tr("log"))
        self._log.setToolTip(tr("Logarithmic height"))
        self._log.setCheckable(True)
        self._log.setAutoRaise(True)
        self._log.setChecked(log)
        theme.set_type(self._log, theme.SMALL)
        self._curves: tuple[Curve, ...] = ()
        self._hidden: set[str] = set()
        self._hover: float | None = None
        self._cursor: float | None = None
        self._log.toggled.connect(self._log_toggled)
        self.legend.toggled.connect(self.toggle)
        self.legend.pointed.connect(self.plot.set_emphasis)
        self._lay_out()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(theme.GRID // 2, 0, theme.GRID // 2, 0)
        head.setSpacing(theme.GRID)
        head.addWidget(self.legend, 1, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self._log, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self.plot, 1)
        self.setMinimumSize(240, 132)
        self._fit_switch()

    def _fit_switch(self) -> None:
        """The switch is no higher than a line of the legend needs."""
        self._log.setFixedHeight(round(SWITCH * theme.scale()))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_hover"):
            self._fit_switch()

    def set_curves(self, curves: Sequence[Curve]) -> None:
        """Show these curves, without those that are hidden."""
        self._curves = tuple(curves)
        self._pass_on()
        self.show_values()

    def curves(self) -> tuple[Curve, ...]:
        """All curves, also the hidden ones."""
        return self._curves

    def hidden(self) -> frozenset[str]:
        """The keys of the curves that are hidden."""
        return frozenset(self._hidden)

    def set_view(self, view: PlotView) -> None:
        """The look of all plots; this one's own switch decides on the logarithmic height."""
        self.plot.set_view(dataclasses.replace(view, log_y=self._log.isChecked()))

    def refresh(self) -> bool:
        """Draw what is new. False while there is more to smooth."""
        done = self.plot.refresh()
        self.show_values()
        return done

    def set_cursor(self, x: float | None) -> None:
        """Where the scrubber stands: the values there are shown while nothing is under the mouse."""
        self._cursor = x
        self.plot.set_cursor(x)
        self.show_values()

    def set_hover(self, x: float | None) -> None:
        """Show the values at x; None: those at the scrubber, or the newest."""
        self._hover = x
        self.plot.set_hover(x)
        self.show_values()

    @Slot(str)
    def toggle(self, key: str) -> None:
        """Hide a curve and those of its group, or show them again."""
        group = next((curve.group for curve in self._curves if curve.key == key), "")
        together = {curve.key for curve in self._curves if group and curve.group == group} | {key}
        self._hidden = self._hidden - together if key in self._hidden else self._hidden | together
        self._pass_on()
        self.plot.fit()
        self.show_values()
        self.hiddenChanged.emit()

    def _pass_on(self) -> None:
        self.plot.set_curves([curve for curve in self._curves if curve.key not in self._hidden])

    @Slot(bool)
    def _log_toggled(self, on: bool) -> None:
        self.plot.set_view(dataclasses.replace(self.plot.view(), log_y=on))
        self.plot.refresh()

    def show_values(self) -> None:
        """Bring the legend up to date."""
        readings = {
            reading.key: reading for reading in self.plot.readings(self._cursor if self._hover is None else self._hover)
        }
        missing = self.plot.holes()
        values = {key: value_text(reading.shown) for key, reading in readings.items()}
        entries = []
        for curve in self._curves:
            if not curve.quiet:
                others = [each for each in self._curves if curve.group and each.group == curve.group]
                said = ", ".join(f"{each.title} {values.get(each.key, '')}" for each in others or [curve])
                shown = curve.key not in self._hidden
                note = _note(curve, missing)
                title, told, colors = curve.title, (values.get(curve.key, ""),), ()
                if len(others) > 1:  # the same metric of several runs, whose colours and numbers stand above
                    title = curve.group.rpartition("/")[2]
                    told = tuple(values.get(each.key) or "\u2013" for each in others)
                    colors = tuple(each.ink.color for each in others)
                entries.append(Entry(curve.key, title, curve.ink, told, note, shown, said, colors))
        self.legend.set_entries(entries)


def value_text(value: float) -> str:
    """A value of a curve in four digits."""
    if math.isnan(value):
        return tr("NaN")
    if math.isinf(value):
        return "\u221e" if value > 0 else f"{MINUS}\u221e"
    rounded = float(f"{value:.4g}")
    text = f"{rounded:g}" if 1e-3 <= abs(rounded) < 1e4 or value == 0 else short_number(value)
    if abs(float(f"{value:.3g}")) >= 1e12:  # no unit is left
        text = f"{value:.2e}"
    return text.replace("-", MINUS).replace("e+", "e")


def _note(curve: Curve, missing: Mapping[str, int]) -> str:
    """What is wrong with a curve, in a word or two."""
    nan, inf = curve.series.nan_count, curve.series.inf_count
    parts = [tr("{count} NaN", count=nan)] * bool(nan) + [tr("{count} infinite", count=inf)] * bool(inf)
    gaps = missing.get(curve.key, 0)
    parts += [tr("{count} gaps", count=gaps) if gaps > 1 else tr("1 gap")] * bool(gaps)
    return ", ".join(parts)
