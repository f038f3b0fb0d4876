"""Brush, fill, copy and paste on grids of codes."""

from __future__ import annotations

import numpy as np

from explorer.code_painting import (
    OPEN,
    brushed,
    cut_out,
    everywhere,
    flooded,
    laid_over,
    line,
    masked,
    painted,
    pasted,
    spanned,
    unpainted,
)

CODES = np.array([[1, 1, 2], [3, 1, 2], [1, 3, 3]])


def test_what_is_not_painted_shows_through():
    painting = painted(unpainted((3, 3)), masked((0, 0, 1, 2), (3, 3)), 9)
    assert laid_over(CODES, painting).tolist() == [[9, 9, 2], [3, 1, 2], [1, 3, 3]]
    assert laid_over(CODES + 1, painting)[2].tolist() == [2, 4, 4]


def test_restoring_takes_paint_away():
    painting = painted(unpainted((3, 3)), np.ones((3, 3), bool), 9)
    restored = painted(painting, masked((1, 1, 1, 1), (3, 3)), OPEN)
    assert laid_over(CODES, restored)[1, 1] == 1
    assert (painting == 9).all()


def test_a_quick_hand_leaves_no_gap():
    assert line((0, 0), (0, 3)) == [(0, 0), (0, 1), (0, 2), (0, 3)]
    assert line((2, 2), (0, 0)) == [(2, 2), (1, 1), (0, 0)]
    assert line((1, 1), (1, 1)) == [(1, 1)]


def test_the_brush_ends_at_the_edge():
    assert brushed([(0, 0)], 3, (3, 3)).astype(int).tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 0]]
    assert brushed([(0, 0)], 2, (3, 3)).astype(int).tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 0]]
    assert brushed([(2, 2)], 2, (3, 3)).sum() == 1
    assert brushed([(0, 0), (0, 1)], 1, (3, 3)).sum() == 2


def test_fill_takes_what_hangs_together_edge_to_edge():
    assert flooded(CODES, (0, 0)).astype(int).tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 0]]
    assert everywhere(CODES, (0, 0)).sum() == 4


def test_a_region_is_copied_to_another_place():
    region = spanned((1, 2), (0, 1))
    assert region == (0, 1, 2, 2)
    piece = cut_out(CODES, region)
    assert piece.tolist() == [[1, 2], [1, 2]]
    assert pasted(unpainted((3, 3)), piece, (1, 0)).tolist() == [[-1, -1, -1], [1, 2, -1], [1, 2, -1]]
    assert pasted(unpainted((3, 3)), piece, (2, 2)).tolist() == [[-1, -1, -1], [-1, -1, -1], [-1, -1, 1]]
