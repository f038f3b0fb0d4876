"""The engine's door: `Engine` takes commands and gives events. Importing this package loads neither torch nor Qt.

`Engine` itself is imported on first use, so that a window can show itself before torch is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.code_files import (
    CODE_SUFFIX,
    CodeFile,
    CodeFileError,
    check_codes,
    code_file_from_text,
    code_file_text,
    is_of_model,
    read_code_file,
    write_code_file,
)
from engine.concepts import ConceptError, Concepts, examples_for, read_concepts, words_of
from engine.controls import (
    GRID_SEED,
    Arithmetic,
    CodesInfo,
    KeyFrame,
    LatentInfo,
    Move,
    Point,
    Slot,
    Walk,
    arithmetic_from_plain,
    grid_label,
    point_from_plain,
    point_from_text,
    to_plain,
)
from engine.data.ref import BUILT_IN, BuiltIn, DataRef
from engine.expression import ExpressionError
from engine.expression import parse as parse_expression
from engine.knobs import FamilyCard, Knob, KnobError, KnobValue, Preset
from engine.messages.commands import *  # noqa: F403  the vocabulary of the door
from engine.messages.events import *  # noqa: F403
from engine.messages.names import *  # noqa: F403
from engine.series import Axis, Series, Window

if TYPE_CHECKING:
    from engine.engine import Engine
    from engine.machine import machine_facts, process_age

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name == "Engine":
        from engine.engine import Engine

        return Engine
    if name in ("machine_facts", "process_age"):
        from engine import machine

        return getattr(machine, name)
    raise AttributeError(f"module 'engine' has no attribute {name!r}")
