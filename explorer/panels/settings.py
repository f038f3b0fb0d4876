"""What the next run is made of: family, preset and every knob; live knobs reach the run that trains at once."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtWidgets import QFormLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

import engine
from engine import FamilyCard, KnobValue, Preset
from explorer import theme
from explorer.forms import Form
from explorer.launch import card_of, data_kind, data_of, plan_of, start_command
from explorer.panel import Desk, Panel
from explorer.panels.transport import data_title
from explorer.state import ChooseData, PlanRun, State
from explorer.text import mark, tr
from explorer.widgets.calm_combo import CalmComboBox


class SettingsPanel(Panel):
    """A form made from the knobs of the chosen family."""

    key = "settings"
    title = mark("Settings")

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self._family, self._preset = CalmComboBox(), CalmComboBox()
        self._family.setAccessibleName(tr("Family"))
        self._preset.setAccessibleName(tr("Preset"))
        self._family.activated.connect(self._choose_family)
        self._preset.activated.connect(self._choose_preset)
        self._help = theme.label(size=theme.SMALL, muted=True)
        self._help.setWordWrap(True)
        self._data = theme.label()
        self._form = Form(desk.undo)
        self._form.edited.connect(self._edited)
        self._state = theme.label(size=theme.SMALL, muted=True)
        self._state.setWordWrap(True)
        self._start = QPushButton(tr("Start new run"))
        self._start.setToolTip(tr("Train with these settings; the run that trains ends with a checkpoint"))
        self._start.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._start.clicked.connect(self.start)
        self._shown: tuple[str, str] = ("", "")
        self._lay_out()
        self.show_state(desk.state(), frozenset(State.__dataclass_fields__))

    def _lay_out(self) -> None:
        head = QFormLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.setHorizontalSpacing(theme.GRID)
        head.setVerticalSpacing(theme.GRID // 2)
        head.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        head.addRow(theme.label(tr("Family"), muted=True), self._family)
        head.addRow(theme.label(tr("Preset"), muted=True), self._preset)
        head.addRow(theme.label(tr("Data"), muted=True), self._data)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self._form)
        scroll.viewport().setAutoFillBackground(False)
        self._form.setAutoFillBackground(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.GRID, theme.GRID, theme.GRID, theme.GRID)
        layout.setSpacing(theme.GRID)
        layout.addLayout(head)
        layout.addWidget(self._help)
        layout.addWidget(scroll, 1)
        layout.addWidget(self._state)
        layout.addWidget(self._start)

    def sizeHint(self) -> QSize:
        return QSize(320, 480)

    # ---------------------------------------------------------------------------------------------- hands

    @Slot()
    def start(self) -> None:
        """Begin a new run by the plan; the run that trains ends with a checkpoint."""
        self.desk.post(start_command(self.desk.state()))

    @Slot(int)
    def _choose_family(self, index: int) -> None:
        card = card_of(self.desk.state(), str(self._family.itemData(index)))
        if card is not None:
            self._plan(card, card.best)

    @Slot(int)
    def _choose_preset(self, index: int) -> None:
        card = card_of(self.desk.state(), plan_of(self.desk.state()).family)
        if card is not None:
            self._plan(card, str(self._preset.itemData(index)))

    def _plan(self, card: FamilyCard, preset: str) -> None:
        """Plan a preset, unchanged; one that shows an effect brings the data that shows it."""
        self.desk.act(PlanRun(card.name, preset, {}))
        if preset in card.demo_data:
            self.desk.act(ChooseData(engine.DataRef(card.demo_data[preset])))

    @Slot(str, object)
    def _edited(self, name: str, value: KnobValue) -> None:
        state = self.desk.state()
        plan = plan_of(state)
        self.desk.act(PlanRun(plan.family, plan.preset, self._form.changes()))
        run = state.opened.get(state.training)
        if run is not None and run.family == plan.family and self._form.row(name).knob.live:
            self.desk.post(engine.SetKnob(name, value))

    # ---------------------------------------------------------------------------------------------- what is shown

    def show_state(self, state: State, changed: frozenset[str]) -> None:
        if "ready" in changed:
            self._list_families(state)
        if changed & {"ready", "plan"}:
            self._show_plan(state)
        if changed & {"ready", "plan", "data", "opened_data"}:
            self._show_data(state)
        if changed & {"ready", "plan", "training", "opened", "train"}:
            self._show_standing(state)

    def _list_families(self, state: State) -> None:
        self._family.clear()
        for card in state.ready.families if state.ready else ():
            self._family.addItem(card.title, card.name)
        self.setEnabled(state.ready is not None)

    def _show_plan(self, state: State) -> None:
        plan = plan_of(state)
        card = card_of(state, plan.family)
        if card is None:
            return
        preset = _preset_of(card, plan.preset)
        if (card.name, preset.name) != self._shown:
            self._shown = (card.name, preset.name)
            self._family.setCurrentIndex(self._family.findData(card.name))
            self._preset.clear()
            for each in card.presets:
                self._preset.addItem(each.title, each.name)
            self._preset.setCurrentIndex(self._preset.findData(preset.name))
            source = "" if preset.source == "ours" else tr("Source: {source}.", source=preset.source)
            self._help.setText(f"{preset.help} {source}".strip())
            self._form.show_knobs(card.knobs, preset.values, plan.values)
        elif dict(plan.values) != self._form.changes():
            self._form.show_values({**preset.values, **plan.values})

    def _show_data(self, state: State) -> None:
        data = data_of(state)
        size = f" · {data.size}x{data.size}" if data.size else ""
        self._data.setText(data_title(state) + size)
        self._form.show_for(data_kind(state))

    def _show_standing(self, state: State) -> None:
        plan, run = plan_of(state), state.opened.get(state.training)
        if state.ready is None:
            text = tr("The engine is starting.")
        elif run is None:
            text = tr("Nothing trains. Changed knobs count for the next run.")
        elif run.family != plan.family:
            text = tr("Another family trains. These knobs count for the next run.")
        else:
            text = tr("{run} trains: live knobs apply at once.", run=run.name)
            waiting = [row.knob.title for row in self._form.rows() if _waits(row.knob, row.value(), run)]
            if waiting:
                text += " " + tr("Needs a new run: {knobs}.", knobs=", ".join(waiting))
        if text != self._state.text():
            self._state.setText(text)


def _waits(knob: engine.Knob, value: KnobValue, run: engine.RunFacts) -> bool:
    """Whether a value differs from the run's and cannot reach it."""
    return not knob.live and run.values.get(knob.name, knob.default) != value


def _preset_of(card: FamilyCard, name: str) -> Preset:
    return next((p for p in card.presets if p.name == name), card.presets[0])
