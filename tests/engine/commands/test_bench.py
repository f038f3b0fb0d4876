from __future__ import annotations

import pytest

from engine.commands import bench
from engine.commands.bench import BENCHES, Bench, figures, unit


def test_every_bench_has_its_function():
    for entry in BENCHES.values():
        module = __import__(f"engine.bench.{entry.module}", fromlist=["x"])
        assert callable(getattr(module, f"bench_{entry.module}"))


def test_figures_have_units_and_targets():
    rows = {row["name"]: row for row in figures("decode", {"picture_32_p95_ms": 30.0, "picture_64_p95_ms": 3.0})}
    assert rows["picture_32_p95_ms"]["unit"] == "ms"
    assert rows["picture_32_p95_ms"]["target"] == "<= 12"
    assert not rows["picture_32_p95_ms"]["reached"]
    assert rows["picture_64_p95_ms"]["reached"]
    assert unit("dcgan_step", "training_ratio_plain") == "times"
    assert unit("modern_step", "images_per_s") == "pictures/s"
    assert unit("log", "open_s") == "s"


def test_all_benches_run_and_what_is_missing_is_said(told, monkeypatch):
    def measure(entry: Bench) -> dict[str, float]:
        if entry.module == "arithmetic":
            raise bench.CommandError("There is no model.")
        return {"step_ms": 1.0}

    monkeypatch.setattr(Bench, "measure", measure)
    found = told(["bench"])
    assert {row["bench"] for row in found["figures"]} == BENCHES.keys() - {"arithmetic"}
    assert found["missing"] == {"arithmetic": "There is no model."}
    assert found["date"]
    assert found["processor"]
    assert "threads" in found["line"]


def test_a_bench_that_is_not_there_gets_one_sentence(refused):
    assert "choose one of" in refused(["bench", "everything"])


@pytest.fixture(autouse=True)
def _home(home):
    """The commands look at a home of their own."""
