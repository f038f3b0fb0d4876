"""What moves by itself moves smoothly, waits for its pictures, and stands still where nobody looks."""

from __future__ import annotations

import itertools

import pytest

from engine import KeyFrame, Point, Walk
from explorer.motion import Motion, Wander, path_step

PATH = Walk((KeyFrame(Point(), 10), KeyFrame(Point(), 10)), loop=False)


def test_time_on_a_path_loops_or_ends() -> None:
    keys = (KeyFrame(Point(), 10), KeyFrame(Point(), 10))
    assert path_step(Walk(keys), 0.9, 4) == pytest.approx(0.1)
    assert path_step(Walk(keys, loop=False), 0.9, 4) == 1.0


def test_a_walk_by_itself_is_smooth_and_rests_at_draws() -> None:
    wander, places = Wander(3.0), []
    for _ in range(100):
        wander, x = wander.after(0.06)
        places.append(x)
    steps = [b - a for a, b in itertools.pairwise(places)]
    assert min(steps) >= 0
    assert max(steps) < 0.05
    assert places[-1] == pytest.approx(5.5, abs=0.1)  # 6 s at 2.4 s per draw


def test_it_waits_for_the_picture_of_the_last_step(qapp) -> None:
    answered, places = [True], []
    motion = Motion(lambda: answered[0])
    motion.wandered.connect(places.append)
    motion.wander(3.0)
    motion.tick()
    answered[0] = False
    motion.tick()
    assert len(places) == 1
    assert places[0] > 3.0


def test_a_path_ends_where_it_is_no_loop(qapp) -> None:
    motion = Motion(lambda: True)
    said, moments = [], []
    motion.changed.connect(said.append)
    motion.reached.connect(moments.append)
    motion.set_path(PATH)
    motion.t = 0.999
    motion.follow()
    motion.tick()
    assert moments == [1.0]
    assert said == [True, False]
    assert not motion.on


def test_it_rests_while_nobody_sees_it(qapp) -> None:
    motion = Motion(lambda: True)
    motion.wander(0.0)
    assert not motion.ticks()
    motion.wake()
    assert motion.ticks()
    motion.rest()
    assert motion.on
    assert not motion.ticks()
