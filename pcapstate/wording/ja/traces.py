"""Formats for other programs: Zeek's conn.log, and traces for Perfetto."""

from __future__ import annotations

TRACES = {
    "{format} is a format of {command} only": "{format} は {command} だけの形式です",
    "--format zeek has the columns of Zeek's conn.log; --columns goes with other formats": (
        "--format zeek の列は Zeek の conn.log のものと決まっています。--columns はほかの形式で使えます"
    ),
    "--checksums goes with --format zeek and the columns history and conn_state": (
        "--checksums は --format zeek と、列 history、conn_state とともに使います"
    ),
    "--format perfetto has events in the order of time; --columns and --sort go with other formats": (
        "--format perfetto は時刻順のイベントです。--columns と --sort はほかの形式で使えます"
    ),
    "--format perfetto needs a capture file: a slice is written once its end is known": (
        "--format perfetto にはキャプチャファイルが必要です。スライスは終わりがわかってから書き出します"
    ),
    "State (Zeek)": "状態 (Zeek)",
    "History (Zeek)": "履歴 (Zeek)",
    "In Zeek's terms: leave out packets with a wrong TCP checksum, as Zeek without -C does.": (
        "Zeek の列では、TCP チェックサムが正しくないパケットを除きます (-C なしの Zeek と同じ)。"
    ),
}
"""The Japanese for each English text."""
