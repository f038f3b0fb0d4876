"""Cells of two lines: what it is above, and below in small and muted type what is known of it."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QIcon, QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from explorer import theme

BELOW = Qt.ItemDataRole.UserRole + 1  # the text of the second line
ALARM = Qt.ItemDataRole.UserRole + 2  # True where the second line is a warning
EDGE = 4  # round the text, px
Index = QModelIndex | QPersistentModelIndex


class TwoLines(QStyledItemDelegate):
    """Draws the icon of an item over both lines. An editor stands in place of the first line."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        upper, lower = QFontMetrics(option.font), QFontMetrics(_small(option.font))
        wide = max(upper.horizontalAdvance(_text(index)), lower.horizontalAdvance(_text(index, BELOW)))
        icon = option.decorationSize if _icon(index) is not None else QSize(-EDGE, 0)
        return QSize(icon.width() + wide + 3 * EDGE, row_height(option.font, icon.height()))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        self._paint_ground(painter, option, index)
        upper, lower = self._lines(option, index)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        look, palette = theme.colours(option.palette), option.palette
        ink = palette.color(QPalette.ColorRole.HighlightedText) if chosen else look.ink
        quiet = look.warning if index.data(ALARM) else look.muted
        painter.save()
        icon = _icon(index)
        if icon is not None:
            side = option.decorationSize
            top = option.rect.center().y() - side.height() // 2
            icon.paint(painter, QRect(option.rect.left() + EDGE, top, side.width(), side.height()))
        font = index.data(Qt.ItemDataRole.FontRole) or option.font
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        for line, text, type_, colour, mode in (
            (upper, _text(index), font, ink, Qt.TextElideMode.ElideMiddle),  # runs of a kind differ at their ends
            (lower, _text(index, BELOW), _small(option.font), ink if chosen else quiet, Qt.TextElideMode.ElideRight),
        ):
            painter.setFont(type_)
            painter.setPen(colour)
            painter.drawText(line, flags, QFontMetrics(type_).elidedText(text, mode, line.width()))
        painter.restore()

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """What the style draws behind an item: selection and focus."""
        bare = QStyleOptionViewItem(option)
        self.initStyleOption(bare, index)
        bare.text, bare.icon = "", QIcon()
        bare.widget.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, bare, painter, bare.widget)

    def _lines(self, option: QStyleOptionViewItem, index: Index) -> tuple[QRect, QRect]:
        """Where the two lines lie."""
        upper, lower = QFontMetrics(option.font).height(), QFontMetrics(_small(option.font)).height()
        left = option.decorationSize.width() + 2 * EDGE if _icon(index) is not None else EDGE
        place = option.rect.adjusted(left, 0, -EDGE, 0)
        top = place.top() + (place.height() - upper - lower) // 2
        return QRect(place.left(), top, place.width(), upper), QRect(place.left(), top + upper, place.width(), lower)

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        upper, _ = self._lines(option, index)
        editor.setGeometry(upper.adjusted(-EDGE, -EDGE // 2, EDGE, EDGE // 2))

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        if editor.property("text").strip():  # a run keeps its name where none was typed
            super().setModelData(editor, model, index)


def row_height(font: QFont, icon: int) -> int:
    """The height of two lines, or of an icon of `icon` px beside them."""
    lines = QFontMetrics(font).height() + QFontMetrics(_small(font)).height()
    return max(lines, icon) + EDGE


def _text(index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> str:
    return str(index.data(role) or "")


def _icon(index: Index) -> QIcon | None:
    found = index.data(Qt.ItemDataRole.DecorationRole)
    return found if isinstance(found, QIcon) else None


def _small(font: QFont) -> QFont:
    smaller = QFont(font)
    smaller.setBold(False)
    smaller.setPixelSize(max(round(font.pixelSize() * theme.SMALL / theme.BODY), 9))
    return smaller
