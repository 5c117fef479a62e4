"""What a server reads and for how long: captures in its folders, within its bounds, and nothing else."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pcapstate.agents import answers
from pcapstate.agents.kept import Kept
from pcapstate.agents.roots import Refused, Roots
from pcapstate.agents.tools import BY_NAME, TOOLS, checked
from pcapstate.agents.worker import ANSWERED, REFUSED, TOO_LARGE, answer
from pcapstate.errors import CallError
from tests.helpers.agents import Agent, agent
from tests.helpers.paths import PCAPS
from tests.helpers.running import COMMAND, dangerous, ended, process

MEMORY = 10**9


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with captures, beside a capture that is out of reach."""
    found = tmp_path / "inside"
    (found / "deeper").mkdir(parents=True)
    for name in ("inside/one.pcap", "inside/deeper/two.pcap", "outside.pcap"):
        shutil.copy(PCAPS / "refused.pcap", tmp_path / name)
    return found


def test_captures_are_found_by_name_and_by_path(folder: Path) -> None:
    roots = Roots([str(folder)])
    assert [one.name for one in roots.captures()[0]] == ["deeper/two.pcap", "one.pcap"]
    for name in ("one.pcap", "deeper/two.pcap", "deeper/../one.pcap", str(folder / "one.pcap")):
        assert Path(roots.find(name).path).samefile(folder / name)
    (folder / "link.pcap").symlink_to(folder / "one.pcap")
    assert roots.find("link.pcap").path == roots.find("one.pcap").path


def test_what_is_out_of_reach_is_as_if_it_were_not_there(folder: Path) -> None:
    (folder / "out.pcap").symlink_to(folder.parent / "outside.pcap")
    (folder / "gone.pcap").symlink_to(folder.parent / "nothing.pcap")
    (folder / "up").symlink_to(folder.parent)
    os.mkfifo(folder / "pipe.pcap")
    outside = str(folder.parent / "outside.pcap")
    roots = Roots([str(folder)])

    def why(name: str) -> str:
        with pytest.raises(Refused) as raised:
            roots.find(name)
        return str(raised.value).replace(f'"{name}"', "NAME")

    there = ["../outside.pcap", "deeper/../../outside.pcap", "out.pcap", "up/outside.pcap", "/dev/zero", outside]
    absent = ["nothing.pcap", "../nothing.pcap", "gone.pcap", "up/nothing.pcap", str(folder.parent / "nothing.pcap")]
    no_file = ["", ".", "..", "deeper", "/", "pipe.pcap", "one.pcap\0", "a" * 5_000, str(folder)]
    # Long names are cut, so these are those whose text can be compared.
    short = {why(name) for name in (*there[:4], *absent[:4])}
    assert len(short) == 1
    for name in (*there, *absent, *no_file):
        assert "there is no capture" in why(name)
    assert [one.name for one in roots.captures()[0]] == ["deeper/two.pcap", "one.pcap"]


def test_a_file_alone_is_no_folder(folder: Path) -> None:
    roots = Roots([str(folder / "one.pcap")])
    assert [one.name for one in roots.captures()[0]] == ["one.pcap"]
    assert roots.find("one.pcap").path == str(folder / "one.pcap")
    with pytest.raises(Refused):
        roots.find("deeper/two.pcap")


def test_of_equal_names_the_second_is_a_path(folder: Path) -> None:
    other = folder.parent / "other"
    other.mkdir()
    shutil.copy(PCAPS / "refused.pcap", other / "one.pcap")
    roots = Roots([str(folder), str(other)])
    names = [one.name for one in roots.captures()[0]]
    assert sorted(names) == [str(other / "one.pcap"), "deeper/two.pcap", "one.pcap"]
    assert [roots.find(name).path for name in names] == [one.path for one in roots.captures()[0]]


def test_names_are_escaped_and_found_so(folder: Path) -> None:
    shutil.copy(PCAPS / "refused.pcap", folder / "\x1b[31m\u202ered\n.pcap")
    roots, kept = Roots([str(folder)]), Kept(MEMORY)
    kind, found = answer(roots, kept, 10, "list_captures", {})
    assert kind == ANSWERED
    name = next(one["name"] for one in found["rows"] if "red" in one["name"])
    assert dangerous(name) == []
    kind, found = answer(roots, kept, 10, "describe_capture", {"capture": name})
    assert (kind, found["capture"]["name"]) == (ANSWERED, name)


@pytest.mark.parametrize("named", ["nothing", "pipe"])
def test_folders_must_be_there(
    named: str, folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(folder / "pipe")
    code, said = ended(capfd, monkeypatch, "mcp", str(folder), str(folder / named))
    assert code == 2
    assert said.count("\n") == 1
    assert str(folder / named) in said
    with pytest.raises(CallError):
        Roots([str(folder / named)])


def test_the_extra_is_named_where_it_is_missing(
    folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "pcapstate.agents.server", raising=False)
    for name in [one for one in sys.modules if one.partition(".")[0] == "mcp"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mcp", None)
    code, said = ended(capfd, monkeypatch, "mcp", str(folder))
    assert code == 2
    assert said.count("\n") == 1
    assert 'pip install "pcapstate[mcp]"' in said


def test_bad_options_are_one_line(folder: Path) -> None:
    for option in (["--memory", "1M"], ["--memory", "x"], ["--timeout", "0"], ["--rows", "0"]):
        done = process("mcp", folder, *option)
        assert done.returncode == 2
        assert done.stderr.count(b"\n") == 1
        assert done.stdout == b""


@pytest.mark.parametrize(
    ("tool", "given", "why"),
    [
        ("connections", {}, "connections needs the argument capture"),
        ("connections", {"capture": "x", "fliter": "y"}, "did you mean filter?"),
        ("connections", {"capture": 5}, "capture: expected a string"),
        ("connections", {"capture": ""}, "capture: empty"),
        ("connections", {"capture": "x", "limit": True}, "limit: expected an integer"),
        ("connections", {"capture": "x", "limit": 0}, "limit: expected a number from 1"),
        ("connections", {"capture": "x", "filter": "a" * 5_000}, "filter: too long"),
        ("filter_help", {"tool": "findings"}, "tool: expected one of"),
        ("netstat", {"capture": "x", "udp": 1}, "udp: expected a boolean"),
    ],
)
def test_arguments_are_checked(tool: str, given: dict[str, object], why: str) -> None:
    with pytest.raises(Refused, match=why.replace("?", r"\?")):
        checked(BY_NAME[tool], given)


def test_mistakes_are_told_in_one_line(asking: Agent) -> None:
    known = {"capture": "example.pcapng"}
    for tool, given, why in (
        ("nothing", {}, 'there is no tool "nothing"'),
        ("connections", {"capture": "nothing.pcap"}, 'there is no capture "nothing.pcap"'),
        ("connections", {"capture": "damaged-text.txt"}, "damaged-text.txt: not a capture file"),
        ("connections", {"capture": "damaged-empty.pcap"}, "damaged-empty.pcap: "),
        ("connections", {**known, "filter": "state ="}, "filter: expected"),
        ("connections", {**known, "sort": "nothing"}, "sort: "),
        ("connections", {**known, "more\x1b[31m": "x"}, "takes no argument"),
        ("timeline", {**known, "connection": 99}, "there is no connection 99; the capture has 13"),
        ("timeline", {**known, "at": "noon"}, '"noon" is no moment'),
        ("explain_connection", {**known, "connection": 99}, "there is no connection 99"),
        ("who_ended", {**known, "connection": 1, "filter": "state = CLOSED"}, "exclude each other"),
        ("netstat", {**known, "local": "nowhere"}, "local: "),
        ("netstat", {**known, "at": "#1000000"}, ""),
    ):
        assert why in asking.refused(tool, **given)
    text = "\n".join(asking.said)
    assert str(PCAPS.parent) not in text


def test_answers_have_no_more_rows_than_the_server_allows(folder: Path) -> None:
    roots, kept = Roots([str(PCAPS)]), Kept(MEMORY)
    for tool in ("connections", "timeline", "who_ended", "netstat", "findings"):
        kind, found = answer(roots, kept, 3, tool, {"capture": "example.pcapng", "limit": 1000})
        assert (kind, len(found["rows"]), found["next_offset"]) == (ANSWERED, 3, 3)


def test_a_changed_file_is_read_again(folder: Path) -> None:
    roots, kept = Roots([str(folder)]), Kept(MEMORY)

    def count() -> int:
        found: int = answer(roots, kept, 10, "connections", {"capture": "one.pcap"})[1]["total"]
        return found

    assert count() == 1
    shutil.copy(PCAPS / "example.pcapng", folder / "one.pcap")
    assert count() == 13


def test_what_was_read_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    roots, kept = Roots([str(PCAPS)]), Kept(MEMORY)
    first = answer(roots, kept, 10, "connections", {"capture": "example.pcapng"})
    monkeypatch.setattr(Kept, "reading", None)
    assert answer(roots, kept, 10, "connections", {"capture": "example.pcapng"}) == first
    assert answer(roots, kept, 10, "timeline", {"capture": "example.pcapng", "connection": 6})[0] == ANSWERED


def test_too_little_memory_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(asked: object) -> None:
        raise MemoryError

    monkeypatch.setattr(answers, "connections", exhausted)
    given = {"capture": "example.pcapng"}
    assert answer(Roots([str(PCAPS)]), Kept(MEMORY), 10, "connections", given) == (REFUSED, TOO_LARGE)


def test_a_capture_without_end_takes_no_longer_than_it_may(folder: Path) -> None:
    """A small file expands to many gigabytes: the call ends in time, and others are answered meanwhile."""
    whole = (PCAPS / "refused.pcap").read_bytes()
    packets = gzip.compress(whole[24:] * (10_000_000 // len(whole)), 1)
    with open(folder / "bomb.pcap.gz", "wb") as file:
        file.write(gzip.compress(whole[:24]))
        for _ in range(2_000):
            file.write(packets)
    with agent(folder, "--timeout", "1") as asking:
        asking.ask("connections", capture="one.pcap")
        began = time.monotonic()
        bomb = asking.begin("connections", capture="bomb.pcap.gz")
        assert asking.ask("connections", capture="one.pcap")["total"] == 1
        assert not bomb.done()
        result = bomb.result(60)
        assert result.is_error
        assert "no answer within 1 s (--timeout)" in result.content[0].text
        # Its worker has to start, too.
        assert time.monotonic() - began < 30
        assert asking.ask("connections", capture="one.pcap")["total"] == 1


def test_standard_output_has_the_protocol_alone_and_the_end_is_quiet(folder: Path) -> None:
    call = {"name": "connections", "arguments": {"capture": "one.pcap"}}
    opening = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    requests = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": opening},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call},
    ]
    with subprocess.Popen(
        [*COMMAND, "mcp", str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        assert server.stderr is not None
        for one in requests:
            server.stdin.write(json.dumps(one).encode() + b"\n")
        server.stdin.flush()
        answers = [json.loads(server.stdout.readline()) for _ in range(2)]
        assert [one["id"] for one in answers] == [1, 2]
        assert answers[1]["result"]["structuredContent"]["total"] == 1
        server.send_signal(signal.SIGINT)
        assert server.wait(20) == 0
        assert server.stdout.read() == b""
        assert server.stderr.read() == b""


def test_the_end_of_input_is_the_end(folder: Path) -> None:
    done = process("mcp", folder, stdin=b"")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_schemas_describe_all_arguments() -> None:
    for tool in TOOLS:
        assert set(tool.required) <= set(tool.arguments)
        for name, schema in tool.arguments.items():
            assert schema.get("description"), (tool.name, name)
