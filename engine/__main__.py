"""The engine without a window: `python -m engine COMMAND --help` tells what each command takes.

train, resume, sample, arithmetic, walk, decision, encode, decode, reconstruct, codebook, evaluate, runs, follow,
bundle, bench. The heavy imports happen inside a command, so that help and mistakes answer at once.
"""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Sequence

COMMANDS = {
    "train": "start a run and train it",
    "resume": "go on with a run",
    "sample": "draw samples of a model",
    "arithmetic": "add and subtract concepts in a latent space",
    "walk": "write a walk through a latent space as GIF or WebP",
    "decision": "draw what the discriminator of a GAN thinks",
    "encode": "turn pictures into codes",
    "decode": "turn codes into pictures",
    "reconstruct": "show pictures beside what a model makes of them",
    "codebook": "show which codes a model uses, and what each decodes to",
    "evaluate": "measure the quality of a model",
    "runs": "list the runs there are",
    "follow": "show the curves of a run while it trains",
    "bundle": "make a model that comes with the program out of a run",
    "bench": "measure speed and quality on this machine",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status. A mistake of the person ends with one sentence and status 2."""
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without these letters shows the rest
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in ("-h", "--help"):
        print(_help())
        return 0
    name, rest = words[0], words[1:]
    if name not in COMMANDS:
        print(f"There is no command {name!r}; choose one of {', '.join(COMMANDS)}.", file=sys.stderr)
        return 2
    try:
        status: int = importlib.import_module(f"engine.commands.{name}").run(rest)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    except OSError as error:
        print(error, file=sys.stderr)
        return 2
    except Exception as error:
        from engine.lane import sentence

        text = sentence(error)
        if text.startswith(type(error).__name__):
            raise  # there is no sentence for it: a fault of the program, which needs its trace
        print(text, file=sys.stderr)
        return 2
    return status


def _help() -> str:
    lines = ["usage: python -m engine COMMAND [options]", ""]
    lines += [f"  {name:<11} {text}" for name, text in COMMANDS.items()]
    return "\n".join([*lines, "", "python -m engine COMMAND --help tells more."])


if __name__ == "__main__":
    sys.exit(main())
