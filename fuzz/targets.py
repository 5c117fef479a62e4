"""What is fuzzed: a function of bytes for each, with its seeds, and how to change its inputs."""

from __future__ import annotations

import io
import random
import re
import struct
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pcapstate.application import greetings, http, openings, tls
from pcapstate.capture import Capture
from pcapstate.compiled import Kernels
from pcapstate.decode.contracts import SEGMENT_DATAGRAM
from pcapstate.decode.decoder import Decoder
from pcapstate.errors import PcapstateError
from pcapstate.moments import parse_moment, written
from pcapstate.names import dhcp, dns, netbios
from pcapstate.names.book import NameBook
from pcapstate.names.packets import NamePackets
from pcapstate.naming import safe
from pcapstate.query.columns import select_columns, sort_order
from pcapstate.query.expression import Lookup
from pcapstate.query.options import from_options
from pcapstate.query.ordering import order
from pcapstate.query.parser import parse
from pcapstate.sources.reader import Batch, CaptureReader
from pcapstate.tcp.flow_table import FlowTable
from pcapstate.views import connections, netstat_columns, timeline

from . import mutating
from .program import whole

ROOT = Path(__file__).parent.parent
PCAPS = ROOT / "tests" / "pcaps"
Seeds = Callable[[], list[bytes]]


class Target(NamedTuple):
    """Something that is fuzzed."""

    run: Callable[[bytes], None]
    """Raises PcapstateError for what is refused; whatever else it raises is a finding."""
    seeds: Seeds
    change: Callable[..., bytes] = mutating.any_bytes
    """Takes an input, a random.Random, and where it knows a format a Change for what lies in it."""


class Wrong(Exception):
    """An answer that cannot be right."""


def captures(pattern: str = "*.pcap*", largest: int = 20_000) -> list[bytes]:
    """Return the captures of the tests, and what was found earlier and is kept with these."""
    paths = sorted(path for path in PCAPS.glob(pattern) if path.suffix != ".expected")
    return [path.read_bytes() for path in paths if path.stat().st_size <= largest]


# --- files


def any_capture(data: bytes, chance: random.Random, change: mutating.Change = mutating.any_bytes) -> bytes:
    """Return a capture changed by what its format is."""
    return (mutating.pcapng if data[:1] == b"\n" else mutating.pcap)(data, chance, change)


def _frames(data: bytes, chunk: int | None) -> tuple[list[tuple[Any, ...]], str]:
    source = CaptureReader(io.BytesIO(data), Kernels(0), **({} if chunk is None else {"chunk": chunk, "rows": 7}))
    found: list[tuple[Any, ...]] = []
    for batch in source.batches():
        for frame in batch.frames:
            start, captured = int(frame["offset"]), int(frame["captured"])
            if not 0 <= start <= start + captured <= len(batch.data):
                raise Wrong(f"a frame at {start} of {captured} bytes, in a buffer of {len(batch.data)}")
            fields = (int(frame[name]) for name in ("time", "number", "length", "linktype"))
            found.append((*fields, batch.data[start : start + captured].tobytes()))
    return found, str(source.damage)


def readers(data: bytes) -> None:
    """Read a file twice, at once and in small chunks: the same frames must come out."""
    if _frames(data, None) != _frames(data, 256):
        raise Wrong("the frames depend on the size of the chunks")


# --- frames


def frames(data: bytes) -> None:
    """Decode frames alone: a byte for the link type, then each behind its length (two bytes)."""
    linktype = mutating.LINK_TYPES[data[0] % len(mutating.LINK_TYPES)] if data else 1
    out = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262_144, linktype)
    at = 1
    while at + 2 <= len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        frame = data[at + 2 : at + 2 + length]
        out += struct.pack("<IIII", at, 0, len(frame), len(frame)) + frame
        at += 2 + length
    # A buffer that ends where the last frame does: who reads on leaves it.
    source = CaptureReader(io.BytesIO(out), Kernels(0), chunk=len(out), rows=64)
    decoder = Decoder(source.kernels, True)
    for batch in source.batches():
        _sound(batch, decoder.decode(batch))
    decoder.finish()
    if (decoder.skipped < 0).any():
        raise Wrong("fewer than no frames were skipped")


def _sound(batch: Batch, segments: Any) -> None:
    places = np.searchsorted(batch.frames["number"], segments["number"])
    for segment, place in zip(segments, places.tolist(), strict=True):
        if segment["flags"] < 0 and segment["flags"] != SEGMENT_DATAGRAM:
            continue
        frame = batch.frames[place]
        start, end = int(frame["offset"]), int(frame["offset"]) + int(frame["captured"])
        if int(segment["number"]) != int(frame["number"]):
            raise Wrong(f"a segment of frame {segment['number']}, which there is not")
        if segment["payload"] != -1 and not start <= segment["payload"] <= end:
            raise Wrong(f"payload at {segment['payload']} of a frame from {start} to {end}")
        if segment["length"] < 0 or not 0 <= segment["source_port"] < 65_536 or not 0 <= segment["seq"] < 2**32:
            raise Wrong(f"impossible segment {segment}")


def frame_seeds() -> list[bytes]:
    """Return the first frames of each capture, a link type each."""
    found: dict[bytes, None] = {}
    for data in captures():
        try:
            kept, _ = _frames(data, None)
        except PcapstateError:
            continue
        for linktype in {one[3] for one in kept}:
            if linktype in mutating.LINK_TYPES:
                some = [one[4] for one in kept if one[3] == linktype][:8]
                parts = [len(one).to_bytes(2, "big") + one for one in some if len(one) < 2000]
                found[bytes([mutating.LINK_TYPES.index(linktype)]) + b"".join(parts)] = None
    return list(found)


# --- names


PORTS = (53, 5353, 5355, 137, 67, 68, 546, 547)


def names(data: bytes) -> None:
    """Look for names in messages: each behind a byte for its port and its length (two bytes)."""
    out, at, asked = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262_144, 101), 0, {(0, 0xFFFF0A000001)}
    while at + 3 <= len(data):
        port, length = PORTS[data[at] % len(PORTS)], int.from_bytes(data[at + 1 : at + 3], "big")
        message = data[at + 3 : at + 3 + length]
        for claimed in (dns.claims(message), dns.claims(message, True), dns.reverse_claims(message)):
            asked.update(one.address for one in claimed)
        asked.update(address for address, _ in (*netbios.claims(message), *dhcp.claims6(message)))
        lease = dhcp.lease(message)
        if lease is not None and lease.address is not None:
            asked.add(lease.address)
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 28 + len(message), 0, 0, 64, 17, 0) + b"\x0a\0\0\2\x0a\0\0\1"
        packet = ip + struct.pack("!HHHH", port, port, 8 + len(message), 0) + message
        out += struct.pack("<IIII", at, 0, len(packet), len(packet)) + packet
        at += 3 + length
    kernels = Kernels(0)
    packets = NamePackets(kernels)
    for _ in Capture(CaptureReader(io.BytesIO(out), kernels), watchers=[packets]).follow():
        pass
    book = NameBook(packets)
    book.prepare(asked)
    for address in asked:
        name = book.name(address, 10**9)
        if name is not None and (safe(name.fqdn) != name.fqdn or safe(name.canonical) != name.canonical):
            raise Wrong(f"a name that cannot be shown: {name.fqdn!r}")


def _payloads(datagrams: bool) -> list[tuple[int, bytes]]:
    found = []
    for path in ("office.pcapng", "names-and-drops.pcapng", "example.pcapng"):
        source = CaptureReader(PCAPS / path, Kernels(0))
        decoder = Decoder(source.kernels, True)
        for batch in source.batches():
            for row in decoder.decode(batch):
                if (row["flags"] == SEGMENT_DATAGRAM) == datagrams and row["payload"] >= 0 and row["length"] > 0:
                    data = batch.data[row["payload"] : row["payload"] + row["length"]].tobytes()
                    ports = [int(row["source_port"]), int(row["target_port"])]
                    found.append((next((one for one in ports if one in PORTS), 0), data))
        source.close()
    return found


def name_seeds() -> list[bytes]:
    """Return the messages of the tests' captures, one a seed, and some together."""
    kept = dict.fromkeys(
        bytes([PORTS.index(port)]) + len(data).to_bytes(2, "big") + data for port, data in _payloads(True) if port
    )
    return [*kept, b"".join(list(kept)[:12])]


# --- applications


def application(data: bytes) -> None:
    """Read what opens a conversation as everything that it might be."""
    found = tls.hello(data)
    texts = [found.server_name, *found.protocols, http.response(data), greetings.identification(data)]
    asked = http.request(data)
    if not all(isinstance(one, bytes) for one in (*texts, asked.host, asked.agent, asked.method)):
        raise Wrong("no bytes")
    greetings.greeting(data)
    kind = openings.kind_of(memoryview(data), 0, len(data)) if data else 0
    if not -1 <= kind < 16:
        raise Wrong(f"kind {kind}")


def application_seeds() -> list[bytes]:
    """Return the payloads of the tests' captures."""
    return list(dict.fromkeys(data for _, data in _payloads(False) if len(data) > 4))


# --- text


_table: list[FlowTable] = []


def _office() -> FlowTable:
    if not _table:
        capture = Capture(CaptureReader(PCAPS / "office.pcapng", Kernels(0)), details=True)
        for _ in capture.follow():
            pass
        _table.append(capture.table)
    return _table[0]


def _time(text: str) -> int:
    return parse_moment(text, True).time(1_700_000_000 * 10**9, 1_700_000_100 * 10**9)


def filters(data: bytes) -> None:
    """Read a text as a filter, as values of options, as columns to sort by and to show; apply what can be applied."""
    text = data.decode("utf-8", "surrogateescape")
    for of in (connections, netstat_columns, timeline):
        fields = of.fields(_time)
        for reading in (
            lambda fields=fields: parse(text, fields),
            lambda fields=fields: from_options([text] if "state" in fields else [], [], [], fields),
            lambda fields=fields: from_options([], [text], [], fields),
            lambda fields=fields: from_options([], [], [text], fields),
        ):
            expression = _answered(reading)
            if expression is not None and of is connections:
                numbers = np.arange(len(_office().connections))
                if len(expression.evaluate(connections.Connections(_office(), numbers).value)) != len(numbers):
                    raise Wrong("not an answer for each row")
    keys = _answered(lambda: sort_order(text, connections.BY_NAME))
    if keys:
        numbers = np.arange(len(_office().connections))
        if sorted(order(keys, _values, numbers).tolist()) != numbers.tolist():
            raise Wrong("not each row once")
    _answered(lambda: select_columns(text, connections.BY_NAME))


def _values(part: slice) -> Lookup:
    return connections.Connections(_office(), np.arange(part.start, part.stop)).value


def moments(data: bytes) -> None:
    """Read a text as a moment."""
    text = data.decode("utf-8", "surrogateescape")
    for utc in (True, False):
        found = _answered(partial(parse_moment, text, utc))
        if found is not None:
            for start, end in ((0, 0), (1_700_000_000 * 10**9, 1_700_000_100 * 10**9), (2**62 - 1, 2**62 - 1)):
                time = found.time(start, end)
                if abs(time) < 2**62:
                    written(time, utc)


def _answered(reading: Callable[[], Any]) -> Any:
    try:
        return reading()
    except PcapstateError as error:
        if safe(str(error)) != str(error):
            raise Wrong(f"an error that cannot be shown: {error!r}") from None
    return None


def filter_seeds() -> list[bytes]:
    """Return the filters of the documentation, and all columns."""
    text = (ROOT / "docs" / "filters.md").read_text()
    words = [*re.findall(r"`([^`\n]+)`", text), *re.findall(r"^(?!#|\|)\S.*[=~<>].*$", text, re.MULTILINE)]
    return [one.encode() for one in dict.fromkeys((*words, "-client,server", ",".join(connections.BY_NAME), "80,443"))]


def moment_seeds() -> list[bytes]:
    """Return a moment of each kind."""
    return [
        *(b"12.5", b"-3", b"#417", b"14:05:10", b"14:05:10,5", b"2023-11-14 22:13:20Z", b"@1700000000.5"),
        *(b"2023-11-14T22:13:20.123456789+01:00", b"2023-1-1", b"9999-12-31 23:59:59-23:59", b"0001-01-01", b"1e9"),
    ]


def any_text(data: bytes, chance: random.Random) -> bytes:
    """Return a text with words of others put into it, or any bytes changed."""
    if chance.random() < 0.5:
        words = chance.choice(WORDS)
        at = chance.randrange(len(data) + 1)
        return data[:at] + words + data[at + chance.randrange(4) :]
    return mutating.any_bytes(data, chance)


WORDS = (
    *(
        b" and ",
        b" or ",
        b"not ",
        b"(",
        b")",
        b"{",
        b"}",
        b" in ",
        b"..",
        b"=",
        b"!=",
        b"~",
        b" contains ",
        b'"',
        b"\\",
    ),
    *(
        b"state",
        b"port",
        b"host",
        b"client",
        b"age",
        b"bytes",
        b"60s",
        b"443",
        b"::/0",
        b"10.0.0.0/8",
        b"*",
        b"?",
        b",",
    ),
    *(b"-", b"+", b"#", b"@", b":", b".", b"Z", b"9999999999999999999", "\u0663".encode(), b"\0", b"\x1b[", b"\xff"),
)

TARGETS = {
    "pcap": Target(whole, lambda: captures("*.pcap", 8_000), mutating.pcap),
    "pcapng": Target(whole, lambda: captures("*.pcapng", 12_000), mutating.pcapng),
    "readers": Target(readers, captures, any_capture),
    "frames": Target(frames, frame_seeds),
    "names": Target(names, name_seeds),
    "application": Target(application, application_seeds),
    "filters": Target(filters, filter_seeds, any_text),
    "moments": Target(moments, moment_seeds, any_text),
}
