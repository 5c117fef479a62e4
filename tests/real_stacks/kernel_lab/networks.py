"""Hosts joined by Ethernet links, for tests of what netstat tells beside connections: statistics and routes.

Unlike ``lab``, nothing stands between the hosts: pairs of interfaces, and a bridge where more than two share a link.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import struct
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from kernel_lab.namespaces import Namespace
from kernel_lab.recorder import Capture

PATIENCE = 8.0
QUIET = 1.3
"""Seconds without a packet after which nothing more comes by itself (MLD reports come within one)."""
OFFLOADS = ("gro", "gso", "tso", "tx", "rx")
"""What makes one packet of several before a capture sees it."""


def reason_to_skip() -> str:
    """Why these tests cannot run here; empty if they can."""
    if sys.platform != "linux":
        return "needs Linux"
    if os.geteuid() != 0:
        return "needs root, for network namespaces"
    for program in ("ip", "tcpdump", "nft", "ethtool"):
        if shutil.which(program) is None:
            return f"needs the program {program}"
    try:
        with Networks() as networks:
            networks.join(networks.host("a"), networks.host("b"))
    except (OSError, RuntimeError) as error:
        return f"needs network namespaces and veth interfaces ({error})"
    return ""


class Host:
    """A host with a network of its own."""

    def __init__(self, name: str) -> None:
        self.name, self.space = name, Namespace()
        self.links = 0

    def socket(self, family: int, kind: int, protocol: int = 0) -> socket.socket:
        """A socket of this host."""
        with self.space.entered():
            made = socket.socket(family, kind, protocol)
        made.settimeout(PATIENCE)
        return made

    def set(self, path: str, value: int | str) -> None:
        """Set a value below /proc/sys/net."""
        with self.space.entered():
            Path("/proc/sys/net", path).write_text(str(value), encoding="ascii")

    def ip(self, command: str) -> None:
        """Run ip with these words."""
        self.space.run("ip", *command.split())

    def nft(self, *commands: str) -> None:
        """Run nft commands."""
        for command in commands:
            self.space.run("nft", command)

    def mac(self, interface: str) -> str:
        """The MAC address of an interface."""
        # /sys shows the network that the mount belongs to; a socket asks its own.
        with self.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            request = struct.pack("256s", interface.encode())
            return fcntl.ioctl(asking, 0x8927, request)[18:24].hex(":")

    def mib(self) -> dict[str, int]:
        """What nstat reads: the kernel's counters by name."""
        found: dict[str, int] = {}
        lines = self.space.read("snmp").splitlines()
        for titles, values in zip(lines[::2], lines[1::2], strict=True):
            group, *names = titles.split()
            found |= {group[:-1] + name: int(value) for name, value in zip(names, values.split()[1:], strict=True)}
        for line in self.space.read("snmp6").splitlines():
            name, value = line.split()
            found[name] = int(value)
        return found

    def interface(self, name: str) -> dict[str, int]:
        """Bytes and packets that an interface received and sent."""
        for line in self.space.read("dev").splitlines():
            if line.split(":")[0].strip() == name:
                values = [int(one) for one in line.split(":")[1].split()]
                names = ("in_bytes", "in_packets", "out_bytes", "out_packets")
                return dict(zip(names, values[:2] + values[8:10], strict=True))
        raise LookupError(name)


class Networks:
    """Hosts and the links between them; all vanish at the end."""

    def __init__(self) -> None:
        self._resources = ExitStack()
        self.switches: list[Host] = []

    def __enter__(self) -> Networks:
        return self

    def __exit__(self, *_: object) -> None:
        self._resources.close()

    def host(self, name: str, *, forwards: bool = False) -> Host:
        """A new host; one that forwards is a router."""
        host = Host(name)
        self._resources.callback(host.space.close)
        for place in ("all", "default"):
            # Nothing is sent by itself, as far as that can be had.
            host.set(f"ipv6/conf/{place}/accept_dad", 0)
            host.set(f"ipv6/conf/{place}/router_solicitations", 0)
            host.set(f"ipv6/conf/{place}/forwarding", int(forwards))
            host.set(f"ipv4/conf/{place}/forwarding", int(forwards))
            host.set(f"ipv4/conf/{place}/rp_filter", 0)
        host.set("ipv4/ping_group_range", "0 2147483647")
        return host

    def join(self, one: Host, other: Host) -> tuple[str, str]:
        """Join two hosts by a wire; return the names of its ends: eth0, eth1 ... of each host."""
        names = []
        for host in (one, other):
            names.append(f"eth{host.links}")
            host.links += 1
        with other.space.entered():
            there = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            place = f"/proc/{os.getpid()}/fd/{there}"
            one.ip(f"link add name {names[0]} type veth peer name {names[1]} netns {place}")
        finally:
            os.close(there)
        for host, name in zip((one, other), names, strict=True):
            for version in ("ipv4", "ipv6"):
                # Stations that are known stay known: nothing is asked again by itself.
                host.set(f"{version}/neigh/{name}/base_reachable_time_ms", 3_600_000)
                host.set(f"{version}/neigh/{name}/delay_first_probe_time", 3600)
            host.space.run("ethtool", "-K", name, *(word for offload in OFFLOADS for word in (offload, "off")))
            # TCP hands IP several segments as one packet whatever the interface can, but for this.
            host.ip(f"link set {name} gso_max_segs 1")
            host.ip(f"link set {name} up")
        return names[0], names[1]

    def switch(self, *hosts: Host) -> list[str]:
        """Join hosts by a switch; return the name of each one's interface."""
        switch = self.host("switch")
        self.switches.append(switch)
        switch.ip("link add br0 type bridge mcast_snooping 0")
        switch.ip("link set br0 up")
        switch.set("ipv6/conf/br0/disable_ipv6", 1)
        names = []
        for host in hosts:
            port, name = self.join(switch, host)
            switch.set(f"ipv6/conf/{port}/disable_ipv6", 1)
            switch.ip(f"link set {port} master br0")
            names.append(name)
        return names


class Recording:
    """A capture on an interface of a host, from a moment of silence to the next one."""

    def __init__(self, host: Host, interface: str, path: Path) -> None:
        self.host, self._interface = host, interface
        await_silence(host, interface, 0.2)
        self._capture = Capture(host.space, path, interface, ("-s", "0"))
        self.path = path
        self.before, self._wire_before = host.mib(), host.interface(interface)

    def stop(self) -> tuple[dict[str, int], dict[str, int]]:
        """End it; return how much each counter of the kernel rose meanwhile, and of the interface."""
        await_silence(self.host, self._interface, 0.2)
        after, wire = self.host.mib(), self.host.interface(self._interface)
        self._capture.stop()
        return (
            {name: value - self.before.get(name, 0) for name, value in after.items()},
            {name: value - self._wire_before[name] for name, value in wire.items()},
        )


def await_silence(host: Host, interface: str, seconds: float = QUIET) -> None:
    """Wait until an interface has carried nothing for a while."""
    deadline = time.monotonic() + 2 * PATIENCE
    last, since = None, time.monotonic()
    while (now := time.monotonic()) - since < seconds:
        if now > deadline:
            raise TimeoutError(f"{interface} of {host.name} is never silent")
        if (current := host.interface(interface)) != last:
            last, since = current, now
        time.sleep(0.02)
