"""Archives: who does the tasks of a build, and what became of them."""

from __future__ import annotations

ARCHIVE = {
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
}
"""Texts of ``pcapstate.archive``."""
