"""The panel Codebook."""

from __future__ import annotations

from explorer.panel import Panel
from explorer.text import mark


class CodebookPanel(Panel):
    """Codebook."""

    key = "codebook"
    title = mark("Codebook")
    needs = ("codec",)
