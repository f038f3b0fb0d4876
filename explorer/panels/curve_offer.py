"""What would fill a Curves panel that has no curves, in words, and the command that does it; functions of the state."""

from __future__ import annotations

import engine
from engine import Command
from explorer.launch import is_loading, start_command
from explorer.state import State
from explorer.text import tr


def offer(state: State) -> tuple[str, str]:
    """What would fill the panel, and the words of the button that does it; "" where it comes by itself."""
    if is_loading(state):
        return tr("The data is being read; the curves appear with the first steps."), ""
    if state.run is None:
        return tr("No run is open. Space starts one; Runs opens one that is on disk."), tr("Start new run")
    waits = tr("The run has no points yet; its curves appear with the first steps.")
    if state.training == state.run.path:
        return waits, "" if state.train is None or state.train.phase == "running" else tr("Train on")
    followed = state.followed.get(state.run.path)
    return waits, "" if followed is not None and followed.status == "running" else tr("Resume this run")


def command(state: State) -> Command:
    """What the button does."""
    if state.run is None:
        return start_command(state)
    if state.training == state.run.path:
        return engine.SetRunning(True)
    return engine.ResumeRun(state.run.path)
