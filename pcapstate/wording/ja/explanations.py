"""What packets mean, in Japanese; the English is in ``wording.explanations``."""

from __future__ import annotations

from ..explanations import EXPLANATIONS as ENGLISH

_TEXTS = {
    # --- numbers
    "relative-numbers": "シーケンス番号は、各端の最初の番号からの相対値で示しています。{sender}の最初の番号は、"
    "実際には {initial:d} です (RFC 9293 §3.4.1)。",
    "fin-number": "FIN はシーケンス番号を 1 つ使います。データの最後のバイトの次の番号で、{fin:d} です "
    "(RFC 9293 §3.4)。",
    "first-number": "{sender}の最初の番号は、実際には {initial:d} です。",
    "ack-of-syn": "ack {ack:d} = {seq:d} + 1 です。番号 {seq:d} の SYN が届きました。SYN は番号を 1 つ使います "
    "(RFC 9293 §3.4)。",
    "ack-of-syn-data": "ack {ack:d} = {seq:d} + 1 + {length:d} です。番号 {seq:d} の SYN と、データ {length} バイトが"
    "届きました (RFC 7413)。",
    "ack-of-data": "ack {ack:d} = {seq:d} + {length:d} です。番号 {seq:d} から {length} バイトのパケット "
    "#{number:d} と、それより前のデータがすべて届きました (RFC 9293 §3.4)。",
    "ack-of-all": "ack {ack:d} です。この番号より前のデータがすべて届きました (RFC 9293 §3.4)。",
    "ack-of-fin": "ack {ack:d} = {fin:d} + 1 です。番号 {fin:d} の FIN が届きました。FIN は番号を 1 つ使います "
    "(RFC 9293 §3.4)。",
    "ack-before-fin": "{sender}が次に求める番号は {ack:d} です。番号 {fin:d} の FIN はまだ届いていません "
    "(RFC 9293 §3.4)。",
    "repeated-ack": "{sender}が ack {ack:d} を繰り返しています。後のデータは届きましたが、番号 {ack:d} からのデータが"
    "届いていません (RFC 5681 §3.2)。",
    # --- the state stays as it is
    "data": "{sender}がデータを {length} バイト送ります。データで状態は変わりません。",
    "pure-ack": "データのない ACK はシーケンス番号を使わないので、その ACK への確認応答はありません (RFC 9293 §3.5)。",
    "syn-data": "SYN がすでにデータを {length} バイト運んでいます。TCP Fast Open では可能です (RFC 7413)。",
    "retransmission": "ACK が届かないので、{sender}が同じものをもう一度送ります (再送、RFC 9293 §3.8.1)。",
    "lost-ack": "パケット #{number:d} がこれを確認応答していました。その ACK は失われたか、遅れています。",
    "duplicate": "キャプチャに同じパケットが 2 つあります。{sender}が送ったのは 1 回なので、重複では何も変わりません。",
    "keep-alive": "キープアライブです。{sender}は、{receiver}がまだいるかどうかを確かめるためだけに、確認応答済みの"
    "番号をもう一度送ります (RFC 9293 §3.8.4)。",
    "keep-alive-answer": "{sender}がキープアライブに応答したので、接続はまだ残っています (RFC 9293 §3.8.4)。",
    "zero-window": "{sender}がウィンドウ 0 を通知しました。受信バッファーがいっぱいなので、{receiver}は送信を待ちます "
    "(RFC 9293 §3.8.6)。",
    "window-probe": "{sender}が、閉じたウィンドウを調べます (ウィンドウプローブ)。応答を見れば、送信を再開できるか"
    "どうかがわかります (RFC 9293 §3.8.6.1)。",
    "window-open": "{sender}の受信バッファに空きができ、ウィンドウが 0 ではなくなりました (RFC 9293 §3.8.6)。",
    "windows-scaled": "両方の SYN にウィンドウスケールオプションがあります。以後、ウィンドウの値 1 は、{receiver}では "
    "{theirs} バイト、{sender}では {own} バイトを表します (RFC 7323 §2)。",
    "windows-not-scaled": "ウィンドウスケールオプションがあるのは片方の SYN だけなので、ウィンドウは拡大されません "
    "(RFC 7323 §2.2)。",
    "fast-open": "TCP Fast Open オプションは、SYN でデータを運ぶための Cookie を求めるか、示します (RFC 7413)。",
    "lost": "パケット #{number:d} で再送されるまでに、これへの ACK はキャプチャにありません。これか、その ACK が"
    "失われました。",
    "ack-not-taken": "パケット #{number:d} がこれを確認応答していました。その ACK が失われたか、{end}が受け付けて"
    "いません。Accept キューが一杯か、データを待っています (deferred accept)。",
    "gap": "このパケットの前のシーケンス番号が {missing} 個ありません。途中で失われたか、順序が入れ替わったか、"
    "キャプチャが取りこぼしています。",
    "gap-filled": "パケット #{number:d} の前に欠けていた部分が届きました。",
    "acknowledged-unseen": "{sender}が、キャプチャにないシーケンス番号 {missing} 個を確認応答しました。データは届いて"
    "いて、キャプチャが取りこぼしています。",
    "fin-behind-gap": "FIN より前のデータが欠けています。FIN はそのデータの後で有効になるので、{receiver}の状態はまだ"
    "変わりません (RFC 9293 §3.10.7.4)。",
    "icmp-error": "{end}のパケットを届けられなかったと ICMP が知らせています。確立済みの接続は、たいていの"
    "システムではそれだけで切れません (RFC 5927 §5.2)。",
    "rst-out-of-window": "RST の番号 {seq:d} が{receiver}の受信ウィンドウの外にあるので、{receiver}は何も返さずに"
    "破棄します (RFC 9293 §3.10.7.4)。",
    "rst-challenged": "RST の番号は {seq:d} ですが、{receiver}が待っている番号は {expected:d} です。偽造かもしれない"
    "ので、チャレンジ ACK で応答します (RFC 9293 §3.10.7.4)。",
    "syn-challenged": "{end}には同じアドレスとポートの組の接続がまだあるので、SYN にチャレンジ ACK で応答します "
    "(RFC 9293 §3.10.7.4)。",
    "refusal": "{sender}が SYN を RST で拒否しました。たいていは、そのポートで待ち受けているプログラムがありません。"
    "状態は {CLOSED} のままです (RFC 9293 §3.10.7.1)。",
    # --- what is assumed
    "syn-target": "キャプチャにある SYN も、まだ途中で失われるかもしれません。応答するまで、{receiver}の状態は不明"
    "です。",
    "syn-ack-under-way": "SYN-ACK はまだ途中で失われるかもしれません。SYN-ACK が届いたと ACK からわかるまで、"
    "{receiver}は {SYN_SENT} です。",
    "capture-ends": "キャプチャはここで終わっています。両端がその後どうなったかはわかりません。",
    # --- opening and closing
    "handshake-complete": "両方の SYN が確認応答され、3 ウェイハンドシェイクが完了しました (RFC 9293 §3.5)。",
    "simultaneous-open": "両端が、相手の SYN を受け取る前に SYN を送りました (同時オープン、RFC 9293 §3.5、図 7)。",
    "closed-first": "{end}が、パケット #{number:d} で先に閉じました (RFC 9293 §3.6)。",
    "simultaneous-close": "両端が、相手の FIN を受け取る前に FIN を送りました (同時クローズ、RFC 9293 §3.6、図 13)。",
    "half-close": "{sender}が閉じたのは自分の方向だけです。{receiver}はまだ送信できます "
    "(ハーフクローズ、RFC 9293 §3.6.1)。",
    "fin-with-ack": "1 つのセグメントで FIN を確認応答し、逆方向も閉じるので、終了に必要なセグメントは 4 つでは"
    "なく 3 つです。",
    "time-wait": "{end}が 2 MSL ({wait}) の間待ちます。最後の ACK を送り直すことができ、遅れたパケットが新しい接続に"
    "紛れ込むこともありません (RFC 9293 §3.6.1)。",
    "time-wait-again": "FIN がもう一度届いたので、最後の ACK は相手に届いていません。{receiver}は ACK を送り直し、"
    "2 MSL を計り直します (RFC 9293 §3.10.7.4)。",
    "time-wait-reuse": "古いパケットを新しい接続のものと取り違えるおそれがなければ、新しい SYN で {TIME_WAIT} が早く"
    "終わることがあります (RFC 9293 §3.6.1)。",
    "reset": "受け入れられた RST は両方向の通信を直ちに終わらせ、途中のデータは失われます (RFC 9293 §3.6)。",
}

EXPLANATIONS = {ENGLISH[name]: text for name, text in _TEXTS.items()}
"""The Japanese for each English explanation."""
