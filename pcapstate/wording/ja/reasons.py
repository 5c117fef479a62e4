"""Why states change, in Japanese; the English is in ``tcp.machine``."""

from __future__ import annotations

REASONS = {
    # opening
    "This end asks its peer to open a connection (active open, RFC 9293 §3.10.1).": (
        "こちらから相手に接続の確立を求めます (アクティブオープン、RFC 9293 §3.10.1)。"
    ),
    "This end was listening: it acknowledges the peer's SYN and sends a SYN of its own (RFC 9293 §3.10.7.2).": (
        "待ち受け中に SYN が届きました。こちらは相手の SYN を確認応答し、自分の SYN も送ります (RFC 9293 §3.10.7.2)。"
    ),
    "This end got a SYN instead of a SYN-ACK: both ends open at the same time (RFC 9293 §3.5, figure 7).": (
        "SYN-ACK ではなく SYN が届きました。両端が同時に接続を開いています (同時オープン、RFC 9293 §3.5、図 7)。"
    ),
    "The connection goes on, so this end has sent a SYN-ACK, which is not in the capture.": (
        "接続の続きがあるので、こちらは SYN-ACK を送っています。その SYN-ACK はキャプチャにありません。"
    ),
    "This end's ACK proves that the SYN-ACK arrived; for this end the connection is open (RFC 9293 §3.10.7.3).": (
        "こちらの ACK から、SYN-ACK が届いたことがわかります。こちらにとって接続は確立しました (RFC 9293 §3.10.7.3)。"
    ),
    "The peer goes on as after a complete handshake, so this end has sent the ACK, which is not in the capture.": (
        "相手がハンドシェイクの完了後と同じように続けているので、こちらは ACK を送っています。その ACK はキャプチャに"
        "ありません。"
    ),
    "The peer has this end's SYN: the handshake is complete, unless the ACK is lost or dropped (RFC 9293 §3.5).": (
        "こちらの SYN が相手に届きました。この ACK が失われたり破棄されたりしなければ、ハンドシェイクは完了です "
        "(RFC 9293 §3.5)。"
    ),
    "Each SYN-ACK acknowledges the other end's SYN: the simultaneous open is complete (RFC 9293 §3.5, figure 7).": (
        "両端の SYN-ACK が互いの SYN を確認応答し、同時オープンが完了します (RFC 9293 §3.5、図 7)。"
    ),
    "This end sends such a segment only once the ACK of its SYN-ACK has arrived.": (
        "こちらがこのようなセグメントを送るのは、SYN-ACK への ACK が届いた後だけです。"
    ),
    # joined late
    "The capture lacks the handshake or part of it, but only an end with an open connection sends such a segment.": (
        "キャプチャにはハンドシェイクの全部または一部がありませんが、このようなセグメントを送るのは、接続が確立して"
        "いる端だけです。"
    ),
    "The capture lacks the handshake or part of it, but the peer sends as on an open connection.": (
        "キャプチャにはハンドシェイクの全部または一部がありませんが、相手は確立済みの接続として送っています。"
    ),
    # closing
    "This end closes first: it has no more data to send, but can still receive (RFC 9293 §3.6).": (
        "こちらが先に閉じます。もう送るデータはありませんが、受信はまだできます (RFC 9293 §3.6)。"
    ),
    "The peer closed before; now this end closes too, and waits for the last ACK (RFC 9293 §3.6).": (
        "先に閉じた相手に続いてこちらも閉じ、最後の ACK を待ちます (RFC 9293 §3.6)。"
    ),
    "The peer closes first; this end can still send, until its application closes too (RFC 9293 §3.10.7.4).": (
        "相手が先に閉じます。こちらは、アプリケーションが閉じるまで、まだ送信できます (RFC 9293 §3.10.7.4)。"
    ),
    "The peer closes too, but has not acknowledged this end's FIN: the FINs crossed (RFC 9293 §3.6, figure 13).": (
        "相手も閉じますが、こちらの FIN をまだ確認応答していません。両端の FIN が行き違いになりました "
        "(同時クローズ、RFC 9293 §3.6、図 13)。"
    ),
    "Both ends have closed; this end acknowledges the last FIN, and waits in case that ACK is lost "
    "(RFC 9293 §3.6.1).": (
        "両端とも閉じました。こちらは最後の FIN に ACK を返し、その ACK が失われたときのために待ちます "
        "(RFC 9293 §3.6.1)。"
    ),
    "This end acknowledges the peer's FIN, so the FIN has arrived (RFC 9293 §3.10.7.4).": (
        "こちらが相手の FIN を確認応答したので、その FIN は届いています (RFC 9293 §3.10.7.4)。"
    ),
    "This end acknowledges the peer's FIN, but its own is not acknowledged yet (RFC 9293 §3.10.7.4).": (
        "こちらは相手の FIN を確認応答しましたが、自分の FIN はまだ確認応答されていません (RFC 9293 §3.10.7.4)。"
    ),
    "This end acknowledges the peer's FIN; its own was acknowledged before (RFC 9293 §3.10.7.4).": (
        "自分の FIN はすでに確認応答されていて、こちらも相手の FIN を確認応答しました (RFC 9293 §3.10.7.4)。"
    ),
    "The peer has this end's FIN; now this end waits for the peer's (RFC 9293 §3.10.7.4).": (
        "こちらの FIN が相手に届きました。次は相手の FIN を待ちます (RFC 9293 §3.10.7.4)。"
    ),
    "Both ends have closed, and each has the other's FIN (RFC 9293 §3.6, figure 13).": (
        "両端とも閉じ、互いの FIN が届きました (RFC 9293 §3.6、図 13)。"
    ),
    "The peer has this end's FIN: both ends have closed, and nothing is left to wait for (RFC 9293 §3.10.7.4).": (
        "こちらの FIN が相手に届きました。両端とも閉じ、もう待つものはありません (RFC 9293 §3.10.7.4)。"
    ),
    "By the capture's clock, the wait for late packets and a repeated FIN is over (RFC 9293 §3.10.8).": (
        "遅れて届くパケットや FIN の再送に備える待ち時間が、キャプチャの時刻で見て終わりました (RFC 9293 §3.10.8)。"
    ),
    # given up
    "No answer came, and the next retransmission is overdue, so this end has given up (RFC 9293 §3.8.3).": (
        "応答がなく、次の再送の時刻を過ぎても再送がないので、こちらはあきらめています (RFC 9293 §3.8.3)。"
    ),
    "A FIN is sent again until it is acknowledged; this one was not sent again, so its ACK has arrived "
    "(RFC 9293 §3.6).": (
        "FIN は確認応答されるまで再送されます。この FIN は再送されていないので、ACK が届いています (RFC 9293 §3.6)。"
    ),
    # closing, with a gap in the capture
    "The capture lacks data that the peer sent: if it ended in a FIN, the peer closed first, otherwise this end.": (
        "相手が送ったデータの一部がキャプチャにありません。その最後に FIN があれば相手が、なければこちらが、"
        "先に閉じています。"
    ),
    "The capture lacks data that this end sent: if it ended in a FIN, this end closed first, otherwise the peer.": (
        "こちらが送ったデータの一部がキャプチャにありません。その最後に FIN があればこちらが、なければ相手が、"
        "先に閉じています。"
    ),
    "This end has sent more, so what was missing held no FIN: the peer closed first.": (
        "こちらがさらに送っているので、欠けていた部分に FIN はありません。相手が先に閉じています。"
    ),
    "The peer has sent more, so what was missing held no FIN: this end closed first.": (
        "相手がさらに送っているので、欠けていた部分に FIN はありません。こちらが先に閉じています。"
    ),
    "The missing packet comes late in the capture: it is this end's FIN, sent before the peer's.": (
        "欠けていたパケットが、キャプチャに遅れて現れました。相手の FIN より先に送られた、こちらの FIN です。"
    ),
    "The missing packet comes late in the capture: it is the peer's FIN, sent before this end's.": (
        "欠けていたパケットが、キャプチャに遅れて現れました。こちらの FIN より先に送られた、相手の FIN です。"
    ),
    "This FIN seemed to be outside the peer's receive window, but the peer acknowledges it, so it counts.": (
        "この FIN は相手の受信ウィンドウの外に見えましたが、相手が確認応答したので有効です。"
    ),
    # closing, seen from one direction only
    "The capture has no packets of this end, but the peer's ACK goes up by one, as for a FIN (RFC 9293 §3.4).": (
        "こちらのパケットはキャプチャにありませんが、相手の確認応答番号が、FIN を受け取ったときと同じように 1 だけ"
        "進みました (RFC 9293 §3.4)。"
    ),
    # resets
    "This end aborts the connection, or does not have it any more (RFC 9293 §3.5.2).": (
        "こちらは接続を強制的に切断しているか、その接続をもう持っていません (RFC 9293 §3.5.2)。"
    ),
    "The sequence number of the RST is acceptable, so the connection ends at once (RFC 9293 §3.5.3).": (
        "RST のシーケンス番号が受け入れられる範囲にあるので、接続は直ちに終わります (RFC 9293 §3.5.3)。"
    ),
    "The RST acknowledges the SYN: usually no program listens on the port (RFC 9293 §3.10.7.3).": (
        "RST が SYN を確認応答しています。たいていは、そのポートで待ち受けているプログラムがありません "
        "(RFC 9293 §3.10.7.3)。"
    ),
    # ICMP errors
    "The SYN could not be delivered: many systems give up at once, others send it again (RFC 9293 §3.9.2.2).": (
        "SYN を届けられませんでした。直ちにあきらめるシステムが多く、SYN を再送するものもあります (RFC 9293 §3.9.2.2)。"
    ),
    "The SYN was discarded on the way: many systems give up at once, others send it again (RFC 9293 §3.9.2.2).": (
        "SYN が途中で破棄されました。直ちにあきらめるシステムが多く、SYN を再送するものもあります (RFC 9293 §3.9.2.2)。"
    ),
    "The SYN-ACK could not be delivered: Linux forgets the SYN, other systems send the SYN-ACK again "
    "(RFC 9293 §3.9.2.2).": (
        "SYN-ACK を届けられませんでした。Linux は接続要求を破棄し、ほかのシステムは SYN-ACK を再送します "
        "(RFC 9293 §3.9.2.2)。"
    ),
    "The SYN-ACK was discarded on the way: Linux forgets the SYN, other systems send the SYN-ACK again "
    "(RFC 9293 §3.9.2.2).": (
        "SYN-ACK が途中で破棄されました。Linux は接続要求を破棄し、ほかのシステムは SYN-ACK を再送します "
        "(RFC 9293 §3.9.2.2)。"
    ),
    # the 4-tuple is used again
    "This end opens a new connection with the same addresses and ports, so the old one is over (RFC 9293 §3.4.1).": (
        "こちらが同じアドレスとポートの組で新しい接続を開くので、前の接続は終わっています (RFC 9293 §3.4.1)。"
    ),
    "This end accepts a new connection with the same addresses and ports, so the old one is over (RFC 9293 §3.4.1).": (
        "こちらが同じアドレスとポートの組で新しい接続を受け入れるので、前の接続は終わっています (RFC 9293 §3.4.1)。"
    ),
    # contradictions: what was assumed did not happen
    "This end still waits for the ACK of its SYN-ACK: the ACK was lost or dropped.": (
        "こちらはまだ SYN-ACK への ACK を待っています。ACK は途中で失われたか、破棄されています。"
    ),
    "This end still waits for the ACK of its FIN: the ACK has not arrived.": (
        "こちらはまだ自分の FIN への ACK を待っています。ACK は届いていません。"
    ),
    "The ACK of this end's FIN has not arrived, but the peer's FIN has: this segment acknowledges it.": (
        "自分の FIN への ACK は届いていませんが、相手の FIN は届いています。このセグメントがそれを確認応答しています。"
    ),
    "This end still waits for the last ACK: the ACK has not arrived.": (
        "こちらはまだ最後の ACK を待っています。ACK は届いていません。"
    ),
    "This end still tries to connect: no answer has arrived, or none that makes it give up.": (
        "こちらはまだ接続を試みています。応答が届いていないか、届いてもあきらめていません。"
    ),
    "The SYN has the number of the one before, but the peer answers with a new number, as to a new connection.": (
        "SYN の番号は前の SYN と同じですが、相手は新しい接続として、新しい番号で応答しています。"
    ),
    "The earlier connection with the same addresses and ports goes on, so the SYN was an old duplicate, or forged.": (
        "同じアドレスとポートの組の以前の接続が続いています。SYN は、遅れて届いた古い重複か、偽造です。"
    ),
    "This end closed before the ACK of its SYN-ACK can have arrived, as fast open allows (RFC 7413).": (
        "SYN-ACK への ACK がまだ届かないうちに、こちらが閉じました。TCP Fast Open では可能です (RFC 7413)。"
    ),
    "This end acknowledges more data, so the number that was taken for the peer's FIN was a byte of data.": (
        "こちらがさらにデータを確認応答したので、相手の FIN と見なした番号は 1 バイトのデータでした。"
    ),
    "The peer acknowledges more data, so the number that was taken for this end's FIN was a byte of data.": (
        "相手がさらにデータを確認応答したので、こちらの FIN と見なした番号は 1 バイトのデータでした。"
    ),
    "The peer's FIN had not arrived when this end closed: both closed at the same time (RFC 9293 §3.6).": (
        "こちらが閉じたとき、相手の FIN はまだ届いていません。両端が同時に閉じています (同時クローズ、RFC 9293 §3.6)。"
    ),
    "This end had no connection when the ACK came, so it answers with a RST: the ACK opened nothing "
    "(RFC 9293 §3.5.2).": (
        "ACK が届いたとき、こちらにはその接続がなかったので、RST で応答しています。ACK では何も確立していません "
        "(RFC 9293 §3.5.2)。"
    ),
    "Neither the RST nor an earlier segment acknowledges the peer's FIN, so the FIN had not arrived.": (
        "RST も、それより前のセグメントも、相手の FIN を確認応答していません。その FIN は届いていませんでした。"
    ),
    "Neither the RST nor an earlier segment acknowledges the peer's FIN: it had not arrived, or came after data "
    "that was refused.": (
        "RST も、それより前のセグメントも、相手の FIN を確認応答していません。その FIN は届いていないか、受け取りを"
        "拒んだデータの後に届きました。"
    ),
    "The ACK of this end's FIN came with or after data that the RST does not acknowledge: it had not arrived.": (
        "自分の FIN への ACK は、RST が確認応答していないデータと一緒か、その後に送られています。その ACK は届いて"
        "いませんでした。"
    ),
    "Only an end that has not finished closing can abort: the ACK of its FIN had not arrived.": (
        "強制的に切断できるのは、まだ閉じ終わっていない端だけです。自分の FIN への ACK は届いていませんでした。"
    ),
    "Nothing acknowledged the peer's FIN before the RST came: the FIN had probably not arrived.": (
        "RST が来るまで、相手の FIN は確認応答されていません。その FIN はおそらく届いていませんでした。"
    ),
    # a FIN that did not arrive, or was none
    "This end acknowledges no more than before: it still lacks data before the FIN (RFC 9293 §3.10.7.4).": (
        "こちらの確認応答は前から進んでいません。FIN より前のデータがまだ届いていません (RFC 9293 §3.10.7.4)。"
    ),
    "Nothing acknowledged the FIN in time, so it was probably lost.": (
        "FIN が時間内に確認応答されなかったので、おそらく途中で失われました。"
    ),
    "This end's sequence numbers go on as if there had been no FIN: that packet was stray or forged.": (
        "こちらのシーケンス番号は、FIN がなかったかのように続いています。あの FIN は、紛れ込んだか偽造されたパケット"
        "です。"
    ),
    "The peer's sequence numbers go on as if there had been no FIN: that packet was stray or forged.": (
        "相手のシーケンス番号は、FIN がなかったかのように続いています。あの FIN は、紛れ込んだか偽造されたパケット"
        "です。"
    ),
    "The connection goes on, so the overdue retransmission came late, or is not in the capture.": (
        "接続が続いています。期限を過ぎた再送は、遅れて送られたか、キャプチャにありません。"
    ),
    "This end goes on: the RST was lost or forged, or the new SYN was an old duplicate.": (
        "こちらは送り続けています。RST が失われたか偽造されていたか、または新しい SYN が古い重複でした。"
    ),
}
"""The Japanese for each reason in ``tcp.machine.TABLE``."""
