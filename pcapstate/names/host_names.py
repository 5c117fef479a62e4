"""Validation of host names from a capture, which tables show in place of addresses."""

from __future__ import annotations

import re

LONGEST = 253
"""Most characters of a name (RFC 1035 §2.3.4, without the root's dot)."""

# Letters, digits and hyphens (RFC 1123 §2.1), and underscores, which real names have. Punycode (xn--) is not decoded:
# some letters look like others.
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
# A name whose last label is a number reads as an address (such as "10.0.0.1" or "0x7f000001").
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


def host_name(raw: bytes | str) -> str | None:
    """Return a name in lower case without the root's dot, or None if it is not valid as a host name.

    Invalid are empty labels, spaces, colons, control characters, anything but ASCII, labels or names that are too long,
    names that look like an address, and ``localhost``, which is a different host everywhere.
    """
    if len(raw) > LONGEST + 1:
        return None
    if isinstance(raw, bytes):
        raw = raw.decode("latin-1")
    name = raw.removesuffix(".").lower()
    if not name.isascii() or len(name) > LONGEST:
        return None
    labels = name.split(".")
    if any(_LABEL.fullmatch(label) is None for label in labels):
        return None
    if _NUMBER.fullmatch(labels[-1]) or labels[-1] == "localhost" or labels[0] == "localhost":
        return None
    return name


def short(name: str) -> str:
    """Return the first label of a name, as netstat shows it without -f."""
    return name.partition(".")[0]
