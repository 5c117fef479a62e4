"""What changes of states and findings say as comments on packets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .escaping import safe
from .findings.finding import Finding
from .ladder.explaining import SIDES
from .rows import Rows
from .sources.comments import Comments, in_columns
from .tcp import tables as c
from .tcp.flow_table import FlowTable
from .tcp.machine import TABLE, Certainty
from .tcp.settling import certainties
from .tcp.states import STATES
from .views.diagnosis import title
from .wording.languages import translate
from .wording.styles import Style, shown_states

KINDS = (len(SIDES), len(STATES), len(STATES), len(TABLE), len(Certainty))
"""Kinds of changes: whose, from which state, to which, why, and how certain."""


def comments(
    table: FlowTable, transitions: Rows, findings: Sequence[Finding], style: Style, lang: str, final: bool = True
) -> Comments:
    """Return a comment for each change of a state (TRANSITION), and for each packet that a finding names.

    ``final``: the changes are settled; otherwise later packets may yet disprove some.
    """
    changes = transitions[transitions["packet"] > 0]
    texts, which = _of_changes(table, changes, style, lang, final)
    named = [(packet, len(texts) + at) for at, one in enumerate(findings) for packet in one.packets]
    texts += [
        (translate("diagnose: {title}", lang).format(title=safe(title(one, lang))).encode(), b"") for one in findings
    ]
    packets, of_findings = np.array(named, dtype=np.int64).reshape(-1, 2).T
    numbers = table.numbers(changes["endpoint"] >> 1)
    return in_columns(
        np.concatenate([changes["packet"], packets]),
        np.concatenate([which, of_findings]),
        np.concatenate([numbers, np.full(len(packets), -1)]),
        texts,
    )


def _of_changes(
    table: FlowTable, rows: Rows, style: Style, lang: str, final: bool
) -> tuple[list[tuple[bytes, bytes]], Rows]:
    """Return the texts of the kinds of changes, around the number of the connection, and which each change has."""
    client = table.connections["notes"][rows["endpoint"] >> 1] & c.NOTE_CLIENT_IS_1 != 0
    sides = (rows["endpoint"] & 1) ^ client
    kinds = np.ravel_multi_index((sides, rows["from"], rows["to"], rows["row"], certainties(rows, final)), KINDS)
    known = np.flatnonzero(np.bincount(kinds))
    states = shown_states(style)
    before, _, behind = translate("connection {number}", lang).partition("{number}")
    found = []
    for side, old, new, row, certainty in np.transpose(np.unravel_index(known, KINDS)).tolist():
        role, cause = (translate(text, lang) for text in (SIDES[side], TABLE[row].cause))
        sure = Certainty(certainty)
        doubt = "" if sure in (Certainty.SEEN, Certainty.TIMER) else f" ({translate(sure.word, lang)})"
        text = f"{role} {states[old]} → {states[new]}: {cause}{doubt} [{before}"
        found.append((text.encode(), f"{behind}]".encode()))
    return found, np.searchsorted(known, kinds)
