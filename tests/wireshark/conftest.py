"""Two hosts that tests of live capture for Wireshark use."""

from __future__ import annotations

from tests.helpers.live_lab import laboratory

__all__ = ["laboratory"]
