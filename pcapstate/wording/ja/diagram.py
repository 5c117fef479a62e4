"""The state diagram."""

from __future__ import annotations

DIAGRAM = {
    "The state diagram of RFC 9293 §3.3.2, as packets show it": "RFC 9293 §3.3.2 の状態遷移図 (パケットで分かる遷移)",
    "its own packet proves it": "自身が送信したパケットで確定",
    "a packet to it implies it": "受信したはずのパケットから判断",
    "no packet, time passed": "パケットなし、時間の経過による",
    "at the end: {state}": "最後の状態: {state}",
    "* no arrow above: a RST, a timeout, a gap in the capture, a revised assumption": (
        "* 上の図に矢印のない遷移: RST、タイムアウト、キャプチャの欠落、推定の訂正"
    ),
    "connection {number} of {count:,} is drawn; --connection N draws another": (
        "{count:,} 個の接続のうち接続 {number} を描画しました。ほかの接続は --connection N で描画できます"
    ),
}
