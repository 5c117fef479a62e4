"""netstat for packets: the TCP state of both endpoints of every connection in a capture, at any moment.

    import pcapstate

    for connection in pcapstate.connections("capture.pcapng"):
        print(connection.client, connection.client_state, connection.server_state, connection.outcome)
    for transition in pcapstate.transitions("capture.pcapng"):
        print(transition.time, transition.address, transition.from_state, "->", transition.to_state)

The names below are the public interface; everything else may change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .api import Connection, Endpoint, Netstat, Session, Transition, connections, netstat, open, transitions
    from .errors import CaptureDamaged, CaptureError, LiveError, MomentError, PcapstateError
    from .tcp.states import State

_HOME = {
    **dict.fromkeys(
        ("Connection", "Endpoint", "Netstat", "Session", "Transition", "connections", "netstat", "open", "transitions"),
        ".api",
    ),
    **dict.fromkeys(("CaptureDamaged", "CaptureError", "LiveError", "MomentError", "PcapstateError"), ".errors"),
    "State": ".tcp.states",
}

__all__ = [
    "CaptureDamaged",
    "CaptureError",
    "Connection",
    "Endpoint",
    "LiveError",
    "MomentError",
    "Netstat",
    "PcapstateError",
    "Session",
    "State",
    "Transition",
    "connections",
    "netstat",
    "open",
    "transitions",
]


def __getattr__(name: str) -> Any:
    # Loaded on first use: the command line needs none of it, and starting fast is a feature.
    if name in _HOME:
        from importlib import import_module

        return getattr(import_module(_HOME[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
