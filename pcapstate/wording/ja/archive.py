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
}
"""Texts of ``pcapstate.archive``."""
