"""Checksums of captures."""

from __future__ import annotations

import gzip
import io
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from pcapstate.archive.checksums import PIECE, HashingStream, checksum, combined
from pcapstate.sources.reader import CaptureReader
from tests.helpers.paths import PCAPS

EXAMPLE = (PCAPS / "example.pcapng").read_bytes()


def by_pieces(data: bytes, piece: int) -> str:
    if len(data) <= piece:
        return sha256(data).hexdigest()
    return sha256(b"".join(sha256(data[at : at + piece]).digest() for at in range(0, len(data), piece))).hexdigest()


def test_a_small_capture_has_the_checksum_that_sha256sum_prints() -> None:
    assert checksum(io.BytesIO(EXAMPLE)) == sha256(EXAMPLE).hexdigest()
    assert checksum(io.BytesIO(b"")) == sha256(b"").hexdigest()
    assert PIECE == 256 * 1024 * 1024


@given(st.binary(max_size=40), st.integers(1, 12), st.lists(st.integers(1, 15), min_size=1))
def test_a_large_one_has_that_of_the_digests_of_its_pieces(data: bytes, piece: int, reads: list[int]) -> None:
    stream = HashingStream(io.BytesIO(data), piece)
    done = b"".join(stream.read(size) for size in reads)
    assert done == data[: sum(reads)]
    stream.finish()
    assert stream.hexdigest() == by_pieces(data, piece)


def test_the_digests_of_pieces_can_be_taken_apart() -> None:
    digests = [sha256(part).digest() for part in (b"first", b"second")]
    assert combined(digests) == sha256(b"".join(digests)).hexdigest()
    assert combined(digests[:1]) == sha256(b"first").hexdigest()


def test_all_that_is_left_can_be_read_at_once() -> None:
    stream = HashingStream(io.BytesIO(EXAMPLE))
    assert stream.read(10) + stream.read() == EXAMPLE
    assert stream.hexdigest() == sha256(EXAMPLE).hexdigest()


def test_a_capture_is_read_through_it() -> None:
    for data in (EXAMPLE, gzip.compress(EXAMPLE), gzip.compress(EXAMPLE) + bytes(5000)):
        stream = HashingStream(io.BytesIO(data))
        reader = CaptureReader(stream)
        assert sum(len(batch.frames) for batch in reader.batches()) > 50
        stream.finish()
        assert stream.hexdigest() == sha256(data).hexdigest()
        reader.close()


def test_what_a_reader_left_is_read_at_the_end() -> None:
    damaged = (PCAPS / "damaged-length.pcap").read_bytes() + bytes(5_000_000)
    stream = HashingStream(io.BytesIO(damaged))
    reader = CaptureReader(stream)
    for _ in reader.batches():
        pass
    assert reader.damages
    assert stream.hexdigest() != sha256(damaged).hexdigest()
    stream.finish()
    assert stream.hexdigest() == sha256(damaged).hexdigest()


def test_it_has_the_name_of_its_stream() -> None:
    with (PCAPS / "example.pcapng").open("rb") as file:
        assert HashingStream(file).name == str(PCAPS / "example.pcapng")
    assert HashingStream(io.BytesIO()).name == "<stream>"
    stream = io.BytesIO()
    HashingStream(stream).close()
    assert stream.closed
