"""The screen of ``live`` and ``browse``."""

from __future__ import annotations

KEYS = {
    "Keys": "キー操作",
    "Sort": "並べ替え",
    "Ended": "終了分",
    "Both": "両端",
    "Play": "再生",
    "Pause": "一時停止",
    "Open": "開く",
    "Help": "ヘルプ",
    "Quit": "終了",
    "Back": "戻る",
    "Write": "保存",
    "Copy filter": "フィルターをコピー",
    "filter rows, as netstat --filter; Tab completes": ("行を絞り込む (netstat --filter と同じ式、Tab で補完)"),
    "sort by the next column; reverse the order": "次の列で並べ替える / 逆順にする",
    "only this state of the strip; all states": "この番号の状態だけを表示する / すべて表示する",
    "also connections that have ended": "終了した接続も表示する",
    "also listening ports": "待ち受け中のポートも表示する",
    "the states of both ends": "両端の状態を並べて表示する",
    "names of hosts and ports, or numbers": "ホストとポートを名前または番号で表示する",
    "back and forward in time; with Shift, 10 times as far": "時刻を戻す / 進める (Shift で 10 倍)",
    "to the previous change of state; to the next one": "前の状態変化へ / 次の状態変化へ",
    "to the beginning; to the end, or to now": "先頭へ / 最後 (キャプチャ中は現在) へ",
    "play at 1, 10 or 100 times the speed": "1 倍、10 倍、100 倍の速さで再生する",
    "pause the screen, not the capture; resume": "表示だけを一時停止する (キャプチャは続く) / 再開する",
    "select a row; the first; the last": "行を選ぶ / 最初の行 / 最後の行",
    "show the connection packet by packet": "接続をパケットごとに表示する",
    "copy a Wireshark filter for the connection": "この接続を選ぶ Wireshark の表示フィルターをコピーする",
    "write the packets of the connection to a file": "接続のパケットをファイルに保存する",
    "this help": "このヘルプを表示する",
    "quit": "終了する",
    "A row with * has changed its state in the last 3 seconds.": (
        "* の付いた行は、直前の 3 秒以内に状態が変わりました。"
    ),
    "With the mouse: click a state, a column title or the time line; double-click a row.": (
        "マウスでは、状態、列の見出し、時間軸をクリックできます。行はダブルクリックで開きます。"
    ),
}

LINES = {
    "reading ended: {why}": "読み込みを終了しました: {why}",
    "now": "現在",
    "end": "最後",
    "{time} before the end": "最後の {time} 前",
    "{time} ago": "{time} 前",
    "{shown:row|rows}": "{shown} 行",
    "{count:packet|packets}": "{count} パケット",
    "{packets:,} packets/s": "{packets:,} パケット/秒",
    "reading: {share} %": "読み込み中: {share} %",
    "filter": "絞り込み",
    "{count:packet|packets} dropped": "{count} パケットを取りこぼしました",
    "history begins at {time}": "履歴は {time} からです",
    "the terminal is too small; {columns} x {lines} is the least": (
        "端末が小さすぎます ({columns} x {lines} 以上が必要です)"
    ),
    "copied: {text}": "コピーしました: {text}",
    "Rate": "速度",
    "captured packets are not kept; capture with -w FILE, and use pcapstate extract on it": (
        "キャプチャしたパケットは保存されていません。"
        "-w FILE を付けてキャプチャし、pcapstate extract で取り出してください"
    ),
    "{count:packet|packets} written to {path}": "{count} パケットを {path} に保存しました",
}

LADDER = {
    "connection {number} of {count:,} is explained; --connection N explains another": (
        "{count:,} 個の接続のうち、接続 {number} を説明しました (--connection N で選択)"
    ),
    "others: {others}": "その他: {others}",
    "others: {others}, and {more:,} more (pcapstate connections)": (
        "その他: {others}、ほか {more:,} 個 (pcapstate connections)"
    ),
    "space: next, a: the rest, q: quit": "スペース: 次へ、a: 残りすべて、q: 終了",
    "#{first} to #{last}: {count:segment|segments} of data and ACKs, {up:byte|bytes} from the client, "
    "{down:byte|bytes} from the server, {time}": (
        "#{first} から #{last} まで: データと ACK が {count} セグメント、"
        "クライアントから {up} バイト、サーバーから {down} バイト、{time}"
    ),
    "connection {number}": "接続 {number}",
    "{packets:packet|packets}, {bytes:byte|bytes}, {again:retransmission|retransmissions}": (
        "{packets} パケット、{bytes} バイト、再送 {again} 回"
    ),
    "ICMP error": "ICMP エラー",
    "(retransmission)": "(再送)",
    "(duplicate)": "(複製)",
    "({count} bytes missing)": "({count} バイト欠落)",
}

STEPS = {
    "Sender": "送信側",
    "Flags": "フラグ",
    "Seq": "シーケンス番号",
    "Ack": "確認応答番号",
    "Length": "長さ",
    "Window": "ウィンドウ",
    "Retransmission": "再送か",
    "Duplicate": "複製か",
    "Sent Again": "再送したパケット",
    "Missing": "欠落",
    "Client Before": "クライアントの前の状態",
    "Server Before": "サーバーの前の状態",
    "Client Cause": "クライアントの原因",
    "Server Cause": "サーバーの原因",
}
"""Titles of the steps of ``explain`` as a table."""

SCREEN = {**KEYS, **LINES, **LADDER, **STEPS}
