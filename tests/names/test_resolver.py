"""The resolver of this machine."""

from __future__ import annotations

import socket
import time

import pytest

from pcapstate.addresses import parse_address
from pcapstate.names import resolver
from tests.helpers.name_messages import FIRST, LAST


def test_the_resolver_has_little_time(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def answer(where: tuple[str, int], flags: int) -> tuple[str, str]:
        asked.append(where[0])
        if where[0] == "192.0.2.2":
            raise socket.gaierror("unknown")
        if where[0] == "192.0.2.3":
            time.sleep(5)
        return ("10.0.0.1" if where[0] == "192.0.2.4" else "Host.example", "0")

    monkeypatch.setattr(socket, "getnameinfo", answer)
    began = time.perf_counter()
    found = resolver.resolve(
        [parse_address(f"192.0.2.{n}") for n in (1, 2, 3, 4)] + [parse_address(LAST), parse_address("::1")], 0.5
    )
    assert time.perf_counter() - began < 3
    assert found == {parse_address(FIRST): "host.example", parse_address(LAST): "host.example"}
    assert sorted(asked) == ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "2001:db8::1"]
    assert resolver.resolve([]) == {}
