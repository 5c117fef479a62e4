"""The colours of pictures, on light and on dark ground: those of states are the ones that a report has."""

from __future__ import annotations

from ..tcp.states import State

LIGHT = {
    "paper": "#ffffff",
    "ink": "#1b1f24",
    "faint": "#57606a",
    "line": "#d8dee4",
    **{
        State.UNKNOWN.name: "#b6bcc4",
        State.CLOSED.name: "#ffffff",
        State.LISTEN.name: "#e6e0b0",
        State.SYN_SENT.name: "#f0e442",
        State.SYN_RECEIVED.name: "#e69f00",
        State.ESTABLISHED.name: "#0072b2",
        State.FIN_WAIT_1.name: "#56b4e9",
        State.FIN_WAIT_2.name: "#009e73",
        State.CLOSE_WAIT.name: "#d55e00",
        State.CLOSING.name: "#e78ac3",
        State.LAST_ACK.name: "#984ea3",
        State.TIME_WAIT.name: "#8c96a0",
    },
}
DARK = {
    "paper": "#0d1117",
    "ink": "#e6edf3",
    "faint": "#9ea7b3",
    "line": "#30363d",
    **{
        State.UNKNOWN.name: "#6e7681",
        State.CLOSED.name: "#0d1117",
        State.LISTEN.name: "#7d7743",
        State.SYN_SENT.name: "#f0e442",
        State.SYN_RECEIVED.name: "#e69f00",
        State.ESTABLISHED.name: "#3d9bd6",
        State.FIN_WAIT_1.name: "#8fd0f5",
        State.FIN_WAIT_2.name: "#1fb58b",
        State.CLOSE_WAIT.name: "#f07a2b",
        State.CLOSING.name: "#f0a4d2",
        State.LAST_ACK.name: "#c07fce",
        State.TIME_WAIT.name: "#8b949e",
    },
}
