"""What is given up once the sockets are open, seen from inside and in /proc; needs root on Linux."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pcapstate.errors import CallError
from pcapstate.sources import landlock
from pcapstate.sources.privileges import GivenUp, User, owner, successor
from pcapstate.sources.ring_files import RingFiles
from pcapstate.sources.ring_process import RingProcess
from tests.helpers.live_lab import WIRE, Capturing, Lab
from tests.helpers.running import process

NOBODY = 65534
CALLER = {"SUDO_UID": "1000", "SUDO_GID": "1001", "SUDO_USER": "somebody"}
CAPABILITIES = ("CapInh", "CapPrm", "CapEff", "CapAmb")
needs_landlock = pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")


def status(process: int | str) -> dict[str, str]:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def check_given_up(found: dict[str, str], user: int, group: int) -> None:
    assert found["Uid"].split() == [str(user)] * 4
    assert found["Gid"].split() == [str(group)] * 4
    assert found["Groups"] == ""
    assert {found[one] for one in CAPABILITIES} == {"0" * 16}
    assert found["NoNewPrivs"] == "1"


@pytest.mark.parametrize(
    ("arguments", "environment", "user", "group"),
    [
        ((), {}, NOBODY, NOBODY),
        ((), CALLER, 1000, 1001),
        (("--user", "daemon"), {}, 1, 1),
        (("--user", "1"), CALLER, 1, 1),
        (("--user", "root"), CALLER, 0, 0),
    ],
    ids=["root", "sudo", "user", "number", "root chosen"],
)
def test_the_program_becomes_another_user_in_all_its_threads(
    lab: Lab, arguments: tuple[str, ...], environment: dict[str, str], user: int, group: int
) -> None:
    with Capturing(lab, "timeline", "-i", WIRE, "--metrics", ":9100", *arguments, **environment) as ours:
        threads = os.listdir(f"/proc/{ours.process.pid}/task")
        # One that captures, one that serves metrics, and that which tracks.
        assert len(threads) >= 3
        for thread in threads:
            check_given_up(status(f"{ours.process.pid}/task/{thread}"), user, group)
        lab.talk(lab.peers)
        out, _, code = ours.end()
    assert code == 0
    assert "TIME_WAIT" in out


def test_verbose_says_what_was_given_up(lab: Lab, tmp_path: Path) -> None:
    ring = ("-w", tmp_path / "ring.pcapng", "--rotate", "1h")
    with Capturing(lab, "timeline", "-i", WIRE, "--verbose", *ring, "--output", tmp_path / "out.csv", LANG="C") as ours:
        _, err, code = ours.end()
    assert code == 0
    lines = err.splitlines()
    assert lines[:2] == [
        "pcapstate: runs as user nobody (65534), group 65534, without other groups",
        "pcapstate: gave up all capabilities; programs that it starts gain none",
    ]
    if landlock.version() >= landlock.NETWORK_SINCE:
        assert lines[2].startswith(
            "pcapstate: reads only Python and libraries, opens no other file and no TCP connection"
        )
    assert lines[3:5] == [
        f"pcapstate: a process beside it keeps its privileges, to put {tmp_path}/out.csv in its place",
        f"pcapstate: a process beside it keeps its privileges, to make the files of the ring {tmp_path}/ring.pcapng",
    ]


# --- who that is


def test_an_unknown_user_is_one_line() -> None:
    if os.geteuid():
        pytest.skip("needs root")
    done = process("netstat", "-i", "lo", "--user", "no such user")
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (2, b"", 1)
    assert b'there is no user "no such user"' in done.stderr
    done = process("netstat", "x.pcap", "--user", "daemon")
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
    assert b"--user goes with -i" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="needs users")
def test_who_the_program_becomes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in CALLER:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert (owner(None), successor(None)) == (None, None)
    assert owner(GivenUp()) is None
    assert successor(GivenUp()) == User(NOBODY, NOBODY, "nobody")
    for name, value in CALLER.items():
        monkeypatch.setenv(name, value)
    who = User(1000, 1001, "somebody")
    assert [owner(None), successor(None), owner(GivenUp()), successor(GivenUp())] == [who] * 4
    assert owner(GivenUp("daemon")) == successor(GivenUp("daemon")) == User(1, 1, "daemon")
    for name in ("", "-1", "4294967290", "9" * 40, "a\0b"):
        with pytest.raises(CallError, match="there is no user"):
            owner(GivenUp(name))
    monkeypatch.setattr(os, "geteuid", lambda: 1)
    assert (owner(GivenUp()), successor(GivenUp())) == (None, None)
    assert successor(GivenUp("daemon")) == User(1, 1, "daemon")
    with pytest.raises(CallError, match="only root can become"):
        owner(GivenUp("root"))


# --- from inside

TRY = """
import os, socket, sys, threading
from pcapstate.sources.live import LiveReader
from pcapstate.sources.privileges import GivenUp

other = socket.create_server(("127.0.0.1", 0))
kept = open(sys.argv[1] + "/kept", "w")
reader = LiveReader("lo", giving_up=GivenUp("root", *eval(sys.argv[2])))

def tried(what):
    try:
        return str(what() or "done")
    except OSError as error:
        return error.strerror

def connect(place):
    socket.create_connection(place, 5).close()

def write(path):
    with open(path, "r+" if path == os.devnull else "x") as file:
        file.write("x")

def try_all():
    for name, what in (
        ("read", lambda: open("/etc/passwd").close()),
        ("list", lambda: os.listdir("/") and None),
        ("write", lambda: write(sys.argv[1] + f"/new{threading.get_ident()}")),
        ("remove", lambda: os.unlink(sys.argv[1] + "/kept")),
        ("rename", lambda: os.rename(sys.argv[1] + "/kept", sys.argv[1] + "/moved")),
        ("make", lambda: os.mkdir(sys.argv[1] + "/made")),
        ("run", lambda: os.posix_spawn("/bin/true", ["true"], {}) and None),
        ("temporary", lambda: write(os.environ["TMPDIR"] + f"/new{threading.get_ident()}")),
        ("connect", lambda: connect(other.getsockname())),
        ("bind", lambda: socket.socket().bind(("127.0.0.1", 0))),
        ("signal", lambda: os.kill(os.getppid(), 0)),
        ("module", lambda: __import__("wave") and None),
        ("null", lambda: write(os.devnull)),
        ("kept", lambda: kept.write("x") and None),
        ("hosts", lambda: open("/etc/hosts").close()),
    ):
        print(name, tried(what))

try_all()
print("--")
thread = threading.Thread(target=try_all)
thread.start()
thread.join()
print("--", os.geteuid(), next(reader.batches()) is not None)
reader.close()
"""
DENIED = "Permission denied"


def inside(lab: Lab, folder: Path, how: str) -> list[dict[str, str]]:
    """Return what was tried, and what came of it: in the thread that captures, and in one that it began."""
    folder.chmod(0o777)
    temporary = folder / "temporary"
    temporary.mkdir()
    done = subprocess.run(
        [*lab.ours, sys.executable, "-c", TRY, str(folder), how],
        capture_output=True, text=True, timeout=60, check=False, env={**os.environ, "TMPDIR": str(temporary)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    *parts, last = done.stdout.split("--")
    assert last == " 0 True\n"
    return [dict(line.split(" ", 1) for line in part.split("\n") if line) for part in parts]


@needs_landlock
def test_no_file_and_no_network_stays_within_reach(lab: Lab, tmp_path: Path) -> None:
    """As root, whom nothing else would keep from it."""
    for found in inside(lab, tmp_path, "(False, False)"):
        network = {"connect": DENIED, "bind": DENIED} if landlock.version() >= landlock.NETWORK_SINCE else {}
        signals = {"signal": "Operation not permitted"} if landlock.version() >= landlock.SCOPES_SINCE else {}
        assert found.items() >= {**network, **signals}.items()
        for what in ("read", "list", "write", "remove", "rename", "make", "run", "temporary", "hosts"):
            assert found[what] == DENIED, what
        assert {found[what] for what in ("module", "null", "kept")} == {"done"}
    assert sorted(os.listdir(tmp_path)) == ["kept", "temporary"]
    assert (tmp_path / "kept").read_text() == "xx"


@needs_landlock
def test_looking_up_names_keeps_the_network(lab: Lab, tmp_path: Path) -> None:
    for found in inside(lab, tmp_path, "(True, False)"):
        assert {found[what] for what in ("connect", "bind", "signal", "hosts", "read")} == {"done"}
        assert {found[what] for what in ("list", "write", "remove", "run", "temporary")} == {DENIED}


@needs_landlock
def test_an_output_may_have_to_be_saved_elsewhere(lab: Lab, tmp_path: Path) -> None:
    for found in inside(lab, tmp_path, "(False, True)"):
        assert {found[what] for what in ("list", "write", "remove", "read")} == {DENIED}
        assert found["temporary"] == "done"


def test_the_library_leaves_the_rest_to_its_caller(lab: Lab) -> None:
    script = (
        "import os, pcapstate\nfor _ in pcapstate.live('lo', duration=0.2):\n    pass\n"
        "print(os.geteuid(), len(open('/etc/passwd').read()) > 0)"
    )
    done = subprocess.run([*lab.ours, sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "0 True\n"


def test_landlock_that_is_not_there_is_said(lab: Lab) -> None:
    program = (
        "import sys\nfrom pcapstate.sources import landlock\nlandlock.version = lambda: 0\n"
        "from pcapstate.cli.main import main\nmain()"
    )
    with Capturing(lab, "timeline", "-i", "lo", "--verbose", program=program) as ours:
        _, err, code = ours.end()
    assert (code, "files and network stay within reach (no Landlock in this kernel)" in err) == (0, True)


# --- rings of files


def test_a_ring_goes_on_where_only_root_can_write(lab: Lab, tmp_path: Path) -> None:
    folder = tmp_path / "ring"
    folder.mkdir(mode=0o700)
    check_ring(lab, folder, {}, (NOBODY, NOBODY), 0)


def test_a_ring_of_who_called_sudo_is_the_callers(lab: Lab, open_folder: Path) -> None:
    os.chown(open_folder, 1000, 1001)
    open_folder.chmod(0o700)
    check_ring(lab, open_folder, CALLER, (1000, 1001), 1000)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    folder = Path(f"/tmp/pcapstate-ring-{os.getpid()}")
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def check_ring(lab: Lab, folder: Path, environment: dict[str, str], who: tuple[int, int], owner: int) -> None:
    ring = ("-w", folder / "a.pcapng", "--rotate", "100k", "--keep", "3")
    with Capturing(lab, "timeline", "-i", WIRE, "--quiet", *ring, **environment) as ours:
        check_given_up(status(ours.process.pid), *who)
        (beside,) = children(ours.process.pid)
        assert status(beside)["Uid"].split() == [str(owner)] * 4
        for _ in range(8):
            lab.talk(lab.peers, count=3, size=50_000)
            time.sleep(0.3)
        _, err, code = ours.end()
    assert (err, code) == ("", 0)
    assert not Path(f"/proc/{beside}").exists()
    files = sorted(folder.iterdir())
    assert len(files) == 3
    assert int(re.fullmatch(r"a_(\d{5})_\d{14}\.pcapng", files[0].name)[1]) > 1  # type: ignore[index]
    assert {one.stat().st_uid for one in files} == {owner}
    assert process("connections", *files).returncode == 0


def children(number: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{number}/task/{number}/children").read_text().split()]


def test_the_process_beside_a_program_with_capabilities_has_none(lab: Lab, open_folder: Path) -> None:
    if not shutil.which("setpriv"):
        pytest.skip("needs setpriv")
    os.chown(open_folder, NOBODY, NOBODY)
    # As with setcap cap_net_raw,cap_net_admin=eip, for another user than root; and who can read this Python.
    grant = ["--inh-caps=+net_raw,+net_admin,+dac_override", "--ambient-caps=+net_raw,+net_admin,+dac_override"]
    command = [
        *lab.ours, "setpriv", "--reuid=65534", "--clear-groups", *grant, sys.executable, "-m", "pcapstate",
        "timeline", "-i", WIRE, "-w", str(open_folder / "a.pcapng"), "--rotate", "1h", "--verbose",
    ]  # fmt: skip
    ours = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env={**os.environ, "HOME": "/tmp"}
    )
    try:
        assert ours.stderr is not None
        assert ours.stderr.readline() == "pcapstate: runs as user 65534, as before\n"
        (beside,) = children(ours.pid)
        for one in (ours.pid, beside):
            found = status(one)
            assert {found[name] for name in CAPABILITIES} == {"0" * 16}
            assert found["NoNewPrivs"] == "1"
        # By then it reads.
        time.sleep(1)
        ours.send_signal(signal.SIGINT)
        assert ours.wait(20) == 0
    finally:
        ours.kill()
        ours.communicate()
    assert [one.stat().st_uid for one in open_folder.iterdir()] == [NOBODY]


@pytest.mark.skipif(os.name != "posix", reason="needs descriptors that are handed over")
@pytest.mark.parametrize("apart", [False, True])
def test_files_of_a_ring(tmp_path: Path, apart: bool) -> None:
    path = tmp_path / "folder" / "a.b.pcapng"
    path.parent.mkdir()
    files = RingProcess(str(path), 2, None) if apart else RingFiles(str(path), 2)
    for number in range(1, 4):
        name, descriptor = files.next()
        assert re.fullmatch(rf"{re.escape(str(tmp_path))}/folder/a\.b_0000{number}_\d{{14}}\.pcapng", name)
        assert os.write(descriptor, b"x") == 1
        os.close(descriptor)
        assert Path(name).read_text() == "x"
        assert len(list(path.parent.iterdir())) == min(number, 2)
    shutil.rmtree(path.parent)
    with pytest.raises(FileNotFoundError):
        files.next()
    path.parent.mkdir()
    os.close(files.next()[1])
    files.close()


@pytest.mark.skipif(os.name != "posix", reason="needs a process that is killed")
def test_a_ring_whose_process_is_gone_says_so(tmp_path: Path) -> None:
    files = RingProcess(str(tmp_path / "a"), 0, None)
    os.close(files.next()[1])
    files._process.kill()
    files._process.wait()
    with pytest.raises(OSError, match="the process that makes the next file is gone"):
        files.next()
    files.close()


def test_captures_reach_a_ring_that_a_user_chose(lab: Lab, tmp_path: Path) -> None:
    """``--user`` also says whose the files are; that user cannot write here."""
    tmp_path.chmod(0o755)
    done = subprocess.run(
        [*lab.ours, sys.executable, "-m", "pcapstate", "timeline", "-i", WIRE, "--user", "daemon",
         "-w", str(tmp_path / "a.pcapng"), "--rotate", "1h"],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "Permission denied" in done.stderr
