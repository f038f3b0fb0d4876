"""The bar on top: run and pause, single steps, how fast and with which share of the machine, and where training is."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Slot
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

import engine
from explorer import theme
from explorer.launch import (
    card_of,
    data_of,
    followed_run,
    is_loading,
    is_running,
    phases_of,
    plan_of,
    start_command,
)
from explorer.panel import Desk, Panel
from explorer.state import State
from explorer.text import mark, tr
from explorer.widgets.calm_combo import CalmComboBox
from explorer.widgets.elided import ElidedLabel
from explorer.widgets.hairline import hairline
from explorer.widgets.slider import ValueSlider

PACES: tuple[tuple[str, float | None], ...] = (
    (mark("As fast as it goes"), None),
    (mark("30 steps/s"), 30.0),
    (mark("10 steps/s"), 10.0),
    (mark("3 steps/s"), 3.0),
    (mark("1 step/s"), 1.0),
)
ICON, HEIGHT, LETTER = 20, 32, 28  # side of an icon, height of a button, width of one that is a letter, px
FIGURE = 64  # width of a number, px
NOTHING = "\u2013"  # what stands for a number that there is none of
START, RUN, PAUSE = mark("Start"), mark("Run"), mark("Pause")
PHASES = {
    "loading": mark("Loading"),
    "running": mark("Training"),
    "paused": mark("Paused"),
    "stepping": mark("Stepping"),
    "saving": mark("Saving"),
    "ended": mark("Ended"),
    "failed": mark("Failed"),
}


class TransportPanel(Panel):
    """Run, pause, step, pace; and the step, time and throughput of the run that trains."""

    key = "transport"
    title = mark("Transport")

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self._run = _button("play", tr(START), tr("Run or pause training (Space)"))
        self._run.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._run.clicked.connect(self.toggle)
        self._step = _button("skip-next", tr("One step"), tr("One training step, while paused (.)"))
        self._step.clicked.connect(self.step_both)
        self._phases: tuple[tuple[str, str], ...] = ()
        self._phase_steps = QButtonGroup(self)
        self._phase_steps.buttonClicked.connect(self._step_of)
        self._end = _button("stop", tr("End the run"), tr("End the run with a checkpoint; it can be resumed"))
        self._end.clicked.connect(self.end)
        self._pace = CalmComboBox()
        self._pace.addItems([tr(title) for title, _ in PACES])
        self._pace.setSizeAdjustPolicy(CalmComboBox.SizeAdjustPolicy.AdjustToContents)
        self._pace.setToolTip(tr("How fast to train"))
        self._pace.setAccessibleName(tr("How fast to train"))
        self._pace.activated.connect(self._set_pace)
        self._share = ValueSlider(10, 100, 100, 0)
        self._share.setAccessibleName(tr("Share of the time for training, percent"))
        self._share.setToolTip(tr("Share of the time for training; the rest is left to exploring"))
        self._share.setMaximumWidth(150)
        self._share.valueChanged.connect(self._set_pace)
        self._dot = theme.label("●")
        self._dot.setForegroundRole(QPalette.ColorRole.Highlight)
        self._phase = theme.label(bold=True)
        self._what = ElidedLabel(muted=True, mode=Qt.TextElideMode.ElideMiddle)
        self._device = theme.label(muted=True)
        self._figures = {name: _Figure(title) for name, title in _FIGURES.items()}
        self._lay_out()
        self.show_state(desk.state(), frozenset(State.__dataclass_fields__))
        self._fit()

    def _fit(self) -> None:
        """Room for the type as large as it is; nothing moves under the hand when words and numbers change."""
        for button in (self._run, self._step, self._end, *self._phase_steps.buttons()):
            button.setMinimumHeight(round(HEIGHT * theme.scale()))
        for button in self._phase_steps.buttons():
            button.setMinimumWidth(round(LETTER * theme.scale()))
        for figure in self._figures.values():
            figure.set_width(round(FIGURE * theme.scale()))
        self._run.setMinimumWidth(_widest(self._run, (tr(START), tr(RUN), tr(PAUSE))))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_pacing"):
            self._fit()

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.GRID, theme.GRID // 2, theme.GRID, theme.GRID // 2)
        layout.setSpacing(theme.GRID)
        self._phase_row = QHBoxLayout()
        self._phase_row.setSpacing(theme.GRID)
        layout.addWidget(self._run)
        layout.addWidget(self._step)
        layout.addLayout(self._phase_row)
        layout.addWidget(self._end)
        layout.addWidget(hairline(vertical=True))
        self._pacing = (self._pace, theme.label(tr("Share %"), muted=True), self._share, hairline(vertical=True))
        for widget in self._pacing:
            layout.addWidget(widget)
        layout.addWidget(self._dot)
        layout.addWidget(self._phase)
        layout.addWidget(self._what, 1)
        layout.addWidget(self._device)
        for figure in self._figures.values():
            layout.addWidget(figure)

    # ---------------------------------------------------------------------------------------------- what the keys do

    @Slot()
    def toggle(self) -> None:
        """Run or pause the run that is open; start a new one where there is none."""
        state = self.desk.state()
        if state.training:
            self.desk.post(engine.SetRunning(not is_running(state)))
        elif not is_loading(state):
            self.desk.post(start_command(state))

    @Slot()
    def step_both(self) -> None:
        self._step_once(None)

    def step_phase(self, phase: str) -> None:
        """A step of one network alone, where the family has it."""
        if phase in dict(self._phases):
            self._step_once(phase)

    @Slot(QAbstractButton)
    def _step_of(self, button: QAbstractButton) -> None:
        self._step_once(button.text())

    def _step_once(self, phase: str | None) -> None:
        state = self.desk.state()
        if not state.training:
            return
        if is_running(state):
            self.desk.post(engine.SetRunning(False))
        self.desk.post(engine.StepOnce(phase))

    @Slot()
    def end(self) -> None:
        self.desk.post(engine.EndRun())

    @Slot()
    def _set_pace(self) -> None:
        self.desk.post(engine.SetPace(PACES[self._pace.currentIndex()][1], self._share.value() / 100))

    # ---------------------------------------------------------------------------------------------- what is shown

    def present(self, on: bool) -> None:
        """On a projector only run, step and where training is."""
        for widget in self._pacing:
            widget.setVisible(not on)

    def show_state(self, state: State, changed: frozenset[str]) -> None:
        if not changed & {"train", "training", "followed", "plan", "data", "wanted_data", "run", "opened", "ready"}:
            return
        running, training = is_running(state), bool(state.training)
        text = tr(PAUSE) if running else tr(RUN) if training else tr(START)
        if self._run.text() != text:
            self._run.setText(text)
            theme.set_icon(self._run, "pause" if running else "play", ICON)
        self._run.setEnabled(not is_loading(state))
        for button in (self._step, self._end):
            button.setEnabled(training)
        self._offer_phases(phases_of(state))
        for button in self._phase_steps.buttons():
            button.setEnabled(training)
        self._phase.setText(_phase(state))
        self._phase.setVisible(bool(self._phase.text()))
        self._dot.setVisible(running)
        self._what.setText(_what(state))
        self._device.setText(tr("on {device}", device=state.ready.device) if state.ready else "")
        self._show_figures(state)

    def _offer_phases(self, phases: tuple[tuple[str, str], ...]) -> None:
        """A button for each part of a step that can be taken alone."""
        if phases == self._phases:
            return
        self._phases = phases
        for button in self._phase_steps.buttons():
            self._phase_steps.removeButton(button)
            button.deleteLater()
        for name, what in phases:
            button = _button("", name, tr("One step of {name} only, {what} ({name})", name=name, what=tr(what)))
            self._phase_steps.addButton(button)
            self._phase_row.addWidget(button)
        self._fit()

    def _show_figures(self, state: State) -> None:
        shown = state.run.path if state.run is not None else ""
        ended = state.train is not None and state.train.phase == "ended" and state.train.path == shown
        followed = followed_run(state)
        train = followed or (state.train if state.training or ended else None)
        moves = followed is not None or is_running(state)
        self._figures["step"].show_value(f"{train.step:,}".replace(",", " ") if train else "")
        self._figures["time"].show_value(clock(train.seconds) if train else "")
        self._figures["steps"].show_value(f"{train.steps_per_s:.1f}" if train and moves else "")
        self._figures["images"].show_value(f"{train.images_per_s:,.0f}".replace(",", " ") if train and moves else "")


_FIGURES = {"step": mark("step"), "time": mark("time"), "steps": mark("steps/s"), "images": mark("pictures/s")}


class _Figure(QWidget):
    """A number with its unit below; it keeps its place while the number changes."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._number = theme.label(NOTHING, theme.TITLE)
        self._number.setAlignment(Qt.AlignmentFlag.AlignRight)
        below = theme.label(tr(unit), theme.SMALL, muted=True)
        below.setAlignment(Qt.AlignmentFlag.AlignRight)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._number)
        layout.addWidget(below)

    def set_width(self, width: int) -> None:
        self._number.setMinimumWidth(width)

    def show_value(self, text: str) -> None:
        self._number.setText(text or NOTHING)


def _phase(state: State) -> str:
    """What the run that is open does, in a word; empty where there is none."""
    if followed_run(state) is not None and not is_loading(state):
        return tr("Following")
    there = state.train is not None and (state.training or is_loading(state))
    return tr(PHASES[state.train.phase]) if there and state.train is not None else ""


def _what(state: State) -> str:
    """One line on what trains, or what Start would begin."""
    if state.train is not None and (state.training or is_loading(state)):
        run = state.opened.get(state.training)
        name = run.name if run else state.training
        return state.train.doing if is_loading(state) else name
    if followed_run(state) is not None and state.run is not None:
        return tr("{run}, which another process trains", run=state.run.name)
    if state.ready is None:
        return tr("The engine is starting; Space trains")
    plan, card = plan_of(state), card_of(state, plan_of(state).family)
    preset = next((p.title for p in card.presets if p.name == plan.preset), plan.preset) if card else plan.preset
    family = card.title if card else plan.family
    text = tr("Next: {family}, {preset}, on {data}", family=family, preset=preset, data=data_title(state))
    wanted = state.wanted_data
    return text if wanted is None else tr("{data} is being read · {next}", data=data_title(state, wanted), next=text)


def data_title(state: State, data: engine.DataRef | None = None) -> str:
    """The name of a data set; without one, of that which Start would train on."""
    data = data or data_of(state)
    if data in state.opened_data:
        return state.opened_data[data].title
    return next((each.title for each in engine.BUILT_IN if each.name == data.name), Path(data.name).name)


def clock(seconds: float) -> str:
    """A duration as h:mm:ss, or m:ss below an hour."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _widest(button: QToolButton, texts: tuple[str, ...]) -> int:
    """The width with which a button has room for each of these texts, px."""
    before, widths = button.text(), []
    for text in texts:
        button.setText(text)
        widths.append(button.sizeHint().width())
    button.setText(before)
    return max(widths)


def _button(icon: str, text: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tip)
    button.setAccessibleName(text)
    button.setAutoRaise(True)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if icon:
        theme.set_icon(button, icon, ICON)
    else:
        theme.set_type(button, theme.BODY, bold=True)
    return button
