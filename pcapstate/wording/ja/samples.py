"""The samples, in Japanese; the English is in ``samples.catalogue``."""

from __future__ import annotations

TITLES = {
    "A whole connection, closed by the client": "クライアントから閉じる接続の全体",
    "The same, closed by the server": "サーバーから閉じる場合",
    "A close in three segments": "3 つのセグメントでの終了",
    "A connection that is refused": "拒否される接続",
    "A connection that nobody answers": "応答のない接続",
    "A connection that is reset": "リセットされる接続",
    "A close that becomes a reset": "終了のつもりがリセットになる場合",
    "Half closed: one side still sends": "ハーフクローズ: 片方だけが送信を続ける",
    "The SYN-ACK is lost": "SYN-ACK が失われる",
    "The last ACK is lost": "最後の ACK が失われる",
    "Both ends open at once": "同時オープン",
    "Both ends close at once": "同時クローズ",
    "A receiver that does not read": "データを読まない受信側",
    "Keep-alives to a host that is gone": "いなくなったホストへのキープアライブ",
    "Half open: one end has crashed": "ハーフオープン: 片方がクラッシュした接続",
    "A FIN behind lost data": "失われたデータの後の FIN",
    "TIME_WAIT, and a new connection with the same ports": "TIME_WAIT と、同じポートでの新しい接続",
    "An accept queue that is full": "一杯になった Accept キュー",
    "SYN cookies": "SYN Cookie",
    "Fast open: data in the SYN": "TCP Fast Open: SYN でデータを送る",
}

SHOWS = {
    "The three-way handshake, a request and its answer, and four segments that close: the client ends in "
    "TIME_WAIT, the server in CLOSED.": (
        "3 ウェイハンドシェイク、要求と応答、4 つのセグメントでの終了です。最後にクライアントは TIME_WAIT、サーバ"
        "ーは CLOSED になります。"
    ),
    "The server sends the first FIN, as many do after a response: now the server ends in TIME_WAIT.": (
        "多くのサーバーが応答の後にするように、サーバーが先に FIN を送ります。今度はサーバーが TIME_WAIT になります。"
    ),
    "The server closes as soon as it gets the FIN: one segment acknowledges it and carries the server's own FIN.": (
        "サーバーは FIN を受け取るとすぐに閉じます。1 つのセグメントで、FIN を確認応答し、自分の FIN も送ります。"
    ),
    "No program listens on the port: the server answers the SYN with a RST.": (
        "そのポートで待ち受けているプログラムがないので、サーバーは SYN に RST で応答します。"
    ),
    "Every SYN is lost, as behind a firewall that drops them: the client sends it again, until it gives up, which"
    " no packet shows.": (
        "ファイアウォールに破棄されるときのように、SYN がすべて失われます。クライアントは再送を繰り返し、やがてあ"
        "きらめますが、それを示すパケットはありません。"
    ),
    "The client aborts instead of closing: one RST ends both sides, without FIN and without TIME_WAIT.": (
        "クライアントは閉じる代わりに中断します。1 つの RST で両端が終わり、FIN も TIME_WAIT もありません。"
    ),
    "The server closes before it has read what came: Linux sends a RST instead of a FIN, so that the client "
    "learns that data was lost.": (
        "サーバーは届いたデータを読む前に閉じます。Linux は、データが失われたことをクライアントに伝えるため、FIN "
        "ではなく RST を送ります。"
    ),
    "The client closes its direction and waits in FIN_WAIT_2; the server sends on in CLOSE_WAIT, then closes.": (
        "クライアントは自分の方向を閉じ、FIN_WAIT_2 で待ちます。サーバーは CLOSE_WAIT のまま送信を続け、その後で"
        "閉じます。"
    ),
    "Captured at the server: its SYN-ACK leaves and never arrives, so both ends send again.": (
        "サーバー側でキャプチャしました。SYN-ACK は送信されましたが届かないので、両端が再送します。"
    ),
    "The server's FIN comes again, since no ACK of it has arrived; TIME_WAIT is there to answer it.": (
        "ACK が届かないので、サーバーが FIN を再送します。それに応答するために TIME_WAIT があります。"
    ),
    "Two SYNs cross: each end goes from SYN_SENT to SYN_RECEIVED, and no port listens.": (
        "2 つの SYN がすれ違います。両端とも SYN_SENT から SYN_RECEIVED に進み、待ち受けているポートはありません。"
    ),
    "Two FINs cross: both ends pass through CLOSING and end in TIME_WAIT.": (
        "2 つの FIN がすれ違います。両端とも CLOSING を経て TIME_WAIT になります。"
    ),
    "The receive buffer fills up and the window becomes 0; the sender probes until there is room again. No state "
    "changes.": (
        "受信バッファが一杯になり、ウィンドウが 0 になります。送信側は、空きができるまでプローブを送ります。状態"
        "は変わりません。"
    ),
    "Nothing answers the keep-alives any more: the client gives up with a RST.": (
        "キープアライブに応答がなくなり、クライアントは RST を送ってあきらめます。"
    ),
    "The client has crashed and lost the connection, without a FIN or a RST. The server notices only when it sends: "
    "the host answers its data with a RST.": (
        "クライアントがクラッシュし、FIN も RST も送らずに接続を失いました。サーバーが気づくのはデータを送ったとき"
        "です。相手のホストは RST で応答します。"
    ),
    "Captured at the server: data before the FIN is lost. The FIN arrives and does not count: the server stays "
    "ESTABLISHED until the data comes again.": (
        "サーバー側でキャプチャしました。FIN の前のデータが失われます。FIN は届いても、データが再送されるまでサー"
        "バーは ESTABLISHED のままです。"
    ),
    "The client is in TIME_WAIT when it opens the same connection again: the new SYN takes its place.": (
        "クライアントは TIME_WAIT の間に、同じ接続をもう一度開きます。新しい SYN が TIME_WAIT に取って代わります。"
    ),
    "The program does not accept: the server drops the last ACK of the handshake and stays in SYN_RECEIVED, while"
    " the client is ESTABLISHED.": (
        "プログラムが accept しません。サーバーはハンドシェイクの最後の ACK を破棄して SYN_RECEIVED のままですが"
        "、クライアントは ESTABLISHED です。"
    ),
    "Under a flood of SYNs the server keeps nothing before the ACK: the packets are those of any handshake.": (
        "SYN が殺到すると、サーバーは ACK が届くまで何も記憶しません。パケットは通常のハンドシェイクと変わりません。"
    ),
    "The first connection fetches a cookie; in the second the SYN carries data, and the server may answer before "
    "the handshake is over.": (
        "最初の接続で Cookie を取得します。2 番目の接続では SYN がデータを運び、サーバーはハンドシェイクが終わる"
        "前に応答できます。"
    ),
}

ASK = {
    "Which packet makes each side ESTABLISHED, and why not the same one?": (
        "両端は、それぞれどのパケットで ESTABLISHED になりますか。なぜ同じパケットではないのでしょうか。"
    ),
    "Why does the client wait in TIME_WAIT, and the server does not?": (
        "クライアントは TIME_WAIT で待つのに、サーバーが待たないのはなぜですか。"
    ),
    "Which side has to do something in CLOSE_WAIT, and what?": (
        "CLOSE_WAIT では、どちら側が何をしなければなりませんか。"
    ),
    "A busy server has thousands of sockets in TIME_WAIT: which side closes first?": (
        "負荷の高いサーバーに TIME_WAIT のソケットが数千あります。先に閉じているのはどちらですか。"
    ),
    "Which state does the client skip, and which one lasts no time at the server?": (
        "クライアントが通らない状態はどれですか。サーバーで一瞬で終わる状態はどれですか。"
    ),
    "How does the client know at once that nobody listens?": (
        "待ち受けているプログラムがないことを、クライアントがすぐに知るのはなぜですか。"
    ),
    "What would the capture show if a firewall dropped the SYN instead?": (
        "ファイアウォールが SYN を破棄していたら、キャプチャはどうなりますか。"
    ),
    "In which state is the client while it waits, and what can be said of the server?": (
        "待っている間、クライアントはどの状態ですか。サーバーについては何が言えますか。"
    ),
    "Which side learns last that the connection has ended, and from which packet?": (
        "接続が終わったことを後から知るのはどちら側ですか。どのパケットで知りますか。"
    ),
    "The server's program called close(): why is there no FIN?": (
        "サーバーのプログラムは close() を呼びました。FIN がないのはなぜですか。"
    ),
    "What does the client wait for in FIN_WAIT_2? Its FIN has been acknowledged.": (
        "クライアントの FIN は確認応答されました。FIN_WAIT_2 では何を待っていますか。"
    ),
    "How long may the server stay in CLOSE_WAIT?": "サーバーは CLOSE_WAIT にどれだけとどまれますか。",
    "The server is in SYN_RECEIVED: what is the client in, and which packet shows it?": (
        "サーバーは SYN_RECEIVED です。クライアントはどの状態ですか。どのパケットでわかりますか。"
    ),
    "What would the server get for its second FIN if the client had not waited?": (
        "クライアントが待っていなかったら、サーバーの 2 回目の FIN に何が返りますか。"
    ),
    "Where do you see that neither end is a server in the usual sense?": (
        "どちらの端も普通の意味でのサーバーではないことは、どこからわかりますか。"
    ),
    "How does an end know that the other's FIN was sent before its own arrived?": (
        "相手の FIN が、自分の FIN が届く前に送られたことは、どうしてわかりますか。"
    ),
    "Why must the sender probe, instead of waiting for the next ACK?": (
        "送信側が、次の ACK を待つだけでなく、プローブを送らなければならないのはなぜですか。"
    ),
    "What does the server's side look like in netstat, if that host still runs?": (
        "サーバー側のホストがまだ動いているなら、その netstat ではどう見えますか。"
    ),
    "In which state was the server until then, and for how long could it have stayed there?": (
        "それまでサーバーはどの状態でしたか。いつまでその状態でいられたでしょうか。"
    ),
    "Which acknowledgment number shows that the server has not accepted the FIN?": (
        "FIN が受け取られていないことは、どの確認応答番号からわかりますか。"
    ),
    "What keeps old packets out of the new connection?": "古いパケットが新しい接続に紛れ込まないのはなぜですか。",
    "What would netstat show on each host?": "それぞれのホストの netstat は何を表示しますか。",
    "Which state do the packets suggest that netstat on the server never shows?": (
        "パケットからはあるように見えるのに、サーバーの netstat には現れない状態はどれですか。"
    ),
    "How many round trips does the first byte of the answer take, with fast open and without?": (
        "応答の最初のバイトが届くまでに何往復かかりますか。Fast Open がある場合とない場合で答えてください。"
    ),
}

LABELS = {
    "Here packet #{number} was lost on its way. Its sender captured it, so the packet is shown.": (
        "ここではパケット #{number} が途中で失われています。送信側でキャプチャしたので、そのパケットも表示されます。"
    ),
    "Sample": "サンプル",
    "Topic": "題名",
    "Shows": "内容",
    "Questions": "質問",
    "Ask": "質問",
    "Without": "欠落版",
}

SAMPLES = {**TITLES, **SHOWS, **ASK, **LABELS}
"""The Japanese for each English text."""
