"""The report, in Japanese."""

from __future__ import annotations

REPORT = {
    # --- the first screen
    "Skip to the findings": "所見へ移動",
    "Dark": "ダーク",
    "Print": "印刷",
    "TCP connections in {names}": "{names} の TCP 接続",
    "{connections:connection|connections} of {hosts:host|hosts} within {time}.": (
        "{time} の間に、ホスト {hosts} 台の接続が {connections} 件ありました。"
    ),
    "{count:connection was|connections were} closed by both sides, as it should be.": (
        "{count} 件は双方から正常に閉じられました。"
    ),
    "{count:attempt to connect|attempts to connect} failed.": "{count} 件は接続に失敗しました。",
    "{count:connection|connections} ended in an abort or a timeout.": (
        "{count} 件は強制切断かタイムアウトで終わりました。"
    ),
    "{count:connection was|connections were} still open at the end.": (
        "{count} 件はキャプチャの終わりにもまだ開いていました。"
    ),
    "{count:connection was|connections were} closed by one side only, or the capture does not show how.": (
        "{count} 件は片側だけが閉じたか、終わり方がキャプチャからは分かりません。"
    ),
    "Begins": "開始",
    "Ends": "終了",
    "Captured on": "キャプチャしたホスト",
    "no single host": "特定できません",
    "Lost": "損失",
    "not reported": "記録なし",
    "{packets:packet|packets} dropped": "{packets} パケットを破棄",
    "Redacted": "秘匿",
    "addresses and names are replaced": "アドレスと名前は置き換えてあります",
    "How the connections went": "接続の結果",
    "Findings": "所見",
    "{count:more finding|more findings}": "ほかの所見 {count} 件",
    "Over time": "推移",
    "Hosts": "ホスト",
    "Seen in connection": "該当する接続",
    "and {more} more": "ほか {more} 件",
    "Wireshark filter": "Wireshark のフィルター",
    "Copy": "コピー",
    "Copied": "コピーしました",
    "{count:more finding is|more findings are} not in this file; pcapstate diagnose lists them.": (
        "ほかに {count} 件の所見がありますが、このファイルには含まれません。pcapstate diagnose で一覧できます。"
    ),
    "The rest of this report needs JavaScript. It runs in this file alone, and asks no network.": (
        "このレポートの残りの部分には JavaScript が必要です。このファイルの中だけで動き、通信は行いません。"
    ),
    "This file has {some} of {all:connection|connections} one by one: those that findings name, then those that did "
    "not just close. Counts and charts are of all.": (
        "{all} 件の接続のうち、個別に見られるのは {some} 件です。所見に挙がった接続、正常に閉じなかった接続の順に"
        "選んでいます。件数とグラフはすべての接続のものです。"
    ),
    "Made by pcapstate {version} from packets alone; no socket was asked.": (
        "pcapstate {version} がパケットだけから作成しました。ソケットには問い合わせていません。"
    ),
    # --- what outcomes mean
    "both ends are ESTABLISHED": "両端とも ESTABLISHED です",
    "a SYN was answered, but the handshake is not complete (embryonic)": (
        "SYN に応答がありましたが、ハンドシェイクは完了していません"
    ),
    "a SYN, perhaps several, and nothing came back": "SYN を 1 回以上送りましたが、何も返ってきませんでした",
    "a RST answered the SYN: the port is closed": "SYN に RST が返りました。ポートは閉じています",
    "one end has sent its FIN, the other has not": "片側は FIN を送りましたが、もう片側は送っていません",
    "both ends have sent a FIN, and not both FINs are acknowledged yet": (
        "両端とも FIN を送りましたが、まだ両方には ACK が返っていません"
    ),
    "an ICMP error answered the SYN: a router, a firewall or the host says that there is no way": (
        "SYN に ICMP エラーが返りました。ルーター、ファイアウォール、またはホストが到達できないと伝えています"
    ),
    "both ends have sent a FIN and both FINs are acknowledged": "両端とも FIN を送り、どちらにも ACK が返りました",
    "the client's RST ended it before both had closed": "両端が閉じる前に、クライアントの RST で終わりました",
    "the server's RST ended it before both had closed": "両端が閉じる前に、サーバーの RST で終わりました",
    "one end sent the same at least three times more (R1 of RFC 9293 §3.8.3) or gave up: no answer": (
        "片側が同じものを 3 回以上再送したか (RFC 9293 §3.8.3 の R1)、あきらめました。応答はありません"
    ),
    "a new connection took its 4-tuple while it was not closed": (
        "閉じる前に、同じ 4 つ組 (アドレスとポート) で新しい接続が始まりました"
    ),
    "the packets do not tell: joined late, or with a gap where it counts": (
        "パケットからは分かりません。途中からのキャプチャか、肝心なところが欠けています"
    ),
    # --- over time
    "Connections over time": "接続の推移",
    "States of": "表示する側",
    "Whole capture": "全体を表示",
    "Drag over the chart to zoom in; the bars below follow.": (
        "グラフの上をドラッグすると拡大します。下のバーも連動します。"
    ),
    "The most connections at once in each state: {states}": "各状態の同時接続数の最大: {states}",
    # --- a moment
    "netstat at a moment": "ある時点の netstat",
    "Change before": "前の変化",
    "Next change": "次の変化",
    "Since packet": "変化したパケット",
    "{count:socket|sockets} at {time}, {offset} after the start": "{time} (開始から {offset}) のソケット: {count} 個",
    "the first {count} are shown": "先頭の {count} 件を表示",
    "of {some} of {all:connection|connections}": "全 {all} 接続のうち {some} 接続について",
    "{host}, captured here": "{host} (キャプチャしたホスト)",
    "all, from the client's side": "すべて (クライアント側から)",
    # --- the connections
    "Search or filter": "検索、フィルター",
    "Upper strip: client; lower strip: server. ✕ a RST, ▾ a retransmission, hatched: silence.": (
        "上の帯はクライアント、下の帯はサーバー。✕ は RST、▾ は再送、斜線は無通信。"
    ),
    "Client state": "クライアントの状態",
    "Server state": "サーバーの状態",
    "Lasts": "継続時間",
    "{count:more connection is|more connections are} not printed": "ほかの {count} 件の接続は印刷していません",
    "the quote is never closed": "引用符が閉じていません",
    "expected {what}, before {shown}": "{shown} の前に {what} が必要です",
    "the end": "終わり",
    "a field such as port": "port などのフィールド",
    "there is no field {name}": "{name} というフィールドはありません",
    "an operator such as =": "= などの演算子",
    "the range begins after its end": "範囲の始まりが終わりより後です",
    "{operator} takes one value": "{operator} に指定できる値は 1 つです",
    "a value": "値",
    "{name} is true or false": "{name} は true か false です",
    "{name} is never {text}": "{name} が {text} になることはありません",
    "{text} is no moment": "{text} は時刻として読めません",
    "{text} is not a number with a unit that fits": "{text} は、使える単位の付いた数値ではありません",
    # --- one connection
    "Previous": "前へ",
    "Next one": "次へ",
    "Close": "閉じる",
    "States at the end": "最後の状態",
    "Sent by the client": "クライアントの送信",
    "Sent by the server": "サーバーの送信",
    "No handshake was captured: which side is the client is a guess from the ports.": (
        "ハンドシェイクがキャプチャにないため、どちらがクライアントかはポート番号からの推測です。"
    ),
    "Packet by packet": "パケットごとの経過",
    "{packets:more packet is|more packets are} not in this file; pcapstate explain shows all": (
        "ほかの {packets} パケットはこのファイルに含まれません。pcapstate explain ですべて見られます"
    ),
    "lost, or its ACK was: sent again as #{number}": "これか、その ACK が失われ、#{number} で再送",
    "Path in the state diagram": "状態遷移図上の経路",
    "A frame marks the state at the end.": "枠は最後の状態を示します。",
    "The packets of this connection are not in this file; pcapstate explain --connection {number} shows them.": (
        "この接続のパケットはこのファイルに含まれません。pcapstate explain --connection {number} で見られます。"
    ),
    "Changes of states": "状態の変化",
    "End": "端点",
    "Seconds": "秒",
    "This connection is not in this file.": "この接続はこのファイルに含まれません。",
    # --- figures
    "Durations": "所要時間",
    "Handshake, from the SYN to the ACK of the SYN-ACK": "ハンドシェイク (SYN から、SYN-ACK への ACK まで)",
    "Connection, from the first packet to the last": "接続 (最初のパケットから最後のパケットまで)",
    "Time in {state}": "{state} の時間",
    "none seen": "なし",
    "{count} in all: half within {median}, nine of ten within {ninth}, the longest {longest}": (
        "全 {count} 件。半数は {median} 以内、9 割は {ninth} 以内、最長 {longest}"
    ),
    "Top talkers by state": "接続の多いホストと状態",
    "The hosts with the most connections, and the states of their ends when the capture ends.": (
        "接続の多いホストと、キャプチャの終わりにおけるその端点の状態です。"
    ),
    "Bytes sent": "送信バイト数",
    "Bytes received": "受信バイト数",
}
