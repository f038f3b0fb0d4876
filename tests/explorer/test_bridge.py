"""The bridge: panels get differences, newest answers, and few events instead of many."""

from __future__ import annotations

import numpy as np
import pytest

import engine
from explorer.bridge import AWAITING_MS, IDLE_MS, Bridge, batched, joined
from explorer.state import ChooseSnapshot, Scrub, State
from tests.explorer.conftest import FakeEngine, pictures, ready_event, run_opened, train_state


class Witness:
    """A listener that writes down what it hears."""

    def __init__(self) -> None:
        self.events: list[object] = []
        self.shown: list[frozenset[str]] = []

    def show_state(self, state: State, changed: frozenset[str]) -> None:
        self.shown.append(changed)

    def take(self, event: object) -> None:
        self.events.append(event)


def frame(channel: str, number: int, part: str = "points") -> engine.Frame:
    return engine.Frame(channel, number, "live", 1, part, pictures(1), np.zeros((1, 4), np.float32), 2.0)  # type: ignore[arg-type]


def points(path: str, first: int, count: int) -> engine.Progress:
    column = np.arange(first, first + count, dtype=np.float64)
    return engine.Progress(path, {"loss": (column, column, column, column)})


def test_a_listener_hears_only_differences(bridge: Bridge, fake: FakeEngine) -> None:
    witness = Witness()
    bridge.listen(witness)
    assert len(witness.shown[0]) == len(State.__dataclass_fields__)
    fake.say(ready_event(), train_state())
    bridge.poll()
    assert witness.shown[1:] == [frozenset({"ready", "train", "training"})]
    bridge.poll()
    assert len(witness.shown) == 2


def test_many_points_come_as_one(bridge: Bridge, fake: FakeEngine) -> None:
    witness = Witness()
    bridge.listen(witness)
    fake.say(
        run_opened("a"), points("a", 0, 3), points("b", 0, 1), points("a", 3, 2), train_state(), train_state(step=9)
    )
    bridge.poll()
    seen = [event for event in witness.events if isinstance(event, engine.Progress) and event.path == "a"]
    assert len(seen) == 1
    np.testing.assert_array_equal(seen[0].values["loss"][0], np.arange(5))
    assert [event.step for event in witness.events if isinstance(event, engine.TrainState)] == [9]
    assert len(bridge.stores.runs["a"].series["loss"]) == 5


def test_nothing_moves_across_an_opening() -> None:
    events = [points("a", 0, 1), run_opened("a"), points("a", 1, 1)]
    assert batched(events) == events


def test_joined_keeps_names_of_both() -> None:
    other = engine.Progress("a", {"fid": (np.ones(1),) * 4})
    both = joined(points("a", 0, 2), other)
    assert set(both.values) == {"loss", "fid"}


def test_older_answers_are_dropped_but_a_moving_hand_sees_something(bridge: Bridge, fake: FakeEngine) -> None:
    witness = Witness()
    bridge.listen(witness)
    for number in (1, 2, 3):
        bridge.post(engine.DrawPoints("latent", number, "live", (engine.Point(),)))
    fake.say(frame("latent", 2), frame("latent", 1), frame("other", 1))
    bridge.poll()
    assert [(e.channel, e.number) for e in witness.events if isinstance(e, engine.Frame)] == [
        ("latent", 2),
        ("other", 1),
    ]


def test_all_parts_of_one_answer_are_shown(bridge: Bridge, fake: FakeEngine) -> None:
    witness = Witness()
    bridge.listen(witness)
    fake.say(frame("a", 5, "centre"), frame("a", 5, "neighbours"), frame("a", 5, "slots"))
    bridge.poll()
    assert len(witness.events) == 3


def test_the_timer_hurries_while_an_answer_is_awaited(bridge: Bridge, fake: FakeEngine) -> None:
    assert bridge._timer.interval() == IDLE_MS
    bridge.post(engine.DrawPoints("latent", 7, "live", (engine.Point(),)))
    assert bridge._timer.interval() == AWAITING_MS
    fake.say(frame("latent", 7))
    bridge.poll()
    assert bridge._timer.interval() == IDLE_MS


def test_a_failed_request_no_longer_hurries(bridge: Bridge, fake: FakeEngine) -> None:
    bridge.post(engine.DrawPoints("latent", 7, "live", (engine.Point(),)))
    fake.say(engine.Failed("Drawing", "No.", channel="latent"))
    bridge.poll()
    assert bridge._timer.interval() == IDLE_MS


def test_actions_in_the_middle_wait_their_turn(bridge: Bridge) -> None:
    class Acting(Witness):
        def take(self, event: object) -> None:
            super().take(event)
            if isinstance(event, Scrub):
                bridge.act(ChooseSnapshot("live"))

    first, second = Acting(), Witness()
    bridge.listen(first)
    bridge.listen(second)
    bridge.act(Scrub(3))
    assert second.events == [Scrub(3), ChooseSnapshot("live")]
    assert bridge.state.explored == "live"
    assert bridge.state.at_step == 3


def test_what_was_posted_early_is_posted_at_the_start(qapp, fake: FakeEngine) -> None:
    bridge = Bridge()
    bridge.post(engine.ListRuns())
    bridge.start(fake)
    assert fake.posted == [engine.ListRuns()]
    assert bridge.stop()
    assert fake.closed


def test_failures_and_notices_are_signals(bridge: Bridge, fake: FakeEngine, qtbot) -> None:
    fake.say(engine.Failed("Opening", "It is gone."), engine.Notice("Resumed."))
    with qtbot.waitSignals([bridge.failed, bridge.noticed]):
        bridge.poll()


def test_lateness_is_measured(qtbot, fake: FakeEngine) -> None:
    bridge = Bridge()
    bridge.start(fake)
    qtbot.waitUntil(lambda: len(bridge.lateness_ms()) >= 5)
    assert all(late >= 0 for late in bridge.lateness_ms())
    bridge.clear_lateness()
    assert bridge.lateness_ms() == []
    bridge.stop()


def test_a_listener_that_fails_keeps_nothing_from_the_others(bridge: Bridge, fake: FakeEngine) -> None:
    class Broken(Witness):
        def take(self, event: object) -> None:
            raise KeyError("broken")

    witness = Witness()
    bridge.listen(Broken())
    bridge.listen(witness)
    fake.say(engine.Notice("one"), train_state(step=3))
    with pytest.raises(ExceptionGroup):
        bridge.poll()
    assert [type(event) for event in witness.events] == [engine.Notice, engine.TrainState]
    assert "train" in witness.shown[-1]
    fake.say(train_state(step=4))
    with pytest.raises(KeyError):
        bridge.poll()
    assert bridge.state.train is not None
    assert bridge.state.train.step == 4
