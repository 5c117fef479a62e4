"""Sockets as the systems' tools print them: the same truth in the forms of all."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Sequence
from typing import NamedTuple

SS = {"SYN_RECEIVED": "SYN-RECV", "ESTABLISHED": "ESTAB", "CLOSED": "UNCONN"}
NET_TOOLS = {"SYN_RECEIVED": "SYN_RECV", "FIN_WAIT_1": "FIN_WAIT1", "FIN_WAIT_2": "FIN_WAIT2", "CLOSED": "CLOSE"}
BSD = {"SYN_RECEIVED": "SYN_RCVD"}
WINDOWS = {"LISTEN": "LISTENING"}
GERMAN = {
    "LISTEN": "ABHÖREN", "ESTABLISHED": "HERGESTELLT", "TIME_WAIT": "WARTEND", "CLOSE_WAIT": "SCHLIESSEN_WARTEN",
    "SYN_SENT": "SYN_GESENDET", "FIN_WAIT_2": "FIN_WARTEN_2",
}  # fmt: skip


class Told(NamedTuple):
    """A socket, with RFC 9293's name of its state; addresses in text, port 0 and no address: any."""

    proto: str
    local: str
    local_port: int
    foreign: str = ""
    foreign_port: int = 0
    state: str = ""
    pid: int | None = None
    program: str | None = None
    ipv6: bool = False

    @property
    def version(self) -> int:
        one = self.local or self.foreign
        return ipaddress.ip_address(one).version if one else 6 if self.ipv6 else 4


def _end(host: str, port: int, version: int, *, brackets: bool, any_port: str, any_host: str | None = None) -> str:
    host = host or any_host or ("::" if version == 6 else "0.0.0.0")
    host = f"[{host}]" if brackets and ":" in host else host
    return f"{host}:{port or any_port}"


def ss(sockets: Sequence[Told], netid: bool = True) -> str:
    first = f"{'Netid':6}" if netid else ""
    lines = [f"{first}{'State':11}Recv-Q Send-Q {'Local Address:Port':>42} {'Peer Address:Port':>42} Process"]
    for one in sockets:
        state = SS.get(one.state, one.state.replace("_", "-")) or ("ESTAB" if one.foreign else "UNCONN")
        ends = [
            _end(host, port, one.version, brackets=True, any_port="*")
            for host, port in ((one.local, one.local_port), (one.foreign, one.foreign_port))
        ]
        users = "" if one.pid is None else f'users:(("{one.program}",pid={one.pid},fd=3))'
        first = f"{one.proto:6}" if netid else ""
        lines.append(f"{first}{state:11}{0:<6} {0:<6} {ends[0]:>42} {ends[1]:>42} {users}")
    return "\n".join(lines) + "\n"


def windows(sockets: Sequence[Told], words: dict[str, str] = WINDOWS, titles: str = "") -> str:
    titles = titles or "  Proto  Local Address          Foreign Address        State           PID"
    lines = ["", "Active Connections", "", titles]
    for one in sockets:
        local = _end(one.local, one.local_port, one.version, brackets=True, any_port="0")
        foreign = _end(one.foreign, one.foreign_port, one.version, brackets=True, any_port="0")
        if one.proto == "udp":
            foreign = "*:*"
        state = words.get(one.state, one.state)
        lines.append(f"  {one.proto.upper()}    {local:22} {foreign:22} {state:15} {one.pid or 0}")
    return "\r\n".join(lines) + "\r\n"


def net_tools(sockets: Sequence[Told]) -> str:
    lines = [
        "Active Internet connections (servers and established)",
        "Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name    ",
    ]
    for one in sockets:
        local = _end(one.local, one.local_port, one.version, brackets=False, any_port="*")
        foreign = _end(one.foreign, one.foreign_port, one.version, brackets=False, any_port="*")
        proto = one.proto + ("6" if one.version == 6 else "")
        state = NET_TOOLS.get(one.state, one.state)
        owner = "-" if one.pid is None else f"{one.pid}/{one.program}"
        lines.append(f"{proto:5} {0:6} {0:6} {local:23} {foreign:23} {state:11} {owner:20}")
    return "\n".join(lines) + "\n"


def bsd(sockets: Sequence[Told]) -> str:
    lines = [
        "Active Internet connections (including servers)",
        "Proto Recv-Q Send-Q  Local Address          Foreign Address        (state)    ",
    ]
    for one in sockets:
        ends = [
            f"{host or '*'}.{port or '*'}"
            for host, port in ((one.local, one.local_port), (one.foreign, one.foreign_port))
        ]
        proto = f"{one.proto}{one.version}"
        lines.append(f"{proto:5} {0:6} {0:6}  {ends[0]:22} {ends[1]:22} {BSD.get(one.state, one.state):11}")
    return "\n".join(lines) + "\n"


def lsof(sockets: Sequence[Told]) -> str:
    lines = ["COMMAND    PID     USER   FD   TYPE             DEVICE SIZE/OFF NODE NAME"]
    for one in sockets:
        name = _end(one.local, one.local_port, one.version, brackets=True, any_port="*", any_host="*")
        if one.foreign:
            name += "->" + _end(one.foreign, one.foreign_port, one.version, brackets=True, any_port="*")
        state = f" ({one.state})" if one.state else ""
        kind = f"IPv{one.version}"
        owner = f"{one.program or 'unnamed':9} {one.pid or 0:4}     root    3u"
        lines.append(f"{owner}  {kind}              12345      0t0  {one.proto.upper()} {name}{state}")
    return "\n".join(lines) + "\n"


def as_jc(parser: str, text: str) -> str:
    """Return what jc makes of it."""
    # Only some need it.
    import jc

    return json.dumps(jc.parse(parser, text, quiet=True))
