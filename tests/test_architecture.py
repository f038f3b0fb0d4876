"""The house rules that matter, executable: who may import what, and what nobody does.

Every rule reads the source (`ast`), so it also sees imports inside functions; one asks a fresh Python. A failing test
says what to do.
"""

from __future__ import annotations

import ast
import functools
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).parent.parent
ENGINE = sorted((ROOT / "engine").rglob("*.py"))
EXPLORER = sorted((ROOT / "explorer").rglob("*.py"))
SOURCES = [*ENGINE, *EXPLORER, ROOT / "main.py"]
TESTS = sorted((ROOT / "tests").rglob("*.py"))

LIGHT = {
    "engine.messages",
    "engine.messages.commands",
    "engine.messages.events",
    "engine.messages.names",
    "engine.code_files",
    "engine.concepts",
    "engine.controls",
    "engine.expression",
    "engine.knobs",
    "engine.series",
    "engine.mailbox",
    "engine.data",
    "engine.data.ref",
    "engine.data.dataset",
}
"""What the door is made of: a window imports it before torch is there."""

PURE = {"engine.latent", "engine.directions", "engine.evaluate.frechet"}
"""Plain mathematics on arrays."""

ENGINE_LIBRARIES = {"torch", "numpy", "PIL", "safetensors", "filelock", "platformdirs", "psutil", "rich", "tyro"}
EXPLORER_LIBRARIES = {"PySide6", "pyqtgraph", "superqt", "numpy"}
FAMILY_MAY_USE = {"engine.nn", "engine.family", "engine.controls", "engine.knobs"}
ARRAYS = {"torch", "numpy"}
NETWORK = {"socket", "socketserver", "ssl", "http", "urllib", "ftplib", "smtplib", "xmlrpc", "asyncio", "requests"}
PICKLES = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "joblib"}
DEVICE = re.compile(r"(cuda|mps)(:\d+)?")
NO_ROOMS = {"utils", "util", "base", "common", "core", "misc", "helpers"}


def name_of(path: Path) -> str:
    """The dotted name of a module."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@functools.cache
def imports_of(path: Path) -> tuple[tuple[int, str], ...]:
    """(line, dotted name) of everything a file imports; `from engine import latent` is engine.latent."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found.append((node.lineno, "." * node.level + (node.module or "")))
            found += [(node.lineno, name) for name in names if is_module(name)]
    return tuple(found)


def is_module(name: str) -> bool:
    place = ROOT.joinpath(*name.split("."))
    return place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()


def is_within(name: str, packages: set[str]) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


def top(name: str) -> str:
    return name.partition(".")[0]


def is_standard(name: str) -> bool:
    return top(name) in sys.stdlib_module_names or top(name) == "__future__"


def told(path: Path, line: int, what: str) -> str:
    return f"{path.relative_to(ROOT)}:{line} {what}"


def complain(wrong: list[str], advice: str) -> None:
    assert not wrong, "\n".join([advice, *wrong])


def wrong_imports(paths: Iterable[Path], allowed: Callable[[str], bool]) -> list[str]:
    """The imports of files that are neither of the standard library nor allowed."""
    return [
        told(path, line, f"imports {name}")
        for path in paths
        for line, name in imports_of(path)
        if not (is_standard(name) or allowed(name))
    ]


def test_imports_are_absolute():
    wrong = [told(path, line, name) for path in SOURCES for line, name in imports_of(path) if name.startswith(".")]
    complain(wrong, "Write imports from the top: `from engine.data import ref`, not `from . import ref`.")


def test_the_door_needs_only_numpy():
    paths = [path for path in ENGINE if name_of(path) in LIGHT]
    assert {name_of(path) for path in paths} == LIGHT, "A module of the door was moved: mend LIGHT in this file."
    wrong = wrong_imports(paths, lambda name: top(name) == "numpy" or is_within(name, LIGHT) or name == "engine")
    complain(wrong, "The door is there before torch is: move what needs more behind it, into a lane.")


def test_plain_mathematics_needs_only_numpy():
    paths = [path for path in ENGINE if name_of(path) in PURE]
    wrong = wrong_imports(paths, lambda name: top(name) == "numpy" or is_within(name, LIGHT | PURE))
    complain(wrong, "This is plain mathematics on arrays: hand in what it needs as an argument.")


def test_networks_know_torch_alone():
    paths = [path for path in ENGINE if is_within(name_of(path), {"engine.nn"})]
    wrong = wrong_imports(paths, lambda name: top(name) == "torch" or is_within(name, {"engine.nn"}))
    complain(wrong, "engine.nn holds layers that any family may use: it knows torch and itself, no family and no file.")


def test_families_know_the_contract_and_never_each_other():
    wrong = []
    for path in ENGINE:
        own = ".".join(name_of(path).split(".")[:3])  # the family's file, or the folder that it outgrew it to
        if is_within(own, {"engine.families"}):
            usable = {*FAMILY_MAY_USE, own}
            wrong += wrong_imports([path], lambda name, usable=usable: top(name) in ARRAYS or is_within(name, usable))
    complain(wrong, "A family may import torch, numpy, engine.nn, .family, .controls and .knobs; share by engine.nn.")


def test_the_engine_knows_no_window():
    wrong = wrong_imports(ENGINE, lambda name: top(name) in ENGINE_LIBRARIES or top(name) == "engine")
    complain(wrong, f"The engine may import {', '.join(sorted(ENGINE_LIBRARIES))} and itself; Qt stays in explorer.")


def test_the_window_knows_only_the_door():
    usable = EXPLORER_LIBRARIES | {"explorer"}
    wrong = wrong_imports([*EXPLORER, ROOT / "main.py"], lambda name: top(name) in usable or name == "engine")
    complain(wrong, "The window uses `from engine import ...` alone: put what it needs into a message at the door.")


def test_tests_of_the_engine_run_without_qt():
    paths = [path for path in TESTS if is_within(name_of(path), {"tests.engine"})]
    never = (EXPLORER_LIBRARIES - {"numpy"}) | {"pytestqt", "explorer"}
    wrong = wrong_imports(paths, lambda name: top(name) not in never)
    complain(wrong, "tests/engine must pass with PySide6 uninstalled: move this test to tests/explorer.")


def test_importing_the_engine_loads_neither_torch_nor_qt():
    heavy = ("torch", "PySide6", "pyqtgraph", "PIL", "safetensors")
    program = f"import sys, engine; print(*[name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stdout.split(), f"`import engine` loads {done.stdout}: the window would wait; import it in a lane."


def test_one_place_names_a_device():
    wrong = [
        told(path, node.lineno, repr(node.value))
        for path in SOURCES
        if name_of(path) != "engine.device"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and DEVICE.fullmatch(node.value)
    ]
    complain(wrong, "Only engine/device.py names a device: ask it, or take a torch.device as an argument.")


def test_nothing_opens_a_pickle():
    wrong = [
        told(path, line, f"imports {name}")
        for path in SOURCES
        for line, name in imports_of(path)
        if top(name) in PICKLES
    ]
    for path in SOURCES:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call) and opens_a_pickle(node):
                wrong.append(told(path, node.lineno, ast.unparse(node)))
    complain(wrong, "A pickle runs whatever is in it: keep tensors as safetensors, arrays as NPY and facts as JSON.")


def opens_a_pickle(call: ast.Call) -> bool:
    allows = (keyword.value for keyword in call.keywords if keyword.arg == "allow_pickle")
    return ast.unparse(call.func) in ("torch.load", "torch.save", "torch.jit.load") or any(
        not (isinstance(value, ast.Constant) and value.value is False) for value in allows
    )


def test_only_downloads_use_the_network():
    wrong = [
        told(path, line, f"imports {name}")
        for path in SOURCES
        if name_of(path) != "engine.data.download"
        for line, name in imports_of(path)
        if top(name) in NETWORK
    ]
    complain(wrong, "The program opens no port and uploads nothing: only engine/data/download.py fetches, and by name.")


def test_rooms_have_names_that_say_what_is_in_them():
    rooms = {path: NO_ROOMS & set(path.relative_to(ROOT).with_suffix("").parts) for path in [*SOURCES, *TESTS]}
    wrong = [told(path, 1, ", ".join(sorted(names))) for path, names in rooms.items() if names]
    complain(wrong, "Name a module after what it does; these names say nothing.")


def test_every_module_opens_with_a_sentence():
    wrong = [told(path, 1, "") for path in SOURCES if tree_of(path).body and not ast.get_docstring(tree_of(path))]
    complain(wrong, "Open every module with one sentence that a newcomer can use.")
