"""What changes of states and findings say as comments on packets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .escaping import safe
from .extraction import Texts
from .findings.finding import Finding
from .ladder.explaining import SIDES
from .rows import Rows, unique
from .tcp import tables as c
from .tcp.flow_table import FlowTable
from .tcp.machine import TABLE, Certainty
from .tcp.settling import certainties
from .views.diagnosis import title
from .wording.languages import translate
from .wording.styles import Style, shown_states


def comments(table: FlowTable, transitions: Rows, findings: Sequence[Finding], style: Style, lang: str) -> Texts:
    """Return a comment for each change of a state (TRANSITION, settled), and for each packet that a finding names."""
    changes = transitions[transitions["packet"] > 0]
    changes = changes[np.argsort(changes["packet"], kind="stable")]
    heads, kinds = _heads(table, changes, style, lang)
    connections = table.numbers(changes["endpoint"] >> 1).tolist()
    named: dict[int, list[bytes]] = {}
    for one in findings:
        text = translate("diagnose: {title}", lang).format(title=safe(title(one, lang))).encode()
        for packet in one.packets:
            named.setdefault(packet, []).append(text)
    numbers = unique(np.concatenate([changes["packet"], np.array(sorted(named), dtype=np.int64)]))
    begins = np.searchsorted(changes["packet"], numbers).tolist()
    begins.append(len(changes))
    packets, before, _, after = numbers.tolist(), *translate("connection {number}", lang).partition("{number}")
    opening, closing = f" [{before}".encode(), f"{after}]".encode()

    def texts(place: int) -> list[bytes]:
        own = range(begins[place], begins[place + 1])
        found = [b"%b%b%d%b" % (heads[kinds[at]], opening, connections[at], closing) for at in own]
        return found + named.get(packets[place], [])

    return Texts(numbers, texts)


def _heads(table: FlowTable, rows: Rows, style: Style, lang: str) -> tuple[list[bytes], list[int]]:
    """Return the texts of the kinds of changes, without their connections, and the kind of each change."""
    client = (table.connections["notes"][rows["endpoint"] >> 1] & c.NOTE_CLIENT_IS_1 != 0).astype(np.int64)
    sides = (rows["endpoint"] & 1) ^ client
    columns = (sides, rows["from"], rows["to"], rows["row"], certainties(rows, final=True))
    all_ = np.stack([one.astype(np.int64) for one in columns], axis=1)
    kinds, which = np.unique(all_, axis=0, return_inverse=True)
    states = shown_states(style)
    found = []
    for side, before, after, row, certainty in kinds.tolist():
        role, cause = (translate(text, lang) for text in (SIDES[side], TABLE[row].cause))
        sure = Certainty(certainty)
        doubt = "" if sure in (Certainty.SEEN, Certainty.TIMER) else f" ({translate(sure.word, lang)})"
        found.append(f"{role} {states[before]} → {states[after]}: {cause}{doubt}".encode())
    return found, which.reshape(-1).tolist()
