"""Connections by state over time."""

from __future__ import annotations

PLOT = {
    "Draw how many connections are in each state over time.": "各状態にある接続の数の推移を描画します。",
    "Draw how many connections of a dataset are in each state over time.": (
        "データセットの、各状態にある接続の数の推移を描画します。"
    ),
    "Each state has a band with a scale of its own, beside its largest number of connections; a column shows the"
    " largest number within its time. So three connections left in CLOSE_WAIT show beside thousands in TIME_WAIT.": (
        "状態ごとに帯を描き、その横に接続数の最大値を示します。縦の目盛りは帯ごとに異なり、各列の高さはその時間内の最大値"
        "です。そのため、TIME_WAIT が数千あっても、CLOSE_WAIT に残った 3 つの接続を見落としません。"
    ),
    "Without --local or --side, states are those of the host that netstat would show: the one in every connection, or"
    " else those of clients. Of open states only; --state chooses others, such as CLOSED. Assumptions that later"
    " packets disproved do not count.": (
        "--local も --side もなければ、netstat と同じホスト (すべての接続に現れるホスト。なければクライアント側) の"
        "状態を数えます。対象は開いている状態だけで、CLOSED などは --state で指定します。後のパケットで覆った推定は"
        "数えません。"
    ),
    "Begin at this moment, told as for --at.": "この時点から始めます (指定は --at と同じ)。",
    "Whose states: those of this host, or of a network.": "このホスト、またはこのネットワークの状態を数えます。",
    "Whose states: those of clients, of servers, or of both.": "クライアント、サーバー、または両方の状態を数えます。",
    'Only connections that match, such as "server_port = 443".': (
        '条件に一致する接続だけを対象にします ("server_port = 443" など)。'
    ),
    "For programs: counts every S seconds (1m30s), not at each change.": (
        "プログラム向けの形式で、変化のたびではなく S 秒 (1m30s など) ごとの数を出力します。"
    ),
    "Write to this file, whole or not at all; its suffix selects a format (.txt, .svg, .png, .json, .jsonl, .ndjson,"
    " .csv, .tsv, .tab, .md, .markdown, .parquet).": (
        "このファイルに書き出します (失敗したときは何も残しません)。拡張子で形式が決まります (.txt, .svg, .png, .json,"
        " .jsonl, .ndjson, .csv, .tsv, .tab, .md, .markdown, .parquet)。"
    ),
    "--local and --side exclude each other": "--local と --side は同時に指定できません",
    "--every goes with the formats for programs; a picture has as many columns as fit": (
        "--every はプログラム向けの形式とともに指定します。図の列の数は幅で決まります"
    ),
    "--every makes more than {most:,} moments": "--every の間隔が短すぎます (時点の数が {most:,} を超えます)",
    "{text} is too short": "{text} は短すぎます",
    "a PNG does not go to a terminal; -o FILE writes it to a file": (
        "PNG は端末に出力できません。-o FILE でファイルに書き出してください"
    ),
    "--from takes a time, not a packet": "--from にはパケットではなく時刻を指定します",
    "{moment} is after the last moment of the capture (--from)": "{moment} はキャプチャの最後より後です (--from)",
    "no connection is in an open state; --state chooses other states": (
        "開いている状態の接続はありません。ほかの状態は --state で指定します"
    ),
    "Connections by state over time": "状態別の接続数の推移",
    "states of clients": "クライアントの状態",
    "states of servers": "サーバーの状態",
    "states of both ends": "両端の状態",
    "The largest number of connections in each state: {states}": "各状態の接続数の最大値: {states}",
    "all": "合計",
    "at most {count:,}": "最大 {count:,}",
    "Count": "数",
    "Largest": "最大",
    "a PNG needs Pillow: pip install 'pcapstate[plot]'; SVG needs nothing": (
        "PNG には Pillow が必要です: pip install 'pcapstate[plot]' (SVG には不要です)"
    ),
    "no font with Japanese characters was found; the picture is in English": (
        "日本語のフォントが見つからないため、図は英語です"
    ),
}
