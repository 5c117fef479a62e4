"""The loop over segments whose connections are known: what each adds to its connection in Zeek's terms."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..decode.segment import ACK, FIN, RST, SEGMENT, SYN
from ..kernels.source import entry, i64, inner, rare
from ..tcp.sequence import LOW_32
from .checking import BAD_CHECKSUM, CUT_HEADER, CUT_PAYLOAD, HEADER_BYTES, NO_HEADER
from .contents import FIRST, acknowledged, close, end, may_end, sent
from .ends import step
from .letters import add, add_once, add_scaled
from .tables import (
    ACK_LETTER,
    AGAIN,
    BAD,
    BOTH_LETTER,
    CLOSED,
    DATA_LETTER,
    END,
    FIN_LETTER,
    FLIPPED,
    HAS_CLOSED,
    HAS_FIN,
    HAS_SENT,
    INACTIVE,
    IS_KNOWN,
    IS_PARTIAL,
    MANY_LETTER,
    RESET,
    RST_LETTER,
    SEEN_ACK,
    SEEN_DATA,
    SEEN_FIN,
    SEEN_FIN_RST,
    SEEN_FLAGS,
    SEEN_RST,
    SEEN_SYN,
    STORY,
    SYN_ACK_LETTER,
    SYN_ACK_SENT,
    SYN_LETTER,
    SYN_SENT,
    UNKNOWN_BYTES,
    ZERO,
)

FAR = 1 << 20
"""Sequence numbers by which a SYN or a RST is too far off to be believed, and an acknowledgment of 0."""


@entry(SEGMENT, np.int32, STORY, END, np.int64, np.uint8)
def add_history(segments: Any, found: Any, stories: Any, ends: Any, blocks: Any, letters: Any) -> int:
    """Add segments whose ``endpoint`` is set; ``found``: of each what ``check_packets`` found.

    ``stories``, ``ends``, ``blocks`` and ``letters`` have room for all connections.
    """
    for index in range(len(segments)):
        segment = segments[index]
        e = i64(segment["endpoint"])
        if segment["flags"] < 0 or e < 0 or i64(found[index]) & CUT_HEADER != 0:
            continue
        number = e >> 1
        story = stories[number]
        if i64(story["bits"]) & IS_KNOWN == 0:
            begin(story, ends, letters, number, segment)
        follow(story, ends, blocks, letters, number, e, segment, i64(found[index]))
    return 0


@rare
def begin(story: Any, ends: Any, letters: Any, number: int, segment: Any) -> None:
    """Begin with the first packet of a connection, which tells the originator as it does the client (tcp.lookup)."""
    side, flags = i64(segment["endpoint"]) & 1, i64(segment["flags"])
    answers = flags & (SYN | ACK) == SYN | ACK
    if flags & SYN == 0:
        # Joined late: services listen on low ports.
        answers = segment["source_port"] < segment["target_port"]
    origin = side ^ 1 if answers else side
    story["bits"] = IS_KNOWN
    story["origin"] = origin
    story["first"] = story["last"] = segment["time"]
    for end_of in range(2):
        one = ends[2 * number + end_of]
        one["read"] = one["trimmed"] = FIRST
    if answers:
        add(story, letters, number, 0, FLIPPED)


@inner
def distance(number: int, from_: int) -> int:
    """Return how far a sequence number is ahead of another, or below 0 how far behind."""
    return ((number - from_ + 0x80000000) & LOW_32) - 0x80000000


@inner
def follow(story: Any, ends: Any, blocks: Any, letters: Any, number: int, e: int, segment: Any, found: int) -> None:
    """Add a packet."""
    x, y, side = ends[e], ends[e ^ 1], e & 1
    if found & BAD_CHECKSUM != 0:
        # Its receiver drops it, and so does Zeek.
        x["bad"] += 1
        add_scaled(story, letters, number, side, BAD, i64(x["bad"]))
        return
    flags, length, is_origin = i64(segment["flags"]), i64(segment["length"]), side == i64(story["origin"])
    control = flags & (SYN | FIN | RST)
    note_partial(story, x, is_origin, flags)
    takes = (1 if flags & SYN != 0 else 0) + (1 if flags & FIN != 0 else 0) + (length if flags & RST == 0 else 0)
    if control & SYN != 0 or x["state"] == INACTIVE:
        set_start(x, flags, segment["seq"], takes)
    last = i64(x["start"]) + x["last"]
    place = x["last"] + distance(segment["seq"], last & LOW_32)
    if control != 0:
        add_control(story, letters, number, side, x, flags, place, length)
    elif length > 0:
        add_once(story, letters, number, side, x, SEEN_DATA, DATA_LETTER)
    elif flags & ACK != 0:
        add_once(story, letters, number, side, x, SEEN_ACK, ACK_LETTER)
    if segment["window"] == 0 and flags & RST == 0 and y["state"] != CLOSED and x["state"] != RESET:
        x["zero"] += 1
        add_scaled(story, letters, number, side, ZERO, i64(x["zero"]))
    if i64(x["bits"]) & i64(y["bits"]) & HAS_CLOSED == 0:
        story["last"] = segment["time"]
    if flags & FIN != 0:
        x["bits"] = i64(x["bits"]) | HAS_FIN
        x["fin"] = place + takes
    upto = 0
    if flags & ACK != 0:
        upto = take_ack(y, segment["ack"], flags)
    ahead = distance((segment["seq"] + takes) & LOW_32, last & LOW_32)
    if flags & (SYN | RST) != 0 and (ahead > FAR or ahead < -FAR):
        pass
    elif flags & FIN != 0 and x["last"] == FIRST:
        x["last"] += ahead
    elif x["state"] == RESET:
        pass
    elif ahead > 0:
        x["last"] += ahead
    elif length > 0:
        x["again"] += 1
        add_scaled(story, letters, number, side, AGAIN, i64(x["again"]))
    closes = step(story, x, y, is_origin, flags, length)
    if flags & ACK != 0:
        acknowledged(story, letters, blocks, number, e ^ 1, y, x, upto)
    x["bits"] = i64(x["bits"]) | HAS_SENT
    if length > 0 and flags & RST == 0 and place >= 0 and found & CUT_PAYLOAD == 0:
        start = place + (1 if flags & SYN != 0 else 0)
        sent(blocks, e, x, start, start + length)
    if may_end(x):
        end(story, x, y)
    if closes:
        close(story, x, y)
    x["packets"] += 1
    if found & NO_HEADER != 0:
        x["ip_bytes"] = UNKNOWN_BYTES
    else:
        x["ip_bytes"] += (found & HEADER_BYTES) + length


@inner
def note_partial(story: Any, x: Any, is_origin: bool, flags: int) -> None:
    """Note with the first packet of an end whether the connection was joined late."""
    if i64(x["bits"]) & HAS_SENT != 0:
        return
    bits = i64(story["bits"])
    if is_origin:
        bits &= ~IS_PARTIAL
        if flags & (SYN | ACK) != SYN:
            bits |= IS_PARTIAL
    elif flags & SYN == 0:
        bits |= IS_PARTIAL
    story["bits"] = bits


@rare
def set_start(x: Any, flags: int, seq: int, takes: int) -> None:
    """Take the numbers of an end from its first packet, or from a SYN that begins anew."""
    state = i64(x["state"])
    if state == INACTIVE and flags & SYN == 0:
        # As if a SYN had come before.
        x["start"] = (seq - 1) & LOW_32
        x["acked"] = 0
        x["last"] = FIRST
        return
    if state == CLOSED or (state == RESET and x["before"] != INACTIVE):
        return
    if state in (SYN_SENT, SYN_ACK_SENT) and i64(x["start"]) == seq:
        return
    x["start"] = seq
    x["acked"] = 0
    x["last"] = takes


@rare
def add_control(story: Any, letters: Any, number: int, side: int, x: Any, flags: int, place: int, length: int) -> None:
    """Add the letter of a packet with SYN, FIN or RST: once more if it has another sequence number."""
    control = flags & (SYN | FIN | RST)
    if control & (FIN | RST) == FIN | RST:
        add_once(story, letters, number, side, x, SEEN_FIN_RST, BOTH_LETTER)
    elif control == SYN:
        letter = SYN_ACK_LETTER if flags & ACK != 0 else SYN_LETTER
        if add_once(story, letters, number, side, x, SEEN_SYN, letter) and place != x["syn_at"]:
            add(story, letters, number, side, letter)
        x["syn_at"] = place
    elif control == FIN:
        # A FIN stands behind the data of its packet.
        if add_once(story, letters, number, side, x, SEEN_FIN, FIN_LETTER) and place + length != x["fin_at"]:
            add(story, letters, number, side, FIN_LETTER)
        x["fin_at"] = place + length
    elif control == RST:
        if add_once(story, letters, number, side, x, SEEN_RST, RST_LETTER) and place != x["rst_at"]:
            add(story, letters, number, side, RST_LETTER)
        x["rst_at"] = place
    else:
        add_once(story, letters, number, side, x, SEEN_FLAGS, MANY_LETTER)


@inner
def take_ack(y: Any, ack: int, flags: int) -> int:
    """Follow an acknowledgment of what ``y`` has sent; return up to which of its numbers."""
    if y["state"] == INACTIVE:
        # As if its SYN had come before.
        y["start"] = (ack - 1) & LOW_32
        y["acked"] = y["last"] = 0
        return FIRST
    ahead = distance(ack, (i64(y["start"]) + y["acked"]) & LOW_32)
    upto = y["acked"] + ahead
    if upto < 0:
        return 0
    if flags & RST == 0 and ahead > 0 and not (ack == 0 and ahead > FAR):
        y["acked"] = upto
    return upto
