"""How much of a picture survives a model that takes it apart and puts it together again, on pictures it never saw.

PSNR, SSIM, L1 and an upper bound of bits per number of each picture, and the Frechet distance of the reconstructions on
a judge's features: real pictures on one side, reconstructions of other real pictures on the other, so that a perfect
model reaches the floor, as in `quality`. Where the model has codes, also what its book and a simple prior do (`codes`).

Legend: N pictures, P places of a grid.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.controls import GRID_SEED
from engine.data.dataset import DataError, Dataset
from engine.evaluate import frechet
from engine.evaluate.codes import book_figures, encoded, fitted_prior, window
from engine.evaluate.judge import Judge
from engine.evaluate.reconstruction import l1, psnr, ssim
from engine.evaluate.sampling import Rows, Steps, counted, shuffled_rows
from engine.family import Codec, Reconstructor
from engine.nn.usage import PER_CODE
from engine.stepper import to_model, to_samples

AT_ONCE = 32
NAMES = ("psnr_db", "ssim", "l1", "bits_per_dim")


def measure_fidelity(
    model: Reconstructor,
    judge: Judge | None,
    data: Dataset,
    train: Dataset | None,
    device: torch.device,
    count: int = 5000,
    train_count: int = 20_000,
    seed: int = GRID_SEED,
    at_once: int = AT_ONCE,
) -> Generator[Steps, None, dict[str, Any]]:
    """Figures of `count` pictures of `data`, or of half of them if that is less, as plain values by section.

    "reconstruction" holds means over the pictures. A `Codec` has "codebook" (codes of `data`) too, and with `train`
    a "prior": `train_count` pictures of it are counted. Raises DataError for fewer than 4 pictures.
    """
    if data.is_points or len(data) < 4:
        raise DataError("Reconstructions are measured on pictures, and at least 4 of them; choose another data set.")
    order = shuffled_rows(data, seed)
    count = min(count, len(data) // 2)
    codec = model if isinstance(model, Codec) else None
    more = order[2 * count : 2 * count + window(codec, 2 * count)] if codec is not None else order[:0]
    fit = shuffled_rows(train, seed)[:train_count] if codec is not None and train is not None else order[:0]
    reference, measured = np.sort(order[:count]), np.sort(order[count : 2 * count])
    work = [count if judge is not None else 0, count, count + len(more) if codec is not None else 0, len(fit)]
    before = np.cumsum([0, *work]).tolist()

    # Real pictures, for the distance alone.
    real = []
    for start in range(0, work[0], at_once):
        pictures = data.batch(reference[start : start + at_once])
        assert judge is not None
        real.append(judge.features(to_model(torch.from_numpy(np.asarray(pictures))).to(device)))
        yield start, before[-1]

    # Other pictures beside their reconstructions.
    like: dict[str, list[NDArray[np.float64]]] = {name: [] for name in NAMES}
    made, codes = [], []
    for start in range(0, count, at_once):
        x = to_model(torch.from_numpy(np.asarray(data.batch(measured[start : start + at_once]))).to(device))
        with torch.inference_mode():
            if codec is not None:
                grids = codec.encode(x)
                codes.append(grids.flatten(1).cpu().numpy())
                y = codec.decode_codes(grids)
            else:
                y = model.reconstruct(x)
            y = to_model(torch.from_numpy(to_samples(y)).to(device))  # what is measured is what is shown
            found = (psnr(x, y), ssim(x, y), l1(x, y), model.bits_per_dim(x))
        for name, values in zip(NAMES, found, strict=True):
            like[name].append(values.double().cpu().numpy())
        if judge is not None:
            real.append(judge.features(x))
            made.append(judge.features(y))
        yield before[1] + start, before[-1]
    figures: dict[str, Any] = {"pictures": count}
    figures |= {name: round(float(np.concatenate(values).mean()), 5) for name, values in like.items()}
    if judge is not None:
        distance = frechet.score(np.concatenate(real), np.concatenate(made), judge.card.name)
        figures |= {distance.name: distance.value, "floor": distance.floor}
    if codec is None:
        return {"reconstruction": figures}

    # How many codes work, on all pictures of these data that were chosen.
    held_NP = np.concatenate(codes)
    others: Rows = np.sort(np.concatenate((reference, more)))
    others_NP = yield from counted(encoded(codec, data, others, device, at_once), before[2], before[-1])
    usage_K = np.bincount(np.concatenate((held_NP, others_NP)).ravel(), minlength=codec.codes.book)
    book = book_figures(usage_K) | {"enough_counted": bool(usage_K.sum() >= PER_CODE * codec.codes.book)}
    result: dict[str, Any] = {"reconstruction": figures, "codebook": book}
    if train is None:
        return result

    # What a prior saves that knows how often each code stands at each place.
    prior = yield from counted(fitted_prior(codec, train, fit, device, at_once), before[3], before[-1])
    places, numbers = math.prod(codec.codes.grid), math.prod(data.shape)
    uniform, learned = math.log2(codec.codes.book), float(prior.bits(held_NP).mean()) / places
    result["prior"] = {
        "kind": f"code frequencies at each place with add-one smoothing, counted on {prior.pictures} pictures of "
        f"{train.split}, measured on {count} of {data.split}",
        "bits_per_code_uniform": round(uniform, 4),
        "bits_per_code": round(learned, 4),
        "bits_per_dim_uniform": figures["bits_per_dim"],
        "bits_per_dim": round(figures["bits_per_dim"] - (uniform - learned) * places / numbers, 5),
    }
    return result
