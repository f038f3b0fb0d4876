"""What machine this is and since when the process lives: what stands beside every measured figure."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path
from typing import Any

import psutil


def process_age() -> float:
    """Seconds since this process was started, the interpreter's own start included, to some 10 ms."""
    stat = Path("/proc/self/stat")
    if stat.is_file():  # psutil counts from the second in which Linux was booted, and so is up to a second off
        started_ticks = int(stat.read_text().rpartition(")")[2].split()[19])  # proc(5): field 22, starttime
        return time.clock_gettime(time.CLOCK_BOOTTIME) - started_ticks / os.sysconf("SC_CLK_TCK")
    return time.time() - psutil.Process().create_time()


def machine_facts() -> dict[str, Any]:
    """System, processor, cores, memory and versions, as plain values."""
    return {
        "system": platform.platform(terse=True),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "python": platform.python_version(),
    }


def _processor() -> str:
    """The processor's name; Linux tells it in a file only."""
    listing = Path("/proc/cpuinfo")
    if listing.is_file():
        for line in listing.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
