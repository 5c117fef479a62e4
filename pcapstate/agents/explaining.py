"""The packets of a connection one by one, and the findings about a capture: what is said of them is made of headers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..capture import Watcher
from ..decode.segment import ACK
from ..escaping import safe
from ..findings.diagnosis import diagnose
from ..findings.frames_seen import FramesSeen
from ..ladder.drawing import flags_text
from ..ladder.explaining import SIDES, Part, Said, Why, parts
from ..ladder.gathering import gathered
from ..ladder.sentences import Sentences
from ..ladder.steps import NO_PACKET, Steps
from ..memory import CHOSEN, DIAGNOSE, DIAGNOSE_CHOSEN, FRAMES_SEEN
from ..objects import records as rows_of
from ..reading import Reading
from ..tcp.states import STATES
from ..tcp.time_wait import TimeWait
from ..views import connections as connections_view
from ..views.connections import Beside
from ..views.diagnosis import view
from ..views.reading_aids import Manner
from ..wording.styles import STYLES
from ..wording.times import TimeFormat, duration
from .answers import Asked, answered, selection
from .asked_about import CONNECTIONS, fields_of_connections
from .cited import Json, page, seconds

LANGUAGE = "en"
MANNER = Manner(STYLES["rfc"], LANGUAGE, TimeFormat())


def explain(asked: Asked) -> Json:
    """Answer explain_connection."""
    number, at = asked.get("connection"), asked.get("at")
    whole = bool(asked.get("every_packet"))

    def read() -> tuple[Reading, Steps, list[Part], tuple[str, str]]:
        first = asked.kept.records(asked.capture, at)

        def again(watchers: Sequence[Watcher]) -> Reading:
            return asked.kept.reading(asked.capture, at, each=CHOSEN, watchers=lambda _: watchers)

        found = gathered(first.reading, again, number)
        found.reading.close()
        steps = found.steps()
        wait = duration(round(TimeWait().seconds * 1e9))
        return found.reading, steps, list(parts(steps, wait, whole)), found.ends

    reading, steps, found, ends = asked.kept.other(asked.capture, ("explain", number, at, whole), read)
    part, paging = page(len(found), asked.offset, asked.limit)
    sentences = Sentences(MANNER, "->")
    rows = [_row(one, steps, sentences, reading.start) for one in found[part]]
    sockets = dict(zip(SIDES, ends, strict=True))
    return answered(asked, reading, rows, paging, connection=number, **sockets)


def _row(part: Part, steps: Steps, sentences: Sentences, start: int) -> Json:
    if part.fold is not None:
        return {
            "packet": part.fold.first,
            "last_packet": part.fold.last,
            "time": seconds(int(steps.rows["time"][part.at]), start),
            "packets": part.fold.packets,
            "client_bytes": part.fold.sent[0],
            "server_bytes": part.fold.sent[1],
            "said": [sentences.fold(part.fold)],
        }
    step = part.step
    assert step is not None
    here = step.flags != NO_PACKET
    return {
        "packet": step.number or None,
        "time": seconds(step.time, start),
        "sender": SIDES[step.side] if here else None,
        "flags": flags_text(step.flags) if here else None,
        "seq": step.seq,
        "ack": step.ack if step.flags >= 0 and step.flags & ACK else None,
        "length": step.length,
        "window": step.window,
        "retransmission": step.again,
        "duplicate": step.copy,
        "client_state": STATES[step.after[0]],
        "server_state": STATES[step.after[1]],
        "changes": [
            {
                "endpoint": SIDES[one.change.side],
                "from": STATES[one.change.before],
                "to": STATES[one.change.after],
                "certainty": one.certainty.word,
                "reason": one.reason,
            }
            for one in part.said
            if isinstance(one, Why)
        ],
        "said": [sentences.sentence(one) for one in part.said if isinstance(one, Said)],
    }


def findings(asked: Asked) -> Json:
    """Answer findings."""
    chosen = selection(asked, fields_of_connections, CONNECTIONS)
    at, filter = asked.get("at"), asked.get("filter")

    def read() -> tuple[Reading, list[dict[str, Any]]]:
        seen = FramesSeen()
        reading = asked.kept.reading(
            asked.capture,
            at,
            details=True,
            each=DIAGNOSE_CHOSEN if filter else DIAGNOSE,
            beside=FRAMES_SEEN,
            watchers=lambda _: [seen],
        )
        try:
            reading.read()
        finally:
            reading.close()
        choose, table = chosen.choice(reading.span), reading.capture.table
        rows = None if choose is None else connections_view.chosen(table, choose, Beside(reading.moment))
        return reading, list(rows_of(view(diagnose(reading.capture, seen, rows), LANGUAGE)))

    reading, found = asked.kept.other(asked.capture, ("findings", at, filter), read)
    part, paging = page(len(found), asked.offset, asked.limit)
    rows = [
        {
            "finding": one["finding"],
            "severity": one["severity"],
            "host": one["host"],
            "title": one["title"],
            "text": one["text"].replace(safe(asked.capture.path), safe(asked.capture.name)),
            "next": one["next"],
            "connection_count": one["count"],
            "connections": list(one["connections"]),
            "packet_count": one["packet_count"],
            "packets": list(one["packets"]),
            "wireshark_filter": one["filter"],
            "first": seconds(one["first"], reading.start),
            "last": seconds(one["last"], reading.start),
        }
        for one in found[part]
    ]
    return answered(asked, reading, rows, paging)
