"""Known but unsupported files, and the program that converts each to a capture.

Files are recognized by their first bytes, as in Wireshark's wiretap; ERF has no magic, so its first records decide.
"""

from __future__ import annotations

from ..errors import to_unpack
from ..messages import Message

HEAD = 4096
"""Bytes of a file required to recognize it."""

_CONVERT = "{what}; convert it with: {command}"
_EDITCAP = "editcap -F pcapng IN OUT"


def _converted(what: str, command: str = _EDITCAP) -> Message:
    return Message(_CONVERT, what=Message(what), command=command)


_MAGIC = {
    b"snoop\x00\x00\x00": _converted("a snoop capture"),
    b"GMBU": _converted("a Microsoft Network Monitor capture"),
    b"RTSS": _converted("a Microsoft Network Monitor capture"),
    b"XCP\x00": _converted("a NetXRay capture"),
    b"VL\x00\x00": _converted("a NetXRay capture"),
    b"TRSNIFF data": _converted("a Sniffer capture"),
    b"iptrace 1.0": _converted("an AIX iptrace capture"),
    b"iptrace 2.0": _converted("an AIX iptrace capture"),
    b"TR\x00d\x00": _converted("an HP-UX nettl trace"),
    bytes.fromhex("00000001000000000007d000"): _converted("an HP-UX nettl trace"),
    b"\xaa\xaa\xaa\xaa": _converted("a 5Views capture"),
    b"\x05VNF": _converted("a Visual Networks capture"),
    b"\x7fver": _converted("an EtherPeek or OmniPeek capture"),
    b"EyeSDN": _converted("an EyeSDN trace"),
    b"ObserverPktBufferVersion=": _converted("a Network Instruments Observer capture"),
    bytes.fromhex("a1b234cd"): Message("a variant of pcap that no known program reads"),
    bytes.fromhex("cd34b2a1"): Message("a variant of pcap that no known program reads"),
    bytes.fromhex("a12b3c4d"): Message("Navtel's variant of pcap, which no known program reads"),
    bytes.fromhex("4d3c2ba1"): Message("Navtel's variant of pcap, which no known program reads"),
    b"btsnoop\x00": Message("a Bluetooth log (btsnoop); it holds no TCP"),
    b"PK\x03\x04": to_unpack("a ZIP archive", "unzip"),
    b"7z\xbc\xaf\x27\x1c": to_unpack("a 7-Zip archive", "7z x"),
    b"Rar!\x1a\x07": to_unpack("a RAR archive", "unrar x"),
    b"\x1f\x9d": to_unpack("compressed with compress", "uncompress"),
    b"\x02\x21\x4c\x18": to_unpack("compressed with lz4 in its legacy format", "lz4 -d"),
    b"LZIP": to_unpack("compressed with lzip", "lzip -d"),
    b"\x89LZO": to_unpack("compressed with lzop", "lzop -d"),
}
_TAR_AT, _TAR = 257, b"ustar"
_ETL_AT, _ETL = 72, (b"\x02\x00\x01\xc0", b"\x02\x00\x02\xc0")
"""The first event of a Windows trace: a system trace header of a 32-bit or 64-bit system."""

_ERF_RECORD, _ERF_TYPES = 16, range(1, 49)
_ERF_SECONDS = range(631_152_000, 4_102_444_800)
"""Plausible times: 1990 to 2100."""
_ERF_APART = 3600
"""Plausible seconds between two packets, if there is no other evidence."""


def foreign(head: bytes) -> str | None:
    """Return the format of a file with these first bytes and what to do about it; None if it is unknown."""
    for magic, what in _MAGIC.items():
        if head.startswith(magic):
            return what
    if head[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR:
        return to_unpack("a tar archive", "tar -xf")
    if head[_ETL_AT : _ETL_AT + 4] in _ETL:
        return _converted("a Windows event trace (ETL)", "etl2pcapng IN OUT")
    if _is_erf(head):
        return _converted("an ERF capture")
    return None


def _is_erf(head: bytes) -> bool:
    """Tell whether the file is a sequence of ERF records: time, type, flags, lengths of the record and on the wire."""
    at = seen = before = 0
    while at + _ERF_RECORD <= len(head):
        seconds = int.from_bytes(head[at + 4 : at + 8], "little")
        length = int.from_bytes(head[at + 10 : at + 12], "big")
        if seconds not in _ERF_SECONDS or head[at + 8] & 0x7F not in _ERF_TYPES or length < _ERF_RECORD:
            return False
        if seen and abs(seconds - before) > _ERF_APART:
            return False
        before = seconds
        seen += 1
        at += length
    # A single record is evidence only if it is exactly as long as the file.
    return seen > 1 or (seen == 1 and at == len(head))
