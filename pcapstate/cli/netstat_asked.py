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

    @property
    def connections(self) -> bool:
        """Whether the table of connections is wanted: unless only other tables are."""
        others = self.ethernet or self.route or self.statistics
        return not others or self.all_ or self.pid or self.program or self.both

    @property
    def udp(self) -> bool:
        """Whether UDP ports are wanted."""
        return self.connections and (self.all_ or self.protocol in ("udp", "udpv6"))

    def check(self) -> None:
        """Raise UsageError for what contradicts itself."""
        if self.numeric and self.fqdn:
            raise click.UsageError("-n asks for numbers and -f for names; give one of them")
        if self.numeric and self.resolve:
            raise click.UsageError("-n asks for numbers and --resolve for names; give one of them")
        if self.protocol not in (None, *OF_CONNECTIONS) and not self.statistics:
            raise click.UsageError(f"-p {self.protocol} goes with -s")

    @property
    def traffic(self) -> bool:
        """Whether frames without TCP must be counted."""
        return self.ethernet or self.route or self.statistics or self.udp
