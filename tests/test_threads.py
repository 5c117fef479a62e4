"""Reading, decoding and tracking at the same time: the same answers, and no thread that is left behind."""

from __future__ import annotations

import threading
from collections import deque
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

from pcapstate import capture
from pcapstate.capture import Capture, open_source
from pcapstate.moments import parse_moment
from pcapstate.sources.reader import Batch, CaptureReader
from pcapstate.stops import Stops
from pcapstate.tcp.flow_table import ROWS_EACH
from pcapstate.working_ahead import ahead
from tests.helpers.paths import CAPTURES, PCAPS

NO_CAPTURES = ("damaged-empty.pcap", "damaged-header.pcap")
NAMES = [path.name for path in CAPTURES if path.parent == PCAPS and ".expected" not in path.suffixes]
NAMES = [name for name in NAMES if name not in NO_CAPTURES]


def taken(path: Path, threads: int, at: str | None = None) -> dict[str, object]:
    """Return what is known of a capture that is read with so many threads, however small it is."""
    stops = Stops(None if at is None else parse_moment(at, True), None, None, None)
    with mock.patch.object(capture, "READ_AHEAD_SIZE", 0):
        one = Capture(open_source([path]), details=True, stops=stops, threads=threads)
        transitions = b"".join(batch.tobytes() for batch in one.follow())
    tables = {name: getattr(one.table, name).tobytes() for name, _ in ROWS_EACH}
    counts = one.frames, one.clock, one.decoder.skipped.tobytes(), [str(damage) for damage in one.damages]
    return {**tables, "transitions": transitions, "counts": counts}


@pytest.mark.parametrize("name", NAMES)
def test_any_number_of_threads_gives_the_same(name: str) -> None:
    alone = taken(PCAPS / name, 1)
    assert taken(PCAPS / name, 2) == alone
    assert taken(PCAPS / name, 3) == alone
    assert threads_left() == []


def test_a_reading_that_ends_early_leaves_no_thread() -> None:
    assert taken(PCAPS / "example.pcapng", 3, "#20") == taken(PCAPS / "example.pcapng", 1, "#20")
    assert threads_left() == []


def test_a_reading_that_is_given_up_leaves_no_thread() -> None:
    with mock.patch.object(capture, "READ_AHEAD_SIZE", 0):
        following = Capture(open_source([PCAPS / "example.pcapng"]), threads=3).follow()
        next(following)
        following.close()
    assert threads_left() == []


def test_an_error_in_a_thread_is_raised_where_it_is_waited_for() -> None:
    def failing() -> object:
        yield 1
        raise OSError("gone")

    items = ahead(failing())  # type: ignore[arg-type]
    assert next(items) == 1
    with pytest.raises(OSError, match="gone"):
        next(items)
    assert threads_left() == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kept", [0, 1, 2, 5])
def test_batches_that_are_kept_stay_as_they_are(name: str, kept: int) -> None:
    reader = CaptureReader(PCAPS / name, chunk=4_096, rows=7)
    reader.keep(kept)
    lately: deque[tuple[Batch, bytes, list[bytes]]] = deque(maxlen=kept + 1)
    for batch in reader.batches():
        lately.append((batch, batch.frames.tobytes(), bytes_of(batch)))
        for old, frames, data in lately:
            assert old.frames.tobytes() == frames
            assert bytes_of(old) == data
    reader.close()


def bytes_of(batch: Batch) -> list[bytes]:
    starts = batch.frames["offset"].astype(np.int64)
    sizes = batch.frames["captured"]
    return [batch.data[start : start + size].tobytes() for start, size in zip(starts, sizes, strict=True)]


def threads_left() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == "pcapstate-ahead"]
