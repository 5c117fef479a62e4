"""netstat for packets: the TCP state of both endpoints of every connection in a capture, at any moment.

    import pcapstate

    for connection in pcapstate.connections("capture.pcapng"):
        print(connection.client, connection.client_state, connection.server_state, connection.outcome)
    for transition in pcapstate.transitions("capture.pcapng"):
        print(transition.time, transition.address, transition.from_state, "->", transition.to_state)
    frame = pcapstate.connections("capture.pcapng").to_pandas()

The names below are the public interface; everything else may change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .api import connections, live, netstat, open, transitions
    from .drawn import Ladder, StatesOverTime
    from .errors import CallError, CaptureDamaged, CaptureError, LiveError, MomentError, PcapstateError
    from .objects import Connection, Counter, Finding, Netstat, Route, State, StateCount, Step, Transition
    from .packets import Tracker
    from .query.errors import QueryError
    from .reading import Losses
    from .records import Arriving, Records
    from .session import Session, Snapshot

_HOME = {
    **dict.fromkeys(("connections", "live", "netstat", "open", "transitions"), ".api"),
    **dict.fromkeys(("Session", "Snapshot"), ".session"),
    **dict.fromkeys(
        ("CallError", "CaptureDamaged", "CaptureError", "LiveError", "MomentError", "PcapstateError"), ".errors"
    ),
    **dict.fromkeys(("Ladder", "StatesOverTime"), ".drawn"),
    **dict.fromkeys(
        ("Connection", "Counter", "Finding", "Netstat", "Route", "State", "StateCount", "Step", "Transition"),
        ".objects",
    ),
    **dict.fromkeys(("Arriving", "Records"), ".records"),
    "Losses": ".reading",
    "QueryError": ".query.errors",
    "Tracker": ".packets",
}

__all__ = [
    "Arriving",
    "CallError",
    "CaptureDamaged",
    "CaptureError",
    "Connection",
    "Counter",
    "Finding",
    "Ladder",
    "LiveError",
    "Losses",
    "MomentError",
    "Netstat",
    "PcapstateError",
    "QueryError",
    "Records",
    "Route",
    "Session",
    "Snapshot",
    "State",
    "StateCount",
    "StatesOverTime",
    "Step",
    "Tracker",
    "Transition",
    "connections",
    "live",
    "netstat",
    "open",
    "transitions",
]


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


def __getattr__(name: str) -> Any:
    # Loaded on first use: the command line needs none of it, and starting fast is a feature.
    if name in _HOME:
        from importlib import import_module

        return getattr(import_module(_HOME[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
