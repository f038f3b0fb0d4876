"""A process that is killed while it saves, again and again: `python -m tests.engine.storage.killed_saves DIR N SEED`.

Each save is done by a fork that dies; after each death the folder is opened as a person would. Three ways to die, the
results printed as one JSON object of lists of {"before": step, "found": step or -1 when nothing could be opened}:

    each      ahead of the first, the second, ... operation of a save, until a save comes through
    random    N times at a random moment of saving without pause
    plain     the same with torch.save over one file: the negative control
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import torch

from engine.storage import files
from engine.storage.checkpoint import CheckpointError, latest_checkpoint, load_checkpoint, prune, save_checkpoint, sweep
from tests.engine.storage.disk_faults import Killing

NUMBERS = 300_000


def tensors(step: int) -> dict[str, torch.Tensor]:
    return {"w": torch.full((NUMBERS,), float(step)), "n": torch.tensor(step)}


def save(folder: Path, step: int) -> None:
    save_checkpoint(folder, step, tensors(step), tensors(-step), {"step": step})


def clear_up(folder: Path) -> None:
    """What the next writer of the run does."""
    sweep(folder)
    prune(folder)


def found(folder: Path) -> int:
    """The step of the newest checkpoint, -1 where none opens or it is not what was saved."""
    try:
        info = latest_checkpoint(folder)
        if info is None:
            return -1
        checkpoint = load_checkpoint(info.path)
    except (CheckpointError, OSError):
        return -1
    step = checkpoint.step
    right = checkpoint.state == {"step": step} and bool((checkpoint.weights["w"] == step).all())
    return step if right and bool((checkpoint.optimizer["w"] == -step).all()) else -1


def found_plain(folder: Path) -> int:
    try:
        weights = torch.load(folder / "last.pt", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError):
        return -1
    return int(weights["n"])


def die_at_each_operation(folder: Path) -> list[dict[str, int]]:
    save(folder, 1)
    step, deaths = 1, []
    for at in range(1000):
        child = os.fork()
        if child == 0:
            with files.replaced(Killing(at)):
                save(folder, step + 1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        deaths.append({"before": step, "found": found(folder)})
        step = max(step, deaths[-1]["found"])
        clear_up(folder)
        if not os.WIFSIGNALED(status):
            return deaths
    raise AssertionError("no save came through")


def die_at_random(folder: Path, times: int, seed: int, plain: bool) -> list[dict[str, int]]:
    moments = random.Random(seed)
    step, deaths = 1, []
    if plain:
        torch.save(tensors(step), folder / "last.pt")
    else:
        save(folder, step)
    for _ in range(times):
        told, tell = os.pipe()
        child = os.fork()
        if child == 0:
            for later in range(step + 1, step + 100_000):
                if plain:
                    torch.save(tensors(later), folder / "last.pt")
                else:
                    save(folder, later)
                os.write(tell, b".")
        os.read(told, 1)  # the child is up and saving
        time.sleep(moments.uniform(0.01, 0.12))  # the moment of the power cut, not a wait for something
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(told)
        os.close(tell)
        deaths.append({"before": step, "found": found_plain(folder) if plain else found(folder)})
        step = max(step, deaths[-1]["found"])
        if not plain:
            clear_up(folder)
    return deaths


def main(folder: Path, times: int, seed: int) -> None:
    torch.set_num_threads(1)
    for name in ("each", "random", "plain"):
        (folder / name).mkdir()
    deaths = {
        "each": die_at_each_operation(folder / "each"),
        "random": die_at_random(folder / "random", times, seed, plain=False),
        "plain": die_at_random(folder / "plain", min(times, 10), seed, plain=True),
    }
    sys.stdout.write(json.dumps(deaths))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
