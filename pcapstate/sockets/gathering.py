"""What must be gathered from a capture beside the states of its connections, for what netstat is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..addresses import packed
from ..application.data import MOST as PAYLOADS
from ..application.data import ApplicationData
from ..capture import Dataset, Source, Watcher
from ..hosts_word.host_socket import HostsWord
from ..hosts_word.owners import Owners
from ..hosts_word.whose import by_file
from ..memory import LEAST
from ..names.book import MOST as BOOK
from ..names.book import NameBook
from ..names.packets import MOST as MESSAGES
from ..names.packets import NamePackets
from ..processes.watcher import Processes
from ..rows import Rows
from ..tcp.flow_table import FlowTable
from ..tcp.perspective import ALL_PORTS, NOBODYS, Perspective, is_there, perspective
from ..traffic.own_station import Station
from ..traffic.traffic import MOST as TRAFFIC
from ..traffic.traffic import Traffic
from . import columns as known
from .annotations import Annotations
from .question import Question

NAMES_DROPPED = (
    "{count:,} addresses are shown without the names that messages may tell: too many to look for",
    "{count:,} mentions of addresses in messages were dropped: too many to keep",
    "{count:,} names by which clients asked for servers were dropped: too many to keep",
)
"""The messages for the counts of ``NameBook.dropped``."""
MESSAGES_DROPPED = "{count:,} messages that may contain names were dropped: too many to keep"
PAYLOADS_DROPPED = "{count:,} payloads that may identify applications were dropped: too many to keep"


class Gathering:
    """The watchers that a question needs, and no others: each costs time.

    ``needed``: the columns that are looked at; ``named``: hosts have names, unless the question asks for
    numbers; ``bound``: bytes that the run may take; ``word``: a table that the host itself printed.
    """

    def __init__(
        self, question: Question, needed: frozenset[str], named: bool, bound: int, word: HostsWord | None = None
    ) -> None:
        self._question, self._word = question, word
        self.told = None if word is None else Owners(word)
        """What the host itself says of its sockets."""
        wanted = (named and not question.numeric) or question.fqdn or question.resolve
        self.with_names = question.sockets and bool(wanted or needed & known.NAMES)
        """Whether hosts have names."""
        self.with_openings = self.with_names or (question.sockets and question.program)
        """Whether payloads that open conversations are kept, for names and programs."""
        self._with_programs = question.pid or question.program or bool(needed & known.OF_PROGRAMS)
        self.details = bool(needed & known.DETAILED) or question.statistics
        """Whether the tracker must keep rows of DETAIL."""
        self._share(bound)
        if bound < LEAST + self.bytes_beside:
            # There is one least bound, which the error message names.
            self._share(LEAST)
        self._source: Source | None = None
        self._processes: Processes | None = None
        self._packets: NamePackets | None = None
        self._data: ApplicationData | None = None
        self._traffic: Traffic | None = None
        self._station: Station | None = None
        self._names: NameBook | None = None
        self._annotations: Annotations | None = None

    def _share(self, bound: int) -> None:
        self._messages, self._payloads = min(MESSAGES, bound // 16), min(PAYLOADS, bound // 8)
        self._book_room = min(BOOK, bound // 16)

    def watchers(self, source: Source) -> Sequence[Watcher]:
        """Return the watchers that must see the frames of a source beside the tracker."""
        question, kernels = self._question, source.kernels
        self._source = source
        if question.traffic:
            self._traffic = Traffic(kernels)
        if (question.sockets and self._with_programs) or not question.local:
            self._processes = Processes(source, question.udp_ports and self._with_programs)
        if self.with_names:
            self._packets = NamePackets(kernels, self._messages)
        if self.with_openings:
            self._data = ApplicationData(kernels, self._payloads)
        if not question.local:
            self._station = Station()
        found = (self._station, self._traffic, self._processes, self._packets, self._data)
        return [one for one in found if one is not None]

    @property
    def own(self) -> tuple[str, ...]:
        """The addresses of the interfaces that are captured on."""
        return getattr(self._source, "addresses", ())

    @property
    def bytes_beside(self) -> int:
        """The bytes that the watchers take at most, whatever the capture holds."""
        question = self._question
        parts = (
            (question.traffic, TRAFFIC),
            (self.with_names, self._messages + self._book_room),
            (self.with_openings, self._payloads),
        )
        return sum(most for wanted, most in parts if wanted)

    @property
    def the_traffic(self) -> Traffic:
        """All frames, counted; only if they are asked for."""
        assert self._traffic is not None
        return self._traffic

    def perspective(self, table: FlowTable) -> Perspective:
        """Return whose netstat it is."""
        if self._word is not None and not self._question.local and (told := by_file(table, self._word)) is not None:
            return told
        captured_on = [] if self._station is None else self._station.addresses
        everybody = None
        if isinstance(self._source, Dataset) and not self._question.local:
            captured_on, everybody = self._source.station, self._source.everybody()
        named = self._processes
        owned = named.endpoints() if named is not None and named.any else None
        found = perspective(table, self._question.local, captured_on, owned, self.own, everybody)
        return found if found.networks else self.nobodys

    @property
    def nobodys(self) -> Perspective:
        """Whose netstat it is without a single host."""
        ports = self._question.servers or self._question.udp_ports
        return NOBODYS._replace(why=ALL_PORTS) if ports else NOBODYS

    def annotations(self) -> Annotations:
        """Return names and programs of all that was read; repeated tables share them."""
        book = self._book()
        if self._annotations is None:
            question = self._question
            owners = self._processes if self._with_programs else None
            self._annotations = Annotations(owners, self._data, book, question.resolve, question.program, self.told)
        return self._annotations

    def moved(self, kept: Rows) -> None:
        """Follow the table, which evicted connections: its row n is the former row ``kept[n]``."""
        if self._annotations is not None:
            self._annotations.moved(kept)

    def _book(self) -> NameBook | None:
        if self._packets is None or self._source is None:
            return None
        if self._names is None:
            self._names = NameBook(self._packets, self._book_room)
        # Name resolution blocks may stand anywhere in a capture.
        for raw, names in self._source.names:
            self._names.add_record(*packed(raw), names)
        return self._names

    def is_there(self, table: FlowTable, whose: Perspective) -> bool:
        """Tell whether the local host takes part in any packet."""
        if is_there(table, whose) or (isinstance(self._source, Dataset) and self._source.is_there(whose.networks)):
            return True
        if self._traffic is None:
            return False
        paths, rests = self._traffic.paths, self._traffic.rests
        return any(bool(whose.holds(rests[f"{end}_high"], paths[f"{end}_low"]).any()) for end in ("source", "target"))

    def remarks(self) -> list[tuple[str, dict[str, Any]]]:
        """Return a message template and its fields for each kind of data that was dropped for lack of room."""
        found: list[tuple[str, dict[str, Any]]] = [] if self._traffic is None else list(self._traffic.dropped)
        if self._packets is not None and self._packets.evicted:
            found.append((MESSAGES_DROPPED, {"count": self._packets.evicted}))
        if self._data is not None and self._data.dropped:
            found.append((PAYLOADS_DROPPED, {"count": self._data.dropped}))
        for count, text in zip(() if self._names is None else self._names.dropped, NAMES_DROPPED, strict=False):
            if count:
                found.append((text, {"count": count}))
        return found
