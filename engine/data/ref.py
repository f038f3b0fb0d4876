"""Which data a run uses, as plain values: a built-in name or a path, and how its pictures are brought to one size.

Needs neither torch nor Pillow, so that the window can show and build a `DataRef` before they are loaded.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from engine.data.dataset import DataError

Fit = Literal["crop", "pad", "stretch"]
Channels = Literal[1, 3]
Kind = Literal["portraits", "pictures", "points"]

FITS: tuple[Fit, ...] = ("crop", "pad", "stretch")
SMALLEST_SIZE, LARGEST_SIZE = 4, 512
FEWEST_SAMPLES = 2


@dataclass(frozen=True)
class DataRef:
    """A data set and how to read it; what a run writes down to find its data again.

    name: a built-in name (see `BUILT_IN`) or the path of a file or folder. A built-in name wins over a path; write
        `./portraits` for a folder of that name.
    size: height and width of the pictures in pixels. None: the size they have, or a choice (`pictures.choose_size`).
    channels: 1 grey, 3 colour. None: what the pictures are.
    fit: how a picture comes to the wanted size (`fit.py`). None: "pad" for IDX files (28 -> 32 keeps every pixel of
        a digit), "crop" for everything else.
    split: "train", "test", or another split that the data set has.
    count: how many samples. None: all of them, or a good number for generated sets.
    seed: which samples, where there are more than `count`; the random numbers of generated sets.
    points: the points themselves, drawn by hand: N rows of 1 or 2 coordinates, used as they are.
    """

    name: str
    size: int | None = None
    channels: Channels | None = None
    fit: Fit | None = None
    split: str = "train"
    count: int | None = None
    seed: int = 0
    points: tuple[tuple[float, ...], ...] | None = None

    def __post_init__(self) -> None:
        if not self.name:
            raise DataError("No data set is named; give a built-in name, a file or a folder.")
        if self.size is not None and not SMALLEST_SIZE <= self.size <= LARGEST_SIZE:
            raise DataError(f"A picture size of {self.size} is not possible; choose {SMALLEST_SIZE} to {LARGEST_SIZE}.")
        if self.channels not in (None, 1, 3):
            raise DataError(f"{self.channels} channels are not possible; choose 1 (grey) or 3 (colour).")
        if self.fit is not None and self.fit not in FITS:
            raise DataError(f'The fit "{self.fit}" is not known; choose {", ".join(FITS[:-1])} or {FITS[-1]}.')
        if self.count is not None and self.count < FEWEST_SAMPLES:
            raise DataError(f"A data set needs at least {FEWEST_SAMPLES} samples; {self.count} were asked for.")
        if self.seed < 0:
            raise DataError(f"The seed is {self.seed}; choose 0 or more.")
        if self.points is not None:
            try:
                rows = tuple(tuple(float(x) for x in row) for row in self.points)
            except (TypeError, ValueError) as fault:
                raise DataError("The points of a data set must be rows of numbers.") from fault
            object.__setattr__(self, "points", rows)

    def as_plain(self) -> dict[str, Any]:
        """The values as a dictionary that JSON can hold."""
        return dataclasses.asdict(self)

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> DataRef:
        """The inverse of `as_plain`, also after a round trip through JSON.

        Raises DataError for a name that is not a field or a value of the wrong type."""
        unknown = sorted(set(values) - {f.name for f in dataclasses.fields(cls)})
        if unknown:
            raise DataError(f'"{unknown[0]}" is not something that can be said about a data set.')
        if not isinstance(values.get("name"), str) or not isinstance(values.get("split", "train"), str):
            raise DataError("The description of a data set needs a name and a split that are text.")
        for key in ("size", "channels", "count", "seed"):
            value = values.get(key, 0)
            if isinstance(value, bool) or not isinstance(value, int | None) or (key == "seed" and value is None):
                raise DataError(f'"{key}" of a data set must be a whole number.')
        return cls(**values)


@dataclass(frozen=True)
class BuiltIn:
    """A data set that the program knows by name."""

    name: str
    title: str
    help: str
    kind: Kind


BUILT_IN: tuple[BuiltIn, ...] = (
    BuiltIn("portraits", "Portraits", "Drawn faces with known attributes; made on this machine.", "portraits"),
    BuiltIn("fashion-mnist", "Fashion-MNIST", "70 000 grey pictures of clothes, 28x28, 10 classes; 31 MB.", "pictures"),
    BuiltIn("mnist", "MNIST", "70 000 handwritten digits, 28x28 grey; 12 MB.", "pictures"),
    BuiltIn("cifar-10", "CIFAR-10", "60 000 colour photographs, 32x32, 10 classes; 170 MB.", "pictures"),
    BuiltIn("gaussian-1d", "Gaussian, 1-D", "One bell curve on a line.", "points"),
    BuiltIn("mixture-1d", "Mixture, 1-D", "Three bell curves of different weight on a line.", "points"),
    BuiltIn("gaussian", "Gaussian", "One tilted Gaussian in the plane.", "points"),
    BuiltIn("mixture", "Mixture of Gaussians", "Eight Gaussians on a circle: shows mode collapse.", "points"),
    BuiltIn("ring", "Ring", "A circle with a little noise.", "points"),
    BuiltIn("grid", "Grid of Gaussians", "25 small Gaussians, five by five.", "points"),
    BuiltIn("two-moons", "Two moons", "Two half circles that reach into each other.", "points"),
    BuiltIn("spiral", "Spiral", "Two turns of a spiral with a little noise.", "points"),
)
