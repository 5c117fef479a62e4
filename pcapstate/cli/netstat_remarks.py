"""The lines of ``pcapstate netstat`` on stderr."""

from __future__ import annotations

from ..sockets.answers import Answer
from ..sockets.gathering import Gathering
from ..sockets.question import Question
from ..tcp.perspective import Perspective, others
from .emptiness import without_rows
from .session import Session

NOT_THERE = {
    False: ("{local} is in no connection of this capture", "{local} is in no connection so far"),
    True: ("{local} is in no packet that was read", "{local} is in no packet so far"),
}
"""What to say of a host that is not there, by whether traffic was asked for: in all of the capture, up to a moment."""


def say(
    reading: Session, question: Question, whose: Perspective, gathering: Gathering, last: Answer | None, repeats: bool
) -> None:
    """Say what the tables do not tell."""
    table = reading.capture.table
    if question.local and not gathering.is_there(table, whose):
        whole, so_far = NOT_THERE[question.traffic]
        reading.say(whole if reading.at is None else so_far, local=whose.host)
    if whose.lasting and (count := others(table, whose)):
        one = "1 connection is between other hosts; --local 0.0.0.0/0 --local ::/0 shows all"
        many = "{count:,} connections are between other hosts; --local 0.0.0.0/0 --local ::/0 shows all"
        reading.say(one if count == 1 else many, count=count)
    if last is not None and not repeats:
        if last.rows is not None and not len(last.rows) and not last.unmatched:
            for text, fields in without_rows(reading, question, whose, last.idle):
                reading.say(text, **fields)
        if last.unmatched:
            reading.say("no row matches the filter; there are {count:,} without it", count=last.unmatched)
        if last.idle:
            one = "1 UDP port idle for more than a minute is left out; --filter 'proto = udp' shows it"
            many = "{count:,} UDP ports idle for more than a minute are left out; --filter 'proto = udp' shows them"
            reading.say(one if last.idle == 1 else many, count=last.idle)
    for text, numbers in gathering.remarks():
        reading.say(text, **numbers)
