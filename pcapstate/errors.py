"""What can go wrong, each with one clear line."""

from __future__ import annotations


class PcapstateError(Exception):
    """Base of all errors that pcapstate raises on purpose; its text is one line, fit for a terminal."""


class CaptureError(PcapstateError):
    """The source cannot be read as a capture at all (missing, no permission, not a capture file)."""


class NoCaptureError(CaptureError):
    """The source is something else than a capture, or empty."""


CUT_SHORT = "the file ends in the middle of "
PACKED_CUT_SHORT = "the compressed data is cut short"
FIRST_UNPACK = "unpack it first"
TOO_LARGE = "{}; unpack it first: {}"


class CaptureDamaged(PcapstateError):
    """The capture is damaged or cut short; everything before ``offset`` (bytes from its start) was read."""

    def __init__(self, name: str, offset: int, what: str, packets: int) -> None:
        super().__init__(f"{name}: {what} at byte {offset:,}; {_count(packets)} read before that")
        self.packets = packets
        self.name = name
        self.offset = offset
        self.what = what

    @property
    def cut_short(self) -> bool:
        """Whether it just ends too early."""
        return self.what.startswith(CUT_SHORT) or PACKED_CUT_SHORT in self.what


def _count(packets: int) -> str:
    return "1 packet" if packets == 1 else f"{packets:,} packets"


class InterfaceLost(CaptureDamaged):
    """An interface went down, or away, while it was captured on; what came before that was read."""

    def __init__(self, name: str, what: str, packets: int) -> None:
        super().__init__(name, 0, what, packets)
        self.args = (f"{name}: {what}; {_count(packets)} captured before that",)


class LiveError(PcapstateError):
    """A live capture cannot start (privileges, interface, filter)."""


class ListenError(PcapstateError):
    """Metrics cannot be served (address, port, privileges)."""


class MomentError(PcapstateError):
    """A moment cannot be read, or is not in the capture."""


class CallError(PcapstateError):
    """What is asked for contradicts itself, or cannot be had together."""


class OutputError(PcapstateError):
    """The file that was asked for cannot be written."""


class OutputClosed(Exception):
    """Nobody reads standard output any more (``| head``): an end, and no error."""
