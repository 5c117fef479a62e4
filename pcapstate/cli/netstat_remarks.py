"""What ``pcapstate netstat`` says on stderr, beside its tables."""

from __future__ import annotations

from dataclasses import dataclass

from ..sockets.gathering import Gathering
from ..sockets.question import Asked
from ..tcp.perspective import Perspective, others
from .emptiness import without_rows
from .session import Session


@dataclass
class Shown:
    """What became of the rows of the last table."""

    rows: int = 0
    unmatched: int = 0
    """Rows of which none matched what was chosen."""
    idle: int = 0
    """UDP ports that were left out, idle for long."""


def say(reading: Session, asked: Asked, whose: Perspective, gathering: Gathering, shown: Shown, repeats: bool) -> None:
    """Say what the tables do not tell."""
    table = reading.capture.table
    if asked.local and not gathering.is_there(table, whose):
        what = "packet" if asked.traffic else "connection"
        until = "so far" if reading.at is not None else "that was read" if asked.traffic else "of this capture"
        reading.say(f"{{local}} is in no {what} {until}", local=whose.host)
    if whose.lasting and (count := others(table, whose)):
        one = "1 connection is between other hosts; --local 0.0.0.0/0 --local ::/0 shows all"
        many = "{count:,} connections are between other hosts; --local 0.0.0.0/0 --local ::/0 shows all"
        reading.say(one if count == 1 else many, count=count)
    if not repeats:
        if asked.connections and not shown.rows and not shown.unmatched:
            for text, fields in without_rows(reading, asked, whose, shown.idle):
                reading.say(text, **fields)
        if shown.unmatched:
            reading.say("no row matches; without the choice there are {count:,}", count=shown.unmatched)
        if shown.idle:
            one = "1 UDP port idle for more than a minute is left out; --filter 'proto = udp' shows it"
            many = "{count:,} UDP ports idle for more than a minute are left out; --filter 'proto = udp' shows them"
            reading.say(one if shown.idle == 1 else many, count=shown.idle)
    for line in gathering.remarks():
        reading.say("{line}", line=line)
