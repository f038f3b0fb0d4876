"""Answers about codes: reconstructions, painted grids, the book as a whole, and one code from all sides.

Each answer is a generator of events, the most wanted part first; None lets what is newer come in between.
Legend: N samples, C channels, h x w places, K codes, D numbers of a vector.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.data.dataset import Dataset
from engine.evaluate.reconstruction import l1, psnr, ssim
from engine.family import Codec
from engine.messages import (
    BookRead,
    CodeInspected,
    CodesDecoded,
    DecodeCodes,
    Event,
    InspectCode,
    ReadBook,
    Reconstruct,
    Reconstructed,
)
from engine.shelf import Opened, SnapshotError
from engine.stepper import to_model, to_samples

CHUNK = 32  # pictures at once: small enough that a newer request waits little
LOOKED = 1024  # samples of the data that are searched for patches of a code
PATCHES = 32
NEIGHBOURS = 12
CHAINED = 1024  # books up to this size are put into a chain of neighbours


def reconstruct(opened: Opened, request: Reconstruct, device: torch.device) -> Iterator[Event | None]:
    """Samples beside their reconstructions, with their codes where the model has codes."""
    reconstructor, samples = opened.reconstructor, request.samples
    _check_samples(opened, samples)
    codec = opened.snapshot if isinstance(opened.snapshot, Codec) else None
    began = time.perf_counter()
    parts: dict[str, list[NDArray[np.generic]]] = {}
    for first in range(0, len(samples), CHUNK):
        x = to_model(torch.from_numpy(np.ascontiguousarray(samples[first : first + CHUNK])).to(device))
        with torch.inference_mode():
            codes = codec.encode(x) if codec is not None else None
            y = codec.decode_codes(codes) if codec is not None and codes is not None else reconstructor.reconstruct(x)
            y = to_model(torch.from_numpy(to_samples(y)).to(device))  # what is measured is what is shown
            found = {"psnr": psnr(x, y), "l1": l1(x, y), "bits": reconstructor.bits_per_dim(x), "ssim": ssim(x, y)}
        parts.setdefault("samples", []).append(to_samples(y))
        if codes is not None:
            parts.setdefault("codes", []).append(codes.cpu().numpy())
        for name, values in found.items():
            parts.setdefault(name, []).append(values.float().cpu().numpy())
        if first + CHUNK < len(samples):
            yield None
    whole = {name: np.concatenate(arrays) for name, arrays in parts.items()}
    took = (time.perf_counter() - began) * 1000.0
    yield Reconstructed(
        request.channel,
        request.number,
        request.snapshot,
        opened.step,
        samples,
        whole["samples"],
        whole.get("codes"),
        whole["psnr"].astype(np.float32),
        whole["ssim"].astype(np.float32),
        whole["l1"].astype(np.float32),
        whole["bits"].astype(np.float32),
        took,
    )


def decode_codes(opened: Opened, request: DecodeCodes, device: torch.device) -> Iterator[Event]:
    """Pictures of grids of codes."""
    began = time.perf_counter()
    codes = _checked_codes(opened, request.codes, device)
    with torch.inference_mode():
        pictures = [to_samples(opened.codec.decode_codes(part)) for part in torch.split(codes, CHUNK)]
    took = (time.perf_counter() - began) * 1000.0
    yield CodesDecoded(
        request.channel,
        request.number,
        request.snapshot,
        opened.step,
        request.codes,
        np.concatenate(pictures).astype(np.uint8),
        took,
    )


def _check_samples(opened: Opened, samples: NDArray[np.generic]) -> None:
    """Raises SnapshotError where a model cannot take these samples."""
    if samples.shape[1:] != tuple(opened.snapshot.spec.shape) or not len(samples):
        wanted, given = (" x ".join(map(str, shape)) for shape in (opened.snapshot.spec.shape, samples.shape[1:]))
        raise SnapshotError(
            f"{opened.title} takes pictures of {wanted} (height, width, channels), not {given}; open the data set, or "
            "the file, in that size."
        )


def _checked_codes(opened: Opened, codes: NDArray[np.int64], device: torch.device) -> Tensor:
    """The codes on the device. Raises SnapshotError where the decoder cannot take them."""
    info = opened.codec.codes
    if codes.ndim != 1 + len(info.grid) or codes.shape[1:] != info.grid or not len(codes):
        wanted, given = (" x ".join(map(str, shape)) for shape in (info.grid, codes.shape[1:]))
        raise SnapshotError(f"{opened.title} decodes grids of {wanted} codes, not {given}; load codes of its own.")
    if codes.dtype.kind not in "iu" or codes.min() < 0 or codes.max() >= info.book:
        raise SnapshotError(
            f"{opened.title} has the codes 0 to {info.book - 1}; some of these are others, so they belong to another "
            "model."
        )
    return torch.from_numpy(np.ascontiguousarray(codes, np.int64)).to(device)


# ---------------------------------------------------------------------------------------------------------- the book


def alone(opened: Opened, codes: Tensor, device: torch.device) -> NDArray[np.uint8]:
    """What codes decode to where they stand alone: the middle cell of a grid of nothing else, (M, cell, cell, C)."""
    info = opened.codec.codes
    cells = []
    for part in torch.split(codes.to(device), CHUNK):
        grids = part.view(-1, *(1 for _ in info.grid)).expand(-1, *info.grid)
        pictures = to_samples(opened.codec.decode_codes(grids))
        top = info.grid[0] // 2 * info.cell
        left = info.grid[-1] // 2 * info.cell
        cells.append(pictures[:, top : top + info.cell, left : left + info.cell])
    return np.concatenate(cells).astype(np.uint8)


def read_book(opened: Opened, request: ReadBook, device: torch.device) -> Iterator[Event | None]:
    """The whole book: a map of its vectors, a chain of neighbours, usage, and the cell of every code."""
    codec = opened.codec
    info = codec.codes
    with torch.inference_mode():
        book_KD = codec.book().float()
        usage_K = codec.usage().cpu().numpy().astype(np.int64)
        map_K2, shares = plane_of(book_KD)
    yield None
    chain = chain_of(book_KD) if info.book <= CHAINED else np.argsort(map_K2[:, 0], kind="stable")
    yield None
    cells = []
    for part in torch.split(torch.arange(info.book), CHUNK):
        with torch.inference_mode():
            cells.append(alone(opened, part, device))
        yield None
    yield BookRead(
        request.channel,
        request.number,
        request.snapshot,
        opened.step,
        map_K2,
        shares,
        chain.astype(np.int64),
        usage_K,
        np.concatenate(cells),
    )


def plane_of(book_KD: Tensor) -> tuple[NDArray[np.float32], tuple[float, float]]:
    """Where each code lies on the plane of the first two principal components, in -1..1, (K, 2), and the shares of
    the variance that they hold."""
    centred = (book_KD - book_KD.mean(dim=0)).double()
    if centred.shape[1] == 1:
        centred = torch.cat((centred, torch.zeros_like(centred)), dim=1)
    covariance = centred.T @ centred
    values, axes = torch.linalg.eigh(covariance)
    places = centred @ axes[:, [-1, -2]]
    total = values.clamp_min(0).sum().clamp_min(1e-300)
    largest = places.abs().max().clamp_min(1e-12)
    shares = (float(values[-1].clamp_min(0) / total), float(values[-2].clamp_min(0) / total))
    return (places / largest).float().cpu().numpy(), shares


def chain_of(book_KD: Tensor) -> NDArray[np.int64]:
    """The codes in an order in which each is followed by the nearest of the rest: likeness in a line."""
    distances = torch.cdist(book_KD[None].double(), book_KD[None].double())[0].cpu().numpy()
    order = [int(distances.sum(axis=1).argmax())]
    left = np.ones(len(distances), bool)
    left[order[0]] = False
    while len(order) < len(distances):
        row = np.where(left, distances[order[-1]], np.inf)
        order.append(int(row.argmin()))
        left[order[-1]] = False
    return np.array(order, np.int64)


def inspect_code(
    opened: Opened, request: InspectCode, dataset: Dataset | None, device: torch.device
) -> Iterator[Event | None]:
    """One code: alone, in a grid, its neighbours, and then the patches of the data that chose it."""
    codec = opened.codec
    info = codec.codes
    if not 0 <= request.code < info.book:
        raise SnapshotError(
            f"{opened.title} has the codes 0 to {info.book - 1}, not {request.code}; choose one of them."
        )
    before = after = None
    with torch.inference_mode():
        book_KD = codec.book().float()
        distances = (book_KD - book_KD[request.code]).norm(dim=1).cpu().numpy()
        nearest = np.argsort(distances, kind="stable")[: NEIGHBOURS + 1]
        picture = to_samples(codec.decode_codes(torch.full((1, *info.grid), request.code, device=device)))
        if request.context is not None:
            grids = np.stack((request.context, request.context))
            grids[(1, *request.place)] = request.code
            before, after = to_samples(codec.decode_codes(_checked_codes(opened, grids, device))).astype(np.uint8)
    yield CodeInspected(
        request.channel,
        request.number,
        request.snapshot,
        opened.step,
        request.code,
        "code",
        alone=picture[0].astype(np.uint8),
        neighbours=tuple((int(code), float(distances[code])) for code in nearest if code != request.code),
        before=before,
        after=after,
    )
    if dataset is not None:
        yield from _patches(opened, request, dataset, device)


def _patches(opened: Opened, request: InspectCode, dataset: Dataset, device: torch.device) -> Iterator[Event | None]:
    """Pieces of the first samples of a data set whose place chose the code, a field wide, and how many there are."""
    codec = opened.codec
    info = codec.codes
    if tuple(dataset.shape) != tuple(opened.snapshot.spec.shape):
        return
    margin = (info.cell + 1) // 2
    patches: list[NDArray[np.generic]] = []
    found = looked = 0
    for first in range(0, min(LOOKED, len(dataset)), CHUNK):
        pictures = dataset.batch(np.arange(first, min(first + CHUNK, LOOKED, len(dataset)), dtype=np.int64))
        with torch.inference_mode():
            codes = codec.encode(to_model(torch.from_numpy(pictures).to(device))).cpu().numpy()
        wide = np.pad(pictures, ((0, 0), (margin, margin), (margin, margin), (0, 0)), mode="edge")
        side = info.cell + 2 * margin
        for sample, row, column in np.argwhere(codes == request.code):
            if len(patches) < PATCHES:
                top, left = row * info.cell, column * info.cell
                patches.append(wide[sample, top : top + side, left : left + side])
        found += int((codes == request.code).sum())
        looked += codes.size
        yield None
    yield CodeInspected(
        request.channel,
        request.number,
        request.snapshot,
        opened.step,
        request.code,
        "patches",
        patches=np.stack(patches).astype(np.uint8) if patches else None,
        found=found,
        looked=looked,
    )
