"""What ``pcapstate netstat`` is asked for: its own options, and which of them contradict each other."""

from __future__ import annotations

from typing import NamedTuple

import click

PROTOCOLS = ("tcp", "tcpv6", "udp", "udpv6", "ip", "ipv6", "icmp", "icmpv6")
OF_CONNECTIONS = PROTOCOLS[:4]


class Asked(NamedTuple):
    """The options of netstat alone."""

    local: tuple[str, ...]
    all_: bool
    numeric: bool
    fqdn: bool
    pid: bool
    program: bool
    ethernet: bool
    route: bool
    statistics: bool
    protocol: str | None
    both: bool
    resolve: bool
    # Linux's
    tcp: bool = False
    udp: bool = False
    listening: bool = False
    unix: bool = False
    inet: bool = False
    inet6: bool = False
    programs: bool = False

    @property
    def linux(self) -> bool:
        """Whether these are options as people type them on Linux."""
        return any((self.tcp, self.udp, self.listening, self.unix, self.inet, self.inet6, self.programs))

    def understood(self) -> tuple[Asked, list[str]]:
        """Return what Linux's letters mean in ours, and what is to be said of those that packets do not tell.

        Raises UsageError for what no capture can have.
        """
        if not self.linux:
            return self, []
        remarks = []
        if self.unix:
            if not (self.tcp or self.udp):
                raise click.UsageError("-x asks for UNIX sockets, and these are in no capture")
            remarks.append("-x: UNIX sockets are in no capture")
        if self.ethernet:
            remarks.append("-e among Linux's letters: packets tell neither users nor inodes")
        if self.pid:
            remarks.append("-o among Linux's letters: packets do not tell timers")
        return self._replace(ethernet=False, pid=self.programs, program=self.program or self.programs), remarks

    @property
    def connections(self) -> bool:
        """Whether the table of connections is wanted: unless only other tables are."""
        others = self.ethernet or self.route or self.statistics
        return not others or any((self.all_, self.pid, self.program, self.both, self.listening))

    @property
    def families(self) -> tuple[bool, ...]:
        """Of each family that is wanted whether it is IPv6."""
        if self.protocol is not None:
            return (self.protocol.endswith("v6"),)
        return (self.inet6,) if self.inet != self.inet6 else (False, True)

    def _wants(self, transport: str) -> bool:
        if self.protocol in OF_CONNECTIONS:
            return self.protocol.removesuffix("v6") == transport
        named = {"tcp": self.tcp, "udp": self.udp}
        return named[transport] or (not any(named.values()) and (transport == "tcp" or self.all_ or self.listening))

    @property
    def open_ones(self) -> bool:
        """Whether connections are wanted."""
        return self._wants("tcp") and (self.all_ or not self.listening)

    @property
    def servers(self) -> bool:
        """Whether TCP ports that listen are wanted."""
        return self._wants("tcp") and (self.all_ or self.listening)

    @property
    def ports(self) -> bool:
        """Whether UDP ports are wanted."""
        return self.connections and self._wants("udp")

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

    def check(self) -> None:
        """Raise UsageError for what contradicts itself."""
        if self.numeric and self.fqdn:
            raise click.UsageError("-n asks for numbers and -f for names; give one of them")
        if self.numeric and self.resolve:
            raise click.UsageError("-n asks for numbers and --resolve for names; give one of them")
        if self.protocol not in (None, *OF_CONNECTIONS) and not self.statistics:
            raise click.UsageError(f"-p {self.protocol} goes with -s")
        if self.protocol is not None and (self.tcp or self.udp or self.inet or self.inet6):
            raise click.UsageError(f"-p {self.protocol} and -t, -u, -4 or -6 choose the same; give one of them")

    @property
    def traffic(self) -> bool:
        """Whether frames without TCP must be counted."""
        return self.ethernet or self.route or self.statistics or self.ports
