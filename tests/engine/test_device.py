"""Each lane has a thread count of its own, whichever thread set one last."""

from __future__ import annotations

import threading

import torch

from engine.device import use_threads


def test_a_thread_keeps_its_count_when_another_sets_its_own():
    """torch gives a thread that never looked at its count the one that any thread set last."""
    first_set, second_set = threading.Event(), threading.Event()
    found: dict[str, int] = {}
    before = torch.get_num_threads()

    def one() -> None:
        use_threads(1)
        first_set.set()
        assert second_set.wait(30)
        found["one"] = torch.get_num_threads()

    def two() -> None:
        assert first_set.wait(30)
        use_threads(2)
        second_set.set()
        found["two"] = torch.get_num_threads()

    threads = [threading.Thread(target=lane) for lane in (one, two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    use_threads(before)
    assert found == {"one": 1, "two": 2}
