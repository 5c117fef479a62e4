"""The applications of a random run: clients and servers that do what a plan says, all in one event loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from kernel_lab.hosts import abort
from kernel_lab.namespaces import Namespace

from random_lab.plans import Plan, Round
from random_lab.scripts import Script

_PATIENCE = 5.0
"""Seconds that an application waits for data, or to get rid of it, before it closes."""
_LISTENER_CLOSES = 0.8
_T = TypeVar("_T")


@dataclass(frozen=True)
class Host:
    """A host of a random run; `addresses` are those of IPv4 and IPv6."""

    name: str
    namespace: Namespace
    addresses: tuple[str, str]

    def socket(self, plan: Plan, port: int) -> socket.socket:
        """A TCP socket bound to a port, with the options of the plan."""
        with self.namespace.entered():
            made = socket.socket((socket.AF_INET, socket.AF_INET6)[plan.ipv6], socket.SOCK_STREAM)
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for option in plan.options:
            for level, name, value in _OPTIONS[option]:
                made.setsockopt(level, name, value)
        made.bind((self.addresses[plan.ipv6], port))
        return made


_TCP = socket.IPPROTO_TCP
_OPTIONS = {
    "nodelay": [(_TCP, socket.TCP_NODELAY, 1)],
    "small window": [(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)],
    "linger2": [(_TCP, socket.TCP_LINGER2, 1)],
    "defer": [(_TCP, socket.TCP_DEFER_ACCEPT, 1)],
    "keepalive": [
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
        (_TCP, socket.TCP_KEEPIDLE, 1),
        (_TCP, socket.TCP_KEEPINTVL, 1),
        (_TCP, socket.TCP_KEEPCNT, 2),
    ],
}


class Applications:
    """The two ends of each plan's connections."""

    def __init__(self, client: Host, server: Host) -> None:
        self._client, self._server = client, server
        self._open: list[socket.socket] = []

    async def run(self, plan: Plan) -> None:
        """Play a plan, whatever happens to its connections."""
        await asyncio.sleep(plan.start)
        if plan.kind == "simultaneous open":
            await self._open_to_each_other(plan)
            return
        meetings = [_Meeting() for _ in range(max(len(plan.rounds), plan.side_by_side))]
        serving = None
        if plan.kind != "refused":
            listener = self._kept(self._server.socket(plan, plan.server_port))
            listener.listen(plan.backlog)
            serving = asyncio.create_task(self._serve(plan, listener, meetings))
        if plan.side_by_side > 1:
            rounds = [plan.rounds[0]] * plan.side_by_side
            clients = [self._connect(plan, one, meetings[n], plan.client_port(n)) for n, one in enumerate(rounds)]
            await asyncio.gather(*clients)
        else:
            for which, one in enumerate(plan.rounds):
                await asyncio.sleep(one.gap)
                await self._connect(plan, one, meetings[which], plan.client_port())
        if serving:
            await serving

    def close(self) -> None:
        """Close what is still open."""
        for one in self._open:
            one.close()

    def _kept(self, made: socket.socket) -> socket.socket:
        self._open.append(made)
        return made

    async def _connect(self, plan: Plan, one: Round, meeting: _Meeting, port: int) -> None:
        # A port whose last connection has not quite ended may not be had.
        with suppress(OSError):
            client = self._kept(self._client.socket(plan, port))
            target = (self._server.addresses[plan.ipv6], plan.server_port)
            await self._talk(plan, client, target, one.client, meeting)

    async def _talk(
        self, plan: Plan, active: socket.socket, target: tuple[str, int], script: Script, meeting: _Meeting
    ) -> None:
        """Connect, or give up after the plan's patience, and play a script."""
        try:
            await _within(plan.patience, asyncio.get_running_loop().sock_connect(active, target))
        except OSError:
            active.close()
            return
        await _play(active, script, meeting)

    async def _open_to_each_other(self, plan: Plan) -> None:
        meeting, one = _Meeting(), plan.rounds[0]
        with suppress(OSError):
            client = self._kept(self._client.socket(plan, plan.client_port()))
            server = self._kept(self._server.socket(plan, plan.server_port))
            ends = [
                (client, (self._server.addresses[plan.ipv6], plan.server_port), one.client),
                (server, (self._client.addresses[plan.ipv6], plan.client_port()), one.server),
            ]
            await asyncio.gather(*(self._talk(plan, *end, meeting) for end in ends))

    async def _serve(self, plan: Plan, listener: socket.socket, meetings: list[_Meeting]) -> None:
        loop = asyncio.get_running_loop()
        if plan.kind == "listener closes":
            await asyncio.sleep(_LISTENER_CLOSES)
            listener.close()
            return
        await asyncio.sleep(plan.accept_after)
        playing = []
        for number in range(len(meetings)):
            try:
                accepted, _ = await _within(2 * _PATIENCE, loop.sock_accept(listener))
            except OSError:
                break
            script = plan.rounds[number % len(plan.rounds)].server
            playing.append(asyncio.create_task(_play(self._kept(accepted), script, meetings[number])))
        if playing:
            await asyncio.gather(*playing)


class _Meeting:
    """Where the applications of both ends wait for each other."""

    def __init__(self) -> None:
        self._there = 0
        self._both = asyncio.Event()

    async def wait(self) -> None:
        self._there += 1
        if self._there > 1:
            self._both.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._both.wait(), 1.0)


async def _within(seconds: float, doing: Awaitable[_T]) -> _T:
    # TimeoutError is an OSError.
    return await asyncio.wait_for(doing, seconds)


async def _play(own: socket.socket, script: Script, meeting: _Meeting) -> None:
    """Do what a script says; whatever fails, the socket is closed, but for one that waits."""
    loop = asyncio.get_running_loop()
    try:
        for step in script:
            match step:
                case ("send", int(count)):
                    await _within(_PATIENCE, loop.sock_sendall(own, bytes(count)))
                case ("receive", int(count)):
                    await _receive(own, count)
                case ("drain",):
                    await _receive(own, None)
                case ("sleep", float(seconds)):
                    await asyncio.sleep(seconds)
                case ("meet",):
                    await meeting.wait()
                case ("cork",):
                    own.setsockopt(_TCP, socket.TCP_CORK, 1)
                case ("shutdown",):
                    own.shutdown(socket.SHUT_WR)
                case ("abort",):
                    abort(own)
                case ("close",):
                    own.close()
                case ("wait",):
                    return
                case _:
                    raise ValueError(f"no such step: {step}")
    except (OSError, EOFError):
        pass
    own.close()


async def _receive(own: socket.socket, count: int | None) -> None:
    """Read so many bytes, or to the end."""
    loop = asyncio.get_running_loop()
    left = count
    while left is None or left > 0:
        data = await _within(_PATIENCE, loop.sock_recv(own, left or 65536))
        if not data:
            if left is None:
                return
            raise EOFError
        if left is not None:
            left -= len(data)
