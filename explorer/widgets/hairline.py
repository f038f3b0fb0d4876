"""A line of one pixel between two things: the only separator of the window."""

from __future__ import annotations

from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QFrame


def hairline(*, vertical: bool = False) -> QFrame:
    """A horizontal or vertical line in the hairline colour of the theme."""
    line = QFrame()
    line.setFrameShape(QFrame.Shape.VLine if vertical else QFrame.Shape.HLine)
    line.setFrameShadow(QFrame.Shadow.Plain)
    line.setForegroundRole(QPalette.ColorRole.Mid)
    line.setLineWidth(1)
    return line
