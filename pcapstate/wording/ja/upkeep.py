"""Archives: what is wrong with a dataset, and what was merged or dropped."""

from __future__ import annotations

UPKEEP = {
    "its bytes are not those that were written": "書き込んだときと内容が異なります",
    "it has {found:,} bytes instead of {wanted:,}": "{wanted:,} バイトのはずが {found:,} バイトあります",
    "it has {found:,} rows instead of {wanted:,}": "{wanted:,} 行のはずが {found:,} 行あります",
    "it cannot be read": "読み込めません",
    "the manifest does not have this file of segments": "マニフェストにこのセグメントのファイルがありません",
    "the manifest does not have this file of names": "マニフェストにこの名前のファイルがありません",
    "the manifest does not have this checkpoint": "マニフェストにこのチェックポイントがありません",
    "its segments are incomplete": "セグメントが揃っていません",
    "it belongs to no capture": "どのキャプチャのものでもありません",
    "it belongs to no epoch": "どのエポックのものでもありません",
    "it was tracked {times} times": "{times} 回追跡されています",
    "capture {number} was tracked, but the dataset does not have it": (
        "キャプチャ {number} は追跡されていますが、データセットにありません"
    ),
    "a connection has the number {number}, but {given:,} were given": (
        "番号 {number} の接続がありますが、割り当てた番号は {given:,} 個です"
    ),
    "{count:,} numbers of connections were given twice": "{count:,} 個の接続の番号が重複しています",
    "{count:,} connections have states and are in no table of connections": (
        "{count:,} 個の接続の状態がありますが、接続の表にその接続がありません"
    ),
    "{root} has changed meanwhile": "{root} は処理中に変更されました",
    "it begins before {day}; the dataset no longer has what was before that": (
        "{day} より前に始まっています。データセットにそれより前の内容はもうありません"
    ),
    "another build has committed meanwhile; nothing was changed": (
        "その間に別のビルドが確定しました。何も変更していません"
    ),
}
"""Texts of ``pcapstate.archive.verifying``, ``compacting`` and ``retaining``."""
