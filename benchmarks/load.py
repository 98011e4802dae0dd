"""A load of HTTP requests from one process: keep-alive connections, request bytes made beforehand, little parsing.

``python -m benchmarks.load`` reads one ``Load`` as JSON and prints one ``Result``; ``applied`` does that in a process of
its own, so that what is measured and what measures never share an interpreter.
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import cycle, islice
from typing import Any, Final, cast

HOST: Final = "127.0.0.1"
WARM_UP: Final = 0.5
PATIENCE: Final = 300
# However fast a server answers, a run has an end.
MOST_REQUESTS: Final = 500_000

# A kind, and the bytes of the request.
Request = tuple[int, bytes]


@dataclass(frozen=True)
class Load:
    """``connections`` that each send the next of ``requests`` when the answer to the one before is complete.

    It goes on until ``least`` answers have come. Requests of several ``kinds`` come in turn: the one at place ``n`` is
    of the kind ``n`` modulo ``kinds``.
    """

    port: int
    connections: int
    seconds: float
    requests: list[str]
    least: int = 0
    kinds: int = 1


@dataclass(frozen=True)
class Result:
    """What was seen after the warm-up. Times are milliseconds; ``cpu`` is the client's own, per request.

    ``by_kind`` has p50 and p99 of each kind of request.
    """

    rate: float
    p50: float
    p99: float
    count: int
    statuses: dict[str, int]
    reconnects: int
    cpu: float
    by_kind: list[tuple[float, float]]

    @property
    def failures(self) -> int:
        return self.count - sum(n for status, n in self.statuses.items() if status.startswith("2"))


def applied(load: Load) -> Result:
    """Put the load on the server, from another process."""
    command = [sys.executable, "-m", "benchmarks.load"]
    done = subprocess.run(command, input=json.dumps(asdict(load)).encode(), stdout=subprocess.PIPE, check=True)
    return Result(**json.loads(done.stdout))


@dataclass
class Run:
    """What all connections of one load share. It ends with its time, but not before ``least`` answers have come."""

    begins: float
    ends: float
    least: int
    # The client's own CPU seconds before it began.
    cpu: float
    kinds: int
    times: list[float] = field(default_factory=list)
    # The kind of the request behind each of the times.
    kinds_of_times: list[int] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    last: float = 0.0
    reconnects: int = 0

    def is_over(self, now: float) -> bool:
        return (now >= self.ends and len(self.times) >= self.least) or len(self.times) >= MOST_REQUESTS

    def note(self, started: float, now: float, status: str, kind: int) -> None:
        """An answer counts when it comes, whenever it was asked for: slow ones would not count otherwise."""
        if now >= self.begins and not self.is_over(now):
            self.times.append(now - started)
            self.kinds_of_times.append(kind)
            self.statuses[status] += 1
            self.last = now

    def rate(self) -> float:
        return len(self.times) / (max(self.ends, self.last) - self.begins)

    def times_by_kind(self) -> list[list[float]]:
        by_kind: list[list[float]] = [[] for _ in range(self.kinds)]
        for kind, time_taken in zip(self.kinds_of_times, self.times, strict=True):
            by_kind[kind].append(time_taken)
        return by_kind


class Connection(asyncio.Protocol):
    """One connection, from one answer to the next request."""

    def __init__(self, run: Run, requests: Iterator[Request]) -> None:
        self.run = run
        self.requests = requests
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.buffer = bytearray()
        self.expected = 0
        self.started = 0.0
        self.kind = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.expected:
            self._read_head()
        if self.expected and len(self.buffer) >= self.expected:
            self._finish()

    def connection_lost(self, error: Exception | None) -> None:
        self.lost.set_result(None)

    def _send(self) -> None:
        self.started = time.perf_counter()
        if self.run.is_over(self.started):
            self.transport.close()
            return
        self.kind, request = next(self.requests)
        self.transport.write(request)

    def _read_head(self) -> None:
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self.buffer[:end]).lower()
        length = head[head.index(b"content-length:") + 15 :].split(b"\r", 1)[0]
        self.expected = end + 4 + int(length)
        # A worker that is renewed says so; the next request goes to another connection.
        self.closing = b"connection: close" in head

    def _finish(self) -> None:
        self.run.note(self.started, time.perf_counter(), self.buffer[9:12].decode(), self.kind)
        self.buffer.clear()
        self.expected = 0
        if self.closing:
            self.transport.close()
        else:
            self._send()


async def _keep_connected(run: Run, port: int, requests: Iterator[Request]) -> None:
    loop = asyncio.get_running_loop()
    while not run.is_over(time.perf_counter()):
        _, connection = await loop.create_connection(lambda: Connection(run, requests), HOST, port)
        await connection.lost
        run.reconnects += 1


async def _apply(load: Load) -> Run:
    begins = time.perf_counter() + WARM_UP
    run = Run(begins, begins + load.seconds, max(load.least, load.connections), _cpu(), load.kinds)
    requests = [(place % load.kinds, text.encode("latin-1")) for place, text in enumerate(load.requests)]
    streams = [
        cycle(islice(requests, place % len(requests), None, load.connections)) for place in range(load.connections)
    ]
    waiting = [_keep_connected(run, load.port, stream) for stream in streams]
    # Whatever does not answer is not waited for for ever.
    await asyncio.wait_for(asyncio.gather(*waiting), load.seconds + WARM_UP + PATIENCE)
    run.reconnects -= load.connections
    return run


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _percentile(times: Sequence[float], share: float) -> float:
    """Of sorted seconds, in milliseconds."""
    return round(1_000 * times[min(len(times) - 1, int(len(times) * share))], 3) if times else 0.0


def result_of(run: Run) -> Result:
    """The figures of a run."""
    times = sorted(run.times)
    return Result(
        rate=round(run.rate(), 2),
        p50=_percentile(times, 0.50),
        p99=_percentile(times, 0.99),
        count=len(times),
        statuses=dict(run.statuses),
        reconnects=run.reconnects,
        cpu=round(1_000 * (_cpu() - run.cpu) / max(1, len(times)), 4),
        by_kind=[(_percentile(own, 0.50), _percentile(own, 0.99)) for own in map(sorted, run.times_by_kind())],
    )


def main() -> None:
    read: dict[str, Any] = json.load(sys.stdin)
    load = Load(**read)
    result = result_of(asyncio.run(_apply(load)))
    print(json.dumps(asdict(result)))


if __name__ == "__main__":
    main()
