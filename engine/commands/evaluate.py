"""`python -m engine evaluate --snapshot S [--data NAME] [--samples N]`: how good is a model?

Pictures: FID-c, density, coverage, frequencies and arithmetic, where a judge knows the data set. Points: how many modes
are covered and how far the density is from the data's. Every GAN: what D makes of data and samples. What reconstructs
is measured on pictures that it never saw: PSNR, SSIM, L1, FID-c, bits per number; codes, and bounds of a VAE.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from rich.table import Table

from engine import latent, shelf
from engine.commands.exploring import Explored, SnapshotOptions
from engine.commands.options import parse
from engine.commands.point_figures import NEVER, measure_points
from engine.commands.taking import open_part
from engine.commands.terminal import Bars, CommandError, console, interruptible, note, say, say_json
from engine.controls import GRID_SEED
from engine.data.catalog import open_data
from engine.data.dataset import DataError, Dataset
from engine.data.ref import DataRef
from engine.device import training_threads
from engine.evaluate.arithmetic import CONTEXTS, measure_arithmetic
from engine.evaluate.fidelity import measure_fidelity
from engine.evaluate.judge import Judge, judge_folder
from engine.evaluate.posterior import measure_posterior
from engine.evaluate.quality import measure_quality
from engine.explore import POINT_CHUNK, decode
from engine.families.vae.bounds import LatentModel
from engine.family import Codec, Critic, LatentSpace, Reconstructor
from engine.messages import Samples
from engine.stepper import to_model
from engine.storage import runs
from engine.storage.runs import home_folder

DESCRIPTION = "Measure the quality of a model: with the judge of its data set, with its densities, with its critic."
FEWEST, MOST = 100, 100_000
MOST_OPINIONS = 1000  # pictures that D is asked about
MOST_BOUNDED = 1000  # pictures whose bounds are taken in parts
MOST_DRAWS = 10_000
PRIOR_SHARE = 4  # pictures that a prior of codes is counted on, for each that is measured
AT_ONCE = 64


@dataclass(frozen=True)
class EvaluateOptions(SnapshotOptions):
    """What to measure, and against what."""

    data: str | None = None
    """The data to compare with: a built-in name or a path; without it, what the model was trained on."""
    split: Literal["train", "validation", "test", "held-out"] | None = None
    """Which part of the data; without it, what a model learned from; test for what reconstructs, if there is one."""
    samples: int = 5000
    """How many samples to draw. Distances of different numbers of samples cannot be compared."""
    seed: int = GRID_SEED
    """The plane of the samples."""
    arithmetic: bool = True
    """Also measure latent arithmetic, where the judge knows faces; takes longest."""
    iwae: int = 50
    """VAE: draws of z for each picture in the importance-weighted bound; 0 leaves it out."""
    threads: int | None = None
    """Threads of the CPU; without it, all cores."""
    json: bool = False
    """Print one JSON object and nothing else."""


@interruptible
def run(words: Sequence[str]) -> int:
    options = parse(EvaluateOptions, words, "evaluate", DESCRIPTION)
    if not FEWEST <= options.samples <= MOST:
        raise CommandError(f"The number of samples is {options.samples}; choose {FEWEST} to {MOST}.")
    if not 0 <= options.iwae <= MOST_DRAWS:
        raise CommandError(f"The number of draws is {options.iwae}; choose 0 to {MOST_DRAWS}.")
    threads = training_threads(options.threads)
    explored = Explored(options)
    torch.set_num_threads(threads)
    with Bars(quiet=options.json) as bars:
        try:
            data, dataset = opened_data(explored, _data(explored, options), options.split, bars)
        except DataError as error:
            raise CommandError(f"{error} Say with --data what to compare with.") from error
        result = measured(explored, data, dataset, options, bars)
    if options.json:
        say_json(result)
    else:
        _print(result)
    return 0


def _data(explored: Explored, options: EvaluateOptions) -> DataRef:
    """The data to compare with, in the size and the channels of the model's samples."""
    known, shape = explored.opened.data, explored.opened.snapshot.spec.shape
    if options.data is None:
        if known is None:
            raise CommandError(f"Nobody knows what {explored.opened.title} was trained on; name it with --data.")
        return known
    if len(shape) == 1:
        return DataRef(options.data)
    return DataRef(options.data, shape[0], 1 if shape[2] == 1 else 3)


def opened_data(explored: Explored, known: DataRef, split: str | None, bars: Bars) -> tuple[DataRef, Dataset]:
    """The part of the data to compare with. What reconstructs is measured on pictures that it never saw, where there
    are such. Raises DataError."""
    wanted = split if isinstance(explored.opened.snapshot, Reconstructor) else split or known.split
    dataset, split = open_part(known, wanted, bars)
    return replace(known, split=split), dataset


def measured(
    explored: Explored, data: DataRef, dataset: Dataset, options: EvaluateOptions, bars: Bars
) -> dict[str, Any]:
    """All figures that fit a model, as JSON values; "missing" says what could not be measured, and why.

    Raises CommandError or JudgeError, each with one sentence.
    """
    shape, made = tuple(dataset.shape), tuple(explored.opened.snapshot.spec.shape)
    if shape != made:
        raise CommandError(f"{dataset.title} has samples of {shape}, but the model makes {made}; choose other data.")
    if explored.name.startswith("run:"):
        status = runs.open_run(explored.run_folder).status()
        if status.state == "failed":
            note(f"This run failed ({status.reason}), so its samples may be worth little.")
    result: dict[str, Any] = {
        "snapshot": explored.name,
        "step": explored.opened.step,
        "title": explored.opened.title,
        "data": {"title": dataset.title, "split": data.split, "fingerprint": dataset.fingerprint},
        "missing": [],
    }
    snapshot = explored.opened.snapshot
    if isinstance(snapshot, LatentSpace):
        samples = bars.measured("Drawing samples", _drawn(explored, options))
        if explored.has_critic:
            result["critic"] = bars.measured("Asking the discriminator", _opinions(explored, dataset, samples))
        if explored.is_points:
            return {**result, "points": measure_points(explored, data, dataset, np.asarray(samples, np.float32))}
    folder = judge_folder(shelf.RESOURCES, data.name)
    judge = None if folder is None else Judge.load(folder).to(explored.device)
    if judge is None:
        result["missing"].append(
            f"No judge knows {dataset.title}, so there is no distance, no frequency and no arithmetic to measure."
        )
    else:
        result["judge"] = {"name": judge.card.name, "accuracy": dict(judge.card.accuracy)}
    if isinstance(snapshot, Reconstructor):
        found, missing = _fidelity(explored, data, dataset, judge, options, bars)
        result |= found
        result["missing"] += missing
    if isinstance(snapshot, LatentModel):
        count = min(options.samples, MOST_BOUNDED)
        job = measure_posterior(snapshot, dataset, explored.device, count, options.iwae, options.seed)
        result["posterior"] = bars.measured("Bounding log p(x)", job)
    if judge is None or not isinstance(snapshot, LatentSpace):
        return result
    job = measure_quality(snapshot, judge, dataset, options.samples, options.seed)
    result["quality"] = bars.measured("Comparing with the data", job)
    if options.arithmetic and CONTEXTS.keys() <= judge.columns.keys():
        job = measure_arithmetic(snapshot, judge, seed=options.seed)
        result["arithmetic"] = bars.measured("Adding and subtracting", job)
    return result


def _fidelity(
    explored: Explored, data: DataRef, dataset: Dataset, judge: Judge | None, options: EvaluateOptions, bars: Bars
) -> tuple[dict[str, Any], list[str]]:
    """What a model makes of pictures and what its codes cost, by section, and sentences for what cannot be said."""
    model = explored.opened.reconstructor
    missing: list[str] = []
    train = None
    if data.split == "train":
        missing.append(
            f"{dataset.title} is measured on the part that models learn from; figures of pictures that this model "
            "never saw may be worse."
        )
        if isinstance(model, Codec):
            missing.append("A prior of codes would be counted on the pictures it is measured on, so there is none.")
    elif isinstance(model, Codec):
        train = bars.loaded(open_data(replace(data, split="train"), home_folder()))
    job = measure_fidelity(
        model,
        judge,
        dataset,
        train,
        explored.device,
        options.samples,
        PRIOR_SHARE * options.samples,
        options.seed,
    )
    found = bars.measured("Reconstructing", job)
    if "codebook" in found and not found["codebook"]["enough_counted"]:
        missing.append(
            "There are too few pictures to see 50 codes for each code of the book: perplexity comes out low."
        )
    if (gap := _hardness_gap(explored)) is not None:
        found["codebook"]["relaxed_hard_gap_in_training"] = round(gap, 5)
    return found, missing


def _hardness_gap(explored: Explored) -> float | None:
    """The relaxed ELB less the sampled one in nats per number, as a dVAE's run last measured it before its snapshot."""
    if not explored.name.startswith("run:"):
        return None
    log = runs.open_run(explored.run_folder).log()
    log.poll()
    series = log.series.get("relaxed-hard gap")
    at = 0 if series is None else int(np.searchsorted(series.steps, explored.opened.step, side="right"))
    return float(series.values[at - 1]) if series is not None and at else None


def _drawn(explored: Explored, options: EvaluateOptions) -> Generator[tuple[int, int], None, Samples]:
    """Draws at the places (0, 0), (1, 0), ... of the plane, as the sample grids have them."""
    at_once = POINT_CHUNK if explored.is_points else AT_ONCE
    count = options.samples if explored.is_points else min(options.samples, MOST_OPINIONS)
    space = explored.opened.space.latent
    parts: list[Any] = []
    for start in range(0, count, at_once):
        places = np.arange(start, min(start + at_once, count))
        z_NZ = latent.draw_many(space.prior, space.size, options.seed, places, 0)
        parts.append(decode(explored.opened, z_NZ, [()] * len(z_NZ), explored.device))
        yield min(start + at_once, count), count
    return np.concatenate(parts)


def _opinions(
    explored: Explored, dataset: Dataset, samples: Samples
) -> Generator[tuple[int, int], None, dict[str, Any]]:
    """What D makes of as many samples of the data as of the model: V(G, D), or how often it ranks a pair rightly."""
    critic = explored.opened.snapshot
    assert isinstance(critic, Critic)
    count = min(len(dataset), len(samples))
    chosen = np.linspace(0, len(dataset) - 1, count).astype(np.int64)
    at_once = POINT_CHUNK if explored.is_points else AT_ONCE
    logits: list[list[torch.Tensor]] = [[], []]
    with torch.inference_mode():
        for start in range(0, count, at_once):
            real, made = dataset.batch(chosen[start : start + at_once]), samples[start : min(start + at_once, count)]
            for group, batch in zip(logits, (real, made), strict=True):
                x = to_model(torch.from_numpy(np.ascontiguousarray(batch)).to(explored.device))
                group.append(critic.score(x).double().cpu())
            yield min(start + at_once, count), count
    real_N, made_N = (torch.cat(group) for group in logits)
    if critic.critic_scale == "difference":
        return {"ranks_pairs_rightly": round(float((real_N > made_N).double().mean()), 4), "pairs": count}
    logsigmoid = torch.nn.functional.logsigmoid
    return {
        "value": round(float(logsigmoid(real_N).mean() + logsigmoid(-made_N).mean()), 5),
        "value_if_not_told_apart": round(NEVER, 5),
        "mean_d_of_data": round(float(torch.sigmoid(real_N).mean()), 4),
        "mean_d_of_samples": round(float(torch.sigmoid(made_N).mean()), 4),
        "pairs": count,
    }


# ---------------------------------------------------------------------------------------------------------- as tables


HEADINGS = {
    "reconstruction": "Reconstructions, L1 in parts of the full range",
    "codebook": "The book, by the codes of these pictures",
    "prior": "Bits with a prior of codes",
    "posterior": "Bounds of log p(x)",
}


def _print(result: Mapping[str, Any]) -> None:
    say(f"{result['title']}, step {result['step']}, against {result['data']['title']} ({result['data']['split']})")
    for sentence in result["missing"]:
        say(sentence)
    for section in ("quality", "reconstruction", "codebook", "prior", "posterior", "points", "critic"):
        figures = {name: each for name, each in result.get(section, {}).items() if not isinstance(each, dict | list)}
        if figures and section in HEADINGS:
            say(f"{HEADINGS[section]}:")
        for name, value in figures.items():
            shown = {True: "yes", False: "no"}[value] if isinstance(value, bool) else value
            shown = f"{shown:g}" if isinstance(shown, int | float) else shown
            say(f"  {name.replace('_', ' ')}: {shown}")
    if "quality" in result:
        say("Frequencies in the samples, by the judge (in the data):")
        for column, seen in result["quality"]["frequencies"].items():
            say(f"  {column}: {_shares(seen)}")
    if "arithmetic" in result:
        console().print(_arithmetic_table(result["arithmetic"]))


def _shares(seen: Mapping[str, Any]) -> str:
    data = seen["data"] or {}
    parts = [
        f"{value} {100 * share:.0f} %" + (f" ({100 * data[value]:.0f} %)" if value in data else "")
        for value, share in seen["samples"].items()
    ]
    return ", ".join(parts)


def _arithmetic_table(figures: Mapping[str, Any]) -> Table:
    table = Table(title="Latent arithmetic, by the judge (per cent)", title_justify="left")
    for name in ("attribute", "A - B + C", "strength 0", "chance", "pulled: wanted", "others same", "one amount"):
        table.add_column(name, justify="left" if name == "attribute" else "right")
    for column, slots in figures["slots"].items():
        moved = figures["directions"][column]
        cells = [None if slots is None else slots[name] for name in ("success", "strength_0", "chance")]
        cells += [None if moved is None else moved[name] for name in ("wanted", "unchanged")]
        shown = ["too rare" if cell is None else f"{100 * cell:.1f}" for cell in cells]
        fixed = None if moved is None else moved["one_amount"]
        shown.append("" if fixed is None else f"{100 * fixed['wanted']:.0f} / {100 * fixed['unchanged']:.0f}")
        table.add_row(column, *shown)
    return table
