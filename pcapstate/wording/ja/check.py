"""The host's own table of sockets beside the packets' one."""

from __future__ import annotations

CHECK = {
    # The table.
    "{file} ({form}) and the packets at {when}, {whose}": "{file} ({form}) とパケットの比較、{when} 時点、{whose}",
    "on {host}, by the local addresses in the file": "ホスト {host} (ファイルのローカル アドレスによる)",
    "{hosts} and {count:,} more": "{hosts} ほか {count:,} 個",
    "Verdict": "判定",
    "Reason": "理由コード",
    "Why": "理由",
    "Source": "出典",
    "agrees": "一致",
    "differs": "相違",
    "only_host": "ホストのみ",
    "only_packets": "パケットのみ",
    "{agree} of {all:row|rows} agree": "{all} 行のうち {agree} 行が一致",
    "{one}, {more}": "{one}、{more}",
    "{count} of these changed around the moment": "うちその時刻の前後に変化したもの {count} 行",
    "{count:differs|differ}": "相違 {count} 行",
    "{count} only the host has": "ホストのみ {count} 行",
    "{count} only the packets have": "パケットのみ {count} 行",
    # Reasons.
    "packet {packet} changes it {later} later": "{later} 後にパケット {packet} で変化します",
    "packet {packet} changed it {earlier} before": "{earlier} 前にパケット {packet} で変化しました",
    "opened {earlier} before, by packet {packet}: the host's table may be a little older": (
        "{earlier} 前にパケット {packet} で開始されました。ホストの表はそれより少し前のものかもしれません"
    ),
    "a port that listens sends nothing; the capture has no connection that it had accepted by then": (
        "待ち受けポートは何も送信しません。その時点までに受け付けた接続はキャプチャにありません"
    ),
    "a socket without a connection sends nothing": "接続のないソケットは何も送信しません",
    "a loopback address; the capture has no packet of the loopback interface": (
        "ループバック アドレスです。キャプチャにはループバック インターフェースのパケットがありません"
    ),
    "no connection of the capture has {address}: another interface, or another network": (
        "キャプチャには {address} の接続がありません。別のインターフェースまたは別のネットワークです"
    ),
    "the capture filter leaves it out: {filter}": "キャプチャ フィルターで除外されています: {filter}",
    "the capture has no packet of it: it was there before the capture began, and silent since": (
        "キャプチャにパケットがありません。キャプチャの開始前から存在し、その後は通信していません"
    ),
    "the capture has no packet of it: it was there before, or is among {drops:dropped packet|dropped packets}": (
        "キャプチャにパケットがありません。以前から存在して通信していないか、破棄された {drops} パケットに含まれます"
    ),
    "it was there before; its first packet in the capture comes {later} later (packet {packet})": (
        "以前から存在しました。キャプチャでの最初のパケットは {later} 後です (パケット {packet})"
    ),
    "a port of UDP that has sent nothing in the capture": "キャプチャの中で何も送信していない UDP ポートです",
    "packets are missing: the capture reports {drops:dropped packet|dropped packets}": (
        "欠落したパケットがあります。キャプチャの記録では {drops} パケットが破棄されました"
    ),
    "packets are missing: the capture lacks {bytes:byte|bytes} of this connection": (
        "欠落したパケットがあります。この接続の {bytes} バイトがキャプチャにありません"
    ),
    "what led to the host's state is in no packet; the last one of this connection came {idle} before": (
        "ホストの状態に至ったパケットがキャプチャにありません。この接続の最後のパケットは {idle} 前です"
    ),
    "packet {packet} may not have reached the host: the packets' state is assumed, not seen": (
        "パケット {packet} はホストに届かなかった可能性があります。パケットによる状態は推定です"
    ),
    "no packet proves the packets' state: a timer implies it": (
        "パケットによる状態を証明するパケットはなく、タイマーからの推定です"
    ),
    "the capture has only one direction of this connection": "この接続はキャプチャに片方向しかありません",
    "the capture has too little of this connection to tell its state": (
        "この接続のパケットが少なすぎて、状態がわかりません"
    ),
    "TIME_WAIT, entered {idle} before, lasts longer on the host than 2 MSL here (--time-wait)": (
        "{idle} 前に始まった TIME_WAIT は、ホストではここでの 2 MSL (--time-wait) より長く続きます"
    ),
    "the host ended TIME_WAIT early, without a packet; packet {packet} began it {idle} before": (
        "ホストはパケットなしで TIME_WAIT を早く終えました。開始は {idle} 前 (パケット {packet}) です"
    ),
    "a timer of the host ended FIN_WAIT_2 without a packet; packet {packet} began it {idle} before": (
        "ホストのタイマーがパケットなしで FIN_WAIT_2 を終えました。開始は {idle} 前 (パケット {packet}) です"
    ),
    "half-open: the peer repeats itself without an answer (packet {packet}); the host has dropped it": (
        "ハーフオープンです。相手の再送に応答がなく (パケット {packet})、ホストは接続を破棄しています"
    ),
    "a port closes without a packet; the packets prove only that it was open": (
        "ポートが閉じるときパケットは送られません。パケットからわかるのは、開いていたことだけです"
    ),
    "the file lists no socket of this kind": "ファイルにはこの種類のソケットが 1 つもありません",
    "the file has no socket with {address}: another host's, behind NAT, or in a container": (
        "ファイルには {address} のソケットがありません。別のホスト、NAT の内側、またはコンテナーのものです"
    ),
    "this end still speaks {later} later: the file is of another moment, or of another host": (
        "このエンドは {later} 後にも送信しています。ファイルは別の時刻か、別のホストのものです"
    ),
    "nothing in the capture tells why": "理由はキャプチャからはわかりません",
    # Messages.
    "{count:,} rows of the packets are left out: too many to compare": (
        "パケットによる {count:,} 行を省きました: 比較するには多すぎます"
    ),
    '{file} was last written at {when}, within the capture; --at "{when}" compares at that moment': (
        '{file} の最終更新は {when} で、キャプチャの期間内です。--at "{when}" でその時刻と比較します'
    ),
    "processes, and ports that no packet shows, are as {file} has them": (
        "プロセスと、パケットに現れないポートは {file} によるものです"
    ),
    "{file}: line {first} could not be read": "{file}: {first} 行目を読み取れませんでした",
    "{file}: {count:,} lines could not be read, line {first} first": (
        "{file}: {count:,} 行を読み取れませんでした。最初は {first} 行目です"
    ),
    "{file} has no socket of TCP or UDP": "{file} には TCP と UDP のソケットがありません",
    "too large for a table of sockets: more than {most} MB": "ソケットの表にしては大きすぎます: {most} MB 超",
    "not a table of sockets as ss, netstat, lsof or jc print it": (
        "ss、netstat、lsof、jc が出力するソケットの表ではありません"
    ),
    "JSON, but not a list of sockets as jc makes it of ss, netstat or lsof": (
        "JSON ですが、jc が ss、netstat、lsof から作るソケットの一覧ではありません"
    ),
    "not valid JSON": "JSON として正しくありません",
    # Help.
    "With -o, -b, -a: also what the host itself printed, as for pcapstate check; marked as such.": (
        "-o、-b、-a とともに: ホスト自身の出力 (pcapstate check と同じ) の内容も、出典を付けて表示します。"
    ),
    "Compare what the packets say of a host's sockets with what the host itself printed.": (
        "ホストのソケットについて、パケットからわかることとホスト自身の出力を比較します。"
    ),
    "FILE is what somebody saved on the host; no socket is asked. Each row agrees, differs, or is only the host's or"
    " only the packets'; each difference has a reason, as far as the capture supports one. The moment is --at, or the"
    " end of the capture.": (
        "FILE はホストで保存された出力です。ソケットを直接調べることはありません。各行は、一致、相違、ホストのみ、"
        "パケットのみのいずれかです。違いには、キャプチャに根拠があるかぎり理由が付きます。時刻は --at、"
        "指定がなければキャプチャの終わりです。"
    ),
    "What the host printed: ss -tanp, netstat -ano, netstat -tunap, netstat -an, lsof -i, or jc's JSON of one.": (
        "ホストの出力: ss -tanp、netstat -ano、netstat -tunap、netstat -an、lsof -i、またはその jc の JSON。"
    ),
    "Whose table the file has, by its addresses.": "ファイルがどのホストの表かを、アドレスで指定します。",
    "Seconds between the moment and a change that explains a difference.": (
        "違いの理由とみなす変化の、その時刻からの秒数。"
    ),
}
