"""All keys of the window in one table, and what a person changed in it.

Single letters, digits and Space act only where no text field has the focus: a text field takes such keys for itself
(Qt asks it by a ShortcutOverride event). References: Qt documentation, QKeySequence and QEvent.ShortcutOverride.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QSettings
from PySide6.QtGui import QKeySequence

from explorer.text import mark


@dataclass(frozen=True)
class Key:
    """One thing that a key does. `name` is the slot of the window that does it; `keys` are the defaults."""

    name: str
    title: str
    keys: tuple[str, ...]
    group: str
    icon: str = ""


RUN, LOOK, HANDS, FILES = mark("Run"), mark("View"), mark("Hands"), mark("Files")

KEYS: tuple[Key, ...] = (
    Key("toggle_run", mark("Run or pause training"), ("Space", "T"), RUN, "play-pause"),
    Key("new_run", mark("Start a new run"), ("Ctrl+N",), RUN, "plus"),
    Key("step_once", mark("One training step"), (".",), RUN, "skip-next"),
    Key("step_g", mark("One step of G only"), ("G",), RUN),
    Key("step_d", mark("One step of D only"), ("D",), RUN),
    Key("save_checkpoint", mark("Save a checkpoint now"), ("Ctrl+Shift+S",), RUN, "content-save-outline"),
    Key("roll_back", mark("Go back to the last checkpoint"), (), RUN, "restore"),
    Key("show_train", mark("Workspace Train"), ("1",), LOOK),
    Key("show_explore", mark("Workspace Explore"), ("2",), LOOK),
    Key("show_codes", mark("Workspace Codes"), ("3",), LOOK),
    Key("show_theory", mark("Workspace Theory"), ("6",), LOOK),
    Key("reset_view", mark("Reset the view under the cursor"), ("R",), LOOK, "restore"),
    Key("present", mark("Presentation mode"), ("F",), LOOK, "presentation"),
    Key("show_keys", mark("All keys"), ("?", "F1"), LOOK, "keyboard-outline"),
    Key("new_latent", mark("New latent"), ("N",), HANDS, "dice-5-outline"),
    Key("undo", mark("Undo"), ("Ctrl+Z",), HANDS, "undo"),
    Key("redo", mark("Redo"), ("Ctrl+Shift+Z", "Ctrl+Y"), HANDS, "redo"),
    Key("cancel", mark("Cancel the job, then clear the selection"), ("Esc",), HANDS),
    Key("save_picture", mark("Save the focused picture"), ("S",), FILES, "image-outline"),
    Key("save_session", mark("Save the session"), ("Ctrl+S",), FILES, "content-save-outline"),
    Key("open_session", mark("Open a session, run, model or data"), ("Ctrl+O",), FILES, "folder-open-outline"),
    Key("open_folder", mark("Open a folder"), ("Ctrl+Shift+O",), FILES, "folder-outline"),
    Key("close", mark("Quit"), ("Ctrl+Q",), FILES),
)
BY_NAME = {key.name: key for key in KEYS}


class KeyMap:
    """Which keys do what: the table above, with a person's changes from the settings."""

    def __init__(self, settings: QSettings) -> None:
        self._settings = settings

    def keys(self, name: str) -> tuple[str, ...]:
        """The keys of an action, portable text, the main one first."""
        stored = self._settings.value(f"keys/{name}")
        if stored is None:
            return BY_NAME[name].keys
        return tuple(part for part in str(stored).split("\t") if part)

    def sequences(self, name: str) -> list[QKeySequence]:
        return [QKeySequence(text, QKeySequence.SequenceFormat.PortableText) for text in self.keys(name)]

    def shown(self, name: str) -> str:
        """The main key as this system writes it."""
        keys = self.sequences(name)
        return keys[0].toString(QKeySequence.SequenceFormat.NativeText) if keys else ""

    def user_of(self, key: str) -> str:
        """The name of the action that has this key; empty where it is free."""
        wanted = QKeySequence(key, QKeySequence.SequenceFormat.PortableText)
        return next((each.name for each in KEYS if wanted in self.sequences(each.name)), "")

    def set_keys(self, name: str, keys: tuple[str, ...]) -> None:
        """Give an action these keys; whoever had one of them loses it."""
        for key in keys:
            other = self.user_of(key)
            if other and other != name:
                self._settings.setValue(f"keys/{other}", "\t".join(k for k in self.keys(other) if k != key))
        self._settings.setValue(f"keys/{name}", "\t".join(keys))

    def reset(self) -> None:
        """The keys as they were delivered."""
        self._settings.remove("keys")
