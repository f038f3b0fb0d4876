"""A small button that is an icon with words for those who hover or listen."""

from __future__ import annotations

from PySide6.QtWidgets import QToolButton, QWidget

from explorer.theme import set_icon


class ToolButton(QToolButton):
    """An icon of the Material Design set; `hint` is its tooltip and its name for screen readers."""

    def __init__(self, icon: str, hint: str, *, checkable: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAutoRaise(True)
        self.setCheckable(checkable)
        set_icon(self, icon)
        self.setToolTip(hint)
        self.setAccessibleName(hint)
