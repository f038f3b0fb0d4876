"""Painting on a grid of codes, as pure functions: each gives a new grid, so undo is keeping the old one.

A painting (h, w) has the code that was painted into each cell and OPEN where nothing was: there the codes of the
picture show through, also when another step of the model chooses others. Legend: cell (row, column), mask (h, w) of
bool, region (top, left, height, width) in cells.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine import Codes

Cell = tuple[int, int]
Region = tuple[int, int, int, int]
Mask = NDArray[np.bool_]

OPEN = -1
NEIGHBOURS = ((-1, 0), (1, 0), (0, -1), (0, 1))


def unpainted(grid: tuple[int, ...]) -> Codes:
    """A painting with nothing on it."""
    return np.full(grid, OPEN, np.int64)


def laid_over(base_hw: Codes, painting: Codes) -> Codes:
    """The codes that are decoded: what was painted, elsewhere those of the picture."""
    return np.where(painting == OPEN, base_hw, painting)


def line(start: Cell, end: Cell) -> list[Cell]:
    """The cells from `start` to `end`, both among them, without a hole: a quick hand leaves no gaps."""
    steps = max(abs(end[0] - start[0]), abs(end[1] - start[1]), 1)
    rows, columns = (np.rint(np.linspace(a, b, steps + 1)).astype(int) for a, b in zip(start, end, strict=True))
    return list(dict.fromkeys(zip(rows.tolist(), columns.tolist(), strict=True)))


def brushed(cells: list[Cell], size: int, grid: tuple[int, ...]) -> Mask:
    """What a square brush of `size` cells covers on its way over `cells`; of an even size it reaches right and down."""
    mask = np.zeros(grid, bool)
    before = (size - 1) // 2
    for row, column in cells:
        top, left = row - before, column - before
        mask[max(top, 0) : max(top + size, 0), max(left, 0) : max(left + size, 0)] = True
    return mask


def flooded(codes_hw: Codes, cell: Cell) -> Mask:
    """The cells of the same code that hang together with `cell`, edge to edge."""
    same = codes_hw == codes_hw[cell]
    mask = np.zeros_like(same)
    waiting = [cell]
    while waiting:
        row, column = waiting.pop()
        if mask[row, column]:
            continue
        mask[row, column] = True
        for down, right in NEIGHBOURS:
            beside = (row + down, column + right)
            if 0 <= beside[0] < same.shape[0] and 0 <= beside[1] < same.shape[1] and same[beside]:
                waiting.append(beside)
    return mask


def everywhere(codes_hw: Codes, cell: Cell) -> Mask:
    """All cells of the code that `cell` has."""
    return codes_hw == codes_hw[cell]


def masked(region: Region, grid: tuple[int, ...]) -> Mask:
    """The cells of a region."""
    top, left, height, width = region
    mask = np.zeros(grid, bool)
    mask[top : top + height, left : left + width] = True
    return mask


def painted(painting: Codes, mask: Mask, code: int) -> Codes:
    """The painting with `code` in all cells of the mask; OPEN takes away what was painted there."""
    return np.where(mask, np.int64(code), painting)


def spanned(start: Cell, end: Cell) -> Region:
    """The region with these two cells in opposite corners."""
    (top, bottom), (left, right) = sorted((start[0], end[0])), sorted((start[1], end[1]))
    return top, left, bottom - top + 1, right - left + 1


def cut_out(codes_hw: Codes, region: Region) -> Codes:
    """A copy of the codes of a region."""
    top, left, height, width = region
    return codes_hw[top : top + height, left : left + width].copy()


def pasted(painting: Codes, piece: Codes, corner: Cell) -> Codes:
    """The painting with a piece of codes put in at `corner`; what does not fit in is left out."""
    top, left = corner
    result = painting.copy()
    room = result[top : top + piece.shape[0], left : left + piece.shape[1]]
    room[:] = piece[: room.shape[0], : room.shape[1]]
    return result
