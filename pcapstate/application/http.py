"""HTTP requests and responses: the host, and the software at both ends (RFC 9110, RFC 9112)."""

from __future__ import annotations

import re
from typing import NamedTuple

LINES = 100
"""Lines of a head that are read at most."""

# Browsers name each other for compatibility; the first of these in a User-Agent is the real one.
_BROWSERS = re.compile(rb"\b(Edge?|OPR|SamsungBrowser|Vivaldi|Firefox|Chrom(?:e|ium)|MSIE|Trident)[/ ]([0-9.]{1,20})")
_ORDER = (
    b"Edg",
    b"Edge",
    b"OPR",
    b"SamsungBrowser",
    b"Vivaldi",
    b"Firefox",
    b"Chrome",
    b"Chromium",
    b"MSIE",
    b"Trident",
)
_SAFARI = re.compile(rb"\bVersion/([0-9.]{1,20}) .*Safari/")


class Request(NamedTuple):
    """The fields of a request."""

    method: bytes
    target: bytes
    host: bytes
    """Without the port; may be empty."""
    agent: bytes
    """The product of the User-Agent, as curl/8.5.0."""

    @property
    def is_proxied(self) -> bool:
        """Whether the server is a proxy for the host (RFC 9112 §3.2.2, §3.2.3)."""
        return self.method == b"CONNECT" or b"://" in self.target[:16]


def request(data: bytes) -> Request:
    """Read a request, as far as it is there; never raises."""
    line, headers = _head(data)
    words = line.split(b" ")
    method, target = words[0], words[1] if len(words) > 1 else b""
    host = headers.get(b"host", b"")
    if method == b"CONNECT" and not host:
        host = target
    return Request(method, target, without_port(host), product(headers.get(b"user-agent", b"")))


def response(data: bytes) -> bytes:
    """Return the product of a response's Server header, as nginx/1.24.0; empty where it is not there."""
    return product(_head(data)[1].get(b"server", b""))


def without_port(host: bytes) -> bytes:
    """Return a host without the port that may follow it."""
    if host.startswith(b"["):
        return host.partition(b"]")[0][1:]
    return host.partition(b":")[0]


def product(text: bytes) -> bytes:
    """Return the product that a User-Agent or Server header names: the browser, or the first word."""
    if text.startswith(b"Mozilla/"):
        found = dict(_BROWSERS.findall(text[:512]))
        for name in _ORDER:
            if name in found:
                return name + b"/" + found[name]
        safari = _SAFARI.search(text[:512])
        if safari:
            return b"Safari/" + safari[1]
    return text.split(b" ")[0]


def _head(data: bytes) -> tuple[bytes, dict[bytes, bytes]]:
    """Return the first line and the headers by their names in small letters (the first of each)."""
    head, end, _ = data.replace(b"\r\n", b"\n").partition(b"\n\n")
    first, *lines = head.split(b"\n", LINES)
    # The last line may be cut off, with another meaning than the whole.
    headers: dict[bytes, bytes] = {}
    for line in lines if end else lines[:-1]:
        name, colon, value = line.partition(b":")
        if colon:
            headers.setdefault(name.lower(), value.strip(b" \t"))
    return first, headers
