"""What netstat is asked: which tables, of whom, and which parts of it contradict each other."""

from __future__ import annotations

from typing import NamedTuple

from ..errors import CallError
from ..messages import Message

PROTOCOLS = ("tcp", "tcpv6", "udp", "udpv6", "ip", "ipv6", "icmp", "icmpv6")
OF_SOCKETS = PROTOCOLS[:4]
"""The protocols that have sockets; of the others there are statistics only."""


class Question(NamedTuple):
    """The tables that are wanted, and what is to stand in them; by default the connections alone."""

    local: tuple[str, ...] = ()
    """Whose netstat: addresses and networks; none: the host that the capture shows."""
    all_: bool = False
    """Also ports that listen, and UDP ports."""
    listening: bool = False
    """Ports that listen, and UDP ports, alone."""
    tcp: bool = False
    """TCP alone, unless ``udp`` too."""
    udp: bool = False
    """UDP ports alone, unless ``tcp`` too."""
    inet: bool = False
    """IPv4 alone, unless ``inet6`` too."""
    inet6: bool = False
    """IPv6 alone, unless ``inet`` too."""
    protocol: str | None = None
    """This one of PROTOCOLS alone."""
    ethernet: bool = False
    route: bool = False
    statistics: bool = False
    numeric: bool = False
    """Addresses and ports as numbers."""
    fqdn: bool = False
    """Fully qualified names, not just their first labels."""
    resolve: bool = False
    """The resolver of this machine is asked for names that the capture does not tell."""
    pid: bool = False
    program: bool = False
    both: bool = False
    """The states of both ends."""

    @property
    def sockets(self) -> bool:
        """Whether the table of sockets is wanted: unless only other tables are."""
        others = self.ethernet or self.route or self.statistics
        return not others or any((self.all_, self.pid, self.program, self.both, self.listening))

    @property
    def families(self) -> tuple[bool, ...]:
        """The families that are wanted; True: IPv6."""
        if self.protocol is not None:
            return (self.protocol.endswith("v6"),)
        return (self.inet6,) if self.inet != self.inet6 else (False, True)

    def _wants(self, transport: str) -> bool:
        if self.protocol in OF_SOCKETS:
            return self.protocol.removesuffix("v6") == transport
        named = {"tcp": self.tcp, "udp": self.udp}
        return named[transport] or (not any(named.values()) and (transport == "tcp" or self.all_ or self.listening))

    @property
    def connections(self) -> bool:
        """Whether connections are wanted."""
        return self._wants("tcp") and (self.all_ or not self.listening)

    @property
    def servers(self) -> bool:
        """Whether TCP ports that listen are wanted."""
        return self._wants("tcp") and (self.all_ or self.listening)

    @property
    def udp_ports(self) -> bool:
        """Whether UDP ports are wanted."""
        return self.sockets and self._wants("udp")

    @property
    def protocols(self) -> tuple[str, ...]:
        """The protocols of which statistics are wanted."""
        if self.protocol is not None:
            return (self.protocol,)
        named = [one for one, wanted in (("tcp", self.tcp), ("udp", self.udp)) if wanted]
        return tuple(
            one
            for one in PROTOCOLS
            if one.endswith("v6") in self.families and (not named or one.removesuffix("v6") in named)
        )

    @property
    def traffic(self) -> bool:
        """Whether frames without TCP must be counted."""
        return self.ethernet or self.route or self.statistics or self.udp_ports

    @property
    def tables(self) -> int:
        """How many tables are wanted."""
        return sum((self.sockets, self.ethernet, self.route, self.statistics))

    def check(self) -> None:
        """Raise CallError for parts that contradict each other."""
        if self.numeric and self.fqdn:
            raise CallError("-n asks for numbers and -f for names; give one of them")
        if self.numeric and self.resolve:
            raise CallError("-n asks for numbers and --resolve for names; give one of them")
        if self.protocol not in (None, *OF_SOCKETS) and not self.statistics:
            raise CallError(Message("-p {protocol} goes with -s", protocol=self.protocol))
        if self.protocol is not None and (self.tcp or self.udp or self.inet or self.inet6):
            raise CallError(
                Message("-p {protocol} and -t, -u, -4 or -6 do the same; give one of them", protocol=self.protocol)
            )
