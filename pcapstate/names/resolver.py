"""Reverse lookups with this machine's resolver: the only traffic that the program sends, and only on request."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterable

from ..addresses import Address, is_ipv4, is_one_hosts
from .host_names import host_name

SECONDS = 3.0
"""Most seconds for all lookups together."""
THREADS = 16
MOST = 1_000
"""Most addresses that are looked up."""


def resolve(addresses: Iterable[Address], seconds: float = SECONDS) -> dict[Address, str]:
    """Return the names of addresses from this machine's resolver, as far as it answers in time."""
    waiting: queue.SimpleQueue[Address] = queue.SimpleQueue()
    asked = [one for one in dict.fromkeys(addresses) if is_one_hosts(one)][:MOST]
    for one in asked:
        waiting.put(one)
    answered: queue.SimpleQueue[tuple[Address, str | None]] = queue.SimpleQueue()
    ends = time.monotonic() + seconds

    def work() -> None:
        while time.monotonic() < ends:
            try:
                one = waiting.get_nowait()
            except queue.Empty:
                return
            answered.put((one, _ask(one)))

    for _ in range(min(THREADS, len(asked))):
        # A lookup cannot be cancelled: the thread of one that hangs must not keep the program from exiting.
        threading.Thread(target=work, name="pcapstate-resolver", daemon=True).start()
    found: dict[Address, str] = {}
    for _ in asked:
        try:
            one, name = answered.get(timeout=max(0.0, ends - time.monotonic()))
        except queue.Empty:
            break
        if name:
            found[one] = name
    return found


def _ask(address: Address) -> str | None:
    import socket

    high, low = address
    if is_ipv4(high, low):
        text = socket.inet_ntop(socket.AF_INET, (low & 0xFFFFFFFF).to_bytes(4, "big"))
    else:
        text = socket.inet_ntop(
            socket.AF_INET6, high.to_bytes(8, "big", signed=True) + low.to_bytes(8, "big", signed=True)
        )
    try:
        name, _ = socket.getnameinfo((text, 0), socket.NI_NAMEREQD)
    except (OSError, UnicodeError):
        return None
    return host_name(name)
