"""The panel Compare."""

from __future__ import annotations

from explorer.panel import Panel
from explorer.text import mark


class ComparePanel(Panel):
    """Compare."""

    key = "compare"
    title = mark("Compare")
    needs = ()
