"""``pcapstate compare``: two captures of the same traffic."""

from __future__ import annotations

COMPARING = {
    # The call.
    "is not a number of seconds": "は秒数ではありません",
    "name two captures: one taken at either end": "両端で取ったキャプチャを 2 つ指定してください",
    "--findings goes with --format: people are told at the end anyway": (
        "--findings は --format と一緒に使います。画面には、指定しなくても最後に表示されます"
    ),
    "--findings goes without --states and --connection": (
        "--findings は --states や --connection と一緒には使えません"
    ),
    "--at takes a time here: a packet's number does not say of which capture": (
        "ここでは --at に時刻を指定してください。パケット番号では、どちらのキャプチャか分かりません"
    ),
    "the captures have no packet in common, so there is nothing to compare": (
        "両方のキャプチャに共通するパケットがないため、比較できません"
    ),
    "both captures are the same: every packet has the same time in both": (
        "2 つのキャプチャは同じものです。どのパケットの時刻も一致しています"
    ),
    "only {most:,} packets of a capture can be compared within this memory (--memory); extract fewer": (
        "このメモリ (--memory) で比較できるのは、キャプチャごとに {most:,} パケットまでです。extract で減らしてください"
    ),
    "Compare two captures of the same traffic, one taken at either end.": (
        "両端で取った、同じ通信の 2 つのキャプチャを比較します。"
    ),
    "Each end's states come from the capture taken on its own host. Packets are matched by their numbers, also "
    "through "
    "NAT: which of them were lost or changed between the captures, in which direction, and how long each took. The "
    "clocks may differ; times are those of the first capture.": (
        "各端点の状態は、そのホストで取ったキャプチャから求めます。パケットは番号で対応付けるため、NAT を挟んで"
        "も構いま"
        "せん。途中で失われたり書き換えられたりしたパケットとその方向、各パケットの所要時間が分かります。時計は"
        "ずれていて"
        "も構いません。時刻は 1 つ目のキャプチャのものです。"
    ),
    "The pairs of states over time, instead of those at the end.": (
        "最後の状態ではなく、状態の組の移り変わりを表示します。"
    ),
    "The packets of this connection, by its number (tcp.stream) in the first capture.": (
        "この接続 (1 つ目のキャプチャの tcp.stream) のパケットを表示します。"
    ),
    "What is wrong, as rows for programs; people get it at the end anyway.": (
        "問題点をプログラム向けの行として出力します。画面には、指定しなくても最後に表示されます。"
    ),
    "The second capture's clock is S seconds ahead of the first one's. [default: estimated from the packets]": (
        "2 つ目のキャプチャの時計は、1 つ目より S 秒進んでいます。[既定値: パケットから推定]"
    ),
    # Columns.
    "Conn 2": "接続 2",
    "Pair": "組",
    "Client In": "クライアント側",
    "NAT": "NAT",
    "Client Address 2": "クライアントのアドレス 2",
    "Client Port 2": "クライアントのポート 2",
    "Server Address 2": "サーバーのアドレス 2",
    "Server Port 2": "サーバーのポート 2",
    "Until": "終了",
    "Packet >": "パケット >",
    "Packet <": "パケット <",
    "Client Known": "クライアントの根拠",
    "Server Known": "サーバーの根拠",
    "Client Packet In": "クライアントのパケットの所在",
    "Server Packet In": "サーバーのパケットの所在",
    "Len": "長さ",
    "Fate": "結果",
    "Transit": "所要時間",
    "Reordered": "順序逆転",
    "Changed": "変更",
    "Sent >": "送信 >",
    "Sent <": "送信 <",
    "Lost >": "消失 >",
    "Lost <": "消失 <",
    "Not Captured >": "記録漏れ >",
    "Not Captured <": "記録漏れ <",
    "Not Sent >": "送信記録なし >",
    "Not Sent <": "送信記録なし <",
    "Repeated >": "重複 >",
    "Repeated <": "重複 <",
    "Reordered >": "順序逆転 >",
    "Reordered <": "順序逆転 <",
    "Changed >": "変更 >",
    "Changed <": "変更 <",
    "Least Transit >": "最短所要 >",
    "Least Transit <": "最短所要 <",
    "Transit >": "所要時間 >",
    "Transit <": "所要時間 <",
    "Most Transit >": "最長所要 >",
    "Most Transit <": "最長所要 <",
    # Their words.
    "first": "1 つ目",
    "second": "2 つ目",
    "agree": "一致",
    "half-open": "ハーフオープン",
    "arrived": "到着",
    "absent": "なし",
    "delivered": "到達",
    "lost": "消失",
    "not captured": "記録漏れ",
    "not sent": "送信記録なし",
    "repeated": "重複",
    "outside": "範囲外",
    "flags": "フラグ",
    "payload": "データ",
    "options": "オプション",
    "flags options": "フラグ、オプション",
    "flags payload": "フラグ、データ",
    "options payload": "オプション、データ",
    "flags options payload": "フラグ、オプション、データ",
    # The summary.
    "First capture: {name}, at {hosts}": "1 つ目のキャプチャ: {name} ({hosts})",
    "Second capture: {name}, at {hosts}": "2 つ目のキャプチャ: {name} ({hosts})",
    "Second clock: {ahead}, as given": "2 つ目の時計: {ahead} (指定値)",
    "Second clock: {ahead} with the transit time, from packets of one direction": (
        "2 つ目の時計: {ahead} (所要時間を含む。片方向のパケットから推定)"
    ),
    "Second clock: {ahead} ± {uncertainty}, drift {drift} ppm, from {packets:packet|packets} in both": (
        "2 つ目の時計: {ahead} ± {uncertainty}、ドリフト {drift} ppm (共通の {packets} パケットから推定)"
    ),
    "Second clock: {ahead} ± {uncertainty}, from {packets:packet|packets} in both": (
        "2 つ目の時計: {ahead} ± {uncertainty} (共通の {packets} パケットから推定)"
    ),
    "Connections: {count0} in both, {count1} only in the first, {count2} only in the second": (
        "接続: 両方に {count0} 個、1 つ目だけに {count1} 個、2 つ目だけに {count2} 個"
    ),
    "Packets: {delivered} delivered, {lost} lost, {repeated} repeated, {changed} changed, {not_sent} not sent, "
    "{not_captured} not captured": (
        "パケット: 到達 {delivered}、消失 {lost}、重複 {repeated}、変更 {changed}、送信記録なし {not_sent}、記録漏れ "
        "{not_captured}"
    ),
    "Left out: {count:connection|connections} with other hosts": "除外: ほかのホストとの接続 {count} 個",
    "{count:,} more": "ほか {count:,} 個",
    "{time} ahead": "{time} 進み",
    "{time} behind": "{time} 遅れ",
    # Findings.
    "the first capture": "1 つ目のキャプチャ",
    "the second capture": "2 つ目のキャプチャ",
    "One of the clocks was set, or jumped, while both captures ran": (
        "キャプチャの間に、どちらかの時計が合わせ直されたか、飛んでいます"
    ),
    "No offset and no steady drift fit the times of the packets that both captures have: some would arrive {wrong} "
    "before they were sent. Transit times are wrong by that much.": (
        "一定のずれとドリフトでは、共通のパケットの時刻を説明できません。送信より {wrong} 早く届いたことになる"
        "パケットが"
        "あります。所要時間には同じだけの誤差があります。"
    ),
    "Check time synchronization on both hosts for this time (Linux: chronyc tracking, timedatectl timesync-status). "
    "Compare shorter parts of the captures.": (
        "この時間帯の両ホストの時刻同期 (Linux では chronyc tracking、timedatectl timesync-status) を確かめてく"
        "ださい。"
        "キャプチャを短く区切って比較してください。"
    ),
    "The offset of the clocks is wrong: {packets:packet|packets} would arrive before being sent": (
        "時計のずれの指定が誤っています: {packets} パケットが送信前に届いたことになります"
    ),
    "With the offset that was given, packets arrive up to {wrong} before they were sent. From the packets, the "
    "second "
    "clock is {ahead}.": (
        "指定されたずれでは、最大で送信の {wrong} 前に届いたことになります。パケットから求めると、2 つ目の時計は "
        "{ahead}です。"
    ),
    "Leave --offset out, or correct it.": "--offset を外すか、値を直してください。",
    "Packets that arrived are missing from {capture} ({packets:packet|packets})": (
        "届いたパケットが{capture}にありません ({packets} パケット)"
    ),
    "Their receiver acknowledged them, and no other packet brought their data: the capture dropped them, not the "
    "network.": (
        "受信側は ACK を返しており、同じデータを運んだパケットはほかにありません。取りこぼしたのはネットワーク"
        "ではなく、"
        "キャプチャです。"
    ),
    "Do not count them as loss. Capture with a larger buffer, a shorter snap length or a capture filter.": (
        "損失には数えないでください。バッファーを大きくするか、スナップ長を短くするか、キャプチャフィルターを使"
        "ってくださ"
        "い。"
    ),
    "Half-open: one end of {count:connection|connections} has closed, and the other does not know it": (
        "ハーフオープン: {count} 個の接続で、片方の端は閉じていますが、もう片方はそれを知りません"
    ),
    "The end at {capture} is CLOSED, while its peer still waits in {states}, for up to {longest}. An end that sends "
    "nothing does not notice this (RFC 9293 §3.5.1).": (
        "{capture}の側は CLOSED ですが、相手は最長 {longest}、{states} で待っています。何も送らない端はこれに気付きま"
        "せん (RFC 9293 §3.5.1)。"
    ),
    "Look at what lies between the hosts: firewalls and NAT that forget idle connections, and links that lose p"
    "ackets. "
    "On the end that waits, keep-alives or time limits end such connections.": (
        "ホスト間にあるもの (無通信の接続を忘れるファイアウォールや NAT、パケットを失うリンク) を調べてください"
        "。待ってい"
        "る側では、キープアライブか時間制限を設ければ、このような接続は終わります。"
    ),
    "{told:=The packet that would have told it was|Packets that would have told it were} lost on the way "
    "({told:packet|packets} with RST or FIN, the first is frame {frame} of {capture}).": (
        "それを伝えるはずのパケットが途中で失われています (RST または FIN の {told} パケット、最初は{capture}の"
        "フレーム "
        "{frame})。"
    ),
    "On {timers:connection|connections} it gave up waiting, without a packet.": (
        "{timers} 個の接続では、パケットを送らずに、待つのをあきらめています。"
    ),
    "On {forged:connection|connections} it was closed by a RST that its peer has not sent, as far as the peer's"
    " capture "
    "tells.": (
        "{forged} 個の接続は RST で閉じられましたが、相手側のキャプチャには、その RST を送った記録がありません。"
    ),
    "{packets:packet|packets} from {capture} lost on the way ({share})": (
        "{capture}の側から送られた {packets} パケットが途中で失われました ({share})"
    ),
    "Of {sent:packet|packets} that {capture} shows being sent, {packets} did not arrive at the other one: {share}.": (
        "{capture}で送信が確認できる {sent} パケットのうち、{packets} パケット ({share}) が相手側に届いていません。"
    ),
    "Where between the two places are packets dropped? Compare a capture from in between, and the counters of "
    "interfaces and queues on the way.": (
        "2 地点の間のどこで失われているか、途中で取ったキャプチャや、経路上のインターフェイスとキューのカウンタ"
        "ーで絞り込"
        "んでください。"
    ),
    "The other direction lost {other_share}: look for what is different about this one.": (
        "逆方向の損失は {other_share} です。この方向だけ違うところを探してください。"
    ),
    "{syns:SYN or SYN-ACK was|SYNs or SYN-ACKs were} among them: connecting waits a second or more for each.": (
        "うち {syns} 個は SYN または SYN-ACK です。1 個失われるごとに、接続に 1 秒以上余計にかかります。"
    ),
    "{ends:FIN or RST was|FINs or RSTs were} among them: the other end learns late, or never, that the connection is "
    "over.": "うち {ends} 個は FIN または RST です。接続が終わったことが、相手に遅れて伝わるか、伝わりません。",
    "{packets:packet|packets} from {capture} changed on the way": (
        "{capture}の側から送られた {packets} パケットが途中で書き換えられました"
    ),
    "What differs on arrival: {what}.": "到着時に変わっていたもの: {what}。",
    "Something between the two places rewrites packets: look for a firewall, a proxy, a tunnel or a load balancer.": (
        "途中の機器がパケットを書き換えています。ファイアウォール、プロキシ、トンネル、ロードバランサーを調べて"
        "ください。"
    ),
    "Options of {options:SYN|SYNs} differ. A smaller maximum segment size (MSS clamping) is meant for tunnels; "
    "window "
    "scale, SACK or timestamps that vanish make connections slower.": (
        "{options} 個の SYN のオプションが変わっています。最大セグメントサイズを小さくするのは、トンネルのため"
        "の設定です ("
        "MSS クランプ)。ウィンドウスケール、SACK、タイムスタンプが消されると、接続は遅くなります。"
    ),
    "The data of {payload:packet|packets} differs, though its length is the same.": (
        "{payload} パケットで、長さは同じでもデータが変わっています。"
    ),
    "Flags of {flags:packet|packets} differ, such as ECN bits that are cleared.": (
        "{flags} パケットで、フラグが変わっています (ECN ビットが消されるなど)。"
    ),
    "{packets:packet|packets} arrived that {capture} does not show being sent": (
        "{capture}に送信の記録がない {packets} パケットが届きました"
    ),
    "The sender's host is where {capture} was taken, and it covers the time.": (
        "{capture}は送信側のホストで取られたもので、その時間を含んでいます。"
    ),
    "Either that capture dropped them (see whether it reports drops), or something between the two places made them "
    "up.": (
        "そのキャプチャが取りこぼしたか (取りこぼしの報告を確かめてください)、途中の機器が作り出したパケットです。"
    ),
    "{resets:RST is|RSTs are} among them: firewalls end connections this way, in the name of the other end.": (
        "うち {resets} 個は RST です。ファイアウォールは、相手の名前でこのように接続を切ります。"
    ),
    "{packets:packet|packets} from {capture} arrived more than once": (
        "{capture}の側から送られた {packets} パケットが 2 回以上届きました"
    ),
    "The way repeated them; their sender sent them once.": "送信は 1 回で、途中で重複しています。",
    "Look for a switching loop, two paths that both forward, or a capture on several interfaces.": (
        "スイッチのループ、両方とも転送する 2 本の経路、複数のインターフェイスでのキャプチャを疑ってください。"
    ),
    "{packets:packet|packets} from {capture} arrived out of order ({share})": (
        "{capture}の側から送られた {packets} パケットの順序が入れ替わりました ({share})"
    ),
    "A packet that was sent later arrived earlier (RFC 4737).": "後から送られたパケットが先に届いています (RFC 4737)。",
    "Look for load balancing packet by packet over several paths. TCP takes reordering for loss, and sends again.": (
        "パケット単位で複数の経路に振り分けていないか調べてください。TCP は順序の入れ替わりを損失とみなし、再送します。"
    ),
    "Addresses or ports of {count:connection|connections} are translated between the captures (NAT)": (
        "{count} 個の接続で、アドレスまたはポートが途中で変換されています (NAT)"
    ),
    "For example, {inside} is {outside} in the second capture.": (
        "たとえば {inside} は、2 つ目のキャプチャでは {outside} です。"
    ),
    "Search the second capture for the translated address and port. A NAT that forgets idle connections leaves them "
    "half-open.": (
        "2 つ目のキャプチャは、変換後のアドレスとポートで検索してください。NAT が無通信の接続を忘れると、ハーフ"
        "オープンに"
        "なります。"
    ),
    "The second clock is {ahead}": "2 つ目の時計は {ahead}です",
    "It is estimated from {packets:packet|packets} that both captures have, as if the fastest took as long one "
    "way as "
    "the other: {ahead}, give or take {uncertainty}. Times of the second capture are corrected by it.": (
        "両方のキャプチャにある {packets} パケットから、最も速いものの所要時間は往復で等しいと仮定して推定しました: "
        "{ahead}、誤差 ± {uncertainty}。2 つ目のキャプチャの時刻は、これで補正しています。"
    ),
    "Synchronize the clocks (NTP, PTP) to compare logs of both hosts.": (
        "両ホストのログを突き合わせるには、時計を同期 (NTP、PTP) させてください。"
    ),
    "It drifts by {drift} ppm, give or take {drift_uncertainty}.": (
        "ドリフトは {drift} ppm、誤差 ± {drift_uncertainty} です。"
    ),
    "Packets of one direction alone are in both captures, so the transit time is part of it.": (
        "共通するのは片方向のパケットだけなので、この値には所要時間が含まれます。"
    ),
}
