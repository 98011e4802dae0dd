"""gunicorn's worker before a request has an address: refusals in JSON, and an end to waiting."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from config import worker
from config.worker import JSONRefusal, PatientSocket, refusal


@pytest.fixture
def pair() -> Iterator[tuple[PatientSocket, socket.socket]]:
    """A patient server's end of a connection, and its client's."""
    ours, theirs = socket.socketpair()
    patient = PatientSocket.of(ours)
    yield patient, theirs
    patient.close()
    theirs.close()


def test_what_is_no_http_is_refused_in_every_wires_words(pair: tuple[PatientSocket, socket.socket]) -> None:
    patient, client = pair
    JSONRefusal(patient).sendall(
        b"HTTP/1.1 414 URI Too Long\r\nContent-Type: text/html\r\n\r\n<html>what was sent</html>"
    )
    patient.close()
    head, _, body = client.recv(65_536).partition(b"\r\n\r\n")
    assert head.split(b"\r\n") == [
        b"HTTP/1.1 414 URI Too Long",
        b"Connection: close",
        b"Content-Type: application/json",
        b"X-Content-Type-Options: nosniff",
        f"Content-Length: {len(body)}".encode(),
    ]
    facts = {"title": "URI Too Long", "status": 414, "detail": "The request could not be read as HTTP"}
    assert json.loads(body) == {
        "success": False,
        "error": {"type": "invalid_request_error", **facts},
        "type": "about:blank",
        **facts,
        "error_message": facts["detail"],
    }


def test_an_error_of_ours_tells_nothing() -> None:
    body = json.loads(refusal(500, "Internal Server Error").partition(b"\r\n\r\n")[2])
    assert (body["error"]["type"], body["detail"]) == ("internal_error", "An unexpected error occurred")


def test_a_client_that_stalls_is_taken_as_gone(
    pair: tuple[PatientSocket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    patient, client = pair
    monkeypatch.setattr(worker, "PATIENCE", 0.05)
    patient.setblocking(True)
    client.sendall(b"GET")
    assert patient.recv(10) == b"GET"
    with pytest.raises(ConnectionResetError):
        patient.recv(10)


def test_the_poller_still_gets_a_socket_that_does_not_block(pair: tuple[PatientSocket, socket.socket]) -> None:
    patient, _ = pair
    patient.setblocking(False)
    with pytest.raises(BlockingIOError):
        patient.recv(10)
