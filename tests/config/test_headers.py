"""Headers that protect browsers, on answers of every kind."""

import pytest
from django.test import Client

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/contacts", 401),
        ("/v1/nowhere", 404),
        ("/api/v1/nowhere", 404),
        ("/api/nowhere", 404),
        ("/healthz", 200),
        ("/accounts/login/", 200),
        ("/admin/", 302),
        ("/nowhere", 404),
    ],
)
def test_every_answer_carries_the_protecting_headers(path: str, status: int) -> None:
    response = Client(raise_request_exception=False).get(path)
    assert response.status_code == status
    assert {name: response[name] for name in ALWAYS} == ALWAYS
    assert "frame-ancestors 'none'" in response["Content-Security-Policy"]
    assert response["X-Request-Id"]


@pytest.mark.django_db
def test_only_pages_for_browsers_may_run_scripts() -> None:
    client = Client()
    assert "script-src" not in client.get("/v1/contacts")["Content-Security-Policy"]
    policy = dict(
        part.strip().partition(" ")[::2] for part in client.get("/admin/")["Content-Security-Policy"].split(";")
    )
    assert policy["script-src"] == "'self' 'unsafe-eval'"
    assert policy["default-src"] == "'self'"


@pytest.mark.django_db
def test_a_well_formed_request_id_comes_back_and_any_other_is_replaced() -> None:
    client = Client()
    assert client.get("/healthz", headers={"X-Request-Id": "trace-12345678"})["X-Request-Id"] == "trace-12345678"
    replaced = client.get("/healthz", headers={"X-Request-Id": "evil\tvalue"})["X-Request-Id"]
    assert len(replaced) == 32
