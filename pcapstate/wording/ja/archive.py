"""Archives: who does the tasks of a build, and what became of them."""

from __future__ import annotations

ARCHIVE = {
    # Builds.
    "captures added: {captures:,} ({packets:,} packets); connections in the dataset: {connections:,}": (
        "追加したキャプチャ: {captures:,} 個 (パケット {packets:,} 個)、データセットの接続: {connections:,} 件"
    ),
    "{count:,} captures were tracked again, since new ones are as old": (
        "新しいキャプチャと時間が重なるため、{count:,} 個のキャプチャを追跡し直しました"
    ),
    "the clock of {sensor} is {seconds} s behind": "{sensor} の時計は {seconds} 秒遅れています",
    "{count:,} connections were made final early, to stay within memory": (
        "メモリを超えないように、{count:,} 個の接続を早めに確定しました"
    ),
    "left out: {why}": "除外: {why}",
    "left out: {url} is the same as {why}": "除外: {url} は {why} と同じ内容です",
    "left out: {count:,} more": "除外: ほかに {count:,} 個",
    "missing: {url}: {why}": "欠落: {url}: {why}",
    "watch the tasks at {url}": "タスクの様子は {url} で見られます",
    "{stage}: {done:,} of {total:,}": "{stage}: {done:,} / {total:,}",
    "{stage}: {done:,} of {total:,}, {packets:,} packets": "{stage}: {done:,} / {total:,}、{packets:,} パケット",
    "decoding": "デコード",
    "tracking": "追跡",
    "writing tables": "表の書き込み",
    "looking for names": "名前の検索",
    "{what} at byte {offset:,}; 1 packet read before that": (
        "{offset:,} バイト目: {what}。それより前の 1 パケットは読み取りました"
    ),
    "{what} at byte {offset:,}; {packets:,} packets read before that": (
        "{offset:,} バイト目: {what}。それより前の {packets:,} パケットは読み取りました"
    ),
    "bucket {number}": "バケット {number}",
    "{stage} failed for {count} of {total} parts ({name}: {why}); the same command goes on from there": (
        "{stage}が {total} 個のうち {count} 個で失敗しました ({name}: {why})。同じコマンドで続きから再開できます"
    ),
    "another build has committed meanwhile; nothing was changed": (
        "その間に別のビルドが確定しました。何も変更していません"
    ),
    "another build of {root} is running ({holder})": "{root} は別のプロセスがビルド中です ({holder})",
    "{root} has files and is no dataset": "{root} にはファイルがありますが、データセットではありません",
    "{root} was built with another --time-wait or --split-vlans; a dataset has one of each": (
        "{root} は異なる --time-wait または --split-vlans でビルドされています。1 つのデータセットでは変えられません"
    ),
    "it has changed since it was added; a capture is added once it is whole": (
        "追加した後に内容が変わっています。キャプチャは書き込みが終わってから追加してください"
    ),
    "--processes and --patience are for local processes; Spark has settings of its own": (
        "--processes と --patience はローカルのプロセスのためのものです。Spark には Spark の設定があります"
    ),
    "{value} is no duration, such as 90m, 12h or 30d": "{value} は時間の長さ (90m、12h、30d など) ではありません",
    "{value} is not NAME=VALUE": "{value} は「名前=値」の形ではありません",
    "{number} is no power of two": "{number} は 2 の累乗ではありません",
    # Datasets.
    "{root} is no dataset; pcapstate archive build makes one": (
        "{root} はデータセットではありません。データセットは pcapstate archive build で作れます"
    ),
    "{root} has the layout of version {found}; this pcapstate reads version {wanted}": (
        "{root} の形式はバージョン {found} です。この pcapstate が読めるのはバージョン {wanted} です"
    ),
    "{name} is damaged; pcapstate archive verify names all such files": (
        "{name} は壊れています。壊れたファイルは pcapstate archive verify ですべて調べられます"
    ),
    "{root} needs fsspec: pip install 'pcapstate[archive]'": (
        "{root} には fsspec が必要です: pip install 'pcapstate[archive]'"
    ),
    "archives need DuckDB: pip install 'pcapstate[archive]'": (
        "アーカイブには DuckDB が必要です: pip install 'pcapstate[archive]'"
    ),
    # Questions.
    "{option} needs frames, which a dataset does not keep": (
        "{option} にはフレームが必要ですが、データセットにフレームは残りません"
    ),
    "none of the {count:,} connections of the dataset is asked for": (
        "データセットの {count:,} 個の接続に、条件に合うものはありません"
    ),
    "Capture": "キャプチャ",
    "Frame": "フレーム番号",
    # Tasks.
    "{tries} attempts failed, the last: {why}": "{tries} 回とも失敗しました。最後の理由: {why}",
    "no end after {seconds:g} seconds": "{seconds:g} 秒たっても終わりません",
    "its process was killed (SIGKILL); the system does so when memory runs out": (
        "プロセスが強制終了されました (SIGKILL)。メモリが足りないとシステムが行います"
    ),
    "its process died of signal {name}": "プロセスがシグナル {name} で終了しました",
    "its process ended with exit code {code}": "プロセスが終了コード {code} で終了しました",
    "to read captures by URL, install more: pip install 'pcapstate[archive]'": (
        "URL のキャプチャを読み取るには追加のインストールが必要です: pip install 'pcapstate[archive]'"
    ),
    "its size is unknown": "サイズが分かりません",
    "is not a regular file": "通常のファイルではありません",
    "a URL in another is not supported": "URL の中の URL には対応していません",
    "not a capture that can be read in ranges": "範囲に分けて読み取れるキャプチャではありません",
    "this process captures with Scapy, whose license excludes Spark; use another process for Spark": (
        "このプロセスは Scapy でキャプチャしています。ライセンス上 Spark と併用できません。"
        "Spark は別のプロセスで使ってください"
    ),
    "this process has loaded Spark, whose license excludes Scapy; use another process to capture": (
        "このプロセスは Spark を読み込んでいます。ライセンス上 Scapy と併用できません。"
        "キャプチャは別のプロセスで行ってください"
    ),
    "Spark is not installed: pip install 'pcapstate[spark]'": (
        "Spark がインストールされていません: pip install 'pcapstate[spark]'"
    ),
    "this process has a Spark application already; end it first": (
        "このプロセスにはすでに Spark アプリケーションがあります。先に終了してください"
    ),
    "Spark needs Java 17 or later: install it, or let JAVA_HOME name its folder": (
        "Spark には Java 17 以降が必要です。インストールするか、JAVA_HOME にそのフォルダーを指定してください"
    ),
    "Spark's Java program does not start: {why}": "Spark の Java プログラムが起動しません: {why}",
    "Spark does not start with the master {master}: {why}": "マスター {master} で Spark を開始できません: {why}",
    "{master} is no Spark master, or takes no application": (
        "{master} は Spark のマスターではないか、アプリケーションを受け付けません"
    ),
    "no Spark master answers at {master}: {why}": "{master} の Spark のマスターが応答しません: {why}",
    "{master} has started no executor within {seconds:g} seconds; all may be busy, or too small": (
        "{master} は {seconds:g} 秒以内にエグゼキューターを開始しませんでした。空きがないか、小さすぎる可能性があります"
    ),
    "Spark's workers run no Python: {why}": "Spark のワーカーで Python を実行できません: {why}",
    "pcapstate is not installed for Python on the worker {host}": (
        "ワーカー {host} の Python に pcapstate がインストールされていません"
    ),
    "the worker {host} has pcapstate {found}, this process {version}": (
        "ワーカー {host} の pcapstate は {found}、このプロセスは {version} です"
    ),
    "pcapstate has no option {name}; it has {known}": (
        "pcapstate にオプション {name} はありません。あるのは {known} です"
    ),
    "the option {name} is {one} or {other}, not {value}": (
        "オプション {name} は {one} か {other} です。{value} は指定できません"
    ),
    "name a capture file, folder or pattern in load(…)": (
        "load(…) にキャプチャのファイル、フォルダー、パターンのいずれかを指定してください"
    ),
    "Spark's data sources need PyArrow: pip install 'pcapstate[spark]'": (
        "Spark のデータ ソースには PyArrow が必要です: pip install 'pcapstate[spark]'"
    ),
    "its address is spark://HOST:PORT": "アドレスは spark://HOST:PORT の形式です",
    # Help.
    "Keep weeks of captures as a dataset, and ask it what netstat said at any moment.": (
        "何週間分ものキャプチャをデータセットにまとめ、任意の時点の netstat を答えます。"
    ),
    "A dataset has, for each connection, how it went, and the state of both endpoints at any time, in Parquet. It grows"
    " with each build, on one machine or on a Spark cluster.": (
        "データセットには、各接続の結果と、任意の時点の両端の状態が Parquet で入ります。ビルドのたびに増え、1 台の"
        "マシンでも Spark クラスターでもビルドできます。"
    ),
    "Bring a dataset up to date with captures: files, folders, patterns, or URLs of object stores.": (
        "キャプチャ (ファイル、フォルダー、パターン、オブジェクト ストアの URL) をデータセットに追加します。"
    ),
    "The same command again adds only what is new. Connections that are open go on from where they were; a capture that"
    " comes late is put in its place. A build that was interrupted goes on where it was.": (
        "同じコマンドをもう一度実行すると、新しいものだけを追加します。開いている接続は続きから追跡し、遅れて届いた"
        "キャプチャは時間順の位置に入れます。中断したビルドは続きから再開します。"
    ),
    "The dataset: a folder, or a URL.": "データセット: フォルダーまたは URL。",
    "Local processes. [default: one each processor]": "ローカルのプロセスの数。[既定値: プロセッサごとに 1 つ]",
    "Let Spark do the tasks: its master, such as spark://host:7077, yarn or local[4].": (
        "タスクを Spark で実行する: spark://host:7077、yarn、local[4] などのマスターを指定します。"
    ),
    "Captures whose path matches are from this sensor. Repeatable. [default: the folder below SOURCE]": (
        "パスがパターンに一致するキャプチャを、このセンサーのものとする。複数指定できます。[既定値: SOURCE の下の"
        "フォルダー]"
    ),
    "How far a sensor's clock is behind. Repeatable. [default: estimated from packets that two sensors captured]": (
        "センサーの時計の遅れ。複数指定できます。[既定値: 2 つのセンサーがキャプチャしたパケットから推定]"
    ),
    "Do not estimate how far clocks are apart.": "時計のずれを推定しない。",
    "Afterwards drop what ended longer ago than this, such as 30d.": (
        "ビルドの後、終わってからこの時間 (30d など) を過ぎたものを削除する。"
    ),
    "A connection that has been closed for so long is final; at the first build.": (
        "閉じてからこの時間がたった接続を確定とする。最初のビルドで指定します。"
    ),
    "Parts of the tracker's work, a power of two; at the first build.": (
        "追跡を分ける数 (2 の累乗)。最初のビルドで指定します。"
    ),
    "Larger captures are cut into ranges of this size.": "これより大きいキャプチャを、この大きさの範囲に分ける。",
    "A task that takes longer is begun anew.": "これより長くかかるタスクをやり直す。",
    "Show what netstat would have printed on a host at any moment of a dataset.": (
        "データセットの任意の時点に、ホストの netstat が表示したはずの内容を表示します。"
    ),
    "List the connections of a dataset: both states, and how each went.": (
        "データセットの接続を、両端の状態と結果とともに一覧表示します。"
    ),
    "List every state change in a dataset, with the packet that proves it.": (
        "データセットのすべての状態遷移を、裏づけるパケットとともに一覧表示します。"
    ),
    "Find what is wrong, or worth a look, in a dataset, in order of importance.": (
        "データセットの中の問題や注意すべき点を、重要な順に表示します。"
    ),
    **{
        f"Options and output are those of pcapstate {command}. Packets are frames of captures; programs get both"
        " apart.": (
            f"オプションと出力は pcapstate {command} と同じです。パケット番号は、キャプチャのフレームを通しで数えます。"
            "プログラム用の形式には、キャプチャとフレーム番号も出力します。"
        )
        for command in ("netstat", "connections", "timeline", "diagnose", "plot")
    },
    "SOURCE...": "ソース...",
    "DATASET": "データセット",
    "MASTER": "マスター",
    "DURATION": "時間",
    "NAME=PATTERN": "名前=パターン",
    "SENSOR=SECONDS": "センサー=秒",
    "{value} is no size": "{value} はサイズではありません",
    "the name of the dataset is empty": "データセットの名前が空です",
    "{root} could not be read: {why}; ask again, or see pcapstate archive verify": (
        "{root} を読み込めませんでした: {why}。もう一度実行するか、pcapstate archive verify で確認してください"
    ),
}
"""Texts of ``pcapstate.archive``."""
