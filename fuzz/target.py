"""What a target of fuzzing is, and the captures that inputs begin with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from . import mutating

ROOT = Path(__file__).parent.parent
PCAPS = ROOT / "tests" / "pcaps"
Seeds = Callable[[], list[bytes]]


class Target(NamedTuple):
    """Something that is fuzzed."""

    run: Callable[[bytes], None]
    """Raises PcapstateError for what is refused; whatever else it raises is a finding."""
    seeds: Seeds
    change: Callable[..., bytes] = mutating.any_bytes
    """Takes an input and a random.Random; where ``layered``, also a Change for what lies in the input."""
    layered: bool = False


class Wrong(Exception):
    """An answer that cannot be right."""


def captures(pattern: str = "*.pcap*", largest: int = 20_000) -> list[bytes]:
    """Return the captures of the tests, and what was found earlier and is kept with these."""
    paths = sorted(path for path in PCAPS.glob(pattern) if path.suffix != ".expected")
    return [path.read_bytes() for path in paths if path.stat().st_size <= largest]
