"""Names of TCP ports, from the IANA service name registry: the same on every machine."""

from __future__ import annotations

TCP = {
    7: "echo", 20: "ftp-data", 21: "ftp", 22: "ssh", 23: "telnet", 25: "smtp", 37: "time", 43: "whois", 49: "tacacs",
    53: "domain", 70: "gopher", 79: "finger", 80: "http", 88: "kerberos", 102: "iso-tsap", 110: "pop3",
    111: "sunrpc", 113: "auth", 119: "nntp", 135: "epmap", 139: "netbios-ssn", 143: "imap", 179: "bgp", 194: "irc",
    389: "ldap", 443: "https", 445: "microsoft-ds", 465: "submissions", 502: "mbap", 512: "exec", 513: "login",
    514: "shell", 515: "printer", 548: "afpovertcp", 554: "rtsp", 587: "submission", 631: "ipp", 636: "ldaps",
    639: "msdp", 646: "ldp", 853: "domain-s", 860: "iscsi", 873: "rsync", 989: "ftps-data", 990: "ftps",
    992: "telnets", 993: "imaps", 995: "pop3s", 1080: "socks", 1194: "openvpn", 1433: "ms-sql-s", 1521: "ncube-lm",
    1723: "pptp", 1883: "mqtt", 2049: "nfs", 2181: "eforward", 2404: "iec-104", 3260: "iscsi-target", 3306: "mysql",
    3389: "ms-wbt-server", 3868: "diameter", 4369: "epmd", 5060: "sip", 5061: "sips", 5222: "xmpp-client",
    5269: "xmpp-server", 5432: "postgresql", 5671: "amqps", 5672: "amqp", 5900: "rfb", 5985: "wsman", 5986: "wsmans",
    6379: "redis", 6443: "sun-sr-https", 6514: "syslog-tls", 6697: "ircs-u", 8080: "http-alt", 8443: "pcsync-https",
    8883: "secure-mqtt", 9418: "git", 11211: "memcache", 20000: "dnp", 27017: "mongodb", 44818: "EtherNet-IP-2",
}  # fmt: skip


def with_service(address: str) -> str:
    """Return an address and port as text with the port's name in place of its number, where it has one."""
    host, _, port = address.rpartition(":")
    return f"{host}:{TCP.get(int(port), port)}"
