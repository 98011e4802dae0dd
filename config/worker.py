"""gunicorn's threaded worker, patient for a while with slow clients, and speaking JSON where it speaks itself."""

from __future__ import annotations

import errno
import json
import socket
from typing import Any, Final

from gunicorn.workers.gthread import TConn, ThreadWorker

# Seconds without a byte from a client that has begun a request. A thread waits no longer: a few clients that stall
# would otherwise hold every thread, and the health check with them.
PATIENCE: Final = 5


class PatientSocket(socket.socket):
    """A socket whose blocking mode has an end: a read that waits longer finds the connection reset."""

    def setblocking(self, flag: bool) -> None:
        self.settimeout(PATIENCE if flag else 0.0)

    def recv(self, *arguments: Any) -> bytes:
        try:
            return super().recv(*arguments)
        except TimeoutError as error:
            # As if the client had gone, which gunicorn takes without a line in the log.
            raise ConnectionResetError(errno.ECONNRESET, "the client stalled") from error

    @classmethod
    def of(cls, plain: socket.socket) -> PatientSocket:
        """The same connection; ``plain`` is left closed."""
        return cls(plain.family, plain.type, plain.proto, fileno=plain.detach())


class JSONRefusal:
    """Stands in for the client's socket while gunicorn refuses what is no HTTP, and sends JSON for its HTML page.

    Such a request has no address yet that could choose a wire, so the body has every wire's keys.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def sendall(self, answer: bytes) -> None:
        _, status, reason = answer.partition(b"\r\n")[0].decode("latin-1").split(" ", 2)
        self._client.sendall(refusal(int(status), reason))


def refusal(status: int, reason: str) -> bytes:
    """A whole HTTP answer. It repeats nothing of what was sent."""
    detail = "The request could not be read as HTTP" if status < 500 else "An unexpected error occurred"
    kind = "invalid_request_error" if status < 500 else "internal_error"
    facts = {"title": reason, "status": status, "detail": detail}
    body = json.dumps(
        {"success": False, "error": {"type": kind, **facts}, "type": "about:blank", **facts, "error_message": detail}
    ).encode()
    head = (
        f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: application/json\r\n"
        f"X-Content-Type-Options: nosniff\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("latin-1") + body


class Worker(ThreadWorker):
    """The worker of ``config/gunicorn.py``."""

    def enqueue_req(self, conn: TConn) -> None:
        if not isinstance(conn.sock, PatientSocket):
            conn.sock = PatientSocket.of(conn.sock)
        super().enqueue_req(conn)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        super().handle_error(req, JSONRefusal(client), addr, exc)
