from __future__ import annotations

import threading

from engine.storage.errands import TOO_SLOW, Errands
from engine.storage.files import StorageError


def test_errands_are_done_in_order_and_waited_for() -> None:
    errands = Errands("test")
    done: list[int] = []
    for number in range(20):
        assert errands.do("count", lambda number=number: done.append(number))
    assert errands.wait(5)
    assert done == list(range(20))
    assert errands.close(5)
    assert not errands.do("count", lambda: done.append(99))
    assert len(done) == 20


def test_a_problem_stays_until_its_own_subject_works_again() -> None:
    errands = Errands("test")

    def fail() -> None:
        raise StorageError("The disk is full.")

    errands.do("grids", fail)
    errands.do("status", lambda: None)
    errands.wait(5)
    assert errands.problem == "The disk is full."
    errands.do("grids", lambda: None)
    errands.wait(5)
    assert errands.problem == ""
    errands.close(5)


def test_nothing_piles_up_behind_a_disk_that_does_not_answer() -> None:
    errands = Errands("test", most=3)
    stalled, answer = threading.Event(), threading.Event()

    def stall() -> None:
        stalled.set()
        answer.wait(10)

    errands.do("grids", stall)
    assert stalled.wait(5)
    done: list[str] = []
    taken = [errands.do("grids", lambda: done.append("grid")) for _ in range(5)]
    assert taken == [True, True, True, False, False]
    assert errands.problem == TOO_SLOW
    assert errands.do("status", lambda: done.append("end"), always=True)
    assert not errands.wait(0.01)
    assert not errands.close(0.01)
    answer.set()
    assert errands.close(5)
    assert done == ["grid", "grid", "grid", "end"]
