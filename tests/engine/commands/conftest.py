"""Two small trained runs, made by `python -m engine train` itself, that all tests of the commands look at."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.__main__ import main


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of runs and data, with the run "faces" (pictures) and the run "spots" (points with a condition)."""
    folder = tmp_path_factory.mktemp("home")
    threads = torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LATENT_EXPLORER_HOME", str(folder))
        where = ("--threads", "1", "--json", "--run")
        faces = ("gan_modern:tiny", "--data", "portraits", "--size", "16", "--count", "120", "--steps", "3")
        spots = ("gan_2014:tiny", "--data", "mixture", "--count", "400", "--condition", "label", "--steps", "5")
        assert main(["train", *faces, *where, str(folder / "runs" / "faces")]) == 0
        assert main(["train", *spots, *where, str(folder / "runs" / "spots")]) == 0
        yield folder
    torch.set_num_threads(threads)


@pytest.fixture
def faces(home: Path) -> str:
    return f"run:{home / 'runs' / 'faces'}@last"


@pytest.fixture
def spots(home: Path) -> str:
    return str(home / "runs" / "spots")


@pytest.fixture(scope="session")
def codecs(home: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A run of each family that reconstructs pictures, by its name; not in the folder for runs."""
    folder = tmp_path_factory.mktemp("codecs")
    data = ("--data", "portraits", "--size", "16", "--count", "120", "--steps", "3", "--threads", "1", "--json")
    for family in ("vae", "vqvae", "dvae"):
        assert main(["train", f"{family}:tiny", *data, "--run", str(folder / family)]) == 0
    return {family: str(folder / family) for family in ("vae", "vqvae", "dvae")}


def write_points(path: Path) -> Path:
    """A CSV file of forty points on a parabola."""
    path.write_text("x,y\n" + "".join(f"{n / 20 - 1},{(n / 20 - 1) ** 2}\n" for n in range(40)))
    return path


Told = Callable[[Sequence[str]], Any]


@pytest.fixture
def told(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Told:
    """Run a command in an empty folder; gives the last JSON object that it printed. It must end well."""
    monkeypatch.chdir(tmp_path)

    def run(words: Sequence[str]) -> Any:
        capsys.readouterr()
        assert main([*words, "--json"]) == 0
        return json.loads(capsys.readouterr().out.splitlines()[-1])

    return run


@pytest.fixture
def refused(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run a command that must end with status 2 and one sentence, which is given back."""
    monkeypatch.chdir(tmp_path)

    def run(words: Sequence[str]) -> str:
        capsys.readouterr()
        assert main(words) == 2
        out, err = capsys.readouterr()
        assert not out
        assert len(err.strip().splitlines()) == 1
        assert not list(tmp_path.iterdir()), "a command that refuses leaves no file behind"
        return err

    return run
