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
    "{captures:,} captures and {connections:,} connections that ended long ago were dropped": (
        "保存期間を過ぎたキャプチャ {captures:,} 個と接続 {connections:,} 個を削除しました"
    ),
    "{merged:,} files of tables are now {into:,}; {joined:,} builds were joined with later ones": (
        "表のファイル {merged:,} 個を {into:,} 個にまとめました。{joined:,} 回分のビルドを後のビルドに統合しました"
    ),
    "{name}: left behind by an interrupted build; the next build removes it": (
        "{name}: 中断したビルドが残したファイルです。次のビルドで削除されます"
    ),
    "{count:,} captures are no longer where they were; the dataset does not need them": (
        "{count:,} 個のキャプチャが元の場所にありません。データセットには影響しません"
    ),
    "{files:,} files ({size:,} bytes), {captures:,} captures, {connections:,} connections: no problem": (
        "ファイル {files:,} 個 ({size:,} バイト)、キャプチャ {captures:,} 個、接続 {connections:,} 個: 問題はありません"
    ),
    "{files:,} files ({size:,} bytes), {captures:,} captures, {connections:,} connections: {count:,} problems": (
        "ファイル {files:,} 個 ({size:,} バイト)、キャプチャ {captures:,} 個、接続 {connections:,} 個: "
        "問題が {count:,} 件あります"
    ),
    "Output format; json: one object.": "出力形式。json はオブジェクト 1 個を出力します。",
    "Read all files of a dataset and compare them with what was written.": (
        "データセットのすべてのファイルを読み、書き込んだときの内容と比べます。"
    ),
    "Each problem is a line on stderr, and the exit code is 1 if there is one.": (
        "問題は 1 件ずつ標準エラー出力に表示し、1 件でもあれば終了コードは 1 です。"
    ),
    "Compare the sizes of captures that are still there, too.": "残っているキャプチャのサイズも比べます。",
    "Compare the bytes of captures that are still there, too.": "残っているキャプチャの内容も比べます。",
    "Merge the small files of each day that many builds have left. Answers stay the same, and come faster.": (
        "何回ものビルドで増えた小さなファイルを日ごとにまとめます。結果は変わらず、速く得られます。"
    ),
    "{text} is before {first}; the dataset no longer has what was before that": (
        "{text} は {first} より前です。データセットにそれより前の内容はもうありません"
    ),
}
"""Texts of ``pcapstate.archive.verifying``, ``compacting`` and ``retaining``."""
