"""What Zeek, Suricata, or the order of events decides of the final states of both ends of a connection.

Each rule follows from RFC 9293 and from what these tools document, not from how this program infers; where they leave
a state open, nothing is decided. TIME_WAIT and CLOSED both are closed: which of them depends on the time since.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

States = frozenset[str]
Pairs = tuple[tuple[States, States], ...]
"""Alternatives: the states that the first end may be in, and then those of the second."""


def one_of(*names: str) -> States:
    """Return a set of states."""
    return frozenset(names)


UNKNOWN, OPEN, CLOSE_WAIT = one_of("UNKNOWN"), one_of("ESTABLISHED"), one_of("CLOSE_WAIT")
SYN_SENT, SYN_RECEIVED = one_of("SYN_SENT"), one_of("SYN_RECEIVED")
FIN_WAIT_1, FIN_WAIT_2, CLOSED = one_of("FIN_WAIT_1"), one_of("FIN_WAIT_2"), one_of("CLOSED")
ENDED = CLOSED | one_of("TIME_WAIT")
TRYING, ANSWERING = SYN_SENT | CLOSED, SYN_RECEIVED | CLOSED
"""An attempt that nothing answers is given up: whether by then depends on the time since."""
ABSENT = CLOSED | UNKNOWN
"""It never had the connection: its port is closed, or nothing tells of it."""
CLOSING = FIN_WAIT_1 | one_of("CLOSING", "LAST_ACK")
"""It closed its direction, and has no acknowledgment of that."""
SENT_FIN = CLOSING | FIN_WAIT_2 | ENDED
ANY = SENT_FIN | UNKNOWN | OPEN | CLOSE_WAIT | SYN_SENT | SYN_RECEIVED | one_of("LISTEN")


class Decision(NamedTuple):
    """The states that are possible at the end of a connection."""

    by: str  # Zeek, Suricata, trail
    said: str  # in its own words
    pairs: Pairs  # of the ends a and b, as the stream has them

    def allows(self, a: str, b: str) -> bool:
        """Tell whether these states of a and b agree with it."""
        return any(a in first and b in second for first, second in self.pairs)


def decisions(said: dict[str, Any], stream: dict[str, Any]) -> Iterator[Decision]:
    """Yield what is decided of a stream of ``stream_list``, given all that is said of its capture."""
    if stream.get("doubtful"):
        return
    trail = by_trail(stream)
    if trail:
        yield Decision("trail", stream["trail"], trail)
    for one in said.get("zeek", []):
        if one["usable"] and one["stream"] == stream["id"]:
            pairs = by_zeek(one["conn_state"], one["history"])
            if pairs:
                yield Decision(
                    "Zeek", f"{one['conn_state']} {one['history']}", turned(pairs, one["orig"] != stream["a"])
                )
    for one in said.get("suricata", []):
        if one["usable"] and one["stream"] == stream["id"]:
            pairs = SURICATA.get(one["state"], ())
            if pairs:
                yield Decision("Suricata", one["state"], turned(pairs, one["client"] != stream["a"]))


def turned(pairs: Pairs, turn: bool) -> Pairs:
    """Return the pairs with both ends exchanged, if so."""
    return tuple((second, first) for first, second in pairs) if turn else pairs


# --- the order of events: capitals are of end a, small letters of end b


def by_trail(stream: dict[str, Any]) -> Pairs:
    """Return what the order of events decides, or nothing."""
    trail = stream["trail"]
    if any(stream["rst"]):
        return after_reset(stream) if len(trail) < LONGEST_TRAIL else ()
    fins = [count > 0 for count in stream["fin"]]
    if any(fins):
        return after_fin(stream, fins)
    if not any(stream["syn"]) and not any(stream["synack"]):
        # Joined late. What is sent with ACK is sent by an open connection, and for one.
        return ((OPEN, OPEN),) if set(trail.upper()) & {"A", "D"} else ((UNKNOWN, UNKNOWN),)
    return opening(stream)


LONGEST_TRAIL = 80
"""Events that are listed; of a longer trail the end is missing."""


def opening(stream: dict[str, Any]) -> Pairs:
    """Return what a handshake without FIN and RST decides."""
    events = set(stream["trail"])
    if all(stream["syn"]):
        return ()  # a simultaneous open
    for client in (0, 1):
        a, b = ("SAD", "had") if client == 0 else ("sad", "HAD")
        if events == {a[0]}:
            return turned(((TRYING, UNKNOWN),), client == 1)
        if events == {b[0]}:  # it answers a SYN that was not captured, and that has not gone on
            return turned(((TRYING | UNKNOWN, ANSWERING),), client == 1)
        if events == {a[0], b[0]}:
            return turned(((TRYING, ANSWERING),), client == 1)
        went_on = events & set(a[1:])
        if events & {a[0], b[0]} and went_on and (all(stream["syn_acked"]) or not all(stream["packets"])):
            return ((OPEN, OPEN),)
    return ()


def after_fin(stream: dict[str, Any], fins: list[bool]) -> Pairs:
    """Return what the FINs decide, where there is no RST."""
    acked = stream["fin_acked"]
    if not all(stream["packets"]):
        # Seen from one direction only: it closed; of its peer only its acknowledgments tell.
        return ((SENT_FIN, ANY),) if fins[0] else ((ANY, SENT_FIN),)
    if all(fins):
        if all(acked):
            return ((ENDED, ENDED),)
        if any(acked):
            # The one whose FIN was acknowledged waits for nothing more than the peer's.
            return turned(((FIN_WAIT_2 | ENDED, CLOSING),), acked[1])
        return ((CLOSING, CLOSING),)
    if any(acked):
        return turned(((FIN_WAIT_2, CLOSE_WAIT),), fins[1])
    # Whether the FIN arrived, nothing tells: behind a hole it does not count yet.
    return turned(((FIN_WAIT_1, CLOSE_WAIT | OPEN),), fins[1])


def after_reset(stream: dict[str, Any]) -> Pairs:
    """Return what the last RST decides; its sender has no connection any more, if it sends nothing else."""
    trail = stream["trail"]
    for client, server in (("S", "r"), ("s", "R")):
        if set(trail) == {client, server} and not trail.startswith(server):
            refused = CLOSED if trail.endswith(server) else SYN_SENT
            return turned(((refused, ABSENT),), client == "s")
    last = max(trail.rfind("R"), trail.rfind("r"))
    by = 0 if trail[last] == "R" else 1
    later = trail[last + 1 :]
    ours, others = (str.isupper, str.islower) if by == 0 else (str.islower, str.isupper)
    if any(map(ours, later)) or not (all(stream["syn_acked"]) and all(stream["packets"])):
        return ()
    return turned(((CLOSED, ANY if any(map(others, later)) else ENDED),), by == 1)


# --- Zeek: https://docs.zeek.org/en/master/scripts/base/protocols/conn/main.zeek.html, conn_state and history


def by_zeek(state: str, history: str) -> Pairs:
    """Return what a connection state of Zeek decides of originator and responder, or nothing."""
    if state == "S1" and not set("AD") & set(history.partition("h")[2]):
        return ((TRYING, ANSWERING),)  # Zeek takes it to be established at the SYN-ACK
    return ZEEK.get(state, ())


ZEEK: dict[str, Pairs] = {
    "S0": ((TRYING, UNKNOWN),),
    "S1": ((OPEN, OPEN),),
    # Zeek looks at the FINs, and not at what acknowledges them.
    "SF": ((SENT_FIN, SENT_FIN),),
    "S2": ((FIN_WAIT_1 | FIN_WAIT_2, CLOSE_WAIT | OPEN),),
    "S3": ((CLOSE_WAIT | OPEN, FIN_WAIT_1 | FIN_WAIT_2),),
    "REJ": ((CLOSED, ABSENT),),
    # Aborted after it was established, perhaps after a FIN.
    "RSTO": ((CLOSED, ENDED),),
    "RSTR": ((ENDED, CLOSED),),
    "RSTOS0": ((CLOSED, ABSENT),),
    "RSTRH": ((ABSENT, CLOSED),),
    # A SYN, or a SYN-ACK, and a FIN of the same end; nothing of the other.
    "SH": ((SENT_FIN, ANY),),
    "SHR": ((ANY, SENT_FIN),),
}
"""OTH, joined late, decides nothing."""


# --- Suricata: stream-tcp-private.h, TcpState: one state for both ends

BOTH = {
    "syn_sent": (TRYING, UNKNOWN),
    "syn_recv": (TRYING, ANSWERING),
    "established": (OPEN, OPEN),
    "closed": (ENDED, ENDED),
}
EITHER = {
    "fin_wait1": (FIN_WAIT_1, CLOSE_WAIT | OPEN),
    "fin_wait2": (FIN_WAIT_2, CLOSE_WAIT),
    "close_wait": (FIN_WAIT_1 | FIN_WAIT_2, CLOSE_WAIT),
    "closing": (CLOSING, CLOSING),
    "last_ack": (FIN_WAIT_2 | ENDED, one_of("LAST_ACK")),
    "time_wait": (ENDED, ENDED | one_of("LAST_ACK")),
}
SURICATA: dict[str, Pairs] = {
    **{name: (pair,) for name, pair in BOTH.items()},
    **{name: (pair, pair[::-1]) for name, pair in EITHER.items()},
}
"""Of client and server; either of them may have closed first."""
