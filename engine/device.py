"""Which device and how many threads: the one place that names a device.

Two lanes share a machine. The train lane takes the cores (or the GPU); the explore lane computes with one intra-op
thread, because a second one makes pictures late when training holds the other core.
"""

from __future__ import annotations

import os
import sys
import threading

import torch

EXPLORE_THREADS = 1
MOST_THREADS = 1024
TRAIN_NICENESS = 10


class DeviceError(ValueError):
    """The wanted device is not there; the message says what is."""


def choose_device(wanted: str | None) -> torch.device:
    """The device named by `wanted` ("cpu", "cuda", "cuda:1", "mps"), or the best one there is."""
    if wanted is None:
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("cpu")
    try:
        device = torch.device(wanted)
    except RuntimeError:
        device = torch.device("meta")
    if device.type not in ("cpu", "cuda", "mps"):
        raise DeviceError(f"{wanted!r} is not a device; use cpu, cuda or mps.")
    missing_cuda = device.type == "cuda" and not torch.cuda.is_available()
    missing_mps = device.type == "mps" and not torch.backends.mps.is_available()
    if missing_cuda or missing_mps:
        raise DeviceError(f"This machine has no usable {device.type} device; use --device cpu.")
    return device


def training_threads(wanted: int | None = None) -> int:
    """How many intra-op threads training uses: `wanted`, or OMP_NUM_THREADS, or all cores this process may use.

    Raises DeviceError for a number that is not possible.
    """
    if wanted is not None and not 1 <= wanted <= MOST_THREADS:
        raise DeviceError(f"{wanted} threads are not possible; choose 1 to {MOST_THREADS}.")
    if wanted is not None:
        return wanted
    told = os.environ.get("OMP_NUM_THREADS", "")
    if told.isdigit() and int(told) > 0:
        return int(told)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads_for(points: bool, threads: int) -> int:
    """How many of `threads` a training uses: one for points, whose layers are too small to be shared out."""
    return 1 if points else threads


def use_threads(threads: int) -> None:
    """Set the intra-op threads of the calling thread, and of no other.

    torch gives a thread the count that *any* thread set last, once, when it first looks at its own (torch 2.13,
    ATen/ParallelOpenMP.cpp); so that is made to happen before the count is set.
    """
    torch.get_num_threads()
    torch.set_num_threads(threads)


def enter_train_lane(threads: int) -> None:
    """First thing in the train lane's thread: its thread count, and a lower priority than the hands (Linux)."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), TRAIN_NICENESS)
    use_threads(threads)


def enter_explore_lane() -> None:
    """First thing in the explore lane's thread."""
    use_threads(EXPLORE_THREADS)


def memory_in_use(device: torch.device) -> int:
    """Bytes that training holds: of the GPU where there is one, else of this process."""
    if device.type == "cuda":
        return int(torch.cuda.memory_allocated(device))
    import psutil

    return int(psutil.Process().memory_info().rss)


def finish_work(device: torch.device) -> None:
    """Wait until the device has done what it was asked for, before another thread reads the result."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
