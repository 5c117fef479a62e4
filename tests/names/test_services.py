"""Names of ports and protocols."""

from __future__ import annotations

import re

from pcapstate.names import services


def test_services_of_both_protocols() -> None:
    assert services.TCP[443] == services.UDP[443] == "https"
    assert services.UDP[53] == "domain"
    assert [services.service(port, udp=True) for port in (67, 123, 137, 161, 500, 514, 1900, 5353, 5355, 40_000)] == [
        *("bootps", "ntp", "netbios-ns", "snmp", "isakmp", "syslog", "ssdp", "mdns", "llmnr", "40000"),
    ]
    assert services.service(514) == "shell"
    assert len(services.TCP) > 400
    for table in (services.TCP, services.UDP):
        # What the registry allows (RFC 6335 §5.1), with what it has from older times.
        assert all(
            0 < port < 65_536 and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,19}", name) for port, name in table.items()
        )
