"""Statistics exactly as netstat of Windows and Linux prints them; Linux leaves unknown counters out.

Sources: ``netstat -s`` and ``-e`` of Windows 10; statistics.c of net-tools 2.10, which skips counters that the kernel
does not have.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..traffic.counters import Counter
from .ethernet import Counter as OfInterface
from .statistics import BOTH, NOTHING, Block

NAMED = {"ip": 34, "ipv6": 34, "tcp": 35, "tcpv6": 35, "udp": 21, "udpv6": 21}
"""Windows: the width of the names, by protocol."""
BOTH_NAMED, RECEIVED = 26, 12
"""Windows, ICMP: the widths of names and received counts."""
OF_INTERFACE = (20, 15, 16)
"""Windows, -e: the widths of names, received and sent counts."""


def windows(found: Sequence[Block]) -> str:
    """Return blocks as Windows prints them."""
    out = []
    for block in found:
        out += ["", block.heading, ""]
        if block.protocol in BOTH:
            out.append(f"  {'':{BOTH_NAMED}}{'Received':{RECEIVED}}Sent")
            out += [f"  {name:{BOTH_NAMED}}{_text(got):{RECEIVED}}{_text(sent)}" for name, (got, sent) in block.lines]
        else:
            out += [f"  {name:{NAMED[block.protocol]}} = {_text(values[0])}" for name, values in block.lines]
    return "\n".join([*out, ""])


def windows_interface(found: Sequence[OfInterface]) -> str:
    """Return the statistics of the interface as Windows prints them."""
    name, received, sent = OF_INTERFACE
    lines = [f"{'':{name}}{'Received':>{received}}{'Sent':>{sent}}", ""]
    for one in found:
        # Windows counts unknown protocols only as received.
        last = "" if one.name == "Unknown protocols" else f"{_text(one.sent):>{sent}}"
        lines.append(f"{one.name:{name}}{_text(one.received):>{received}}{last}")
    return "\n".join(["Interface Statistics", "", *lines, ""])


def _text(value: int | None) -> str:
    return NOTHING if value is None else str(value)


LINUX: dict[str, tuple[tuple[str, str], ...]] = {
    "Ip": (
        ("InReceives", "{} total packets received"),
        ("ForwDatagrams", "{} forwarded"),
        ("InUnknownProtos", "{} with unknown protocol"),
        ("InDelivers", "{} incoming packets delivered"),
        ("OutRequests", "{} requests sent out"),
        ("ReasmReqds", "{} reassemblies required"),
        ("ReasmOKs", "{} packets reassembled ok"),
        ("FragOKs", "{} fragments received ok"),
        ("FragCreates", "{} fragments created"),
    ),
    "Icmp": (("InMsgs", "{} ICMP messages received"), ("OutMsgs", "{} ICMP messages sent")),
    "Tcp": (
        ("ActiveOpens", "{} active connection openings"),
        ("PassiveOpens", "{} passive connection openings"),
        ("AttemptFails", "{} failed connection attempts"),
        ("EstabResets", "{} connection resets received"),
        ("CurrEstab", "{} connections established"),
        ("InSegs", "{} segments received"),
        ("OutSegs", "{} segments sent out"),
        ("RetransSegs", "{} segments retransmitted"),
        ("OutRsts", "{} resets sent"),
    ),
    "Udp": (
        ("InDatagrams", "{} packets received"),
        ("NoPorts", "{} packets to unknown port received"),
        ("OutDatagrams", "{} packets sent"),
    ),
}
"""Linux's lines for counters of the MIB, by block."""
ALWAYS = ("InReceives", "ForwDatagrams", "InDelivers", "OutRequests")
"""Counters of Ip that Linux prints even when they are 0."""
HISTOGRAM = {
    "DestUnreachs": "destination unreachable",
    "TimeExcds": "timeout in transit",
    "ParmProbs": "wrong parameters",
    "SrcQuenchs": "source quenches",
    "Redirects": "redirects",
    "Echos": "echo requests",
    "EchoReps": "echo replies",
    "Timestamps": "timestamp request",
    "TimestampReps": "timestamp reply",
    "AddrMasks": "address mask request",
    "AddrMaskReps": "address mask replies",
    "PktTooBigs": "packets too big",
    "EchoReplies": "echo replies",
    "GroupMembQueries": "group member queries",
    "GroupMembResponses": "group member responses",
    "GroupMembReductions": "group member reductions",
    "RouterSolicits": "router solicits",
    "RouterAdvertisements": "router advertisement",
    "NeighborSolicits": "neighbour solicits",
    "NeighborAdvertisements": "neighbour advertisement",
}
"""Linux's words for ICMP messages."""


TITLES = {
    "Ip": {"ip"},
    "Icmp": {"icmp"},
    "Tcp": {"tcp", "tcpv6"},
    "Udp": {"udp"},
    "Ip6": {"ipv6"},
    "Icmp6": {"icmpv6"},
    "Udp6": {"udpv6"},
}
"""Linux's blocks, and their protocols."""


def linux(found: Sequence[Counter], protocols: Sequence[str]) -> str:
    """Return the counters of these protocols as Linux prints them; TCP's are the sums over both families."""
    known: dict[str, int] = {}
    for one in found:
        # TCP has one name for both families.
        if one.mib is not None and one.value is not None and one.protocol in protocols:
            known[one.mib] = known.get(one.mib, 0) + one.value
    lines: list[str] = []
    for title, of in TITLES.items():
        if not of.isdisjoint(protocols):
            lines += [f"{title}:", *(f"    {line}" for line in _linux_block(title, known))]
    return "\n".join([*lines, ""])


def _linux_block(title: str, known: dict[str, int]) -> Iterator[str]:
    block = title.removesuffix("6")
    for name, text in LINUX[block]:
        value = known.get(title + name)
        if value is not None and (value or block != "Ip" or name in ALWAYS):
            yield text.format(value)
        if block == "Icmp":
            yield f"ICMP {'input' if name == 'InMsgs' else 'output'} histogram:"
            for kind, words in HISTOGRAM.items():
                if count := known.get(title + name.removesuffix("Msgs") + kind):
                    yield f"    {words}: {count}"
