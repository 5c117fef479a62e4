"""Hints at the application of a connection, from its packets: a text in place of an unknown program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ..names.services import TCP
from .data import ApplicationData, Opening
from .greetings import greeting, identification
from .http import request, response
from .openings import CLIENT_HELLO, GREETING, REQUEST, RESPONSE, SERVER_HELLO, SSH
from .tls import hello

SOCKS_PORT = 1080
WEB = ("https", "http", "http-alt")
"""Services that are https with TLS; TLS on a port of http means a proxy."""
HTTPS = (b"h2", b"http/1.1", b"http/1.0", b"http/0.9")
"""Protocols that are https (the registry of RFC 7301's protocol names)."""
ALWAYS_TLS = {
    *("https", "imaps", "pop3s", "nntps", "submissions", "ldaps", "msft-gc-ssl", "ftps", "ftps-data", "telnets"),
    *("domain-s", "sips", "ircs-u", "amqps", "secure-mqtt", "syslog-tls", "wsmans", "diameters", "radsec"),
}
"""Services that always use TLS."""
GUESS = "?"
"""The first character of a hint in the place of a program."""
LONGEST = 48
"""Characters of a detail at most."""


class Hint(NamedTuple):
    """The packets' hint at an application whose process is unknown."""

    protocol: str
    """The protocol by the name of its service: https, http, ssh, imaps …; tls if no more is known."""
    name: str
    """The host that the client asked for, or empty. Not escaped."""
    detail: str
    """More: the protocol within TLS, software, the server's greeting. Not escaped."""
    source: str
    """The evidence: ``tls``, ``http``, ``ssh``, ``greeting``, or ``port`` if the server's port is all."""
    number: int = 0
    """Of the packet."""

    @property
    def text(self) -> str:
        """``? https: example.org h2``, ``? http: example.org (curl/8.5)``, ``? ssh: OpenSSH_9.6``, ``? postgresql``.

        The question mark distinguishes it from a program; the client's own software stands in parentheses.
        """
        known = " ".join(part for part in (self.name, self.detail) if part)
        return f"{GUESS} {self.protocol}: {known}" if known else f"{GUESS} {self.protocol}"


class ServerName(NamedTuple):
    """The name by which a connection's client asked for the server."""

    connection: int
    server: int
    """Side of the server: 0 or 1."""
    name: bytes
    kind: str
    """``sni`` or ``http``, as in ``names.book``."""
    number: int
    """Of the packet."""
    time: int


def hint(data: ApplicationData, connection: int, client: int = 0, port: int = 0) -> Hint | None:
    """Return the hint at a connection's application, or None.

    ``client``: its side, 0 or 1, if the payloads do not tell it. ``port``: the server's, which names the service if
    there is no other evidence (0: do not guess).
    """
    kinds = [data.kinds(2 * connection + side) for side in (0, 1)]
    if any(kinds):
        for find in (_tls, _http, _ssh, _greeting):
            found = find(data, connection, client, port)
            if found:
                return found
    return Hint(TCP[port], "", "", "port") if port in TCP else None


def server_names(data: ApplicationData, rows: Iterable[tuple[int, int]]) -> Iterator[ServerName]:
    """Yield the names by which clients asked for servers, of rows (connection, server's port), for ``names.book``.

    Requests through a proxy are left out: they name another host than the server.
    """
    for connection, port in rows:
        for side in (0, 1):
            endpoint = 2 * connection + side
            kinds = data.kinds(endpoint)
            if not kinds or port == SOCKS_PORT:
                continue
            opening = data.opening(endpoint, REQUEST) if kinds >> REQUEST & 1 else None
            asked = request(opening.data) if opening else None
            if asked and asked.is_proxied:
                continue
            first = data.opening(endpoint, CLIENT_HELLO) if kinds >> CLIENT_HELLO & 1 else None
            name = hello(first.data).server_name if first else b""
            if first and name:
                yield ServerName(connection, 1 - side, name, "sni", first.number, first.time)
            if opening and asked and asked.host:
                yield ServerName(connection, 1 - side, asked.host, "http", opening.number, opening.time)


def _either(data: ApplicationData, connection: int, kind: int) -> Opening | None:
    for endpoint in (2 * connection, 2 * connection + 1):
        if data.kinds(endpoint) >> kind & 1:
            found = data.opening(endpoint, kind)
            if found:
                return found
    return None


def _tls(data: ApplicationData, connection: int, client: int, port: int) -> Hint | None:
    asked, answered = _either(data, connection, CLIENT_HELLO), _either(data, connection, SERVER_HELLO)
    first = asked or answered
    if first is None:
        return None
    offered = hello(asked.data) if asked else None
    chosen = hello(answered.data).protocols if answered else ()
    # From TLS 1.3 on the server's choice is encrypted; a single offer of the client is the choice.
    protocols = chosen[:1] or (offered.protocols if offered else ())
    protocol = protocols[0] if len(protocols) == 1 else b""
    service = TCP.get(port, "tls")
    if service in WEB or (protocols and all(one in HTTPS for one in protocols)):
        service, detail = "https", _shown(protocol)
    else:
        words = ["tls"] if service not in ALWAYS_TLS and service != "tls" else []
        detail = " ".join([*words, *([_shown(protocol)] if protocol else [])])
    return Hint(service, _shown(offered.server_name) if offered else "", detail, "tls", first.number)


def _http(data: ApplicationData, connection: int, client: int, port: int) -> Hint | None:
    opening = _either(data, connection, REQUEST)
    if opening:
        asked = request(opening.data)
        agent = f"({_shown(asked.agent)})" if asked.agent else ""
        detail = "h2" if asked.method == b"PRI" else " ".join(filter(None, (_proxied(asked.is_proxied), agent)))
        return Hint("http", _shown(asked.host), detail, "http", opening.number)
    opening = _either(data, connection, RESPONSE)
    return Hint("http", "", _shown(response(opening.data)), "http", opening.number) if opening else None


def _proxied(is_proxied: bool) -> str:
    return "by proxy" if is_proxied else ""


def _ssh(data: ApplicationData, connection: int, client: int, port: int) -> Hint | None:
    server = data.opening(2 * connection + 1 - client, SSH)
    if server:
        return Hint("ssh", "", _shown(identification(server.data)), "ssh", server.number)
    other = data.opening(2 * connection + client, SSH)
    return Hint("ssh", "", f"({_shown(identification(other.data))})", "ssh", other.number) if other else None


def _greeting(data: ApplicationData, connection: int, client: int, port: int) -> Hint | None:
    opening = _either(data, connection, GREETING)
    if opening is None:
        return None
    protocol, text = greeting(opening.data)
    return Hint(protocol or TCP.get(port, "greeting"), "", _shown(text), "greeting", opening.number)


def _shown(raw: bytes) -> str:
    """Return bytes as text that fits a cell."""
    text = raw.decode("utf-8", "replace")
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
