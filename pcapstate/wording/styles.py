"""How netstat words its table on Windows, Linux and macOS, and how RFC 9293 would.

Sources: netstat of Windows; netstat.c of net-tools (Linux); inet.c of netstat and tcp_fsm.h (macOS, from BSD);
RFC 9293 §3.3.2 for the states and §3.9.1.5, what the STATUS command returns, for the titles.
"""

from __future__ import annotations

from typing import NamedTuple

from ..tcp.states import State

ANY_HOSTS = ("0.0.0.0", "::")
"""How addresses that stand for every address are written in full."""


class Title(NamedTuple):
    """A column of netstat's table: what it holds (the same in all styles), and its title."""

    column: str
    title: str


class Style(NamedTuple):
    """The wording of one system."""

    name: str
    system: str
    """The system's name, for people."""
    states: dict[State, str]
    titles: tuple[Title, ...]
    """Its columns in their order, of proto, recv_queue, send_queue, local, foreign and state."""
    process: Title
    """The column that tells the process, where that is asked for."""
    tcp: tuple[str, str]
    """The word for TCP over IPv4, and over IPv6."""
    udp: tuple[str, str]
    before_port: str
    brackets: bool
    """Whether an IPv6 address before a port is in brackets."""
    any_host: str | None
    """What stands for every address; None: the address itself."""
    any_port: str
    """What stands for port 0, which is every port."""
    any_udp: str | None
    """The foreign address of a UDP socket that has no peer, where that is not as for TCP."""
    heading: str
    heading_all: str
    """The heading where ports that listen are shown, too."""


def _spelled(**different: str) -> dict[State, str]:
    return {state: different.get(state.name, state.name) for state in State}


_ADDRESSES = (Title("local", "Local Address"), Title("foreign", "Foreign Address"))
_QUEUES = (Title("recv_queue", "Recv-Q"), Title("send_queue", "Send-Q"))

WINDOWS = Style(
    name="windows",
    system="Windows",
    states=_spelled(LISTEN="LISTENING"),
    titles=(Title("proto", "Proto"), *_ADDRESSES, Title("state", "State")),
    process=Title("pid", "PID"),
    tcp=("TCP", "TCP"),
    udp=("UDP", "UDP"),
    before_port=":",
    brackets=True,
    any_host=None,
    any_port="0",
    any_udp="*:*",
    heading="Active Connections",
    heading_all="Active Connections",
)

LINUX = Style(
    name="linux",
    system="Linux",
    states=_spelled(SYN_RECEIVED="SYN_RECV", FIN_WAIT_1="FIN_WAIT1", FIN_WAIT_2="FIN_WAIT2", CLOSED="CLOSE"),
    titles=(Title("proto", "Proto"), *_QUEUES, *_ADDRESSES, Title("state", "State")),
    process=Title("process", "PID/Program name"),
    tcp=("tcp", "tcp6"),
    udp=("udp", "udp6"),
    before_port=":",
    brackets=False,
    any_host=None,
    any_port="*",
    any_udp=None,
    heading="Active Internet connections (w/o servers)",
    heading_all="Active Internet connections (servers and established)",
)

MACOS = Style(
    name="macos",
    system="macOS",
    states=_spelled(SYN_RECEIVED="SYN_RCVD"),
    titles=(Title("proto", "Proto"), *_QUEUES, *_ADDRESSES, Title("state", "(state)")),
    process=Title("pid", "pid"),
    tcp=("tcp4", "tcp6"),
    udp=("udp4", "udp6"),
    before_port=".",
    brackets=False,
    any_host="*",
    any_port="*",
    any_udp=None,
    heading="Active Internet connections",
    heading_all="Active Internet connections (including servers)",
)

RFC = Style(
    name="rfc",
    system="RFC 9293",
    states={state: state.name.replace("_", "-") for state in State},
    titles=(
        Title("proto", "Protocol"),
        Title("local", "Local Socket"),
        Title("foreign", "Remote Socket"),
        Title("state", "Connection State"),
    ),
    process=Title("pid", "PID"),
    tcp=("TCP", "TCP"),
    udp=("UDP", "UDP"),
    before_port=":",
    brackets=True,
    any_host="*",
    any_port="*",
    any_udp=None,
    heading="Connections",
    heading_all="Connections and Listening Ports",
)

STYLES = {style.name: style for style in (WINDOWS, LINUX, MACOS, RFC)}
"""All styles by name; the first is the one without ``--style``."""


def shown_states(style: Style) -> tuple[str, ...]:
    """Return how each state is spelled, in the order of ``State``: the words of a column of states."""
    return tuple(style.states[state] for state in State)


def protocol_text(style: Style, protocol: str, ipv6: bool) -> str:
    """Return the word for "tcp" or "udp" over one of the families."""
    return {"tcp": style.tcp, "udp": style.udp}[protocol][ipv6]


def endpoint_text(style: Style, host: str, port: str, ipv6: bool) -> str:
    """Return an address, or a host's name, with a port, or a service's name, as the style writes them.

    ``0.0.0.0``, ``::`` and port ``0`` stand for every one. ``host`` comes without brackets.
    """
    if style.any_host is not None and host in ANY_HOSTS:
        host = style.any_host
    if style.brackets and ipv6 and ":" in host:
        host = f"[{host}]"
    return f"{host}{style.before_port}{style.any_port if port == '0' else port}"


def restyled(style: Style, text: str) -> str:
    """Return an endpoint that is written as 10.0.0.1:80 or [2001:db8::1]:80 as the style writes it."""
    host, _, port = text.rpartition(":")
    ipv6 = host.startswith("[") and host.endswith("]")
    return endpoint_text(style, host[1:-1] if ipv6 else host, port, ipv6)


def no_peer_text(style: Style, protocol: str, ipv6: bool) -> str:
    """Return the foreign address of a port that listens ("tcp"), or of a socket without a peer ("udp")."""
    if protocol == "udp" and style.any_udp is not None:
        return style.any_udp
    return endpoint_text(style, "::" if ipv6 else "0.0.0.0", "0", ipv6)


def process_text(style: Style, pid: int | None, program: str | None) -> str:
    """Return a process for the column ``style.process``; a dash where it is not known."""
    if pid is None:
        return "-"
    return f"{pid}/{program or '-'}" if style.process.column == "process" else str(pid)


def heading(style: Style, all_: bool) -> str:
    """Return the heading of the table; ``all_``: with the ports that listen."""
    return style.heading_all if all_ else style.heading
