"""The panel Codes."""

from __future__ import annotations

from explorer.panel import Panel
from explorer.text import mark


class CodesPanel(Panel):
    """Codes."""

    key = "codes"
    title = mark("Codes")
    needs = ("codec",)
