"""PySide6 6.12.0 loses references to None: on CPython 3.11 a label that is updated often ends the process."""

from __future__ import annotations

import subprocess
import sys

import PySide6

UPDATES = """
import os
os.environ["QT_QPA_PLATFORM"] = "offscreen"
from PySide6.QtWidgets import QApplication, QLabel
app = QApplication([])
label = QLabel()
label.show()
for k in range(6000):
    label.setText(str(k))
    label.update()
    if k % 100 == 0:
        app.processEvents()
print("alive")
"""


def test_the_version_is_one_that_was_tried() -> None:
    major, minor = (int(part) for part in PySide6.__version__.split(".")[:2])
    assert (6, 9) <= (major, minor) < (6, 12), (
        f"PySide6 {PySide6.__version__} is not in 6.9 - 6.11; install the constraints"
    )


def test_many_updates_do_not_end_the_process() -> None:
    child = subprocess.run([sys.executable, "-c", UPDATES], capture_output=True, text=True, timeout=60, check=False)
    assert child.stdout.strip() == "alive", child.stderr
