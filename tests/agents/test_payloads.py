"""No byte of a payload is in any answer: neither as it is, nor in hexadecimal or base64."""

from __future__ import annotations

import base64
import random
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from making.hellos import client_hello

import pcapstate
from pcapstate.agents.tools import TOOLS
from tests.helpers import payloads
from tests.helpers.agents import agent
from tests.helpers.captures import pcap

PIECE = 6
"""Bytes of a payload that must not be in an answer in a row."""
SECOND = 10**9
CHANCE = random.Random(793)
CLIENT, SERVER, RESOLVER = ("10.0.0.1", 51_000), ("192.0.2.7", 443), ("10.0.0.53", 53)
PLAIN = ("192.0.2.8", 80)


def word(length: int = 20) -> str:
    return "".join(CHANCE.choices(string.ascii_lowercase, k=length))


NAME, HOST, PATH, AGENT = f"{word()}.{word(7)}", f"{word()}.{word(7)}", word(), word()
HELLO = client_hello(NAME, (b"h2",), word())
REQUEST = f"GET /{PATH}?q={word()} HTTP/1.1\r\nHost: {HOST}\r\nUser-Agent: {AGENT}\r\n\r\n".encode()
RESPONSE = b"HTTP/1.1 200 OK\r\nServer: " + word().encode() + b"\r\n\r\n" + CHANCE.randbytes(100)
DNS = payloads.answer(NAME, payloads.a(NAME, SERVER[0]))
SECRETS = (HELLO, REQUEST, RESPONSE, CHANCE.randbytes(150))
NAMES = tuple(one.encode() for one in (NAME, HOST, PATH, AGENT))


def conversation(server: tuple[str, int], client_port: int, *sent: bytes) -> list[bytes]:
    """Return the frames of a connection: a handshake, payloads by turns, and a FIN of the client."""
    client = (CLIENT[0], client_port)
    frames = [
        payloads.tcp_frame(client, server, b"", 0, 0x02),
        payloads.tcp_frame(server, client, b"", 0, 0x12),
        payloads.tcp_frame(client, server, b"", 1, 0x10),
    ]
    numbers = [1, 1]
    for turn, payload in enumerate(sent):
        ends = (client, server) if turn % 2 == 0 else (server, client)
        frames.append(payloads.tcp_frame(*ends, payload, numbers[turn % 2]))
        numbers[turn % 2] += len(payload)
    return [*frames, payloads.tcp_frame(client, server, b"", numbers[0], 0x11)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a capture whose payloads are like no others."""
    frames = [
        payloads.udp_frame(RESOLVER, CLIENT, DNS),
        *conversation(SERVER, 51_000, HELLO, SECRETS[3]),
        *conversation(PLAIN, 51_001, REQUEST, RESPONSE),
        # A payload in a SYN, and one that a reset carries.
        payloads.tcp_frame((CLIENT[0], 51_002), PLAIN, SECRETS[3], 0, 0x02),
        payloads.tcp_frame(PLAIN, (CLIENT[0], 51_002), REQUEST, 0, 0x14),
    ]
    found = tmp_path_factory.mktemp("payloads")
    data = pcap([(n * SECOND // 100 + 1_700_000_000 * SECOND, one) for n, one in enumerate(frames)])
    (found / "secrets.pcap").write_bytes(data)
    # One of which a payload is cut off, so that damage is told.
    (found / "cut.pcap").write_bytes(data[:-50])
    return found


def pieces(payload: bytes) -> Iterator[bytes]:
    """Yield the pieces of a payload that are not mostly the same byte."""
    for at in range(len(payload) - PIECE + 1):
        piece = payload[at : at + PIECE]
        if len(set(piece)) >= PIECE - 1:
            yield piece


def forms(piece: bytes) -> Iterator[str]:
    """Yield how a piece may stand in a text; hexadecimal apart, where the case does not count."""
    yield piece.decode("latin-1")
    # In base64 a piece has three forms, by the place in which it begins; the characters at its edges vary.
    for before in range(3):
        whole = base64.b64encode(bytes(before) + piece).decode()
        first, last = -(-before * 8 // 6), (before + PIECE) * 8 // 6
        yield whole[first:last]


def found_in(text: str, secrets: tuple[bytes, ...]) -> list[bytes]:
    lower = text.lower()
    return [
        piece
        for secret in secrets
        for piece in pieces(secret)
        if piece.hex() in lower or piece.hex(":") in lower or any(form in text for form in forms(piece))
    ]


def test_what_is_looked_for_would_be_found() -> None:
    for secret in SECRETS:
        assert found_in(f"… {secret.hex()} …", (secret,))
        assert found_in(f"… {secret.hex(':').upper()} …", (secret,))
        assert found_in(secret[3:40].decode("latin-1"), (secret,))
        for before in range(3):
            assert found_in(base64.b64encode(bytes(before) + secret[:30]).decode(), (secret,))


def test_no_answer_has_a_byte_of_payload(folder: Path) -> None:
    # Whoever asks for names gets them from the payloads: the library knows them.
    rows = pcapstate.netstat(folder / "secrets.pcap", names=True, local=CLIENT[0])
    assert NAME in {one.foreign_name for one in rows}
    with agent(folder) as asking:
        assert len(asking.tools()) == len(TOOLS)
        asking.ask("list_captures")
        for tool in ("connections", "netstat", "timeline"):
            asking.ask("filter_help", tool=tool)
        for name in ("secrets.pcap", "cut.pcap"):
            asking.ask("describe_capture", capture=name)
            answer = asking.ask("connections", capture=name)
            for one in answer["rows"]:
                asking.ask("explain_connection", capture=name, connection=one["connection"], every_packet=True)
            assert len(answer["rows"]) == 3
            for tool in ("timeline", "who_ended", "findings", "netstat"):
                asking.ask(tool, capture=name)
            asking.ask("netstat", capture=name, local=CLIENT[0], listening=True, udp=True)
        # Filters tell nothing of names either: by asking again and again, one could spell them.
        for field in ("name", "foreign_name", "local_name", "program", "pid"):
            why = asking.refused("netstat", capture="secrets.pcap", filter=f"{field} = x")
            assert f'there is no field "{field}"' in why
            asking.refused("netstat", capture="secrets.pcap", sort=field)
        # Many rows are in several answers.
        text = "\n".join({row for one in asking.said for row in one.split("}, ")})
    assert '"client_bytes":' in text
    assert found_in(text, (*SECRETS, *NAMES)) == []
