"""Every text that a person sees goes through `tr`, so that a language file can take its place.

References: Qt Linguist manual (`pyside6-lupdate -tr-function-alias` collects the calls of `tr` and `mark`).
"""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

CONTEXT = "explorer"


def tr(text: str, /, **values: object) -> str:
    """`text` in the language of the person; `values` fill its {names} after the translation."""
    translated = QCoreApplication.translate(CONTEXT, text)
    return translated.format(**values) if values else translated


def mark(text: str) -> str:
    """`text` as it is, marked for translation: for tables that are made before a language is known. Show it by `tr`."""
    return text
