"""TLS hellos: the server's name (RFC 6066 §3) and the application's protocols (RFC 7301), which are in the clear.

Segments and snap lengths cut hellos off; libraries want whole records, so the few fields are read here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

SERVER_NAME, ALPN = 0, 16
PROTOCOLS = 16
"""Protocols of one hello that are read at most."""


class Hello(NamedTuple):
    """The fields of a hello, which may be cut off."""

    server_name: bytes
    """As the client sent it, or empty."""
    protocols: tuple[bytes, ...]
    """The client's offers, or the server's choice."""


def hello(data: bytes) -> Hello:
    """Read a client's or a server's hello, even if it is cut off; never raises."""
    message = _handshake(data)
    server = message[:1] == b"\x02"
    # Type and length, version, random; then the session, ciphers, compression (RFC 8446 §4.1.2, §4.1.3).
    at = _behind(message, 4 + 2 + 32, 1)
    at = at + 3 if server else _behind(message, _behind(message, at, 2), 1)
    name = b""
    protocols: tuple[bytes, ...] = ()
    for kind, content in _extensions(message, at):
        if kind == SERVER_NAME and not name:
            name = _server_name(content)
        elif kind == ALPN and not protocols:
            protocols = _protocols(content)
    return Hello(name, protocols)


def _handshake(data: bytes) -> bytes:
    """Return the first handshake message out of its records (RFC 8446 §5.1)."""
    message, at = bytearray(), 0
    while at + 5 <= len(data) and data[at] == 22:
        length = int.from_bytes(data[at + 3 : at + 5], "big")
        message += data[at + 5 : at + 5 + length]
        at += 5 + length
        if len(message) >= 4 and len(message) >= 4 + int.from_bytes(message[1:4], "big"):
            break
    return bytes(message[: 4 + int.from_bytes(message[1:4], "big")])


def _behind(message: bytes, at: int, width: int) -> int:
    """Return the offset behind a vector whose length takes ``width`` bytes."""
    return at + width + int.from_bytes(message[at : at + width], "big")


def _extensions(message: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    end = min(_behind(message, at, 2), len(message))
    at += 2
    while at + 4 <= end:
        kind, length = int.from_bytes(message[at : at + 2], "big"), int.from_bytes(message[at + 2 : at + 4], "big")
        yield kind, message[at + 4 : min(at + 4 + length, end)]
        at += 4 + length


def _server_name(content: bytes) -> bytes:
    # A list of one name, of type 0 (host name); a server's answer is empty.
    length = int.from_bytes(content[3:5], "big")
    name = content[5 : 5 + length]
    # A name that is cut off would be another name.
    return name if content[2:3] == b"\x00" and len(name) == length else b""


def _protocols(content: bytes) -> tuple[bytes, ...]:
    found: list[bytes] = []
    at = 2
    while at < len(content) and len(found) < PROTOCOLS:
        one = content[at + 1 : at + 1 + content[at]]
        if len(one) < content[at] or not one:
            break
        found.append(one)
        at += 1 + content[at]
    return tuple(found)
