"""Errors: of the command line, filters, captures, interfaces, and of the system."""

from __future__ import annotations

CALLS = {
    "name an interface with --extcap-interface": "--extcap-interface でインターフェースを指定してください",
    "--capture goes with --fifo": "--capture は --fifo とともに指定します",
    "name what to do: --extcap-dlts, --extcap-config or --capture": (
        "--extcap-dlts、--extcap-config、--capture のいずれかを指定してください"
    ),
    "no interface {name!r}; the names begin with {before}": (
        "インターフェース {name!r} はありません。名前は {before} で始まります"
    ),
    "name a capture file": "キャプチャ ファイルを指定してください",
    "--install and --uninstall exclude each other": "--install と --uninstall は同時に指定できません",
    "--install and --uninstall take no capture": "--install、--uninstall にキャプチャは指定できません",
    "--yes goes with --install and --uninstall": "--yes は --install か --uninstall とともに指定します",
    "there is no terminal to ask on; --yes does it without asking": (
        "確認するための端末がありません。--yes を付けると確認せずに実行します"
    ),
    "name one capture file, which Wireshark opens": "Wireshark で開くキャプチャ ファイルを 1 つ指定してください",
    "{name} is no file; Wireshark opens one capture file": (
        "{name} はファイルではありません。Wireshark で開くのは 1 つのキャプチャ ファイルです"
    ),
    "Wireshark does not read captures compressed with {kind}; unpack it first": (
        "Wireshark は {kind} で圧縮されたキャプチャを読めません。先に展開してください"
    ),
    "there is no program {name}; install Wireshark, or name it with --program": (
        "プログラム {name} がありません。Wireshark をインストールするか、--program で指定してください"
    ),
    "the plug-in {path} is of another version; pcapstate wireshark --install replaces it": (
        "プラグイン {path} のバージョンが異なります。pcapstate wireshark --install で置き換えます"
    ),
    "--format needs --export": "--format には --export が必要です",
    "name a capture file, or a sample (--list-samples)": (
        "キャプチャ ファイルかサンプル (--list-samples) を指定してください"
    ),
    "--sample and captures exclude each other": "--sample とキャプチャは同時に指定できません",
    "no sample {name}: {hint}": "サンプル {name} はありません: {hint}",
    "pcapstate explain --list-samples lists them": "pcapstate explain --list-samples で一覧を表示します",
    "{text} is no packet: give its number, such as #4": (
        "{text} はパケットではありません。#4 のような番号を指定してください"
    ),
    "a shell takes an unquoted #4 for a comment: give 4 or '#4'": (
        "引用符のない #4 はシェルではコメントになります。4 か '#4' を指定してください"
    ),
    "--without needs --sample": "--without には --sample が必要です",
    "the sample {name} was not recorded without #{number}, but without each of {known}": (
        "サンプル {name} に #{number} が失われた記録はありません。あるのは {known} です"
    ),
    "the sample {name} was recorded only whole": "サンプル {name} に、パケットが失われた記録はありません",
    "pcapstate: {line}": "pcapstate: {line}",
    "{error} (see {command} --help)": "{error} (使い方は {command} --help)",
    "interrupted": "中断しました",
    "out of memory": "メモリが足りません",
    "standard output is closed": "標準出力が閉じています",
    "Reading": "読み取り中",
    "no option {option}": "オプション {option} はありません",
    "no command {name}: {hint}": "コマンド {name} はありません。{hint}",
    "{name} is no command; try pcapstate netstat {path} (or timeline, connections, diagnose)": (
        "{name} はコマンドではありません。pcapstate netstat {path} を試してください"
        " (ほかに timeline、connections、diagnose など)"
    ),
    "{option} goes behind a command: pcapstate {command} {option} …": (
        "{option} はコマンドの後に指定してください: pcapstate {command} {option} …"
    ),
    "did you mean {words}?": "{words} のことですか?",
    "known: {words}": "指定できるもの: {words}",
    "{words} or {last}": "{words} か {last}",
    "name a capture file; pcapstate live captures on an interface": (
        "キャプチャ ファイルを指定してください。インターフェースのキャプチャには pcapstate live を使います"
    ),
    "name a capture file, - for standard input, or an interface": (
        "キャプチャ ファイル、標準入力 (-)、インターフェースのいずれかを指定してください"
    ),
    "give either capture files or an interface, not both": (
        "キャプチャ ファイルとインターフェースは同時に指定できません"
    ),
    "--utc and --relative exclude each other": "--utc と --relative は同時に指定できません",
    "--connection and --filter exclude each other": "--connection と --filter は同時に指定できません",
    "--brief applies to the text for people only; other formats have one row for each finding": (
        "--brief は文章での表示にだけ使えます。ほかの形式では検出した項目ごとに 1 行です"
    ),
    "--steps waits for keys: input and output have to be a terminal": (
        "--steps はキー入力を待つため、入力と出力が端末でなければなりません"
    ),
    "no packet of the connection is at {moment} or later (--from)": (
        "{moment} 以降に、この接続のパケットはありません (--from)"
    ),
    "--connection, --filter and --at need a capture": "--connection、--filter、--at にはキャプチャが必要です",
    "choose connections with --connection, --state, --port, --host or --filter": (
        "--connection、--state、--port、--host、--filter のいずれかで接続を選んでください"
    ),
    "the capture is read several times: give a file, not standard input": (
        "キャプチャを複数回読むため、標準入力ではなくファイルを指定してください"
    ),
    "the capture is read twice: give a file, not standard input": (
        "キャプチャを 2 回読むため、標準入力ではなくファイルを指定してください"
    ),
    "this source can be read only once; open it anew to ask another question": (
        "この入力は 1 回しか読めません。別の質問をするには開き直してください"
    ),
    "there is no connection {number}; the capture has {count:,}": (
        "接続 {number} はありません (キャプチャの接続は {count:,} 個)"
    ),
    "connection {number} was evicted to stay within the memory limit (--memory)": (
        "接続 {number} はメモリの上限 (--memory) に収めるために破棄されました"
    ),
    "no connection matches; there are {count:,} without the filter": (
        "条件に一致する接続はありません (条件なしでは {count:,} 個)"
    ),
    "the capture has no TCP connection": "このキャプチャに TCP 接続はありません",
    "{word!r} is not a range of numbers": "{word!r} は番号の範囲ではありません",
    "is not a number": "数値ではありません",
    "{value} is not between 1M and 1G": "{value} は 1M から 1G までの範囲にありません",
    "{value} is too low; the program needs at least {least} MB": "{value} では足りません。{least} MB 以上が必要です",
    "{value} is too low; a minute of little traffic takes 1 MB": (
        "{value} では足りません。通信がわずかでも 1 分で 1 MB になります"
    ),
    "this needs at least {least} MB": "{least} MB 以上が必要です",
    "the memory limit is too low: {error}": "メモリの上限が低すぎます。{error}",
    "{text} is not a number of seconds": "{text} は秒数ではありません",
    "{text} is not between 0 and {most:,} seconds": "{text} は 0 から {most:,} 秒までの範囲にありません",
    "{text} is neither an IP address nor a network such as 192.168.0.0/16": (
        "{text} は IP アドレスでもネットワーク (192.168.0.0/16 など) でもありません"
    ),
    "{text} is not an ADDRESS:PORT such as 127.0.0.1:9100 or :9100": (
        "{text} は「アドレス:ポート」の形 (127.0.0.1:9100、:9100 など) ではありません"
    ),
    "{text}: an IPv6 address stands in brackets, as in [::1]:9100": (
        "{text}: IPv6 アドレスは [::1]:9100 のように角括弧で囲んでください"
    ),
    "{host} is not an IP address, and no name but localhost is looked up": (
        "{host} は IP アドレスではありません (使える名前は localhost だけです)"
    ),
    "metrics on {place}: {why}": "{place} でメトリクスを公開できません: {why}",
    "--metrics goes with -i, --follow or standard input, where packets arrive": (
        "--metrics は、パケットを受信し続ける -i、--follow、標準入力とともに使います"
    ),
    "--user goes with -i": "--user は -i とともに使います",
    "--keep goes with --rotate": "--keep は --rotate とともに使います",
    "--rotate and --keep go with -w": "--rotate と --keep は -w とともに使います",
    "is neither a size (100M) nor a time (1h)": "は大きさ (100M) でも時間 (1h) でもありません",
    "{why}; running as plain Python, which is slower": "{why}。通常の Python で実行するため遅くなります",
    "compiled kernels need a newer processor": "コンパイル済みカーネルはこの CPU では使えません",
    "the library of compiled kernels is damaged": "コンパイル済みカーネルのライブラリが壊れています",
    "kernels are not built for these sources (`make kernels` builds them)": (
        "カーネルがこのソースからビルドされていません (`make kernels` でビルドできます)"
    ),
    "--count goes with an INTERVAL, a number of seconds after the captures": (
        "--count は、キャプチャの後に秒数で指定する表示間隔とともに使います"
    ),
    "an interval of {interval} seconds is not possible": "表示間隔に {interval} 秒は指定できません",
    "-x asks for UNIX sockets, which are in no capture": "-x の UNIX ソケットはキャプチャに現れません",
    "{format} holds one table; ask for one of -e, -r and -s at a time": (
        "{format} で出力できる表は 1 つです。-e、-r、-s は 1 つずつ指定してください"
    ),
    "{letter} has no format of {system}; leave out --style": (
        "{letter} に {system} の書式はありません。--style を外してください"
    ),
    "filters, --sort and --columns apply to the table of connections only, not to -e, -r and -s": (
        "条件、--sort、--columns は接続の表だけに使えます。-e、-r、-s には使えません"
    ),
    "-n asks for numbers and -f for names; give one of them": (
        "-n は数値、-f は名前で表示します。どちらか一方を指定してください"
    ),
    "-n asks for numbers and --resolve for names; give one of them": (
        "-n は数値、--resolve は名前で表示します。どちらか一方を指定してください"
    ),
    "-p {protocol} goes with -s": "-p {protocol} は -s とともに使います",
    "-p {protocol} and -t, -u, -4 or -6 do the same; give one of them": (
        "-p {protocol} と -t、-u、-4、-6 は同じ働きです。どちらか一方を指定してください"
    ),
    "--sort needs all rows, but rows from a pipe or an interface are printed as they come": (
        "--sort にはすべての行が必要です。パイプやインターフェースでは行を順次出力するため使えません"
    ),
    "{value!r} is not a TCP state; {hint}": "{value!r} は TCP の状態ではありません。{hint}",
    "the nearest is {state}": "近いものは {state} です",
    "states are {states}": "状態は {states} です",
    "the screen needs a terminal; for files and pipes there are netstat and timeline": (
        "画面の表示には端末が必要です。ファイルやパイプには netstat や timeline を使ってください"
    ),
    "the screen needs a terminal that can move its cursor (TERM is dumb)": (
        "画面の表示には、カーソルを動かせる端末が必要です (TERM が dumb です)"
    ),
    "the screen needs a terminal to read keys from": "画面の操作には、キー入力を読める端末が必要です",
    "standard input is the keyboard; pipe a capture into it, as tcpdump -w - does": (
        "標準入力がキーボードです。tcpdump -w - のようにキャプチャをパイプで渡してください"
    ),
    "no interface is up; name one with -i (see pcapstate interfaces)": (
        "アップしているインターフェースがありません。-i で指定してください (pcapstate interfaces で一覧表示)"
    ),
    "only one capture file, folder or pattern (in quotes) can be followed": (
        "追えるのは、1 つのキャプチャ ファイル、フォルダー、または引用符で囲んだパターンだけです"
    ),
    "a capture filter and a duration apply to interfaces only": (
        "キャプチャ フィルターと時間はインターフェースだけに指定できます"
    ),
    "a buffer and promiscuous mode apply to interfaces only": (
        "バッファーとプロミスキャス モードはインターフェースだけに指定できます"
    ),
    "only an interface can be waited for; --follow waits for a file": (
        "待てるのはインターフェースだけです。ファイルを待つには --follow を使います"
    ),
    "a snap length applies to interfaces only": "スナップ長はインターフェースだけに指定できます",
    "a snap length is between {least} and {most:,} bytes": "スナップ長は {least} から {most:,} バイトまでです",
    "only packets of interfaces are kept in a file; the capture is one": (
        "ファイルに保存できるのはインターフェースのパケットだけです (キャプチャはすでにファイルです)"
    ),
    "there is no user {name}": "ユーザー {name} はありません",
    "only root can become the user {name}": "ユーザー {name} に切り替えられるのは root だけです",
    "only on Linux, macOS and the like can the program become another user": (
        "ユーザーを切り替えられるのは Linux や macOS などだけです"
    ),
    "{hosts} and {host}": "{hosts} と {host}",
    "Name": "名前",
    "IP Addresses": "IP アドレス",
    "Loopback": "ループバック",
    "up": "アップ",
    "down": "ダウン",
}

MOMENTS = {
    "{text} is no moment: give seconds since the start (12.5, 1m30s), before the end (-3), a clock time (14:05:10 or"
    " 2023-11-14 22:13:20Z), or a packet (#417)": (
        "{text} は時点ではありません。開始からの秒数 (12.5、1m30s)、終わりからの秒数 (-3)、時刻 (14:05:10 や"
        " 2023-11-14 22:13:20Z)、またはパケット (#417) を指定してください"
    ),
    "{whole} is no moment: there is no time zone {text}": (
        "{whole} は時点ではありません。タイム ゾーン {text} は存在しません"
    ),
    "{text} is no moment that a capture can have": "{text} はキャプチャにありえない時点です",
    "{text} is no moment: {error}": "{text} は時点ではありません: {error}",
    "month must be in 1..12": "月は 1 から 12 までです",
    "day is out of range for month": "その月にその日はありません",
    "{text} counts from the end, which is not known before all is read": (
        "{text} は終わりからの秒数ですが、すべて読むまで終わりは分かりません"
    ),
    "there is no packet {text}": "パケット {text} はありません",
    "there is no packet {text}: the capture is empty": "パケット {text} はありません (キャプチャは空です)",
    "there is no packet {text}: the capture has fewer": (
        "パケット {text} はありません (キャプチャのパケットはこれより少ないです)"
    ),
    "{text} is not in the capture, whose first packet came at {first}": (
        "{text} はこのキャプチャにありません。最初のパケットは {first} です"
    ),
    "{text} is before the capture's first packet ({start})": "{text} は最初のパケット ({start}) より前です",
}

FILTERS = {
    "{source}: {reason} {place}{hint}: {where}": "{source}: {place}: {reason}{hint}: {where}",
    "at character {number}": "{number} 文字目",
    "at the end": "末尾",
    "the list is longer than {most:,} characters": "リストが {most:,} 文字を超えています",
    "the filter is longer than {most:,} characters": "条件式が {most:,} 文字を超えています",
    "the filter is empty: expected {what}": "条件式が空です。必要なもの: {what}",
    "a word is missing": "語がありません",
    "a unit ({units}), ": "単位 ({units})、",
    "expected {what}": "ここに必要なもの: {what}",
    ", before {shown}{hint}": "、{shown} の前{hint}",
    '{unit}"and" or "or"': '{unit}"and" または "or"',
    '{unit}"and", "or" or ")"': '{unit}"and"、"or"、または ")"',
    '{unit}"," or "{close}"': '{unit}"," または "{close}"',
    'a field (such as {example}), "not" or "("': 'フィールド ({example} など)、"not"、または "("',
    "an operator (such as =) behind {name}": "{name} の後の演算子 (= など)",
    "more than {most} parentheses and nots within each other": "括弧と not の入れ子が {most} 段を超えています",
    "there is no field {text}": "フィールド {text} はありません",
    "there is no column {word}": "列 {word} はありません",
    "the column {column} is named twice": "列 {column} が 2 回指定されています",
    "{name} takes no list": "{name} にリストは使えません",
    "{name} does not take ranges": "{name} に範囲は使えません",
    "they are for numbers, durations, times or ports": "範囲を使えるのは数値、時間、時刻、ポートです",
    "the range begins after its end, {high},": "範囲の始まりが終わり {high} より後です",
    "{operator} does not fit {name}": "{name} に {operator} は使えません",
    "it has {others}": "使えるのは {others}",
    "{operator} takes one value, and this is several": "{operator} に指定できる値は 1 つです",
    "the text is empty": "文字列が空です",
    "no {name} is like {text}": "{text} に似た {name} はありません",
    "no {name} contains {text}": "{text} を含む {name} はありません",
    "no {what} is called {text}": "{text} という {what} はありません",
    "no port is called {text}": "{text} という名前のポートはありません",
    "state": "状態",
    " (in quotes it is a text)": " (引用符で囲むと文字列になります)",
    "a packet is no time; compare the packet's number": "パケットは時刻ではありません。パケット番号を比較してください",
    "the quote opened": "引用符が",
    " is never closed": "閉じられていません",
    " ({text} is meant?)": " ({text} のことですか?)",
    "unexpected {text}": "{text} はここでは使えません",
    "{text} is neither an IP address nor a network": "{text} は IP アドレスでもネットワークでもありません",
    "such as 192.168.0.1, 10.0.0.0/8 or 2001:db8::/32": "例: 192.168.0.1、10.0.0.0/8、2001:db8::/32",
    "the port is a separate field": "ポートは別のフィールドです",
    "{text} is too large": "{text} は大きすぎます",
    "{text} is too long for a number": "{text} は数値として長すぎます",
    "{text} is not a number": "{text} は数値ではありません",
    "{text} is not a duration": "{text} は時間ではありません",
    "{text} is not a port": "{text} はポートではありません",
    "ports go from 0 to 65535": "ポートは 0 から 65535 までです",
    "{unit} is not a unit of a number": "{unit} は数値の単位ではありません",
    "{unit} is not a unit of a duration": "{unit} は時間の単位ではありません",
    "units: {units}": "単位: {units}",
    "{name} is true or false, not {text},": "{name} は true か false です ({text} は使えません)",
    "a number such as 1500, 4k or 16MiB": "数値 (1500、4k、16MiB など)",
    "a duration such as 60s, 1.5ms or 2h": "時間 (60s、1.5ms、2h など)",
    "a time": "時刻",
    "a port such as 443 or https": "ポート (443、https など)",
    "a state such as CLOSE_WAIT": "状態 (CLOSE_WAIT など)",
    "a word": "語",
    "a text": "文字列",
    "an address or a network": "アドレスまたはネットワーク",
    "true or false": "true または false",
    "a number from 0 to 65535, or a name such as https": "0 から 65535 までの番号、または https などの名前",
}

CAPTURES = {
    "no such file": "ファイルが見つかりません",
    "no file in it": "中にファイルがありません",
    "no capture file in it": "中にキャプチャ ファイルがありません",
    "no permission to read it": "読み取り権限がありません",
    "is a directory, not a capture file": "キャプチャ ファイルではなくディレクトリです",
    "the name of the capture is empty": "キャプチャの名前が空です",
    "not a file that could be followed": "追うことのできるファイルではありません",
    "the file is empty": "ファイルが空です",
    "not a capture file (neither pcap nor pcapng)": "キャプチャ ファイルではありません (pcap でも pcapng でもありませ"
    "ん)",
    "the file ends inside the pcap header": "pcap ヘッダーの途中でファイルが終わっています",
    "{name}: {kind} version {major}.{minor} is not supported": (
        "{name}: {kind} のバージョン {major}.{minor} には対応していません"
    ),
    "damaged {kind} data": "{kind} のデータが壊れています",
    "compressed twice; unpack it once": "二重に圧縮されています。1 回展開してください",
    "standard input is closed": "標準入力が閉じています",
    "<standard input>": "<標準入力>",
    "standard input is a terminal; pipe a capture into it, as in: tcpdump -w - | pcapstate …": (
        "標準入力が端末です。キャプチャをパイプで渡してください (例: tcpdump -w - | pcapstate …)"
    ),
    "there is no data now, and the stream does not wait for any": (
        "いまはデータがなく、このストリームは到着を待てません"
    ),
    "none of the files is a capture": "どのファイルもキャプチャではありません",
    "left out: {files}": "次のファイルを除外しました: {files}",
    "left out: {files} and {count:,} more": "次のファイルを除外しました: {files}、ほか {count:,} 個",
    "{name}: {what} at byte {offset:,}; 1 packet read before that": (
        "{name}: {offset:,} バイト目で{what}。その前の 1 パケットを読み取りました"
    ),
    "{name}: {what} at byte {offset:,}; {packets:,} packets read before that": (
        "{name}: {offset:,} バイト目で{what}。その前の {packets:,} パケットを読み取りました"
    ),
    "{name}: {what}; 1 packet captured before that": "{name}: {what}。その前の 1 パケットをキャプチャしました",
    "{name}: {what}; {packets:,} packets captured before that": (
        "{name}: {what}。その前の {packets:,} パケットをキャプチャしました"
    ),
    "the file ends in the middle of a packet": "パケットの途中でファイルが終わっています",
    "the file ends in the middle of a block": "ブロックの途中でファイルが終わっています",
    "the file ends inside a block": "ブロックの内部でファイルが終わっています",
    "the compressed data is cut short": "圧縮データが途中で切れています",
    "other data follows the compressed data": "圧縮データの後に別のデータがあります",
    "reading failed ({why})": "読み取りに失敗しました ({why})",
    "a block is damaged": "ブロックが壊れています",
    "a packet's length field is impossible": "パケットの長さフィールドが不正です",
    "a block's length field is impossible": "ブロックの長さフィールドが不正です",
    "a block contradicts its own length": "ブロックの内容がその長さと矛盾しています",
    "a packet names an interface that was not described": "パケットが未定義のインターフェースを参照しています",
    "a section header without a valid byte-order magic": "セクション ヘッダーのバイト オーダー マジックが不正です",
    "a section with an unsupported version": "セクションのバージョンに対応していません",
    "{why}; unpack it first: {command}": "{why}。先に展開してください: {command}",
    "decompressing it takes more than 1 GiB of memory": "展開に 1 GiB を超えるメモリが必要です",
    "it refers back more than 128 MiB": "128 MiB より前のデータを参照しています",
    "{what}; convert it with: {command}": "{what}。変換してください: {command}",
    "a snoop capture": "snoop のキャプチャです",
    "a Microsoft Network Monitor capture": "Microsoft Network Monitor のキャプチャです",
    "a NetXRay capture": "NetXRay のキャプチャです",
    "a Sniffer capture": "Sniffer のキャプチャです",
    "an AIX iptrace capture": "AIX iptrace のキャプチャです",
    "an HP-UX nettl trace": "HP-UX nettl のトレースです",
    "a 5Views capture": "5Views のキャプチャです",
    "a Visual Networks capture": "Visual Networks のキャプチャです",
    "an EtherPeek or OmniPeek capture": "EtherPeek または OmniPeek のキャプチャです",
    "an EyeSDN trace": "EyeSDN のトレースです",
    "a Network Instruments Observer capture": "Network Instruments Observer のキャプチャです",
    "a Windows event trace (ETL)": "Windows のイベント トレース (ETL) です",
    "an ERF capture": "ERF のキャプチャです",
    "a variant of pcap that no known program reads": "既知のプログラムでは読めない pcap の変種です",
    "Navtel's variant of pcap, which no known program reads": "既知のプログラムでは読めない Navtel 版の pcap です",
    "a Bluetooth log (btsnoop); it holds no TCP": "Bluetooth のログ (btsnoop) です。TCP は含まれません",
    "a ZIP archive": "ZIP アーカイブです",
    "a 7-Zip archive": "7-Zip アーカイブです",
    "a RAR archive": "RAR アーカイブです",
    "a tar archive": "tar アーカイブです",
    "compressed with compress": "compress で圧縮されています",
    "compressed with lz4 in its legacy format": "旧形式の lz4 で圧縮されています",
    "compressed with lzip": "lzip で圧縮されています",
    "compressed with lzop": "lzop で圧縮されています",
    "pcap cannot be written from captures that overlap in time; write pcapng": (
        "時間の重なるキャプチャは pcap では書き出せません。pcapng にしてください"
    ),
    "a big-endian capture overlaps others in time; convert it with editcap first": (
        "ビッグ エンディアンのキャプチャがほかと時間で重なっています。先に editcap で変換してください"
    ),
    "pcap has one link type, these packets have several; write pcapng": (
        "pcap のリンク種別は 1 つですが、これらのパケットには複数あります。pcapng にしてください"
    ),
    "packets without time stamps cannot be put in the order of others": (
        "タイムスタンプのないパケットは、ほかのパケットと時刻順に並べられません"
    ),
}

OUTPUTS = {
    "writing failed: {why}": "書き込みに失敗しました: {why}",
    "{name}: writing failed: {why}": "{name}: 書き込みに失敗しました: {why}",
    "{name}: {why}; it is in {where}": "{name}: {why} (内容は {where} に残っています)",
    "the name is empty": "名前が空です",
    "it is another user's, in a folder where only owners replace files": (
        "ほかのユーザーのファイルで、このフォルダーでは所有者しか置き換えられません"
    ),
    "on standard input": "標準入力",
    "--output would replace the capture {path}": "--output がキャプチャ {path} を置き換えてしまいます",
    "the output would be written into the capture {path}": "出力がキャプチャ {path} に書き込まれてしまいます",
    "the process that was to put it in its place is gone": "ファイルを置き換えるプロセスがなくなりました",
    "the process that makes the next file is gone": "次のファイルを作成するプロセスがなくなりました",
}

INTERFACES = {
    "capturing needs Npcap (npcap.com) and a terminal that runs as administrator": (
        "キャプチャには Npcap (npcap.com) と、管理者として実行したターミナルが必要です"
    ),
    "capturing needs privileges: run it with sudo, or install Wireshark's ChmodBPF": (
        "キャプチャには権限が必要です。sudo で実行するか、Wireshark の ChmodBPF をインストールしてください"
    ),
    "capturing needs privileges: run it with sudo, or let dumpcap capture (group wireshark): dumpcap -i NAME -w - |"
    " pcapstate netstat -": (
        "キャプチャには権限が必要です。sudo で実行するか、dumpcap (wireshark グループ) でキャプチャしてください:"
        " dumpcap -i 名前 -w - | pcapstate netstat -"
    ),
    "capturing on {name} needs privileges: run it with sudo, or give Python CAP_NET_RAW": (
        "{name} のキャプチャには権限が必要です。sudo で実行するか、Python に CAP_NET_RAW を与えてください"
    ),
    "capturing on {name} needs Npcap and a terminal run as administrator": (
        "{name} のキャプチャには Npcap と、管理者として実行したターミナルが必要です"
    ),
    "no interface {name!r}; there is: {names}": "インターフェース {name!r} はありません。使えるもの: {names}",
    "cannot capture on {name}: {why}": "{name} をキャプチャできません: {why}",
    "capturing failed ({why})": "キャプチャに失敗しました ({why})",
    "the interface went down": "インターフェースがダウンしました",
    "the interface is gone": "インターフェースがなくなりました",
    "the interface came back with another link layer": ("復帰したインターフェースのリンク層が以前と異なります"),
    "not a valid capture filter (BPF): {text}": "キャプチャ フィルター (BPF) が正しくありません: {text}",
    "a capture filter needs libpcap, which is not installed": (
        "キャプチャ フィルターには libpcap が必要ですが、インストールされていません"
    ),
    "this capture filter cannot be used on cooked frames: {error}": (
        "このキャプチャ フィルターは cooked フレームには使えません: {error}"
    ),
}

SYSTEM = {
    "Operation not permitted": "許可されていない操作です",
    "No such file or directory": "ファイルやディレクトリがありません",
    "Input/output error": "入出力エラーです",
    "No such device or address": "デバイスやアドレスがありません",
    "Cannot allocate memory": "メモリを確保できません",
    "Permission denied": "権限がありません",
    "Device or resource busy": "デバイスやリソースが使用中です",
    "File exists": "ファイルがすでに存在します",
    "No such device": "デバイスがありません",
    "Not a directory": "ディレクトリではありません",
    "Is a directory": "ディレクトリです",
    "Invalid argument": "引数が正しくありません",
    "Too many open files": "開いているファイルが多すぎます",
    "File too large": "ファイルが大きすぎます",
    "No space left on device": "デバイスに空き容量がありません",
    "Read-only file system": "読み取り専用のファイル システムです",
    "Broken pipe": "パイプが切断されました",
    "File name too long": "ファイル名が長すぎます",
    "Too many levels of symbolic links": "シンボリック リンクの階層が深すぎます",
    "Stale file handle": "ファイル ハンドルが無効になっています",
    "Disk quota exceeded": "ディスク クォータを超えました",
    "Network is down": "ネットワークがダウンしています",
    "Address already in use": "アドレスはすでに使用されています",
    "Cannot assign requested address": "要求されたアドレスを割り当てられません",
    "No buffer space available": "バッファーが足りません",
    "Connection refused": "接続が拒否されました",
}
"""What the system says went wrong (``os.strerror``)."""

ERRORS = {
    **CALLS,
    **MOMENTS,
    **FILTERS,
    **CAPTURES,
    **OUTPUTS,
    **INTERFACES,
    **SYSTEM,
}
