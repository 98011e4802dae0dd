"""When a command's garbage is looked for."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Final

# Steps between two looks at what reference counts do not free; an import leaves next to nothing of that.
STEPS: Final = 20


@contextmanager
def rare_collections() -> Iterator[Callable[[], None]]:
    """Let the interpreter look for cycles every ``STEPS`` times that what this gives is called, and not by itself.

    By itself it looks again and again through the ten thousands of objects that a chunk of rows is made of, which all
    live until the chunk is stored: a third of an import's processor time.
    """
    steps = count(1)
    was_enabled = gc.isenabled()
    gc.collect()
    # What is loaded stays: no look needs to go through it.
    gc.freeze()
    gc.disable()

    def step() -> None:
        if next(steps) % STEPS == 0:
            gc.collect()

    try:
        yield step
    finally:
        gc.unfreeze()
        if was_enabled:
            gc.enable()
