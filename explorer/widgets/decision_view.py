"""What the line and the plane have in common: a `Decision`, parts that can be hidden, a place that is read out."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QSize, Qt
from PySide6.QtGui import QFont, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine import Decision
from explorer import theme
from explorer.widgets.field_drawing import stepped

PARTS = frozenset({"data", "samples", "arrows", "modes"})


class DecisionView(QWidget):
    """Follows the pointer and the arrow keys from cell to cell; subclasses draw, and say which cell lies where."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._decision: Decision | None = None
        self._parts = PARTS
        self._cell: tuple[int, ...] | None = None  # (x,) or (x, y) of what is read out
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        return QSize(560, 320)

    def show_parts(self, parts: frozenset[str]) -> None:
        """Which of `PARTS` are drawn, where the view has them."""
        self._parts = parts
        self.update()

    def cell_at(self, place: QPointF) -> tuple[int, ...] | None:
        """The cell of the fields at a place of the widget; None beside them."""
        raise NotImplementedError

    def _font(self) -> QFont:
        font = QFont(self.font())
        if font.pixelSize() > 0:
            font.setPixelSize(max(round(font.pixelSize() * theme.SMALL / theme.BODY), 9))
        return font

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._read(self.cell_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._read(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        shape = self._decision.d.shape if self._decision is not None else ()
        middle = tuple(size // 2 for size in reversed(shape))
        cell = stepped(self._cell or middle, event, shape)
        if not cell:
            super().keyPressEvent(event)
        else:
            self._read(cell)

    def _read(self, cell: tuple[int, ...] | None) -> None:
        if cell != self._cell:
            self._cell = cell
            self.update()
