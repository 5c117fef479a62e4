"""What can go wrong, each with one clear line."""

from __future__ import annotations

from .messages import Message


class PcapstateError(Exception):
    """Base of all errors that pcapstate raises on purpose; its text is one line, fit for a terminal."""


class CaptureError(PcapstateError):
    """The source cannot be read as a capture at all (missing, no permission, not a capture file)."""


class NoCaptureError(CaptureError):
    """The source is something else than a capture, or empty."""


MID_PACKET = Message("the file ends in the middle of a packet")
MID_BLOCK = Message("the file ends in the middle of a block")
PACKED_CUT_SHORT = Message("the compressed data is cut short")
FIRST_UNPACK = "{why}; unpack it first: {command}"


def to_unpack(why: str, command: str) -> Message:
    """Return what a file is, or why it cannot be read as it is, and the command that unpacks it."""
    return Message(FIRST_UNPACK, why=Message(why), command=command)


class CaptureDamaged(PcapstateError):
    """The capture is damaged or cut short; everything before ``offset`` (bytes from its start) was read."""

    def __init__(self, name: str, offset: int, what: str, packets: int) -> None:
        what = Message(what)
        one = "{name}: {what} at byte {offset:,}; 1 packet read before that"
        many = "{name}: {what} at byte {offset:,}; {packets:,} packets read before that"
        text = one if packets == 1 else many
        super().__init__(Message(text, name=name, what=what, offset=offset, packets=packets))
        self.packets = packets
        self.name = name
        self.offset = offset
        self.what = what

    @property
    def cut_short(self) -> bool:
        """Whether it just ends too early."""
        return self.what in (MID_PACKET, MID_BLOCK) or self.what.fields.get("why") == PACKED_CUT_SHORT

    @property
    def advises(self) -> bool:
        """Whether it says what to do."""
        why = self.what.fields.get("why")
        return isinstance(why, Message) and why.template == FIRST_UNPACK


class InterfaceLost(CaptureDamaged):
    """An interface went down, or away, while it was captured on; what came before that was read."""

    def __init__(self, name: str, what: str, packets: int) -> None:
        super().__init__(name, 0, what, packets)
        one = "{name}: {what}; 1 packet captured before that"
        many = "{name}: {what}; {packets:,} packets captured before that"
        self.args = (Message(one if packets == 1 else many, name=name, what=self.what, packets=packets),)


class LiveError(PcapstateError):
    """A live capture cannot start (privileges, interface, filter)."""


class ListenError(PcapstateError):
    """Metrics cannot be served (address, port, privileges)."""


class MomentError(PcapstateError):
    """A moment cannot be read, or is not in the capture."""


class CallError(PcapstateError):
    """What is asked for contradicts itself, or cannot be had together."""


class NothingInCommon(PcapstateError):
    """Captures have nothing that could be compared."""


class OutputError(PcapstateError):
    """The file that was asked for cannot be written."""


class OutputClosed(Exception):
    """Nobody reads standard output any more (``| head``): an end, and no error."""
