"""House rules that no linter knows. Every exception stands here with its reason; one that is no longer needed fails too."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable

import pytest
from django.apps import apps
from django.db.models import Manager, QuerySet

from tests.architecture.sources import REPOSITORY, nodes, product_files, test_files, tree_of

# Who may look past the tenant fence.
UNSCOPED = {
    "accounts/tenancy.py": "defines it",
    "activities/channels.py": "finds the channel a provider calls, and whose receipts wait, before one is known",
    "accounts/authentication.py": "finds out the organization, before one is known",
    "contacts/waiting_imports.py": "finds whose imports wait for a worker, before one is known",
    "accounts/management/commands/purge_expired.py": "lists the organizations to visit one by one, as the owner role",
}
UNSCOPED_IN_TESTS = {
    "tests/accounts/test_services_members.py": "looks for a secret in everything that is stored",
}


def files_that(say: Callable[[ast.AST], bool], files: Iterable[str]) -> set[str]:
    return {path for path in files if any(say(node) for node in nodes(path))}


def calls_unscoped(node: ast.AST) -> bool:
    return (isinstance(node, ast.Attribute) and node.attr == "unscoped") or (
        isinstance(node, ast.FunctionDef) and node.name == "unscoped"
    )


def test_only_these_files_look_past_the_tenant_fence():
    assert files_that(calls_unscoped, product_files()) == UNSCOPED.keys()
    assert files_that(calls_unscoped, test_files()) == UNSCOPED_IN_TESTS.keys()


def makes_a_manager_or_queryset(node: ast.AST) -> bool:
    """``models.Manager()`` and ``QuerySet(Model)`` are fenced by nobody."""
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name in {"Manager", "QuerySet", "RawQuerySet"}


def test_only_the_fence_makes_querysets_of_its_own():
    assert files_that(makes_a_manager_or_queryset, product_files()) == {"accounts/tenancy.py"}


# Imports inside functions hide cycles.
LATE_IMPORTS = {
    "activities/apps.py": "the same, for the receivers of what happens to contacts, and the work of the worker",
    "contacts/apps.py": "the same, for the work of the worker",
    "tests/activities/inbound/dying.py": "a program: models may be imported once it has set Django up",
    "accounts/apps.py": "Django loads this file before models may be imported; ready() is its place for checks",
}


def imports_late(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and any(
        isinstance(inner, ast.Import | ast.ImportFrom) for inner in ast.walk(node)
    )


def test_imports_stand_at_the_top():
    assert files_that(imports_late, (*product_files(), *test_files())) == LATE_IMPORTS.keys()


# Where every failure is caught: once, on its way out.
CATCHING_ALL = {
    "config/wires/problems.py": "turns whatever failed into an answer of the wire",
    "accounts/tenancy.py": "rolls back and raises again",
    "activities/inbound/email_parsed.py": "hostile mail makes a parser of others raise anything; it is quarantined",
    "contacts/importing/meanwhile.py": "lets the statement that is waited for end, and raises it then",
    "contacts/importing/runner.py": "keeps what failed while reading on, and raises it behind the rows that could be read",
    "contacts/services/background_imports.py": "counts what failed against the import, which ends after a few attempts",
    "activities/services/applying.py": "tries the receipts of a batch that failed one by one, and puts off the one that did",
}


def catches_all(node: ast.AST) -> bool:
    if not isinstance(node, ast.ExceptHandler):
        return False
    caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    return any(each is None or getattr(each, "id", "") in {"Exception", "BaseException"} for each in caught)


def test_nothing_else_catches_every_exception():
    assert files_that(catches_all, product_files()) <= CATCHING_ALL.keys()


def test_who_catches_every_exception_in_the_fence_raises_it_again():
    handlers = [node for node in nodes("accounts/tenancy.py") if catches_all(node)]
    assert handlers
    for handler in handlers:
        assert isinstance(handler, ast.ExceptHandler)
        last = handler.body[-1]
        assert isinstance(last, ast.Raise)
        assert last.exc is None


VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "core", "misc", "shared", "base_utils", "tools", "lib"}


def test_no_module_has_a_name_that_says_nothing():
    vague = [
        path for path in (*product_files(), *test_files()) if VAGUE_NAMES & set(path.removesuffix(".py").split("/"))
    ]
    assert vague == []


def test_no_class_is_a_helper():
    """Django's managers are the one kind of manager there is."""
    named = [
        f"{path}: {node.name}"
        for path in product_files()
        for node in nodes(path)
        if isinstance(node, ast.ClassDef) and node.name.endswith(("Helper", "Util", "Utils", "Manager"))
    ]
    assert set(named) == {"accounts/tenancy.py: BaseTenantManager"}


LONGEST_FILE = 500
LONG_FILES = {
    "config/settings.py": "everything an installation can be told, and the dashboard's navigation, in one place",
    "tests/contracts/test_winnerr_documents.py": "one printed document after another, as the contract prints them",
}


def length_of(path: str) -> int:
    return len((REPOSITORY / path).read_text(encoding="utf-8").splitlines())


def test_no_file_is_longer_than_500_lines_without_a_reason():
    long = {path for path in (*product_files(), *test_files()) if length_of(path) > LONGEST_FILE}
    assert long == LONG_FILES.keys()


ORM_METHODS = {
    name
    for owner in (QuerySet, Manager)
    for name in vars(owner)
    if not name.startswith("_") and name not in {"db", "query", "model"}
} | {"filter", "exclude", "get", "create", "update", "get_or_create", "update_or_create", "annotate", "aggregate"}
MODELS = {model.__name__ for model in apps.get_models()}

# ``filter(**something)``: whose names they are, and why they are never a caller's.
EXPANSIONS = {
    "contacts/waiting_imports.py": "columns of this module's own list, as the database function returns them",
    "activities/channels.py": "columns of this module's own list, as the database function returns them",
    "contacts/api/winnerr/reading.py": "columns of the declared includes, by the names they are declared under",
    "contacts/services/updating.py": "columns of this module's own list, compared before and after",
    "accounts/tenancy.py": "hands on what the fence's own update was called with",
}


def expands_names(node: ast.AST) -> bool:
    """A call of the ORM with names that are not written there; a dictionary written in place counts as written there."""
    if not isinstance(node, ast.Call):
        return False
    function = node.func
    is_orm = (isinstance(function, ast.Attribute) and function.attr in ORM_METHODS) or (
        isinstance(function, ast.Name) and function.id in MODELS
    )
    return is_orm and any(keyword.arg is None and not isinstance(keyword.value, ast.Dict) for keyword in node.keywords)


def test_what_a_caller_sends_is_never_expanded_into_the_names_of_columns():
    assert files_that(expands_names, product_files()) == EXPANSIONS.keys()


@pytest.mark.parametrize("path", product_files())
def test_every_module_says_what_it_is_for(path: str):
    if (REPOSITORY / path).read_text(encoding="utf-8").strip():
        assert ast.get_docstring(tree_of(path))


LEFT_UNDONE = ("TODO", "FIXME", "XXX", "NotImplementedError")


def test_nothing_is_left_undone():
    this = "tests/architecture/test_sources.py"
    found = [
        f"{path}: {word}"
        for path in (*product_files(), *test_files())
        if path != this
        for word in LEFT_UNDONE
        if word in (REPOSITORY / path).read_text(encoding="utf-8")
    ]
    assert found == []
