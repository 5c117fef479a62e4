"""What the packets say of the application: hellos over several segments, requests, greetings, and lies."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pcapstate.application import openings as o
from pcapstate.application.data import EACH, ApplicationData
from pcapstate.application.greetings import greeting, identification
from pcapstate.application.hints import Hint, hint, server_names
from pcapstate.application.http import product, request, response
from pcapstate.application.tls import Hello, hello
from pcapstate.decode.segment import SYN
from pcapstate.kernels.running import Kernels
from tests.helpers import payloads as p
from tests.helpers.application_data import watched

CLIENT, SERVER = (p.CLIENT, 51_000), (p.SERVER, 443)
NAME = p.server_name(b"www.example.org")


def sent(
    *payloads: bytes, source: tuple[str, int] = CLIENT, target: tuple[str, int] = SERVER, seq: int = 1
) -> list[bytes]:
    """Return the segments of payloads, one behind the other."""
    frames = []
    for payload in payloads:
        frames.append(p.tcp_frame(source, target, payload, seq))
        seq += len(payload)
    return frames


def answered(*payloads: bytes, port: int = 443) -> list[bytes]:
    return sent(*payloads, source=(p.SERVER, port), target=CLIENT, seq=9_000)


def name_of(data: ApplicationData, endpoint: int = 0) -> bytes | None:
    opening = data.opening(endpoint, o.CLIENT_HELLO)
    return None if opening is None else hello(opening.data).server_name


# --- TLS


def long_hello() -> bytes:
    """Return a hello of a browser of today: a large key share, and the server's name behind it."""
    return p.tls_hello(p.extension(51, bytes(1_400)), p.alpn(b"h2", b"http/1.1"), NAME)


def test_a_hello_in_one_segment() -> None:
    data = watched([*sent(b"x", p.tls_hello(NAME)), *answered(p.tls_hello(p.alpn(b"h2"), server=True))])
    assert name_of(data) == b"www.example.org"
    assert data.kinds(0) == 1 << o.CLIENT_HELLO
    assert data.kinds(1) == 1 << o.SERVER_HELLO
    assert data.kinds(2) == data.kinds(-1) == 0
    opening = data.opening(0, o.CLIENT_HELLO)
    assert opening is not None
    assert (opening.number, opening.time) == (2, 1)
    assert data.opening(0, o.REQUEST) is None
    assert data.opening(9, o.SSH) is None


@pytest.mark.parametrize("cuts", [[1_460], [500, 900, 1_400], [6, 7], [1_400, 1_401, 1_402]])
@pytest.mark.parametrize("seq", [1, 2**32 - 700])
def test_a_hello_in_several_segments(cuts: list[int], seq: int) -> None:
    whole = long_hello()
    ends = [0, *cuts, len(whole)]
    pieces = [whole[start:end] for start, end in pairwise(ends)]
    other = sent(*(long_hello().replace(b"www", b"ftp")[:1_000],), source=(p.CLIENT, 51_001))
    frames = sent(*pieces, seq=seq)
    # Other connections, answers and retransmissions lie between.
    mixed = [frames[0], *other, *answered(b"", b"x"), frames[0], *frames[1:], frames[-1]]
    data = watched(mixed)
    assert name_of(data) == b"www.example.org"
    opening = data.opening(0, o.CLIENT_HELLO)
    assert opening is not None
    assert opening.data == whole


def test_a_hello_in_many_records() -> None:
    whole = p.tls_hello(p.extension(51, bytes(300)), NAME, record_size=7)
    assert hello(whole).server_name == b"www.example.org"
    assert name_of(watched(sent(whole[:200], whole[200:]))) == b"www.example.org"


def test_a_hello_with_the_syn() -> None:
    whole = long_hello()
    first = p.tcp_frame(CLIENT, SERVER, whole[:1_000], 100, SYN)
    data = watched([first, *sent(whole[1_000:], seq=1_101)])
    assert name_of(data) == b"www.example.org"


def test_what_is_missing_is_not_made_up() -> None:
    whole = long_hello()
    # A segment is missing; the rest does not follow the first.
    frames = sent(whole[:500], whole[500:900], whole[900:])
    opening = watched([frames[0], frames[2]]).opening(0, o.CLIENT_HELLO)
    assert opening is not None
    assert opening.data == whole[:500]
    assert hello(opening.data) == Hello(b"", ())
    # The snap length cuts each segment off.
    opening = watched(frames, snap=54 + 100).opening(0, o.CLIENT_HELLO)
    assert opening is not None
    assert opening.data == whole[:100]


def test_hellos_without_end_are_bounded() -> None:
    endless = b"\x16\x03\x01\x40\x00\x01\x00\xff\xff\x03\x03" + bytes(989)
    data = watched(sent(endless, *[bytes(1_000)] * 40))
    opening = data.opening(0, o.CLIENT_HELLO)
    assert opening is not None
    assert len(opening.data) <= o.LONGEST_HELLO
    assert hello(opening.data) == Hello(b"", ())


@pytest.mark.parametrize(
    ("extensions", "expected"),
    [
        ((NAME, p.alpn(b"h2")), Hello(b"www.example.org", (b"h2",))),
        ((), Hello(b"", ())),
        ((p.extension(0, b""),), Hello(b"", ())),
        ((p.extension(0, b"\x00\x05\x01\x00\x02ab"),), Hello(b"", ())),  # a name of another type
        ((p.extension(0, b"\x00\x05\x00\x00\xffab"),), Hello(b"", ())),  # longer than it is
        ((p.extension(16, b"\x00\x09\x02h2\x00\x01x"),), Hello(b"", (b"h2",))),
        ((p.extension(16, b"\x00\x09\x09h2"),), Hello(b"", ())),
        ((NAME, p.server_name(b"second.example")), Hello(b"www.example.org", ())),
        ((p.alpn(*[b"x"] * 100),), Hello(b"", (b"x",) * 16)),
    ],
)
def test_extensions(extensions: tuple[bytes, ...], expected: Hello) -> None:
    assert hello(p.tls_hello(*extensions)) == expected
    assert hello(p.tls_hello(*extensions, server=True)) == expected


@settings(max_examples=250, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=6),
    st.integers(0, 400),
    st.binary(max_size=60),
    st.booleans(),
)
def test_any_hello_is_read_as_far_as_it_goes(
    changes: list[tuple[int, int]], cut: int, tail: bytes, server: bool
) -> None:
    whole = p.tls_hello(p.extension(43, bytes(30)), NAME, p.alpn(b"h2"), server=server)
    # Cut off anywhere it says the same or less.
    assert hello(whole[:cut]).server_name in (b"", b"www.example.org")
    damaged = bytearray(whole)
    for at, value in changes:
        damaged[at % len(damaged)] = value
    for data in (bytes(damaged), bytes(damaged)[:cut] + tail, tail):
        found = hello(data)
        assert len(found.server_name) <= len(data)
        assert len(found.protocols) <= 16


# --- HTTP


def test_requests() -> None:
    asked = request(b"GET /x HTTP/1.1\r\nUser-Agent: curl/8.5.0\r\nhOST:  www.example.org:8080 \r\n\r\nHost: no")
    assert (asked.method, asked.target, asked.host, asked.agent) == (b"GET", b"/x", b"www.example.org", b"curl/8.5.0")
    assert not asked.is_proxied
    assert request(b"GET / HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n").host == b"2001:db8::1"
    # The last line is cut off: www.example.or is no host.
    assert request(b"GET / HTTP/1.1\r\nHost: www.example.or").host == b""
    assert request(b"CONNECT example.org:443 HTTP/1.1\r\n\r\n").host == b"example.org"
    assert request(b"CONNECT example.org:443 HTTP/1.1\r\n\r\n").is_proxied
    assert request(b"GET http://example.org/ HTTP/1.1\r\nHost: example.org\r\n\r\n").is_proxied
    assert response(b"HTTP/1.1 200 OK\r\nServer: nginx/1.24.0 (Ubuntu)\r\n\r\n") == b"nginx/1.24.0"
    assert request(b"").host == response(b"") == b""


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (b"curl/8.5.0", b"curl/8.5.0"),
        (b"Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0", b"Firefox/120.0"),
        (b"Mozilla/5.0 (X11) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36", b"Chrome/120.0"),
        (b"Mozilla/5.0 (X11) Chrome/120.0 Safari/537.36 Edg/119.0", b"Edg/119.0"),
        (b"Mozilla/5.0 (Macintosh) AppleWebKit/605 (KHTML) Version/17.1 Safari/605.1", b"Safari/17.1"),
        (b"Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)", b"MSIE/6.0"),
        (b"Mozilla/5.0", b"Mozilla/5.0"),
        (b"", b""),
    ],
)
def test_products(agent: bytes, name: bytes) -> None:
    assert product(agent) == name


@given(st.binary(max_size=200))
def test_any_head_is_read(data: bytes) -> None:
    assert len(request(data).host) <= len(data)
    assert len(request(b"GET / HTTP/1.1\r\n" + data).agent) <= len(data)
    assert len(response(data)) <= len(data)
    assert len(identification(data)) <= len(data)
    assert len(greeting(data)[1]) <= len(data)


# --- hints

GET = b"GET / HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: curl/8.5.0\r\n\r\n"
H2 = p.alpn(b"h2")
BOTH = p.alpn(b"h2", b"http/1.1")


@pytest.mark.parametrize(
    ("frames", "port", "text"),
    [
        (sent(p.tls_hello(NAME)), 443, "? https: www.example.org"),
        (sent(p.tls_hello(NAME, BOTH)), 443, "? https: www.example.org"),
        (sent(p.tls_hello(NAME, H2)), 8443, "? https: www.example.org h2"),
        ([*sent(p.tls_hello(NAME, BOTH)), *answered(p.tls_hello(H2, server=True))], 443, "? https: www.example.org h2"),
        (answered(p.tls_hello(server=True)), 443, "? https"),
        (sent(p.tls_hello(NAME)), 993, "? imaps: www.example.org"),
        (sent(p.tls_hello(NAME)), 5432, "? postgresql: www.example.org tls"),
        (sent(p.tls_hello(NAME, p.alpn(b"acme-tls/1"))), 40_000, "? tls: www.example.org acme-tls/1"),
        (sent(p.tls_hello(p.server_name(b"a]\x1b[31m b"))), 443, "? https: a]\x1b[31m b"),
        (sent(GET), 80, "? http: www.example.org (curl/8.5.0)"),
        (sent(GET.replace(b"GET /", b"GET http://a/")), 3128, "? http: www.example.org by proxy (curl/8.5.0)"),
        (sent(b"GET / HTTP/1.0\r\n\r\n"), 80, "? http"),
        (sent(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 80, "? http: h2"),
        (answered(b"HTTP/1.1 200 OK\r\nServer: nginx\r\n\r\n"), 80, "? http: nginx"),
        (sent(b"CONNECT www.example.org:443 HTTP/1.1\r\n\r\n", p.tls_hello(NAME)), 8080, "? https: www.example.org"),
        (answered(b"SSH-2.0-OpenSSH_9.6 Debian-5\r\n"), 22, "? ssh: OpenSSH_9.6"),
        (sent(b"SSH-2.0-PuTTY_Release_0.80\r\n"), 22, "? ssh: (PuTTY_Release_0.80)"),
        (answered(b"220 mail.example.org ESMTP Postfix\r\n"), 25, "? smtp: mail.example.org ESMTP Postfix"),
        (answered(b"220-Welcome to FTP\r\n220 go\r\n"), 2121, "? ftp: Welcome to FTP"),
        (answered(b"220 ready\r\n"), 21, "? ftp: ready"),
        (answered(b"220 ready\r\n"), 40_000, "? greeting: ready"),
        (answered(b"* OK Dovecot ready.\r\n"), 143, "? imap: Dovecot ready."),
        (answered(b"+OK POP3\r\n"), 110, "? pop3: POP3"),
        (answered(b"RFB 003.008\n"), 5900, "? rfb: 003.008"),
        (answered(b"220 " + b"x" * 300), 25, "? smtp: " + "x" * 47 + "…"),
        (sent(b"\0\0\0\x08\x04\xd2\x16\x2f"), 5432, "? postgresql"),
    ],
)  # fmt: skip
def test_hints(frames: list[bytes], port: int, text: str) -> None:
    data = watched(frames)
    # Who sent the first packet is side 0; some of these begin with the server.
    client = 1 if frames == answered(b"") or frames[0][26:30] == bytes([192, 0, 2, 7]) else 0
    found = hint(data, 0, client, port)
    assert found is not None
    assert found.text == text
    assert (found.number > 0) == (found.source != "port")


def test_no_hint() -> None:
    data = watched(sent(b"\0\1\2\3"))
    assert hint(data, 0, 0, 40_000) is None
    assert hint(data, 0) is None
    assert hint(data, 7, 0, 22) == Hint("ssh", "", "", "port")


def test_names_of_servers() -> None:
    frames = [
        *sent(p.tls_hello(NAME), GET),
        *sent(b"CONNECT www.example.org:443 HTTP/1.1\r\n\r\n", p.tls_hello(NAME), source=(p.CLIENT, 51_001)),
        *sent(GET.replace(b"GET /", b"GET http://x/"), source=(p.CLIENT, 51_002)),
        *sent(b"x", source=SERVER, target=(p.CLIENT, 51_003)),
        *sent(GET, source=(p.CLIENT, 51_003)),
    ]
    data = watched(frames)
    found = list(server_names(data, [(number, 443) for number in range(4)]))
    assert [(one.connection, one.server, one.name, one.kind, one.number) for one in found] == [
        (0, 1, b"www.example.org", "sni", 1),
        (0, 1, b"www.example.org", "http", 2),
        (3, 0, b"www.example.org", "http", 7),
    ]
    # What a SOCKS proxy is asked for is not its own name.
    assert list(server_names(data, [(0, 1080)])) == []


# --- what is kept


def test_only_the_first_of_a_kind_is_kept() -> None:
    second = GET.replace(b"www", b"two")
    data = watched(sent(GET, second, GET))
    opening = data.opening(0, o.REQUEST)
    assert opening is not None
    assert opening.data == GET
    assert data.dropped == 0


def test_payloads_beyond_the_bound_are_dropped() -> None:
    frames = [one for port in range(100) for one in sent(GET, source=(p.CLIENT, 2_000 + port))]
    data = watched(frames, most=10 * (len(GET) + EACH) + 5)
    assert data.dropped == 90
    assert [data.opening(2 * number, o.REQUEST) is not None for number in (0, 9, 10, 99)] == [True, True, False, False]


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        (b"GET / HTTP/1.1", o.REQUEST), (b"PUT /", o.REQUEST), (b"POST /x", o.NOTHING), (b"POST /xy", o.REQUEST),
        (b"POSTAL code", o.NOTHING), (b"HEAD / HT", o.REQUEST), (b"DELETE /", o.REQUEST), (b"OPTIONS *", o.REQUEST),
        (b"PATCH /x", o.REQUEST), (b"CONNECT a", o.REQUEST), (b"TRACE /x", o.REQUEST), (b"PRI * HTTP", o.REQUEST),
        (b"HTTP/1.1 200", o.RESPONSE), (b"HTTP/2.0 200", o.NOTHING), (b"SSH-2.0-x", o.SSH), (b"220 ", o.GREETING),
        (b"2200", o.NOTHING), (b"+OK\r\n", o.GREETING), (b"+OKAY", o.NOTHING), (b"* OK x y", o.GREETING),
        (b"* OKAY xy", o.NOTHING), (b"RFB 003.", o.GREETING), (b"", o.NOTHING), (b"GE", o.NOTHING),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01", o.CLIENT_HELLO), (b"\x16\x03\x03\x00\x7a\x02", o.SERVER_HELLO),
        (b"\x16\x03\x03\x00\x7a", o.NOTHING), (b"\x16\x03\x09\x00\x7a\x01", o.NOTHING),
        (b"\x16\x03\x03\x00\x7a\x0b", o.NOTHING), (b"\x16\x03\x03\x00\x7a\x01\x01", o.NOTHING),
        (b"\x16\x02\x03\x00\x7a\x01", o.NOTHING), (b"\x16\x03\x03\xff\xff\x01\x00", o.NOTHING),
    ],
)  # fmt: skip
def test_what_payloads_open_with(payload: bytes, kind: int) -> None:
    assert o.kind_of(payload, 0, len(payload)) == kind


# --- plain and compiled


@pytest.fixture(scope="module")
def both() -> tuple[Kernels, Kernels]:
    """Kernels that run plain and compiled."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PCAPSTATE_KERNELS", "plain")
        plain = Kernels()
        patch.setenv("PCAPSTATE_KERNELS", "compiled")
        compiled = Kernels()
    assert compiled.compiled
    return plain, compiled


def kept(data: ApplicationData) -> list[tuple[int, int, bytes, int, int]]:
    openings = [(end, kind, data.opening(end, kind)) for end in range(12) for kind in range(1, 8)]
    return [(end, kind, *found) for end, kind, found in openings if found]


LONG = long_hello()
payloads = st.one_of(
    st.sampled_from([LONG, LONG[:700], LONG[700:], LONG[700:1_200], LONG[1_200:], GET, GET[:30], b"SSH-2.0-x\r\n"]),
    st.sampled_from(
        [b"220 hello\r\nmore", b"HTTP/1.0 200 OK\r\nServer: x\r\n\r\nbody", b"x" * 5_000, GET + b"y" * 9_000]
    ),
    st.binary(max_size=12),
    st.builds(lambda at, value: LONG[:at] + bytes([value]) + LONG[at + 1 :], st.integers(0, 60), st.integers(0, 255)),
)
segments = st.tuples(
    st.integers(0, 3), st.booleans(), payloads, st.sampled_from([0, 0, 0, 1, 700, 1_200]), st.booleans()
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(segments, max_size=20), st.sampled_from([None, None, 60, 200, 800]))
def test_plain_and_compiled_keep_the_same(
    both: tuple[Kernels, Kernels], story: list[tuple[int, bool, bytes, int, bool]], snap: int | None
) -> None:
    frames = []
    for port, back, payload, seq, syn in story:
        ends = (CLIENT[0], 51_000 + port), SERVER
        frames.append(p.tcp_frame(*(ends[::-1] if back else ends), payload, 1 + seq, SYN if syn else 0x18))
    results = [kept(watched(frames, kernels, snap=snap)) for kernels in both]
    assert results[0] == results[1]


def test_a_batch_with_more_than_fits_at_once(both: tuple[Kernels, Kernels], monkeypatch: pytest.MonkeyPatch) -> None:
    frames = [one for port in range(3_000) for one in sent(GET + b"x" * 100, source=(p.CLIENT, 2_000 + port))]
    monkeypatch.setattr("pcapstate.application.data.ROOM", 100)
    monkeypatch.setattr("pcapstate.application.data.POOL", o.LONGEST + 500)
    results = []
    for kernels in both:
        data = watched(frames, kernels)
        found = [data.opening(2 * number, o.REQUEST) for number in range(3_000)]
        assert all(one is not None and one.data == GET for one in found)
        results.append(found)
    assert results[0] == results[1]
