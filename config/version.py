"""Which Latchkey this is."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final

# Latchkey runs from its source tree, where this file is the one place that says it.
_PROJECT: Final = Path(__file__).resolve().parent.parent / "pyproject.toml"

VERSION: Final[str] = tomllib.loads(_PROJECT.read_text(encoding="utf-8"))["project"]["version"]
