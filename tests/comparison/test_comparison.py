"""The comparison with other tools (``compare_captures.py``) agrees where it should, and finds what differs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.comparison.compare_captures import main
from tests.comparison.deciding_states import ZEEK, Decision, by_trail, by_zeek
from tests.helpers.paths import PCAPS


def stream(trail: str, fin_acked: str = "", one_sided: bool = False) -> dict[str, Any]:
    """Return a stream with this order of events; ``fin_acked`` names the ends whose FIN was acknowledged."""
    both = "SADFHRN", "sadfhrn"
    answered = "h" in trail and bool({"A", "D"} & set(trail))
    return {
        "id": 0,
        "a": "10.0.0.5 51812",
        "b": "192.0.2.80 80",
        "trail": trail,
        "packets": [sum(one in side for one in trail) for side in both],
        "syn": [trail.count("S"), trail.count("s")],
        "synack": [trail.count("H"), trail.count("h")],
        "fin": [trail.count("F"), trail.count("f")],
        "rst": [trail.count("R"), trail.count("r")],
        "fin_acked": ["a" in fin_acked, "b" in fin_acked],
        "syn_acked": [answered, answered],
    }


@pytest.mark.parametrize(
    ("trail", "fin_acked", "yes", "no"),
    [
        ("S", "", "SYN_SENT UNKNOWN", "SYN_SENT SYN_RECEIVED"),
        ("Sh", "", "SYN_SENT SYN_RECEIVED", "ESTABLISHED ESTABLISHED"),
        ("SH", "", "", ""),
        ("ShA", "", "ESTABLISHED ESTABLISHED", "ESTABLISHED SYN_RECEIVED"),
        ("DaDa", "", "ESTABLISHED ESTABLISHED", "UNKNOWN UNKNOWN"),
        ("N", "", "UNKNOWN UNKNOWN", "ESTABLISHED ESTABLISHED"),
        ("Sr", "", "CLOSED UNKNOWN", "SYN_SENT UNKNOWN"),
        ("SrS", "", "SYN_SENT UNKNOWN", "CLOSED UNKNOWN"),
        ("ShADF", "", "FIN_WAIT_1 CLOSE_WAIT", "FIN_WAIT_2 CLOSE_WAIT"),
        ("ShADFa", "a", "FIN_WAIT_2 CLOSE_WAIT", "CLOSE_WAIT FIN_WAIT_2"),
        ("ShADfA", "b", "CLOSE_WAIT FIN_WAIT_2", "FIN_WAIT_2 CLOSE_WAIT"),
        ("ShADFfA", "ab", "TIME_WAIT CLOSED", "TIME_WAIT LAST_ACK"),
        ("ShADFf", "a", "TIME_WAIT LAST_ACK", "CLOSED CLOSED"),
        ("ShADFf", "", "CLOSING CLOSING", "FIN_WAIT_2 CLOSE_WAIT"),
        ("ShADR", "", "CLOSED CLOSED", "ESTABLISHED CLOSED"),
        ("ShADRd", "", "CLOSED ESTABLISHED", "ESTABLISHED ESTABLISHED"),
        ("ShADRD", "", "", ""),
    ],
)
def test_what_the_order_of_events_decides(trail: str, fin_acked: str, yes: str, no: str) -> None:
    pairs = by_trail(stream(trail, fin_acked))
    assert bool(pairs) == bool(yes)
    if yes:
        assert Decision("trail", trail, pairs).allows(*yes.split())
        assert not Decision("trail", trail, pairs).allows(*no.split())


def test_what_zeek_decides() -> None:
    assert by_zeek("OTH", "Dd") == ()
    assert Decision("Zeek", "", by_zeek("S1", "Sh")).allows("SYN_SENT", "SYN_RECEIVED")
    assert Decision("Zeek", "", by_zeek("S1", "ShAD")).allows("ESTABLISHED", "ESTABLISHED")
    assert not Decision("Zeek", "", ZEEK["SF"]).allows("ESTABLISHED", "ESTABLISHED")


def folder(tmp_path: Path, **changed: Any) -> Path:
    """Return a folder with a sound capture and two that are not, and what is said of them."""
    for name in ("close-by-client.pcap", "damaged-length.pcap", "damaged-text.txt"):
        shutil.copy(PCAPS / name, tmp_path)
    listed = [stream("ShADadAFafA", "ab") | {"packets": [6, 5]} | changed.pop("stream", {})]
    tcp = {"segments": 11, "streams": 1, "syn": 1, "synack": 1, "fin": 2, "rst": 0, "in_icmp_or_sflow": 0}
    zeek = {"stream": 0, "usable": True, "orig": "10.0.0.5 51812", "resp": "192.0.2.80 80", "conn_state": "SF"}
    zeek |= {"history": "ShADadFf", "orig_pkts": 6, "resp_pkts": 5} | changed.pop("zeek", {})
    sound = {"category": "tcp", "strict": ["segments", "flows"], "tcp": tcp | {"stream_list": listed} | changed}
    damaged = {"category": "malformed", "strict": [], "readable": "partial", "tcp": {}}
    text = damaged | {"category": "unreadable", "readable": "no"}
    files = {"close-by-client.pcap": sound | {"zeek": [zeek]}, "damaged-length.pcap": damaged, "damaged-text.txt": text}
    (tmp_path / "expected.json").write_text(json.dumps({"files": files}), encoding="utf-8")
    return tmp_path


def test_a_folder_that_agrees(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(folder(tmp_path))]) == 0
    *rows, last = capsys.readouterr().out.rstrip().splitlines()
    assert [row.split()[0] for row in rows] == ["category", "malformed", "tcp", "unreadable"]
    cells = dict(zip(rows[0].split(), last.split(), strict=True))
    assert cells["captures"] == "3"
    assert cells["Suricata"] == "-"
    assert cells["ending"] == "2/2"
    assert {cells[name] for name in ("connections", "numbers", "segments", "RST", "trail", "Zeek", "conn.log")} == {
        "1/1"
    }


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"segments": 12}, "11 segments for 12"),
        ({"rst": 1}, "0 RST for 1"),
        ({"streams": 2}, "1 connections for 2"),
        ({"stream": {"b": "192.0.2.80 81"}}, "connection 0: 10.0.0.5 51812 - 192.0.2.80 80 for"),
        ({"stream": {"packets": [5, 6]}}, "connection 0: (6, 5) packets for (5, 6)"),
        ({"zeek": {"history": "^hADadFf"}}, "connection 0: Line(orig='10.0.0.5 51812'"),
        ({"zeek": {"orig_pkts": 5}}, "orig_pkts=6, resp_pkts=5, numbers=None) for Line("),
        ({"stream": {"fin": [0, 0], "trail": "ShAD"}}, "connection 0: TIME_WAIT, CLOSED for trail's ShAD"),
    ],
)
def test_what_differs_is_told(
    changed: dict[str, Any], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(folder(tmp_path, **changed)), "tcp"]) == 1
    last = capsys.readouterr().out.rstrip().splitlines()[-1]
    assert last.startswith("close-by-client.pcap: ")
    assert told in last
