"""Network namespaces that tests of metrics use."""

from __future__ import annotations

from tests.helpers.live_lab import laboratory

__all__ = ["laboratory"]
