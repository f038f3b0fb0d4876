"""What crosses the engine's door: commands in, events out. Frozen values, NumPy arrays and plain Python only.

A command either is *ordered* (start, pause, set a knob: never dropped) or a *request* on a channel (draw this now: per
channel only the newest waits). An answer carries the channel and number of its request and the id of the snapshot.
"""

from engine.messages.commands import *  # noqa: F403
from engine.messages.events import *  # noqa: F403
from engine.messages.names import *  # noqa: F403
