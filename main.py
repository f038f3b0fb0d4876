"""The window: `python main.py [PATH]`. Without a display it makes its tour into a folder instead.

Nothing here or in what it imports first may load torch, except on Windows, where torch must come before Qt
(pytorch issue 166628: both bring a runtime library, and the first one wins).
"""

from __future__ import annotations

import argparse
import importlib
import os
import re
import sys
from pathlib import Path

# Python loops of a training step hold the interpreter; at this interval a hand still gets it within a few ms.
SWITCH_INTERVAL_S = 0.0002
# Spinning barriers of libgomp starve a machine whose cores are all wanted; only the value at load time counts.
SPIN_COUNT = "1000"
PACKAGES = {
    "libEGL": "libegl1",
    "libGL": "libgl1",
    "libOpenGL": "libopengl0",
    "libxkbcommon": "libxkbcommon0",
    "libxkbcommon-x11": "libxkbcommon-x11-0",
    "libdbus-1": "libdbus-1-3",
    "libfontconfig": "libfontconfig1",
    "libfreetype": "libfreetype6",
    "libglib-2.0": "libglib2.0-0",
    "libgthread-2.0": "libglib2.0-0",
    "libX11": "libx11-6",
    "libxcb-cursor": "libxcb-cursor0",
}


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    os.environ.setdefault("GOMP_SPINCOUNT", SPIN_COUNT)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    tour = options.tour
    if tour is None and not has_display():
        print("There is no display here, so the tour goes into tour/ instead; see tour/tour.json.", flush=True)
        tour = Path("tour")
    if tour is not None:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    if sys.platform == "win32":
        importlib.import_module("torch")
    problem = missing_library()
    if problem:
        print(problem, file=sys.stderr)
        return 1
    if tour is not None:
        from explorer.tour import run_tour

        return run_tour(tour, device=options.device)
    return _run_window(options)


def _run_window(options: argparse.Namespace) -> int:
    from explorer.app import App
    from explorer.bridge import Door

    def make_engine() -> Door:
        from engine import Engine

        return Engine(device=options.device, home=options.home)

    return App(make_engine, open_path=options.path).run()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="main.py", description="Train generative models and look inside them.")
    parser.add_argument("path", nargs="?", type=Path, help="a run, a model, data, a session or a saved picture to open")
    parser.add_argument("--tour", metavar="OUT", type=Path, help="drive the window through its demo, pictures into OUT")
    parser.add_argument("--home", metavar="DIR", type=Path, help="where runs and data live")
    parser.add_argument("--device", help="cpu, cuda or mps; the best there is if not given")
    return parser


def has_display() -> bool:
    """Whether a window can be shown: on Linux a display must be named, elsewhere there always is one."""
    if not sys.platform.startswith("linux"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def missing_library() -> str:
    """One sentence on the system library that Qt needs and does not find; empty where all are there."""
    try:
        importlib.import_module("PySide6.QtWidgets")
    except ImportError as error:
        return library_sentence(str(error))
    if sys.platform.startswith("linux") and os.environ.get("DISPLAY") and not os.environ.get("QT_QPA_PLATFORM"):
        return _missing_cursor()
    return ""


def _missing_cursor() -> str:
    """Qt ends the process where X11 is used and this library is not there, so it is looked for before."""
    import ctypes

    try:
        ctypes.CDLL("libxcb-cursor.so.0")
    except OSError as error:
        return "" if os.environ.get("WAYLAND_DISPLAY") else library_sentence(str(error))
    return ""


def library_sentence(error: str) -> str:
    """What to install for an import error of Qt; names the Debian package where it is known."""
    found = re.search(r"(lib[\w.+-]+?)\.so[.\d]*", error)
    if found is None:
        return f"Qt could not be loaded ({error}); install the program again as the README says."
    package = PACKAGES.get(found[1], f"that holds {found[0]}")
    return f"The system library {found[0]} is missing; on Debian or Ubuntu: sudo apt-get install {package}"


if __name__ == "__main__":
    sys.exit(main())
