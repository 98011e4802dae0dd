"""The project's own Python files, parsed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("accounts", "activities", "config", "contacts")


@cache
def product_files() -> tuple[str, ...]:
    """Every file of the product, by its path from the repository's root; what Django wrote (migrations) left out."""
    return tuple(path for path in _paths(*PACKAGES) if "/migrations/" not in path) + ("manage.py",)


@cache
def test_files() -> tuple[str, ...]:
    return tuple(_paths("tests"))


def _paths(*folders: str) -> Iterator[str]:
    for folder in folders:
        for path in sorted((REPOSITORY / folder).rglob("*.py")):
            yield path.relative_to(REPOSITORY).as_posix()


# A test of tests is not one itself.
test_files.__test__ = False  # type: ignore[attr-defined]  # functions take attributes; the stubs do not know this one


@cache
def tree_of(path: str) -> ast.Module:
    return ast.parse((REPOSITORY / path).read_text(encoding="utf-8"), filename=path)


def nodes(path: str) -> Iterator[ast.AST]:
    return ast.walk(tree_of(path))
