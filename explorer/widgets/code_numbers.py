"""The numbers of a codebook in one row: perplexity, used, dead, counted. Painted, so that numbers that change ten times
a second make nothing lay itself out anew."""

from __future__ import annotations

import itertools

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from explorer import theme
from explorer.explored import grouped
from explorer.text import mark, tr
from explorer.widgets.code_book import BookNumbers, percent
from explorer.widgets.short_numbers import short_number

TITLES = (mark("perplexity"), mark("used"), mark("dead"), mark("counted"))
HINTS = (
    mark(
        "exp of the entropy of the shares: as many codes, all used alike, would be as hard to guess. From 1 (one code "
        "does all the work) to K (all are used alike)."
    ),
    mark("Codes that were chosen at least once in what was counted, of all K codes of the book."),
    mark("Codes that were not chosen once in what was counted. Those that were merged away are among them."),
    mark("So many choices were counted: each place of each picture that was trained on chooses one code."),
)


class CodeNumbers(QWidget):
    """Four numbers side by side, each with its name; a tooltip explains each."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._numbers: BookNumbers | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_numbers(self, numbers: BookNumbers | None) -> None:
        if numbers != self._numbers:
            self._numbers = numbers
            self.setAccessibleDescription(", ".join(f"{n} {t}" for n, t in zip(self.texts(), TITLES, strict=False)))
            self.update()

    def numbers(self) -> BookNumbers | None:
        return self._numbers

    def texts(self) -> tuple[str, ...]:
        """The numbers as they stand there."""
        n = self._numbers
        if n is None:
            return ()
        share = 100 * n.used / max(n.codes, 1)
        return (
            tr("{value} of {codes}", value=f"{n.perplexity:.1f}", codes=grouped(n.codes)),
            tr("{used} / {codes} ({share} %)", used=grouped(n.used), codes=grouped(n.codes), share=percent(share)),
            grouped(n.dead),
            tr("{count} codes", count=grouped(n.counted)),
        )

    def _brief(self) -> tuple[str, ...]:
        """The same in less room."""
        n = self._numbers
        if n is None:
            return ()
        used = f"{grouped(n.used)} / {grouped(n.codes)}"
        return f"{n.perplexity:.1f}", used, grouped(n.dead), short_number(n.counted)

    def sizeHint(self) -> QSize:
        return QSize(320, round(QFontMetricsF(self.font()).height() + QFontMetricsF(self._small()).height()))

    def minimumSizeHint(self) -> QSize:
        return QSize(160, self.sizeHint().height())

    def _small(self) -> QFont:
        font = QFont(self.font())
        if font.pixelSize() > 0:
            font.setPixelSize(max(round(font.pixelSize() * theme.SMALL / theme.BODY), 9))
        return font

    def _cells(self) -> list[QRectF]:
        """Where each number stands; the wider ones get more room."""
        shares = (27, 34, 13, 26)
        starts = [sum(shares[:k]) / sum(shares) * self.width() for k in range(len(shares) + 1)]
        return [QRectF(a, 0, b - a, self.height()) for a, b in itertools.pairwise(starts)]

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.colours(self.palette())
        with QPainter(self) as painter:
            metrics = QFontMetricsF(self.font())
            for cell, title, text, brief in zip(self._cells(), TITLES, self.texts(), self._brief(), strict=False):
                room = cell.adjusted(0, 0, -6, 0)
                painter.setFont(self._small())
                painter.setPen(look.muted)
                painter.drawText(room, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, tr(title))
                painter.setFont(self.font())
                painter.setPen(look.ink)
                text = text if metrics.horizontalAdvance(text) <= room.width() else brief
                said = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room.width())
                painter.drawText(room, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, said)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.FontChange:
            self.updateGeometry()
        super().changeEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            for cell, hint, text in zip(self._cells(), HINTS, self.texts(), strict=False):
                if cell.contains(event.pos()):
                    QToolTip.showText(event.globalPos(), f"{text}. {tr(hint)}", self)
            return True
        return super().event(event)
