"""What is a name of a host, and what is none."""

from __future__ import annotations

import re
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcapstate.addresses import parse_address
from pcapstate.escaping import safe
from pcapstate.names.host_names import LONGEST, host_name, short


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"www.Example.ORG.", "www.example.org"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        (b"_dmarc.example.org", "_dmarc.example.org"),
        (b"r3---sn-abc.example", "r3---sn-abc.example"),
        (b"printer", "printer"),
        (b"a" * 63 + b".example", "a" * 63 + ".example"),
    ],
)
def test_a_name(raw: bytes | str, name: str) -> None:
    assert host_name(raw) == name


@pytest.mark.parametrize(
    "raw",
    [
        b"10.0.0.1", b"10.0.0.1.", b"1", b"0x7f.1", b"0x7f000001", b"host.0x1f", b"dead:beef::1", b"example.org:443",
        b"", b".", b"a..b", b".a", b"a b.example", b"-a.example", b"a-.example", b"\x1b[31mred.example", b"a\0b",
        b"\xff\xfe.example", "bücher.example", "\u202egro.elpmaxe", b"a" * 64 + b".example", b"a." * 127 + b"aa",
        b"a" * 10_000, b"localhost", b"localhost.localdomain", b"evil.localhost", b"[x].example", b"a,b", b"=cmd()",
    ],
)  # fmt: skip
def test_no_name(raw: bytes | str) -> None:
    assert host_name(raw) is None


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300), st.from_regex(r"[a-z0-9.:_-]{1,40}", fullmatch=True)))
def test_a_name_misleads_nobody(raw: bytes | str) -> None:
    name = host_name(raw)
    if name is not None:
        assert re.fullmatch(r"[a-z0-9_.-]+", name)
        assert len(name) <= LONGEST
        assert safe(name) == name
        assert host_name(name) == name
        with pytest.raises(ValueError, match="does not appear"):
            parse_address(name)
        with pytest.raises(OSError, match="illegal IP address"):
            socket.inet_aton(name)


def test_the_first_label() -> None:
    assert short("www.example.org") == "www"
    assert short("printer") == "printer"
