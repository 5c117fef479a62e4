"""``pcapstate mcp``: its help, and why it does not start."""

from __future__ import annotations

AGENTS = {
    "neither a folder nor a file": "フォルダーでもファイルでもありません",
    'the SDK of the protocol is missing ({name}); install it with: pip install "pcapstate[mcp]"': (
        'プロトコルの SDK がありません ({name})。pip install "pcapstate[mcp]" でインストールしてください'
    ),
    "Answer agents about the captures in these folders, by the Model Context Protocol.": (
        "フォルダー内のキャプチャについて、Model Context Protocol でエージェントに答えます。"
    ),
    "The server reads requests on standard input and writes answers on standard output. A client starts it, such as an "
    "editor or an assistant. It reads captures under these folders (or these files) and nothing else, writes nothing, "
    'and no answer has a byte of payload. It needs the extra "mcp".': (
        "標準入力から要求を読み、標準出力に答えを書きます。エディターやアシスタントなどのクライアントが起動します。"
        "指定したフォルダー以下 (または指定したファイル) のキャプチャだけを読み、何も書き込みません。"
        "答えにペイロードは 1 バイトも含まれません。追加パッケージ「mcp」が必要です。"
    ),
    "FOLDER...": "フォルダー...",
    "Give up an answer that takes longer, in seconds.": "これより時間のかかる答えを打ち切ります (秒)。",
    "Bytes that each of the two processes that read captures may take.": (
        "キャプチャを読む 2 つのプロセスのそれぞれが使えるメモリの上限です。"
    ),
    "The most rows of an answer.": "1 つの答えの最大行数です。",
}
