"""The tools for painting codes: which one is in the hand, how wide the brush is, what is shown over and beside."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QToolButton, QVBoxLayout, QWidget
from superqt.utils import QFlowLayout

from explorer import theme
from explorer.text import mark, tr
from explorer.widgets.calm_combo import CalmComboBox
from explorer.widgets.code_grid import Overlay
from explorer.widgets.tool_button import ToolButton

BRUSH, FILL, PICK, REGION, RESTORE = "brush", "fill", "pick", "region", "restore"
TOOLS = (
    (BRUSH, mark("Brush"), "B", mark("Paint the code at hand; a right click or Alt+click takes another")),
    (FILL, mark("Fill"), "L", mark("Fill cells of one code that hang together; with Shift all of that code")),
    (PICK, mark("Pick"), "I", mark("Take the code of a cell; the key takes that under the mouse or the cursor")),
    (REGION, mark("Region"), "M", mark("Drag over cells to copy them; the arrows with Shift do the same")),
    (RESTORE, mark("Restore"), "E", mark("Paint back the codes that the picture had")),
)
OVERLAYS = (("numbers", mark("Numbers")), ("colours", mark("Colours")), ("none", mark("No overlay")))
DECODED, FROM_ORIGINAL, FROM_BEFORE = "decoded", "original", "before"
VIEWS = (
    (DECODED, mark("Decoded")),
    (FROM_BEFORE, mark("Change")),
    (FROM_ORIGINAL, mark("Error")),
)
LARGEST_BRUSH = 3


class CodeTools(QWidget):
    """`changed` follows every choice; `did(name)` asks for "copy", "paste" or "clear"."""

    changed = Signal()
    did = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._group = QButtonGroup(self)
        self._tools: dict[str, QToolButton] = {}
        flow = QFlowLayout()
        flow.setContentsMargins(0, 0, 0, 0)
        flow.setHorizontalSpacing(theme.GRID // 2)
        flow.setVerticalSpacing(theme.GRID // 2)
        for name, title, key, hint in TOOLS:
            button = QToolButton()
            button.setText(tr(title))
            button.setToolTip(f"{tr(hint)} ({key})")
            button.setCheckable(True)
            button.setAutoRaise(True)
            self._group.addButton(button)
            self._tools[name] = button
            flow.addWidget(button)
        self._tools[BRUSH].setChecked(True)
        self._group.buttonClicked.connect(self._changed)
        self._size = self._combo(
            [(size, str(size)) for size in range(1, LARGEST_BRUSH + 1)],
            tr("How many cells the brush covers ([ and ])"),
            letters=3,
        )
        self._overlay = self._combo(
            [(name, tr(title)) for name, title in OVERLAYS], tr("What lies over the codes (O); alike codes, alike hues")
        )
        self._view = self._combo(
            [(name, tr(title)) for name, title in VIEWS],
            tr("Right: the decode, its change by painting, or its error against the original (X)"),
        )
        for combo in (self._size, self._overlay, self._view):
            flow.addWidget(combo)
        self._buttons: dict[str, ToolButton] = {}
        for name, icon, hint in (
            ("copy", "content-copy", tr("Copy the codes of the region, or all (Ctrl+C)")),
            ("paste", "content-duplicate", tr("Paste them at the region, also into another picture (Ctrl+V)")),
            ("clear", "restore", tr("Take back all that was painted on this picture (Delete: in the region)")),
        ):
            self._buttons[name] = ToolButton(icon, hint)
            self._buttons[name].setObjectName(name)
            self._buttons[name].clicked.connect(self._pressed)
            flow.addWidget(self._buttons[name])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(flow)

    def _combo(self, entries: list[tuple[object, str]], hint: str, letters: int = 6) -> CalmComboBox:
        combo = CalmComboBox()
        combo.setMinimumContentsLength(letters)
        for value, title in entries:
            combo.addItem(title, value)
        combo.setToolTip(hint)
        combo.setAccessibleName(hint)
        combo.currentIndexChanged.connect(self._changed)
        return combo

    def tool(self) -> str:
        return next(name for name, button in self._tools.items() if button.isChecked())

    def brush(self) -> int:
        """How many cells wide the brush is."""
        return int(self._size.currentData())

    def overlay(self) -> Overlay:
        found: Overlay = self._overlay.currentData()
        return found

    def view(self) -> str:
        """What the right square shows."""
        return str(self._view.currentData())

    def choose(self, tool: str) -> None:
        """Take a tool in the hand."""
        self._tools[tool].setChecked(True)
        self.changed.emit()

    def reset(self) -> None:
        """Numbers over the codes, the decode beside them."""
        self._overlay.setCurrentIndex(0)
        self._view.setCurrentIndex(0)

    def enable(self, name: str, enabled: bool) -> None:
        """Whether "copy", "paste" or "clear" has something to do."""
        self._buttons[name].setEnabled(enabled)

    def take_key(self, event: QKeyEvent) -> bool:
        """Whether a key was one of the tools'."""
        if event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier:
            return False
        key = event.text().upper()
        for name, _, letter, _ in TOOLS:
            if key == letter and name != PICK:
                self.choose(name)
                return True
        steps = {"[": (self._size, -1), "]": (self._size, 1), "O": (self._overlay, 1), "X": (self._view, 1)}
        if key not in steps:
            return False
        combo, step = steps[key]
        index = combo.currentIndex() + step
        combo.setCurrentIndex(min(max(index, 0), combo.count() - 1) if combo is self._size else index % combo.count())
        return True

    @Slot()
    def _changed(self) -> None:
        self.changed.emit()

    @Slot()
    def _pressed(self) -> None:
        self.did.emit(self.sender().objectName())
