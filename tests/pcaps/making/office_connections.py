"""The connections of the laptop of ``office``: with the web, the branch, a colleague, and those that fail."""

from __future__ import annotations

from .device_messages import http, postgres
from .lan import error_about, icmp, packed
from .name_messages import AAAA, CNAME, HTTPS, A, Record, addresses, https
from .office_talks import Conversation, of_laptop, web
from .office_wire import BRANCH_ROUTER, COLLEAGUE, LAPTOP, NAS, ROUTER, Wire, chance

CDN, CDN6 = "203.0.113.80", "2001:db8:80::80"
NEWS, API, API_LATER, UPDATES = "203.0.113.81", "203.0.113.44", "203.0.113.45", "203.0.113.90"
GIT, MAIL, UPLOAD, GONE = "198.51.100.22", "198.51.100.25", "198.51.100.7", "192.0.2.199"
DOCS6 = "2001:db8:80::10"
DATABASE, INTRANET = "10.9.0.15", "10.9.0.80"
CURL = "curl/8.4.0"
BROWSER = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.1 Safari/605.1.15"


def browse(wire: Wire) -> None:
    """Browse: names behind aliases, hints in HTTPS records, IPv6, a hello of two segments; and a shell, and mail."""
    alias, edge = "www.example.com.cdn.example.net", "edge7.cdn.example.net"
    chain = [Record("www.example.com", CNAME, alias, 300), Record(alias, CNAME, edge, 60)]
    wire.resolve(2.0, "www.example.com", A, [*chain, *addresses(edge, CDN, lifetime=30)])
    wire.resolve(2.000_4, "www.example.com", AAAA, [*chain, *addresses(edge, CDN6, lifetime=30)])
    www = of_laptop(49_201, (CDN, 443), 2.06, 11.8, "Safari").secured("www.example.com").secret(412, 1210)
    www.until(40.2).secret(388, 640).until(66.3).secret(396, 702).onto(wire)
    second = of_laptop(49_202, (CDN, 443), 2.14, 11.8, "Safari")
    second.resumed("www.example.com", (b"h2", b"http/1.1"), b"h2").secret(370, 890)
    second.until(12.5).closed_by(second.client).onto(wire)

    wire.resolve(2.95, "git.example.org", A, addresses("git.example.org", GIT, lifetime=3600))
    shell = of_laptop(49_208, (GIT, 22), 3.0, 24.3, "ssh").shell(b"SSH-2.0-OpenSSH_9.4", b"SSH-2.0-OpenSSH_9.6")
    for at in (28.4, 41.7, 60.2, 78.9):
        shell.until(at).typed(52)
    shell.onto(wire)
    wire.resolve(3.45, "mail.example.org", A, addresses("mail.example.org", MAIL, lifetime=3600))
    of_laptop(49_213, (MAIL, 993), 3.5, 19.2).secured("mail.example.org", ()).secret(96, 240).onto(wire)

    offer = [Record("news.example.org", HTTPS, https([b"h2"], [NEWS]), 300)]
    wire.resolve(4.95, "news.example.org", HTTPS, offer)
    wire.resolve(4.951, "news.example.org", A, addresses("news.example.org", NEWS))
    news = of_laptop(49_203, (NEWS, 443), 5.0, 13.1, "Safari")
    news.secured("news.example.org", post_quantum=True).secret(405, 1330).onto(wire)

    wire.resolve(13.92, "docs.example.org", A, [])
    wire.resolve(13.921, "docs.example.org", AAAA, addresses("docs.example.org", DOCS6))
    docs = of_laptop(49_214, (DOCS6, 443), 14.0, 15.7).secured("docs.example.org", (b"h2",)).secret(377, 1180)
    docs.until(62.8).secret(402, 512).onto(wire)
    page = of_laptop(49_218, (DOCS6, 443), 14.21, 15.7).secured("docs.example.org", (b"h2",)).secret(365, 940)
    page.until(18.0).closed_by(page.client).onto(wire)


def close(wire: Wire) -> None:
    """Close in some ways, and fail to: TIME_WAIT, FIN_WAIT_2, CLOSE_WAIT."""
    wire.resolve(5.48, "updates.example.net", A, addresses("updates.example.net", UPDATES))
    update = of_laptop(49_207, (UPDATES, 80), 5.5, 17.4, "curl").opened()
    answer = http("HTTP/1.1 200 OK", "Content-Type: text/plain", body=b"stable 14.1.1\n")
    update.answered(web("updates.example.net", "/stable.txt", CURL), answer).closed_by(update.client).onto(wire)

    report = of_laptop(49_217, (UPDATES, 80), 35.1, 17.4).opened()
    sent = web("updates.example.net", "/report", CURL, "POST", b'{"installed": "14.1.1"}')
    report.answered(sent, http("HTTP/1.1 202 Accepted", "Content-Length: 0"))
    report.client.fin()
    report.server.ack()
    report.onto(wire)


def rename(wire: Wire) -> None:
    """Move a name to another address, and give its old address another name; meanwhile a program forgets to close."""
    wire.resolve(8.94, "api.example.com", A, addresses("api.example.com", API, lifetime=30))
    leak = of_laptop(49_204, (API, 443), 9.0, 21.0, "taskd").secured("api.example.com").secret(355, 680).until(19.3)
    leak.server.fin()
    leak.client.ack()
    leak.onto(wire)
    wire.resolve(47.9, "api.example.com", A, addresses("api.example.com", API_LATER, lifetime=30))
    later = of_laptop(49_205, (API_LATER, 443), 48.0, 22.4, "curl (api)").secured("api.example.com").secret(290, 610)
    later.closed_by(later.client).onto(wire)
    wire.resolve(50.93, "shop.example.net", A, addresses("shop.example.net", API, lifetime=300))
    of_laptop(49_206, (API, 443), 51.0, 20.6, "Safari").secured("shop.example.net").secret(414, 1105).onto(wire)


def reach_branch(wire: Wire) -> None:
    """Reach the branch's network: the router sends the first packets on, and says who is nearer."""
    name = "db.branch.example"
    wire.resolve(24.94, name, A, addresses(name, DATABASE, lifetime=3600))
    wire.resolve(27.43, "intranet.branch.example", A, addresses("intranet.branch.example", INTRANET, lifetime=3600))
    database = of_laptop(49_215, (DATABASE, 5432), 25.0, 6.2).opened()
    database.answered(postgres(b"", b"\x04\xd2\x16\x2f"), b"N")
    startup = b"\x00\x03\x00\x00" + b"user\0reports\0database\0sales\0\0"
    ready = postgres(b"R", bytes(4)) + postgres(b"S", b"server_version\x0016.1\0") + postgres(b"Z", b"I")
    database.answered(postgres(b"", startup), ready)
    intranet = of_laptop(49_219, (INTRANET, 80), 27.5, 6.6, "Safari").opened()
    answer = http("HTTP/1.1 200 OK", "Content-Type: text/html", body=b"<p>Canteen: soup</p>\n")
    intranet.answered(web("intranet.branch.example", "/canteen", BROWSER), answer)
    intranet.until(58.1).closed_by(intranet.server)
    for talk in (database, intranet):
        talk.server.ttl = 62
        first, *rest = talk.packets
        wire.ip_at(first.time, first.ip, talk.process)
        quoted = packed(BRANCH_ROUTER.ip) + error_about(first.ip)
        redirect = icmp(ROUTER.ip, LAPTOP.ip, 5, 1, quoted, 64, chance(1, 65_535, talk.name))
        wire.ip_at(first.time + 610_000, redirect)
        for packet in rest:
            wire.ip_at(packet.time, packet.ip, talk.process, via=BRANCH_ROUTER)
    wire.arp(25.000_9, LAPTOP, BRANCH_ROUTER)


def serve(wire: Wire) -> None:
    """Serve a colleague: two downloads from a server on the laptop, one of them still open."""
    served = "SimpleHTTP/0.6 Python/3.12.0"
    for port, at, path in ((52_844, 33.0, "/"), (52_846, 36.2, "/plan.pdf")):
        talk = Conversation((COLLEAGUE.ip, port), (LAPTOP.ip, 8000), at, 0.7, "Python").opened()
        head = ("HTTP/1.0 200 OK", f"Server: {served}", "Content-Type: text/plain")
        talk.client.data(web("10.0.0.5:8000", path, "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Firefox/119.0"))
        talk.server.ack()
        talk.server.data(http(*head, body=b"plan.pdf\n") if path == "/" else http(*head, "Content-Length: 734003"))
        if path == "/":
            talk.closed_by(talk.server)
        else:
            for _ in range(3):
                talk.client.ack()
                talk.send(talk.server, b"%PDF page\n" * 200)
            talk.client.ack()
        talk.onto(wire)


def fail(wire: Wire) -> None:
    """Fail: refused, reset, unanswered."""
    refused = of_laptop(49_210, (NAS.ip, 8443), 7.8, 0.6, "curl (nas)")
    refused.client.syn()
    refused.server.send("RA", seq=0, window=0)
    refused.onto(wire)
    wire.resolve(29.94, "upload.example.net", A, addresses("upload.example.net", UPLOAD))
    upload = of_laptop(49_212, (UPLOAD, 443), 30.0, 46.0, "curl (upload)").secured("upload.example.net", (b"h2",))
    upload.client.data(b"".join([b"\x17\x03\x03\x02\x00", bytes(range(256)) * 2]))
    upload.server.send("RA", window=0)
    upload.onto(wire)
    wire.resolve(57.93, "old.example.net", A, addresses("old.example.net", GONE))
    gone = of_laptop(49_211, (GONE, 443), 58.0, 0, "curl (old)")
    syn = gone.client.syn()
    for at in (59.001, 60.002, 61.003, 62.004, 63.005, 65.006, 69.007, 77.008):
        gone.until(at).client.emit(syn)
    gone.onto(wire)
