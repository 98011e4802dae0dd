"""How much the load client could take: a server that answers the same bytes to everything leaves only the client to wait for.

``python -m benchmarks.ceiling`` prints its port and serves until its standard input ends.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Final, cast

from benchmarks.load import HOST, Load, Result, applied

# About the size of a list of 25.
BODY: Final = b"x" * 20_000
ANSWER: Final = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)
REQUEST: Final = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


class Constant(asyncio.Protocol):
    """Answers as soon as a request's head is there."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.transport.write(ANSWER)


def measured(connections: int, seconds: float) -> Result:
    """The client's own limit on this machine, which it shares with a server that does nothing."""
    command = [sys.executable, "-m", "benchmarks.ceiling"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin is not None  # noqa: S101 - for the types
        assert server.stdout is not None  # noqa: S101 - as above
        port = int(server.stdout.readline())
        result = applied(Load(port, connections, seconds, [REQUEST]))
        server.stdin.close()
    return result


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(Constant, HOST, 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve())
