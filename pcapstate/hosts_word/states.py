"""States as the systems' tools spell them, in the languages in which they do."""

from __future__ import annotations

from ..tcp.states import State
from ..wording.state_names import state_named

GERMAN = {
    "ABHÖREN": State.LISTEN,
    "HERGESTELLT": State.ESTABLISHED,
    "WARTEND": State.TIME_WAIT,
    "SCHLIESSEN_WARTEN": State.CLOSE_WAIT,
    "SYN_GESENDET": State.SYN_SENT,
    "SYN_EMPFANGEN": State.SYN_RECEIVED,
    "FIN_WARTEN_1": State.FIN_WAIT_1,
    "FIN_WARTEN_2": State.FIN_WAIT_2,
    "SCHLIESSEND": State.CLOSING,
}
"""Windows in German; in Japanese, French and Spanish its netstat has the English words."""
OTHERS = {
    **GERMAN,
    "ABH\x99REN": State.LISTEN,  # code page 850, which Windows' console has, read as Latin-1
    "UNCONN": State.CLOSED,  # ss: bound to a port, no more
    "BOUND": State.CLOSED,  # Windows: netstat -q
    "SYN_RCDV": State.SYN_RECEIVED,  # lsof on some systems
}


def host_state(text: str) -> State:
    """Return the state of a word; raises ValueError."""
    found = OTHERS.get(text.upper())
    if found is None:
        found = state_named(text)
    if found is None or found is State.UNKNOWN:
        raise ValueError(text)
    return found
