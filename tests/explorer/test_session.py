"""A session is written, read, and says what is wrong with a file that is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import DataRef
from explorer.session import Session, SessionError, read_session, session_of, write_session
from explorer.state import PlanRun, State


class Remembering:
    key = "latent"

    def remember(self) -> dict[str, object]:
        return {"point": {"seed": 7}}

    def recall(self, kept: object) -> None:
        raise NotImplementedError


def test_there_and_back(tmp_path: Path) -> None:
    session = Session(
        run="runs/one",
        explored="bundled:portraits-32",
        step=1200,
        workspace="train",
        plan=PlanRun("gan_modern", "modern", {"lr": 1e-4, "ema": False}),
        data=DataRef("portraits", size=32),
        panels={"latent": {"point": {"seed": 7, "x": 0.5}}},
    )
    file = tmp_path / "a.session.json"
    write_session(session, file)
    assert read_session(file) == session
    assert [path.name for path in tmp_path.iterdir()] == ["a.session.json"]


def test_panels_that_remember_are_asked() -> None:
    session = session_of(State(explored="live", at_step=3), "explore", [Remembering(), object()])
    assert session.panels == {"latent": {"point": {"seed": 7}}}
    assert (session.explored, session.step, session.workspace) == ("live", 3, "explore")


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"format": 1, "data": {"name": 3}}', '{"format": "x"}'])
def test_a_broken_file_is_one_sentence(tmp_path: Path, text: str) -> None:
    file = tmp_path / "b.session.json"
    file.write_text(text)
    with pytest.raises(SessionError, match="not a session"):
        read_session(file)


def test_a_newer_file_says_so(tmp_path: Path) -> None:
    file = tmp_path / "c.session.json"
    file.write_text('{"format": 99}')
    with pytest.raises(SessionError, match="newer version"):
        read_session(file)
