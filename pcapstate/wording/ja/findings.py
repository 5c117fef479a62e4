"""The findings of ``pcapstate diagnose``; the English is in ``wording.findings`` and ``views.findings``."""

from __future__ import annotations

from ..findings import KINDS, LOOKED_FOR

_TEXTS: dict[str, tuple[str, str, str, *tuple[dict[str, str], ...]]] = {
    "syn-flood": (
        "SYN フラッドの疑い: {host} との {count} 個のハンドシェイクが開始されたまま放置されています",
        "{span} の間に {addresses} 個のアドレスから {where} に SYN が届き、その後は何も届いていません。ACK もなく、本"
        "物のクライアントなら行う SYN の再送もほとんどありません。",
        "SYN クッキーが有効か (Linux では net.ipv4.tcp_syncookies)、パケットがどこから来ているかを確かめてください。"
        "フラッドの送信元アドレスは、たいてい偽装されています。",
        {
            "answered": "サーバーはそのうち {answered} 個に応答し、応答のたびにキューを 1 つ使っています。",
            "unanswered": "サーバーはどれにも応答していません。",
        },
    ),
    "queue-full": (
        "{where} がハンドシェイクを完了する ACK を破棄しています (接続 {count} 個)",
        "クライアントは SYN-ACK に ACK を返しましたが、サーバーは SYN-ACK を 2 回以上再送しました。サーバーは接続を受"
        "け入れていません。クライアント: {clients}。",
        "{where} で待ち受けているプログラムの accept が間に合っているか、キューの長さ (listen の backlog。Linux では "
        "ss -ltn と nstat -az TcpExtListenOverflows) が足りているかを確かめてください。",
        {
            "waiting": "{waiting} 個の接続は、クライアントでは確立済みですが、サーバーではまだです。",
            "data ignored": (
                "{spoke} 個の接続ではクライアントがデータも送りましたが、受け取られていません。受け入れキューがいっぱ"
                "いです。"
            ),
            "perhaps deferred": (
                "受け入れキューがいっぱいか、サーバーがクライアントのデータを待ってから受け入れています ("
                "TCP_DEFER_ACCEPT)。"
            ),
        },
    ),
    "syns-dropped": (
        "{where} から一部の SYN に応答がありません (試行 {count} 回)",
        "ほかの接続には応答しているのに、SYN {syns} 個に対し、{waited} の間、RST すら返ってきていません。クライアント: "
        "{clients}。",
        "まず受け入れキューを調べてください。いっぱいの間、Linux は SYN を破棄します。{where} のプログラムの accept が"
        "間に合っているか、キューの長さ (listen の backlog。Linux では ss -ltn と nstat -az TcpExtListenOverflows "
        "TcpExtListenDrops) が足りているかを確かめてください。次に、新しい接続を制限するロードバランサーやファイアウォ"
        "ールを調べてください。",
        {
            "before": "そのような試行の {before} 前には、このポートから何か届いています。",
            "after": "試行の {after} 後には、このポートから何か届いています。",
            "acks, too": "ハンドシェイクを完了する ACK も破棄しているので、キューはいっぱいです。",
            "nothing since": "その後はホストから何も届いていないので、停止した可能性もあります。",
            "other clients": (
                "応答があったのはほかのクライアントだけです。ファイアウォールがこれらのクライアントだけを遮っている可能"
                "性があります。"
            ),
        },
    ),
    "close-wait-left": (
        "{host} に CLOSE_WAIT のまま残った接続が {count} 個あります",
        "相手はすでに閉じました。相手の FIN に、こちら側は ACK を返しています。こちら側 ({host}) はその後 {age} の間、"
        "閉じもせず、何も送っていません。サーバー: {servers}。",
        "{host} でこれらの接続を持つプログラムを調べてください。相手が閉じたことに気づいていないか、ソケットを閉じ忘"
        "れています。プログラムが終わるまで、1 つにつきファイル記述子を 1 つ使い続けます。",
        {},
    ),
    "half-open": (
        "{host} が忘れ、相手では開いたままの接続が {count} 個あります",
        "相手のセグメントに、ACK のない RST が返りました。その接続を持たないホストの応答です (RFC 9293 §3.5.2)。"
        "{host} は閉じてはおらず、{silence} の間何も送っていませんでした。相手: {peers}。",
        "{host} がその間に再起動したか、途中のファイアウォール、NAT、ロードバランサーが使われていない接続を忘れ、"
        "{host} の名前で応答しています。そのタイムアウトより短い間隔のキープアライブで防げます。",
        {},
    ),
    "fell-silent": (
        "開いている {count} 個の接続で {host} から応答がなくなりました",
        "{silence} の間、何も返ってきていません。相手: {peers}。",
        "{host} が動いているか、そこまでの経路が生きているかを確かめてください。動いていて接続だけを失ったホストなら、"
        "RST を返します。",
        {
            "repeats": "{host} へのデータは {repeats} 回再送されました。",
            "probes": "キープアライブまたはウィンドウ プローブ {probes} 個に応答がありません。",
        },
    ),
    "zero-window": (
        "{host} が {longest} の間データを受け取りませんでした (接続 {count} 個)",
        "合わせて {times} 回、受信ウィンドウ 0 を通知しました。プログラムが読み出さず、バッファーがいっぱいでした。そ"
        "の間、相手は待つしかありません。相手: {peers}。",
        "その間 {host} のプログラムが何をしているかを調べてください。送られてくる量に追いつかないか、止まっています。",
        {
            "still": "{still} 個の接続では、今もウィンドウが 0 です。",
        },
    ),
    "sent-again": (
        "{host} が {peers} に送ったパケットの {share} が再送です",
        "{sent} パケットのうち {again} 個が再送です (接続 {count} 個)。パケットか、その ACK が失われているか、遅れて"
        "います。",
        "途中での損失を探してください。インターフェイスやスイッチのエラーと破棄、あふれた回線や帯域制限、二重モードの"
        "不一致、電波の悪さなどです。両端のキャプチャを比べると場所がわかります。",
        {},
    ),
    "time-wait-ports": (
        "{host} の {server} 向けのポート {ports} 個が TIME_WAIT です",
        "{host} は {server} との接続を先に閉じるので、接続ごとにポートが TIME_WAIT で残ります。ポートは {lowest} から"
        " {highest} の間です。Linux の既定の {linux} 個の {of_linux}、Windows、macOS、IANA の {windows} 個の "
        "{of_windows} にあたります。",
        "接続を使い回す (キープアライブ、プール) か、サーバーに先に閉じさせてください。アドレスを増やすこと、ポートの"
        "範囲を広げることでも先延ばしできます (Linux では ip_local_port_range、tcp_tw_reuse)。",
        {
            "rate": "毎秒 {rate} 個ずつ増えています。",
        },
    ),
    "ports-reused": (
        "{host} が {server} 向けの TIME_WAIT のポートを再び使っています (接続 {count} 個)",
        "同じポートの前の接続は {rested} 前に終わったばかりでした。{ports} 個のポートがこのように使われています。自身"
        "が TIME_WAIT のサーバーは、そのような SYN を拒否または無視することがあります。",
        "{host} の {server} 向けのポートが足りないか、プログラムが決まったポートを使っています。",
        {},
    ),
    "reset-in-request": (
        "{where} への接続 {count} 個がリクエストの途中でリセットされました",
        "{all} 個の接続のうち {count} 個に、リクエストへの応答がないうちに RST が届きました。それまでのデータは、クラ"
        "イアントから {sent} バイト、サーバーから {received} バイトです。クライアント: {clients}。",
        "その時刻に {where} のプログラムで何が起きたかを調べてください。異常終了、再起動、上限への到達の際に、処理中"
        "の接続がリセットされます。リクエストからの時間がいつも同じなら、プログラム、途中のプロキシやファイアウォール"
        "、またはクライアントのタイムアウトです。",
        {
            "by server": "サーバーによるもの {by_server} 個、リクエストの最後から {server_waited} 後です。",
            "by client": (
                "クライアントによるもの {by_client} 個、自分のリクエストの最後から {client_waited} 後です。待つのをやめ"
                "たか、終了されました。"
            ),
            "not acknowledged": "{lost} 個の接続では、リクエストの一部に ACK も返っていません。",
            "others": "ほかに {others} 個が、それ以外の形でリセットされました。",
        },
    ),
    "reset-in-answer": (
        "{where} への接続 {count} 個が応答の直後にリセットされました (クライアントから {by_client} 個、サーバーから "
        "{by_server} 個)",
        "サーバーの最後のデータから {quiet} 後に RST が届きました。それまでのデータは、クライアントから {sent} バイト"
        "、サーバーから {received} バイトです。すべて ACK が返っていますが、それで応答の全部だったかどうかはパケット"
        "からはわかりません。クライアント: {clients}。",
        "サーバーがリセットした場合は、その時刻にプログラムで何が起きたかを調べてください。異常終了すると応答の途中で"
        "、リクエストを読み残して閉じると応答の直後にリセットされます。クライアントがリセットした場合は、ヘルス チェ"
        "ックのように必要なものを受け取ったか、利用者が中断しました。",
        {},
    ),
    "reset-lost-data": (
        "{host} がデータの途中で {count} 個の接続をリセットしました",
        "RST の時点で、そのデータには ACK が返っていませんでした。読まれなかったかもしれません。相手: {peers}。",
        "{host} のプログラムがなぜこのように接続を終えるのかを調べてください。未読のデータを残して閉じたとき、強制終"
        "了されたとき、そう指定したとき (SO_LINGER 0) に RST が送られます。",
        {
            "own": "{host} が送った {own} バイト。",
            "theirs": "{host} に送られた {theirs} バイト。",
            "little": "この程度なら TLS の終了通知で、損失ではないかもしれません。",
            "late": (
                "{host} はすでに閉じていたので、その後に届いたデータを読むプログラムはありません。相手は読まれたと思っ"
                "ているかもしれません。"
            ),
        },
    ),
    "unanswered": (
        "{where} から応答がありません (試行 {count} 回)",
        "SYN {syns} 個に対し、{waited} の間、RST すら返ってきていません。クライアント: {clients}。",
        "ファイアウォールが {where} へのパケットを破棄していないか、ホストが動いているか、アドレスと経路が正しいかを"
        "確かめてください。動いていて遮られていないホストなら、少なくとも RST を返します。",
        {
            "answered before": "以前は応答していました。最後のパケットは、これらの SYN の {ago} 前です。",
        },
        {
            "host is up": (
                "ホストは動いています。その間、ほかのパケットを送っています。途中またはホスト自身のファイアウォールが "
                "{where} 宛てを破棄していないかを確かめてください。閉じているだけのポートなら RST を返します。"
            ),
        },
    ),
    "refused": (
        "{where} が接続を拒否しました (試行 {count} 回)",
        "SYN に RST が返りました。そのポートで待ち受けるプログラムがないか、ファイアウォールが代わりに拒否しています。"
        "クライアント: {clients}。",
        "サービスがそのアドレスとポートで動いているか、クライアントのポートの指定が正しいかを確かめてください。",
        {
            "others accepted": (
                "ほかの接続は受け入れました。その間にサービスが起動または停止したか、一部を拒否しています。"
            ),
        },
    ),
    "unreachable": (
        "{where} に到達できません (試行 {count} 回)",
        "SYN に ICMP エラーが返りました。ルーター、ファイアウォール、またはホスト自身が、届けられないと伝えています。"
        "クライアント: {clients}。",
        "ICMP エラーの送信元とコードを調べてください。経路がない、または相手がいない場合はアドレスと経路を、禁止されて"
        "いる場合はそのファイアウォールの規則を確かめてください。",
        {},
    ),
    "answered-late": (
        "{where} への SYN の {share} は再送後にようやく応答されました",
        "{answered} 個の接続のうち {count} 個は、最初の SYN から SYN-ACK まで {delay} かかりました (クライアント "
        "{clients} 台)。待ち受けのキューが一時的にいっぱいだったか、SYN が失われています。",
        "待ち受けのキュー (Linux では nstat -az TcpExtListenDrops) を、次に途中での損失を調べてください。",
        {},
    ),
    "never-completed": (
        "{where} との {count} 個のハンドシェイクが完了していません",
        "サーバーは SYN-ACK で応答しましたが、クライアントは {waited} の間 ACK を返していません。クライアント: "
        "{clients}。",
        "SYN-ACK がクライアントに届いているかを確かめてください。別の経路を通っているか、SYN を見ていないファイアウォ"
        "ールが破棄している可能性があります。いなくなったクライアントや偽装されたアドレスも応答しません。",
        {},
    ),
    "port-scan": (
        "{host} が {target} をポート スキャンしています",
        "{span} の間に {ports} 個のポートを {count} 回試しました。拒否 {refused} 個、応答なし {unanswered} 個。",
        "{target} の検査を頼んだ人がいなければ、{host} で何が動いているかを調べてください。",
        {
            "open": "開いているポート: {found}。",
        },
    ),
    "host-scan": (
        "{host} がポート {port} で {targets} 台のホストを試し、どれもつながりません",
        "{span} の間に {count} 回試し、拒否 {refused} 台、応答なし {unanswered} 台。スキャンに見えますが、どこにも届か"
        "なくなったホストでもこうなります。",
        "{host} がほかのホストとは通信できているなら、何が動いているかを調べてください。ワームはこのように相手を探し"
        "ます。",
        {},
    ),
    "mixed-scan": (
        "{host} が {targets} 台のホストの {ports} 個のポートを試し、どれもつながりません",
        "{span} の間に、ホストとポートの組 {pairs} 個を {count} 回試し、拒否 {refused} 個、応答なし {unanswered} 個。ス"
        "キャンに見えますが、ピアを探すプログラムや、どこにも届かなくなったホストでもこうなります。",
        "{host} で何が動いているかを調べてください。",
        {},
    ),
    "stored-again": (
        "{packets} パケットがキャプチャに 2 回入っています",
        "パケット {first} ~ {last} は、パケット {origin_first} ~ {origin_last} と同じものです。ここでは 1 回だけ数え"
        "ています。Wireshark では、再送、ポートの再使用、時刻の戻りに見えます。",
        "キャプチャを同じもの、または重なりのあるものと連結したか、パケットを再生したものです。2 回目を取り除いてくだ"
        "さい: editcap CAPTURE OUTPUT {first}-{last}。",
        {
            "later": "2 回目の時刻は {shift} 後です。",
            "more": "このような部分が、ほかに {parts} か所あります。",
        },
    ),
    "capture-damaged": (
        "キャプチャが壊れています: {what}",
        "{name}: 位置 {offset} バイト。その前に {packets} パケットを読みました。",
        "それより後は、ここでの診断に含まれません。Wireshark の editcap や pcapfix で、さらに救えるかもしれません。",
        {},
    ),
    "packets-dropped": (
        "キャプチャしたシステムが {drops} パケットを取りこぼしています",
        "キャプチャしたシステムの記録によります。ここには {frames} パケットあります。損失、再送、応答なしに見えるもの"
        "は、ここにないだけかもしれません。",
        "バッファーを大きくする (dumpcap -B、tcpdump -B)、キャプチャ フィルターや短いスナップ長を使う、速いディスクに"
        "書く、のいずれかでキャプチャし直してください。",
        {},
    ),
    "capture-gaps": (
        "{all} 個の接続のうち {count} 個で、キャプチャにパケットが欠けています",
        "ACK が返ったのに、キャプチャのどのパケットにもないデータが {bytes} バイトあります。ネットワークで失われたの"
        "ではなく、キャプチャされていません (FIN は 1 バイトと数えます)。",
        "これらの接続で欠けているものは信用しないでください。バッファーを大きくするか、すべてのパケットが通る場所でキ"
        "ャプチャしてください。フィルターで意図的に除いたのなら、問題ありません。",
        {},
    ),
    "one-way": (
        "{all} 個の接続のうち {count} 個は、片方向だけがキャプチャされています",
        "ACK から、相手が応答したことはわかりますが、そのパケットは 1 つもありません。欠けているのは {hosts} が送った"
        "パケットです。",
        "ホスト自身か、両方の経路でキャプチャしてください。経路が非対称なら応答は別の道を通り、ミラー ポートは片方向"
        "だけの設定かもしれません。",
        {},
    ),
    "headers-cut": (
        "{frames} フレームがヘッダーの途中で切れています ({share})",
        "どの接続についても何もわからず、ここでは数えていません。",
        "スナップ長を長くしてキャプチャしてください。ヘッダーには、ふつう 128 バイトあれば足ります (tcpdump -s 128)。",
        {},
    ),
    "time-steps-back": (
        "キャプチャの時刻が最大 {step} 戻っています",
        "{frames} パケットの時刻が、直前のパケットより前です。その付近の時間は信用できません。",
        "小さな戻りは、複数のインターフェイスやキューによるものです。Wireshark の reordercap で並べ直せます。大きな戻"
        "りは、時計の変更か、キャプチャの連結によるものです。",
        {},
    ),
    "captured-twice": (
        "パケットが二重にキャプチャされています",
        "{count} 個の接続で、{copies} 個のセグメントが 100 ミリ秒以内にそのままもう一度現れます。再送とはみなしません"
        "が、パケット数とバイト数には含まれます。",
        "Wireshark の editcap -d で取り除くか、1 つのインターフェイス、またはミラーの片方向だけをキャプチャしてくださ"
        "い。",
        {},
    ),
    "joined-late": (
        "{all} 個の接続のうち {count} 個は、キャプチャの開始前から開いていました",
        "どちらがクライアントかはポートからの推定で、それまでのことはわかりません。",
        "開くところから見るには、プログラムより先にキャプチャを始めてください。",
        {},
    ),
    "large-segments": (
        "{frames} 個のセグメントがイーサネットの大きさを超えています",
        "最大 {largest} バイトです。1,500 バイトのパケットに入るデータは {limit} バイトなので、ネットワーク カードが"
        "セグメントをまとめるか分けている (オフロード) か、ジャンボ フレームです。オフロードなら、回線上のパケットは"
        "ここより小さく、数は多くなります。",
        "回線上のとおりに見るには、キャプチャの間オフロードを切る (Linux では ethtool -K eth0 gro off gso off tso off)"
        " か、別の機器でキャプチャしてください。",
        {},
    ),
    "frames-cut": (
        "{frames} フレームがスナップ長で切れています ({share})",
        "状態とバイト数には影響しませんが、名前とアプリケーションの判別に影響します。",
        "内容も見るには、スナップ長を指定せずにキャプチャしてください (tcpdump -s 0)。",
        {},
    ),
    "reset-to-close": (
        "{where} への接続 {count} 個がリクエストの処理中でないときにリセットされました (クライアントから {by_client} "
        "個、サーバーから {by_server} 個)",
        "それまでのデータは、クライアントから {sent} バイト、サーバーから {received} バイトです。クライアント: "
        "{clients}。",
        "ふつうは何も必要ありません。ブラウザー、ヘルス チェック、ロードバランサー、ポート スキャナーはこのように接続"
        "を終えます。クライアント側でリセットが問題になっているなら、サーバーやプロキシが、使われていない接続をクライ"
        "アントの想定より早く閉じていないかを確かめてください。",
        {
            "idle": "RST {idle} 個は、最後のデータの {quiet} 後です。",
            "empty": "RST {empty} 個は、データが何も送られないうちに届きました。",
            "closing": "RST {closing} 個は、一方が FIN を送った後です。",
        },
    ),
    "closed-first": (
        "{where} で先に閉じた側: クライアント {by_client} 回、サーバー {by_server} 回",
        "一方または両方が閉じた接続は {count} 個です。先に閉じた側に TIME_WAIT が残ります。",
        "クライアントのポートが足りないときや、サーバーの TIME_WAIT が多すぎるときは、もう一方に先に閉じさせてくださ"
        "い。",
        {
            "both": "同時に閉じたもの: {both} 回。",
        },
    ),
}

_WORDS = {
    LOOKED_FOR: (
        "閉じられない接続やハーフオープンの接続、応答がない、拒否された、または完了しないハンドシェイク、フラッドとス"
        "キャン、いっぱいのキュー、リセット、再送、0 のままのウィンドウ、TIME_WAIT が占めるポート、キャプ"
        "チャ自体の問題"
    ),
    "Finding": "診断",
    "Severity": "重大度",
    "Host": "ホスト",
    "Title": "要約",
    "Text": "説明",
    "Next": "対処",
    "First Connections": "接続の番号",
    "First Packets": "パケットの番号",
    "Filter": "フィルター",
    "Filter Selects": "フィルターの対象数",
    "First Time": "最初の時刻",
    "Last Time": "最後の時刻",
    "When": "時刻",
    "What": "説明",
    "Seen in": "該当",
    "problem": "問題",
    "warning": "警告",
    "note": "情報",
    "{count:problem|problems}": "問題 {count} 件",
    "{count:warning|warnings}": "警告 {count} 件",
    "{count:note|notes}": "情報 {count} 件",
    "{found} in {connections}, {frames:packet|packets}": "{found} ({connections}、{frames} パケット)",
    "No findings in {connections}, {frames:packet|packets}. Looked for: {looked}.": (
        "指摘することはありません ({connections}、{frames} パケット)。調べたもの: {looked}。"
    ),
    "{some:connection|connections}": "接続 {some} 個",
    "{some} of {all:connection|connections}": "接続 {all} 個のうち {some} 個",
    "{first} to {last}": "{first} ~ {last}",
    "(the filter is cut: it has the first {selected} of {count:connection|connections})": (
        "(フィルターは途中までです。{count} 個の接続のうち最初の {selected} 個を選びます)"
    ),
    "(the filter is cut: it has the first {selected} of {count:packet|packets})": (
        "(フィルターは途中までです。{count} パケットのうち最初の {selected} 個を選びます)"
    ),
    "{count:=connection|connections} {numbers}": "接続 {numbers}",
    "{count:=packet|packets} {numbers}": "パケット {numbers}",
    "{names} and {more} more": "{names} ほか {more} 個",
    "{others} other hosts": "ほかの {others} 台のホスト",
    "{others} other servers": "ほかの {others} 台のサーバー",
    "{shortest} to {longest}": "{shortest} ~ {longest}",
    "{range} (median {middle})": "{range} (中央値 {middle})",
}


def _texts() -> dict[str, str]:
    found = dict(_WORDS)
    for name, (title, text, following, *further) in _TEXTS.items():
        kind = KINDS[name]
        found |= {kind.title: title, kind.text: text, kind.next: following}
        for sentences, own in zip((kind.also, kind.instead), further, strict=False):
            found |= {sentences[key]: sentence for key, sentence in own.items()}
    return found


FINDINGS = _texts()
"""The Japanese for each English text of a finding."""
