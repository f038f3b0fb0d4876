"""What Ctrl+S keeps and Ctrl+O brings back: which run, which snapshot, which step, which latents, which plan.

A session is a small JSON file; it names runs and models, it does not hold them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from engine import DataRef
from explorer.state import PlanRun, State
from explorer.text import tr

SUFFIX = ".session.json"
FORMAT = 1


class SessionError(ValueError):
    """A file that is no session; the message says so in one sentence."""


@runtime_checkable
class Remembers(Protocol):
    """A panel whose latents belong to a session."""

    key: str

    def remember(self) -> Mapping[str, Any]:
        """What to keep, as values that JSON can hold."""

    def recall(self, kept: Mapping[str, Any]) -> None:
        """Bring back what `remember` gave."""


@dataclass(frozen=True)
class Session:
    """A session as plain values; `latents` are by the key of the panel."""

    run: str = ""
    explored: str = ""
    step: int | None = None
    workspace: str = ""
    plan: PlanRun | None = None
    data: DataRef | None = None
    latents: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def session_of(state: State, workspace: str, panels: Iterable[object]) -> Session:
    """What is on the desk now."""
    latents = {panel.key: dict(panel.remember()) for panel in panels if isinstance(panel, Remembers)}
    run = state.run.path if state.run else ""
    return Session(run, state.explored, state.at_step, workspace, state.plan, state.data, latents)


def write_session(session: Session, file: Path) -> None:
    """Write a session; raises OSError where the disk does not take it."""
    plan = session.plan
    plain = {
        "format": FORMAT,
        "run": session.run,
        "explored": session.explored,
        "step": session.step,
        "workspace": session.workspace,
        "plan": {"family": plan.family, "preset": plan.preset, "values": dict(plan.values)} if plan else None,
        "data": session.data.as_plain() if session.data else None,
        "latents": session.latents,
    }
    part = file.with_name(file.name + ".part")
    part.write_text(json.dumps(plain, indent=1), encoding="utf-8")
    part.replace(file)


def read_session(file: Path) -> Session:
    """Read a session; raises SessionError with one sentence for a file that is none."""
    try:
        plain = json.loads(file.read_text(encoding="utf-8"))
        if plain["format"] > FORMAT:
            raise SessionError(tr("{name} is of a newer version; update the program to open it.", name=file.name))
        plan = plain.get("plan")
        return Session(
            run=str(plain.get("run", "")),
            explored=str(plain.get("explored", "")),
            step=None if plain.get("step") is None else int(plain["step"]),
            workspace=str(plain.get("workspace", "")),
            plan=PlanRun(plan["family"], plan["preset"], plan["values"]) if plan else None,
            data=DataRef.from_plain(plain["data"]) if plain.get("data") else None,
            latents={str(key): dict(kept) for key, kept in plain.get("latents", {}).items()},
        )
    except SessionError:
        raise
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise SessionError(tr("{name} is not a session of this program.", name=file.name)) from error
