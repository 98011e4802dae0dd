"""Files that are whole or not there."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A new file, which takes its name, and the place of a file of that name, when the block has ended without an error.

    Until then it is ``.<name>.<random>.partial`` beside it: what is killed leaves that behind. Nobody but its owner may
    read it, for people are in it. Raises ``OSError``.
    """
    with (
        NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", suffix=".partial", delete=False) as file,
        ExitStack() as undone,
    ):
        undone.callback(os.unlink, file.name)
        yield file
        file.flush()
        os.fsync(file.fileno())
        os.replace(file.name, path)
        undone.pop_all()


def check_place(path: Path) -> None:
    """Raises ``OSError``, with this name, where ``whole_file`` could make no file of it."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    try:
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", suffix=".partial"):
            pass
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
