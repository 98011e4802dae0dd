"""The addresses of settings: where the server listens, and where people and providers find it."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.env import env_address, env_bind


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BIND", "PORT", "PUBLIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("bind", "port", "listens"),
    [
        ("", "", "127.0.0.1:8000"),
        ("", "9001", "127.0.0.1:9001"),
        ("192.0.2.1", "9001", "192.0.2.1:9001"),
        ("192.0.2.1:80", "9001", "192.0.2.1:80"),
        ("[::]", "9001", "[::]:9001"),
        ("unix:/run/latchkey.sock", "9001", "unix:/run/latchkey.sock"),
    ],
)
def test_the_server_listens_on_bind_with_port_where_it_names_none(
    monkeypatch: pytest.MonkeyPatch, bind: str, port: str, listens: str
):
    monkeypatch.setenv("BIND", bind)
    monkeypatch.setenv("PORT", port)
    assert env_bind() == listens


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("", "http://127.0.0.1:8000"),
        ("https://crm.example.com/", "https://crm.example.com"),
        (" https://crm.example.com:8443/office ", "https://crm.example.com:8443/office"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_address_is_taken_without_its_last_slash(monkeypatch: pytest.MonkeyPatch, written: str, address: str):
    monkeypatch.setenv("PUBLIC_BASE_URL", written)
    assert env_address("PUBLIC_BASE_URL", "http://127.0.0.1:8000") == address


@pytest.mark.parametrize(
    "written",
    [
        "crm.example.com",
        "ftp://crm.example.com",
        "https://",
        "https://crm.example.com:port",
        "https://crm.example.com:99999",
        "https://crm.example.com?a=1",
        "https://crm.example.com/#top",
        "https://ann@crm.example.com",
    ],
)
def test_what_is_no_address_is_refused_by_the_name_of_its_variable(monkeypatch: pytest.MonkeyPatch, written: str):
    monkeypatch.setenv("PUBLIC_BASE_URL", written)
    with pytest.raises(ImproperlyConfigured, match="PUBLIC_BASE_URL"):
        env_address("PUBLIC_BASE_URL", "http://127.0.0.1:8000")
