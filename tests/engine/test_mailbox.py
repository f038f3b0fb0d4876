"""A lane's mailbox: commands in order, of requests the newest."""

from __future__ import annotations

import threading

from engine.mailbox import Mailbox


def test_commands_come_first_and_in_order():
    box: Mailbox[str, str] = Mailbox()
    box.ask("panel", "draw")
    box.put("start")
    box.put("stop")
    assert [box.take(0), box.take(0), box.take(0), box.take(0)] == ["start", "stop", "draw", None]


def test_only_the_newest_request_of_a_channel_waits():
    box: Mailbox[str, str] = Mailbox()
    for number in range(100):
        box.ask("slider", f"slider {number}")
    box.ask("grid", "grid 0")
    assert [box.take(0), box.take(0), box.take(0)] == ["slider 99", "grid 0", None]


def test_a_busy_channel_does_not_starve_the_others():
    box: Mailbox[str, str] = Mailbox()
    box.ask("slider", "slider 0")
    box.ask("grid", "grid 0")
    box.ask("slider", "slider 1")
    assert box.take(0) == "slider 1"
    box.ask("slider", "slider 2")
    assert box.take(0) == "grid 0"


def test_waits_tells_whether_an_answer_is_out_of_date():
    box: Mailbox[str, str] = Mailbox()
    assert not box.waits("slider")
    box.ask("slider", "new")
    assert box.waits("slider")
    assert not box.waits("grid")


def test_a_waiting_lane_wakes_at_once():
    box: Mailbox[str, str] = Mailbox()
    taken: list[str | None] = []
    waiter = threading.Thread(target=lambda: taken.append(box.take(60)))
    waiter.start()
    box.put("wake")
    waiter.join(10)
    assert taken == ["wake"]
