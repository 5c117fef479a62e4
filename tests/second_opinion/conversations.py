"""Conversations of two ends that keep to the rules, over a path that loses packets behind the capture point."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st

from pcapstate.decode.segment import ACK, FIN, PSH, RST, SYN
from tests.helpers.stories import Packet

FLAGS = {"S": SYN, "F": FIN, "R": RST, "A": ACK, "P": PSH}


@dataclass
class End:
    """One end: what it has sent, and what has reached it, counted from the initial sequence numbers."""

    side: str
    sent: int = 0
    arrived: int = 0
    """All before it has arrived, in order."""
    waiting: list[tuple[int, int]] = field(default_factory=list)
    acknowledged: int = 0
    kept: list[tuple[str, int, int]] = field(default_factory=list)
    """Segments that take sequence numbers: flags, number, length."""
    finished: bool = False

    def opened(self) -> bool:
        """Whether it has the peer's SYN, and an answer to its own."""
        return self.arrived > 0 and self.acknowledged > 0


def flags_of(letters: str) -> int:
    """Return the bits of flags."""
    return sum(FLAGS[letter] for letter in letters)


def send(me: End, you: End, what: str, lost: bool, after: int, length: int) -> Packet | None:
    """Return the packet that an end sends if it does that, None where it cannot; the other end gets it unless lost."""
    if what == "again":
        waiting = [one for one in me.kept if one[1] + one[2] + ("S" in one[0]) + ("F" in one[0]) > me.acknowledged]
        if not waiting:
            return None
        letters, seq, length = waiting[0]
    elif me.sent == 0:
        letters, seq, length = "S", 0, 0
        if what != "syn" or (me.side == "S" and not me.arrived):
            return None
    elif not me.opened() or what == "syn":
        return None
    elif what == "reset":
        letters, seq, length = "R", me.sent, 0
    else:
        letters, seq = {"data": "P", "fin": "F"}.get(what, ""), me.sent
        length = length if what == "data" else 0
        if letters and me.finished:
            return None
    if me.arrived:
        letters = letters.replace("A", "") + "A"
    takes = length + ("S" in letters) + ("F" in letters)
    if takes and what != "again":
        me.kept.append((letters.replace("A", ""), seq, length))
        me.sent, me.finished = me.sent + takes, "F" in letters
    if not lost:
        you.waiting.append((seq, seq + takes))
        for start, stop in sorted(you.waiting):
            you.arrived = stop if start <= you.arrived < stop else you.arrived
        if me.arrived:
            you.acknowledged = max(you.acknowledged, me.arrived)
    return Packet(me.side, flags_of(letters), seq, me.arrived, length, None, after)  # type: ignore[arg-type]


@st.composite
def conversations(draw: st.DrawFn) -> list[Packet]:
    """Return the packets of a conversation as a capture between the ends has them."""
    ends = {"C": End("C"), "S": End("S")}
    packets: list[Packet] = []
    step = st.tuples(
        st.sampled_from("CS"),
        st.sampled_from(["ack", "ack", "data", "fin", "fin", "again", "reset", "syn"]),
        st.sampled_from([False, False, False, True]),
        st.sampled_from([5_000_000, 100_000_000, 100_000_000, 300_000_000, 31_000_000_000]),
        st.sampled_from([1, 2, 100]),
    )
    opening = [(side, "syn" if number < 2 else "ack", False, 50_000_000, 0) for number, side in enumerate("CSC")]
    script = draw(st.one_of(st.just(opening), st.just([]))) + draw(st.lists(step, max_size=14))
    for side, what, lost, after, length in script:
        me, you = ends[side], ends["S" if side == "C" else "C"]
        packet = send(me, you, what, lost, after, length)
        if packet is not None:
            packets.append(packet)
            if what == "reset":
                break
    return packets
