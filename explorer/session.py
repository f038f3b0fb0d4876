"""What Ctrl+S keeps and Ctrl+O brings back, and what closing and opening the window keeps by itself: which run, which
snapshot, which step, which plan, and what panels remember (latents, the runs that lie over each other).

A session is a small JSON file; it names runs and models, it does not hold them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from engine import LIVE, DataRef, run_snapshot
from explorer.state import PlanRun, State
from explorer.text import tr

SUFFIX = ".session.json"
FORMAT = 1
RUN_FILE = "run.json"  # what makes a folder a run


class SessionError(ValueError):
    """A file that is no session; the message says so in one sentence."""


@runtime_checkable
class Remembers(Protocol):
    """A panel that has something of its own in a session."""

    key: str

    def remember(self) -> Mapping[str, Any]:
        """What to keep, as values that JSON can hold."""

    def recall(self, kept: Mapping[str, Any]) -> None:
        """Bring back what `remember` gave."""


@dataclass(frozen=True)
class Session:
    """A session as plain values; `panels` is what panels remember, by their keys."""

    run: str = ""
    explored: str = ""
    step: int | None = None
    workspace: str = ""
    plan: PlanRun | None = None
    data: DataRef | None = None
    panels: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def session_of(state: State, workspace: str, panels: Iterable[object]) -> Session:
    """What is on the desk now."""
    kept = {panel.key: dict(panel.remember()) for panel in panels if isinstance(panel, Remembers)}
    run = state.run.path if state.run else ""
    return Session(run, state.explored, state.at_step, workspace, state.plan, state.data, kept)


def session_text(session: Session) -> str:
    """A session as JSON."""
    plan = session.plan
    plain = {
        "format": FORMAT,
        "run": session.run,
        "explored": session.explored,
        "step": session.step,
        "workspace": session.workspace,
        "plan": {"family": plan.family, "preset": plan.preset, "values": dict(plan.values)} if plan else None,
        "data": session.data.as_plain() if session.data else None,
        "latents": session.panels,  # the name that files of the first version have
    }
    return json.dumps(plain, indent=1)


def session_from(text: str, name: str) -> Session:
    """The inverse of `session_text`; raises SessionError with one sentence that calls the text `name`."""
    try:
        plain = json.loads(text)
        if plain["format"] > FORMAT:
            raise SessionError(tr("{name} is of a newer version; update the program to open it.", name=name))
        plan = plain.get("plan")
        return Session(
            run=str(plain.get("run", "")),
            explored=str(plain.get("explored", "")),
            step=None if plain.get("step") is None else int(plain["step"]),
            workspace=str(plain.get("workspace", "")),
            plan=PlanRun(plan["family"], plan["preset"], plan["values"]) if plan else None,
            data=DataRef.from_plain(plain["data"]) if plain.get("data") else None,
            panels={str(key): dict(kept) for key, kept in plain.get("latents", {}).items()},
        )
    except SessionError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SessionError(tr("{name} is not a session of this program.", name=name)) from error


def write_session(session: Session, file: Path) -> None:
    """Write a session; raises OSError where the disk does not take it."""
    part = file.with_name(file.name + ".part")
    part.write_text(session_text(session), encoding="utf-8")
    part.replace(file)


def read_session(file: Path) -> Session:
    """Read a session; raises SessionError with one sentence for a file that is none."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise SessionError(tr("{name} is not a session of this program.", name=file.name)) from error
    return session_from(text, file.name)


def is_run(path: str) -> bool:
    """Whether a run lies in this folder."""
    return (Path(path) / RUN_FILE).is_file()


def still_there(session: Session) -> Session:
    """The session without the runs whose folders are gone; what was live goes on as the run's newest snapshot."""
    run = session.run if session.run and is_run(session.run) else ""
    explored = session.explored
    if explored == LIVE:
        explored = run_snapshot(run) if run else ""
    folder = explored.removeprefix("run:").rpartition("@")[0]
    if explored.startswith("run:") and not is_run(folder):
        explored = ""
    return replace(session, run=run, explored=explored, step=None)
