"""The tracker and a naive one, written from the documentation, say the same of stories, conversations and captures."""

from __future__ import annotations

import contextlib
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from pcapstate.tcp import machine
from pcapstate.tcp.machine import Event
from pcapstate.tcp.states import State
from tests.helpers.any_packets import variants
from tests.helpers.captures import answers, pcap, story_frames
from tests.helpers.paths import PCAPS, TRUTH
from tests.helpers.stories import Packet, Variant, parse
from tests.helpers.story_texts import NAMES, STORIES
from tests.second_opinion.conversations import conversations
from tests.second_opinion.reading import NotRead, packets_of
from tests.second_opinion.tracker import follow

Row = tuple[int | None, str, str]
SAME, UNDECIDED = "the same", "undecided"
CAPTURES = sorted(
    path for folder in (PCAPS, TRUTH) for path in folder.glob("*.pcap*") if path.suffix in (".pcap", ".pcapng")
)
UNREAD = ("damaged-", "link-types-", "tunnels-", "fragments-", "wireless-", "overlapping-", "pcapng-", "processes-")
ALSO_UNREAD = {
    "hostile-comments.pcapng",
    "ipv6-source-routes.pcap",
    "ipv6-extension-headers.pcap",
    "loop.pcap",
    "null.pcap",
    "office.pcapng",
    "pcap-aix.pcap",
    "source-routes.pcap",
    "unreachable.pcap",
}
"""Captures whose frames the second opinion does not take apart: other link types, tunnels, ICMP errors, damage."""


def spelled(end: tuple[str, int]) -> str:
    return f"[{end[0]}]:{end[1]}" if ":" in end[0] else f"{end[0]}:{end[1]}"


def lasting(rows: list[Row]) -> list[Row]:
    """Leave out that an end seemed to have given up: whether that is noticed depends on when somebody looks."""
    out: list[Row] = []
    for row in rows:
        if out and out[-1][0] is None and out[-1][1] != "TIME_WAIT" and row[1:] == ("CLOSED", out[-1][1]):
            out.pop()
        else:
            out.append(row)
    return out


def before(rows: list[Row], stop: int) -> list[Row]:
    """Return the rows of the packets before one; time that has passed since the last of them does not count."""
    out = []
    for row in rows:
        if row[0] is not None and row[0] >= stop:
            break
        out.append(row)
    while out and out[-1][0] is None:
        out.pop()
    return out


def compare(data: bytes) -> Counter[str]:
    """Compare what both say of a capture; count the endpoints that are the same, and why others are undecided."""
    packets = packets_of(data)
    rows, connections, _ = answers(data)
    if sum(packet["flags"] != "" for packet in packets) != sum(
        one["client_packets"] + one["server_packets"] for one in connections
    ):
        raise NotRead("the readers do not agree on what is a segment")
    theirs: list[dict[str, list[Row]]] = [{one["client"]: [], one["server"]: []} for one in connections]
    for row in rows[:-1]:
        theirs[row["connection"]][row["address"]].append((row["packet"], row["from"], row["to"]))
    ours = follow(packets)
    assert len(ours) == len(theirs)
    found: Counter[str] = Counter()
    for mine, yours, whole in zip(ours, theirs, connections, strict=True):
        states = {whole["client"]: whole["client_state"], whole["server"]: whole["server_state"]}
        for address, end in mine["ends"].items():
            expected, actual = lasting(end["rows"]), lasting(yours[spelled(address)])
            if mine["undecided"] is None:
                assert (actual, states[spelled(address)]) == (expected, end["state"]), (mine["first"], address)
                found[SAME] += 1
            else:
                number, why = mine["undecided"]
                assert before(actual, number) == before(expected, number), (mine["first"], address, why)
                found[UNDECIDED] += 1
                found[why] += 1
    return found


@pytest.mark.parametrize("variant", [Variant(), Variant(mirrored=True, isn=(2**32 - 2, 77))], ids=["plain", "mirrored"])
def test_stories(variant: Variant) -> None:
    found: Counter[str] = Counter()
    for name in NAMES:
        found += compare(pcap(story_frames(parse(STORIES[name]), variant)))
    # Most of the other stories are of forgeries, gaps and one direction only.
    assert found[SAME] >= 108, found


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(packets=conversations(), variant=variants)
def test_conversations(packets: list[Packet], variant: Variant) -> None:
    compare(pcap(story_frames(packets, variant)))


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_captures(path: Path) -> None:
    try:
        compare(path.read_bytes())
    except NotRead:
        assert path.name.startswith(UNREAD) or path.name in ALSO_UNREAD


def test_most_endpoints_of_the_captures_are_decided() -> None:
    found: Counter[str] = Counter()
    for path in CAPTURES:
        with contextlib.suppress(NotRead):
            for one in follow(packets_of(path.read_bytes())):
                found[SAME if one["undecided"] is None else UNDECIDED] += 1
    assert found[SAME] > 10 * found[UNDECIDED], found


@pytest.mark.parametrize(
    ("story", "state", "event"),
    [
        ("client_closes_first", State.SYN_SENT, Event.SENT_ACK),
        ("client_closes_first", State.SYN_RECEIVED, Event.GOT_ACK_OF_SYN),
        ("client_closes_first", State.FIN_WAIT_1, Event.GOT_ACK_OF_FIN),
        ("client_closes_first", State.CLOSE_WAIT, Event.SENT_FIN),
        ("client_closes_first", State.LAST_ACK, Event.GOT_ACK_OF_FIN),
        ("time-wait-ends.pcap", State.TIME_WAIT, Event.TIME_WAIT_OVER),
        ("simultaneous_close", State.FIN_WAIT_1, Event.GOT_FIN),
        ("simultaneous_close", State.CLOSE_WAIT, Event.SENT_FIN_WITHOUT_ACK),
        ("simultaneous_open", State.SYN_RECEIVED, Event.GOT_SYN_ACK),
        ("refused", State.SYN_SENT, Event.GOT_RST_TO_SYN),
        ("reset_by_client", State.ESTABLISHED, Event.GOT_RST),
        ("joined_late", State.UNKNOWN, Event.GOT_ACK),
        ("fin_again_means_its_ack_was_lost", State.FIN_WAIT_2, Event.SENT_FIN_AGAIN),
    ],
)
def test_a_wrong_row_of_the_machine_is_found(
    story: str, state: State, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PCAPSTATE_KERNELS", "plain")
    data = pcap(story_frames(parse(STORIES[story]))) if story in STORIES else (PCAPS / story).read_bytes()
    assert not compare(data)[UNDECIDED]
    cell = state * machine.EVENT_COUNT + event
    right = machine.NEXT[cell]
    machine.NEXT[cell] = State.LISTEN
    try:
        with pytest.raises(AssertionError):
            compare(data)
    finally:
        machine.NEXT[cell] = right
