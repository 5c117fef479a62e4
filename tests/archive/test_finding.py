"""Which captures sources mean."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lz4.frame
import pytest
import zstandard

from pcapstate.archive.finding import Found, find, opened
from pcapstate.errors import CallError, CaptureError
from pcapstate.sources.reader import CaptureReader
from tests.helpers.paths import PCAPS

EXAMPLE = (PCAPS / "example.pcapng").read_bytes()


def put(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())


def names(folder: Path | str, *sources: str, sensors: Any = ()) -> list[tuple[str, str]]:
    """The path below the folder, and the sensor, of what is found; all of it can be read."""
    found, unread = find(sources, sensors)
    assert unread == []
    return [(one.url.removeprefix(f"{folder}/"), one.sensor) for one in found]


# --- this machine


def test_a_file(tmp_path: Path) -> None:
    put(tmp_path, "a.pcap")
    os.utime(tmp_path / "a.pcap", ns=(5, 1_700_000_000_123_456_789))
    expected = Found(str(tmp_path / "a.pcap"), 6, "1700000000123456789", "")
    assert find([str(tmp_path / "a.pcap")]) == ([expected], [])
    assert find([f"file://{tmp_path}/a.pcap"]) == ([expected], [])


def test_a_relative_path_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "a.pcap", "in/b.pcap")
    monkeypatch.chdir(tmp_path)
    assert names(tmp_path, "a.pcap", "./in/../in") == [("a.pcap", ""), ("in/b.pcap", "")]
    assert names(tmp_path, ".") == [("a.pcap", ""), ("in/b.pcap", "in")]


def test_a_folder_is_searched_with_all_in_it(tmp_path: Path) -> None:
    put(tmp_path, "z.pcap", "berlin/2024-05-01/b.pcap", "berlin/a.pcap.gz", "paris/1/2/3/c", "a-b/x")
    assert names(tmp_path, str(tmp_path)) == [
        ("a-b/x", "a-b"),
        ("berlin/2024-05-01/b.pcap", "berlin"),
        ("berlin/a.pcap.gz", "berlin"),
        ("paris/1/2/3/c", "paris"),
        ("z.pcap", ""),
    ]


def test_hidden_and_unfinished_files_are_not_meant(tmp_path: Path) -> None:
    put(tmp_path, "a.pcap", ".hidden", ".snapshot/a.pcap", "a.pcap.tmp", "b.pcap.part", "s/.x", "s/y.tmp")
    for source in ("", "/*", "/**"):
        assert names(tmp_path, f"{tmp_path}{source}") == [("a.pcap", "")]
    assert names(tmp_path, f"{tmp_path}/.hidden", f"{tmp_path}/a.pcap.tmp") == [(".hidden", ""), ("a.pcap.tmp", "")]


def test_patterns(tmp_path: Path) -> None:
    put(tmp_path, "a/1/x.pcap", "a/2/y.pcap", "b/1/z.pcap", "b/1/z.txt", "top.pcap")
    assert names(tmp_path, f"{tmp_path}/*.pcap") == [("top.pcap", "")]
    assert names(tmp_path, f"{tmp_path}/*/1/*.pcap") == [("a/1/x.pcap", "a"), ("b/1/z.pcap", "b")]
    assert names(tmp_path, f"{tmp_path}/a/*/?.pcap") == [("a/1/x.pcap", "1"), ("a/2/y.pcap", "2")]
    assert names(tmp_path, f"{tmp_path}/**/[xz].pcap") == [("a/1/x.pcap", "a"), ("b/1/z.pcap", "b")]
    assert len(names(tmp_path, f"{tmp_path}/**")) == 5


def test_folders_that_a_pattern_matches_are_searched(tmp_path: Path) -> None:
    put(tmp_path, "a/1/x.pcap", "a/1/2/y.pcap", "b/z.pcap")
    assert names(tmp_path, f"{tmp_path}/a*") == [("a/1/2/y.pcap", "a"), ("a/1/x.pcap", "a")]
    assert names(tmp_path, f"{tmp_path}/**/1") == [("a/1/2/y.pcap", "a"), ("a/1/x.pcap", "a")]


def test_a_file_with_a_wildcard_in_its_name_can_be_named(tmp_path: Path) -> None:
    put(tmp_path, "a[1].pcap", "a1.pcap")
    assert names(tmp_path, f"{tmp_path}/a[1].pcap") == [("a[1].pcap", "")]


def test_each_capture_is_found_once(tmp_path: Path) -> None:
    put(tmp_path, "s/a.pcap", "s/b.pcap")
    folder, file = str(tmp_path), f"{tmp_path}/s/a.pcap"
    both = [("s/a.pcap", "s"), ("s/b.pcap", "s")]
    assert names(tmp_path, folder, file, f"{tmp_path}/s/../s/a.pcap", f"file://{file}", f"{folder}/*/*", folder) == both
    # The first source that means it decides on its sensor.
    assert names(tmp_path, file, folder) == [("s/a.pcap", ""), ("s/b.pcap", "s")]


def test_links(tmp_path: Path) -> None:
    data, other = tmp_path / "data", tmp_path / "other"
    put(tmp_path, "data/s/a.pcap", "data/s/b.pcap", "other/far/c.pcap")
    (data / "latest").symlink_to(data / "s")
    (data / "0.pcap").symlink_to("s/b.pcap")
    (data / "loop").symlink_to(data)
    (data / "gone").symlink_to("nowhere")
    (data / "remote").symlink_to(other)
    expected = [("remote/far/c.pcap", "remote"), ("s/a.pcap", "s"), ("s/b.pcap", "s")]
    assert names(data, str(data)) == expected
    assert names(data, f"{data}/*") == expected
    assert names(tmp_path, f"{data}/latest") == [("data/latest/a.pcap", ""), ("data/latest/b.pcap", "")]


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    put(tmp_path, "a.pcap")
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe")
    gone, none = f"{tmp_path}/gone", f"{tmp_path}/*.nothing"
    found, unread = find([gone, str(tmp_path), none, f"{tmp_path}/empty", f"{tmp_path}/pipe", "", "a\0b", gone])
    assert [one.url for one in found] == [f"{tmp_path}/a.pcap"]
    assert unread == [
        (gone, "no such file"),
        (none, "no such file"),
        (f"{tmp_path}/empty", "no capture file in it"),
        (f"{tmp_path}/pipe", "is not a regular file"),
        ("", "the name of the capture is empty"),
        ("a\0b", "embedded null byte"),
    ]


def test_a_folder_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "a.pcap", "closed/b.pcap")
    scandir = os.scandir

    def refusing(path: str) -> Any:
        if path.endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr("os.scandir", refusing)
    found, unread = find([str(tmp_path)])
    assert [one.url for one in found] == [f"{tmp_path}/a.pcap"]
    assert unread == [(f"{tmp_path}/closed", "no permission to read it")]


def test_empty_files_are_found(tmp_path: Path) -> None:
    (tmp_path / "a.pcap").touch()
    assert [one.size for one in find([str(tmp_path)])[0]] == [0]


def test_sensors_by_pattern(tmp_path: Path) -> None:
    put(tmp_path, "berlin/a.pcap", "paris/edge-1.pcap", "paris/edge-2.pcap")
    sensors = [("first", "*/edge-1*"), ("edge", "*edge*"), ("never", "*/edge-1*")]
    assert names(tmp_path, str(tmp_path), sensors=sensors) == [
        ("berlin/a.pcap", "berlin"),
        ("paris/edge-1.pcap", "first"),
        ("paris/edge-2.pcap", "edge"),
    ]
    assert names(tmp_path, str(tmp_path), sensors=[("", "*")])[0] == ("berlin/a.pcap", "")


def test_the_version_changes_with_the_content(tmp_path: Path) -> None:
    put(tmp_path, "a.pcap")
    before = find([str(tmp_path)])[0]
    assert find([str(tmp_path)])[0] == before
    os.utime(tmp_path / "a.pcap", ns=(0, 7))
    assert find([str(tmp_path)])[0] != before


# --- elsewhere


@pytest.fixture
def bucket() -> Iterator[str]:
    """A folder of the file system in memory, as a URL."""
    from fsspec.implementations.memory import MemoryFileSystem

    system, name = MemoryFileSystem(), f"/bucket-{uuid.uuid4().hex}"
    for path in ("a.pcap", "berlin/1/b.pcap", "berlin/c.pcap.gz", "paris/d.pcap", ".hidden/e", "paris/f.part"):
        system.pipe_file(f"{name}/{path}", gzip.compress(EXAMPLE) if path.endswith(".gz") else EXAMPLE)
    system.pipe_file(f"{name}/paris/empty", b"")
    yield f"memory:/{name}"
    system.rm(name, recursive=True)


ALL = [
    ("a.pcap", ""),
    ("berlin/1/b.pcap", "berlin"),
    ("berlin/c.pcap.gz", "berlin"),
    ("paris/d.pcap", "paris"),
    ("paris/empty", "paris"),
]


def test_urls(bucket: str) -> None:
    assert names(bucket, bucket) == ALL
    assert names(bucket, f"{bucket}/") == ALL
    assert names(bucket, f"{bucket}/*") == ALL
    assert names(bucket, f"{bucket}/**") == ALL
    assert names(bucket, f"{bucket}/a.pcap", f"{bucket}/paris") == [
        ("a.pcap", ""),
        ("paris/d.pcap", ""),
        ("paris/empty", ""),
    ]
    assert names(bucket, f"{bucket}/*/*.pcap*") == [("berlin/c.pcap.gz", "berlin"), ("paris/d.pcap", "paris")]
    # Releases of fsspec differ in whether ** matches no folder at all.
    assert names(bucket, f"{bucket}/**/[bd].pcap") == [ALL[1], ALL[3]]
    assert names(bucket, bucket, sensors=[("x", "memory://*/b.pcap")])[1] == ("berlin/1/b.pcap", "x")


def test_versions_of_urls(bucket: str) -> None:
    from fsspec.implementations.memory import MemoryFileSystem

    before = {one.url: one for one in find([bucket])[0]}
    assert {one.url: one for one in find([bucket])[0]} == before
    assert before[f"{bucket}/a.pcap"].size == len(EXAMPLE)
    named = find([f"{bucket}/a.pcap"])[0][0]
    assert named == before[f"{bucket}/a.pcap"]
    MemoryFileSystem().pipe_file(f"{bucket.removeprefix('memory:/')}/a.pcap", bytes(len(EXAMPLE)))
    after = find([f"{bucket}/a.pcap"])[0][0]
    assert (after.size, after.version == named.version) == (named.size, False)


class Store:
    """An object store as its library shows it, with an account in the URL that its paths lack."""

    def __init__(self, objects: dict[str, dict[str, Any]]) -> None:
        self.objects = objects

    def _strip_protocol(self, url: str) -> str:
        return url.removeprefix("store://").replace("@account.example.net", "")

    def unstrip_protocol(self, path: str) -> str:
        return f"store://{path}"

    def invalidate_cache(self) -> None:
        pass

    def info(self, path: str) -> dict[str, Any]:
        if path in self.objects:
            return self.objects[path]
        if any(one.startswith(f"{path}/") for one in self.objects):
            return {"type": "directory"}
        raise RuntimeError("403\nnot for you")

    def find(self, path: str, detail: bool) -> dict[str, Any]:
        return {one: told for one, told in self.objects.items() if one.startswith(path)}

    def glob(self, path: str, detail: bool) -> dict[str, Any]:
        return self.find(path.partition("*")[0], detail)

    def ukey(self, path: str) -> str:
        return f"ukey of {path}"


def test_stores_tell_versions_in_their_own_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    tag, when = {"ETag": '"7"', "LastModified": "x"}, {"last_modified": "2024-05-01"}
    store = Store(
        {
            "c/day/a": {"type": "file", "size": 1, **tag},
            "c/day/b": {"type": "file", "size": 2, **when},
            "c/day/c": {"type": "file", "size": 3},
            "c/day/d": {"type": "file", "size": None},
            "c/day/folder/": {"type": "file", "size": 0},
            "c/day/other": {"type": "directory", "size": 0},
        }
    )
    monkeypatch.setattr("fsspec.core.url_to_fs", lambda url: (store, store._strip_protocol(url).rstrip("/")))
    day = "store://c@account.example.net/day"
    expected = [
        Found(f"{day}/a", 1, '"7"', ""),
        Found(f"{day}/b", 2, "2024-05-01 2", ""),
        Found(f"{day}/c", 3, "ukey of c/day/c", ""),
    ]
    for source in (day, f"{day}/", f"{day}/*"):
        assert find([source]) == (expected, [(f"{day}/d", "its size is unknown")])
    whole = find(["store://c@account.example.net"])[0]
    assert [(one.url, one.sensor) for one in whole] == [(one.url, "day") for one in expected]
    assert find([f"{day}/e"]) == ([], [(f"{day}/e", "403\\nnot for you")])
    assert find([f"{day}/e*"])[1] == [(f"{day}/e*", "no such file")]


def test_what_is_missing_elsewhere_is_told(bucket: str) -> None:
    found, unread = find([f"{bucket}/gone", f"{bucket}/*.none", "nosuch://x", "zip://a::memory://b", bucket])
    assert len(found) == len(ALL)
    assert unread == [
        (f"{bucket}/gone", "no such file"),
        (f"{bucket}/*.none", "no such file"),
        ("nosuch://x", "Protocol not known: nosuch"),
        ("zip://a::memory://b", "a URL in another is not supported"),
    ]


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    assert find(["s3://bucket/day"]) == ([], [("s3://bucket/day", "Install s3fs to access S3")])


def test_without_fsspec_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    for call in (lambda: find(["s3://bucket"]), lambda: opened("s3://bucket/a")):
        with pytest.raises(CallError, match=r"pip install 'pcapstate\[archive\]'"):
            call()


def test_local_captures_need_no_fsspec_and_nothing_here_imports_scapy() -> None:
    program = f"""
import sys
from pcapstate.archive import checksums, finding, ranges
found, unread = finding.find([{str(PCAPS)!r}, "file://{PCAPS}/*.pcap"])
assert len(found) > 50 and not unread
finding.opened(found[0].url).close()
assert not {{"fsspec", "scapy"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True)


# --- opening


def frames(url: str) -> int:
    reader = CaptureReader(opened(url))
    count = sum(len(batch.frames) for batch in reader.batches())
    assert not reader.damages
    assert reader.name == url
    reader.close()
    return count


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress, zstandard.compress,
                                  lz4.frame.compress])  # fmt: skip
def test_captures_can_be_read(tmp_path: Path, bucket: str, pack: Any) -> None:
    from fsspec.implementations.memory import MemoryFileSystem

    count = sum(len(batch.frames) for batch in CaptureReader(io.BytesIO(EXAMPLE)).batches())
    (tmp_path / "packed").write_bytes(pack(EXAMPLE))
    MemoryFileSystem().pipe_file(f"{bucket.removeprefix('memory:/')}/packed", pack(EXAMPLE))
    assert frames(str(tmp_path / "packed")) == frames(f"{bucket}/packed") == count


def test_files_can_be_read_from_any_offset(bucket: str, tmp_path: Path) -> None:
    (tmp_path / "a.pcap").write_bytes(EXAMPLE)
    for url in (str(tmp_path / "a.pcap"), f"{bucket}/a.pcap", f"file://{tmp_path}/a.pcap"):
        with opened(url) as stream:
            assert stream.readable()
            assert stream.seekable()
            stream.seek(100)
            assert stream.read(7) == EXAMPLE[100:107]
            assert stream.tell() == 107
            assert stream.seek(0, os.SEEK_END) == len(EXAMPLE)
            assert stream.read(7) == b""


def test_what_cannot_be_opened(tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    for url, why in (
        (str(tmp_path / "gone"), "no such file"),
        (f"{bucket}/gone", "no such file"),
        ("s3://bucket/a", "Install s3fs to access S3"),
    ):
        with pytest.raises(CaptureError, match=f"{url}: {why}"):
            opened(url)


def test_errors_of_libraries_are_those_of_files(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from fsspec.implementations.memory import MemoryFile

    stream = opened(f"{bucket}/a.pcap")

    def broken(*_: Any) -> int:
        raise RuntimeError

    monkeypatch.setattr(MemoryFile, "readinto", broken, raising=False)
    with pytest.raises(OSError, match="RuntimeError"):
        stream.read(1)
    reader = CaptureReader
    with pytest.raises(CaptureError, match=r"reading failed \(RuntimeError\)"):
        reader(stream)
