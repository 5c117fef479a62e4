"""Messages on stderr, what the account of skipped frames says, and findings."""

from __future__ import annotations

from .findings import FINDINGS

TIMINGS = {
    "timings; stages overlap where they run at once": "処理時間 (同時に動く段階の時間は重なります)",
    "stage": "段階",
    "seconds": "秒",
    "processor": "CPU秒",
    "share": "割合",
    "ns/packet": "ns/パケット",
    "calls": "回数",
    "start": "起動",
    "read": "読み込み",
    "unpack": "展開",
    "frames": "フレーム検出",
    "decode": "デコード",
    "track": "追跡",
    "timers": "タイマー",
    "watch": "観察",
    "copy": "コピー",
    "write": "書式化",
    "answer": "回答",
    "other": "その他",
    "elapsed": "経過秒",
    "packets": "パケット",
    "packets/s": "パケット/秒",
    "peak-MB": "最大メモリMB",
}

CLOSING_LINES = {
    "pcapstate wireshark --install adds columns, colours and filter buttons": (
        "pcapstate wireshark --install で、列、色分け、フィルター ボタンを追加できます"
    ),
    "Copy the plug-in to {plug_in}, the profile to {profile} and the capture program to {launcher}?": (
        "プラグインを {plug_in} に、プロファイルを {profile} に、キャプチャ プログラムを {launcher} にコピーしますか?"
    ),
    "Remove the plug-in {plug_in}, the capture program {launcher} and the profile {profile} with all that is in it?": (
        "プラグイン {plug_in}、キャプチャ プログラム {launcher}、プロファイル {profile} (中身すべて) を削除しますか?"
    ),
    "the plug-in is in {plug_in}, the profile in {profile}, the capture program in {launcher}": (
        "プラグインは {plug_in}、プロファイルは {profile}、キャプチャ プログラムは {launcher} にあります"
    ),
    "plug-in, profile and capture program are removed": (
        "プラグイン、プロファイル、キャプチャ プログラムを削除しました"
    ),
    "plug-in, profile and capture program are not installed": (
        "プラグイン、プロファイル、キャプチャ プログラムはインストールされていません"
    ),
    "this Wireshark, before 4.2, looks for capture programs in {folder} only; as root: {command}": (
        "この Wireshark (4.2 より前) がキャプチャ プログラムを探すのは {folder} だけです。root で実行してください:"
        " {command}"
    ),
    "Language of comments": "コメントの言語",
    "States as spelled by": "状態名の表記",
    "Bytes kept of each packet": "各パケットの保存バイト数",
    "Only packets to and from this host": "このホストが送受信するパケットのみ",
    "1 frame is not TCP: {parts}": "TCP 以外のフレームが 1 個あります: {parts}",
    "{count:,} frames are not TCP: {parts}": "TCP 以外のフレームが {count:,} 個あります: {parts}",
    "1 frame could not be read: {parts}": "1 個のフレームを解読できませんでした: {parts}",
    "{count:,} frames could not be read: {parts}": "{count:,} 個のフレームを解読できませんでした: {parts}",
    "capturing on {name} ({where}), Ctrl-C ends": "{name} ({where}) をキャプチャしています (Ctrl-C で終了)",
    "runs as user {user}, as before": "ユーザー {user} のまま実行します",
    "runs as user {name} ({user}), group {group}, without other groups": (
        "ユーザー {name} ({user})、グループ {group} で実行します (補助グループなし)"
    ),
    "gave up all capabilities; programs that it starts gain none": (
        "ケーパビリティをすべて放棄しました。起動するプログラムが取得することもありません"
    ),
    "reads only Python and libraries, opens no other file and no TCP connection (Landlock {version})": (
        "Python とライブラリ以外のファイルを開けず、TCP 接続もできません (Landlock {version})"
    ),
    "reads only Python and libraries (Landlock {version}); the network stays within reach": (
        "Python とライブラリ以外のファイルを開けません (Landlock {version})。ネットワークは制限されません"
    ),
    "reads only Python, libraries and the resolver's files (Landlock {version}); the network stays within reach": (
        "Python、ライブラリ、名前解決用以外のファイルを開けません (Landlock {version})。ネットワークは制限されません"
    ),
    "files and network stay within reach (no Landlock in this kernel)": (
        "ファイルとネットワークは制限されません (このカーネルに Landlock はありません)"
    ),
    "files and network stay within reach (Landlock: {why})": (
        "ファイルとネットワークは制限されません (Landlock: {why})"
    ),
    "a process beside it keeps its privileges, to put {path} in its place": (
        "{path} を置き換える別プロセスだけが権限を保持します"
    ),
    "a process beside it keeps its privileges, to make the files of the ring {path}": (
        "リング {path} のファイルを作成する別プロセスだけが権限を保持します"
    ),
    "serving metrics at {url}": "メトリクスを {url} で公開しています",
    "the kernel has no ring for packets ({why}); at high rates more are dropped": (
        "カーネルのパケット リングを使えません ({why})。パケットが多いと取りこぼしが増えます"
    ),
    "waiting for {name}, which is not there": "{name} がまだないため、現れるまで待ちます",
    "{name} is gone; capturing goes on once it is back": "{name} がなくなりました。再び現れたらキャプチャを続けます",
    "{name} is down; capturing goes on once it is up": "{name} がダウンしています。アップしたらキャプチャを続けます",
    "{name} is back; capturing goes on": "{name} が復帰しました。キャプチャを続けます",
    "keeping packets ended: {why}": "パケットの保存を終了しました: {why}",
    "interrupted after 1 packet": "中断されました。1 パケットまでの結果です",
    "interrupted after {count:,} packets": "中断されました。{count:,} パケットまでの結果です",
    "later packets disproved 1 assumption; --revisions shows it": (
        "後のパケットで推定が 1 回取り消されました (--revisions で表示)"
    ),
    "later packets disproved {count:,} assumptions; --revisions shows them": (
        "後のパケットで推定が {count:,} 回取り消されました (--revisions で表示)"
    ),
    "{moment} is {duration} after the last packet; the answer is what is known at that time": (
        "{moment} は最後のパケットの {duration} 後です。それまでに分かっていた状態を表示します"
    ),
    "1 packet is a duplicate in the capture; it changes no state and is not a retransmission": (
        "1 パケットは別のパケットの複製です。状態を変えず、再送でもありません"
    ),
    "{count:,} packets are duplicates in the capture; they change no state and are not retransmissions": (
        "{count:,} パケットは別のパケットの複製です。状態を変えず、再送でもありません"
    ),
    "connection {first} mixes packets of several VLANs or VNIs; see --split-vlans": (
        "接続 {first} には、異なる VLAN や VNI のパケットが混ざっています (--split-vlans で区別)"
    ),
    "{count:,} connections mix packets of several VLANs or VNIs, {first} first; see --split-vlans": (
        "{count:,} 個の接続 (最初は {first}) に、異なる VLAN や VNI のパケットが混ざっています (--split-vlans で区別)"
    ),
    "1 connection was evicted to stay within {bound} MB (--memory): {kinds}": (
        "{bound} MB に収めるため、1 個の接続を破棄しました (--memory): {kinds}"
    ),
    "{count:,} connections were evicted to stay within {bound} MB (--memory): {kinds}": (
        "{bound} MB に収めるため、{count:,} 個の接続を破棄しました (--memory): {kinds}"
    ),
    "{count:,} interface descriptions were dropped: too many to keep": (
        "インターフェースの記述が多すぎるため、{count:,} 個を破棄しました"
    ),
    "{count:,} blocks with names, statistics or processes were skipped: too many to read": (
        "名前、統計、プロセスのブロックが多すぎるため、{count:,} 個を読み飛ばしました"
    ),
    "{count:,} address names were dropped: too many to keep": (
        "アドレスの名前が多すぎるため、{count:,} 個を破棄しました"
    ),
    "{count:,} packets on interfaces beyond the first 65,536 were left out": (
        "65,536 番目より後のインターフェースの {count:,} パケットを除外しました"
    ),
    "embryonic": "確立途中",
    "in TIME_WAIT": "TIME_WAIT",
    "no room for {titles}; pipes and files get all columns": (
        "幅が足りず、次の列を省略しました: {titles} (パイプやファイルには全列を出力)"
    ),
    "{packets:packet|packets} of {count:connection|connections}": "{count} 個の接続の {packets} パケット",
    "the capture has no packet": "このキャプチャにパケットはありません",
    "the capture reports 1 dropped packet": ("キャプチャ時に 1 パケットが失われました (キャプチャの記録による)"),
    "the capture reports {count:,} dropped packets": (
        "キャプチャ時に {count:,} パケットが失われました (キャプチャの記録による)"
    ),
    "1 connection is between other hosts; --local 0.0.0.0/0 --local ::/0 shows all": (
        "他のホストどうしの接続が 1 個あります (--local 0.0.0.0/0 --local ::/0 ですべて表示)"
    ),
    "{count:,} connections are between other hosts; --local 0.0.0.0/0 --local ::/0 shows all": (
        "他のホストどうしの接続が {count:,} 個あります (--local 0.0.0.0/0 --local ::/0 ですべて表示)"
    ),
    "1 UDP port idle for more than a minute is left out; --filter 'proto = udp' shows it": (
        "1 分を超えて送信のない UDP ポート 1 個を省略しました (--filter 'proto = udp' で表示)"
    ),
    "{count:,} UDP ports idle for more than a minute are left out; --filter 'proto = udp' shows them": (
        "1 分を超えて送信のない UDP ポート {count:,} 個を省略しました (--filter 'proto = udp' で表示)"
    ),
    "no frame has a readable TCP segment; pcapstate netstat -a shows UDP ports, -s counts each protocol": (
        "読み取れる TCP セグメントがありません (UDP ポートは pcapstate netstat -a、プロトコルごとの統計は -s で表示)"
    ),
    "no frame has a readable TCP segment": "読み取れる TCP セグメントがありません",
    "no frame has a readable TCP segment, and no UDP port has sent anything": (
        "読み取れる TCP セグメントはなく、送信した UDP ポートもありません"
    ),
    "no listening port is visible: a port shows that it listens when it answers a SYN": (
        "待ち受けているポートは確認できません (SYN に応答したポートだけが分かります)"
    ),
    "no UDP port has sent anything": "送信した UDP ポートはありません",
    "--local selects another host; hosts with the most connections: {hosts}": (
        "--local で別のホストを指定できます。接続の多いホスト: {hosts}"
    ),
    "no connection uses {family}; {count:,} use {other}": "{family} の接続はありません ({other} の接続は {count:,} 個)",
    "1 attempt was refused, so the host has no socket for it; pcapstate connections shows it": (
        "拒否された接続要求が 1 個あります。ホストにソケットはないため表示されません (pcapstate connections で表示)"
    ),
    "{count:,} attempts were refused, so the host has no socket for them; pcapstate connections shows them": (
        "拒否された接続要求が {count:,} 個あり、ホストにソケットはないため表示されません (pcapstate connections で表示)"
    ),
    "no packet arrived on {name}; pcapstate interfaces lists all interfaces": (
        "{name} でパケットを受信しませんでした (pcapstate interfaces でインターフェースを一覧表示)"
    ),
    "no frame has a readable TCP segment; pcapstate netstat -e -s counts the others": (
        "読み取れる TCP セグメントがありません (そのほかの統計は pcapstate netstat -e -s で表示)"
    ),
    "1 connection is closed and has no row; --at shows an earlier moment, pcapstate connections its outcome": (
        "1 個の接続は終了しているため表示されません (--at で以前の時点を、pcapstate connections で経過を表示)"
    ),
    "{count:,} connections are closed and have no row; --at shows an earlier moment, pcapstate connections the"
    " outcomes": (
        "{count:,} 個の接続は終了しているため表示されません (--at で以前の時点を、pcapstate connections で経過を表示)"
    ),
    "1 attempt got no answer, so the host has no socket for it; pcapstate connections shows it": (
        "応答のない接続要求が 1 個あります。ホストにソケットはないため表示されません (pcapstate connections で表示)"
    ),
    "{count:,} attempts got no answer, so the host has no socket for them; pcapstate connections shows them": (
        "応答のない接続要求が {count:,} 個あり、ホストにソケットはないため表示されません (pcapstate connections で表示)"
    ),
    "connection {number} changes no state in the packets read": (
        "読み取った範囲で接続 {number} の状態は変わっていません"
    ),
    "-x: UNIX sockets are in no capture": "-x: UNIX ソケットはキャプチャに現れません",
    "-e as on Linux: packets contain neither users nor inodes": (
        "-e (Linux の意味): ユーザーと inode はパケットからは分かりません"
    ),
    "-o as on Linux: packets contain no timers": "-o (Linux の意味): タイマーはパケットからは分かりません",
    "dropped 1 packet, which arrived faster than it could be read": (
        "読み取りが追いつかず、1 パケットを取りこぼしました"
    ),
    "dropped {count:,} packets, which arrived faster than they could be read": (
        "読み取りが追いつかず、{count:,} パケットを取りこぼしました"
    ),
    "no row matches the filter; there are {count:,} without it": "一致する行はありません (条件なしでは {count:,} 行)",
    "no connection matches the filter; there are {count:,} without it": (
        "一致する接続はありません (条件なしでは {count:,} 個)"
    ),
    "{local} is in no packet that was read": "{local} は読み取ったどのパケットにもありません",
    "{local} is in no packet so far": "{local} はここまでのどのパケットにもありません",
    "{local} is in no connection so far": "{local} はここまでのどの接続にもありません",
    "{local} is in no connection of this capture": "{local} はこのキャプチャのどの接続にもありません",
}

SKIPPED = {
    "cut off in the link header": "リンク ヘッダーの途中まで",
    "cut off in the IP header": "IP ヘッダーの途中まで",
    "cut off in the TCP header": "TCP ヘッダーの途中まで",
    "invalid IP header": "不正な IP ヘッダー",
    "invalid TCP header": "不正な TCP ヘッダー",
    "not IP": "IP 以外",
    "fragments of incomplete packets": "不完全なパケットのフラグメント",
    "encrypted 802.11": "暗号化された 802.11",
    "802.11 without data": "データのない 802.11",
    "flow control": "フロー制御",
    "slow protocols": "スロー プロトコル",
    "sampled values": "サンプル値",
    "loopback test": "ループバック テスト",
    "no next header": "次ヘッダーなし",
    "user-defined": "ユーザー定義",
}

LIMITS = {
    "{count:,} packets are not counted as sent: there is room for {limit:,} sources beside the pairs kept": (
        "{count:,} パケットを送信に数えていません (保持した組のほかに記録できる送信元は {limit:,} 個まで)"
    ),
    "{count:,} packets are not counted as received: there is room for {limit:,} targets beside the pairs kept": (
        "{count:,} パケットを受信に数えていません (保持した組のほかに記録できる宛先は {limit:,} 個まで)"
    ),
    "{count:,} packets are not counted by ICMP type, or as fragments, as sent": (
        "{count:,} 個の送信パケットを、ICMP の種別やフラグメントとして数えていません"
    ),
    "{count:,} packets are not counted by ICMP type, or as fragments, as received": (
        "{count:,} 個の受信パケットを、ICMP の種別やフラグメントとして数えていません"
    ),
    "{count:,} UDP datagrams are not counted at their source port: there is room for {limit:,}": (
        "{count:,} 個の UDP データグラムを送信元ポートに数えていません (記録できるポートは {limit:,} 個まで)"
    ),
    "{count:,} UDP datagrams are not counted at their target port: there is room for {limit:,}": (
        "{count:,} 個の UDP データグラムを宛先ポートに数えていません (記録できるポートは {limit:,} 個まで)"
    ),
    "{count:,} ARP and ND messages were dropped: there is room for {limit:,} pairs of MAC and IP address": (
        "{count:,} 個の ARP / ND メッセージを破棄しました (記録できる MAC と IP アドレスの組は {limit:,} 個まで)"
    ),
    "{count:,} ARP and ND requests were dropped: there is room for {limit:,}": (
        "{count:,} 個の ARP / ND 要求を破棄しました (記録できるのは {limit:,} 個まで)"
    ),
    "{count:,} router advertisements, redirects and DHCP messages were dropped: too many to keep": (
        "ルーター アドバタイズ、リダイレクト、DHCP メッセージが多すぎるため、{count:,} 個を破棄しました"
    ),
    "{count:,} messages that may contain names were dropped: too many to keep": (
        "名前を含む可能性のあるメッセージが多すぎるため、{count:,} 個を破棄しました"
    ),
    "{count:,} payloads that may identify applications were dropped: too many to keep": (
        "アプリケーションの判別に使えるペイロードが多すぎるため、{count:,} 個を破棄しました"
    ),
    "{count:,} addresses are shown without the names that messages may tell: too many to look for": (
        "アドレスが多すぎるため、{count:,} 個はメッセージから名前を探さずに表示しています"
    ),
    "{count:,} mentions of addresses in messages were dropped: too many to keep": (
        "メッセージに現れたアドレスの記録が多すぎるため、{count:,} 個を破棄しました"
    ),
    "{count:,} names by which clients asked for servers were dropped: too many to keep": (
        "クライアントが指定したサーバー名が多すぎるため、{count:,} 個を破棄しました"
    ),
}

NOTES = {
    "{count:,} frames without an Ethernet header are not counted": (
        "Ethernet ヘッダーのない {count:,} 個のフレームは数えていません"
    ),
    "there were more pairs of addresses than are kept: not all addresses reached are counted": (
        "アドレスの組が多すぎてすべては保持できないため、到達したアドレスの一部を数えていません"
    ),
    "there is no Ethernet in the capture": "このキャプチャに Ethernet はありません",
    "packets do not show discards and errors": "破棄とエラーはパケットからは分かりません",
    "the host is behind a router here: only the frames that carried its own packets are counted": (
        "ホストはルーターの向こう側にあります。そのホスト自身のパケットを運んだフレームだけを数えています"
    ),
    "all hosts together: each frame counts as sent and as received (--local ADDRESS chooses a host)": (
        "すべてのホストの合計です。各フレームを送信と受信の両方に数えています (--local アドレス でホストを選択)"
    ),
    "the capture has no MAC addresses, so gateways are unknown": (
        "このキャプチャに MAC アドレスはなく、どのゲートウェイを通ったかは分かりません"
    ),
}

ANNOTATION = {
    "diagnose: {title}": "diagnose: {title}",
    "comments on {packets:packet|packets}": "{packets} 個のパケットにコメントを付けました",
    "{packets:packet has|packets have} no comment: a Simple Packet Block cannot hold one": (
        "{packets} 個のパケットにはコメントがありません (Simple Packet Block には付けられません)"
    ),
}

MESSAGES = {**TIMINGS, **ANNOTATION, **LIMITS, **NOTES, **CLOSING_LINES, **SKIPPED, **FINDINGS}
