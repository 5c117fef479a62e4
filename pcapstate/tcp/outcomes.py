"""How each connection went, from its states and from what both ends are known to have done."""

from __future__ import annotations

import numpy as np

from ..rows import Rows
from . import tables as c
from .sides import Sides
from .states import State

OUTCOMES = {
    "open": "both ends are ESTABLISHED",
    "opening": "a SYN was answered, but the handshake is not complete (embryonic)",
    "unanswered": "a SYN, perhaps several, and nothing came back",
    "refused": "a RST answered the SYN: the port is closed",
    "half-closed": "one end has sent its FIN, the other has not",
    "closing": "both ends have sent a FIN, and not both FINs are acknowledged yet",
    "unreachable": "an ICMP error answered the SYN: a router, a firewall or the host says that there is no way",
    "closed": "both ends have sent a FIN and both FINs are acknowledged",
    "reset by client": "the client's RST ended it before both had closed",
    "reset by server": "the server's RST ended it before both had closed",
    "timed out": "one end sent the same at least three times more (R1 of RFC 9293 §3.8.3) or gave up: no answer",
    "superseded": "a new connection took its 4-tuple while it was not closed",
    "unknown": "the packets do not tell: joined late, or with a gap where it counts",
}
"""Every outcome, and when it is given. The first that holds counts, in the order of ``outcomes``."""

R1 = 3
"""Retransmissions of one segment after which RFC 9293 §3.8.3 has TCP tell that something is wrong."""

NAMES = tuple(OUTCOMES)


def outcomes(of: Sides) -> Rows:
    """Return the index into NAMES of each connection's outcome."""
    client, server, notes = of.client, of.server, of.notes
    fins = [side["known"] & c.KNOWN_SENT_FIN != 0 for side in (client, server)]
    states = [side["state"] for side in (client, server)]
    done = [np.isin(state, (State.CLOSED, State.TIME_WAIT)) for state in states]
    opening = [np.isin(state, (State.SYN_SENT, State.SYN_RECEIVED)) for state in states]
    open_ = [state == State.ESTABLISHED for state in states]
    tries = [side["known"] >> c.KNOWN_TRIES_SHIFT for side in (client, server)]
    acked = [(one["known"] & c.KNOWN_SENT_ACK != 0) & (one["acked"] == other["next"])
             for one, other in ((client, server), (server, client))]  # fmt: skip
    reset = notes & (c.NOTE_RESET_BY_0 | c.NOTE_RESET_BY_1) != 0
    # A RST may cut off a close: what it does not acknowledge, FIN or data before it, is lost.
    closed = fins[0] & fins[1] & done[0] & done[1] & (~reset | (acked[0] & acked[1]))
    gave_up = notes & c.NOTE_GAVE_UP != 0
    by_client = np.where(of.turned, notes & c.NOTE_RESET_BY_1, notes & c.NOTE_RESET_BY_0) != 0
    answered = c.KNOWN_SENT_SYN_ACK | c.KNOWN_SPOKE | c.KNOWN_SENT_SYN
    rules = (
        ("refused", notes & c.NOTE_REFUSED != 0),
        ("unreachable", notes & c.NOTE_UNREACHABLE != 0),
        ("closed", closed),
        ("reset by client", reset & by_client),
        ("reset by server", reset),
        ("superseded", notes & c.NOTE_SUPERSEDED != 0),
        (
            "unanswered",
            (client["known"] & c.KNOWN_SENT_SYN != 0) & (server["known"] & answered == 0) & (opening[0] | gave_up),
        ),
        ("timed out", (tries[0] >= R1) | (tries[1] >= R1) | gave_up),
        ("unknown", (states[0] == State.UNKNOWN) & (states[1] == State.UNKNOWN)),
        ("closing", fins[0] & fins[1]),
        ("half-closed", fins[0] | fins[1]),
        ("opening", opening[0] | opening[1]),
        ("open", open_[0] & open_[1]),
    )
    return np.select([rule for _, rule in rules], [NAMES.index(name) for name, _ in rules], NAMES.index("unknown"))


def handshakes(of: Sides) -> Rows:
    """Tell of each connection whether its SYN, SYN-ACK and the ACK of that were captured."""
    began = (of.client["known"] & c.KNOWN_SENT_SYN != 0) & (of.server["known"] & c.KNOWN_SENT_SYN_ACK != 0)
    return began & (of.notes & c.NOTE_HANDSHAKE_ACKED != 0)
