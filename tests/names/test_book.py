"""Which name of a host held when, and for whom."""

from __future__ import annotations

import io
import subprocess
import sys

from pcapstate.addresses import parse_address
from pcapstate.capture import Capture
from pcapstate.kernels.running import Kernels
from pcapstate.names.book import NameBook
from pcapstate.names.packets import NamePackets
from pcapstate.sources.reader import CaptureReader
from tests.helpers import payloads as p
from tests.helpers.captures import pcap
from tests.helpers.name_messages import CLIENT, FIRST, LAST, OTHER, at, gathered, names, told


def test_the_name_that_held_at_that_time() -> None:
    frames = [
        (second, told(p.answer(f"n{second}.example", p.a(f"n{second}.example", FIRST)))) for second in (10, 20, 30)
    ]
    book = NameBook(gathered(frames))
    assert [names(book, FIRST, when) for when in (5, 10, 15, 20, 29, 99)] == [
        (f"n{second}.example", "dns") for second in (10, 10, 10, 20, 20, 30)
    ]
    found = book.name(parse_address(FIRST), at(15))
    assert found is not None
    assert (found.number, found.time, found.canonical) == (1, at(10), "n10.example")
    assert names(book, "192.0.2.99", 15) is None
    assert book.unnamed([parse_address(FIRST), parse_address("192.0.2.99"), parse_address("127.0.0.1")], at(15)) == [
        parse_address("192.0.2.99")
    ]


def test_what_was_told_to_the_asker_counts_first() -> None:
    def say(name: str, to: tuple[str, int]) -> bytes:
        return told(p.answer(name, p.a(name, FIRST)), to)

    frames = [(10, say("mine.example", CLIENT)), (20, say("theirs.example", OTHER)), (40, say("late.example", CLIENT))]
    book = NameBook(gathered(frames))
    assert names(book, FIRST, 30, CLIENT[0]) == ("mine.example", "dns")
    assert names(book, FIRST, 30, OTHER[0]) == ("theirs.example", "dns")
    assert names(book, FIRST, 30) == ("theirs.example", "dns")
    assert names(book, FIRST, 5, OTHER[0]) == ("theirs.example", "dns")
    assert names(book, FIRST, 5, "10.0.0.3") == ("mine.example", "dns")


def test_which_source_counts_first() -> None:
    reverse = p.answer("1.2.0.192.in-addr.arpa", p.record("1.2.0.192.in-addr.arpa", 12, p.dns_name("ptr.example")))
    frames = [
        (10, told(reverse)),
        (20, told(p.netbios_answer("NETBIOS", FIRST), by=("192.0.2.1", 137))),
        (30, p.udp_frame(("10.0.0.53", 67), (FIRST, 68), p.dhcp(5, {12: b"dhcp"}, given=FIRST))),
        (40, told(p.answer(None, p.a("m.local", FIRST), flags=0x8400), ("224.0.0.251", 5353), (FIRST, 5353))),
    ]
    high, low = parse_address(FIRST)
    for count, source in ((4, "mdns"), (3, "dhcp"), (2, "nbns"), (1, "sni")):
        book = NameBook(gathered(frames[:count]))
        book.add_resolved(high, low, "resolved.example")
        book.add_record(high, low, ["10.0.0.1", b"nrb.example", "other.example"])
        book.add_hint(high, low, at(5), b"http.example", "http", 7)
        book.add_hint(high, low, at(5), b"sni.example", "sni", 8)
        found = names(book, FIRST, 99)
        assert found is not None
        assert found[1] == source
    book = NameBook(gathered(frames[:1]))
    expected = [
        ("resolved.example", "resolver"), ("ptr.example", "ptr"), ("nrb.example", "nrb"), ("http.example", "http")
    ]  # fmt: skip
    book.add_resolved(*parse_address(LAST), "resolved.example")
    assert names(book, LAST) == expected[0]
    assert names(book, FIRST) == expected[1]
    book.add_record(high, low, ["nrb.example"])
    assert names(book, FIRST) == expected[2]
    book.add_hint(high, low, at(5), b"http.example", "http", 7)
    assert names(book, FIRST) == expected[3]


def test_hints_by_time() -> None:
    book = NameBook()
    high, low = parse_address(FIRST)
    for second in (10, 20):
        book.add_hint(high, low, at(second), f"h{second}.example", "sni", second)
    book.add_hint(high, low, at(15), b"\x1b[31m", "sni", 15)
    assert [names(book, FIRST, when) for when in (5, 10, 19, 20)] == [
        (f"h{second}.example", "sni") for second in (10, 10, 10, 20)
    ]


def test_no_names_for_what_is_no_host() -> None:
    frames = [(1, told(p.answer("ads.example", p.a("ads.example", one)))) for one in ("127.0.0.1", "0.0.0.0", "::1")]
    book = NameBook(gathered(frames))
    assert [names(book, one, 9) for one in ("127.0.0.1", "0.0.0.0", "::1", "224.0.0.1", "ff02::1")] == [None] * 5


def test_a_capture_that_grows() -> None:
    packets = NamePackets(Kernels())
    book = NameBook(packets)

    def more(second: int, name: str, address: str) -> None:
        frame = told(p.answer(name, p.a(name, address)))
        source = CaptureReader(io.BytesIO(pcap([(at(second), frame)])), Kernels())
        for _ in Capture(source, watchers=[packets]).follow():
            pass

    more(1, "one.example", FIRST)
    assert names(book, FIRST, 99) == ("one.example", "dns")
    more(2, "two.example", FIRST)
    more(3, "three.example", LAST)
    assert names(book, FIRST, 99) == ("one.example", "dns")  # as of the last look
    book.prepare([parse_address(LAST)])
    assert names(book, FIRST, 99) == ("two.example", "dns")
    assert names(book, LAST, 99) == ("three.example", "dns")


def test_an_address_in_many_messages_that_say_nothing_of_it() -> None:
    # 1.0.0.1 stands in each: the class, and a time to live of 300 seconds.
    frames = [(n, told(p.answer(f"n{n}.example", p.a(f"n{n}.example", f"192.0.2.{n}")))) for n in range(1, 60)]
    frames.append((70, told(p.answer("one.example", p.a("one.example", "1.0.0.1")))))
    assert names(NameBook(gathered(frames)), "1.0.0.1", 99) == ("one.example", "dns")


def test_nothing_is_loaded_before_it_is_needed() -> None:
    code = (
        "import sys, pcapstate.names.book, pcapstate.names.packets, pcapstate.application.hints;"
        "print([one for one in ('scapy', 'numba', 'socket') if one in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
