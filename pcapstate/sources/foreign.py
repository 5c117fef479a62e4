"""Known but unsupported files, and the program that converts each to a capture.

Files are recognized by their first bytes, as in Wireshark's wiretap; ERF has no magic, so its first records decide.
"""

from __future__ import annotations

HEAD = 4096
"""Bytes of a file required to recognize it."""

_EDITCAP = "convert it with: editcap -F pcapng IN OUT"
_LOG = "it holds no TCP"

_MAGIC = {
    b"snoop\x00\x00\x00": f"a snoop capture; {_EDITCAP}",
    b"GMBU": f"a Microsoft Network Monitor capture; {_EDITCAP}",
    b"RTSS": f"a Microsoft Network Monitor capture; {_EDITCAP}",
    b"XCP\x00": f"a NetXRay capture; {_EDITCAP}",
    b"VL\x00\x00": f"a NetXRay capture; {_EDITCAP}",
    b"TRSNIFF data": f"a Sniffer capture; {_EDITCAP}",
    b"iptrace 1.0": f"an AIX iptrace capture; {_EDITCAP}",
    b"iptrace 2.0": f"an AIX iptrace capture; {_EDITCAP}",
    b"TR\x00d\x00": f"an HP-UX nettl trace; {_EDITCAP}",
    bytes.fromhex("00000001000000000007d000"): f"an HP-UX nettl trace; {_EDITCAP}",
    b"\xaa\xaa\xaa\xaa": f"a 5Views capture; {_EDITCAP}",
    b"\x05VNF": f"a Visual Networks capture; {_EDITCAP}",
    b"\x7fver": f"an EtherPeek or OmniPeek capture; {_EDITCAP}",
    b"EyeSDN": f"an EyeSDN trace; {_EDITCAP}",
    b"ObserverPktBufferVersion=": f"a Network Instruments Observer capture; {_EDITCAP}",
    bytes.fromhex("a1b234cd"): "a variant of pcap that no known program reads",
    bytes.fromhex("cd34b2a1"): "a variant of pcap that no known program reads",
    bytes.fromhex("a12b3c4d"): "Navtel's variant of pcap, which no known program reads",
    bytes.fromhex("4d3c2ba1"): "Navtel's variant of pcap, which no known program reads",
    b"btsnoop\x00": f"a Bluetooth log (btsnoop); {_LOG}",
    b"PK\x03\x04": "a ZIP archive; unpack it first: unzip",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive; unpack it first: 7z x",
    b"Rar!\x1a\x07": "a RAR archive; unpack it first: unrar x",
    b"\x1f\x9d": "compressed with compress; unpack it first: uncompress",
    b"\x02\x21\x4c\x18": "compressed with lz4 in its legacy format; unpack it first: lz4 -d",
    b"LZIP": "compressed with lzip; unpack it first: lzip -d",
    b"\x89LZO": "compressed with lzop; unpack it first: lzop -d",
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
        return "a tar archive; unpack it first: tar -xf"
    if head[_ETL_AT : _ETL_AT + 4] in _ETL:
        return "a Windows event trace (ETL); convert it with: etl2pcapng IN OUT"
    if _is_erf(head):
        return f"an ERF capture; {_EDITCAP}"
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
