"""Keeps a command running beside a server: `python -P config/keep_running.py COMMAND...`, for `config/companion.py`.

The command's standard input is this program's own, a pipe that the server holds and nobody writes to. Its end reaches
both at once, and the command even when this program was killed: neither is left behind, however the server ends. It is
a process of its own because gunicorn forks, which a watching thread would have to survive, and collects all its children
itself.
"""

from __future__ import annotations

import logging
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from time import monotonic
from typing import Any, Final

logger = logging.getLogger("latchkey.companion")

# What the command is doing may end; a job takes some tenths of a second.
PATIENCE: Final = 10
SECONDS_BETWEEN_LOOKS: Final = 0.5
# One that cannot start must not keep the machine busy.
SHORTEST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 30.0
# One that ran for longer could start.
STEADY: Final = 60
# Terminals and service managers send these to everybody: the command ends by them itself, and is not wanted back.
_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT)


class Keeper:
    """Runs a command again and again, until standard input ends or a signal says that everything does."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._is_unwanted = False

    def keep(self) -> None:
        pause = SHORTEST_PAUSE
        while True:
            began = monotonic()
            reason = self._run()
            if monotonic() - began > STEADY:
                pause = SHORTEST_PAUSE
            if self._is_over(within=0):
                return
            logger.warning("the worker ended (%s), another one is started in %g s", reason, pause)
            if self._is_over(within=pause):
                return
            pause = min(pause * 2, LONGEST_PAUSE)

    def stop_restarting(self, number: int, frame: Any) -> None:
        self._is_unwanted = True

    def _run(self) -> str:
        """Run it once; returns how it ended."""
        try:
            kept = subprocess.Popen(self._command)  # noqa: S603 - what config/companion.py says
        except OSError as error:
            # No memory for another process, perhaps; there may be some later.
            return str(error)
        while kept.poll() is None:
            if has_input_ended(within=SECONDS_BETWEEN_LOOKS):
                end(kept)
        return f"exit code {kept.returncode}" if kept.returncode >= 0 else f"signal {-kept.returncode}"

    def _is_over(self, *, within: float) -> bool:
        return has_input_ended(within=within) or self._is_unwanted


def has_input_ended(*, within: float) -> bool:
    """Waits for so many seconds at most. Nobody writes there: what can be read is its end."""
    ended, _, _ = select.select([0], [], [], within)
    return bool(ended)


def end(kept: subprocess.Popen[bytes]) -> None:
    """Wait for a command whose standard input has ended, too; not for ever."""
    try:
        kept.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        # What it was doing is repeated by the next one.
        kept.kill()
        kept.wait()


def main() -> None:
    logging.basicConfig(format="{asctime} {levelname} {name} {message}", style="{", level=logging.INFO)
    keeper = Keeper(sys.argv[1:])
    for number in _ENDING:
        signal.signal(number, keeper.stop_restarting)
    # Of a terminal that was closed: gunicorn starts its own workers anew then, and goes on.
    signal.signal(signal.SIGHUP, lambda number, frame: None)
    keeper.keep()


if __name__ == "__main__":
    main()
