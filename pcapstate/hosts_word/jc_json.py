"""The JSON that jc makes of what ss, netstat and lsof print; its fields are in jc's documentation of these parsers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import lsof
from .host_socket import HostSocket
from .places import place, socket_of
from .states import host_state


def is_table(entries: Any) -> bool:
    """Tell whether JSON is a list of sockets as jc has them."""
    return isinstance(entries, list) and any(isinstance(one, dict) and _is_socket(one) for one in entries)


def sockets(entries: Sequence[Any]) -> Iterator[tuple[int, HostSocket | None]]:
    """Yield the number of each entry of a socket, from 1, and the socket, or None where it cannot be read."""
    for number, one in enumerate(entries, 1):
        if not isinstance(one, dict):
            yield number, None
        elif _is_socket(one):
            try:
                yield number, _socket(one)
            except (ValueError, TypeError, AttributeError, OverflowError):
                yield number, None


def _is_socket(one: Mapping[str, Any]) -> bool:
    """Tell whether an entry is of TCP or UDP."""
    if "command" in one and "node" in one:
        return str(one.get("type")) in lsof.VERSIONS and one["node"] in (*lsof.PROTOCOLS, None)
    protocol = next((one[name] for name in ("transport_protocol", "netid", "proto") if one.get(name)), None)
    if protocol is None:
        # ss without the column of protocols.
        return "peer_address" in one
    return isinstance(protocol, str) and protocol.lower().startswith(("tcp", "udp"))


def _socket(one: Mapping[str, Any]) -> HostSocket:
    if "node" in one and "command" in one:
        return _of_lsof(one)
    protocol = str(one.get("transport_protocol") or one.get("netid") or one.get("proto") or "tcp").lower()
    udp = protocol.startswith("udp")
    other = "peer" if "peer_address" in one else "foreign"
    local, foreign = (place(_text(one, end), udp) for end in ("local", other))
    state = one.get("state")
    pid, program = one.get("pid"), one.get("program_name")
    for users in one.values():
        if isinstance(users, dict) and isinstance(users.get("process_id"), dict) and users["process_id"]:
            pid, of_process = next(iter(users["process_id"].items()))
            program = of_process.get("user")
    told = str(one.get("network_protocol") or one.get("proto") or protocol)
    # "*:22" of ss is a socket of both families.
    version = True if "6" in told or (other == "peer" and local.ipv6 is None) else None
    known = host_state(state) if isinstance(state, str) and not udp else None
    return socket_of(
        udp,
        local,
        foreign,
        known,
        version,
        None if pid is None else _number(pid),
        None if program is None else str(program),
    )


def _text(one: Mapping[str, Any], end: str) -> str:
    """Return the address and port of an end as the tools print them."""
    port = one.get(f"{end}_port_num")
    if port is None:
        port = one.get(f"{end}_port")
    return f"{one.get(f'{end}_address') or '*'}:{'*' if port is None else port}"


def _number(value: Any) -> int:
    if isinstance(value, bool) or not 0 <= (number := int(value)) < 1 << 32:
        raise ValueError(value)
    return number


def _of_lsof(one: Mapping[str, Any]) -> HostSocket:
    name, _, state = str(one["name"]).partition(" (")
    known = state.rstrip(" )") or None
    # jc takes the protocol for a number, and loses it, unless it is asked for raw fields; only TCP has states here.
    protocol = one["node"] or ("UDP" if known is None else "TCP")
    version = lsof.VERSIONS[one["type"]]
    return lsof.entry(str(one["command"]), str(_number(one["pid"])), version, protocol, name, known)
