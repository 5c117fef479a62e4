"""Why a table is empty, and what to ask instead: a line on stderr for each reason."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..names.protocols import account
from ..query.selection import Selection
from ..sockets.absent import ends, hosts
from ..sockets.question import Question
from ..tcp.perspective import Perspective
from ..views.timeline_columns import NAMED
from .session import Session

ON_ITS_OWN = frozenset(("ARP", "ICMP", "ICMPv6"))
"""Protocols that netstat shows without any port."""
NONE_OF_DATASET = "none of the {count:,} connections of the dataset is asked for"
Line = tuple[str, dict[str, Any]]
"""A template and its fields."""


def say_without_rows(reading: Session, selection: Selection, count: int) -> None:
    """Say why a table of connections, or of transitions, has no row; ``count``: of those there are to choose from."""
    archive = reading.origin.archive
    if archive is not None and selection.needed & NAMED:
        reading.say("a dataset does not keep TLS and HTTP, so names that only these tell are missing")
    if archive is not None and not (count and selection.found):
        if not count or selection.chooses:
            reading.say(NONE_OF_DATASET, count=archive.connections)
    elif not count:
        say_without_connections(reading)
    elif selection.chooses and not selection.found:
        reading.say("no row matches the filter; there are {count:,} without it", count=count)


def say_without_connections(reading: Session) -> None:
    """Say why a capture has no connection."""
    for line, fields in _without_tcp(reading):
        reading.say(line, **fields)


def _without_tcp(reading: Session) -> Iterator[Line]:
    # Of a capture without packets that alone is said, at its end.
    if reading.capture.frames and not reading.capture.table.count:
        others = {name for name, _ in account(reading.capture.decoder.skipped)[0]}
        if "UDP" in others:
            yield (
                "no frame has a readable TCP segment; pcapstate netstat -a shows UDP ports, -s counts each protocol",
                {},
            )
        elif ON_ITS_OWN.intersection(others):
            yield "no frame has a readable TCP segment; pcapstate netstat -e -s counts the others", {}
        else:
            yield "no frame has a readable TCP segment", {}


def without_rows(reading: Session, question: Question, whose: Perspective, idle: int) -> Iterator[Line]:
    """Yield why netstat's table of connections has no row; ``idle``: UDP ports that were left out."""
    table = reading.capture.table
    if not table.count and (archive := reading.origin.archive) is not None:
        yield NONE_OF_DATASET, {"count": archive.connections}
        return
    if not table.count:
        if question.connections and not question.udp_ports:
            yield from _without_tcp(reading)
        elif reading.capture.frames and not idle:
            yield "no frame has a readable TCP segment, and no UDP port has sent anything", {}
        return
    found = ends(table, whose, question.families)
    if not question.connections:
        if question.servers:
            yield "no listening port is visible: a port shows that it listens when it answers a SYN", {}
        elif not idle:
            yield "no UDP port has sent anything", {}
        return
    total = sum(found.families)
    if not total:
        yield (
            "--local selects another host; hosts with the most connections: {hosts}",
            {"hosts": ", ".join(hosts(table))},
        )
        return
    if len(question.families) == 1 and not found.families[question.families[0]]:
        family, other = ("IPv6", "IPv4") if question.families[0] else ("IPv4", "IPv6")
        yield "no connection uses {family}; {count:,} use {other}", {"count": total, "family": family, "other": other}
    if found.refused:
        one = "1 attempt was refused, so the host has no socket for it; pcapstate connections shows it"
        many = "{count:,} attempts were refused, so the host has no socket for them; pcapstate connections shows them"
        yield (one if found.refused == 1 else many), {"count": found.refused}
    if closed := found.closed - found.refused:
        one = "1 connection is closed and has no row; --at shows an earlier moment, pcapstate connections its outcome"
        many = (
            "{count:,} connections are closed and have no row; --at shows an earlier moment, pcapstate connections the"
            " outcomes"
        )
        yield (one if closed == 1 else many), {"count": closed}
    if found.unanswered:
        one = "1 attempt got no answer, so the host has no socket for it; pcapstate connections shows it"
        many = "{count:,} attempts got no answer, so the host has no socket for them; pcapstate connections shows them"
        yield (one if found.unanswered == 1 else many), {"count": found.unanswered}
