"""``history`` and ``conn_state`` by the rules that Zeek's documentation of conn.log gives for each letter and state."""

from __future__ import annotations

import pytest

from tests.helpers.paths import PCAPS
from tests.helpers.zeek import capture_of, seen

OPEN = ("C S 0 0 0", "S SA 0 1 0", "C A 1 1 0")
ASKED = (*OPEN, "C PA 1 1 10", "S A 1 11 0", "S PA 1 11 20", "C A 11 21 0")
CLOSED = (*ASKED, "C FA 11 21 0", "S FA 21 12 0", "C A 12 22 0")

STORIES = {
    # name: packets, conn_state, history
    "nothing but a SYN": (("C S 0 0 0",), "S0", "S"),
    "the SYN again is no other SYN": (("C S 0 0 0",) * 3, "S0", "S"),
    "open": (OPEN, "S1", "ShA"),
    "asked and answered": (ASKED, "S1", "ShADad"),
    "closed by both": (CLOSED, "SF", "ShADadFf"),
    "closed by the originator": (CLOSED[:8], "S2", "ShADadF"),
    "closed by the responder": ((*ASKED, "S FA 21 11 0", "C A 11 22 0"), "S3", "ShADadf"),
    "refused": (("C S 0 0 0", "S RA 0 1 0"), "REJ", "Sr"),
    "reset by the originator": ((*ASKED, "C R 11 0 0"), "RSTO", "ShADadR"),
    "reset by the responder": ((*ASKED, "S RA 21 11 0"), "RSTR", "ShADadr"),
    "a SYN, then a RST": (("C S 0 0 0", "C R 1 0 0"), "RSTOS0", "SR"),
    "a SYN-ACK, then a RST": (("S SA 0 1 0", "S R 1 0 0"), "RSTRH", "^hr"),
    "a SYN, then a FIN": (("C S 0 0 0", "C A 1 1 0", "C FA 1 1 0"), "SH", "SAF"),
    "a SYN-ACK, then a FIN": (("S SA 0 1 0", "S FA 1 1 0"), "SHR", "^hf"),
    "data alone": (("C PA 1 1 10",), "OTH", "D"),
    "data of the responder first": (("S PA 1 1 10", "C PA 1 11 10"), "OTH", "^dD"),
    "joined late, then closed by both": (("C FA 1 1 0", "S FA 1 2 0"), "SF", "Ff"),
    "a RST alone": (("C R 1 0 0",), "OTH", "R"),
    "both open at once": (("C S 0 0 0", "S S 0 0 0"), "S1", "Ss"),
    # What has two of SYN, FIN and RST.
    "FIN and RST": ((*OPEN, "C FRA 1 1 0"), "RSTO", "ShAI"),
    "SYN and FIN": (("C SF 0 0 0",), "SH", "Q"),
    # Sequence numbers tell another SYN, FIN or RST from the same.
    "the FIN again": ((*OPEN, "C FA 1 1 0", "C FA 1 1 0"), "S2", "ShAF"),
    "a FIN with another number": ((*OPEN, "C FA 1 1 0", "C FA 3 1 0"), "S2", "ShAFF"),
    "the RST again": ((*OPEN, "C R 1 0 0", "C R 1 0 0"), "RSTO", "ShAR"),
    "a RST with another number": ((*OPEN, "C R 1 0 0", "C R 2 0 0"), "RSTO", "ShARR"),
    # Windows of zero, unless its peer has closed, or the packet is a RST.
    "a window of zero": ((*OPEN, "S A 1 1 0 w0"), "S1", "ShAaw"),
    "a window of zero of the originator": ((*OPEN, "C A 1 1 0 w0"), "S1", "ShAW"),
    "a window of zero when the peer has closed": ((*OPEN, "C FA 1 1 0", "S A 1 2 0 w0"), "S2", "ShAFa"),
    "a RST has no window": ((*OPEN, "S RA 1 1 0 w0"), "RSTR", "ShAr"),
    # What was sent before.
    "data again": ((*OPEN, "C PA 1 1 10", "C PA 1 1 10"), "S1", "ShADT"),
    "data again ten times": ((*OPEN, *("C PA 1 1 10",) * 11), "S1", "ShADTT"),
    "data again a hundred times": ((*OPEN, *("C PA 1 1 10",) * 101), "S1", "ShADTTT"),
    "a byte before the next one": ((*ASKED, "C A 10 21 1"), "S1", "ShADadT"),
    # What was acknowledged and is in no packet.
    "a gap": ((*OPEN, "S A 1 11 0"), "S1", "ShAaG"),
    "a gap of the responder": ((*OPEN, "C A 1 21 0"), "S1", "ShAg"),
    "a gap before what was captured": ((*OPEN, "C PA 11 1 10", "S A 1 21 0"), "S1", "ShADaG"),
    "two gaps": ((*OPEN, "C PA 11 1 10", "C PA 31 1 10", "S A 1 41 0"), "S1", "ShADaG"),
    "ten gaps": ((*OPEN, *(f"S A 1 {2 + 5 * one} 0" for one in range(10))), "S1", "ShAaGG"),
    "filled in time": ((*OPEN, "C PA 11 1 10", "C PA 1 1 10", "S A 1 21 0"), "S1", "ShADTa"),
    "no gap where the connection was joined late": (("C A 1 1 0", "S A 1 101 0"), "OTH", "Aa"),
    # A responder that acknowledges before its SYN-ACK.
    "an ACK before the SYN-ACK": (("C S 0 0 0", "S A 0 1 0", "S SA 0 1 0", "C A 1 1 0"), "S1", "SahA"),
    "data and a FIN in one": ((*OPEN, "C FPA 1 1 10", "S FA 1 12 0"), "SF", "ShAFf"),
    "a FIN, then its own RST": ((*OPEN, "S FA 1 1 0", "S R 2 0 0", "C FA 1 2 0"), "SF", "ShAfrF"),
}


@pytest.mark.parametrize("name", STORIES)
def test_letters_and_states(name: str) -> None:
    lines, state, history = STORIES[name]
    (one,) = seen(capture_of(*lines))
    assert (one.conn_state, one.history) == (state, history)


@pytest.mark.parametrize("isn", [(0, 0), (2**32 - 1, 2**32 - 5), (2**31 - 3, 2**31 - 12)])
@pytest.mark.parametrize("name", STORIES)
def test_numbers_wrap(name: str, isn: tuple[int, int]) -> None:
    lines, state, history = STORIES[name]
    (one,) = seen(capture_of(*lines, isn=isn))
    assert (one.conn_state, one.history) == (state, history)


CAPTURES = {
    "close-by-client": ["SF ShADadFf"],
    "close-by-server": ["SF ShADadfF"],
    "refused": ["REJ Sr"],
    "unanswered": ["S0 S"],
    "reset-by-client": ["RSTO ShADadR"],
    "reset-by-server": ["RSTR ShADar"],
    "half-closed-at-end": ["S2 ShADadF"],
    "sequence-wrap": ["SF ShADadFf"],
    "zero-window": ["SF ShADawFf"],
    "every-packet-twice": ["SF ShADTadtFf"],
    "ipv6-extension-headers": ["SF ShADadFf"],
    "qinq": ["SF ShADadFf"],
    "one-direction-client": ["SH SADF"],
    "one-direction-server": ["SHR ^hadf"],
    "reused-ports": ["SF ShAFaf", "S1 ShADad"],
}
"""What Zeek's rules give for some captures of the tests."""


@pytest.mark.parametrize("name", CAPTURES)
def test_captures(name: str) -> None:
    found = seen((PCAPS / f"{name}.pcap").read_bytes())
    assert [f"{one.conn_state} {one.history}" for one in found] == CAPTURES[name]
    assert all(min(one.ip_bytes) >= 0 for one in found)


def test_sizes() -> None:
    (one,) = seen(capture_of(*CLOSED))
    assert one.bytes == (10, 20)
    assert one.packets == (6, 4)
    assert one.ip_bytes == (6 * 40 + 10, 4 * 40 + 20)
    assert one.missed == 0
    # The last ACK comes when both ends have closed, and counts no more.
    assert one.lasting == 8_000_000


def test_missing_bytes() -> None:
    (one,) = seen(capture_of(*OPEN, "C PA 11 1 10", "C PA 31 1 10", "S A 1 41 0"))
    assert (one.missed, one.bytes) == (10 + 10, (40, 0))


def test_more_holes_than_are_kept_count_as_fewer() -> None:
    behind = [f"C PA {11 + 20 * one} 1 10" for one in range(12)]
    (one,) = seen(capture_of(*OPEN, *behind, f"S A 1 {11 + 20 * 12} 0"))
    assert one.history is not None
    assert one.history.startswith("ShADaG")
    assert 0 < one.missed <= 12 * 10 + 10


def test_history_that_is_too_long_ends_with_a_mark() -> None:
    (one,) = seen(capture_of(*OPEN, *(f"C R {number} 0 0" for number in range(1, 60))))
    assert one.history == "ShA" + "R" * 36 + "X"


WRONG = (*OPEN, "C PA 1 1 10 bad", "S PA 1 1 20", "C PA 1 1 10")


def test_wrong_checksums() -> None:
    (one,) = seen(capture_of(*WRONG), checksums=True)
    assert (one.history, one.packets, one.bytes) == ("ShACdD", (3, 2), (10, 20))
    (one,) = seen(capture_of(*WRONG))
    assert (one.history, one.packets, one.bytes) == ("ShADdT", (4, 2), (10, 20))


@pytest.mark.parametrize("odd", ["none", "half", ""])
def test_checksums_that_a_network_card_completes_are_not_wrong(odd: str) -> None:
    (one,) = seen(capture_of(*OPEN, f"C PA 1 1 11 {odd}"), checksums=True)
    assert one.history == "ShAD"


def test_ten_wrong_checksums_are_two_letters() -> None:
    (one,) = seen(capture_of(*OPEN, *("S PA 1 1 20 bad",) * 10), checksums=True)
    assert (one.history, one.packets[1]) == ("ShAcc", 1)


def test_what_is_cut_off() -> None:
    # 60 bytes of a frame: all headers and six bytes of data. Zeek misses the rest once it is acknowledged.
    (one,) = seen(capture_of(*OPEN, "C PA 1 1 100", "S A 1 101 0", snaplen=60))
    assert (one.history, one.missed, one.bytes) == ("ShADaG", 100, (100, 0))
    # Without the whole TCP header there is no packet.
    (one,) = seen(capture_of(*OPEN, snaplen=52))
    assert (one.history, one.packets, one.conn_state) == (None, (0, 0), "OTH")
