"""The states of each packet's connection: those written for Wireshark, and those of a moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from pcapstate.decode.segment import SEGMENT_ICMP
from pcapstate.reading import Origin, Reading
from pcapstate.tcp import tables as c
from pcapstate.tcp.states import STATES
from pcapstate.wireshark.packet_states import PacketStates
from tests.helpers.paths import CAPTURES, SAMPLES

MOST = 400
"""Packets of a capture whose states are compared one by one."""
READABLE = [path for path in (*CAPTURES, *SAMPLES) if path.suffix != ".expected"]


def written(path: Path, folder: Path) -> None:
    """Write the states of a capture's packets into a folder."""
    folder.mkdir(exist_ok=True)
    with closing(Reading(Origin((path,)), record=True, passing=True)) as reading:
        states = PacketStates(reading.capture.table, str(folder))
        reading.read()
        states.finish()


def states_at_each_packet(path: Path) -> dict[int, list[tuple[int, str, str]]]:
    """Return of each frame the connections of its segments, with the states of both ends as ``--at`` has them there."""
    found: dict[int, list[tuple[int, str, str]]] = defaultdict(list)
    with closing(Reading(Origin((path,)))) as reading:
        table = reading.capture.table
        seen = []
        for number, row in _followed(reading):
            # What was given up by now shows at a moment; the capture goes on as if nobody had looked.
            before = table.checkpoint()
            for _ in table.give_up():
                pass
            seen.append((number, row, table.endpoints["state"][2 * row : 2 * row + 2].tolist()))
            table.restore([before])
        for number, row, states in seen:
            client = int(table.connections["notes"][row] & c.NOTE_CLIENT_IS_1 != 0)
            found[number].append((row, STATES[states[client]], STATES[states[1 - client]]))
    return found


def _followed(reading: Reading) -> Iterator[tuple[int, int]]:
    """Follow a capture packet by packet; yield the number of each frame, and the row of its connection."""
    for batch in reading.capture.source.batches():
        segments = reading.capture.decoder.decode(batch)
        for at in range(len(segments)):
            one = segments[at : at + 1]
            number, flags = int(one["number"][0]), int(one["flags"][0])
            if number > MOST:
                return
            for _ in reading.capture.table.follow(one, 1):
                pass
            if one["endpoint"][0] >= 0 and (flags >= 0 or flags == SEGMENT_ICMP):
                yield number, int(one["endpoint"][0] >> 1)
