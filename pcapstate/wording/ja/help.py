"""Help of the commands: what they do, their options, and what click says beside them."""

from __future__ import annotations

COMMANDS = {
    "Capture for Wireshark, with a comment on each packet that changes a state.": (
        "Wireshark のためにキャプチャし、状態を変えるパケットにコメントを付けます。"
    ),
    "Wireshark calls it, once pcapstate wireshark --install has put it among the interfaces (man 4 extcap).": (
        "Wireshark から呼び出されます。インターフェースの一覧には pcapstate wireshark --install で追加します"
        " (man 4 extcap)。"
    ),
    "Open a capture in Wireshark, with the TCP state of both ends as fields of every packet.": (
        "キャプチャを Wireshark で開き、両端の TCP の状態を各パケットのフィールドとして表示します。"
    ),
    "The fields: pcapstate.client.state and pcapstate.server.state (after the packet), pcapstate.change, .cause and"
    " .certainty (where it changes a state), .outcome and .connection. Filters, columns, colours and graphs take"
    " them.": (
        "フィールドは pcapstate.client.state と pcapstate.server.state (パケットの後の状態)、pcapstate.change、"
        ".cause、.certainty (状態が遷移するパケットのみ)、.outcome、.connection です。表示フィルター、列、色分け、"
        "グラフで使えます。"
    ),
    '--install adds a profile, "pcapstate", with columns, colours and filter buttons, and interfaces, "pcapstate: eth0"'
    " and so on: live capture with a comment on each packet that changes a state. Arguments after -- go to"
    " Wireshark.": (
        "--install で、列、色分け、フィルター ボタンを備えたプロファイル「pcapstate」と、「pcapstate: eth0」などの"
        "インターフェースを追加します。このインターフェースでは、状態を変えるパケットにコメントを付けながら"
        "キャプチャします。-- の後の引数は Wireshark に渡します。"
    ),
    "netstat for packets: the TCP state of both endpoints of every connection in a capture.": (
        "パケット版の netstat: キャプチャ内の各接続について、両端の TCP の状態を表示します。"
    ),
    "Ask what state each side is in after a packet, which packet comes next, and which one was lost.": (
        "パケットの後の両端の状態、次に来るパケット、失われたパケットについて出題します。"
    ),
    "Without a capture it goes through the samples, the easy ones first. Choose with the arrow keys, or type an"
    " answer: the letter of a choice, or a state in the spelling of any system. ? gives a hint, Ctrl-C ends.": (
        "キャプチャを指定しなければ、付属のサンプルから易しい順に出題します。矢印キーで選ぶか、答えを入力します。"
        "選択肢の記号でも、どの OS の表記の状態名でもかまいません。? でヒントを表示し、Ctrl-C で終了します。"
    ),
    "Write a report: one HTML file that shows the findings, and the states of all connections over time.": (
        "所見と、すべての接続の状態の推移を 1 つの HTML ファイルにまとめたレポートを書き出します。"
    ),
    "Any browser opens it; it needs no network and no other file. It begins with the findings in plain words, for "
    "someone who reads no packets. Behind them are connections over time, the table of netstat at any moment, and each "
    "connection with its packets, its path in the state diagram and its Wireshark filter. The page has every "
    "language.": (
        "どのブラウザーでも開け、ネットワークもほかのファイルも必要ありません。最初に、パケットを読まない人にも分かる言葉で"
        "所見が並びます。続いて、接続の推移、任意の時点の netstat の表、各接続のパケット、状態遷移図上の経路、"
        "Wireshark のフィルターがあります。ページはすべての言語で読めます。"
    ),
    "Of a large capture the page has the connections that matter most one by one, and says so; charts and counts are "
    "of all. --redact makes a page that can be shown outside: payload is never in it, and then no address or name is "
    "either.": (
        "大きなキャプチャでは、個別に見られるのは特に重要な接続だけで、その旨を表示します。グラフと件数はすべての接続の"
        "ものです。--redact を付けると、社外にも見せられるページになります。ペイロードは常に含まれず、アドレスと名前も"
        "含まれなくなります。"
    ),
    "Replace addresses and names of hosts and files, each by the same one.": (
        "アドレス、ホスト名、ファイル名を、それぞれ同じものに置き換える。"
    ),
    "The page; - is stdout.": "書き出すページ。- は標準出力。",
    "Language that the page opens in, and of messages. [default: that of the locale]": (
        "ページを開いたときの言語と、メッセージの言語。[省略時: ロケールの言語]"
    ),
    "Write the capture again, with a comment on each packet that changes a state.": (
        "状態を変えるパケットにコメントを付けて、キャプチャを書き出します。"
    ),
    'Wireshark shows a comment with its packet, and the filter frame.comment contains "CLOSE_WAIT" finds it. '
    "Packets that diagnose names have its finding as a comment. All else is copied byte for byte: packets, time "
    "stamps, interfaces, names, secrets, and the comments there were. The result is pcapng. --at ends the comments at "
    "a moment.": (
        'コメントは Wireshark でパケットとともに表示され、フィルター frame.comment contains "CLOSE_WAIT" で検索'
        "できます。diagnose が挙げるパケットには、その所見もコメントとして付けます。パケット、タイムスタンプ、"
        "インターフェイス、名前、秘密情報、元からあるコメントなど、ほかの内容はそのまま写します。出力は pcapng です。"
        "--at を指定すると、コメントはその時点までになります。"
    ),
    "Examples:": "例:",
    "Show what netstat would have printed on a host at a moment: --at, or the end of the capture.": (
        "ある時点 (--at、省略時はキャプチャの終わり) に、ホスト上で netstat を実行したときの表示を再現します。"
    ),
    "Without --local, the host is the one that takes part in every connection, or else the one station in every"
    " Ethernet"
    " frame. If there is neither, each connection is shown from its client's side. A line above the table says"
    " which.": (
        "--local がなければ、すべての接続に現れるホスト、またはすべての Ethernet フレームに現れる端末をホストと"
        "みなします。どちらもないときは、各接続をクライアント側から表示します。どれを選んだかは表の上に表示します。"
    ),
    "A number after the captures is an INTERVAL: the table is repeated every so many seconds of the capture's time.": (
        "キャプチャの後に数値を指定すると表示間隔になり、キャプチャ内の時刻でその秒数ごとに表を繰り返します。"
    ),
    "With --style, or with the letters of Linux (-tulpn), the table has exactly that system's format, for scripts.": (
        "--style や Linux のオプション (-tulpn) を指定すると、表はその OS とまったく同じ書式になり、スクリプトで処理"
        "でき"
        "ます。"
    ),
    "List every state change, with the packet that proves it.": (
        "すべての状態遷移を、その根拠となるパケットとともに一覧表示します。"
    ),
    'A state is "seen" if the endpoint\'s own segment proves it, "assumed" if a segment sent to it implies it, and'
    ' "timer"'
    " if 2 MSL have passed. From a file, assumptions that a later packet disproved are left out (--revisions shows"
    " them,"
    ' with the correction as "revised"). From a pipe or an interface rows are printed as they come, so assumptions are'
    " always shown.": (
        "その端点自身のセグメントで裏付けられた状態は「観測」、その端点に届いたはずのセグメントから分かる状態は「推"
        "定」、"
        "2 MSL の経過による状態は「タイマー」です。ファイルの場合、後のパケットで取り消された推定は表示しません"
        " (--revisions を付けると「訂正」とともに表示します)。パイプやインターフェースでは行を順次出力するため、推定も"
        "すべて表示します。"
    ),
    "List the connections of a capture: both states, and how each went.": (
        "キャプチャ内の接続を、両端の状態と結果とともに一覧表示します。"
    ),
    "Several captures are read as one, in time order; - reads standard input.": (
        "複数のキャプチャは時刻順に 1 つにまとめて読み取ります。- は標準入力です。"
    ),
    "Find what is wrong, or worth a look, in a capture, in order of importance.": (
        "キャプチャから問題や注意すべき点を見つけ、重要な順に表示します。"
    ),
    "Defects of the capture itself, which make the rest doubtful, come first.": (
        "キャプチャ自体の不備は、ほかの結果の信頼性に関わるため最初に表示します。"
    ),
    "Each finding says when it happened, what it means, which connections (tcp.stream) and packets (frame.number)"
    " show it,"
    " and what to do next. Findings rest on packets only; docs/diagnose.md has the rule of each. With --at, only"
    " packets"
    " up to that moment count. --host, --port, --local and --filter choose connections, with the fields of pcapstate"
    " connections; defects of the capture itself are always included.": (
        "それぞれについて、いつ起きたか、何を意味するか、どの接続 (tcp.stream) とパケット (frame.number) に現れている"
        "か、"
        "次に何をすべきかを示します。判断の材料はパケットだけで、規則は docs/diagnose.md にあります。--at を指定する"
        "と、"
        "その時点までのパケットだけを調べます。--host、--port、--local、--filter で接続を絞り込めます (フィールドは"
        " pcapstate connections と同じ)。キャプチャ自体の不備は常に表示します。"
    ),
    "Show the connections on a screen, as they open, change their states and close.": (
        "接続が開き、状態を変え、閉じる様子を画面に表示します。"
    ),
    "Without -i, it captures on the first interface that is up and not the loopback. A number is an INTERVAL in"
    " seconds,"
    " after which the table is drawn anew. Captures can be piped in (-) or followed (--follow).": (
        "-i がなければ、ループバック以外でアップしている最初のインターフェースをキャプチャします。数値を指定すると、"
        "その秒数ごとに表を更新します。キャプチャをパイプで渡す (-) ことも、追記を追う (--follow) こともできます。"
    ),
    "Left and right go back in time and on, while capturing continues; End is now. ? lists all keys.": (
        "左右キーで時刻を戻したり進めたりできます。キャプチャはその間も続き、End キーで現在に戻ります。? ですべてのキー"
        "を表示します。"
    ),
    "Show the connections of a capture on a screen, at any moment of it.": (
        "キャプチャ内の任意の時点の接続を画面に表示します。"
    ),
    "It begins at the end of the capture, or --at a moment. Left and right move in time, comma and full stop to the"
    " change"
    " of state before or after, p plays. Enter shows a connection packet by packet. ? lists all keys.": (
        "キャプチャの終わり、または --at の時点から始まります。左右キーで時刻を移動し、コンマとピリオドで前後の状態遷"
        "移へ"
        "移り、p で再生します。Enter で接続をパケットごとに表示します。? ですべてのキーを表示します。"
    ),
    "Explain a connection packet by packet: the states of both ends beside each packet, and why they changed.": (
        "接続をパケットごとに説明します。各パケットの横に両端の状態を示し、状態が変わった理由を述べます。"
    ),
    "Arrows carry flags, relative sequence and acknowledgment numbers, payload bytes, and the window where it"
    " matters. The"
    " states are those after the packet; * marks a change. Without --connection it is the connection with the most to"
    " see, a whole life if there is one.": (
        "矢印には、フラグ、相対シーケンス番号と相対確認応答番号、ペイロードのバイト数を示し、必要ならウィンドウも示し"
        "ます。"
        "状態はそのパケットの後のもので、* は変化を表します。--connection がなければ、開始から終了までそろった接続な"
        "ど、"
        "最も見どころの多い接続を選びます。"
    ),
    "Write the packets of chosen connections to a new capture.": (
        "選んだ接続のパケットを新しいキャプチャに書き出します。"
    ),
    "Packets are copied byte for byte, with their time stamps, interfaces and comments; a segment's fragments and ICMP"
    " errors about a connection belong to it. The result is pcapng, or pcap if FILE ends in .pcap. --at chooses"
    " connections by their state at that moment.": (
        "パケットは、タイムスタンプ、インターフェース、コメントも含めてそのままコピーします。セグメントのフラグメント"
        "と、"
        "接続に関する ICMP エラーも対象です。形式は pcapng で、ファイル名が .pcap で終わるときは pcap です。--at を指定"
        "すると、その時点の状態で接続を選びます。"
    ),
    "Draw RFC 9293's state diagram, with the path that each end of a connection took.": (
        "RFC 9293 の状態遷移図に、接続の両端がたどった経路を描きます。"
    ),
    "Without a capture, the diagram alone. With one, the paths of a connection, numbered with the packets that show"
    " each"
    " step: the client's line is solid, the server's dashed, and a frame marks the state at the end. Without"
    " --connection"
    " it is the connection with the most to see, a whole life if there is one. Steps that are not in the RFC's figure"
    " (a"
    " RST, a gap in the capture, a revised assumption) are drawn where the connection makes them.": (
        "キャプチャを指定しなければ、図だけを描きます。指定すると、1 つの接続の経路を、各遷移の根拠となるパケットの番"
        "号と"
        "ともに描きます。クライアントは実線、サーバーは破線で、最後の状態は枠で囲みます。--connection がなければ、開"
        "始から"
        "終了までそろった接続など、最も見どころの多い接続を選びます。RFC の図にない遷移 (RST、キャプチャの欠落、推定の"
        "訂正) も、その接続で起きていれば描きます。"
    ),
    "Explain the states of TCP: what each means, when it is normal, and what many connections in it point to.": (
        "TCP の状態について、意味、正常な場合、その状態の接続が多いときに考えられることを説明します。"
    ),
    "Without a name all are explained. Names may be spelled as any system does: SYN_RECEIVED, syn-recv, SYN_RCVD.": (
        "状態の名前を指定しなければ、すべて説明します。名前は各 OS の表記 (SYN_RECEIVED、syn-recv、SYN_RCVD) で指定でき"
        "ます。"
    ),
    "List the interfaces for -i, with their state and addresses.": (
        "-i に指定できるインターフェースを、状態とアドレスとともに一覧表示します。"
    ),
    "A line on stderr says which privilege is missing, if one is, and how to get it.": (
        "キャプチャに必要な権限がなければ、その得方を標準エラー出力に表示します。"
    ),
    "Print the completion script for a shell.": "シェルの補完スクリプトを出力します。",
}

OPTIONS = {
    "No comments on the packets that diagnose names.": "diagnose が挙げるパケットにはコメントを付けません。",
    "Language of comments and messages. [default: that of the locale]": (
        "コメントとメッセージの言語。[既定値: ロケールの言語]"
    ),
    "The program that opens it, such as tshark.": "キャプチャを開くプログラム (tshark など)。",
    "Copy plug-in, profile and capture program into Wireshark's personal folders.": (
        "プラグイン、プロファイル、キャプチャ プログラムを Wireshark の個人用フォルダーにコピーします。"
    ),
    "Remove them from there.": "それらをそこから削除します。",
    "The version of Wireshark.": "Wireshark のバージョン。",
    "List the interfaces.": "インターフェースを一覧表示します。",
    "The interface, as listed.": "一覧にあるインターフェース。",
    "Show its link type.": "そのリンク タイプを表示します。",
    "List its settings, which are the options below.": "その設定項目 (以下のオプション) を一覧表示します。",
    "Capture only packets that match this filter; without --capture: check it.": (
        "このフィルターに一致するパケットだけをキャプチャします。--capture がなければフィルターを検査します。"
    ),
    "Capture on it.": "そのインターフェースでキャプチャします。",
    "The named pipe to write to.": "書き込み先の名前付きパイプ。",
    "Keep only the first N bytes of each packet.": "各パケットの先頭から、このバイト数だけを保存します。",
    "Only packets to and from this host.": "このホストが送受信するパケットだけを対象にします。",
    "With --install and --uninstall: do not ask.": "--install、--uninstall とともに指定: 確認しません。",
    "Ask about this connection (tcp.stream).": "この接続 (tcp.stream) について出題します。",
    'Ask about a connection that matches, such as "outcome = refused".': (
        '条件に一致する接続について出題します ("outcome = refused" など)。'
    ),
    "Ask so many questions at most.": "出題数の上限。",
    "Another number, another choice of questions.": "番号を変えると、別の問題を選びます。",
    "Write questions and answers to a file; - for stdout.": ("問題と解答をファイルに書き出します。- は標準出力です。"),
    "Format of --export. [default: by its suffix]": "--export の形式。[既定値: 拡張子で決定]",
    "A recorded exchange that comes with the package.": "付属の記録済みサンプルを使います。",
    "The sample as it went when this packet was lost.": "このパケットが失われた場合のサンプルを使います。",
    "List the samples, and what to ask students of them.": "サンプルと、学習者への質問の一覧を表示します。",
    "Language of headings and messages. [default: that of the locale]": (
        "見出しとメッセージの言語。[既定値: ロケールの言語]"
    ),
    "Language of the texts. [default: that of the locale]": "文章の言語。[既定値: ロケールの言語]",
    "Show the version and exit.": "バージョンを表示して終了します。",
    "Show this message and exit.": "このヘルプを表示して終了します。",
    "Capture live on this interface (any: on all, on Linux) instead of reading a file. Repeatable.": (
        "ファイルを読む代わりに、このインターフェースをキャプチャします (Linux では any ですべて)。複数指定できます。"
    ),
    "With -i: capture only packets that match this BPF filter.": (
        "-i と併用: この BPF フィルターに一致するパケットだけをキャプチャします。"
    ),
    "With -i: end after S seconds.": "-i と併用: この秒数で終了します。",
    "With -i: the kernel's buffer for packets of each interface. [default: 32M]": (
        "-i と併用: 各インターフェースのパケット用のカーネル バッファーの大きさ。[既定値: 32M]"
    ),
    "With -i: only packets to and from this host.": "-i と併用: このホストが送受信するパケットだけを対象にします。",
    "With -i: keep only the first N bytes of each packet.": (
        "-i と併用: 各パケットの先頭から、このバイト数だけを保存します。"
    ),
    "With -i: wait for an interface that is not there, down, or goes away.": (
        "-i と併用: インターフェースがない、ダウンしている、または途中でなくなったときは、使えるようになるまで待ちま"
        "す。"
    ),
    "With -i: also write the packets to this pcapng file.": "-i と併用: パケットをこの pcapng ファイルにも保存します。",
    "With -w: another file after this size (100M) or time (1h).": (
        "-w と併用: この大きさ (100M) か時間 (1h) ごとに新しいファイルに切り替えます。"
    ),
    "With --rotate: keep only the last N files.": "--rotate と併用: 新しい方からこの個数のファイルだけを残します。",
    "With -i, as root: go on as this user. [default: the caller of sudo, or nobody]": (
        "root で -i を使うとき: このユーザーに切り替えて続行します。[既定値: sudo の実行者、または nobody]"
    ),
    "With -i: say on stderr which privileges were given up.": "-i と併用: 放棄した権限を標準エラー出力に表示します。",
    "The moment: after the start (12.5, 1m30s), before the end (-3), a clock time, or a packet (#417).": (
        "時点: 開始から (12.5、1m30s)、終わりから (-3)、時刻、またはパケット (#417)。"
    ),
    "Keep reading while the file, or ring of files, is being written, until Ctrl-C.": (
        "書き込み中のファイル、または一連のファイルを、Ctrl-C まで読み続けます。"
    ),
    "While packets arrive: serve metrics for Prometheus at this address. [default address: 127.0.0.1]": (
        "パケットの受信中、このアドレスで Prometheus 用のメトリクスを公開します。[アドレスの既定値: 127.0.0.1]"
    ),
    "Seconds in TIME_WAIT (2 MSL; default 60), for all hosts or for a host or network. Repeatable.": (
        "TIME_WAIT の秒数 (2 MSL、既定値は 60)。すべてのホスト、または特定のホストやネットワークに指定します。複数指定"
        "できます。"
    ),
    "Separate connections with the same addresses on different VLANs or VNIs.": (
        "アドレスが同じでも VLAN や VNI が異なる接続を区別します。"
    ),
    "At the end, say on stderr where the time went.": "最後に、処理時間の内訳を標準エラー出力に表示します。",
    "Only errors on stderr: no remarks, no progress.": (
        "標準エラー出力にはエラーだけを表示し、注記や進捗は表示しません。"
    ),
    "Memory limit, such as 500M; connections beyond it are evicted. [default: 1G, or a quarter of the machine's"
    " memory]": ("メモリの上限 (500M など)。収まらない接続は破棄します。[既定値: 1G、または搭載メモリの 4 分の 1]"),
    "Write to this file, whole or not at all; its suffix selects a format (.json, .jsonl, .ndjson, .csv, .tsv, .tab,"
    " .md, .markdown, .parquet).": (
        "このファイルに書き出します (失敗したときは何も残しません)。拡張子で形式が決まります (.json, .jsonl, .ndjson,"
        " .csv, .tsv, .tab, .md, .markdown, .parquet)。"
    ),
    "Write to this file, whole or not at all; its suffix selects a format (.txt, .svg, .mmd, .dot, .gv).": (
        "このファイルに書き出します (失敗したときは何も残しません)。拡張子で形式が決まります (.txt, .svg, .mmd, .dot,"
        " .gv)。"
    ),
    "Also listening ports, and UDP ports in use.": "待ち受けポートと、使用中の UDP ポートも表示します。",
    "Addresses and ports as numbers.": "アドレスとポートを数値で表示します。",
    "Fully qualified host names, not only their first label.": "ホスト名を、先頭の部分だけでなく完全修飾名で表示しま"
    "す。",
    "The ID of the owning process, if the capture has it.": (
        "所有するプロセスの ID を表示します (キャプチャに記録があるとき)。"
    ),
    "The program, or the application that the packets show.": (
        "プログラム名、またはパケットから分かるアプリケーションを表示します。"
    ),
    "Ethernet statistics.": "Ethernet の統計を表示します。",
    "The routing table, as far as the traffic shows it.": "通信から分かる範囲でルーティング テーブルを表示します。",
    "Statistics by protocol.": "プロトコルごとの統計を表示します。",
    "Only this protocol. Without one, as on Linux: --programs.": (
        "このプロトコルだけを表示します。プロトコルがなければ、Linux と同じく --programs の意味です。"
    ),
    "As on Linux: TCP.": "Linux と同じ: TCP。",
    "As on Linux: UDP.": "Linux と同じ: UDP。",
    "As on Linux: listening ports, and UDP ports.": "Linux と同じ: 待ち受けポートと UDP ポート。",
    "As on Linux: UNIX sockets, which are in no capture.": ("Linux と同じ: UNIX ソケット (キャプチャには現れません)。"),
    "As on Linux: IPv4.": "Linux と同じ: IPv4。",
    "As on Linux: IPv6.": "Linux と同じ: IPv6。",
    "As -p on Linux: process ID and program, if the capture has them.": (
        "Linux の -p と同じ: プロセス ID とプログラム名 (キャプチャに記録があるとき)。"
    ),
    "Whose netstat: that of this host, or of all hosts of a network.": (
        "どのホストの netstat か: このホスト、またはこのネットワークの全ホスト。"
    ),
    "The states of both ends side by side.": "両端の状態を並べて表示します。",
    "With INTERVAL: at most N tables.": "表示間隔と併用: 表をこの回数まで表示します。",
    "Ask the network for names that the capture does not have.": (
        "キャプチャにない名前をネットワークに問い合わせます。"
    ),
    "Only these states, in any system's spelling.": "これらの状態だけを対象にします (どの OS の表記でも可)。",
    "Only these ports, at either end.": "どちらかの端がこれらのポートの行だけを対象にします。",
    "Only these addresses, networks or names.": "これらのアドレス、ネットワーク、名前だけを対象にします。",
    'Only rows that match, such as "state = CLOSE_WAIT and age > 60s".': (
        '条件に一致する行だけを対象にします ("state = CLOSE_WAIT and age > 60s" など)。'
    ),
    "Sort by these columns; -COLUMN sorts in descending order.": (
        "これらの列で並べ替えます。列名の前に - を付けると降順になります。"
    ),
    "Show these columns.": "これらの列を表示します。",
    "Output format.": "出力形式。",
    "Output format. [default: text]": "出力形式。[既定値: text]",
    "The system whose netstat the tables resemble.": "表をどの OS の netstat に合わせるか。",
    "Clock times in UTC instead of local time.": "時刻をローカル時刻ではなく UTC で表示します。",
    "Clock times of --filter and --at in UTC instead of local time.": (
        "--filter と --at の時刻をローカル時刻ではなく UTC とみなします。"
    ),
    "Times as seconds since the start of the capture.": "時刻をキャプチャの開始からの秒数で表示します。",
    "Only this connection (tcp.stream).": "この接続 (tcp.stream) だけを対象にします。",
    "Only these connections (tcp.stream).": "これらの接続 (tcp.stream) だけを対象にします。",
    "Also show assumptions that later packets disproved.": "後のパケットで取り消された推定も表示します。",
    "Only connections with these ports, at either end.": "どちらかの端がこれらのポートの接続だけを対象にします。",
    "Only connections of these addresses or networks.": "これらのアドレスやネットワークの接続だけを対象にします。",
    "Only connections of this host or network.": "このホストやネットワークの接続だけを対象にします。",
    'Only connections that match, such as "server_port = 443 and opened > 12:00".': (
        '条件に一致する接続だけを対象にします ("server_port = 443 and opened > 12:00" など)。'
    ),
    'Only connections that match, such as "outcome = refused and server_port = 443".': (
        '条件に一致する接続だけを対象にします ("outcome = refused and server_port = 443" など)。'
    ),
    "Only connections with an end in these states.": "どちらかの端がこれらの状態の接続だけを対象にします。",
    "One line for each finding.": "検出した項目を 1 行ずつ表示します。",
    "Whose table: that of this host, or of all hosts of a network.": (
        "どのホストの表か: このホスト、またはこのネットワークの全ホスト。"
    ),
    "Threads for reading, decoding and tracking: 1 to 3. [default: one for each processor]": (
        "読み込み・デコード・追跡に使うスレッド数 (1～3)。[既定値: プロセッサの数]"
    ),
    "Memory for going back in time, such as 500M. [default: at most a quarter of --memory]": (
        "過去に戻るためのメモリ (500M など)。[既定値: 最大で --memory の 4 分の 1]"
    ),
    "Colours for a light or a dark background. [default: dark]": (
        "明るい背景用 (--light)、または暗い背景用 (--dark) の配色。[既定値: 暗い背景用]"
    ),
    "Explain this connection (tcp.stream).": "この接続 (tcp.stream) を説明します。",
    'Explain a connection that matches, such as "outcome = refused".': (
        '条件に一致する接続を説明します ("outcome = refused" など)。'
    ),
    "Begin at this moment, told as for --at, such as #12.": "この時点から始めます (指定は --at と同じ。#12 など)。",
    "Wait for a key after each packet; q ends, a shows the rest.": (
        "パケットごとにキー入力を待ちます。q で終了、a で残りをすべて表示します。"
    ),
    "Only the ladder, without sentences.": "シーケンス図だけを表示し、説明文を省きます。",
    "Every packet: long runs of data are not folded.": "長いデータ転送もまとめず、すべてのパケットを表示します。",
    "Draw with ASCII characters only.": "ASCII 文字だけで描きます。",
    "Also all packets from S seconds before to S seconds after each of these connections.": (
        "各接続の前後この秒数の間にある、ほかのパケットもすべて含めます。"
    ),
    "The capture to write; - is stdout.": "書き出すキャプチャ。- は標準出力です。",
    "Draw this connection (tcp.stream).": "この接続 (tcp.stream) を描きます。",
    'Draw a connection that matches, such as "outcome = refused".': (
        '条件に一致する接続を描きます ("outcome = refused" など)。'
    ),
    "Spell the states as this system's netstat does.": "状態をこの OS の netstat の表記で表示します。",
}

PLACEHOLDERS = {
    "[OPTIONS]": "[オプション]",
    "COMMAND [ARGS]...": "コマンド [引数]...",
    "CAPTURE...": "キャプチャ...",
    "[STATE]...": "[状態]...",
    "NAME": "名前",
    "VERSION": "バージョン",
    "BPF": "BPF 式",
    "SIZE": "サイズ",
    "FILE": "ファイル",
    "SIZE|TIME": "サイズ|時間",
    "TIME": "時点",
    "[ADDRESS]:PORT": "[アドレス]:ポート",
    "[HOST=]S": "[ホスト=]秒",
    "ADDRESS|NETWORK": "アドレス|ネットワーク",
    "STATE,...": "状態,...",
    "PORT,...": "ポート,...",
    "HOST,...": "ホスト,...",
    "EXPR": "条件式",
    "COLUMN,...": "列,...",
}

CLICK = {
    "Usage:": "使い方:",
    "Options": "オプション",
    "Commands": "コマンド",
    "required": "必須",
    "default: {default}": "既定値: {default}",
    "Error: {message}": "エラー: {message}",
    "Aborted!": "中断しました",
    "Try '{command} {option}' for help.": "使い方は '{command} {option}' で表示できます。",
    "Invalid value: {message}": "値が正しくありません: {message}",
    "Invalid value for {param_hint}: {message}": "{param_hint} の値が正しくありません: {message}",
    "Missing command.": "コマンドを指定してください。",
    "Missing argument": "必要な引数がありません:",
    "Missing option": "必要なオプションがありません:",
    "No such option {name!r}.": "オプション {name!r} はありません。",
    "No such option: {name}": "オプション {name} はありません。",
    "Did you mean {possibility}?": "{possibility} のことですか?",
    "(Did you mean one of: {possibilities}?)": "(次のいずれかのことですか: {possibilities})",
    "(Possible options: {possibilities})": "(候補: {possibilities})",
    "Got unexpected extra argument ({args})": "余分な引数があります ({args})",
    "Got unexpected extra arguments ({args})": "余分な引数があります ({args})",
    "Choose from:\n\t{choices}": "次から選んでください: {choices}",
    "{value!r} is not {choice}.": "{value!r} は {choice} ではありません。",
    "{value!r} is not one of {choices}.": "{value!r} は {choices} のいずれでもありません。",
    "{value!r} is not a valid {number_type}.": "{value!r} は{number_type}ではありません。",
    "integer": "整数",
    "integer range": "整数",
    "float": "数値",
    "float range": "数値",
    "{value} is not in the range {range}.": "{value} は範囲 {range} にありません。",
    "Option {name!r} does not take a value.": "オプション {name!r} に値は指定できません。",
    "Option {name!r} requires an argument.": "オプション {name!r} には値が必要です。",
}

HELP = {**COMMANDS, **OPTIONS, **PLACEHOLDERS, **CLICK}
