"""The seed plane, interpolations, walks and arithmetic: exact where they claim to be exact."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.controls import Arithmetic, KeyFrame, LatentInfo, Move, Point, Slot, Walk
from engine.latent import (
    CENTRE,
    LatentError,
    draw,
    draw_many,
    evaluate,
    frame_count,
    lerp,
    neighbours,
    onto_shell,
    philox,
    place,
    places,
    shell_radius,
    slerp,
    walk,
    walk_frames,
)

NORMAL = LatentInfo(64, "normal")
UNIFORM = LatentInfo(100, "uniform")
property_test = settings(derandomize=True, deadline=None, max_examples=40)
numbers = st.floats(-3, 3).map(lambda x: round(x, 3))


def vectors(size: int) -> st.SearchStrategy[np.ndarray]:
    return st.lists(numbers, min_size=size, max_size=size).map(np.array)


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_the_generator_gives_the_published_words(counter, key, words):
    """The known answers that the authors of Philox publish with Random123."""
    out = philox(np.array(counter, np.uint64), np.array(key, np.uint64))
    assert tuple(int(word) for word in out) == words


def test_a_place_names_the_same_draw_for_ever():
    np.testing.assert_allclose(draw("normal", 3, 7, 2, -5), [0.96765226, -0.13568342, -0.47009081], rtol=1e-6)
    np.testing.assert_allclose(draw("uniform", 3, 7, 2, -5), [0.2408129, 0.95565593, 0.39714122], rtol=1e-6)


def test_draws_follow_the_prior_and_differ_from_place_to_place():
    z_NZ = draw_many("normal", 64, 3, np.arange(2000), 0)
    assert z_NZ.dtype == np.float32
    assert abs(z_NZ.mean()) < 0.01
    assert abs(z_NZ.std() - 1) < 0.01
    assert np.abs(np.cov(z_NZ.T) - np.eye(64)).max() < 0.15
    u_NZ = draw_many("uniform", 64, 3, np.arange(2000), 0)
    assert np.abs(u_NZ).max() < 1
    assert abs(u_NZ.std() - 1 / math.sqrt(3)) < 0.01
    assert len({z.tobytes() for z in draw_many("normal", 5, 0, [0, 1, 0, -1], [0, 0, 1, 0])}) == 4
    assert not np.array_equal(draw("normal", 5, 0, 1, 1), draw("normal", 5, 2**40, 1, 1))


def test_one_draw_does_not_depend_on_the_others_nor_on_the_size_beside_it():
    many = draw_many("normal", 10, [4, 5, 6], [1, 2, 3], [7, 8, 9])
    np.testing.assert_array_equal(many[1], draw("normal", 10, 5, 2, 8))
    np.testing.assert_array_equal(draw("normal", 7, 5, 2, 8), many[1][:7])


# -------------------------------------------------------------------------------------------------- between two vectors


def test_slerp_follows_its_closed_form():
    a, b = np.array([1.0, 0.0]), np.array([0.0, 2.0])
    np.testing.assert_allclose(slerp(a, b, 0.5), 1.5 * np.array([1, 1]) / math.sqrt(2))
    angle = 0.3 * math.pi / 2
    np.testing.assert_allclose(slerp(a, b / 2, 0.3), [math.cos(angle), math.sin(angle)])


@given(vectors(5), vectors(5), st.floats(0, 1))
@property_test
def test_slerp_is_exact_at_its_ends_never_leaves_their_lengths_and_turns_back(a, b, t):
    np.testing.assert_array_equal(slerp(a, b, 0.0), a)
    np.testing.assert_array_equal(slerp(a, b, 1.0), b)
    between = slerp(a, b, t)
    low, high = sorted((np.linalg.norm(a), np.linalg.norm(b)))
    assert np.isfinite(between).all()
    assert np.linalg.norm(between) <= high + 1e-9
    if low > 0:
        assert np.linalg.norm(between) >= low - 1e-9
        cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
        if cosine > -0.999:  # opposite vectors: which half circle depends on where one comes from
            np.testing.assert_allclose(between, slerp(b, a, 1 - t), atol=1e-6)


@pytest.mark.parametrize("factor", [1.0, 2.0, -1.0, -3.0, 0.0])
def test_slerp_survives_parallel_opposite_and_zero_vectors(factor):
    a = np.array([0.6, 0.8, 0.0])
    way = slerp(a, factor * a, np.linspace(0, 1, 11))
    lengths = np.linalg.norm(way, axis=1)
    np.testing.assert_allclose(lengths, np.linspace(1, abs(factor), 11), atol=1e-12)
    assert np.linalg.norm(np.diff(way, axis=0), axis=1).max() < 1.0


def test_interpolations_take_batches_of_vectors_and_of_times():
    a, b = draw_many("normal", 8, 0, [0, 1, 2], 0), draw_many("normal", 8, 1, [0, 1, 2], 0)
    t = np.array([0.2, 0.5, 1.0])
    for function in (slerp, lerp):
        together = function(a, b, t)
        for i in range(3):
            np.testing.assert_allclose(together[i], function(a[i], b[i], t[i]))
        assert function(a[0], b[0], np.linspace(0, 1, 4)).shape == (4, 8)
    np.testing.assert_allclose(lerp(a, b, 0.25), 0.75 * a + 0.25 * b, atol=1e-6)


def test_onto_the_shell_means_the_length_that_draws_have():
    z = 0.1 * draw_many("normal", 64, 0, range(5), 0)
    np.testing.assert_allclose(np.linalg.norm(onto_shell(z, NORMAL), axis=1), 8.0, rtol=1e-5)
    np.testing.assert_allclose(onto_shell(z, NORMAL) / 8, z / np.linalg.norm(z, axis=1, keepdims=True), rtol=1e-4)
    u = onto_shell(3 * draw_many("uniform", 100, 0, range(5), 0), UNIFORM)
    assert np.abs(u).max() <= 1
    np.testing.assert_allclose(np.linalg.norm(u, axis=1), math.sqrt(100 / 3), rtol=0.01)
    np.testing.assert_array_equal(onto_shell(np.zeros(64), NORMAL), np.zeros(64))
    assert shell_radius(NORMAL) == 8.0


# --------------------------------------------------------------------------------------------------------------- places


@given(st.integers(-50, 50), st.integers(-50, 50), st.integers(0, 2**64 - 1), st.sampled_from([NORMAL, UNIFORM]))
@property_test
def test_whole_numbers_of_the_plane_are_draws_from_the_prior(x, y, seed, latent):
    for interpolation in ("slerp", "lerp"):
        z = place(Point(seed, x, y), latent, interpolation)
        np.testing.assert_array_equal(z, draw(latent.prior, latent.size, seed, x, y))


@given(st.floats(-20, 20), st.floats(-20, 20), st.sampled_from([NORMAL, UNIFORM]))
@property_test
def test_every_place_between_is_valid(x, y, latent):
    z = place(Point(1, x, y), latent)
    corners = places([Point(1, math.floor(x) + i, math.floor(y) + j) for i in (0, 1) for j in (0, 1)], latent)
    lengths = np.linalg.norm(corners, axis=1)
    if latent.prior == "normal":
        assert lengths.min() - 1e-4 <= np.linalg.norm(z) <= lengths.max() + 1e-4
    else:
        assert np.abs(z).max() <= 1
        assert np.linalg.norm(z) <= lengths.max() + 1e-4


@given(st.floats(-5, 5), st.floats(-5, 5), st.floats(0, 2 * math.pi))
@property_test
def test_a_small_step_of_the_hand_is_a_small_step_in_z_also_across_borders(x, y, angle):
    step = 1e-4
    for latent, steepest in ((NORMAL, 40.0), (UNIFORM, 40.0)):
        near = Point(0, x + step * math.cos(angle), y + step * math.sin(angle))
        moved = places([Point(0, x, y), near], latent).astype(np.float64)
        assert np.linalg.norm(moved[1] - moved[0]) < steepest * step + 1e-5
    border = places([Point(0, 3 - 1e-9, y), Point(0, 3.0, y)], NORMAL)
    np.testing.assert_allclose(border[0], border[1], atol=1e-4)


def test_edits_set_coordinates_and_moves_go_in_standard_deviations():
    plain = place(Point(2, 1, 1), UNIFORM)
    along = np.zeros(100)
    along[3] = 1.0
    point = Point(2, 1, 1, edits=((3, 0.5), (99, -1.0)), moves=(Move("age", 2.0),))
    z = place(point, UNIFORM, directions={"age": along})
    assert z[3] == pytest.approx(0.5 + 2.0 / math.sqrt(3))
    assert z[99] == -1.0
    np.testing.assert_array_equal(z[4:99], plain[4:99])
    given = Point(moves=(Move("age", 1.5),), z=(0.0, 1.0))
    np.testing.assert_allclose(place(given, LatentInfo(2, "normal"), directions={"age": [1, 0]}), [1.5, 1.0])


@pytest.mark.parametrize(
    ("point", "sentence"),
    [
        (Point(edits=((64, 1.0),)), "no coordinate 64; choose 0 to 63"),
        (Point(moves=(Move("smile", 1.0),)), "no direction 'smile' for this model; choose one of short"),
        (Point(moves=(Move("short", 1.0),)), "'short' has 3 coordinates but this model has 64"),
        (Point(z=(1.0, 2.0)), "has 2 coordinates but this model has 64"),
        (Point(z=(math.nan,) * 64), "not a finite number"),
        (Point(x=math.inf), "choose a nearer one"),
        (Point(y=math.nan), "choose a nearer one"),
    ],
)
def test_what_a_latent_space_does_not_have_is_said(point, sentence):
    with pytest.raises(LatentError, match=sentence):
        place(point, NORMAL, directions={"short": [1.0, 0.0, 0.0]})
    if point.moves and point.moves[0].direction == "smile":
        with pytest.raises(LatentError, match="find directions first"):
            place(point, NORMAL)


# ---------------------------------------------------------------------------------------------------------------- walks


def path(loop: bool, *frames: int) -> Walk:
    return Walk(tuple(KeyFrame(Point(0, x=i), n) for i, n in enumerate(frames)), loop=loop)


def test_a_loop_comes_back_and_an_open_walk_ends_at_its_last_key_frame():
    loop, line = path(True, 4, 2, 2), path(False, 4, 4, 9)
    assert frame_count(loop) == 8
    assert frame_count(line) == 9
    for i, t in enumerate((0.0, 0.5, 0.75)):
        np.testing.assert_array_equal(walk(loop, t, NORMAL), draw("normal", 64, 0, i, 0))
    np.testing.assert_array_equal(walk(loop, 1.0, NORMAL), walk(loop, 0.0, NORMAL))
    np.testing.assert_array_equal(walk(line, 1.0, NORMAL), draw("normal", 64, 0, 2, 0))
    frames = walk_frames(line, NORMAL)
    assert frames.shape == (9, 64)
    np.testing.assert_array_equal(frames[[0, 4, 8]], draw_many("normal", 64, 0, [0, 1, 2], 0))
    np.testing.assert_allclose(frames[6], walk(line, 0.75, NORMAL), atol=1e-6)
    assert walk_frames(loop, NORMAL).shape == (8, 64)


def test_short_walks_stand_still_and_an_empty_one_says_so():
    alone = walk_frames(path(True, 3), NORMAL)
    np.testing.assert_array_equal(alone, np.repeat(alone[:1], 3, axis=0))
    assert walk_frames(path(False, 0, 0), NORMAL).shape == (1, 64)
    with pytest.raises(LatentError, match="add one"):
        walk(Walk(()), 0.0, NORMAL)


def test_a_straight_walk_is_straight():
    line = dataclasses.replace(path(False, 2, 1), interpolation="lerp")
    z = walk_frames(line, NORMAL)
    np.testing.assert_allclose(z[1], (z[0] + z[2]) / 2, atol=1e-6)


# ----------------------------------------------------------------------------------------------------------- arithmetic


def linear_toy(size: int = 12) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A linear G whose first two output rows are the attributes "glasses" and "man"; returns (G, and their z)."""
    weight = np.linalg.qr(draw_many("normal", size, 9, range(size), 0).astype(np.float64))[0]
    return weight, weight[0], weight[1]


def group(rest_seed: int, glasses: float, man: float, count: int = 3) -> tuple[Point, ...]:
    weight, _, _ = linear_toy()
    rest = draw_many("normal", 12, rest_seed, range(count), 0).astype(np.float64)
    rest[:, :2] = glasses, man
    return tuple(Point(z=tuple(each @ weight)) for each in rest)


def test_a_linear_generator_recovers_the_vector_exactly():
    """Test 22: man with glasses - man + woman = woman with glasses, where the rest of A and B is the same."""
    weight, _, _ = linear_toy()
    arithmetic = Arithmetic(
        (Slot("A", group(1, 2.0, 1.0)), Slot("B", group(1, -2.0, 1.0)), Slot("C", group(2, -2.0, -1.0))), norm="as is"
    )
    z = evaluate(arithmetic, LatentInfo(12, "normal"))
    features = weight @ z
    c_mean = weight @ np.mean([point.z for point in arithmetic.slots[2].exemplars], axis=0)
    np.testing.assert_allclose(features[:2], [2.0, -1.0], atol=1e-5)
    np.testing.assert_allclose(features[2:], c_mean[2:], atol=1e-5)


def test_three_exemplars_reduce_the_variance_by_three():
    """Test 22: the variance of the result's free coordinates with three exemplars per slot over that with one."""

    def spread(count: int) -> float:
        results = []
        for trial in range(400):
            slots = tuple(Slot(name, group(3 * trial + i, 1.0, 0.0, count)) for i, name in enumerate("ABC"))
            results.append(linear_toy()[0] @ evaluate(Arithmetic(slots, norm="as is"), LatentInfo(12, "normal")))
        return float(np.var(np.array(results)[:, 2:], axis=0).mean())

    assert spread(1) / spread(3) == pytest.approx(3.0, rel=0.15)


def test_weights_and_the_norm_mode_do_what_they_say():
    a, b = Point(0, 1, 0), Point(0, 2, 0)
    slots = (Slot("A", (a,), weight=0.5), Slot("B", (b, b), weight=-2.0))
    plain = Arithmetic(slots, "A + mean(B) / 2", norm="as is")
    expected = 0.5 * draw("normal", 64, 0, 1, 0) - draw("normal", 64, 0, 2, 0)
    np.testing.assert_allclose(evaluate(plain, NORMAL), expected, atol=1e-6)
    on_shell = evaluate(dataclasses.replace(plain, norm="onto the shell"), NORMAL)
    np.testing.assert_allclose(on_shell, onto_shell(expected, NORMAL), atol=1e-5)


def test_an_empty_slot_is_named_only_where_it_is_used():
    slots = (Slot("A", (Point(),)), Slot("B"))
    with pytest.raises(LatentError, match="Slot B is empty"):
        evaluate(Arithmetic(slots, "A - B"), NORMAL)
    np.testing.assert_array_equal(evaluate(Arithmetic(slots, "A", norm="as is"), NORMAL), place(Point(), NORMAL))


def test_neighbours_surround_the_result_within_the_spread():
    arithmetic = Arithmetic((), norm="as is", spread=0.25, noise_seed=3)
    z = draw("normal", 64, 0, 0, 0)
    around = neighbours(arithmetic, z, NORMAL)
    assert around.shape == (9, 64)
    np.testing.assert_array_equal(around[CENTRE], z)
    others = np.delete(around, CENTRE, axis=0) - z
    assert 0.2 < np.abs(others).max() <= 0.25 + 1e-6
    assert len({each.tobytes() for each in others}) == 8
    np.testing.assert_array_equal(around, neighbours(arithmetic, z, NORMAL))
    assert not np.array_equal(around, neighbours(dataclasses.replace(arithmetic, noise_seed=4), z, NORMAL))
    shell = neighbours(dataclasses.replace(arithmetic, norm="onto the shell"), onto_shell(z, NORMAL), NORMAL)
    np.testing.assert_allclose(np.linalg.norm(shell, axis=1), 8.0, rtol=1e-5)
