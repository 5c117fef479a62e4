"""Columns of connections, transitions and sockets, and why one is refused."""

from __future__ import annotations

COLUMNS = {
    "Closed By": "先に閉じた側",
    "Reset By": "リセットした側",
    "both": "両方",
    "Service": "サービス",
    "Client Address": "クライアントのアドレス",
    "Client Port": "クライアントのポート",
    "Server Address": "サーバーのアドレス",
    "Server Port": "サーバーのポート",
    "Client Name": "クライアント名",
    "Server Name": "サーバー名",
    "Client Age": "クライアントの経過時間",
    "Server Age": "サーバーの経過時間",
    "Client Since": "クライアントの状態の開始",
    "Server Since": "サーバーの状態の開始",
    "Client Packet": "クライアントのパケット番号",
    "Server Packet": "サーバーのパケット番号",
    "the column {name} needs all packets, but rows from a pipe or an interface are printed as they come": (
        "列 {name} にはすべてのパケットが必要です。パイプやインターフェースでは行を順次出力するため使えません"
    ),
    "the column {name} needs all packets, but these rows come one by one": (
        "列 {name} にはすべてのパケットが必要です。行を順次返す読み方では使えません"
    ),
    "a dataset does not keep TLS and HTTP, so names that only these tell are missing": (
        "データセットには TLS と HTTP が残っていないため、これらだけで分かる名前は含まれません"
    ),
    "this reading did not gather what the filter asks for: {columns}": (
        "フィルターに必要な情報が今回の読み込みでは集められていません: {columns}"
    ),
}
