"""What Wireshark asks a program that captures for it, and the pipe that it reads (extcap(4)).

Wireshark asks at each start, for each interface: nothing here takes long to load.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterator

from .. import __version__
from ..errors import CallError
from ..escaping import safe
from ..messages import Message
from ..sources.hardware_types import LINKTYPE_ETHERNET, LINKTYPE_SLL2, linktype_of
from ..wording.languages import LANGUAGES, OWN_NAMES, translate
from ..wording.styles import STYLES

BEFORE = "pcapstate_"
"""Stands before the name of an interface."""
ANY = "any"
LINUX = sys.platform.startswith("linux")
NAMES = {
    LINKTYPE_ETHERNET: ("EN10MB", "Ethernet"),
    12: ("RAW", "Raw IP"),
    105: ("IEEE802_11", "802.11"),
    119: ("PRISM_HEADER", "802.11 plus Prism header"),
    127: ("IEEE802_11_RADIO", "802.11 plus radiotap header"),
    LINKTYPE_SLL2: ("LINUX_SLL2", "Linux cooked v2"),
}
"""Link types as libpcap names and describes them."""
SNAPLENS = 64, 262_144
"""The least and the largest snap length."""


def interfaces() -> Iterator[str]:
    """Yield a line for the program, and one for each interface."""
    yield f"extcap {{version={__version__}}}{{display=pcapstate}}"
    for name in names():
        yield f"interface {{value={BEFORE}{name}}}{{display=pcapstate: {name}}}"


def names() -> list[str]:
    """Return the names of the interfaces that can be captured on."""
    if LINUX:
        found = [name for _, name in socket.if_nameindex()] + [ANY]
    else:
        # It takes longer.
        from ..sources.interface_list import interfaces as listed

        found = [one.name for one in listed()]
    # Braces are part of the protocol.
    return [name for name in found if safe(name) == name and not set(name) & set("{}")]


def name_of(given: str) -> str:
    """Return the interface's own name. Raises CallError."""
    if not given.startswith(BEFORE):
        raise CallError(
            Message("no interface {name!r}; the names begin with {before}", name=safe(given), before=BEFORE)
        )
    return given[len(BEFORE) :]


def linktype(name: str) -> int:
    """Return the LINKTYPE_ value of an interface's frames, as far as it is known without capturing on it."""
    if not LINUX:
        return LINKTYPE_ETHERNET
    try:
        with open(f"/sys/class/net/{name}/type", encoding="ascii") as file:
            return linktype_of(int(file.read()))
    except (OSError, ValueError):
        return LINKTYPE_SLL2


def link_types(name: str) -> Iterator[str]:
    """Yield a line for the link type of an interface."""
    number = linktype(name)
    yield "dlt {{number={}}}{{name={}}}{{display={}}}".format(number, *NAMES[number])


def settings(lang: str) -> Iterator[str]:
    """Yield the lines of a form with the settings of an interface; ``lang``: of the form, and of comments at first."""
    least, most = SNAPLENS
    kept = f"{{range={least},{most}}}{{default={most}}}"
    arguments = (
        ("--lang", "Language of comments", "{type=selector}"),
        ("--style", "States as spelled by", "{type=selector}"),
        ("--snaplen", "Bytes kept of each packet", "{type=integer}" + kept),
        ("--no-promiscuous", "Only packets to and from this host", "{type=boolflag}"),
    )
    for number, (call, text, kind) in enumerate(arguments):
        yield f"arg {{number={number}}}{{call={call}}}{{display={translate(text, lang)}}}{kind}"
    for code in LANGUAGES:
        yield _choice(0, code, OWN_NAMES.get(code, code), code == lang)
    for place, style in enumerate(STYLES.values()):
        yield _choice(1, style.name, style.system, place == 0)


def _choice(argument: int, value: str, words: str, chosen: bool) -> str:
    return f"value {{arg={argument}}}{{value={value}}}{{display={words}}}{{default={str(chosen).lower()}}}"


class Pipe:
    """The named pipe that Wireshark reads; it calls ``gone`` once nobody reads it any more. Raises OSError."""

    def __init__(self, path: str) -> None:
        # Not made where it is not there: then Wireshark has ended the capture. It waits for a reader.
        self._number = os.open(path, os.O_WRONLY | getattr(os, "O_BINARY", 0))
        self.gone: Callable[[], None] = lambda: None
        self.read = True
        """Whether somebody reads it."""

    def write(self, octets: bytes) -> None:
        """Write all, at once; nothing where nobody reads."""
        left = memoryview(octets)
        try:
            if self.read and not left and self._is_left():
                raise BrokenPipeError
            while left and self.read:
                left = left[os.write(self._number, left) :]
        except OSError:
            self.read = False
            self.gone()

    def _is_left(self) -> bool:
        if os.name != "posix":
            return False
        import select

        asked = select.poll()
        asked.register(self._number, 0)
        return bool(asked.poll(0))

    def close(self) -> None:
        """Close it."""
        os.close(self._number)
