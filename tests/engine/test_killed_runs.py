"""A run survives `kill -9` at any moment: it opens, is listed and followed, goes on, and ends as if never killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def die(home: Path, times: int) -> dict[str, Any]:
    """Kill a run in `home`, see `killed_runs`."""
    if not hasattr(os, "fork"):
        pytest.skip("what is killed is a fork")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.engine.killed_runs", str(home), str(times), "2"],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


def check(facts: dict[str, Any], kills: int) -> None:
    deaths = facts["deaths"]
    assert len(deaths) == kills
    assert [death for death in deaths if death["problems"]] == []
    assert all(death["state"] in ("interrupted", "none") for death in deaths)
    assert all(death["found"] >= death["committed"] for death in deaths), "a committed checkpoint is gone"
    found = [death["found"] for death in deaths]
    assert found == sorted(found), "a kill cost a checkpoint from before"
    assert facts["finished"] == {"state": "ended", "found": facts["steps"], "problems": []}
    assert facts["same"], "the run does not end where an unbroken one does"


def test_a_run_that_is_killed_again_and_again_ends_where_an_unbroken_one_does(tmp_path: Path):
    facts = die(tmp_path, 3)
    check(facts, 3)
    assert facts["deaths"][-1]["found"] > 0, "the kills came before any training"


@pytest.mark.stress
def test_50_kills_at_random_moments_lose_no_checkpoint_and_change_no_bit(tmp_path: Path):
    facts = die(tmp_path, 50)
    check(facts, 50)
    assert facts["deaths"][-1]["found"] > 100
