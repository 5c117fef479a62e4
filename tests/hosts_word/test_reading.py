"""Each form is read as it was printed; jc, which knows them by itself, reads the same."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcapstate.addresses import address
from pcapstate.hosts_word import reading
from pcapstate.hosts_word.host_socket import HostSocket
from pcapstate.hosts_word.reading import HostsWordError, read_hosts_word, understood

from ..helpers.paths import PCAPS
from ..helpers.running import dangerous, run
from . import printing
from .printing import Told

STATES = (
    *("SYN_SENT", "SYN_RECEIVED", "ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2", "CLOSE_WAIT", "CLOSING", "LAST_ACK"),
    "TIME_WAIT",
)
SOCKETS = (
    Told("tcp", "", 22, state="LISTEN", pid=700, program="sshd"),
    Told("tcp", "", 22, state="LISTEN", pid=700, program="sshd", ipv6=True),
    Told("tcp", "127.0.0.1", 5432, state="LISTEN", pid=701, program="postgres"),
    *(Told("tcp", "10.0.0.5", 50000 + n, "10.0.0.9", 443, state, 800 + n, f"p{n}") for n, state in enumerate(STATES)),
    Told("tcp", "2001:db8::5", 50000, "2001:db8::9", 443, "ESTABLISHED", 900, "curl"),
    Told("udp", "", 68, pid=702, program="dhclient"),
    Told("udp", "10.0.0.5", 123, pid=703, program="ntpd"),
    Told("udp", "fe80::1", 546, pid=704, program="dhclient"),
)


def told(one: HostSocket, *, pid: bool, program: bool) -> Told:
    """Return a socket as it was printed."""

    def text(half: tuple[int, int] | None) -> str:
        return "" if half is None else str(address(*half))

    state = "" if one.state is None else one.state.name
    return Told(
        "udp" if one.udp else "tcp", text(one.local), one.local_port, text(one.foreign), one.foreign_port, state,
        one.pid if pid else None, one.program if program else None, one.ipv6 and one.local is None,
    )  # fmt: skip


def printed(pid: bool, program: bool) -> list[Told]:
    return [one._replace(pid=one.pid if pid else None, program=one.program if program else None) for one in SOCKETS]


FORMS: dict[str, tuple[Callable[..., str], bool, bool]] = {
    "ss": (printing.ss, True, True),
    "windows": (printing.windows, True, False),
    "linux": (printing.net_tools, True, True),
    "bsd": (printing.bsd, False, False),
    "lsof": (printing.lsof, True, True),
}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_read_as_it_was_printed(form: str) -> None:
    printer, pid, program = FORMS[form]
    found = understood(printer(SOCKETS).encode(), "file")
    assert found.form == form
    assert found.unread == 0
    assert [told(one, pid=pid, program=program) for one in found.sockets] == printed(pid, program)


@pytest.mark.parametrize(
    ("parser", "form", "letters"),
    [
        ("ss", "ss", ""),
        ("netstat", "linux", ""),
        ("netstat", "windows", ""),
        ("netstat", "bsd", ""),
        ("lsof", "lsof", ""),
    ],
)
def test_jc_reads_the_same(parser: str, form: str, letters: str) -> None:
    printer, _, program = FORMS[form]
    text = printer(SOCKETS)
    ours = understood(text.encode(), "file")
    theirs = understood(printing.as_jc(parser, text).encode(), "file")
    assert theirs.form == reading.JSON
    assert theirs.unread == 0
    kept = [one._replace(program=one.program if program else None) for one in theirs.sockets]
    assert kept == list(ours.sockets)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp850", "cp1252"])
def test_windows_in_german(encoding: str) -> None:
    titles = "  Proto  Lokale Adresse         Remoteadresse          Status           PID"
    text = printing.windows(SOCKETS, printing.GERMAN, titles).replace("Active Connections", "Aktive Verbindungen")
    found = understood(text.encode(encoding), "file")
    assert [told(one, pid=True, program=False) for one in found.sockets] == printed(True, False)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp932"])
def test_windows_in_japanese_with_programs(encoding: str) -> None:
    titles = "  プロトコル  ローカル アドレス          外部アドレス           状態            PID"
    lines = printing.windows(SOCKETS, titles=titles).replace("Active Connections", "アクティブな接続").splitlines()
    with_programs = [
        part for line in lines for part in ([line, " [メモ.exe]"] if ":51" in line or ":50" in line else [line])
    ]
    found = understood("\r\n".join(with_programs).encode(encoding), "file")
    assert [told(one, pid=True, program=False) for one in found.sockets] == printed(True, False)
    named = {one.program for one in found.sockets if 50000 <= one.local_port < 52000}
    assert named == {"メモ.exe"}


def test_words_of_an_unknown_language_are_ports_that_listen_or_not_read() -> None:
    lines = ["  TCP    0.0.0.0:135            0.0.0.0:0              ASCOLTO         1012"]
    lines.append("  TCP    10.0.0.5:51000         10.0.0.9:443           APERTO          4242")
    found = understood("\r\n".join(lines).encode(), "file")
    assert [one.listens for one in found.sockets] == [True]
    assert (found.unread, found.first_unread) == (1, 2)


def test_names_of_services_and_zones_and_mapped_addresses() -> None:
    text = (
        "tcp LISTEN 0 128 127.0.0.53%lo:domain 0.0.0.0:*\n"
        "tcp ESTAB 0 0 [::ffff:10.0.0.5]:ssh [::ffff:10.0.0.9]:40000\n"
        "udp UNCONN 0 0 [fe80::1]%eth0:546 [::]:*\n"
    )
    found = [told(one, pid=False, program=False) for one in understood(text.encode(), "file").sockets]
    assert found == [
        Told("tcp", "127.0.0.53", 53, state="LISTEN"),
        Told("tcp", "10.0.0.5", 22, "10.0.0.9", 40000, "ESTABLISHED"),
        Told("udp", "fe80::1", 546),
    ]


def test_addresses_that_netstat_cut_off_are_not_taken_for_others() -> None:
    whole = ipaddress.ip_address("2001:db8::1234:5678:9abc")
    # As net-tools cuts them: the port stays, and 23 characters in all.
    cut = f"{str(whole)[: 22 - len('443')]}:443"
    text = f"tcp6       0      0 {cut} 2001:db8::9:443         ESTABLISHED 900/curl\n"
    found = understood(text.encode(), "file")
    assert (found.sockets, found.unread) == ((), 1)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "not a table of sockets as ss, netstat, lsof or jc print it"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "not a table of sockets as ss, netstat, lsof or jc print it"),
        (b"[1, 2", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b'[{"a": 1}]', "JSON, but not a list of sockets as jc makes it of ss, netstat or lsof"),
    ],
)
def test_what_is_no_table(content: bytes, what: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    with pytest.raises(HostsWordError, match="file: " + what):
        read_hosts_word(str(file))


def test_files_that_are_too_large_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_BYTES", 1 << 20)
    file = tmp_path / "file"
    file.write_bytes(b"x" * ((1 << 20) + 1))
    with pytest.raises(HostsWordError, match="too large for a table of sockets: more than 1 MB"):
        read_hosts_word(str(file))
    for name in (tmp_path / "none", tmp_path, "a\0b"):
        with pytest.raises(HostsWordError):
            read_hosts_word(str(name))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(FORMS)), st.data())
def test_hostile_bytes_are_refused_or_counted(form: str, data: st.DataObject) -> None:
    text = bytearray(FORMS[form][0](SOCKETS).encode())
    for _ in range(data.draw(st.integers(1, 12))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = understood(bytes(text), "file")
    except HostsWordError:
        return
    assert len(found.sockets) + found.unread <= len(text)
    for one in found.sockets:
        assert 0 <= one.local_port < 65536
        assert 0 <= one.foreign_port < 65536


WORDS = (
    "*:5",
    "10.0.0.5:22",
    "1.2.3.4:0",
    "0.0.0.0:*",
    "[::]:9",
    "127.0.0.1:9",
    "10.0.0.5:51818",
    "10.0.0.20:5432",
    "0:0",
)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(STATES), st.sampled_from(WORDS), st.sampled_from(WORDS)), max_size=30))
def test_rows_of_any_ends_are_compared(rows: list[tuple[str, str, str]]) -> None:
    lines = [f"tcp {printing.SS.get(state, state.replace('_', '-'))} 0 0 {own} {other}" for state, own, other in rows]
    text = "Netid State Recv-Q Send-Q Local Address:Port Peer Address:Port\n" + "\n".join(lines)
    done = run("check", PCAPS / "example.pcapng", "--against", "-", "--format", "jsonl", stdin=text.encode())
    assert done.exit_code in (0, 1)
    count = sum(json.loads(line)["host_state"] is not None for line in done.stdout.splitlines())
    assert count == len(understood(text.encode(), "file").sockets)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["process_id", "user"]), inner, max_size=2)
    ),
    max_leaves=4,
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([("ss", "ss"), ("netstat", "linux"), ("lsof", "lsof")]), st.data())
def test_hostile_json_is_refused_or_counted(form: tuple[str, str], data: st.DataObject) -> None:
    entries = json.loads(printing.as_jc(form[0], FORMS[form[1]][0](SOCKETS)))
    for _ in range(data.draw(st.integers(1, 5))):
        one = entries[data.draw(st.integers(0, len(entries) - 1))]
        one[data.draw(st.sampled_from(sorted(one)))] = data.draw(ANYTHING)
    found = understood(json.dumps(entries).encode(), "file")
    assert len(found.sockets) + found.unread <= len(entries)


def test_hostile_programs_reach_no_terminal(tmp_path: Path) -> None:
    file = tmp_path / "a\x1b[31mb"
    hostile = Told("tcp", "10.0.0.5", 51810, "203.0.113.44", 80, "ESTABLISHED", 1, "a\x1b]0;b\u202ec")
    file.write_text(printing.ss([hostile]) + "tcp \x1b[2J\n", encoding="utf-8")
    for format in ("table", "csv", "jsonl", "markdown"):
        columns = "" if format == "table" else "program,why"
        more = ["--columns", columns] if columns else []
        done = run("check", PCAPS / "example.pcapng", "--against", file, "--format", format, *more)
        assert done.exit_code == 0, done.output
        assert dangerous(done.output) == []
