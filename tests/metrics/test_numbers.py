"""The numbers of a capture against what the commands show of it, and their text against Prometheus' parsers."""

from __future__ import annotations

import io
import json
import threading
from collections import Counter
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from pcapstate.capture import Capture
from pcapstate.kernels.running import Kernels
from pcapstate.metrics import meter as module
from pcapstate.metrics.families import COUNTER, GAUGE, Family, families
from pcapstate.metrics.meter import HOSTS, ROLES, Meter
from pcapstate.metrics.text import OPEN_METRICS, PROMETHEUS, kind_for, written
from pcapstate.sources.reader import CaptureReader
from pcapstate.tcp.machine import TABLE
from pcapstate.tcp.states import STATES
from tests.helpers.captures import pcap, story_frames
from tests.helpers.paths import PCAPS
from tests.helpers.prometheus import samples, total
from tests.helpers.running import run
from tests.helpers.stories import parse
from tests.helpers.story_texts import STORIES

NAMES = sorted(path.name for path in PCAPS.glob("*.pcap*") if path.with_name(path.name + ".expected").exists())


def counted(data: bytes, meter: Meter, most: int = 1 << 20) -> Capture:
    """Have a capture counted to its end."""
    source = CaptureReader(io.BytesIO(data), Kernels())
    capture = Capture(source, watchers=[meter], most=most, undisturbed=lambda: meter.during(nullcontext()))
    meter.attach(capture)
    for _ in capture.follow():
        pass
    # The numbers from before the first packet are fresh still.
    meter._taken_at = 0
    return capture


@pytest.mark.parametrize("name", NAMES)
def test_numbers_are_those_of_the_commands(name: str) -> None:
    meter = Meter()
    data = (PCAPS / name).read_bytes()
    capture = counted(data, meter)
    numbers = meter.numbers()
    rows = [
        json.loads(line)
        for line in run("timeline", PCAPS / name, "--revisions", "--format", "jsonl").stdout.splitlines()
    ]
    pairs = Counter((row["from"], row["to"]) for row in rows)
    # Names of LISTEN differ.
    found = {
        (STATES[before], STATES[after]): int(numbers.transitions[before, after])
        for before, after in np.argwhere(numbers.transitions)
    }
    assert found == pairs
    assert numbers.refusals == sum(row["cause"] == "received RST: refused" for row in rows)
    resets = [row["endpoint"] for row in rows if row["cause"] == "received RST"]
    assert numbers.resets.sum() == len(resets)
    connections = [
        json.loads(line) for line in run("connections", PCAPS / name, "--format", "jsonl").stdout.splitlines()
    ]
    assert numbers.connections == numbers.kept == len(connections)
    assert numbers.retransmissions == sum(
        row["client_retransmissions"] + row["server_retransmissions"] for row in connections
    )
    assert numbers.packets == capture.frames


@pytest.mark.parametrize(
    ("name", "hosts"),
    [
        *((name, ("0.0.0.0/0", "::/0")) for name in NAMES),
        ("example.pcapng", ("10.0.0.5",)),
        ("example.pcapng", ("10.0.0.20",)),
    ],
)
def test_open_ends_are_those_of_netstat(name: str, hosts: tuple[str, ...]) -> None:
    meter = Meter(hosts)
    counted((PCAPS / name).read_bytes(), meter)
    local = meter.numbers().open_ends[:, :, HOSTS.index("local")].sum(axis=1)
    local_options = [word for host in hosts for word in ("--local", host)]
    rows = run("netstat", PCAPS / name, *local_options, "--format", "jsonl").stdout.splitlines()
    expected = Counter(json.loads(row)["state"] for row in rows)
    assert {STATES[state]: int(local[state]) for state in np.flatnonzero(local)} == expected


def test_hosts_are_grouped() -> None:
    meter = Meter(["198.51.100.0/24"])
    high = np.zeros(4, dtype=np.int64)
    addresses = ("198.51.100.7", "10.1.2.3", "8.8.8.8", "100.64.0.1")
    low = np.array([0xFFFF << 32 | int.from_bytes(bytes(map(int, one.split("."))), "big") for one in addresses])
    assert [HOSTS[group] for group in meter._groups(high, low)] == ["local", "private", "public", "private"]
    v6 = np.array([0x20010DB8 << 32, -0x0180000000000000, 0]), np.array([1, 1, 1])
    assert [HOSTS[group] for group in meter._groups(*v6)] == ["public", "private", "private"]


def test_the_interface_may_get_other_addresses() -> None:
    """As with --wait: what was private is local then."""
    meter = Meter()
    capture = counted((PCAPS / "example.pcapng").read_bytes(), meter)
    before = meter.numbers().open_ends
    assert before[:, :, HOSTS.index("local")].sum() == 0
    capture.source.addresses = ("10.0.0.5", "2001:db8::1")  # type: ignore[attr-defined]
    meter.tracked(np.zeros(0), (0, 0))
    meter._taken_at = 0
    assert meter.numbers().open_ends[:, :, HOSTS.index("local")].sum() == 11


def test_roles_of_resets() -> None:
    for name, resets in (("reset_by_client", [0, 1]), ("reset_by_server", [1, 0])):
        meter = Meter()
        counted(pcap(story_frames(parse(STORIES[name]))), meter)
        assert meter.numbers().resets.tolist() == resets


def test_counters_outlive_eviction() -> None:
    """What was evicted is still counted: a counter that falls is taken for a new start."""
    names = [name for name in NAMES if "flood" not in name]
    name = max(names, key=lambda one: (PCAPS / one).stat().st_size)
    roomy, tight = Meter(), Meter()
    counted((PCAPS / name).read_bytes(), roomy)
    capture = counted((PCAPS / name).read_bytes(), tight, most=8)
    assert capture.table.evicted.sum() > 0
    assert tight.numbers().connections >= roomy.numbers().connections
    assert tight.numbers().kept <= 8
    assert tight.numbers().retransmissions > 0
    assert sum(tight.numbers().evicted.values()) == capture.table.evicted.sum()


def test_asking_often_takes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    meter = Meter()
    counted((PCAPS / "example.pcapng").read_bytes(), meter)
    first = meter.numbers()
    assert meter.numbers() is first
    monkeypatch.setattr(module, "FRESH", 0)
    assert meter.numbers() is not first


def test_where_reading_stands_still_the_last_numbers_have_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FRESH", 0)
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    meter = Meter()
    counted((PCAPS / "example.pcapng").read_bytes(), meter)
    before, found = meter.numbers(), []
    with meter.during(nullcontext()):
        asking = threading.Thread(target=lambda: found.append(meter.numbers()))
        asking.start()
        asking.join(10)
    assert found == [before]
    assert meter.numbers() is not before


# --- the text


@pytest.mark.parametrize(("kind", "parser"), [(PROMETHEUS, "prometheus"), (OPEN_METRICS, "openmetrics")])
def test_text_says_the_numbers(kind: str, parser: str) -> None:
    meter = Meter()
    counted((PCAPS / "office.pcapng").read_bytes(), meter)
    numbers = meter.numbers()
    found = samples(written(families(numbers), kind), parser)
    assert total(found, "system_network_connections") == numbers.open_ends.sum() - numbers.open_ends[1].sum() > 0
    for name, value in (
        ("pcapstate_connections_total", numbers.connections),
        ("pcapstate_transitions_total", numbers.transitions.sum()),
        ("pcapstate_resets_total", numbers.resets.sum()),
        ("pcapstate_refusals_total", numbers.refusals),
        ("pcapstate_retransmissions_total", numbers.retransmissions),
        ("pcapstate_packets_total", numbers.packets),
        ("pcapstate_bytes_total", numbers.octets),
        ("pcapstate_kept_connections", numbers.kept),
        ("pcapstate_evicted_connections_total", 0),
        ("pcapstate_build_info", 1),
    ):
        assert total(found, name) == value
    assert numbers.clock is not None
    assert total(found, "pcapstate_capture_time_seconds") == numbers.clock / 1e9
    assert total(found, "pcapstate_dropped_packets_total") == numbers.dropped


def test_series_are_bounded_and_there_from_the_start() -> None:
    empty, busy = Meter(), Meter()
    counted(pcap([]), empty)
    counted((PCAPS / "office.pcapng").read_bytes(), busy)
    texts = [written(families(one.numbers()), PROMETHEUS) for one in (empty, busy)]
    first, second = (set(samples(text)) for text in texts)
    # Nobody has counted drops of the empty one.
    assert second - first == {("pcapstate_capture_time_seconds", ()), ("pcapstate_dropped_packets_total", ())}
    assert len(second) < 200


@pytest.mark.parametrize(("kind", "parser"), [(PROMETHEUS, "prometheus"), (OPEN_METRICS, "openmetrics")])
@pytest.mark.parametrize("value", ['a"b', "a\\nb", "a\nb", "\\", '\\"', "über 日本 \U0001f600", "}", ' x="y",'])
def test_labels_are_escaped(kind: str, parser: str, value: str) -> None:
    family = Family("some", GAUGE, "A \\ back\nslash.", [((("name", value), ("b", "c")), 1), ((), 2)])
    found = samples(written([family, Family("more", COUNTER, "More.", [((), 3)])], kind), parser)
    assert found == {("some", (("b", "c"), ("name", value))): 1, ("some", ()): 2, ("more_total", ()): 3}


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", PROMETHEUS),
        ("*/*", PROMETHEUS),
        ("text/plain;version=0.0.4;q=1,*/*;q=0.1", PROMETHEUS),
        ("application/openmetrics-text;version=1.0.0;q=0.5, text/plain;q=0.4", OPEN_METRICS),
        ("Application/OpenMetrics-Text", OPEN_METRICS),
        ("application/openmetrics-text;q=0", PROMETHEUS),
        ("application/openmetrics-text;q=0.000", PROMETHEUS),
        (",;,;;q=", PROMETHEUS),
    ],
)
def test_the_client_chooses_the_format(accept: str, kind: str) -> None:
    assert kind_for(accept) == kind


def test_every_transition_of_the_machine_has_its_counter() -> None:
    meter = Meter()
    counted(pcap([]), meter)
    text = written(families(meter.numbers()), PROMETHEUS).decode()
    for row in TABLE:
        for state in row.states if row.next is not None else ():
            assert row.next is not None
            assert f'{{from="{state.name.lower()}",to="{row.next.name.lower()}"}} 0\n' in text
    assert {f'role="{role}"' for role in ROLES} <= set(text.replace("{", ",").replace("}", ",").split(","))


def test_a_path_of_a_capture_is_a_label(tmp_path: Path) -> None:
    path = tmp_path / 'a "quoted" name.pcap'
    path.write_bytes(pcap([]))
    meter = Meter()
    source = CaptureReader(path, Kernels())
    meter.attach(Capture(source))
    source.close()
    found = samples(written(families(meter.numbers()), PROMETHEUS))
    assert ("pcapstate_source_info", (("name", source.name),)) in found
