"""Lines of Zeek's conn.log, beside those that Zeek's own tests expect of the same captures.

Where an expected line is right under other options than ours, it is an exception with a reason. Of such a line the rest
must agree.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from pcapstate.addresses import address
from pcapstate.tcp.flow_table import FlowTable
from pcapstate.tcp.sides import where
from pcapstate.zeek.connections import STATES, InZeeksTerms


class Numbers(NamedTuple):
    """What a line says of a connection in numbers; microseconds."""

    duration: int
    orig_bytes: int
    resp_bytes: int
    missed_bytes: int
    orig_ip_bytes: int
    resp_ip_bytes: int


NUMBERS = {
    "zeek__bigtransfer.pcap": {
        0: Numbers(169_634_297, 104, 1_041, 0, 1_728, 1_985),
        1: Numbers(1_676, 0, 270, 0, 272, 486),
    },
    "zeek__connect-with-header.pcap": {0: Numbers(691_241, 3_644, 55_499, 0, 5_744, 57_599)},
    "zeek__cwd-navigation.pcap": {0: Numbers(600_931_043, 41_420, 159_830, 233, 206_914, 326_799)},
    "zeek__ftp-auth-tls.pcap": {0: Numbers(23_881_319, 1_133, 3_314, 0, 3_221, 5_598)},
    "zeek__ipv6.pcap": {
        0: Numbers(26_658_219, 310, 3_448, 0, 4_426, 5_908),
        1: Numbers(219_721, 0, 342, 0, 372, 642),
        2: Numbers(217_501, 0, 43, 0, 372, 343),
        3: Numbers(217_941, 0, 77, 0, 372, 377),
        4: Numbers(109_813, 77, 0, 0, 449, 300),
        5: Numbers(109_181, 342, 0, 0, 714, 300),
    },
    "zeek__mixed-vlan-mpls.pcap": {
        0: Numbers(2_102_560, 26, 0, 0, 470, 0),
        1: Numbers(1_733_303, 98, 9_417, 0, 730, 9_945),
        2: Numbers(4_152, 9, 3_429, 0, 381, 3_801),
    },
    "zeek__pop3-starttls.pcap": {0: Numbers(2_489_002, 851, 2_590, 0, 1_695, 3_462)},
    "zeek__pppoe-over-qinq.pcap": {0: Numbers(273_626_833, 11_352, 4_984, 0, 25_283, 13_001)},
    "zeek__retransmit-fast009.pcap": {0: Numbers(60_991_770, 474, 23_783, 24_257, 1_250, 28_961)},
    "zeek__wikipedia.pcap": {
        0: Numbers(61_329, 463, 350, 0, 567, 402),
        1: Numbers(119_905, 525, 232, 0, 741, 396),
        2: Numbers(218_501, 1_171, 733, 0, 1_491, 949),
        3: Numbers(219_720, 1_125, 734, 0, 1_445, 950),
        4: Numbers(215_893, 1_130, 734, 0, 1_450, 950),
        5: Numbers(220_961, 1_137, 733, 0, 1_457, 949),
        6: Numbers(229_603, 1_148, 734, 0, 1_468, 950),
        7: Numbers(227_284, 1_178, 734, 0, 1_498, 950),
        8: Numbers(120_041, 534, 412, 0, 750, 576),
    },
}
"""Those of the conn.logs that Zeek's tests expect, which ``expected.json`` leaves out: by capture and stream."""


class Line(NamedTuple):
    """What a line says of a connection."""

    orig: str
    resp: str
    conn_state: str
    history: str | None
    orig_pkts: int
    resp_pkts: int
    numbers: Numbers | None = None


def lines_of(table: FlowTable) -> list[Line]:
    """Return the lines of all connections."""
    rows = np.arange(len(table.connections))
    found = InZeeksTerms(table.stories, rows)
    ends = [
        [f"{address(int(high), int(low))} {port}" for high, low, port in zip(*where(table, one), strict=True)]
        for one in (2 * rows + found.origin, 2 * rows + (found.origin ^ 1))
    ]
    states = [STATES[index] for index in found.states()]
    sent = found.sender["packets"].tolist(), found.answerer["packets"].tolist()
    both = (found.sender, found.answerer), (found.answerer, found.sender)
    numbers = zip(
        (found.story["last"] // 1_000 - found.story["first"] // 1_000).tolist(),
        *(found.sizes(*one).tolist() for one in both),
        found.story["missed"].tolist(),
        *(one["ip_bytes"].tolist() for one, _ in both),
        strict=True,
    )
    rest = found.histories(), *sent, [Numbers(*one) for one in numbers]
    return [Line(*one) for one in zip(*ends, states, *rest, strict=True)]


def differs(ours: Line, theirs: dict[str, Any], spelled: Callable[[str], str], capture: str) -> str:
    """Return how a line differs from the one that Zeek's tests expect of a capture, or nothing."""
    numbers = NUMBERS.get(capture, {}).get(theirs["stream"])
    ours = ours if numbers is not None else ours._replace(numbers=None)
    wanted = Line(*(theirs[name] for name in Line._fields[:-1]), numbers)
    wanted = wanted._replace(orig=spelled(wanted.orig), resp=spelled(wanted.resp))
    if turned(ours) and not turned(wanted):
        # Those tests load no scripts, and with them no list of server ports by which Zeek guesses the originator.
        wanted = flipped(wanted)
    return "" if ours == wanted else f"{ours} for {wanted}"


def turned(line: Line) -> bool:
    """Tell whether the first packet came from the responder."""
    return (line.history or "").startswith("^")


def flipped(line: Line) -> Line:
    """Return a line with the other end as the originator, as if Zeek had guessed that from the start."""
    history = "^" + (line.history or "").swapcase()
    return Line(line.resp, line.orig, line.conn_state, history, line.resp_pkts, line.orig_pkts)
