"""Requests that schemathesis makes up from the document: what it allows is served, what it forbids is refused."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.db import transaction
from hypothesis import HealthCheck, Phase, assume, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import negative_data_rejection, positive_data_acceptance
from schemathesis.generation.stateful import run_state_machine_as_test

from tests.contracts.made_up import everything_of, is_trimmed, schema_of, served
from tests.worlds import World, bearer_token

pytestmark = pytest.mark.django_db

DOCUMENT = schemathesis.openapi.from_wsgi("/v1/openapi.json", WSGIHandler()).raw_schema
OPERATION_IDS = {
    f"{method.upper()} {path}": operation["operationId"]
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
OPERATIONS = sorted(OPERATION_IDS)
# What the links of the document lead to.
LINKED = {
    link["operationId"]
    for methods in DOCUMENT["paths"].values()
    for operation in methods.values()
    for response in operation["responses"].values()
    for link in response.get("links", {}).values()
}
# Where something can be wrong with a request: it has parameters or a body.
FORBIDDING = [label for label in OPERATIONS if label not in ("GET /v1/agents/me", "GET /v1/contacts/tags")]
# What cannot be guessed: a password, and a token for a new one.
SECRET = ("POST /v1/auth/token", "POST /v1/auth/refresh")
# The same requests in every run; nothing is shrunk, for what fails is one request.
BOUNDED = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[*HealthCheck],
)


@pytest.mark.parametrize("label", OPERATIONS)
def test_what_the_document_allows_is_served(label: str, north: World, south: World) -> None:
    ask(label, GenerationMode.POSITIVE, north, south)


@pytest.mark.parametrize("label", FORBIDDING)
def test_what_the_document_forbids_is_refused(label: str, north: World, south: World) -> None:
    ask(label, GenerationMode.NEGATIVE, north, south)


def ask(label: str, mode: GenerationMode, north: World, south: World) -> None:
    """Make requests of one operation, each checked against the document; the stranger has no part in any of them."""
    before = everything_of(south)
    headers = {"Authorization": f"Bearer {bearer_token(north.owner)}"}
    successes: list[int] = []
    with served() as application:
        schema = schema_of(DOCUMENT, north, south, application, closed=mode is GenerationMode.POSITIVE)
        method, path = label.split()
        operation = schema[path][method]

        @BOUNDED
        @given(case=operation.as_strategy(mode))
        def once(case: Any) -> None:
            # An empty parameter is as good as none, and so is an object or a list of nothing: no address can hold them.
            assume("" not in case.query.values() and is_trimmed(case.body))
            assume(not any(isinstance(value, dict | list) for value in case.query.values()))
            response = case.call_and_validate(headers=headers)
            assert south.canary not in response.text
            successes.extend([response.status_code] * (response.status_code < 300))

        once()
    assert everything_of(south) == before
    # What is forbidden fails by the check of its own.
    assert successes or mode is GenerationMode.NEGATIVE or label in SECRET


def test_what_was_made_is_read_changed_and_deleted_along_the_documents_links(north: World, south: World) -> None:
    before = everything_of(south)
    headers = {"Authorization": f"Bearer {bearer_token(north.owner)}"}
    succeeded: set[str] = set()
    with served() as application:
        schema = schema_of(DOCUMENT, north, south, application, closed=True)

        class Walk(schema.as_state_machine()):  # type: ignore[misc]  # made of the document
            def setup(self) -> None:
                # Every walk begins where the first one did.
                self.began = transaction.savepoint()

            def get_call_kwargs(self, case: Any) -> dict[str, Any]:
                return {"headers": headers}

            def validate_response(self, response: Any, case: Any, additional_checks: Any = None, **kwargs: Any) -> None:
                case.validate_response(
                    response,
                    # A body may name what an earlier step made, which the document does not list, or deleted.
                    excluded_checks=[positive_data_acceptance, negative_data_rejection],
                    headers=headers,
                    transport_kwargs=kwargs,
                    recorder=self.recorder,
                )
                assert south.canary not in response.text
                if response.status_code < 300:
                    succeeded.add(OPERATION_IDS[case.operation.label])

            def teardown(self) -> None:
                assert everything_of(south) == before
                transaction.savepoint_rollback(self.began)

        run_state_machine_as_test(Walk, settings=settings(BOUNDED, max_examples=25, stateful_step_count=10))
    # Which of them follows from chance, though always in the same way.
    assert len(LINKED & succeeded) > len(LINKED) / 2
