"""Answers as tables for other libraries, and Parquet."""

from __future__ import annotations

DATA = {
    "--format {format} is no text; send it to a file (--output) or a pipe": (
        "--format {format} はテキストではありません。ファイル (--output) かパイプに出力してください"
    ),
    "--format parquet needs DuckDB 2: pip install 'pcapstate[parquet]'": (
        "--format parquet には DuckDB 2 が必要です: pip install 'pcapstate[parquet]'"
    ),
    "{call} needs {library}: pip install '{package}'": "{call} には {library} が必要です: pip install '{package}'",
}
