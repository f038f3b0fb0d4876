"""Load the pictures of a folder or an archive: one size, one kind of colour, one array, and a table beside it."""

from __future__ import annotations

from collections.abc import Generator, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.data.assemble import Pace, assemble, check_memory, choose, too_few
from engine.data.captions import read_table
from engine.data.dataset import DataError, Loader, LoadProgress, Problem
from engine.data.fit import USUAL_SIZE, choose_size, fit_picture, to_array
from engine.data.picture import FORMAT_NAMES, PictureError, picture_size, read_picture
from engine.data.ref import FEWEST_SAMPLES, DataRef
from engine.data.tree import Layout, Tree, find_layout, pictures_in


def load_tree(tree: Tree, ref: DataRef) -> Loader:
    """The pictures of `tree` as a data set. A picture that cannot be read is listed in `problems`, the rest loads.

    Raises DataError when fewer than two pictures can be read, or the split is not there.
    """
    files, refused = yield from tree.listing()
    found, foreign = yield from pictures_in(tree, files)
    problems = [*refused, *foreign]
    if not found:
        raise DataError(_no_pictures(tree.name, len(files), problems))
    layout = find_layout(tree.name, found, ref.split)
    layout = _subset(layout, choose(len(layout.pictures), ref.count, ref.seed).tolist())
    height, width = yield from _target_size(tree, layout, ref)
    samples, kept = yield from _decode(tree, layout, ref, height, width, problems)
    if len(kept) < FEWEST_SAMPLES:
        raise DataError(_too_few(tree.name, len(kept), problems))
    table, side_problems = yield from read_table(tree, files, _subset(layout, kept))
    if ref.channels is None:
        samples = yield from _grey_if_grey(samples)
    name = tree.name
    return (yield from assemble(name, name, ref.split, samples, table, [*problems, *side_problems]))


def _subset(layout: Layout, indices: Sequence[int]) -> Layout:
    pictures = tuple(layout.pictures[i] for i in indices)
    return Layout(pictures, tuple(layout.labels[i] for i in indices), layout.roots, layout.split)


def _target_size(tree: Tree, layout: Layout, ref: DataRef) -> Generator[LoadProgress, None, tuple[int, int]]:
    """The wanted size, or one chosen from the headers of all pictures (those that have a readable one)."""
    if ref.size is not None:
        return ref.size, ref.size
    sizes: list[tuple[int, int]] = []
    pace = Pace()
    for done, path in enumerate(layout.pictures):
        try:
            with tree.opened(path) as stream:
                sizes.append(picture_size(stream))
        except (OSError, PictureError):
            continue  # reported with its reason when it is decoded
        if pace.due():
            yield LoadProgress("Measuring pictures", done, len(layout.pictures))
    return choose_size(sizes) if sizes else (USUAL_SIZE, USUAL_SIZE)


def _decode(
    tree: Tree, layout: Layout, ref: DataRef, height: int, width: int, problems: list[Problem]
) -> Generator[LoadProgress, None, tuple[NDArray[np.uint8], list[int]]]:
    """All pictures that can be read, (N, H, W, C), and which ones these are."""
    channels = ref.channels or 3
    total = len(layout.pictures)
    check_memory(total * height * width * channels)
    samples = np.empty((total, height, width, channels), dtype=np.uint8)
    kept: list[int] = []
    pace = Pace()
    for index, path in enumerate(layout.pictures):
        try:
            with tree.opened(path) as stream:
                picture = read_picture(stream, at_least=max(height, width))
        except PictureError as fault:
            problems.append(Problem(str(path), str(fault)))
        except OSError as fault:
            problems.append(Problem(str(path), f"it cannot be read: {fault.strerror or fault}"))
        else:
            samples[len(kept)] = to_array(fit_picture(picture, height, width, ref.fit or "crop"), channels)
            kept.append(index)
        if pace.due():
            yield LoadProgress("Reading pictures", index + 1, total)
    return samples[: len(kept)], kept


def _grey_if_grey(samples: NDArray[np.uint8]) -> Generator[LoadProgress, None, NDArray[np.uint8]]:
    """One channel when no picture has a colour in it, whatever their files said."""
    for start in range(0, len(samples), 256):
        part = samples[start : start + 256]
        if not (np.array_equal(part[..., 0], part[..., 1]) and np.array_equal(part[..., 0], part[..., 2])):
            return samples
        yield LoadProgress("Looking for colour", start, len(samples))
    return np.ascontiguousarray(samples[..., :1])


def _no_pictures(name: str, file_count: int, problems: Sequence[Problem]) -> str:
    if problems:
        return f"There is no picture in {name} that can be read; {problems[0].path}: {problems[0].reason}."
    if not file_count:
        return f"{name} is empty; choose a folder with pictures ({FORMAT_NAMES})."
    return f"None of the {file_count} files in {name} is a picture; choose a folder with {FORMAT_NAMES} files."


def _too_few(name: str, kept: int, problems: Sequence[Problem]) -> str:
    if not problems:
        return too_few(kept, name)
    read = "only one picture" if kept else "no picture"
    unread = f"{len(problems)} files could not be read" if len(problems) > 1 else "one file could not be read"
    return f"{name} gives {read}; {unread} ({problems[0].path}: {problems[0].reason})."
