"""``manage.py`` for somebody at a shell who runs many commands: Django is loaded once, and each is a child of its own.

``python -W error -m tests.accounts.shell`` reads lines, each a JSON list of arguments, and answers each with a line: the
status the command ended with, and what it wrote on either stream. A child goes on to the end of the interpreter, as
``python manage.py`` does, and takes with it whatever it changed.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import sys
import tempfile
from typing import IO

import django
from django.core.checks import run_checks

# Seconds a command may take.
PATIENCE = 60


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    # Every command begins with them, and with loading all that they look at.
    run_checks()
    for line in sys.stdin:
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as log:
            process = os.fork()
            if not process:
                become(json.loads(line), output, log)
                return
            _, status = os.waitpid(process, 0)
            print(json.dumps([os.waitstatus_to_exitcode(status), text(output), text(log)]), flush=True)


def become(arguments: list[str], output: IO[bytes], log: IO[bytes]) -> None:
    """Let this process be one that runs a command."""
    with open(os.devnull, "rb") as nothing:
        for number, stream in enumerate((nothing, output, log)):
            os.dup2(stream.fileno(), number)
    signal.alarm(PATIENCE)
    sys.argv = ["manage.py", *arguments]
    runpy.run_path("manage.py", run_name="__main__")


def text(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode()


if __name__ == "__main__":
    main()
